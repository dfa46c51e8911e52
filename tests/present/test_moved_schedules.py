"""A titration that is signed too early moves as one (rulebook rule 2, suggestion A; c.1): days, gaps and words.

Moving each prescription to the safe date by itself would start both strengths on one day.
"""

import json
import re
from copy import deepcopy
from datetime import UTC, date, timedelta
from typing import Any

import pytest
from present.answered_cases import actions, answered, knowledge

from cds_service.content import fixtures_dir
from cds_service.fhir.read.orders import ORDER_KINDS
from cds_service.hooks.request import read_request
from cds_service.service import Place, respond

TODAY, CLEAR = date(2026, 3, 2), date(2026, 3, 7)
BASELINES = {"R4": "fires-c01-new-start", "STU3": "fires-new-start-stu3", "DSTU2": "fires-new-start-dstu2"}
Order = dict[str, Any]
Call = dict[str, Any]


def call(folder: str) -> Call:
    request: Call = json.loads((fixtures_dir() / folder / "request.json").read_text(encoding="utf-8"))
    return request


def cards(request: Call) -> list[dict[str, Any]]:
    place = Place("https://ldn.example", UTC)
    return list(respond(read_request(request, request["hook"]), None, TODAY, knowledge(), place).cards)


def resources(card: dict[str, Any], label: str) -> list[Order]:
    """The medication orders that the suggestion with this label writes."""
    (chosen,) = [one for one in card["suggestions"] if one["label"].startswith(label)]
    written = [action["resource"] for action in chosen["actions"] if "resource" in action]
    return [one for one in written if one["resourceType"] in ORDER_KINDS]


def titration(release: str) -> list[Order]:
    """The prescriptions of the recommended titration, as the service itself writes them for a start on 2 March."""
    (card,) = cards(call(f"titration-order-set/{BASELINES[release]}"))
    (recommended,) = [one["label"] for one in card["suggestions"] if one.get("isRecommended")]
    return [{**order, "id": f"step-{place}"} for place, order in enumerate(resources(card, recommended), 1)]


def signed(release: str, orders: list[Order]) -> Call:
    """The orders at signing, for a patient whose month of hydrocodone ended five days ago (rulebook C05)."""
    request = call(f"titration-order-set/{BASELINES[release]}")
    request["hook"] = "order-sign"
    del request["context"]["selections"]
    request["context"]["draftOrders"]["entry"] = [{"resource": order} for order in orders]
    statements = request["prefetch"]["medStatements"]
    opioid = deepcopy(statements["entry"][0]["resource"])
    opioid |= {"id": "hydrocodone", "effectivePeriod": {"start": "2026-01-26", "end": "2026-02-25"}}
    opioid["medicationCodeableConcept"] = {"text": "hydrocodone/acetaminophen 5 mg/325 mg tablet"}
    statements["entry"].append({"resource": opioid})
    statements["total"] = 2
    return request


def moved(release: str, orders: list[Order]) -> list[Order]:
    (card,) = cards(signed(release, orders))
    return resources(card, f"Start naltrexone on {CLEAR.isoformat()}")


def bounds(order: Order) -> list[tuple[str, str]]:
    periods = [line["timing"]["repeat"]["boundsPeriod"] for line in order["dosageInstruction"]]
    return [(period["start"], period["end"]) for period in periods]


def later(day: str) -> str:
    return (date.fromisoformat(day) + (CLEAR - TODAY)).isoformat()


def test_the_shipped_case_moves_both_prescriptions_by_five_days() -> None:
    answers = {case.name: answer for case, answer in answered()}
    (card,) = answers["opioid-recent-washout/fires-whole-schedule-moves"].cards
    first, second = resources(card, "Start naltrexone on 2026-03-07")
    assert [first["id"], second["id"]] == ["titration-a", "titration-b"]
    assert bounds(first) == [("2026-03-07", "2026-03-20"), ("2026-03-21", "2026-04-03")]
    assert bounds(second) == [("2026-04-04", "2026-05-29")]
    assert first["dispenseRequest"]["validityPeriod"] == {"start": "2026-03-07"}
    assert second["dispenseRequest"]["validityPeriod"] == {"start": "2026-03-28"}
    assert [line["text"] for order in (first, second) for line in order["dosageInstruction"]] == [
        "Take 1 capsule (1.5 mg) by mouth at bedtime from 2026-03-07 to 2026-03-20",
        "Take 2 capsules (3 mg) by mouth at bedtime from 2026-03-21 to 2026-04-03",
        "Take 1 capsule (4.5 mg) by mouth at bedtime from 2026-04-04",
    ]


@pytest.mark.parametrize("release", BASELINES)
class TestOurOwnTitration:
    def test_every_step_moves_by_the_same_five_days(self, release: str) -> None:
        before = titration(release)
        after = moved(release, before)
        assert [order["id"] for order in after] == ["step-1", "step-2"]
        assert [bounds(order) for order in after] == [
            [(later(start), later(end)) for start, end in bounds(order)] for order in before
        ]

    def test_the_second_prescription_can_be_dispensed_as_long_before_its_first_dose_as_planned(
        self, release: str
    ) -> None:
        _, second = moved(release, titration(release))
        first_dose = date.fromisoformat(bounds(second)[0][0])
        assert second["dispenseRequest"]["validityPeriod"]["start"] == (first_dose - timedelta(days=7)).isoformat()

    def test_the_words_for_the_patient_name_the_new_days_and_no_old_one(self, release: str) -> None:
        first, second, third = (
            line["text"] for order in moved(release, titration(release)) for line in order["dosageInstruction"]
        )
        assert "(7 March to 20 March)" in first
        assert "(21 March to 3 April)" in second
        assert "from 4 April" in third
        gone = re.compile(r"\b(2|15|16|29|30) March\b")
        assert [text for text in (first, second, third) if gone.search(text)] == []

    def test_doses_and_quantities_stay(self, release: str) -> None:
        before = titration(release)
        for old, new in zip(before, moved(release, before), strict=True):
            assert new["dispenseRequest"]["quantity"] == old["dispenseRequest"]["quantity"]
            for was, now in zip(old["dosageInstruction"], new["dosageInstruction"], strict=True):
                assert {**now, "timing": {}, "text": ""} == {**was, "timing": {}, "text": ""}

    def test_once_moved_the_schedule_is_signed_without_a_card(self, release: str) -> None:
        assert cards(signed(release, moved(release, titration(release)))) == []

    def test_only_drafts_of_the_session_are_touched(self, release: str) -> None:
        (card,) = cards(signed(release, titration(release)))
        updates = [action for action in actions(card) if action["type"] == "update"]
        assert {action["resource"]["id"] for action in updates} == {"step-1", "step-2"}
