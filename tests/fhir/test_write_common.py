"""The schema of common drafts is only a shortcut: whatever it accepts, the model of the release accepts too."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.content import fixtures_dir
from cds_service.fhir.release import release_of
from cds_service.fhir.write.check import complaints, is_common, objections
from cds_service.hooks.request import HookRequest, read_request

RELEASES = ("R4", "STU3")
CODED = {"coding": [{"system": "http://snomed.info/sct", "code": "26643006", "display": "Oral"}], "text": "by mouth"}
PERIOD = {"start": "2026-03-02", "end": "2026-03-31"}
DOSE = {"value": 1.5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
SHARED: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "draft-1",
    "meta": {
        "versionId": "1",
        "profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-medicationrequest"],
    },
    "identifier": [{"system": "urn:oid:2.999", "value": "4711"}],
    "status": "draft",
    "intent": "order",
    "priority": "routine",
    "medicationCodeableConcept": CODED,
    "subject": {"reference": "Patient/p", "display": "Ada Synthetic"},
    "authoredOn": "2026-03-02T09:30:00.5+01:00",
    "recorder": {"reference": "Practitioner/x"},
    "reasonCode": [CODED],
    "reasonReference": [{"reference": "Condition/c"}],
    "basedOn": [{"reference": "CarePlan/c"}],
    "priorPrescription": {"reference": "MedicationRequest/old"},
    "groupIdentifier": {"system": "urn:g", "value": "g"},
    "note": [{"text": "at bedtime", "time": "2026-03-02T09:30:00Z"}],
    "dispenseRequest": {
        "validityPeriod": PERIOD,
        "numberOfRepeatsAllowed": 1,
        "quantity": {"value": 30, "unit": "capsule"},
        "expectedSupplyDuration": {"value": 30, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"},
    },
}
LINE: dict[str, Any] = {
    "sequence": 1,
    "text": "1 capsule at bedtime",
    "patientInstruction": "with water",
    "asNeededBoolean": False,
    "timing": {
        "code": CODED,
        "repeat": {"boundsPeriod": PERIOD, "frequency": 1, "period": 1, "periodUnit": "d", "when": ["HS"]},
    },
    "route": CODED,
}
FULL: dict[str, dict[str, Any]] = {
    "R4": SHARED
    | {
        "category": [CODED],
        "doNotPerform": False,
        "courseOfTherapyType": CODED,
        "encounter": {"reference": "Encounter/e"},
        "requester": {"reference": "Practitioner/x"},
        "dosageInstruction": [LINE | {"doseAndRate": [{"type": CODED, "doseQuantity": DOSE}]}],
    },
    "STU3": SHARED
    | {
        "category": CODED,
        "context": {"reference": "Encounter/e"},
        "requester": {"agent": {"reference": "Practitioner/x"}, "onBehalfOf": {"reference": "Organization/o"}},
        "dosageInstruction": [LINE | {"doseQuantity": DOSE}],
    },
}
WILD: tuple[Any, ...] = (
    0, 1, -1, 1.0, 2.5, 0.1 + 0.2, 1e-300, 999999.999999, 2**31, 10**20, True, False, None, "", " ", "a b", "a  b",
    "ä", "中文", " x", "x ", "x\n", "\u00a0", "\x0b", "x\x1cy", "\u2003", "_", "http://x y", "#x", "urn:uuid:x",
    "Patient/", "2026-02-30", "2026-02-29", "2024-02-29", "2026-13-01", "2026-01", "2026", "2026-04-31", "1900-01-01",
    "2026-01-31T24:00:00Z", "2026-01-31T23:59:60Z", "2026-01-31T23:59:59.123456+13:30", "2026-01-31T23:59", "HS", "wk",
    "completed", "filler-order", "9.99.9", [], {}, [{}], [""], ["x"], {"text": "x"}, {"reference": "x"},
    {"coding": [{"code": "x"}]}, {"value": 1}, {"start": "2026-03-02"},
)  # fmt: skip


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for step, below in inner for place in places(below, (*path, step)))]


NAMES = sorted({str(step) for release in RELEASES for place in places(FULL[release]) for step in place})


def drafts_of_all_cases() -> list[HookRequest]:
    found = []
    for path in sorted(fixtures_dir().glob("*/*/request.json")):
        body = json.loads(path.read_text("utf-8"))
        found.append(read_request(body, body["hook"]))
    return found


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A full draft with one to three things changed, taken away or added anywhere."""
    release = draw(st.sampled_from(RELEASES))
    order = deepcopy(FULL[release])
    value = st.one_of(st.sampled_from(WILD), st.text(max_size=5), st.floats(-10, 1e7), st.integers(-1, 2**40))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from([place for place in places(order) if place]))
        holder: Any = order
        for step in way:
            holder = holder[step]
        match draw(st.sampled_from(("change", "change", "remove", "add"))):
            case "remove":
                del holder[last]
            case "add" if isinstance(holder, dict):
                holder[draw(st.sampled_from(NAMES))] = deepcopy(draw(value))
            case _:
                holder[last] = deepcopy(draw(value))
    return release, order


@pytest.mark.parametrize("release", RELEASES)
def test_a_draft_with_every_element_that_is_common_is_common_and_valid(release: str) -> None:
    assert is_common(release, FULL[release])
    assert complaints(release, FULL[release]) == ()


@pytest.mark.parametrize("release", RELEASES)
def test_no_single_thing_that_is_wrong_with_a_draft_is_called_common(release: str) -> None:
    """Every wild value in every place, and every element left out."""
    accepted = 0
    for *way, last in filter(None, places(FULL[release])):
        for value in (..., *WILD):
            order = deepcopy(FULL[release])
            holder: Any = order
            for step in way:
                holder = holder[step]
            if value is ...:
                del holder[last]
            else:
                holder[last] = value
            if is_common(release, order):
                accepted += 1
                assert complaints(release, order) == (), (*way, last, value)
    assert accepted > 500


@given(mutated())
@settings(max_examples=400)
def test_what_is_called_common_has_nothing_that_the_model_dislikes(found: tuple[str, dict[str, Any]]) -> None:
    release, order = found
    assert not is_common(release, order) or complaints(release, order) == ()


@given(st.text(min_size=1, max_size=8), st.sampled_from(RELEASES))
@settings(max_examples=200)
def test_no_text_in_the_world_is_common_and_disliked(text: str, release: str) -> None:
    order = FULL[release] | {
        "medicationCodeableConcept": {"coding": [{"system": text, "code": text, "display": text}], "text": text},
        "subject": {"reference": text},
    }
    for name in ("id", "authoredOn"):
        assert not is_common(release, order | {name: text}) or complaints(release, order | {name: text}) == ()
    for part in ({"coding": [{"system": text}]}, {"coding": [{"code": text}]}, {"text": text}):
        changed = FULL[release] | {"medicationCodeableConcept": part}
        assert not is_common(release, changed) or complaints(release, changed) == ()


@given(st.dates(), st.sampled_from(RELEASES), st.integers(27, 33))
def test_no_day_that_is_common_is_missing_from_the_calendar(day: Any, release: str, last: int) -> None:
    written = f"{day.isoformat()[:8]}{last}"
    order = FULL[release] | {"authoredOn": written, "dispenseRequest": {"validityPeriod": {"start": written}}}
    assert not is_common(release, order) or complaints(release, order) == ()


def test_nearly_all_valid_drafts_of_the_cases_are_common_and_no_other() -> None:
    common = valid = 0
    for request in drafts_of_all_cases():
        for entry in request.drafts:
            if entry.resource.get("resourceType") != "MedicationRequest":
                continue
            release = release_of([entry.resource], [])
            if release in RELEASES:
                sound = complaints(release, entry.resource) == ()
                assert sound or not is_common(release, entry.resource)
                valid += sound
                common += is_common(release, entry.resource)
    assert common > 0.9 * valid > 100


@pytest.mark.parametrize("release", RELEASES)
def test_what_is_not_common_is_asked_of_the_model(release: str) -> None:
    strange = FULL[release] | {"language": "de"}
    assert not is_common(release, strange)
    assert objections(release, strange) == complaints(release, strange) == ()
    wrong = FULL[release] | {"colour": "red"}
    assert objections(release, wrong) == complaints(release, wrong) != ()


def test_repeats_may_be_none_from_r4_on_only() -> None:
    none = {"dispenseRequest": {"numberOfRepeatsAllowed": 0}}
    assert is_common("R4", FULL["R4"] | none)
    assert not is_common("STU3", FULL["STU3"] | none)
