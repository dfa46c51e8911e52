"""One test body, four encodings: the same facts however the release spells them."""

from dataclasses import replace
from datetime import UTC, date
from typing import Any

import pytest
from service import release_spelling as spell
from service.hook_calls import CODEINE, NALTREXONE, OXYCODONE, call, complete, lapses, read
from service.release_spelling import ICD, LOINC, RELEASES, amount, bundle, named

from cds_service.fhir.gather import Opened
from cds_service.fhir.read.orders import read_drafts
from cds_service.hooks.prefetch import TEMPLATES
from cds_service.record import DraftOrder, Medication, PatientRecord, Quantity

FIBROMYALGIA = named(ICD, "M79.7", "Fibromyalgia")
CIRRHOSIS = named(ICD, "K74.60", "Unspecified cirrhosis of liver")
NIGHTLY = (amount(1.5, "mg"), 1, "HS", "1.5 mg at bedtime")
TWICE = (amount(2, "{tablet}"), 2, "MORN", "2 tablets twice daily")
each_release = pytest.mark.parametrize("release", RELEASES)


def story(release: str) -> dict[str, Any]:
    """Every kind of record that rules look at."""
    return complete(
        encounter=spell.encounter(release, "visit", "AMB", FIBROMYALGIA),
        medStatements=bundle(
            spell.statement(release, "oxy", OXYCODONE, start="2025-08-14", asserted="2026-02-20", dose=TWICE),
            spell.statement(release, "cod", CODEINE, "completed", "2026-01-26", "2026-02-25"),
            spell.statement(release, "never", CODEINE, asserted="2026-02-27", taken=False),
            spell.statement(release, "ldn", NALTREXONE, start="2026-01", dose=NIGHTLY),
        ),
        medRequests=bundle(
            spell.order(release, "rx", OXYCODONE, written="2026-02-01T09:30:00+01:00", days=10, repeats=2, dose=TWICE),
            spell.order(release, "bounded", CODEINE, written="2026-02-01", dose=TWICE, bounds={"end": "2026-02-20"}),
        ),
        medDispenses=bundle(spell.dispense(release, "fill", OXYCODONE, "2026-02-03", 10, "rx")),
        medAdministrations=bundle(
            spell.administration(release, "given", CODEINE, "2026-02-24T22:15:00Z"),
            spell.administration(release, "refused", CODEINE, "2026-02-25", given=False),
        ),
        conditions=bundle(
            spell.condition(release, "fm", FIBROMYALGIA, onset="2024-05-02"),
            spell.condition(release, "liver", CIRRHOSIS, recorded="2025-12-24"),
            spell.condition(release, "over", CIRRHOSIS, "resolved", onset="2019", abated="2021-06"),
            spell.condition(release, "not", CIRRHOSIS, verification="refuted"),
        ),
        allergies=bundle(spell.allergy(release, "penicillin", "Penicillin")),
        labs=bundle(
            spell.observation(release, "alt", "1742-6", "2026-02-10", high=40, valueQuantity=amount(22, "U/L")),
            spell.observation(release, "bili", "1975-2", "2026-02-15", valueQuantity=amount(15.4, "umol/L")),
        ),
        pregnancyObs=bundle(
            spell.observation(release, "edd", "11778-8", "2026-02-01", valueDateTime="2026-08-14"),
            spell.observation(
                release, "status", "82810-3", "2026-02-26",
                valueCodeableConcept={"coding": [{"system": LOINC, "code": "LA15173-0"}]},
            ),
            spell.observation(release, "hcg", "2106-3", "2026-02-25", says="NEG"),
        ),
        serviceRequests=bundle(spell.lab_order(release, "panel", "24325-3", "2026-02-20")),
    )  # fmt: skip


def plain(record: PatientRecord) -> PatientRecord:
    """Orders have another type name in DSTU2 and lab requests before R4; R5 says stopped of a finished statement."""
    return replace(
        record,
        medications=tuple(_medication(one) for one in record.medications),
        lab_orders=tuple(replace(one, reference=f"ServiceRequest/{_id(one.reference)}") for one in record.lab_orders),
    )


def _medication(record: Medication) -> Medication:
    def today(name: str) -> str:
        return name.replace("MedicationOrder/", "MedicationRequest/")

    finished = record.kind == "statement" and record.status == "completed"
    return replace(
        record,
        reference=today(record.reference),
        based_on=tuple(today(target) for target in record.based_on),
        status="stopped" if finished else record.status,
    )


def _id(reference: str) -> str:
    return reference.rsplit("/", 1)[-1]


def whole(release: str) -> PatientRecord:
    return read(call(story(release), [spell_draft(release)]), wanted=TEMPLATES)


def spell_draft(release: str) -> dict[str, Any]:
    return spell.order(
        release,
        "draft",
        NALTREXONE,
        "draft",
        "2026-03-02",
        days=28,
        repeats=1,
        reason=FIBROMYALGIA,
        note="LDN, compounded",
        dose=NIGHTLY,
        bounds={"start": "2026-03-09"},
        valid_from="2026-03-05",
    )


@pytest.mark.parametrize("release", ["STU3", "DSTU2", "R5"])
def test_a_story_reads_the_same_in_every_release(release: str) -> None:
    assert plain(whole(release)) == plain(whole("R4"))


@each_release
def test_nothing_of_a_complete_story_is_missing(release: str) -> None:
    assert lapses(whole(release)) == {}


@each_release
def test_statements_are_read(release: str) -> None:
    oxy, cod, never, ldn = (record for record in whole(release).medications if record.kind == "statement")
    assert (oxy.status, oxy.starts, oxy.ends, oxy.asserted) == ("active", date(2025, 8, 14), None, date(2026, 2, 20))
    assert (cod.status, cod.starts, cod.ends) == (spell.finished(release), date(2026, 1, 26), date(2026, 2, 25))
    assert (never.status, never.asserted) == ("not-taken", date(2026, 2, 27))
    assert (ldn.starts, ldn.dosages[0].dose) == (date(2026, 1, 1), Quantity(1.5, "mg", "mg"))
    assert (oxy.dosages[0].dose, oxy.dosages[0].frequency) == (Quantity(2, "{tablet}", "{tablet}"), 2)


@each_release
def test_orders_are_read(release: str) -> None:
    rx, bounded = (record for record in whole(release).medications if record.kind == "request")
    assert (rx.status, rx.intent, rx.authored, rx.supply_days, rx.repeats) == (
        "active",
        "order",
        date(2026, 2, 1),
        10,
        2,
    )
    assert bounded.dosages[0].ends == date(2026, 2, 20)


@each_release
def test_dispenses_and_administrations_are_read(release: str) -> None:
    fill, given, refused = (r for r in whole(release).medications if r.kind in ("dispense", "administration"))
    assert (fill.handed_over, fill.supply_days, _id(fill.based_on[0])) == (date(2026, 2, 3), 10, "rx")
    assert (given.status, given.at) == ("completed", date(2026, 2, 24))
    assert refused.status == "not-done"


@each_release
def test_conditions_are_read(release: str) -> None:
    fm, liver, over, refuted = whole(release).conditions
    assert ("ldn-indication" in fm.groups, fm.clinical, fm.verification, fm.onset) == (
        True,
        "active",
        "confirmed",
        date(2024, 5, 2),
    )
    assert ("cirrhosis" in liver.groups, liver.recorded) == (True, date(2025, 12, 24))
    assert (over.onset, over.abated, over.has_abatement) == (date(2019, 1, 1), date(2021, 6, 30), True)
    assert refuted.verification == "refuted"


@each_release
def test_observations_are_read(release: str) -> None:
    found = {_id(one.reference): one for one in whole(release).observations}
    assert (found["alt"].group, found["alt"].value, found["alt"].high) == (
        "ALT",
        Quantity(22, "U/L", "U/L"),
        Quantity(40, "U/L", "U/L"),
    )
    assert found["edd"].date_value == date(2026, 8, 14)
    assert found["status"].answers == {"pregnant"}
    assert found["hcg"].answers == {"negative"}


@each_release
def test_patient_encounter_and_laboratory_orders_are_read(release: str) -> None:
    record = whole(release)
    assert record.patient is not None
    assert (record.patient.gender, record.patient.born_first) == ("female", date(1980, 6, 15))
    assert record.encounter is not None
    assert (record.encounter.setting, record.encounter.reasons[0].text) == ("AMB", "Fibromyalgia")
    (panel,) = record.lab_orders
    assert (panel.groups, panel.status, panel.authored) == ({"panel-hepatic"}, "active", date(2026, 2, 20))


# The draft itself


def draft(release: str) -> DraftOrder:
    request = call({}, [spell_draft(release)])
    (order,) = read_drafts(request, Opened(request, None).find, UTC).orders
    return replace(order, reference=f"MedicationRequest/{_id(order.reference)}")


@pytest.mark.parametrize("release", ["STU3", "DSTU2", "R5"])
def test_a_draft_reads_the_same_in_every_release(release: str) -> None:
    assert draft(release) == draft("R4")


@each_release
def test_what_a_draft_says_is_read(release: str) -> None:
    order = draft(release)
    assert order.drug is not None
    assert order.drug.naltrexone is not None
    assert (order.status, order.starts, order.note) == ("draft", date(2026, 3, 9), "LDN, compounded")
    assert (order.dosages[0].dose, order.dosages[0].when) == (Quantity(1.5, "mg", "mg"), ("HS",))
    assert [reason.text for reason in order.reasons] == ["Fibromyalgia"]


def test_releases_mixed_in_one_request_are_read_side_by_side() -> None:
    mixed = story("R4") | {key: story("DSTU2")[key] for key in ("medStatements", "conditions")}
    assert plain(read(call(mixed), wanted=TEMPLATES)) == plain(whole("R4"))


# Single spellings of one release


@pytest.mark.parametrize(("taken", "status"), [("y", "active"), ("n", "not-taken"), ("unk", "unknown")])
def test_stu3_says_in_taken_whether_a_drug_is_taken(taken: str, status: str) -> None:
    resource = spell.statement("STU3", "a", CODEINE) | {"taken": taken}
    (record,) = read(call(complete(medStatements=bundle(resource)))).medications
    assert record.status == status


def test_a_record_in_error_stays_an_error_whatever_else_it_says() -> None:
    for release, extra in (("STU3", {"taken": "n"}), ("DSTU2", {"wasNotTaken": True})):
        resource = spell.statement(release, "a", CODEINE, "entered-in-error") | extra
        (record,) = read(call(complete(medStatements=bundle(resource)))).medications
        assert record.status == "entered-in-error"


@pytest.mark.parametrize(
    ("status", "adherence", "expected"),
    [
        ("recorded", "taking", "active"),
        ("recorded", "taking-as-directed", "active"),
        ("recorded", "taking-not-as-directed", "active"),
        ("recorded", "not-taking", "not-taken"),
        ("recorded", "stopped", "stopped"),
        ("recorded", "stopped-not-as-directed", "stopped"),
        ("recorded", "on-hold-as-directed", "on-hold"),
        ("recorded", "unknown", "unknown"),
        ("recorded", "of-tomorrow", "active"),
        ("recorded", "", "active"),
        ("draft", "", "unknown"),  # what HL7's map makes of an active statement of R4
        ("draft", "taking", "active"),
        ("draft", "not-taking", "not-taken"),
        ("entered-in-error", "taking", "entered-in-error"),
    ],
)
def test_r5_says_in_adherence_whether_a_drug_is_taken(status: str, adherence: str, expected: str) -> None:
    resource = spell.statement("R5", "a", CODEINE) | {"status": status}
    resource["adherence"] = {"code": {"coding": [{"code": adherence}]}}
    if not adherence:
        del resource["adherence"]
    (record,) = read(call(complete(medStatements=bundle(resource)))).medications
    assert record.status == expected


def test_r5_calls_a_prescription_ended_that_others_call_stopped() -> None:
    (record,) = read(call(complete(medRequests=bundle(spell.order("R5", "a", CODEINE, "ended"))))).medications
    assert record.status == "stopped"


def test_a_dosage_of_r5_may_be_one_rendered_text() -> None:
    plain_order = spell.order("R5", "draft", NALTREXONE, "draft")
    resource = plain_order | {"renderedDosageInstruction": "1.5 mg at bedtime"}
    (order,) = read_drafts(call({}, [resource]), Opened(call({}), None).find, UTC).orders
    assert [line.text for line in order.dosages] == ["1.5 mg at bedtime"]
    (order,) = read_drafts(call({}, [plain_order]), Opened(call({}), None).find, UTC).orders
    assert order.dosages == ()


@pytest.mark.parametrize(
    "as_needed",
    [
        {"asNeededBoolean": True},
        {"asNeededCodeableConcept": {"text": "pain"}},
        {"asNeeded": True},
        {"asNeededFor": [{"text": "pain"}]},
    ],
)
def test_as_needed_is_understood_in_every_spelling(as_needed: dict[str, Any]) -> None:
    resource = spell.order("R5", "draft", NALTREXONE, "draft", dose=NIGHTLY)
    resource["dosageInstruction"][0] |= as_needed
    (order,) = read_drafts(call({}, [resource]), Opened(call({}), None).find, UTC).orders
    assert order.dosages[0].as_needed


def test_the_reason_of_an_r5_draft_may_be_a_problem_of_the_list() -> None:
    referred = spell.order("R5", "draft", NALTREXONE, "draft", dose=NIGHTLY)
    referred["reason"] = [{"reference": {"reference": "Condition/fm"}}]
    nameless = spell.condition("R5", "fm", {"text": "something that no value set knows"})
    request = call(complete(conditions=bundle(nameless)), [referred])
    (order,) = read_drafts(request, Opened(request, None).find, UTC).orders
    assert (order.reasons, order.reason_references) == ((), ("Condition/fm",))
    assert [one.reference for one in read(request).conditions] == ["Condition/fm"]


def test_a_date_of_r5_that_no_calendar_has_is_named() -> None:
    given = spell.administration("R5", "given", CODEINE, "2026-02-31")
    assert lapses(read(call(complete(medAdministrations=bundle(given))), wanted=TEMPLATES)) == {
        "medAdministrations": "unreadable"
    }


def test_a_record_without_a_status_is_of_unknown_status() -> None:
    resource = spell.statement("R4", "a", CODEINE)
    del resource["status"]
    (record,) = read(call(complete(medStatements=bundle(resource)))).medications
    assert record.status == "unknown"


@pytest.mark.parametrize("spelled", ["M79.7", "M797", "m79.7"])
def test_a_code_is_known_however_its_system_spells_it(spelled: str) -> None:
    resource = spell.condition("R4", "fm", named("urn:oid:2.16.840.1.113883.6.90", spelled, ""))
    (record,) = read(call(complete(conditions=bundle(resource)))).conditions
    assert "fibromyalgia" in record.groups


def test_a_partial_date_means_its_last_day_as_an_end_and_its_first_as_a_start() -> None:
    resource = spell.statement("R4", "a", CODEINE, start="2025-11", end="2026-02")
    (record,) = read(call(complete(medStatements=bundle(resource)))).medications
    assert (record.starts, record.ends) == (date(2025, 11, 1), date(2026, 2, 28))


def test_a_value_with_a_reason_for_its_absence_is_no_value() -> None:
    resource = spell.observation("R4", "alt", "1742-6", "2026-02-10", valueQuantity=amount(22, "U/L"))
    resource["dataAbsentReason"] = {"coding": [{"code": "error"}]}
    (record,) = read(call(complete(labs=bundle(resource)))).observations
    assert record.value is None


def test_results_inside_a_panel_are_read_with_the_day_and_the_status_of_the_whole() -> None:
    panel = spell.observation("R4", "panel", "24325-3", "2026-02-10")
    part = {
        "id": "part",
        "status": "cancelled",
        "code": named(LOINC, "1742-6", "ALT"),
        "valueQuantity": amount(22, "U/L"),
    }
    panel["component"] = [part, {"valueQuantity": amount(5, "U/L")}, {"code": named(LOINC, "8480-6", "Systolic")}]
    whole, alt = read(call(complete(labs=bundle(panel)))).observations
    assert (whole.group, whole.value, whole.reference) == ("panel-hepatic", None, "Observation/panel")
    assert (alt.group, alt.value, alt.status) == ("ALT", Quantity(22.0, "U/L", "U/L"), whole.status)
    assert (alt.taken, alt.reference) == (date(2026, 2, 10), "Observation/panel")


def test_a_part_of_a_panel_does_not_take_the_value_of_the_whole() -> None:
    panel = spell.observation("R4", "panel", "1742-6", "2026-02-10", valueQuantity=amount(22, "U/L"))
    panel["component"] = [{"code": named(LOINC, "1920-8", "AST")}]
    assert [one.value is None for one in read(call(complete(labs=bundle(panel)))).observations] == [False, True]


def test_a_part_of_a_panel_that_cannot_be_read_is_said() -> None:
    panel = spell.observation("R4", "panel", "24325-3", "2026-02-10")
    panel["component"] = [{"code": named(LOINC, "1742-6", "ALT"), "valueQuantity": {"value": "many"}}]
    record = read(call(complete(labs=bundle(panel))))
    assert [(one.data, one.cause) for one in record.shortfalls] == [("labs", "unreadable")]


def test_a_part_that_no_rule_looks_at_may_have_any_shape() -> None:
    panel = spell.observation("R4", "pressure", "85354-9", "2026-02-10")
    panel["component"] = [{"code": named(LOINC, "8480-6", "Systolic"), "valueQuantity": {"value": "120"}}, "odd"]
    record = read(call(complete(labs=bundle(panel))))
    assert (record.observations, record.shortfalls) == ((), ())


def test_a_medication_is_followed_to_where_it_is_contained_sent_along_or_kept() -> None:
    medication = {"resourceType": "Medication", "id": "oxy", "code": OXYCODONE}
    base = spell.statement("R4", "a", OXYCODONE, start="2026-01-01")
    del base["medicationCodeableConcept"]
    inside = base | {"contained": [medication], "medicationReference": {"reference": "#oxy"}}
    beside = base | {"medicationReference": {"reference": "Medication/oxy"}}
    absolute = base | {"medicationReference": {"reference": "https://ehr.example/fhir/Medication/oxy/_history/3"}}
    for sent in (bundle(inside), bundle(beside, medication), bundle(absolute, medication)):
        (record,) = read(call(complete(medStatements=sent))).medications
        assert record.drug.name == "oxycodone"


def test_a_medication_that_did_not_come_is_named_by_its_display_and_else_counted_as_unresolved() -> None:
    base = spell.statement("R4", "a", OXYCODONE, start="2026-01-01")
    del base["medicationCodeableConcept"]
    shown = base | {"medicationReference": {"reference": "Medication/gone", "display": "Oxycodone 5 mg tablet"}}
    (record,) = read(call(complete(medStatements=bundle(shown)))).medications
    assert record.drug.name == "oxycodone"
    bare = base | {"medicationReference": {"reference": "Medication/gone"}}
    assert lapses(read(call(complete(medStatements=bundle(bare))))) == {"medStatements": "unresolved-medication"}


@pytest.mark.parametrize("reference", ["", " ", "#", "#nothing"])
def test_a_reference_to_nothing_finds_nothing(reference: str) -> None:
    base = spell.statement("R4", "a", OXYCODONE, start="2026-01-01")
    del base["medicationCodeableConcept"]
    nameless = {"resourceType": "Condition", "code": OXYCODONE}
    sent = complete(medStatements=bundle(base | {"medicationReference": {"reference": reference}}),
                    conditions=bundle(nameless))  # fmt: skip
    assert read(call(sent)).medications == ()
