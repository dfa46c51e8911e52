"""Drafts as clients send them, made valid or refused."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import UnwritableOrder
from cds_service.fhir import write

PILL = {"value": 1, "unit": "tablet"}
DAILY = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
DRAFT: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "request-7",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p"},
    "medicationCodeableConcept": {"text": "naltrexone 4.5 mg"},
    "dosageInstruction": [{"text": "one at bedtime", "timing": DAILY, "doseAndRate": [{"doseQuantity": PILL}]}],
}
CATEGORY = {"coding": [{"system": "http://example.org/category", "code": "community"}]}


def without(*names: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in copy.deepcopy(DRAFT).items() if name not in names} | changes


def test_a_valid_draft_comes_back_as_it_was_and_is_not_touched() -> None:
    draft = copy.deepcopy(DRAFT)
    assert write.repaired("R4", draft) == (DRAFT, ())
    assert draft == DRAFT


@pytest.mark.parametrize(
    ("draft", "element", "expected"),
    [
        (without(category=CATEGORY), "category", [CATEGORY]),
        (without("intent"), "intent", "order"),
        (without("status"), "status", "draft"),
        (without("subject", patient={"reference": "Patient/p"}), "subject", {"reference": "Patient/p"}),
        (without(context={"reference": "Encounter/e"}), "encounter", {"reference": "Encounter/e"}),
        (without(note="call first"), "note", [{"text": "call first"}]),
        (without(reasonCode={"text": "pain"}), "reasonCode", [{"text": "pain"}]),
        (without(requester={"agent": {"reference": "Practitioner/d"}}), "requester", {"reference": "Practitioner/d"}),
        (
            without(
                dosageInstruction=[{"doseQuantity": PILL, "timing": {"repeat": {"period": 1, "periodUnits": "d"}}}]
            ),
            "dosageInstruction",
            [{"doseAndRate": [{"doseQuantity": PILL}], "timing": {"repeat": {"period": 1, "periodUnit": "d"}}}],
        ),
        (
            without(dosageInstruction={"text": "x", "timing": {"repeat": {"when": "HS"}}}),
            "dosageInstruction",
            [{"text": "x", "timing": {"repeat": {"when": ["HS"]}}}],
        ),
    ],
)
def test_a_known_quirk_is_put_right_without_losing_anything(draft: dict[str, Any], element: str, expected: Any) -> None:
    order, dropped = write.repaired("R4", draft)
    assert order[element] == expected
    assert dropped == ()
    assert write.validate("R4", order) == []


def test_the_sandbox_draft_of_an_older_release_is_put_right_too() -> None:
    stu3, dropped = write.repaired(
        "STU3", without("intent", category=[CATEGORY], encounter={"reference": "Encounter/e"})
    )
    assert stu3["category"] == CATEGORY
    assert stu3["context"] == {"reference": "Encounter/e"}
    assert stu3["dosageInstruction"][0]["doseQuantity"] == PILL
    assert dropped == ()
    dstu2, dropped = write.repaired(
        "DSTU2", without(resourceType="MedicationOrder", category=CATEGORY, note=[{"text": "a"}, {"text": "b"}])
    )
    assert dstu2["patient"] == DRAFT["subject"]
    assert dstu2["note"] == "a\nb"
    assert dstu2["dosageInstruction"][0]["timing"]["repeat"]["periodUnits"] == "d"
    assert dropped == ("category",)


def test_nulls_and_empty_values_go_without_a_word() -> None:
    assert write.repaired("R4", without(note=None, identifier=[], reasonCode=[{}], priority="")) == (DRAFT, ())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"substitution": {"nonsense": 1}}, "substitution"),
        ({"authoredOn": "yesterday"}, "authoredOn"),
        ({"priority": "whenever"}, "priority"),
        ({"status": "drafted"}, "status"),
        ({"intent": "wish"}, "intent"),
        ({"contained": [{"resourceType": "Bogus", "id": "b"}]}, "contained"),
        ({"dosageInstruction": [{"text": "one", "site": "arm"}]}, "dosageInstruction.site"),
        ({"dosageInstruction": [{"text": "one", "timing": {"repeat": {"period": "x"}}}]}, "dosageInstruction.timing"),
    ],
)
def test_what_cannot_be_put_right_is_left_out_and_named(change: dict[str, Any], named: str) -> None:
    order, dropped = write.repaired("R4", without(**change))
    assert dropped == (named,)
    assert write.validate("R4", order) == []
    assert order["id"] == "request-7"
    assert order["status"] == "draft"


@pytest.mark.parametrize(
    "draft",
    [
        without("subject"),
        without(subject={"name": "Olga"}),
        without("medicationCodeableConcept"),
        without(medicationCodeableConcept="naltrexone"),
        without(id="a b"),
        without(modifierExtension=[{"value": 1}]),
        without(dosageInstruction=[{"timing": {"repeat": {"period": "x"}}}]),
        without(dosageInstruction=[{"text": 7}]),
        without(dosageInstruction="one daily"),
        without(resourceType="MedicationOrder"),
        {},
    ],
)
def test_a_draft_that_would_become_another_order_is_refused(draft: dict[str, Any]) -> None:
    with pytest.raises(UnwritableOrder):
        write.repaired("R4", draft)


def test_an_update_can_be_made_of_a_draft_whose_only_fault_is_what_the_update_replaces() -> None:
    draft = without(
        "medicationCodeableConcept",
        dosageInstruction=[{"timing": "daily"}],
        dispenseRequest={"x": 1},
        text={"status": "generated"},
    )
    order, dropped = write.kept("R4", draft)
    assert order == {name: DRAFT[name] for name in ("resourceType", "id", "status", "intent", "subject")}
    assert dropped == ()


def test_only_the_contained_medication_goes_with_the_medication() -> None:
    other = {"resourceType": "Practitioner", "id": "doc"}
    draft = without(
        "medicationCodeableConcept",
        contained=[{"resourceType": "Medication", "id": "med"}, other],
        medicationReference={"reference": "#med"},
        requester={"reference": "#doc"},
    )
    assert write.kept("R4", draft)[0]["contained"] == [other]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=6), inner, max_size=2),
    max_leaves=6,
)
# fmt: off
NAMES = st.sampled_from([
    "status", "intent", "subject", "category", "note", "contained", "requester", "dosageInstruction", "reasonCode",
    "dispenseRequest", "identifier", "extension", "medicationReference", "priorPrescription", "_status", "id",
])
# fmt: on


@given(st.sampled_from(write.RELEASES), st.dictionaries(NAMES | st.text(max_size=8), JSON, max_size=4))
def test_whatever_a_client_sends_comes_out_valid_or_is_refused(release: str, changes: dict[str, Any]) -> None:
    kind = "MedicationOrder" if release == "DSTU2" else "MedicationRequest"
    draft = DRAFT | {"resourceType": kind} | changes
    for make in (write.repaired, write.kept):
        try:
            order, _ = make(release, draft)
        except UnwritableOrder:
            continue
        if make is write.repaired:
            assert write.validate(release, order) == []
        if isinstance(draft["id"], str) and draft["id"]:
            assert order["id"] == draft["id"]


def test_as_needed_is_kept_under_the_name_that_the_release_has() -> None:
    drug = {"text": "naltrexone 1.5 mg"}
    order = {"resourceType": "MedicationRequest", "id": "a", "status": "draft", "intent": "order",
             "subject": {"reference": "Patient/ada"}}  # fmt: skip
    pain = {"text": "pain"}
    for line, kept in (
        ({"asNeededBoolean": True}, {"asNeeded": True}),
        ({"asNeededCodeableConcept": pain}, {"asNeededFor": [pain]}),
        ({"asNeeded": True}, {"asNeeded": True}),
        ({"asNeededFor": [pain]}, {"asNeededFor": [pain]}),
    ):
        draft = order | {"medication": {"concept": drug}, "dosageInstruction": [line]}
        assert write.repaired("R5", draft) == (draft | {"dosageInstruction": [kept]}, ())
    draft = order | {"medicationCodeableConcept": drug, "dosageInstruction": [{"asNeeded": True}]}
    assert write.repaired("R4", draft) == (draft | {"dosageInstruction": [{"asNeededBoolean": True}]}, ())
