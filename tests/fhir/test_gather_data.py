"""Bringing the data together: prefetch by meaning, the server for what is missing, and what stayed missing."""

from dataclasses import replace
from datetime import UTC
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
    T0,
    call,
    complete,
    gathered,
    lapses,
    ldn,
    read,
    server,
)
from service.release_spelling import bundle

from cds_service.fhir.gather import Fetched, Opened
from cds_service.fhir.read.orders import read_drafts
from cds_service.fhir.read.record import read_record
from cds_service.fhir.references import Person, doubt, relative
from cds_service.hooks.prefetch import TEMPLATES, fill
from cds_service.hooks.request import HookRequest
from cds_service.record import PatientRecord

TAKEN = spell.statement("R4", "oxy", OXYCODONE, start="2025-08-14")
ERROR = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
NEXT = [{"relation": "next", "url": "https://ehr.example/r4?page=2"}]


def medication(name: str) -> dict[str, Any]:
    return {"resourceType": "Medication", "id": name, "code": OXYCODONE}


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


# Which list a result is spoken of with


PREGNANT = spell.observation("R4", "hcg", "2106-3", "2026-02-20", valueString="positive")
SCREEN = spell.observation("R4", "screen", "101162-6", "2026-02-20", valueString="positive")
STRANGE = {"subject": {"reference": "Patient/bob"}}


@pytest.mark.parametrize("cause", ["other-patient", "patient-unverified", "unreadable"])
def test_a_result_that_cannot_be_used_is_counted_in_the_list_it_belongs_to(cause: str) -> None:
    fault = {"other-patient": STRANGE, "patient-unverified": {"subject": {}}, "unreadable": {"status": 3}}[cause]
    record = read(call(complete(labs=bundle(PREGNANT | fault), pregnancyObs=bundle(SCREEN | fault))))
    assert lapses(record) == {"pregnancyObs": cause, "toxLabs": cause}


@pytest.mark.parametrize("key", ["pregnancyObs", "labs", "toxLabs", "outcomes"])
def test_a_result_that_nobody_knows_is_counted_in_the_list_it_came_in(key: str) -> None:
    unknown = PREGNANT | {"code": {"text": "something else"}}
    assert lapses(read(call(complete(**{key: bundle(unknown | STRANGE)})))) == {key: "other-patient"}
    assert lapses(read(call(complete(**{key: bundle(unknown | {"status": 3})})))) == {key: "unreadable"}


# No time to read


def test_what_is_unread_when_the_time_is_over_is_counted_and_the_patient_is_read_all_the_same() -> None:
    fillers = [spell.statement("R4", f"s{number}", OXYCODONE, start="2025-08-14") for number in range(200)]
    lists = complete(medStatements=bundle(*fillers), pregnancyObs=bundle(PREGNANT), patient=...)
    request = call(lists | {"patient": spell.patient()})
    looked: list[int] = []

    def at_the_second_look() -> bool:
        looked.append(1)
        return len(looked) > 1

    record = read_record(request, gathered(request), T0, UTC, at_the_second_look)
    unread = {lapse.data: (lapse.cause, lapse.count) for lapse in record.shortfalls}
    assert unread == {"medStatements": ("unread", 72), "pregnancyObs": ("unread", 1)}
    assert (len(record.medications), record.observations) == (128, ())
    assert record.patient is not None
    assert record.patient.born_first is not None


def test_a_record_of_ordinary_length_is_read_without_a_look_at_the_clock() -> None:
    request = call(complete(medStatements=bundle(TAKEN)))

    def late() -> bool:
        raise AssertionError

    assert drugs(read_record(request, gathered(request), T0, UTC, late)) == ["oxycodone"]


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
def test_a_record_that_does_not_say_whose_it_is_is_read_and_named(subject: dict[str, Any]) -> None:
    record = read(call(complete(medStatements=bundle(TAKEN | {"subject": subject}))))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {"medStatements": "patient-unverified"})


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


NUMBER = {"system": "https://hospital.example/mrn", "value": "0815"}


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ({"identifier": NUMBER}, (["oxycodone"], {})),
        ({"reference": "#me", "identifier": NUMBER}, (["oxycodone"], {})),
        ({"identifier": NUMBER | {"value": "4711"}}, ([], {"medStatements": "other-patient"})),
        ({"identifier": NUMBER | {"system": "urn:other"}}, (["oxycodone"], {"medStatements": "patient-unverified"})),
        ({"identifier": {"value": "0815"}}, (["oxycodone"], {"medStatements": "patient-unverified"})),
        ({"identifier": "0815"}, (["oxycodone"], {"medStatements": "patient-unverified"})),
        ("Patient/bob", (["oxycodone"], {"medStatements": "patient-unverified"})),
    ],
)
def test_a_number_of_the_patients_own_settles_whose_a_record_is(subject: Any, expected: Any) -> None:
    own = spell.patient() | {"identifier": [NUMBER]}
    record = read(call(complete(patient=own, medStatements=bundle(TAKEN | {"subject": subject}))))
    assert (drugs(record), lapses(record)) == expected


@pytest.mark.parametrize("kind", ["replaces", "replaced-by", "replace"])
def test_a_record_that_was_merged_with_the_patients_is_the_patients(kind: str) -> None:
    own = spell.patient() | {"link": [{"other": {"reference": "Patient/ada-before"}, "type": kind}]}
    sent = bundle(TAKEN | {"subject": {"reference": "https://ehr.example/fhir/Patient/ada-before"}})
    assert lapses(read(call(complete(patient=own, medStatements=sent)))) == {}
    related = spell.patient() | {"link": [{"other": {"reference": "Patient/ada-before"}, "type": "seealso"}]}
    assert lapses(read(call(complete(patient=related, medStatements=sent)))) == {"medStatements": "other-patient"}


def test_a_record_that_names_two_people_is_a_strangers() -> None:
    both = TAKEN | {"patient": {"reference": "Patient/bob"}}
    assert lapses(read(call(complete(medStatements=bundle(both))))) == {"medStatements": "other-patient"}


def test_a_record_without_any_subject_is_read_and_named() -> None:
    bare = {name: value for name, value in TAKEN.items() if name != "subject"}
    record = read(call(complete(medStatements=bundle(bare))))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {"medStatements": "patient-unverified"})


@pytest.mark.parametrize(
    ("actors", "cause"),
    [
        (["Patient/ada"], ""),
        (["Practitioner/own", "https://ehr.example/fhir/Patient/ada"], ""),
        (["Patient/bob", "Patient/ada"], ""),
        (["Patient/bob"], "other-patient"),
        (["Practitioner/own"], "patient-unverified"),
        ([], "patient-unverified"),
    ],
)
def test_an_appointment_is_of_those_who_take_part(actors: list[str], cause: str) -> None:
    appointment = {"resourceType": "Appointment", "id": "a", "status": "booked", "start": "2026-03-09T08:00:00Z",
                   "participant": [{"actor": {"reference": actor}} for actor in actors]}  # fmt: skip
    assert lapses(read(call(complete(appointments=bundle(appointment))))) == ({"appointments": cause} if cause else {})


def test_an_appointment_of_r5_may_name_its_subject() -> None:
    appointment = {"resourceType": "Appointment", "id": "a", "status": "booked", "start": "2026-03-09T08:00:00Z",
                   "participant": [{"actor": {"reference": "Patient/ada"}}]}  # fmt: skip
    for subject, said in (("Patient/ada", {}), ("Patient/bob", {"appointments": "other-patient"})):
        sent = bundle(appointment | {"subject": {"reference": subject}})
        assert lapses(read(call(complete(appointments=sent)))) == said


def test_a_laboratory_draft_for_another_patient_counts_for_nothing_and_is_named() -> None:
    panel = spell.lab_order("R4", "panel", "24325-3", "2026-03-02") | {"status": "draft"}
    assert len(read(call(complete(), [ldn(), panel])).lab_orders) == 1
    record = read(call(complete(), [ldn(), panel | {"subject": {"reference": "Patient/bob"}}]))
    assert (record.lab_orders, lapses(record)) == ((), {"orders": "other-patient"})


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
        assert doubt(resource, Person("ada")) == ("" if other == "ada" else "other-patient")


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


@pytest.mark.parametrize(
    "named",
    [
        {"medicationReference": {"reference": "Medication/oxy"}},
        {"medication": {"reference": {"reference": "Medication/oxy"}}, "status": "recorded"},
    ],
    ids=["R4", "R5"],
)
def test_a_medication_known_only_by_reference_is_fetched(named: dict[str, Any]) -> None:
    base = {key: value for key, value in TAKEN.items() if key != "medicationCodeableConcept"}
    request = call(complete(medStatements=bundle(base | named)))
    medication = {"resourceType": "Medication", "id": "oxy", "code": OXYCODONE}
    assert drugs(read(request, server({"Medication/oxy": medication}, request))) == ["oxycodone"]
    assert lapses(read(request, server({"Medication/oxy": Fetched(cause="not-found")}, request))) == {
        "medStatements": "unresolved-medication"
    }


# Reading on where prefetch stopped

SERVER = "https://ehr.example/r4"
MORE = spell.statement("R4", "cod", CODEINE, start="2026-01-01")


def paged(total: int | None = None, url: str = NEXT[0]["url"], **others: Any) -> HookRequest:
    """A call whose medication statements came as the first of two pages."""
    first = bundle(TAKEN, link=[{"relation": "next", "url": url}])
    first |= {} if total is None else {"total": total}
    return replace(call(complete(medStatements=first, **others)), fhir_server=SERVER)


def test_an_unread_page_of_prefetch_is_read_on_and_nothing_else_is_asked() -> None:
    asked: list[str] = []
    request = paged(total=2)
    record = read(request, server({"?page=2": bundle(MORE)}, request, asked))
    assert (sorted(drugs(record)), lapses(record)) == (["codeine", "oxycodone"], {})
    assert asked == ["?page=2"]


def test_a_total_that_the_further_pages_do_not_reach_is_named() -> None:
    request = paged(total=5)
    record = read(request, server({"?page=2": bundle(MORE)}, request))
    assert (sorted(drugs(record)), lapses(record)) == (["codeine", "oxycodone"], {"medStatements": "truncated"})


def test_a_page_that_again_has_a_next_one_is_read_and_named() -> None:
    request = paged()
    third = [{"relation": "next", "url": f"{SERVER}?page=3"}]
    record = read(request, server({"?page=2": bundle(MORE, link=third)}, request))
    assert (sorted(drugs(record)), lapses(record)) == (["codeine", "oxycodone"], {"medStatements": "more-pages"})


@pytest.mark.parametrize("gone", ["not-found", "server-error", "malformed"])
def test_where_the_page_is_gone_the_list_is_asked_for_anew(gone: str) -> None:
    asked: list[str] = []
    request = paged()
    answers = {"?page=2": Fetched(cause=gone), "medStatements": bundle(dict(TAKEN), MORE)}
    record = read(request, server(answers, request, asked))
    assert (sorted(drugs(record)), lapses(record)) == (["codeine", "oxycodone"], {})
    assert asked == ["?page=2", "MedicationStatement?patient=ada"]


@pytest.mark.parametrize("cause", ["timeout", "not-answering", "not-allowed", "no-connection"])
def test_where_the_server_cannot_be_read_what_came_is_read_and_the_gap_is_named(cause: str) -> None:
    asked: list[str] = []
    request = paged()
    record = read(request, server({"?page=2": Fetched(cause=cause)}, request, asked))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {"medStatements": cause})
    assert asked == ["?page=2"]


@pytest.mark.parametrize(
    "page", [{"resourceType": "OperationOutcome"}, [], "x", {"resourceType": "Bundle", "entry": 5}]
)
def test_a_page_that_is_no_page_leaves_what_came_and_the_list_is_asked_for_anew(page: Any) -> None:
    request = paged()
    record = read(request, server({"?page=2": page, "medStatements": Fetched(cause="timeout")}, request))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {"medStatements": "timeout"})


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/r4?page=2", "https://ehr.example/admin?page=2", "http://ehr.example/r4?page=2", "", "../x"],
)
def test_a_next_page_elsewhere_is_not_asked_for_and_the_list_is_asked_for_anew(url: str) -> None:
    asked: list[str] = []
    request = paged(url=url)
    record = read(request, server({"medStatements": bundle(dict(TAKEN), MORE)}, request, asked))
    assert (sorted(drugs(record)), lapses(record)) == (["codeine", "oxycodone"], {})
    assert asked == ["MedicationStatement?patient=ada"]


def test_a_stranger_on_a_further_page_is_left_out_and_named() -> None:
    request = paged()
    stranger = MORE | {"subject": {"reference": "Patient/bob"}}
    record = read(request, server({"?page=2": bundle(stranger)}, request))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {"medStatements": "other-patient"})


def test_a_page_of_a_list_that_nobody_wants_is_not_read() -> None:
    asked: list[str] = []
    request = paged()
    gathered(request, server({}, request, asked), wanted=("medRequests",))
    assert asked == []


# What a server says it searched for


def found_by(url: str) -> dict[str, Any]:
    return bundle(TAKEN, link=[{"relation": "self", "url": url}])


@pytest.mark.parametrize(
    "url",
    [
        f"{SERVER}/MedicationStatement",
        f"{SERVER}/MedicationStatement?",
        f"{SERVER}/MedicationStatement?_count=50",
        f"{SERVER}/MedicationStatement/_search?status=active",
        "MedicationStatement?status=active",
        f"{SERVER}/MedicationStatement?patient=bob",
        f"{SERVER}/MedicationStatement?subject=https://ehr.example/r4/Patient/bob",
        f"{SERVER}/MedicationStatement?patient=ada&patient=bob",
        f"{SERVER}/Patient/bob/MedicationStatement",
        f"{SERVER}/MedicationStatement?patient=ada&status=active",
        f"{SERVER}/MedicationStatement?patient=ada&status:not=stopped&_count=50",
        f"{SERVER}/MedicationStatement?patient=ada&category=inpatient",
        f"{SERVER}/MedicationStatement?patient=ada&effective=ge2026-01-01",
        f"{SERVER}/MedicationStatement?patient=ada&code=7804",
        f"{SERVER}/MedicationStatement?patient=ada&_lastUpdated=gt2026-01-01",
        f"{SERVER}/MedicationStatement?patient=ada&_elements=status",
        f"{SERVER}/MedicationRequest?patient=ada",
    ],
)
def test_a_server_that_searched_for_less_or_for_another_is_noticed_and_what_is_the_patients_is_read(url: str) -> None:
    request = call(complete(medStatements=...))
    record = read(request, server({"medStatements": found_by(url)}, request))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {"medStatements": "not-as-asked"})


@pytest.mark.parametrize(
    "url",
    [
        f"{SERVER}/MedicationStatement?patient=ada",
        f"{SERVER}/MedicationStatement?patient=Patient%2Fada&_count=50",
        f"{SERVER}/MedicationStatement?subject=Patient/ada",
        f"{SERVER}/MedicationStatement?subject:Patient=ada",
        f"{SERVER}/MedicationStatement?patient.identifier=7",
        f"{SERVER}/MedicationStatement/_search?patient=ada",
        f"{SERVER}/MedicationStatement?_format=json&_count=100&sessionID=7&patient=ada&_include=*&page=1&_summary=false",
        f"{SERVER}/MedicationStatement?patient=ada&status=",
        f"{SERVER}/MedicationStatement?patient=ada,bob",
        f"{SERVER}/MedicationStatement?patient=https%3A%2F%2Fehr.example%2Fr4%2FPatient%2Fada",
        f"{SERVER}/Patient/ada/MedicationStatement",
        f"{SERVER}?_getpages=7d1f",
        f"{SERVER}/pages/7d1f",
        "https://[",
        "",
    ],
)
def test_a_self_link_that_names_the_patient_or_tells_nothing_is_no_fault(url: str) -> None:
    request = call(complete(medStatements=...))
    record = read(request, server({"medStatements": found_by(url)}, request))
    assert (drugs(record), lapses(record)) == (["oxycodone"], {})


@pytest.mark.parametrize(
    ("codes", "lapsed"),
    [
        ("&code={first}", True),
        ("&code=", True),
        ("&code={all}", False),
        ("&code={all},1234-5", False),
        ("&code={systems}", False),
        ("&code={all}&code={first}", True),
        ("&code={all}&category=laboratory", True),
        ("&code={all}&date=ge2026-01-01", True),
        ("", False),
    ],
)
def test_a_server_that_looked_for_some_of_the_codes_is_noticed_and_one_that_looked_for_more_is_not(
    codes: str, lapsed: bool
) -> None:
    request = call(complete(labs=...))
    asked = fill(TEMPLATES["labs"], request).partition("code=")[2].split(",")
    systems = ",".join(f"http://loinc.org%7C{code}" for code in asked)
    said = codes.format(first=asked[0], all=",".join(asked), systems=systems)
    answer = bundle(link=[{"relation": "self", "url": f"{SERVER}/Observation?patient=ada{said}"}])
    assert lapses(read(request, server({"labs": answer}, request))) == ({"labs": "not-as-asked"} if lapsed else {})


def test_an_empty_list_of_a_search_for_another_patient_is_no_answer_in_prefetch_either() -> None:
    empty = dict(EMPTY, link=[{"relation": "self", "url": f"{SERVER}/Condition?patient=bob"}])
    asked: list[str] = []
    request = call(complete(conditions=empty))
    assert lapses(read(request)) == {"conditions": "not-as-asked"}
    record = read(request, server({"medStatements": bundle(TAKEN)}, request, asked))
    assert (asked, lapses(record)) == (["Condition?patient=ada"], {})
    narrow = f"{SERVER}/Condition?patient=Patient/ada&clinical-status=active"
    own = dict(EMPTY, link=[{"relation": "self", "url": narrow}])
    assert lapses(read(call(complete(conditions=own)))) == {}


# Medications by reference


def by_reference(kind: str, name: str) -> dict[str, Any]:
    resource = spell.statement("R4", kind, CODEINE)
    del resource["medicationCodeableConcept"]
    return resource | {"medicationReference": {"reference": f"Medication/{name}"}}


def test_few_medications_are_read_one_by_one_and_side_by_side() -> None:
    rounds: list[tuple[str, ...]] = []
    request = call(complete(medStatements=bundle(*(by_reference(f"s{n}", f"m{n}") for n in range(3)))))
    answer = server({f"Medication/m{n}": medication(f"m{n}") for n in range(3)}, request)
    record = read(request, lambda queries: (rounds.append(queries), answer(queries))[1])
    assert (drugs(record), lapses(record)) == (["oxycodone"] * 3, {})
    assert rounds == [("Medication/m0", "Medication/m1", "Medication/m2")]


def test_many_medications_are_searched_for_by_their_ids_and_the_rest_is_read_one_by_one() -> None:
    rounds: list[tuple[str, ...]] = []
    names = [f"m{n:02}" for n in range(50)]
    request = call(complete(medStatements=bundle(*(by_reference(f"s{name}", name) for name in names))))

    def fetch(queries: tuple[str, ...]) -> dict[str, Fetched]:
        rounds.append(queries)
        found = {}
        for query in queries:
            if query.startswith("Medication?_id="):
                asked = query.removeprefix("Medication?_id=").split(",")
                found[query] = Fetched(bundle(*(medication(name) for name in asked if name not in ("m07", "m41"))))
            else:
                found[query] = Fetched(medication(query.removeprefix("Medication/")))
        return found

    record = read(request, fetch)
    assert (drugs(record), lapses(record)) == (["oxycodone"] * 50, {})
    assert [len(one) for one in rounds] == [2, 2]
    assert rounds[1] == ("Medication/m07", "Medication/m41")


def test_a_medication_that_nobody_asked_for_is_not_taken_for_another() -> None:
    names = [f"m{n:02}" for n in range(13)]
    request = call(complete(medStatements=bundle(*(by_reference(f"s{name}", name) for name in names))))

    def fetch(queries: tuple[str, ...]) -> dict[str, Fetched]:
        return {query: Fetched(bundle(medication("other")) if "?" in query else None) for query in queries}

    assert lapses(read(request, fetch)) == {"medStatements": "unresolved-medication"}


def test_the_drugs_of_all_drafts_are_looked_up_in_one_round() -> None:
    rounds: list[tuple[str, ...]] = []
    drafts = []
    for name in ("a", "b", "c"):
        draft = ldn() | {"id": name, "medicationReference": {"reference": f"Medication/{name}"}}
        del draft["medicationCodeableConcept"]
        drafts.append(draft)
    request = call(complete(), drafts)

    def fetch(queries: tuple[str, ...]) -> dict[str, Fetched]:
        rounds.append(queries)
        return {query: Fetched(medication("a")) if query == "Medication/a" else Fetched() for query in queries}

    opened = Opened(request, fetch)
    orders = read_drafts(request, opened.find, UTC).orders
    assert [bool(order.names_drug) for order in orders] == [True, False, False]
    assert rounds == [("Medication/a", "Medication/b", "Medication/c")]


def test_the_release_is_told_by_the_drafts() -> None:
    assert {gathered(call({}, [ldn(release)])).release for release in spell.RELEASES} == set(spell.RELEASES)


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
