"""A draft with another dose or product: valid in every release, and nothing of the old dose left behind."""

import json
from pathlib import Path
from typing import Any

import pytest

from cds_service.fhir import write
from cds_service.record import Coding, Concept, Quantity

FIXTURES = Path(__file__).resolve().parents[2] / "fhir_fixtures"
DRAFTS = {
    "R4": "titration-order-set/fires-c01-new-start",
    "STU3": "titration-order-set/fires-new-start-stu3",
    "DSTU2": "titration-order-set/fires-new-start-dstu2",
}
CAPSULE = Concept((Coding("http://www.nlm.nih.gov/research/umls/rxnorm", "7243", "naltrexone"),), "naltrexone 4.5 mg")
FULL = write.Correction(CAPSULE, Quantity(4.5, "mg", "mg"), "Take 1 capsule (4.5 mg) by mouth at bedtime")
SUPPLY = {
    "validityPeriod": {"start": "2026-03-02"},
    "quantity": {"value": 60, "unit": "tablet"},
    "expectedSupplyDuration": {"value": 30, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"},
}


def draft(release: str) -> dict[str, Any]:
    if release == "R5":
        order = draft("R4")
        order["medication"] = {"concept": order.pop("medicationCodeableConcept")}
        order["reason"] = [{"concept": code} for code in order.pop("reasonCode")]
        return order
    request = json.loads((FIXTURES / DRAFTS[release] / "request.json").read_text("utf-8"))
    order: dict[str, Any] = request["context"]["draftOrders"]["entry"][0]["resource"]
    return order


def quantity_of(line: dict[str, Any]) -> Any:
    return line["doseQuantity"] if "doseQuantity" in line else line["doseAndRate"][0]["doseQuantity"]


@pytest.mark.parametrize("release", write.RELEASES)
@pytest.mark.parametrize("correction", [FULL, write.Correction(CAPSULE), write.Correction(None, FULL.dose, FULL.text)])
def test_a_corrected_draft_is_valid_in_every_release(release: str, correction: write.Correction) -> None:
    assert write.validate(release, write.corrected_order(release, draft(release), correction)) == []


@pytest.mark.parametrize("release", write.RELEASES)
def test_dose_and_product_are_new_and_all_else_stays(release: str) -> None:
    before = draft(release)
    after = write.corrected_order(release, before, FULL)
    line = after["dosageInstruction"][0]
    assert quantity_of(line) == {"value": 4.5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
    assert (line["text"], line["route"]) == (FULL.text, before["dosageInstruction"][0]["route"])
    assert "naltrexone 4.5 mg" in json.dumps(after)
    changed = {"dosageInstruction", "medicationCodeableConcept", "medication"}
    assert {name: value for name, value in after.items() if name not in changed} == {
        name: value for name, value in before.items() if name not in changed
    }


@pytest.mark.parametrize("release", ["R4", "STU3", "R5"])
def test_the_time_of_day_is_the_one_that_was_asked_for(release: str) -> None:
    morning = write.Correction(None, FULL.dose, "Take 4.5 mg in the morning", "MORN")
    line = write.corrected_order(release, draft(release), morning)["dosageInstruction"][0]
    assert line["timing"]["repeat"]["when"] == ["MORN"]


def test_as_needed_a_second_line_and_a_patient_instruction_of_the_old_dose_go() -> None:
    order = draft("R4")
    order["dosageInstruction"][0] |= {"asNeededBoolean": True, "patientInstruction": "take 45 mg"}
    order["dosageInstruction"].append({**order["dosageInstruction"][0], "sequence": 2})
    lines = write.corrected_order("R4", order, FULL)["dosageInstruction"]
    assert len(lines) == 1
    assert {"asNeededBoolean", "patientInstruction"}.isdisjoint(lines[0])


@pytest.mark.parametrize("release", ["R4", "DSTU2"])
def test_the_bounds_of_the_first_line_stay(release: str) -> None:
    order = draft(release)
    bounds = {"start": "2026-03-02", "end": "2026-05-24"}
    order["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"] = bounds
    line = write.corrected_order(release, order, FULL)["dosageInstruction"][0]
    assert line["timing"]["repeat"]["boundsPeriod"] == bounds


@pytest.mark.parametrize("release", ["R4", "STU3", "DSTU2"])
def test_a_supply_that_belonged_to_the_old_dose_is_left_out(release: str) -> None:
    order = draft(release)
    order["dispenseRequest"] = SUPPLY
    after = write.corrected_order(release, order, FULL)
    assert after["dispenseRequest"] == {"validityPeriod": {"start": "2026-03-02"}}
    order["dispenseRequest"] = {"quantity": SUPPLY["quantity"]}
    assert "dispenseRequest" not in write.corrected_order(release, order, FULL)


def test_a_contained_product_goes_with_the_reference_to_it() -> None:
    order = draft("R4")
    order["contained"] = [{"resourceType": "Medication", "id": "tablet", "code": {"text": "naltrexone 50 mg tablet"}}]
    del order["medicationCodeableConcept"]
    order["medicationReference"] = {"reference": "#tablet"}
    after = write.corrected_order("R4", order, FULL)
    assert {"contained", "medicationReference"}.isdisjoint(after)
    assert write.validate("R4", after) == []


def test_the_narrative_of_the_old_order_goes() -> None:
    order = draft("R4")
    order["text"] = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">45 mg</div>'}
    assert "text" not in write.corrected_order("R4", order, FULL)


def test_the_draft_itself_is_not_touched() -> None:
    order = draft("R4")
    before = json.dumps(order)
    write.corrected_order("R4", order, FULL)
    assert json.dumps(order) == before
