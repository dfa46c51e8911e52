"""The suggestions a prescriber is offered, in every release that this service writes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import BadAnswer, BadContent, UnwritableRelease
from cds_service.fhir import write
from cds_service.record import DraftOrder
from cds_service.titration import selfcheck, shipped, suggestions

T0 = date(2026, 3, 2)
LABS = frozenset({"hepatic-panel", "inr", "albumin", "bilirubin"})
FIBROMYALGIA = {"text": "Fibromyalgia", "coding": [{"system": "http://snomed.info/sct", "code": "203082005"}]}
TABLET = {
    "text": "Naltrexone hydrochloride 50 MG Oral Tablet",
    "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1483744"}],
}
PILL_A_DAY = {"value": 1, "system": "http://unitsofmeasure.org", "code": "{pill}"}

# As the public sandbox sends them: category as an object in every release, no intent, a dose in pills.
CROOKED: dict[str, dict[str, Any]] = {
    "DSTU2": {
        "resourceType": "MedicationOrder",
        "id": "order-7",
        "status": "draft",
        "patient": {"reference": "Patient/nina"},
        "dateWritten": "2026-03-02",
        "intent": "order",
        "category": {"coding": [{"system": "http://example.org/category", "code": "community"}]},
        "medicationCodeableConcept": TABLET,
        "reasonCodeableConcept": FIBROMYALGIA,
        "note": "Patient prefers mornings.",
        "identifier": [{"system": "http://example.org/rx", "value": "7"}],
        "dosageInstruction": [
            {"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnits": "d"}}, "doseQuantity": PILL_A_DAY}
        ],
        "dispenseRequest": {"expectedSupplyDuration": {"value": 30, "unit": "days", "code": "d"}},
    },
    "STU3": {
        "resourceType": "MedicationRequest",
        "id": "request-7",
        "status": "draft",
        "subject": {"reference": "Patient/nina"},
        "authoredOn": "2026-03-02",
        "category": [{"coding": [{"system": "http://example.org/category", "code": "community"}]}],
        "contained": [{"resourceType": "Medication", "id": "med", "code": TABLET}],
        "medicationReference": {"reference": "#med"},
        "reasonCode": [FIBROMYALGIA],
        "note": [{"text": "Patient prefers mornings."}],
        "identifier": [{"system": "http://example.org/rx", "value": "7"}],
        "requester": {"reference": "Practitioner/own"},
        "dosageInstruction": [{"doseAndRate": [{"doseQuantity": PILL_A_DAY}]}],
    },
    "R4": {
        "resourceType": "MedicationRequest",
        "id": "request-7",
        "status": "draft",
        "subject": {"reference": "Patient/nina"},
        "authoredOn": "2026-03-02",
        "category": {"coding": [{"system": "http://example.org/category", "code": "community"}]},
        "contained": [{"resourceType": "Medication", "id": "med", "code": TABLET}],
        "medicationReference": {"reference": "#med"},
        "reasonCode": [FIBROMYALGIA],
        "note": [{"text": "Patient prefers mornings."}],
        "identifier": [{"system": "http://example.org/rx", "value": "7"}],
        "insurance": [{"reference": "Coverage/1"}],
        "requester": {"reference": "Practitioner/own"},
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">50 mg tablet</div>'},
        "dosageInstruction": [{"text": "one tablet", "doseAndRate": [{"doseQuantity": PILL_A_DAY}]}],
        "dispenseRequest": {"expectedSupplyDuration": {"value": 30, "unit": "days", "code": "d"}},
    },
    "R5": {
        "resourceType": "MedicationRequest",
        "id": "request-7",
        "status": "draft",
        "subject": {"reference": "Patient/nina"},
        "category": {"text": "community"},
        "contained": [{"resourceType": "Medication", "id": "med", "code": TABLET}],
        "medication": {"reference": {"reference": "#med"}},
        "reason": [{"concept": FIBROMYALGIA}],
        "note": [{"text": "Patient prefers mornings."}],
        "identifier": [{"system": "http://example.org/rx", "value": "7"}],
        "requester": {"reference": "Practitioner/own"},
        "renderedDosageInstruction": "one tablet",
    },
}


def offered(
    release: str = "R4", resource: dict[str, Any] | None = None, start: date = T0, **changes: Any
) -> list[dict[str, Any]]:
    resource = CROOKED[release] if resource is None else resource
    identity = resource.get("id")
    order = DraftOrder(f"{resource.get('resourceType')}/{identity}" if identity else "", "x", None, resource=resource)
    arguments: dict[str, Any] = {
        "order": order,
        "start": start,
        "recommended": "V1",
        "release": release,
        "patient_id": "nina",
        "user_id": "Practitioner/doc",
        "encounter_id": "enc",
        "include": LABS,
        "new_uuid": lambda name: f"uuid of {name}",
        "group_id": "set-1",
    }
    return suggestions(**(arguments | changes))


def actions(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for suggestion in found:
        yield from suggestion["actions"]


def without_id(release: str) -> dict[str, Any]:
    return {name: value for name, value in CROOKED[release].items() if name != "id"}


def empty_places(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        inner = list(value.values()) if isinstance(value, dict) else value
        return ([] if inner else [value]) + [place for item in inner for place in empty_places(item)]
    return [value] if value is None or value == "" else []


@pytest.mark.parametrize("release", write.RELEASES)
@pytest.mark.parametrize(
    "resource_of", [CROOKED.get, without_id, lambda release: {}], ids=["draft", "no id", "nothing"]
)
def test_every_resource_is_valid_in_the_release_and_has_no_empty_place(release: str, resource_of: Any) -> None:
    found = list(actions(offered(release, resource_of(release))))
    assert len(found) == 3 * 4 + 2 + 2 + 3 + (2 + 2 + 3) + 3  # labs, prescriptions, reviews, messages: see below
    for action in found:
        assert write.validate(release, action["resource"]) == []
        assert empty_places(action) == []
        assert action["description"]


@pytest.mark.parametrize("release", write.RELEASES)
def test_the_first_action_updates_the_draft_and_the_others_create_drafts(release: str) -> None:
    for suggestion in offered(release):
        first, *others = suggestion["actions"]
        assert first["type"] == "update"
        assert first["resource"]["id"] == CROOKED[release]["id"]
        assert {other["type"] for other in others} == {"create"}
        # DSTU2's CommunicationRequest knows no drafts: what nobody has agreed to yet is "proposed" there.
        assert {other["resource"]["status"] for other in others} <= {"draft", "proposed"}
        assert not any("id" in other["resource"] for other in others)


def test_prescriptions_come_first_then_tests_then_reviews_then_the_message() -> None:
    kinds = [action["resource"]["resourceType"] for action in offered()[2]["actions"]]
    assert kinds == ["MedicationRequest"] * 3 + ["ServiceRequest"] * 7 + ["CommunicationRequest"]
    texts = [action["resource"]["code"]["text"] for action in offered()[2]["actions"][3:-1]]
    assert [text.split()[0] for text in texts] == ["Hepatic", "INR", "Albumin", "Total", "Week-4", "Week-12", "Stop"]


@pytest.mark.parametrize("include", [frozenset(), frozenset({"hepatic-panel"})])
def test_only_the_tests_that_are_asked_for_are_ordered(include: frozenset[str]) -> None:
    codes = [
        coding["code"]
        for action in actions(offered(include=include))
        for coding in action["resource"].get("code", {}).get("coding", [])
        if coding["code"] != "72514-3"
    ]
    assert set(codes) == ({"24325-3"} if include else set())


def test_exactly_the_recommended_variant_is_flagged_and_the_order_stays() -> None:
    for recommended in ("V1", "V3"):
        found = offered(recommended=recommended)
        flagged = [s["uuid"] for s in found if "isRecommended" in s]
        assert flagged == [f"uuid of titration {recommended}"]
        assert [s["label"].split()[0] for s in found] == ["Two-weekly", "Weekly", "Slow"]


@pytest.mark.parametrize("release", write.RELEASES)
def test_a_client_that_applies_only_the_first_action_is_left_with_one_sound_order(release: str) -> None:
    for suggestion in offered(release):
        order = suggestion["actions"][0]["resource"]
        rewritten = json.dumps(order)
        assert "naltrexone" in rewritten
        assert "Tablet" not in rewritten
        assert "tablet</div>" not in rewritten
        assert "{pill}" not in rewritten
        assert "#med" not in rewritten
        assert order["dispenseRequest"]["quantity"]["value"] in (42, 21)
        assert len(order["dosageInstruction"]) == 2
        assert order["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"]["start"] == "2026-03-02"


@pytest.mark.parametrize("release", write.RELEASES)
def test_what_the_draft_says_beside_the_drug_survives_its_update(release: str) -> None:
    draft = CROOKED[release]
    order = offered(release)[0]["actions"][0]["resource"]
    assert order["identifier"] == draft["identifier"]
    assert "Patient prefers mornings." in json.dumps(order["note"])
    assert "Compounded, immediate-release" in json.dumps(order["note"])
    for name in ("reasonCode", "reason", "reasonCodeableConcept", "insurance", "authoredOn", "dateWritten"):
        assert order.get(name) == draft.get(name)
    if release != "DSTU2":
        assert "Practitioner/own" in json.dumps(order["requester"])
        assert order["intent"] == "order"
        assert "community" in json.dumps(order["category"])


@pytest.mark.parametrize("release", write.RELEASES)
def test_the_second_prescription_is_for_the_same_reason(release: str) -> None:
    second = offered(release)[0]["actions"][1]["resource"]
    assert "Fibromyalgia" in json.dumps(second)


def test_a_reason_inside_the_draft_is_not_pointed_at_from_another_order() -> None:
    draft = CROOKED["R4"] | {
        "contained": [{"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/nina"}}],
        "reasonReference": [{"reference": "#c"}],
        "medicationReference": {"reference": "Medication/1"},
    }
    first, second = offered(resource=draft)[0]["actions"][:2]
    assert first["resource"]["reasonReference"] == [{"reference": "#c"}]
    assert "reasonReference" not in second["resource"]


@pytest.mark.parametrize("draft", [without_id("R4"), CROOKED["R4"] | {"id": "not a fhir id"}], ids=["no id", "bad id"])
def test_a_draft_that_cannot_be_updated_is_left_alone_and_the_text_says_to_remove_it(draft: dict[str, Any]) -> None:
    for suggestion in offered(resource=draft):
        assert {action["type"] for action in suggestion["actions"]} == {"create"}
        assert "Remove the original order by hand" in suggestion["actions"][0]["description"]


def test_elements_that_could_not_be_kept_are_named_without_repeating_what_the_client_wrote() -> None:
    draft = CROOKED["R4"] | {"substitution": {"nonsense": 1}, "<img src=x>": 1}
    description = offered(resource=draft)[0]["actions"][0]["description"]
    assert description.endswith("because it is not valid FHIR: substitution, unknown element.")


def test_a_draft_that_is_signed_again_keeps_its_status() -> None:
    order = offered(resource=CROOKED["R4"] | {"status": "active"})[0]["actions"][0]["resource"]
    assert order["status"] == "active"


def test_the_first_prescription_reads_as_the_rulebook_says() -> None:
    order = offered()[0]["actions"][0]["resource"]
    line = order["dosageInstruction"][0]
    assert order["medicationCodeableConcept"] == {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "7243", "display": "naltrexone"}],
        "text": "naltrexone 1.5 mg capsule, compounded",
    }
    assert order["groupIdentifier"] == {"system": "urn:ldn-cds:order-set", "value": "set-1"}
    assert line["sequence"] == 1
    assert line["timing"]["repeat"] == {
        "boundsPeriod": {"start": "2026-03-02", "end": "2026-03-15"},
        "frequency": 1,
        "period": 1,
        "periodUnit": "d",
        "when": ["HS"],
    }
    assert line["route"]["coding"][0]["code"] == "26643006"
    assert line["doseAndRate"][0]["type"]["coding"][0]["code"] == "ordered"
    assert line["doseAndRate"][0]["doseQuantity"]["value"] == 1.5
    assert "stay on the present dose" in line["patientInstruction"]
    assert order["dispenseRequest"] == {
        "validityPeriod": {"start": "2026-03-02"},
        "numberOfRepeatsAllowed": 0,
        "quantity": {"value": 42, "unit": "capsules", "system": "http://unitsofmeasure.org", "code": "{capsule}"},
        "expectedSupplyDuration": {"value": 28, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"},
    }


def test_descriptions_say_dose_dates_and_supply_since_some_clients_show_nothing_else() -> None:
    first, second = [action["description"] for action in offered()[0]["actions"][:2]]
    assert first == (
        "Change this draft to naltrexone 1.5 mg capsule, compounded: 1 capsule (1.5 mg) at bedtime 2 March to "
        "15 March, then 2 capsules (3 mg) at bedtime 16 March to 29 March; 42 capsules, 28 days, no refills."
    )
    assert second == (
        "Then prescribe naltrexone 4.5 mg capsule, compounded: 1 capsule (4.5 mg) at bedtime 30 March to 24 May; "
        "28 capsules, 28 days, 1 refill, valid from 23 March."
    )


def test_older_releases_never_say_zero_repeats_nor_bedtime_beside_frequency_where_that_is_forbidden() -> None:
    for action in actions(offered("DSTU2")):
        for line in action["resource"].get("dosageInstruction", []):
            assert "when" not in line["timing"]["repeat"]  # DSTU2 invariant tim-3
            assert "bedtime" in line["text"]
    for release in ("DSTU2", "STU3"):
        repeats = [
            a["resource"].get("dispenseRequest", {}).get("numberOfRepeatsAllowed") for a in actions(offered(release))
        ]
        assert set(repeats) == {None, 1}


def test_a_user_of_a_kind_that_the_release_cannot_name_is_left_out() -> None:
    draft = {name: value for name, value in CROOKED["STU3"].items() if name != "requester"}
    for action in actions(offered("STU3", draft, user_id="PractitionerRole/r")):
        assert "requester" not in action["resource"]


def test_without_an_encounter_none_is_written() -> None:
    assert "ncounter" not in json.dumps([a["resource"] for a in actions(offered(encounter_id=""))])


def test_an_unknown_release_is_refused() -> None:
    with pytest.raises(UnwritableRelease):
        offered("R4B", CROOKED["R4"])


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from(write.RELEASES))
def test_all_resources_stay_valid_on_any_day(start: date, release: str) -> None:
    for action in actions(offered(release, start=start)[:1]):
        assert write.validate(release, action["resource"]) == []


def test_the_shipped_order_set_passes_its_own_check_at_start() -> None:
    selfcheck()


def test_the_check_at_start_finds_a_blank_that_nothing_fills() -> None:
    order_set = shipped()
    broken = replace(order_set, labs=(replace(order_set.labs[0], note="By {{then}}"),))
    with pytest.raises(BadContent, match="then"):
        selfcheck(broken)


def test_the_check_at_start_finds_a_code_that_no_release_accepts() -> None:
    order_set = shipped()
    coding = order_set.medication._replace(code="72 43 ")
    with pytest.raises(BadAnswer, match="V1"):
        selfcheck(replace(order_set, medication=coding))


def test_doses_are_numbers_without_a_trailing_fraction() -> None:
    for action in actions(offered()):
        for line in action["resource"].get("dosageInstruction", []):
            value = line["doseAndRate"][0]["doseQuantity"]["value"]
            assert json.dumps(value) == format(Decimal(str(value)).normalize(), "f")
