"""The same findings come out of each profile; only the dress differs. Over every shipped case."""

import re
from datetime import UTC
from typing import Any

import pytest
from markdown_it import MarkdownIt
from present.answered_cases import answered, knowledge

from cds_service.cli.record_server import in_process
from cds_service.hooks.request import read_request
from cds_service.hooks.response import check_response
from cds_service.present.dress import topic_code
from cds_service.present.suggested import draft, is_order, same
from cds_service.profiles import Profile, profile_names, profile_of
from cds_service.service import Answer, Place, respond

PLACE = Place("https://ldn.example", UTC)
Card = dict[str, Any]
Pairs = list[tuple[str, Answer, Answer]]
OTHERS = [name for name in profile_names() if name != "standard"]


@pytest.fixture(scope="module", params=OTHERS)
def profile(request: pytest.FixtureRequest) -> Profile:
    return profile_of(request.param)


@pytest.fixture(scope="module")
def pairs(profile: Profile) -> Pairs:
    """(case, the standard answer, the answer in the dress of the profile)."""
    made = []
    for case, standard in answered():
        request = read_request(case.request, case.request["hook"])
        fetch = in_process(case.server)
        made.append((case.name, standard, respond(request, fetch, case.as_of, knowledge(), PLACE, profile)))
    return made


def offered(card: Card) -> list[dict[str, Any]]:
    suggestions: list[dict[str, Any]] = card.get("suggestions", [])
    return suggestions


def actions(card: Card) -> list[dict[str, Any]]:
    return [action for one in offered(card) for action in one["actions"]]


def test_the_findings_are_the_same(pairs: Pairs) -> None:
    assert len(pairs) > 700
    for case, standard, other in pairs:
        assert other.findings == standard.findings, case
        assert [issued.findings for issued in other.issued] == [issued.findings for issued in standard.issued], case
        for mine, theirs in zip(other.cards, standard.cards, strict=True):
            for part in ("uuid", "summary", "indicator"):
                assert mine[part] == theirs[part], case
            assert mine["extension"]["org.ldn-cds"] == theirs["extension"]["org.ldn-cds"], case


def test_every_answer_keeps_to_the_wire(pairs: Pairs) -> None:
    for _, _, other in pairs:
        check_response({"cards": other.cards})


def test_what_is_proposed_was_proposed_to_everybody(pairs: Pairs) -> None:
    """No resource is made up for a profile: an action is one of the standard answer, in other words at most."""
    for case, standard, other in pairs:
        for mine, theirs in zip(other.cards, standard.cards, strict=True):
            for action in actions(mine):
                assert any(same(action, one) for one in actions(theirs)), case


def test_no_sentence_of_a_card_is_lost(pairs: Pairs, profile: Profile) -> None:
    for case, standard, other in pairs:
        for mine, theirs in zip(other.cards, standard.cards, strict=True):
            words = [line.removeprefix("- ") for line in theirs["detail"].split("\n")]
            if not profile.detail_characters or len(theirs["detail"]) <= profile.detail_characters:
                assert [line for line in words if line not in mine["detail"]] == [], case


def test_the_profile_is_kept_to(pairs: Pairs, profile: Profile) -> None:
    for case, standard, other in pairs:
        for mine, theirs in zip(other.cards, standard.cards, strict=True):
            rule = theirs["source"]["topic"]["code"]
            assert mine["source"]["topic"]["code"] == topic_code(rule, profile), case
            assert len(mine["source"]["topic"]["code"]) <= profile.topic_characters, case
            assert ("overrideReasons" in mine) == (
                "overrideReasons" in theirs and profile.override_reasons == "coding"
            ), case
            assert {link["type"] for link in mine.get("links", [])} <= set(profile.links), case
            if offered(mine):
                assert mine["selectionBehavior"] in profile.selection, case
                if mine["selectionBehavior"] == "at-most-one":
                    assert sum(one.get("isRecommended", False) for one in offered(mine)) <= 1, case
            if profile.actions:
                assert all(len(one["actions"]) <= profile.actions for one in offered(mine)), case
            if profile.detail == "plain":
                assert not re.search(r"^(- |\* |#)|\*\*|`", mine["detail"], re.MULTILINE), case
            else:
                tags = {token.tag for token in MarkdownIt("commonmark").parse(mine["detail"])}
                assert tags <= {"p", "ul", "li", ""}, case


def test_suggestions_that_can_be_taken_together_never_do_two_things_to_one_draft(pairs: Pairs) -> None:
    for case, _, other in pairs:
        for card in other.cards:
            if card.get("selectionBehavior") != "any":
                continue
            touched: dict[str, dict[str, Any]] = {}
            for action in actions(card):
                if draft(action):
                    assert draft(action) not in touched, case
                    touched[draft(action)] = action


def test_at_most_one_titration_is_offered_where_all_can_be_taken(pairs: Pairs) -> None:
    for case, _, other in pairs:
        for card, issued in zip(other.cards, other.issued, strict=True):
            if card.get("selectionBehavior") == "any":
                schedules = {kind.split("-step-")[0] for _, kind in issued.suggestions if kind.startswith("titration")}
                assert len(schedules) <= 1, case


def test_every_suggestion_is_remembered_by_its_uuid_and_kind(pairs: Pairs) -> None:
    for case, _, other in pairs:
        for card, issued in zip(other.cards, other.issued, strict=True):
            assert [uuid for uuid, _ in issued.suggestions] == [one["uuid"] for one in offered(card)], case
            assert len({kind for _, kind in issued.suggestions}) == len(issued.suggestions), case


def test_the_schedule_stands_in_the_text_where_its_steps_are_buttons_of_their_own(
    pairs: Pairs, profile: Profile
) -> None:
    seen = 0
    for case, standard, other in pairs:
        for mine, theirs, issued in zip(other.cards, standard.cards, standard.issued, strict=True):
            labels = {
                one["uuid"]: (kind, one["label"])
                for (_, kind), one in zip(issued.suggestions, offered(theirs), strict=True)
                if kind.startswith("titration")
            }
            if profile.actions and labels:
                seen += 1
                assert all(label in mine["detail"] for _, label in labels.values()), case
    assert seen > 200 or not profile.actions


def test_what_comes_ticked_agrees_and_no_order_whose_dose_may_change_comes_ticked(
    pairs: Pairs, profile: Profile
) -> None:
    if not profile.preselects:
        return
    for case, _, other in pairs:
        ticked: dict[str, dict[str, Any]] = {}
        for card in other.cards:
            for one in offered(card):
                if one.get("isRecommended"):
                    for action in one["actions"]:
                        name = draft(action)
                        assert not name or name not in ticked or same(action, ticked[name]), case
                        ticked |= {name: action} if name else {}
                        assert profile.keeps_details or action["type"] != "create" or not is_order(action), case
