"""Allergies, operations and first-line drugs: the same facts however the release spells them."""

from datetime import date
from typing import Any

import pytest
from service import release_spelling as spell
from service.hook_calls import call, complete, lapses, read
from service.release_spelling import PATIENT, RELEASES, RXNORM, bundle, named

from cds_service.hooks.prefetch import TEMPLATES
from cds_service.record import Allergy, PatientRecord, Procedure

SNOMED = "http://snomed.info/sct"
NALTREXONE, DULOXETINE = named(RXNORM, "7243", "Naltrexone"), named(RXNORM, "72625", "Duloxetine")
ANAPHYLAXIS = named(SNOMED, "39579001", "Anaphylaxis")
HYSTERECTOMY = named(SNOMED, "236886002", "Hysterectomy")
COLONOSCOPY = named(SNOMED, "73761001", "Colonoscopy")
SURGERY = named(SNOMED, "387713003", "Surgical procedure")
each_release = pytest.mark.parametrize("release", RELEASES)


def allergy(release: str, code: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A confirmed allergy of high criticality with one severe reaction, in the spelling of the release."""
    resource: dict[str, Any] = {
        "resourceType": "AllergyIntolerance",
        "id": "allergy",
        "patient": {"reference": f"Patient/{PATIENT}"},
        "type": "allergy",
        "reaction": [{"manifestation": [ANAPHYLAXIS], "severity": "severe"}],
    }
    if release == "DSTU2":
        resource |= {"substance": code, "status": "confirmed", "criticality": "CRITH", "recordedDate": "2024-05-06"}
    elif release == "STU3":
        resource |= {"code": code, "clinicalStatus": "active", "verificationStatus": "confirmed"}
        resource |= {"criticality": "high", "assertedDate": "2024-05-06"}
    else:
        resource |= {"code": code, "criticality": "high", "recordedDate": "2024-05-06"}
        resource["clinicalStatus"] = {"coding": [{"code": "active"}]}
        resource["verificationStatus"] = {"coding": [{"code": "confirmed"}]}
    return {key: value for key, value in (resource | more).items() if value is not None}


def request(release: str, code: dict[str, Any], **more: Any) -> dict[str, Any]:
    old = release != "R4"
    resource: dict[str, Any] = {
        "resourceType": "ProcedureRequest" if old else "ServiceRequest",
        "id": "knee",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "status": "accepted" if release == "DSTU2" else "active",
        "code": code,
        ("scheduledDateTime" if release == "DSTU2" else "occurrenceDateTime"): "2026-03-09T07:30:00Z",
    }
    if release != "DSTU2":
        resource["intent"] = "order"
    return resource | more


def appointment(**more: Any) -> dict[str, Any]:
    base = {
        "resourceType": "Appointment",
        "id": "theatre",
        "status": "booked",
        "start": "2026-03-12T07:30:00Z",
        "participant": [{"actor": {"reference": f"Patient/{PATIENT}"}}],
    }
    return base | more


def sent(**prefetch: Any) -> PatientRecord:
    return read(call(complete(**prefetch)), wanted=TEMPLATES)


@each_release
def test_an_allergy_is_read(release: str) -> None:
    (found,) = sent(allergies=bundle(allergy(release, NALTREXONE))).allergies
    assert (found.groups, found.clinical, found.verification) == ({"naltrexone"}, "active", "confirmed")
    assert (found.kind, found.criticality, found.severe, found.recorded) == ("allergy", "high", True, date(2024, 5, 6))
    assert (found.reactions, found.other_reactions, found.effect) == ({"severe-reaction"}, False, "Anaphylaxis")


@pytest.mark.parametrize("release", ["STU3", "DSTU2"])
def test_an_allergy_reads_the_same_in_every_release(release: str) -> None:
    assert (
        sent(allergies=bundle(allergy(release, NALTREXONE))).allergies
        == sent(allergies=bundle(allergy("R4", NALTREXONE))).allergies
    )


@pytest.mark.parametrize(
    ("status", "clinical", "verification"),
    [
        ("active", "active", ""),
        ("unconfirmed", "active", "unconfirmed"),
        ("inactive", "inactive", ""),
        ("resolved", "resolved", ""),
        ("refuted", "", "refuted"),
        ("entered-in-error", "", "entered-in-error"),
    ],
)
def test_the_one_status_of_dstu2_is_read_as_two(status: str, clinical: str, verification: str) -> None:
    (found,) = sent(allergies=bundle(allergy("DSTU2", NALTREXONE, status=status))).allergies
    assert (found.clinical, found.verification) == (clinical, verification)


def test_r5_wraps_type_and_manifestation_and_is_read_all_the_same() -> None:
    wrapped = allergy(
        "R4",
        NALTREXONE,
        type={"coding": [{"code": "intolerance"}]},
        reaction=[{"manifestation": [{"concept": {"text": "Vivid dreams"}}]}],
    )
    (found,) = sent(allergies=bundle(wrapped)).allergies
    assert (found.kind, found.reactions, found.effect) == ("intolerance", {"naltrexone-effect"}, "Vivid dreams")


def test_a_reaction_names_its_substance_too() -> None:
    opioids = named(SNOMED, "293587005", "Opioid analgesic allergy")
    resource = allergy("R4", opioids, reaction=[{"substance": NALTREXONE, "manifestation": [{"text": "Rash"}]}])
    (found,) = sent(allergies=bundle(resource)).allergies
    assert (found.groups, found.other_reactions) == ({"naltrexone", "opioid"}, True)


def test_an_allergy_that_no_rule_asks_about_is_not_kept() -> None:
    assert sent(allergies=bundle(allergy("R4", {"text": "Penicillin"}))).allergies == ()


@each_release
def test_a_surgical_request_is_read_and_a_laboratory_one_is_none(release: str) -> None:
    panel = spell.lab_order(release, "panel", "24325-3", "2026-02-20")
    record = sent(serviceRequests=bundle(request(release, HYSTERECTOMY), panel))
    (found,) = record.procedures
    assert (found.kind, found.status, found.first) == ("request", "active", date(2026, 3, 9))
    assert "surgery" in found.groups
    assert len(record.lab_orders) == 2


def test_the_category_makes_a_request_surgical_and_its_code_may_take_that_away() -> None:
    by_category = request("R4", {"text": "As discussed"}, category=[SURGERY])
    (found,) = sent(serviceRequests=bundle(by_category)).procedures
    assert found.groups == {"surgery"}
    (minor,) = sent(serviceRequests=bundle(request("R4", COLONOSCOPY, category=[SURGERY]))).procedures
    assert minor.groups == {"surgery", "minor"}


@each_release
def test_a_procedure_is_read_with_its_day(release: str) -> None:
    done = {
        "resourceType": "Procedure",
        "id": "done",
        "status": "completed",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": HYSTERECTOMY,
        "performedPeriod": {"start": "2019-03-05", "end": "2019-03-06"},
    }
    (found,) = sent(procedures=bundle(done)).procedures
    assert (found.kind, found.status, found.first, found.last) == (
        "procedure",
        "completed",
        date(2019, 3, 5),
        date(2019, 3, 6),
    )
    assert "uterus-absent" in found.groups


def test_an_appointment_is_read_with_its_words_and_links() -> None:
    spoken = appointment(description="Hernia repair", basedOn=[{"reference": "ServiceRequest/knee"}])
    (found,) = sent(appointments=bundle(spoken)).procedures
    assert (found.kind, found.groups, found.first) == ("appointment", {"surgery"}, date(2026, 3, 12))
    assert found.based_on == ("ServiceRequest/knee",)


@pytest.mark.parametrize(
    "participant",
    [None, [], [{"actor": {"reference": "Practitioner/a"}}], [{"actor": {"display": "somebody"}}, "broken", None]],
)
def test_an_appointment_that_names_no_patient_is_taken(participant: Any) -> None:
    (found,) = sent(appointments=bundle(appointment(participant=participant))).procedures
    assert found == Procedure("Appointment/theatre", "appointment", frozenset(), "booked", first=found.first,
                              last=found.last)  # fmt: skip


def test_an_appointment_of_another_patient_is_left_out_and_said() -> None:
    other = appointment(participant=[{"actor": {"reference": "Patient/bert"}}])
    record = sent(appointments=bundle(other))
    assert record.procedures == ()
    assert lapses(record) == {"appointments": "other-patient"}


@each_release
def test_a_first_line_drug_is_kept_with_its_status(release: str) -> None:
    record = sent(
        medStatements=bundle(spell.statement(release, "dul", DULOXETINE, "completed", "2019-01-01", "2019-02-01")),
        medRequests=bundle(spell.order(release, "amitriptyline", {"text": "Elavil 10 mg"}, "stopped", "2018-01-01")),
    )
    assert [(one.name, one.status) for one in record.first_line] == [
        ("duloxetine", spell.finished(release)),
        ("amitriptyline", "stopped"),
    ]
    assert record.medications == ()


def test_a_first_line_drug_named_only_by_reference_is_found_too() -> None:
    medication = {"resourceType": "Medication", "id": "dul", "code": DULOXETINE}
    resource = spell.statement("R4", "a", DULOXETINE, "completed", "2019-01-01", "2019-02-01")
    del resource["medicationCodeableConcept"]
    resource["medicationReference"] = {"reference": "Medication/dul"}
    (found,) = sent(medStatements=bundle(resource, medication)).first_line
    assert found.name == "duloxetine"


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "AllergyIntolerance", "code": "naltrexone"},
        {"resourceType": "AllergyIntolerance", "code": NALTREXONE, "reaction": "rash"},
        {"resourceType": "Procedure", "code": HYSTERECTOMY, "performedDateTime": "yesterday"},
        {"resourceType": "Appointment", "start": "soon"},
    ],
)
def test_what_cannot_be_read_is_counted_and_not_dropped(resource: dict[str, Any]) -> None:
    key = {"AllergyIntolerance": "allergies", "Procedure": "procedures", "Appointment": "appointments"}
    name = key[resource["resourceType"]]
    assert lapses(sent(**{name: bundle(resource | {"id": "x"})})) == {name: "unreadable"}


def test_an_allergy_without_a_reaction_says_nothing_of_one() -> None:
    (found,) = sent(allergies=bundle(allergy("R4", NALTREXONE, reaction=None, criticality=None))).allergies
    assert found == Allergy("AllergyIntolerance/allergy", frozenset({"naltrexone"}), "active", "confirmed", "allergy",
                            recorded=date(2024, 5, 6), concept=found.concept, of_drug=True)  # fmt: skip
