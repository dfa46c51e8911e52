"""Bringing the data together: prefetch by meaning, the server for what is missing, and what stayed missing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service import release_spelling as spell
from service.hook_calls import (
    CODEINE,
    EMPTY,
    NALTREXONE,
    OXYCODONE,
    SAFETY,
    call,
    complete,
    gathered,
    lapses,
    ldn,
    read,
    server,
)
from service.release_spelling import bundle

from cds_service.fhir.gather import Fetched
from cds_service.fhir.references import belongs, relative
from cds_service.record import PatientRecord

TAKEN = spell.statement("R4", "oxy", OXYCODONE, start="2025-08-14")
ERROR = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
NEXT = [{"relation": "next", "url": "https://ehr.example/r4?page=2"}]


def drugs(record: PatientRecord) -> list[str]:
    return [medication.drug.name for medication in record.medications]


def ids(record: PatientRecord) -> list[str]:
    return [medication.reference.split("/")[1] for medication in record.medications]


# Without a server


def test_a_complete_prefetch_leaves_nothing_open() -> None:
    record = read(call(complete(medStatements=bundle(TAKEN))))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {})


@pytest.mark.parametrize("key", SAFETY)
def test_a_key_that_did_not_come_is_missing(key: str) -> None:
    assert lapses(read(call(complete(**{key: ...})))) == {key: "absent"}


def test_without_any_prefetch_everything_is_missing() -> None:
    assert lapses(read(call())) == dict.fromkeys(SAFETY, "absent")


@pytest.mark.parametrize("key", SAFETY)
def test_null_is_an_answer_where_there_is_no_server_to_ask(key: str) -> None:
    assert key not in lapses(read(call(complete(**{key: None}))))


def test_an_error_in_place_of_a_list_is_named() -> None:
    assert lapses(read(call(complete(medRequests=ERROR)))) == {"medRequests": "outcome"}


def test_a_page_with_more_behind_it_is_read_and_named() -> None:
    record = read(call(complete(medStatements=bundle(TAKEN, link=NEXT))))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {"medStatements": "more-pages"})


def test_a_total_above_the_entries_is_named() -> None:
    assert lapses(read(call(complete(conditions=dict(EMPTY, total=12))))) == {"conditions": "truncated"}


def test_a_list_of_the_wrong_type_is_named() -> None:
    sent = complete(medStatements=bundle(spell.condition("R4", "c", CODEINE)))
    assert lapses(read(call(sent))) == {"medStatements": "wrong-type"}


def test_swapped_keys_answer_each_other() -> None:
    order = spell.order("R4", "rx", CODEINE, written="2026-02-25", days=10)
    record = read(call(complete(medStatements=bundle(order), medRequests=bundle(TAKEN))))
    assert (sorted(drugs(record)), lapses(record)) == (["codeine", "oxycodone"], {})


def test_renamed_keys_are_recognised_by_their_data() -> None:
    sent = complete(medStatements=...) | {"item7": bundle(TAKEN)}
    record = read(call(sent))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {})


def test_the_same_record_under_two_keys_is_read_once() -> None:
    record = read(call(complete(medStatements=bundle(TAKEN)) | {"item7": bundle(TAKEN, dict(TAKEN))}))
    assert drugs(record) == ["oxycodone"]


def test_records_without_an_id_are_all_read() -> None:
    nameless = [{key: value for key, value in TAKEN.items() if key != "id"}] * 2
    assert drugs(read(call(complete(medStatements=bundle(*nameless))))) == ["oxycodone", "oxycodone"]


@pytest.mark.parametrize(
    "fault",
    [
        {"effectivePeriod": "since summer"},
        {"effectivePeriod": {"start": "14.08.2025"}},
        {"status": 3},
        {"medicationCodeableConcept": "oxycodone"},
        {"dateAsserted": ["2026-02-01"]},
    ],
)
def test_a_record_that_cannot_be_read_is_counted_and_the_others_are_read(fault: dict[str, Any]) -> None:
    record = read(call(complete(medStatements=bundle(TAKEN | {"id": "bad"} | fault, TAKEN))))
    assert (ids(record), lapses(record)) == (["oxy"], {"medStatements": "unreadable"})


def test_a_record_without_any_drug_cannot_be_read() -> None:
    bare = {key: value for key, value in TAKEN.items() if key != "medicationCodeableConcept"}
    assert lapses(read(call(complete(medStatements=bundle(bare))))) == {"medStatements": "unreadable"}


def test_the_draft_itself_is_no_history() -> None:
    record = read(call(complete(medRequests=bundle(dict(ldn(), status="active")))))
    assert drugs(record) == []


# Whose data


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/ada",
        "Patient/ada/_history/4",
        "https://ehr.example/fhir/Patient/ada",
        "https://ehr.example/fhir/Patient/ada/_history/4",
        "urn:uuid:ada",
        "ada",
    ],
)
def test_the_patients_own_records_are_known_in_every_spelling(reference: str) -> None:
    record = read(call(complete(medStatements=bundle(TAKEN | {"subject": {"reference": reference}}))))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {})


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/bob",
        "Patient/ada2",
        "Patient/ad",
        "Patient/bob/_history/4",
        "https://ehr.example/fhir/Patient/bob",
        "https://ehr.example/Patient/ada/fhir/Patient/bob",
        "https://ehr.example/fhir/Patient/bob?x=Patient/ada",
        "urn:uuid:7d1f",
        "Group/ada",
        "Practitioner/ada",
    ],
)
def test_another_patients_record_is_left_out_and_named(reference: str) -> None:
    record = read(call(complete(medStatements=bundle(TAKEN | {"subject": {"reference": reference}}))))
    assert (drugs(record), lapses(record)) == ([], {"medStatements": "other-patient"})


@pytest.mark.parametrize("subject", [{}, {"display": "Ada"}, {"identifier": {"value": "7"}}, {"reference": "#me"}])
def test_a_record_that_names_no_patient_is_taken_as_the_patients(subject: dict[str, Any]) -> None:
    assert drugs(read(call(complete(medStatements=bundle(TAKEN | {"subject": subject}))))) == ["oxycodone"]


def test_a_urn_is_the_patient_where_the_patients_own_resource_came_under_it() -> None:
    urn = "urn:uuid:0c5a7e02-8d5b-44c1-9b6a-1f2f0a3f7f11"
    whole = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": urn, "resource": spell.patient()},
            {"resource": TAKEN | {"subject": {"reference": urn}}},
        ],
    }
    record = read(call(complete(patient=..., medStatements=...) | {"everything": whole}))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {})


def test_another_person_in_place_of_the_patient_is_named() -> None:
    record = read(call(complete(patient=spell.patient() | {"id": "bob"})))
    assert (record.patient, lapses(record)) == (None, {"patient": "other-patient"})


@pytest.mark.parametrize("release", spell.RELEASES)
def test_each_kind_of_record_is_checked_for_whose_it_is(release: str) -> None:
    whose = "patient" if release == "DSTU2" else "subject"
    for key, resource in {
        "medStatements": spell.statement(release, "a", CODEINE),
        "medRequests": spell.order(release, "b", CODEINE),
        "medDispenses": spell.dispense(release, "c", CODEINE, "2026-02-25", 5),
        "medAdministrations": spell.administration(release, "d", CODEINE, "2026-02-25"),
        "conditions": spell.condition(release, "e", CODEINE),
    }.items():
        stranger = resource | {whose: {"reference": "Patient/bob"}}
        assert lapses(read(call(complete(**{key: bundle(stranger)}))))[key] == "other-patient"


@given(st.from_regex(r"[A-Za-z0-9.-]{1,20}", fullmatch=True))
def test_an_id_is_only_ever_equal_to_itself(other: str) -> None:
    for spelled in (f"Patient/{other}", f"https://ehr.example/fhir/Patient/{other}", f"Patient/{other}/_history/1"):
        resource = {"resourceType": "Condition", "subject": {"reference": spelled}}
        assert belongs(resource, "ada", frozenset()) is (other == "ada")


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        ("Patient/a", "Patient/a"),
        ("https://e/fhir/Patient/a", "Patient/a"),
        ("https://e/fhir/Patient/a/_history/2", "Patient/a"),
        ("Patient/a/_history/2", "Patient/a"),
        ("Patient/a/", "Patient/a"),
        (" Patient/a ", "Patient/a"),
        ("a", "a"),
        ("#a", "#a"),
        ("urn:uuid:1", "urn:uuid:1"),
        ("", ""),
        (None, ""),
        ({"reference": "Patient/a"}, "Patient/a"),
        ({"display": "Ada"}, ""),
        (["Patient/a"], ""),
    ],
)
def test_references_are_brought_into_one_spelling(spelled: Any, expected: str) -> None:
    assert relative(spelled) == expected


# With a server


def test_a_complete_prefetch_asks_the_server_nothing() -> None:
    asked: list[str] = []
    request = call(complete())
    read(request, server({}, request, asked))
    assert asked == []


def test_what_did_not_come_is_fetched() -> None:
    asked: list[str] = []
    request = call(complete(medStatements=...))
    record = read(request, server({"medStatements": bundle(TAKEN)}, request, asked))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {})
    assert asked == ["MedicationStatement?patient=ada"]


@pytest.mark.parametrize("key", ["medStatements", "medRequests"])
def test_null_for_a_medication_list_is_verified(key: str) -> None:
    found = {"medStatements": TAKEN, "medRequests": spell.order("R4", "rx", OXYCODONE, written="2026-02-20", days=30)}
    request = call(complete(**{key: None}))
    record = read(request, server({key: bundle(found[key])}, request))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {})


def test_null_for_a_medication_list_that_cannot_be_verified_is_named() -> None:
    request = call(complete(medStatements=None))
    record = read(request, server({"medStatements": Fetched(cause="timeout")}, request))
    assert lapses(record) == {"medStatements": "timeout"}


def test_null_for_another_list_is_believed() -> None:
    asked: list[str] = []
    request = call(complete(conditions=None, labs=None, allergies=None))
    read(request, server({}, request, asked))
    assert asked == []


@pytest.mark.parametrize(
    "cause", ["timeout", "no-connection", "not-allowed", "not-found", "busy", "server-error", "too-large", "malformed"]
)
def test_why_a_list_could_not_be_fetched_is_told(cause: str) -> None:
    request = call(complete(medRequests=...))
    assert lapses(read(request, server({"medRequests": Fetched(cause=cause)}, request))) == {"medRequests": cause}


def test_an_error_of_the_client_is_asked_about_once() -> None:
    asked: list[str] = []
    request = call(complete(medRequests=ERROR))
    record = read(request, server({"medRequests": ERROR}, request, asked))
    assert (asked, lapses(record)) == (["MedicationRequest?patient=ada"], {"medRequests": "outcome"})


@pytest.mark.parametrize("flaw", [{"link": NEXT}, {"total": 3}])
def test_a_partial_list_is_replaced_by_the_servers_whole_one(flaw: dict[str, Any]) -> None:
    more = spell.statement("R4", "cod", CODEINE, start="2026-01-01")
    request = call(complete(medStatements=bundle(TAKEN, **flaw)))
    record = read(request, server({"medStatements": bundle(dict(TAKEN), more)}, request))
    assert (sorted(drugs(record)), lapses(record)) == (["codeine", "oxycodone"], {})


def test_a_partial_list_that_cannot_be_completed_is_still_read() -> None:
    request = call(complete(medStatements=bundle(TAKEN, link=NEXT)))
    record = read(request, server({"medStatements": Fetched(cause="timeout")}, request))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {"medStatements": "timeout"})


def test_a_server_page_with_more_behind_it_is_read_and_named() -> None:
    request = call(complete(medStatements=...))
    record = read(request, server({"medStatements": bundle(TAKEN, link=NEXT)}, request))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {"medStatements": "more-pages"})


def test_only_what_is_wanted_is_fetched() -> None:
    asked: list[str] = []
    request = call()
    gathered(request, server({}, request, asked), wanted=("medRequests",))
    assert asked == ["MedicationRequest?patient=ada"]


def test_a_dstu2_client_is_asked_for_its_own_resource_types() -> None:
    asked: list[str] = []
    request = call({}, [ldn("DSTU2")])
    gathered(request, server({}, request, asked), wanted=("medRequests", "serviceRequests"))
    assert asked == ["MedicationOrder?patient=ada", "ProcedureRequest?patient=ada"]


def test_a_medication_known_only_by_reference_is_fetched() -> None:
    base = {key: value for key, value in TAKEN.items() if key != "medicationCodeableConcept"}
    request = call(complete(medStatements=bundle(base | {"medicationReference": {"reference": "Medication/oxy"}})))
    medication = {"resourceType": "Medication", "id": "oxy", "code": OXYCODONE}
    assert drugs(read(request, server({"Medication/oxy": medication}, request))) == ["oxycodone"]
    assert lapses(read(request, server({"Medication/oxy": Fetched(cause="not-found")}, request))) == {
        "medStatements": "unresolved-medication"
    }


def test_the_release_is_told_by_the_drafts() -> None:
    assert {gathered(call({}, [ldn(release)])).release for release in spell.RELEASES} == {"R4", "STU3", "DSTU2"}


# Anything at all

_LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
_WORDS = st.sampled_from(
    ["Bundle", "MedicationStatement", "Condition", "Observation", "Patient", "active", "Patient/ada", "2026-02-01"]
)
_NAMES = st.sampled_from(
    ["resourceType", "entry", "resource", "id", "status", "subject", "reference", "code", "coding", "text",
     "medicationCodeableConcept", "medicationReference", "effectivePeriod", "start", "dosage", "timing", "repeat",
     "valueQuantity", "value", "clinicalStatus", "link", "contained", "class", "birthDate", "referenceRange"]
)  # fmt: skip
_JUNK = st.recursive(
    _LEAVES | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=6),
    max_leaves=20,
)
_RESOURCES = st.dictionaries(_NAMES, _JUNK, max_size=8).flatmap(
    lambda body: _WORDS.map(lambda kind: body | {"resourceType": kind})
)


@given(st.lists(_RESOURCES, max_size=4), _JUNK)
def test_no_data_of_a_client_can_break_the_reading_or_hide_the_good_ones(junk: list[Any], value: Any) -> None:
    record = read(call(complete(medStatements=bundle(TAKEN, *junk)) | {"labs": value}))
    assert "oxycodone" in drugs(record)


def test_naltrexone_in_the_history_is_read_as_such() -> None:
    (found,) = read(call(complete(medStatements=bundle(spell.statement("R4", "n", NALTREXONE))))).medications
    assert found.drug.naltrexone is not None
