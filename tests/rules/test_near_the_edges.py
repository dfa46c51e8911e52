"""Edges and orders of rules that neither the cases nor the other tests show; each came from a change that survived."""

from typing import Any

import pytest
from definitions.chart import (
    COMBINATION,
    DEPOT,
    HYDROCODONE,
    LDN,
    OXYCODONE_ER,
    UNSPECIFIED,
    administration,
    ago,
    ahead,
    case,
    condition,
    draft,
    mg,
    naltrexone_drug,
    opioid,
    opioid_draft,
    result,
    statement,
    value,
)
from firing import fired

from cds_service.definitions.case import ORDER_SIGN
from cds_service.record import (
    OTHER_PATIENT,
    Allergy,
    Concept,
    Dosage,
    Encounter,
    FirstLineDrug,
    Indicator,
    LabOrder,
    Shortfall,
)
from cds_service.rules import (
    acute_liver_injury,
    baseline_lft_missing,
    data_not_checked,
    dose_above_ldn_range,
    dose_not_checkable,
    first_line_not_documented,
    ldn_followup_due,
    naltrexone_allergy,
    naltrexone_bupropion_for_pain,
    opioid_active,
    opioid_naltrexone_same_session,
    opioid_ordered_on_naltrexone,
    opioid_withdrawal,
    oud_agonist_therapy,
)

INFO, WARNING, CRITICAL = Indicator.INFO, Indicator.WARNING, Indicator.CRITICAL
FIBROMYALGIA = (Concept((), "Fibromyalgia"),)


def hepatitis(days: int, name: str = "a", **facts: Any) -> Any:
    return condition("acute-liver-injury", onset=ago(days), reference=f"Condition/{name}", **facts)


@pytest.mark.parametrize(("days", "expected"), [(180, True), (181, False)])
def test_an_acute_hepatitis_counts_for_180_days(days: int, expected: bool) -> None:
    assert (acute_liver_injury.detect(case(conditions=[hepatitis(days)])) is not None) is expected


def test_a_refuted_hepatitis_does_not_hide_the_one_after_it() -> None:
    problems = [hepatitis(3, verification="refuted"), hepatitis(9, "b")]
    assert fired(acute_liver_injury.detect(case(conditions=problems))).evidence == ("Condition/b",)


def test_of_two_acute_problems_the_later_one_leads() -> None:
    found = fired(acute_liver_injury.detect(case(conditions=[hepatitis(90), hepatitis(5, "b"), hepatitis(40, "c")])))
    assert found.evidence == ("Condition/b", "Condition/c", "Condition/a")
    assert found.values["on"] == ago(5).isoformat()


def test_a_result_without_a_unit_is_named_only_where_it_is_the_latest() -> None:
    bare = result("ALT", ago(5), value=value(22, ""))
    older = result("AST", ago(400), value=value(22, "U/L"))
    found = fired(baseline_lft_missing.detect(case(observations=[older, bare])))
    assert (found.values["unitless"], found.values["last"]) == ("ALT", ago(400).isoformat())


@pytest.mark.parametrize(("dose", "indicator"), [(24.0, WARNING), (25.0, None)])
def test_from_25_mg_on_a_dose_is_no_longer_merely_above_the_range(dose: float, indicator: Indicator | None) -> None:
    found = dose_above_ldn_range.detect(case(draft(naltrexone_drug(UNSPECIFIED), mg(dose), reasons=FIBROMYALGIA)))
    assert (found.indicator if found else None) == indicator


def test_one_unreadable_order_with_a_sign_of_low_dose_is_enough_for_a_warning() -> None:
    unread = (Dosage(text="as told"),)
    plain = draft(naltrexone_drug(), *unread, reference="MedicationRequest/a")
    cued = draft(LDN, Dosage(text="as told"), reference="MedicationRequest/b", reasons=FIBROMYALGIA)
    found = fired(dose_not_checkable.detect(case(plain, cued, hook=ORDER_SIGN)))
    assert found.indicator is WARNING
    assert found.evidence == ("MedicationRequest/a", "MedicationRequest/b")


def test_each_further_opioid_is_named_and_one_depot_among_them_is_enough() -> None:
    opioids = [
        opioid_draft(HYDROCODONE, reference="MedicationRequest/h"),
        opioid_draft(DEPOT, reference="MedicationRequest/d"),
    ]
    found = fired(opioid_naltrexone_same_session.detect(case(draft(), *opioids)))
    assert (found.values["others"], found.wording) == ("buprenorphine", "depot")


def test_a_challenge_passed_on_the_day_of_a_failed_one_answers_it() -> None:
    failed = result("naloxone-challenge", ago(1), answers={"positive"}, reference="Observation/failed")
    passed = result("naloxone-challenge", ago(1), answers={"negative"}, reference="Observation/passed")
    assert opioid_withdrawal.detect(case(observations=[failed])) is not None
    assert opioid_withdrawal.detect(case(observations=[failed, passed])) is None


def test_of_two_combination_orders_the_graver_one_is_judged() -> None:
    for_pain = draft(naltrexone_drug(COMBINATION), mg(8), reference="MedicationRequest/pain", reasons=FIBROMYALGIA)
    both_reasons = (*FIBROMYALGIA, Concept((), "Obesity"))
    for_both = draft(naltrexone_drug(COMBINATION), mg(8), reference="MedicationRequest/both", reasons=both_reasons)
    found = [fired(naltrexone_bupropion_for_pain.detect(case(*order))) for order in
             ((for_pain, for_both), (for_both, for_pain))]  # fmt: skip
    assert [one.indicator for one in found] == [WARNING, WARNING]


def test_a_start_on_the_clear_day_itself_is_understood() -> None:
    opioid = opioid_draft(HYDROCODONE, ends=ahead(5))
    on_time = draft(LDN, mg(1.5), starts=ahead(15))
    early = draft(LDN, mg(1.5), starts=ahead(14))
    assert fired(opioid_naltrexone_same_session.detect(case(on_time, opioid))).indicator is INFO
    assert fired(opioid_naltrexone_same_session.detect(case(early, opioid))).indicator is CRITICAL


@pytest.mark.parametrize(
    "name",
    [
        *("medStatements", "medRequests", "medDispenses", "medAdministrations", "conditions", "pregnancyObs", "labs"),
        *("toxLabs", "outcomes", "allergies", "procedures", "serviceRequests", "appointments", "patient", "encounter"),
    ],
)
def test_a_record_of_somebody_else_is_said_whatever_list_it_came_in(name: str) -> None:
    found = fired(data_not_checked.detect(case(shortfalls=[Shortfall(name, OTHER_PATIENT, 1)])))
    assert Shortfall(name, OTHER_PATIENT, 1) in found.shortfalls


@pytest.mark.parametrize("other", ["corneal-neuropathic-pain", "multiple-sclerosis", "crohn", "ibd"])
def test_where_ldn_has_another_place_no_first_line_drug_is_missed(other: str) -> None:
    def asked(*groups: str) -> bool:
        problems = [condition(group) for group in groups]
        order = draft(reason_references=tuple(one.reference for one in problems))
        return first_line_not_documented.detect(case(order, conditions=problems)) is not None

    assert asked("neuropathy")
    assert not asked("neuropathy", other)
    assert asked("neuropathy", "fibromyalgia", other)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("entered-in-error", True), ("cancelled", True), ("not-taken", True), ("stopped", False), ("active", False)],
)
def test_a_first_line_drug_that_was_never_taken_is_none(status: str, expected: bool) -> None:
    known = FirstLineDrug("MedicationStatement/d", "duloxetine", status)
    order = draft(reasons=FIBROMYALGIA)
    found = first_line_not_documented.detect(case(order, first_line=[known]))
    assert (found is not None) is expected


@pytest.mark.parametrize("setting", ["EMER", "ACUTE", "IMP", "NONAC", "OBSENC", "SS", "PRENC"])
def test_an_opioid_for_who_takes_naltrexone_in_a_hospital_is_told_of_there(setting: str) -> None:
    taken = statement(LDN, starts=ago(40), dosages=(mg(1.5),))
    found = opioid_ordered_on_naltrexone.detect(
        case(opioid_draft(), medications=[taken], encounter=Encounter("Encounter/now", setting))
    )
    assert fired(found).wording == "hospital"


def test_an_opioid_that_starts_after_one_of_two_naltrexone_records_has_ended_still_meets_the_other() -> None:
    over = statement(LDN, reference="MedicationStatement/over", status="completed", starts=ago(40), ends=ago(2))
    taken = statement(naltrexone_drug(), reference="MedicationStatement/taken", starts=ago(40), dosages=(mg(50),))
    later = opioid_draft(starts=ahead(30))
    assert opioid_ordered_on_naltrexone.detect(case(later, medications=[over, taken])) is not None


@pytest.mark.parametrize(
    ("order", "answered"),
    [
        (LabOrder("ServiceRequest/r", frozenset({"pain-score"}), "draft", draft=True), True),
        (LabOrder("ServiceRequest/r", frozenset({"pain-score"}), "active", draft=False), False),
        (LabOrder("ServiceRequest/r", frozenset({"alt"}), "draft", draft=True), False),
    ],
)
def test_only_a_review_that_is_being_ordered_answers_the_follow_up(order: LabOrder, answered: bool) -> None:
    taken = statement(LDN, starts=ago(40), dosages=(mg(1.5),))
    found = ldn_followup_due.detect(case(medications=[taken], lab_orders=[order]))
    assert (found is None) is answered


def unborne(name: str, **facts: Any) -> Allergy:
    return Allergy(
        f"AllergyIntolerance/{name}", **({"groups": frozenset({"naltrexone"}), "clinical": "active"} | facts)
    )


def test_of_two_allergies_the_severe_one_is_named_first_wherever_it_stands() -> None:
    plain = unborne("a", reactions=frozenset({"skin-reaction"}), criticality="low")
    severe = unborne("b", severe=True, criticality="high")
    for listed in ([plain, severe], [severe, plain]):
        found = fired(naltrexone_allergy.detect(case(allergies=listed)))
        assert found.indicator is CRITICAL
        assert found.evidence[0] == "AllergyIntolerance/b"


@pytest.mark.parametrize(("kind", "expected"), [("allergy", True), ("", True), ("intolerance", False)])
@pytest.mark.parametrize("relative", ["naloxone", "methylnaltrexone", "opioid"])
def test_an_allergy_to_a_relative_is_told_and_an_intolerance_is_not(relative: str, kind: str, expected: bool) -> None:
    known = unborne("a", groups=frozenset({relative}), kind=kind)
    assert (naltrexone_allergy.detect(case(allergies=[known])) is not None) is expected


def test_an_opioid_that_was_given_is_told_of_as_given() -> None:
    given = administration(OXYCODONE_ER, starts=ago(1), status="in-progress")
    assert fired(opioid_active.detect(case(medications=[given]))).wording == "administered"


@pytest.mark.parametrize("name", ["methadone", "buprenorphine", "levomethadone"])
def test_each_agonist_counts_as_therapy(name: str) -> None:
    taken = statement(opioid(name, "two-week"), starts=ago(40))
    assert fired(oud_agonist_therapy.detect(case(medications=[taken]))).indicator is CRITICAL
