"""What goes with the prescriptions: the message to the patient, the note for the pharmacy, the tests (rulebook c.3)."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir import write
from cds_service.record import DraftOrder
from cds_service.titration import OrderSet, Variant, shipped, suggestions

T0 = date(2026, 3, 2)
KINDS = {"DSTU2": "MedicationOrder", "STU3": "MedicationRequest", "R4": "MedicationRequest", "R5": "MedicationRequest"}
NAMED = [
    "codeine",
    "tramadol",
    "doctor",
    "3 days",
    "dark urine",
    "severe tiredness",
    "pregnant",
    "tolerance",
    "may not",
]


def offered(
    release: str = "R4", start: date = T0, include: tuple[str, ...] = (), **options: Any
) -> list[dict[str, Any]]:
    draft = {"resourceType": KINDS[release], "id": "ldn", "status": "draft"}
    if release == "DSTU2":
        draft |= {"patient": {"reference": "Patient/nina"}}
    else:
        draft |= {"intent": "order", "subject": {"reference": "Patient/nina"}}
    order = DraftOrder(f"{KINDS[release]}/ldn", "x", None, resource=draft)
    return suggestions(
        order, start, "V1", release, "nina", "Practitioner/doc", "enc", frozenset(include), str, "set-1", **options
    )


def created(suggestion: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [a["resource"] for a in suggestion["actions"] if a["resource"]["resourceType"] == kind]


def variant(name: str) -> Variant:
    return shipped().variant(name)


def switched_on() -> OrderSet:
    order_set = shipped()
    return replace(order_set, variants=tuple(replace(one, enabled=True) for one in order_set.variants))


@pytest.mark.parametrize("release", write.RELEASES)
def test_every_variant_ends_with_one_message_to_the_patient_that_says_all_the_rulebook_lists(release: str) -> None:
    lowered = offered(release, step_down=variant("V4"))
    for suggestion in (*offered(release), *lowered):
        (message,) = created(suggestion, "CommunicationRequest")
        assert suggestion["actions"][-1]["resource"] is message
        assert write.validate(release, message) == []
        assert message["recipient"] == [{"reference": "Patient/nina"}]
        text = json.dumps(message["payload"])
        assert [word for word in NAMED if word.casefold() not in text.casefold()] == []


@pytest.mark.parametrize("release", write.RELEASES)
def test_the_message_waits_for_a_signature_and_has_an_intent_only_where_the_release_asks_for_one(release: str) -> None:
    (message,) = created(offered(release)[0], "CommunicationRequest")
    assert message["status"] == ("proposed" if release == "DSTU2" else "draft")
    assert ("intent" in message) == (release == "R5")
    assert ("groupIdentifier" in message) == (release != "DSTU2")


def test_the_pharmacy_is_asked_to_look_for_allergies_where_none_to_a_filler_is_recorded() -> None:
    for suggestion in offered():
        for order in created(suggestion, "MedicationRequest"):
            assert "Check patient allergies against fillers and dyes." in order["note"][-1]["text"]


def test_a_recorded_allergy_to_a_filler_stands_in_every_prescription() -> None:
    for suggestion in offered(fillers=("filler-dye", "filler-lactose")):
        for order in created(suggestion, "MedicationRequest"):
            note = order["note"][-1]["text"]
            assert "Allergy or intolerance on record: colouring agents, lactose; compound without it." in note
            assert "Check patient allergies" not in note


def test_an_allergy_to_something_that_no_capsule_holds_changes_nothing() -> None:
    assert offered(fillers=("filler-of-another-kind",)) == offered()


@pytest.mark.parametrize("release", write.RELEASES)
def test_the_repeat_liver_test_is_due_three_to_six_months_after_the_first_dose(release: str) -> None:
    for suggestion in offered(release, include=("hepatic-panel-repeat",)):
        (repeat,) = [a["resource"] for a in suggestion["actions"] if "(repeat)" in json.dumps(a["resource"])]
        due = repeat["scheduledPeriod" if release == "DSTU2" else "occurrencePeriod"]
        assert due == {"start": "2026-05-31", "end": "2026-08-30"}
        assert "24325-3" in json.dumps(repeat["code"])
        assert write.validate(release, repeat) == []


def test_a_baseline_test_has_no_window() -> None:
    (panel,) = [r for r in created(offered(include=("hepatic-panel",))[0], "ServiceRequest") if "24325" in str(r)]
    assert "occurrencePeriod" not in panel
    assert "2 March" in panel["note"][0]["text"]


@pytest.mark.parametrize(
    "lab", ["inr", "albumin", "bilirubin", "opioid-screen", "hepatic-panel", "hepatic-panel-repeat"]
)
def test_each_test_can_be_ordered_alone(lab: str) -> None:
    without = len(offered()[0]["actions"])
    assert len(offered(include=(lab,))[0]["actions"]) == without + 1


@pytest.mark.parametrize("release", write.RELEASES)
@pytest.mark.parametrize(("name", "kind"), [("V4", "capsule"), ("V4-middle", "mL")])
def test_a_step_down_is_offered_alone_and_names_the_order_that_it_replaces(release: str, name: str, kind: str) -> None:
    prior = f"{KINDS[release]}/before"
    (only,) = offered(release, step_down=variant(name), prior=prior)
    first, *others = only["actions"]
    assert first["type"] == "update"
    assert first["resource"]["priorPrescription"] == {"reference": prior}
    assert "by hand" in first["description"]
    assert kind in first["description"]
    assert [other["resource"]["resourceType"] for other in others] == [
        "ServiceRequest" if release in ("R4", "R5") else "ProcedureRequest",
        "CommunicationRequest",
    ]
    assert all(write.validate(release, action["resource"]) == [] for action in only["actions"])
    assert prior not in [action.get("resourceId") for action in only["actions"]]


def test_a_step_down_from_a_statement_names_no_order() -> None:
    (only,) = offered(step_down=variant("V4"))
    assert "priorPrescription" not in only["actions"][0]["resource"]


def test_the_order_that_a_draft_names_itself_stays_named() -> None:
    draft = {
        "resourceType": "MedicationRequest",
        "id": "ldn",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/nina"},
        "priorPrescription": {"reference": "MedicationRequest/own"},
    }
    order = DraftOrder("MedicationRequest/ldn", "x", None, resource=draft)
    made = suggestions(order, T0, "V4", "R4", "nina", "", "", frozenset(), str, "g", step_down=variant("V4"))
    assert made[0]["actions"][0]["resource"]["priorPrescription"] == {"reference": "MedicationRequest/own"}


def test_the_very_slow_liquid_is_offered_last_where_it_is_switched_on() -> None:
    found = offered(order_set=switched_on())
    assert [one["label"].split(":")[0] for one in found][-1] == "Very slow steps, oral liquid"
    orders = created(found[-1], "MedicationRequest")
    assert sum(one["dispenseRequest"]["quantity"]["value"] for one in orders[:-1]) == 245
    assert all("oral syringe" in one["note"][-1]["text"] for one in orders[:-1])


@given(
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.sampled_from(write.RELEASES),
    st.sampled_from([one.id for one in shipped().variants if one.step_down]),
)
def test_a_step_down_is_valid_and_covers_28_days_on_any_day(start: date, release: str, name: str) -> None:
    (only,) = offered(release, start, step_down=variant(name), prior=f"{KINDS[release]}/before")
    order, review = only["actions"][0]["resource"], only["actions"][1]["resource"]
    bounds = [line["timing"]["repeat"]["boundsPeriod"] for line in order["dosageInstruction"]]
    assert bounds[0]["start"] == start.isoformat()
    assert (date.fromisoformat(bounds[1]["start"]) - date.fromisoformat(bounds[0]["end"])).days == 1
    assert (date.fromisoformat(bounds[-1]["end"]) - start).days == 27
    due = review["scheduledPeriod" if release == "DSTU2" else "occurrencePeriod"]
    assert due["end"] == bounds[-1]["end"]
    assert all(write.validate(release, action["resource"]) == [] for action in only["actions"])


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from(write.RELEASES))
def test_every_resource_of_every_variant_is_one_set(start: date, release: str) -> None:
    for suggestion in offered(release, start, include=("hepatic-panel",), order_set=switched_on()):
        for action in suggestion["actions"]:
            resource = action["resource"]
            group = resource.get("groupIdentifier") or resource.get("requisition")
            expected = None if release == "DSTU2" else {"system": "urn:ldn-cds:order-set", "value": "set-1"}
            assert group == expected
