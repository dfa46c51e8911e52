"""Validation of what is written, and the notes about what came."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from element_names import of_the_models

from cds_service.errors import UnwritableRelease
from cds_service.fhir import write

WRITE = Path(write.__file__).parent
ORDERS: dict[str, dict[str, Any]] = {
    "DSTU2": {
        "resourceType": "MedicationOrder",
        "status": "draft",
        "patient": {"reference": "Patient/p"},
        "medicationCodeableConcept": {"text": "naltrexone"},
    },
    "STU3": {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": {"text": "naltrexone"},
    },
    "R4": {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": {"text": "naltrexone"},
    },
    "R5": {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p"},
        "medication": {"concept": {"text": "naltrexone"}},
    },
}


@pytest.mark.parametrize("release", write.RELEASES)
def test_a_plain_order_is_valid(release: str) -> None:
    assert write.validate(release, ORDERS[release]) == []


@pytest.mark.parametrize("release", write.RELEASES)
@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"status": "drafted"}, "status"),
        ({"note": None}, "note"),
        ({"identifier": []}, "identifier"),
        ({"colour": "red"}, "colour"),
        ({"dosageInstruction": [{"txt": "x"}]}, "dosageInstruction.0.txt"),
        (
            {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"start": "tomorrow"}}}}]},
            "dosageInstruction.0",
        ),
        ({"dispenseRequest": {"quantity": {"value": "many"}}}, "dispenseRequest.quantity.value"),
        ({"medicationReference": {"reference": "Medication/1"}}, ""),
    ],
)
def test_what_is_wrong_is_said_with_its_place(release: str, change: dict[str, Any], place: str) -> None:
    found = write.validate(release, ORDERS[release] | change)
    assert any(sentence.startswith(place) for sentence in found)


@pytest.mark.parametrize("release", ["DSTU2", "STU3"])
def test_zero_repeats_are_not_valid_before_r4(release: str) -> None:
    assert write.validate(release, ORDERS[release] | {"dispenseRequest": {"numberOfRepeatsAllowed": 0}}) != []
    assert write.validate("R4", ORDERS["R4"] | {"dispenseRequest": {"numberOfRepeatsAllowed": 0}}) == []


@pytest.mark.parametrize(
    "missing_or_doubled",
    [
        {"resourceType": "ProcedureRequest", "subject": {"reference": "Patient/p"}},
        {"resourceType": "ProcedureRequest", "code": {"text": "x"}},
        {
            "resourceType": "ProcedureRequest",
            "subject": {"reference": "Patient/p"},
            "code": {"text": "x"},
            "scheduledDateTime": "2026-03-02",
            "scheduledPeriod": {"start": "2026-03-02"},
        },
        {"resourceType": "MedicationOrder", "status": "draft"},
    ],
)
def test_dstu2_cardinalities_are_held_by_our_schema(missing_or_doubled: dict[str, Any]) -> None:
    assert write.validate("DSTU2", missing_or_doubled) != []


def test_a_resource_of_another_release_is_not_valid() -> None:
    assert write.validate("R4", ORDERS["DSTU2"]) == ["resourceType: is not an order of R4"]
    with pytest.raises(UnwritableRelease):
        write.validate("R6", ORDERS["R4"])


def test_notes_on_an_order_that_is_judged_quote_nothing_from_it() -> None:
    order = ORDERS["R4"] | {"category": {"text": "Olga"}, "authoredOn": "Olga", "Olga Opioid's key": 1}
    notes = write.judge_notes("R4", order)
    assert len(notes) == 3
    assert "Olga" not in " ".join(notes)


def test_a_contained_resource_of_no_known_type_is_a_note_and_not_a_crash() -> None:
    assert write.judge_notes("R4", ORDERS["R4"] | {"contained": [{"resourceType": "Bogus", "id": "b"}]})


def test_every_name_that_may_be_repeated_is_one_of_fhir() -> None:
    named = set(json.loads((WRITE / "element-names.json").read_text("utf-8")))
    dstu2 = set(properties(json.loads((WRITE / "dstu2-orders.json").read_text("utf-8"))))
    assert named == of_the_models() | dstu2 | {"resourceType"}


def properties(schema: Any) -> Iterator[str]:
    for name, inner in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if name == "properties":
            yield from (element.removeprefix("_") for element in inner)
        if isinstance(inner, dict | list):
            yield from properties(inner)


@pytest.mark.parametrize("release", ORDERS)
def test_a_name_that_is_none_of_fhirs_is_not_repeated(release: str) -> None:
    strange = {"Olga": "", "deep": {"Olga": [{"Olga": None}]}, "_Olga": 1}
    order = ORDERS[release] | strange | {"dosageInstruction": [{"text": "1 capsule", **strange}]}
    notes = write.judge_notes(release, order)
    assert any("unknown element" in note for note in notes)
    assert "Olga" not in " ".join(notes)
