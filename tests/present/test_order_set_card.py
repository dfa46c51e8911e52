"""The order-set card as a whole answer: its words, and that a test is created in one place (rulebook b.3, c)."""

import copy
import json
from dataclasses import replace
from datetime import UTC, date
from functools import cache
from typing import Any

import pytest

from cds_service.content import cards_dir, fixtures_dir
from cds_service.hooks.request import read_request
from cds_service.present.knowledge import Knowledge, read_knowledge
from cds_service.service import Place, respond

T0 = date(2026, 3, 2)
PLACE = Place("https://cds.example.test", UTC, strict=True)
START = "titration-order-set/fires-c01-new-start"
STEP_DOWN = "titration-order-set/fires-step-down-from-4-5-mg"
LOWEST = "titration-order-set/fires-step-down-from-1-mg-has-no-schedule"
REMISSION = "oud-history-unverified/fires-remission-is-a-line"
APPROVED = (
    "Off-label. Two of the larger blinded trials (about 100 women each, 6 mg and 4.5 mg) found no pain benefit over "
    "placebo; smaller earlier trials did. No major guideline recommends it."
)


@cache
def knowledge() -> Knowledge:
    return read_knowledge(cards_dir())


def call(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((fixtures_dir() / name / "request.json").read_text(encoding="utf-8"))
    return copy.deepcopy(found)


def cards(body: dict[str, Any], known: Knowledge | None = None) -> list[dict[str, Any]]:
    return respond(read_request(body, body["hook"]), None, T0, known or knowledge(), PLACE).cards


def set_card(body: dict[str, Any], known: Knowledge | None = None) -> dict[str, Any]:
    (found,) = [card for card in cards(body, known) if card["source"]["topic"]["code"] == "titration-order-set"]
    return found


def resources(card: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        action["resource"] for one in card.get("suggestions", []) for action in one["actions"] if "resource" in action
    ]


def with_allergy(name: str) -> dict[str, Any]:
    body = call(START)
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "filler",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"text": name},
        "patient": {"reference": f"Patient/{body['context']['patientId']}"},
    }
    body["prefetch"]["allergies"] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 1,
        "entry": [{"resource": allergy}],
    }
    return body


@pytest.mark.parametrize("name", [START, STEP_DOWN, LOWEST])
def test_the_card_says_what_the_trials_found_and_to_stay_on_the_dose_that_works(name: str) -> None:
    detail = set_card(call(name))["detail"]
    assert APPROVED in detail
    assert "stay on the dose that works" in detail


def test_a_start_is_to_be_judged_after_eight_weeks_on_the_target() -> None:
    card = set_card(call(START))
    assert "Judge at 8 weeks on the target dose and stop if not clearly better." in card["detail"]
    assert "1.5 mg from 2 March, 3 mg from 16 March, 4.5 mg from 30 March to 24 May" in card["detail"]


def test_a_step_down_asks_to_stop_the_current_order_and_no_action_touches_it() -> None:
    card = set_card(call(STEP_DOWN))
    assert "Stop the current order (naltrexone 4.5 mg capsule, compounded) by hand" in card["detail"]
    actions = [action for one in card["suggestions"] for action in one["actions"]]
    assert "MedicationRequest/naltrexone-before" not in [action.get("resourceId") for action in actions]
    assert "naltrexone-before" not in [action["resource"].get("id") for action in actions]
    assert actions[0]["resource"]["priorPrescription"] == {"reference": "MedicationRequest/naltrexone-before"}


def test_at_one_milligram_there_is_nothing_to_click_and_nothing_is_said_of_a_schedule() -> None:
    card = set_card(call(LOWEST))
    assert "suggestions" not in card
    assert "selectionBehavior" not in card
    assert "Recommended here" not in card["detail"]
    assert "step down is recommended" not in card["detail"]


def test_the_card_links_to_the_recommended_variant_as_a_plan() -> None:
    def plans(card: dict[str, Any]) -> list[str]:
        return [one["url"] for one in card["links"] if "/fhir/" in one["url"]]

    base = "https://cds.example.test/fhir/PlanDefinition/ldn-titration"
    assert plans(set_card(call(START))) == [f"{base}-V1"]
    assert plans(set_card(call("prior-intolerance-step-down/fires-vivid-dreams-before"))) == [f"{base}-V3"]
    assert plans(set_card(call(STEP_DOWN))) == [f"{base}-V4"]
    assert plans(set_card(call(LOWEST))) == []


@pytest.mark.parametrize(
    ("name", "word"), [("Lactose", "lactose"), ("gelatine capsules", "gelatin"), ("Tartrazine", "colouring agents")]
)
def test_an_allergy_to_a_filler_reaches_the_pharmacy(name: str, word: str) -> None:
    notes = [note["text"] for one in resources(set_card(with_allergy(name))) for note in one.get("note", [])]
    assert [note for note in notes if f"on record: {word}; compound without it" in note]
    assert not [note for note in notes if "Check patient allergies" in note]


@pytest.mark.parametrize("name", ["Penicillin", "Iodinated contrast dye", "Peanut"])
def test_another_allergy_leaves_the_question_to_the_pharmacy(name: str) -> None:
    notes = [note["text"] for one in resources(set_card(with_allergy(name))) for note in one.get("note", [])]
    assert [note for note in notes if "Check patient allergies against fillers and dyes." in note]


def test_the_urine_screen_after_opioid_use_disorder_is_in_the_set_and_nowhere_else() -> None:
    found = cards(call(REMISSION))
    places = [
        card["source"]["topic"]["code"]
        for card in found
        if any("19298-9" in json.dumps(resource) for resource in resources(card))
    ]
    assert places == ["titration-order-set"]
    for suggestion in set_card(call(REMISSION))["suggestions"]:
        screens = [a for a in suggestion["actions"] if "19298-9" in json.dumps(a["resource"])]
        assert len(screens) == 1


def test_the_very_slow_liquid_is_one_more_choice_where_a_site_switches_it_on() -> None:
    known = knowledge()
    variants = tuple(replace(one, enabled=True) for one in known.order_set.variants)
    switched = replace(known, order_set=replace(known.order_set, variants=variants))
    usual, slow = set_card(call(START)), set_card(call(START), switched)
    assert len(usual["suggestions"]) == 3
    assert len(slow["suggestions"]) == 4
    assert slow["suggestions"][-1]["label"].startswith("Very slow steps")
    assert [one.get("isRecommended", False) for one in slow["suggestions"]] == [True, False, False, False]


def test_every_answer_of_the_set_carries_the_message_to_the_patient_once_a_variant() -> None:
    for suggestion in set_card(call(START))["suggestions"]:
        kinds = [action["resource"]["resourceType"] for action in suggestion["actions"]]
        assert kinds.count("CommunicationRequest") == 1
