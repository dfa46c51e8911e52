"""A draft is updated on one card only (rulebook b.0), and no card offers a start beside "do not start"."""

import json
from datetime import UTC, date
from pathlib import Path
from typing import Any

import pytest

from cds_service.content import cards_dir
from cds_service.hooks.request import read_request
from cds_service.present.knowledge import read_knowledge
from cds_service.service import Answer, Place, respond

FIXTURES = Path(__file__).resolve().parents[2] / "fhir_fixtures"
KNOWLEDGE = read_knowledge(cards_dir())
PLACE = Place("https://cds.example.test", UTC, strict=True)
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
FIFTY = {"coding": [{"system": RXNORM, "code": "1483744", "display": "naltrexone hydrochloride 50 MG Oral Tablet"}]}
DOSE = {"value": 4.5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}


def hydrocodone(status: str, ends: str | None) -> dict[str, Any]:
    period = {"start": "2026-02-21", **({"end": ends} if ends else {})}
    return {
        "resourceType": "MedicationStatement",
        "id": "hydrocodone",
        "status": status,
        "medicationCodeableConcept": {
            "coding": [
                {"system": RXNORM, "code": "857002", "display": "acetaminophen 325 MG / hydrocodone 5 MG Oral Tablet"}
            ]
        },
        "subject": {"reference": "Patient/ada-synthetic"},
        "effectivePeriod": period,
        "dateAsserted": "2026-02-26",
    }


RECENT, CURRENT = hydrocodone("completed", "2026-02-25"), hydrocodone("active", None)


def call(hook: str, statement: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """(request, its draft): the baseline, signed, with one more entry on the medication list."""
    request = json.loads((FIXTURES / "opioid-active/silent-c01-baseline/request.json").read_text("utf-8"))
    request["hook"] = hook
    order: dict[str, Any] = request["context"]["draftOrders"]["entry"][0]["resource"]
    order["status"] = "draft"
    if statement is not None:
        request["prefetch"]["medStatements"]["entry"].append({"resource": statement})
        request["prefetch"]["medStatements"]["total"] = 2
    return request, order


def answer(request: dict[str, Any]) -> Answer:
    return respond(read_request(request, request["hook"]), None, date(2026, 3, 2), KNOWLEDGE, PLACE)


def kinds(found: Answer) -> dict[str, list[str]]:
    """Leader -> kinds of its suggestions."""
    return {card.rule: [kind for _, kind in card.suggestions] for card in found.issued}


def updates(found: Answer) -> list[dict[str, Any]]:
    return [
        action
        for card in found.cards
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
        if action["type"] == "update"
    ]


def dosed(order: dict[str, Any], amount: float, text: str) -> None:
    order["dosageInstruction"][0]["text"] = text
    order["dosageInstruction"][0]["doseAndRate"] = [{"doseQuantity": {**DOSE, "value": amount}}]


def test_start_and_product_are_changed_by_one_update_on_the_graver_card() -> None:
    request, order = call("order-sign", RECENT)
    order["medicationCodeableConcept"] = FIFTY
    dosed(order, 4.5, "Take 4.5 mg by mouth at bedtime")
    found = answer(request)
    assert kinds(found) == {
        "opioid-recent-washout": ["correct-draft", "delete-draft", "opioid-screen"],
        "product-strength-mismatch": [],
    }
    (update,) = updates(found)
    changed = update["resource"]
    assert changed["medicationCodeableConcept"]["text"] == "naltrexone 4.5 mg capsule, compounded"
    assert changed["dispenseRequest"]["validityPeriod"] == {"start": "2026-03-07"}
    label = next(s["label"] for s in found.cards[0]["suggestions"] if s.get("isRecommended"))
    assert "2026-03-07" in label
    assert "4.5 mg" in label


def test_each_step_of_a_schedule_is_said_to_start_on_its_own_day() -> None:
    folder = FIXTURES / "opioid-recent-washout/fires-whole-schedule-moves"
    found = answer(json.loads((folder / "request.json").read_text("utf-8")))
    moved = next(one for one in found.cards[0]["suggestions"] if one.get("isRecommended"))
    assert moved["label"] == "Start naltrexone on 2026-03-07, and move later steps along"
    assert [action["description"] for action in moved["actions"]] == [
        "Change the draft so that it starts on 2026-03-07.",
        "Change the draft so that it starts on 2026-04-04.",
    ]


def test_a_start_alone_keeps_its_own_words_and_kind() -> None:
    request, _ = call("order-sign", RECENT)
    found = answer(request)
    assert kinds(found)["opioid-recent-washout"][0] == "set-start"
    assert found.cards[0]["suggestions"][0]["label"] == "Start naltrexone on 2026-03-07"


def test_several_doses_that_are_proposed_become_the_lowest_and_the_label_says_it() -> None:
    request, order = call("order-sign")
    order["medicationCodeableConcept"]["text"] = "naltrexone 3 mg capsule, compounded"
    dosed(order, 3, "Take 1 capsule (3 mg) by mouth three times daily")
    order["dosageInstruction"][0]["timing"]["repeat"] = {"frequency": 3, "period": 1, "periodUnit": "d"}
    # A new start brings the order set at signing, which carries the dose: here it is a renewal.
    before = json.loads(json.dumps(order)) | {"id": "before", "status": "active", "authoredOn": "2026-02-10"}
    request["prefetch"]["medRequests"] |= {"total": 1, "entry": [{"resource": before}]}
    order["priorPrescription"] = {"reference": "MedicationRequest/before"}
    (update,) = updates(answer(request))
    line = update["resource"]["dosageInstruction"][0]
    assert line["doseAndRate"][0]["doseQuantity"]["value"] == 3
    assert line["text"] == "Take 1 capsule (3 mg) by mouth at bedtime"
    assert update["description"].startswith("Change the order to compounded 3 mg once daily at bedtime")


def test_while_the_order_set_is_offered_other_cards_may_only_delete_and_say_so() -> None:
    request, order = call("order-select")
    order["medicationCodeableConcept"]["text"] = "naltrexone 9 mg capsule, compounded"
    dosed(order, 9, "Take 1 capsule (9 mg) by mouth at bedtime")
    found = answer(request)
    assert kinds(found) == {
        "dose-above-ldn-range": [],
        "titration-order-set": ["titration-V1", "titration-V2", "titration-V3"],
    }
    assert "order set below replaces this draft" in found.cards[0]["detail"]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (None, ["titration-V1", "titration-V2", "titration-V3", "delete-draft"]),
        (RECENT, ["delete-draft"]),
        (CURRENT, ["delete-draft"]),
    ],
)
def test_a_titration_on_the_dose_card_goes_where_the_order_set_would_go(
    statement: dict[str, Any] | None, expected: list[str]
) -> None:
    request, order = call("order-sign", statement)
    order["medicationCodeableConcept"] = FIFTY
    dosed(order, 50, "Take 1 tablet (50 mg) by mouth once daily")
    assert kinds(answer(request))["standard-dose-for-pain"] == expected


def test_a_titration_on_the_dose_card_is_the_only_change_of_the_draft() -> None:
    codeine = {**RECENT, "effectivePeriod": {"start": "2026-02-18", "end": "2026-02-22"}}
    request, order = call("order-select", codeine)
    order["medicationCodeableConcept"] = FIFTY
    dosed(order, 50, "Take 1 tablet (50 mg) by mouth once daily")
    found = answer(request)
    assert "set-start" not in kinds(found)["opioid-recent-washout"]
    starts = {action["resource"]["dispenseRequest"]["validityPeriod"]["start"] for action in updates(found)}
    assert starts == {"2026-03-04"}


def test_a_draft_without_an_id_is_not_corrected() -> None:
    request, order = call("order-sign")
    del order["id"]
    order["medicationCodeableConcept"]["text"] = "naltrexone 45 mg capsule, compounded"
    dosed(order, 45, "Take 1 capsule (45 mg) by mouth at bedtime")
    found = answer(request)
    assert kinds(found) == {"dose-unit-error": []}
    assert "has no id" in found.cards[0]["detail"]


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("alt-ast-elevated/fires-c20-alt-3-8-times", True),
        ("cirrhosis-compensated/fires-inr-missing", True),
        ("cirrhosis-compensated/fires-c17-child-pugh-a", False),
        ("opioid-active/silent-c01-baseline", False),
    ],
)
def test_a_card_whose_tests_the_titration_orders_says_where_they_are(case: str, said: bool) -> None:
    request = json.loads((FIXTURES / case / "request.json").read_text("utf-8"))
    line = KNOWLEDGE.words["order_set_tests"]["line"]
    found = answer({**request, "hook": "order-select"})
    assert [card["source"]["topic"]["code"] for card in found.cards if line in card["detail"]] == (
        [case.split("/")[0]] if said else []
    )
    assert not any(line in card["detail"] for card in answer({**request, "hook": "order-sign"}).cards)
