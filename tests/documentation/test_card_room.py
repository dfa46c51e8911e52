"""cards/README.md tells clinicians every field and every blank, as the service reads and fills them."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from cds_service.hooks.request import read_request
from cds_service.present import not_checked, wording
from cds_service.present.wording import CardText
from cds_service.record import Finding, Indicator, Shortfall
from cds_service.rules import rules
from cds_service.running import Service
from cds_service.service import respond
from cds_service.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[2]
CARDS = CHECKOUT / "cards"
README = (CARDS / "README.md").read_text("utf-8")
SCHEMA = json.loads((CHECKOUT / "cds_service" / "present" / "card.json").read_text("utf-8"))
TEXT_OF_A_REQUEST = "text"


def _documented() -> dict[str, set[str]]:
    """Rule -> blanks, from the table."""
    found: dict[str, set[str]] = defaultdict(set)
    for rule, blank in re.findall(r"^\| `([a-z0-9-]+)` \| `(\w+)` \|", README, re.MULTILINE):
        found[rule].add(blank)
    return found


def _blanks(text: str) -> set[str]:
    names = {name.lstrip("?") for name in re.findall(r"{{(\??\w+)}}", text)}
    return {name[0].lower() + name[1:] for name in names} - {TEXT_OF_A_REQUEST}


@cache
def _filled() -> dict[str, set[str]]:
    """Rule -> names of the values that its sentences and buttons got, over every fixture."""
    service = Service.from_settings(Settings())
    seen: dict[str, set[str]] = defaultdict(set)
    summary, details, fill = CardText.summary, CardText.details, not_checked.fill

    def spy_summary(card: CardText, name: str, values: Mapping[str, str]) -> str:
        seen[card.rule] |= set(values)
        return summary(card, name, values)

    def spy_details(card: CardText, name: str, values: Mapping[str, str]) -> list[str]:
        seen[card.rule] |= set(values)
        return details(card, name, values)

    def spy_fill(template: str, values: Mapping[str, str], *, keep: bool = False) -> str | None:
        seen["data-not-checked"] |= set(values) & _blanks(template)
        return fill(template, values, keep=keep)

    CardText.summary, CardText.details, not_checked.fill = spy_summary, spy_details, spy_fill  # type: ignore[method-assign,assignment]
    try:
        for path in sorted((CHECKOUT / "fhir_fixtures").glob("*/*/request.json")):
            body = json.loads(path.read_text("utf-8"))
            request = read_request(body, body["hook"])
            answer = respond(request, None, date(2026, 3, 2), service.knowledge, service.place)
            for finding in answer.findings:
                card = service.knowledge.cards[finding.rule]
                for proposal in finding.proposals:
                    if proposal.kind in card.suggestions:
                        seen[finding.rule] |= set(proposal.values)
        broken = Finding("data-not-checked", Indicator.WARNING, shortfalls=(Shortfall("rule opioid-active", "fault"),))
        not_checked.words(broken, service.knowledge.cards[broken.rule])
    finally:
        CardText.summary, CardText.details, not_checked.fill = summary, details, fill  # type: ignore[method-assign]
    return seen


def test_every_field_of_the_front_matter_is_explained() -> None:
    fields = {name for name, kind in SCHEMA["properties"].items() if kind.get("type") != "object"}
    explained = set(re.findall(r"^\| `([a-z_]+)` \|", README.split("## Headline and bullets")[0], re.MULTILINE))
    assert fields <= explained
    for table in ("[summary]", "[suggestions]", "[actions]", "[[orders.<kind>]]"):
        assert f"| `{table}` |" in README


def test_every_file_of_the_folder_is_explained() -> None:
    named = README.split("## Reading a card file")[0]
    assert [path.name for path in CARDS.glob("*.toml") if f"`{path.name}`" not in named] == []
    assert "`order-set/titration.toml`" in named


def test_the_table_of_blanks_is_what_the_rules_fill() -> None:
    filled = _filled()
    assert set(filled) == set(rules())
    documented = _documented()
    assert {rule: filled[rule] - documented[rule] for rule in filled if filled[rule] - documented[rule]} == {}
    assert {rule: documented[rule] - filled[rule] for rule in documented if documented[rule] - filled[rule]} == {}


def test_every_blank_of_a_card_is_one_that_its_rule_fills() -> None:
    """A misspelt blank is never filled, so its sentence would silently be missing."""
    documented = _documented()
    for path in CARDS.glob("*/*.md"):
        assert _blanks(path.read_text("utf-8")) <= documented[path.stem], path.name


def test_the_rules_of_filling_are_as_described() -> None:
    assert wording.fill("On {{drug}}.", {"drug": ""}) is None
    assert wording.fill("Assumed.{{?assumed}}", {"assumed": "yes"}) == "Assumed."
    assert wording.fill("Assumed.{{?assumed}}", {}) is None
    assert wording.fill("{{Drug}} is listed.", {"drug": "codeine"}) == "Codeine is listed."
