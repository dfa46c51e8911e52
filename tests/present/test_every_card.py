"""What must hold of every card in every shipped case, whatever it says (rulebook b.0, b.6, c.3, e.1, e.2)."""

import re
import uuid
from typing import Any

import pytest
from markdown_it import MarkdownIt
from present.answered_cases import actions, answered, cards, knowledge

from cds_service.present.priority import FOLDED

CARDS = list(cards())
NEVER = re.compile(
    r"\b(safe|safely|effective|no interactions?|no drug.drug interactions|no monitoring|95 ?%|predicts?|endorphins?"
    r"|glial?|microglia\w*|cytokines?|teratogenic|addicts?|abusers?|dirty|you must|bi-weekly|qhs|\d+ days ago"
    r"|in \d+ days|price|cost)\b",
    re.IGNORECASE,
)
CONTRAINDICATED = {
    "opioid-withdrawal",
    "opioid-active",
    "opioid-naltrexone-same-session",
    "opioid-recent-washout",
    "opioid-tox-positive",
    "naltrexone-allergy",
}
"""What the label calls a contraindication (e.1): opioids, withdrawal, a positive screen, hypersensitivity."""
TESTS = {"ServiceRequest", "ProcedureRequest", "DiagnosticOrder"}
PLANS = {
    f"https://ldn.example/fhir/PlanDefinition/ldn-titration-{variant}"
    for variant in ("V1", "V2", "V3", "V4", "V4-middle")
}
ITEMS = {"esr-baseline-optional", "compounding-required"}
"""Never a finding of their own (b.3): a tick beside other lines, and a sentence of the order set."""


def text(card: dict[str, Any]) -> str:
    labels = [suggestion["label"] for suggestion in card.get("suggestions", [])]
    spoken = [action["description"] for action in actions(card)]
    return "\n".join([card["summary"], card["detail"], *labels, *spoken])


def rule(card: dict[str, Any]) -> str:
    code: str = card["source"]["topic"]["code"]
    return code


def on(card: dict[str, Any]) -> list[str]:
    return [finding["rule"] for finding in card["extension"]["org.ldn-cds"]["findings"]]


def test_every_rule_leads_a_card_or_stands_on_that_of_the_order_set() -> None:
    leaders = {rule(card) for _, card in CARDS}
    folded = {name for _, card in CARDS if rule(card) == "titration-order-set" for name in on(card)[1:]}
    assert folded == FOLDED
    assert leaders == set(knowledge().cards) - FOLDED - ITEMS


def test_what_is_no_finding_is_said_on_a_card_all_the_same() -> None:
    assert not {name for _, card in CARDS for name in on(card)} & ITEMS
    ticks = {kind for _, answer in answered() for card in answer.issued for _, kind in card.suggestions}
    assert "esr" in ticks
    order_sets = [card["detail"] for _, card in CARDS if rule(card) == "titration-order-set"]
    assert any("no compounding note" in detail for detail in order_sets)
    assert any("no compounding note" not in detail for detail in order_sets)


@pytest.mark.parametrize("name", sorted({rule(card) for _, card in CARDS}))
class TestCards:
    @staticmethod
    def of(name: str) -> list[tuple[str, dict[str, Any]]]:
        return [(case, card) for case, card in CARDS if rule(card) == name]

    def test_the_summary_is_short_and_ends_a_sentence(self, name: str) -> None:
        for case, card in self.of(name):
            assert 0 < len(card["summary"]) < 140, case
            assert card["summary"].endswith((".", "?")), case
            assert "\n" not in card["summary"], case

    def test_the_detail_has_at_most_five_bullets(self, name: str) -> None:
        for case, card in self.of(name):
            bullets = [line for line in card["detail"].split("\n") if line.startswith("- ")]
            assert 1 <= len(bullets) <= 5, case
            assert len(set(bullets)) == len(bullets), case

    def test_no_blank_was_left_unfilled(self, name: str) -> None:
        for case, card in self.of(name):
            assert not re.search(r"[{}]|\(\)|\( |None|, ,|: \.|  ", text(card)), case

    def test_nothing_is_written_that_may_never_be_written(self, name: str) -> None:
        for case, card in self.of(name):
            assert NEVER.findall(text(card)) == [], case
            assert "!" not in text(card), case
            if "contraindicated" in text(card).lower():
                assert rule(card) in CONTRAINDICATED, case

    def test_the_indicator_is_the_highest_of_its_findings_and_the_leader_comes_first(self, name: str) -> None:
        ladder = ["info", "warning", "critical"]
        for case, card in self.of(name):
            findings = card["extension"]["org.ldn-cds"]["findings"]
            assert findings[0]["rule"] == name, case
            assert card["indicator"] == max((f["indicator"] for f in findings), key=ladder.index), case
            assert card["extension"]["org.ldn-cds"]["knowledgeVersion"] == knowledge().version, case

    def test_warnings_can_be_overridden_with_at_most_four_reasons_and_other(self, name: str) -> None:
        for case, card in self.of(name):
            codes = [reason["code"] for reason in card.get("overrideReasons", [])]
            assert bool(codes) == (card["indicator"] != "info"), case
            assert codes == [] or (codes[-1] == "other" and len(codes) <= 5), case
            for reason in card.get("overrideReasons", []):
                assert reason["system"] == "urn:ldn-cds:override-reason", case
                assert reason["display"], case

    def test_suggestions_say_how_they_are_chosen_and_at_most_one_is_recommended(self, name: str) -> None:
        for case, card in self.of(name):
            suggestions = card.get("suggestions", [])
            assert ("selectionBehavior" in card) == bool(suggestions), case
            assert sum(suggestion.get("isRecommended", False) for suggestion in suggestions) <= 1, case
            assert all(0 < len(suggestion["label"]) < 140 for suggestion in suggestions), case

    def test_an_update_comes_before_anything_else_of_its_suggestion(self, name: str) -> None:
        for case, card in self.of(name):
            for suggestion in card.get("suggestions", []):
                kinds = [action["type"] for action in suggestion["actions"]]
                assert kinds, case
                assert "update" not in kinds[kinds.count("update") :], case

    def test_a_delete_names_its_order_and_carries_no_resource(self, name: str) -> None:
        for case, card in self.of(name):
            for action in actions(card):
                assert ("resourceId" in action) == (action["type"] == "delete"), case
                assert ("resource" in action) == (action["type"] != "delete"), case
                if action["type"] == "delete":
                    assert re.fullmatch(r"Medication(Request|Order)/[A-Za-z0-9.-]+", action["resourceId"]), case

    def test_links_and_source_lead_to_this_service_and_say_nothing_of_the_patient(self, name: str) -> None:
        for case, card in self.of(name):
            assert card["source"]["url"] == "https://ldn.example/source-attributes", case
            evidence, *others = [link["url"] for link in card["links"]]
            assert evidence == f"https://ldn.example/source-attributes/{name}", case
            assert all(other in PLANS for other in others), case
            assert not others or name == "titration-order-set", case
            assert all(link["type"] == "absolute" for link in card["links"]), case

    def test_the_detail_is_plain_markdown(self, name: str) -> None:
        markdown = MarkdownIt("commonmark", {"html": True})
        for case, card in self.of(name):
            kinds = {token.type for token in markdown.parse(card["detail"])}
            assert not kinds & {"html_block", "fence", "code_block", "heading_open", "ordered_list_open"}, case

    def test_the_text_says_that_nobody_has_approved_it_yet(self, name: str) -> None:
        for case, card in self.of(name):
            assert "not clinically approved" in card["detail"].lower(), case
            assert "not clinically approved" in card["source"]["label"].lower(), case


def test_suggestions_exclude_each_other_but_for_the_tests_to_tick_before_the_start() -> None:
    ticked = 0
    for case, answer in answered():
        families = {
            finding.rule: finding.family or knowledge().cards[finding.rule].family for finding in answer.findings
        }
        for card in (card for card in answer.cards if "suggestions" in card):
            together = families[rule(card)] == "before-you-start"
            assert card["selectionBehavior"] == ("any" if together else "at-most-one"), case.name
            if together:
                ticked += 1
                assert {action["type"] for action in actions(card)} == {"create"}, case.name
                assert {action["resource"]["resourceType"] for action in actions(card)} <= TESTS, case.name
                assert not any("isRecommended" in suggestion for suggestion in card["suggestions"]), case.name
    assert ticked


def test_every_card_and_suggestion_has_a_uuid_of_its_own() -> None:
    seen: list[str] = []
    for _, answer in answered():
        for card in answer.cards:
            seen += [card["uuid"], *(suggestion["uuid"] for suggestion in card.get("suggestions", []))]
    assert all(str(uuid.UUID(one)) == one for one in seen)
    assert len(set(seen)) == len(seen)


def test_a_draft_is_updated_on_one_card_only() -> None:
    for case, answer in answered():
        updating = [rule(card) for card in answer.cards if any(a["type"] == "update" for a in actions(card))]
        assert len(updating) <= 1, case.name
        if any(rule(card) == "titration-order-set" for card in answer.cards):
            assert updating in ([], ["titration-order-set"]), case.name


def test_no_opioid_is_ever_changed_or_stopped_but_a_draft_that_is_deleted() -> None:
    for case, answer in answered():
        for card in answer.cards:
            for action in actions(card):
                resource = action.get("resource", {})
                assert "oxycodone" not in str(resource).lower(), case.name
                assert resource.get("status", "draft") in ("draft", "proposed"), case.name


def test_no_information_stands_beside_a_critical_card() -> None:
    for case, answer in answered():
        indicators = {card["indicator"] for card in answer.cards}
        assert not {"critical", "info"} <= indicators or any(
            rule(card) == "data-not-checked" for card in answer.cards
        ), case.name


def test_each_family_has_at_most_one_card() -> None:
    for case, answer in answered():
        families = [knowledge().cards[rule(card)].family for card in answer.cards]
        leaders = [rule(card) for card in answer.cards]
        assert len(leaders) == len(set(leaders)), case.name
        assert len(answer.cards) <= 10, case.name
        assert families.count("opioid") <= 1, case.name


def test_every_override_reason_of_every_card_has_words() -> None:
    words = knowledge().words["override_reasons"]
    for card in knowledge().cards.values():
        assert set(card.override_reasons) <= set(words)
        assert all(words[code].strip() for code in card.override_reasons)
    assert words["other"].strip()
