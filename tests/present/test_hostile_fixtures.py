"""Hostile strings through every string of the shipped cases, to every kind of client: no card shows anything active.

`make test` tries a sample that is the same every day; `make fuzz` tries every string of every case (CDS_FUZZ=all), and
every string of the list in every kind of place.
"""

import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from present.answered_cases import PLACE, Card, actions, knowledge
from present.hostile_strings import ALLOWED, ATTACKS, LINK, SENT, kinds
from present.planting import FIXED, Way, place_of, planted, sown, strings

from cds_service.cli.cases import Case, case_folders, read_case
from cds_service.cli.record_server import in_process
from cds_service.content import fixtures_dir
from cds_service.errors import RefusedRequest
from cds_service.hooks.request import read_request
from cds_service.profiles import profile_names, profile_of
from cds_service.service import respond

WHOLE = os.environ.get("CDS_FUZZ") == "all"
CASES = [read_case(folder) for folder in case_folders(fixtures_dir())]
PROFILES = profile_names()
OURS = ("https://ldn.example/source-attributes", "https://ldn.example/fhir/PlanDefinition/ldn-titration-")
TEXTS = frozenset({"text", "display", "div", "comment", "description", "patientInstruction", "title", "family", "given",
                   "valueString", "label", "diagnostics", "details"})  # fmt: skip


def instead(attack: str) -> Callable[[str], str]:
    return lambda _: attack


def behind(attack: str) -> Callable[[str], str]:
    """What was there is still understood."""
    return lambda before: f"{before} {attack}"


def in_front(attack: str) -> Callable[[str], str]:
    return lambda before: f"{attack} {before}"


MANNERS = (instead, behind, in_front)


def cards(case: Case, request: Any, profile: str) -> list[Card]:
    """What comes; nothing where the call is refused, as some of these have to be."""
    try:
        read = read_request(request, case.request["hook"])
    except RefusedRequest:
        return []
    fetch = in_process(case.server)
    return respond(read, fetch, case.as_of, knowledge(), PLACE, profile_of(profile)).cards


def shown(card: Card) -> Iterator[str]:
    """Every string that a client puts before somebody's eyes."""
    yield card["summary"]
    yield card["detail"]
    yield card["source"]["label"]
    yield from (link["label"] for link in card.get("links", []))
    yield from (one["label"] for one in card.get("suggestions", []))
    yield from (action["description"] for action in actions(card))
    yield from (reason["display"] for reason in card.get("overrideReasons", []))


def assert_inert(card: Card) -> None:
    for text in shown(card):
        assert kinds(text) <= ALLOWED, text
        assert not LINK.search(text), text
        assert not set(text) & set("<>`\x00\x1b\u202e\u200b"), text
    assert len(card["summary"]) <= 139
    assert "\n" not in card["summary"]
    addresses = [link["url"] for link in card.get("links", [])] + [card["source"]["url"]]
    assert [address for address in addresses if not address.startswith(OURS)] == []
    assert not any(set(address) & set(" <>()[]\"'\\") for address in addresses)
    assert len(card["detail"]) < 4_000


def plan() -> list[tuple[Case, Way, str, Callable[[str], Callable[[str], str]]]]:
    """(case, way, hostile string, manner): each string of each case once, each hostile string in each kind of place."""
    turns: defaultdict[str, int] = defaultdict(int)
    planned = []
    for case in CASES:
        for way in strings(case.request):
            if way[0] in FIXED:
                continue
            turn = turns[place_of(way)]
            turns[place_of(way)] += 1
            planned.append((case, way, SENT[turn % len(SENT)], MANNERS[turn // len(SENT) % len(MANNERS)]))
    return planned if WHOLE else random.Random(62).sample(planned, 900)


@pytest.mark.parametrize("part", range(10))
def test_a_hostile_string_in_any_one_place_of_a_case_is_shown_as_plain_words(part: int) -> None:
    found = 0
    for turn, (case, way, attack, manner) in enumerate(plan()[part::10]):
        for card in cards(case, planted(case.request, way, manner(attack)), PROFILES[turn % len(PROFILES)]):
            assert_inert(card)
            found += 1
    assert found >= 50


@pytest.mark.parametrize("profile", PROFILES)
def test_hostile_strings_in_all_texts_of_a_case_are_shown_as_plain_words(profile: str) -> None:
    found = 0
    chosen = CASES if WHOLE else random.Random(profile).sample(CASES, 50)
    for turn, case in enumerate(chosen):
        for manner in (instead, behind):
            sent = sown(dict(case.request), manner(SENT[turn % len(SENT)]), TEXTS)
            for card in cards(case, sent, profile):
                assert_inert(card)
                found += 1
    assert found >= 50


@pytest.mark.parametrize("attack", SENT)
def test_every_hostile_string_is_tried_as_the_name_of_an_opioid_that_is_shown(attack: str) -> None:
    [case] = [case for case in CASES if case.name == "opioid-active/fires-dispense-only"]
    sent = sown(dict(case.request), behind(attack), frozenset({"text", "display"}))
    for profile in PROFILES:
        found = cards(case, sent, profile)
        assert found
        for card in found:
            assert_inert(card)


def test_the_list_is_long_and_nothing_in_it_stands_twice() -> None:
    assert len(set(ATTACKS)) == len(ATTACKS) >= 110


def test_the_renderer_that_judges_does_see_what_is_active() -> None:
    """Where it saw nothing, every test here would pass."""
    seen = {
        "<script>alert(1)</script>": "html_block", "a <img src=x onerror=alert(1)>": "html_inline",
        "[click](https://evil.example)": "link_open", "see www.evil.com": "link_open", "//192.0.2.7/x": "link_open",
        "evil.com": "link_open", "someone@evil.com": "link_open", "![x](https://evil.example/p.png)": "image",
        "a\n===": "heading_open", "| a |\n|---|\n| 1 |": "table_open", "```\nx\n```": "fence", "~~x~~": "s_open",
        "x[^1]\n\n[^1]: y": "footnote_ref", "t\n: d": "dl_open", "> q": "blockquote_open", "1. x": "ordered_list_open",
        "`x`": "code_inline", "**x**": "strong_open", "***": "hr",
    }  # fmt: skip
    assert {text: kind for text, kind in seen.items() if kind not in kinds(text)} == {}
