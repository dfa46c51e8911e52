"""Rules 4 to 6, 10 to 13, 16 to 19, 31 to 34, 37 and 38: what the cases of fhir_fixtures/ do not show."""

from typing import Any

import pytest
from definitions.chart import (
    INJECTION,
    LDN,
    METHADONE,
    TABLET,
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
from hypothesis import given
from hypothesis import strategies as st

from cds_service.definitions.case import ORDER_SELECT, PATIENT_VIEW, Case
from cds_service.record import Allergy, Concept, Indicator, LabOrder, Patient, Procedure, Shortfall
from cds_service.rules import (
    acute_liver_injury,
    alt_ast_elevated,
    baseline_lft_missing,
    first_line_not_documented,
    ldn_followup_due,
    ldn_stop_continue,
    naltrexone_allergy,
    opioid_recent_washout,
    opioid_tox_positive,
    oud_agonist_therapy,
    oud_history_unverified,
    pregnancy_possible,
    pregnancy_unknown,
    prior_intolerance_step_down,
    rules,
    surgery_upcoming,
    titration_order_set,
)

INFO, WARNING, CRITICAL = Indicator.INFO, Indicator.WARNING, Indicator.CRITICAL
FIBROMYALGIA = (Concept((), "Fibromyalgia"),)
OUD = condition("opioid-use-disorder", onset=ago(300))
TAKES_LDN = statement(LDN, starts=ago(81), dosages=(mg(1.5),))
MINE = (
    "opioid-tox-positive oud-agonist-therapy oud-history-unverified pregnancy-possible pregnancy-unknown "
    "pregnancy-ended breastfeeding acute-liver-injury alt-ast-elevated baseline-lft-missing esr-baseline-optional "
    "surgery-upcoming naltrexone-allergy prior-intolerance-step-down first-line-not-documented"
)


def alt(times: float, name: str = "ALT", days: int = 10, **facts: Any) -> Any:
    return result(name, ago(days), value=value(40 * times, "U/L"), high=value(40, "U/L"), **facts)


def surgery(days: int) -> Procedure:
    return Procedure("ServiceRequest/knee", "request", frozenset({"surgery"}), "active", first=ahead(days))


def allergy(**facts: Any) -> Allergy:
    return Allergy("AllergyIntolerance/a", **({"groups": frozenset({"naltrexone"}), "clinical": "active"} | facts))


@pytest.mark.parametrize("rule", MINE.split())
def test_an_opioid_draft_alone_is_no_matter_of_these_rules(rule: str) -> None:
    call = case(
        opioid_draft(),
        conditions=[OUD, condition("pregnancy", verification="unconfirmed", onset=ago(3))],
        observations=[result("urine-drug-screen-opiates", ago(1), answers={"positive"}), alt(8)],
        medications=[statement(METHADONE, starts=ago(60))],
        procedures=[surgery(2)],
        allergies=[allergy()],
    )
    assert rules()[rule](call) is None


@pytest.mark.parametrize(("days", "indicator"), [(7, CRITICAL), (8, WARNING)])
def test_a_positive_screen_is_critical_for_a_week(days: int, indicator: Indicator) -> None:
    screen = result("urine-drug-screen-opiates", ago(days), answers={"positive"})
    assert fired(opioid_tox_positive.detect(case(observations=[screen]))).indicator is indicator


def test_a_final_positive_result_outweighs_a_preliminary_one() -> None:
    early = result("urine-drug-screen-opiates", ago(1), answers={"positive"}, status="preliminary")
    final = result("urine-drug-screen-fentanyl", ago(5), answers={"positive"}, reference="Observation/final")
    found = fired(opioid_tox_positive.detect(case(observations=[early, final])))
    assert (found.indicator, found.evidence[0], found.values["preliminary"]) == (CRITICAL, "Observation/final", "")


def test_a_use_disorder_is_named_only_where_the_list_says_so() -> None:
    taken = statement(METHADONE, starts=ago(60))
    assert fired(oud_agonist_therapy.detect(case(medications=[taken]))).wording == "drug"
    assert fired(oud_agonist_therapy.detect(case(medications=[taken], conditions=[OUD]))).wording == "default"
    remission = condition("opioid-use-disorder-remission", onset=ago(300))
    assert fired(oud_agonist_therapy.detect(case(medications=[taken], conditions=[remission]))).wording == "drug"


def test_another_opioid_is_no_agonist_therapy() -> None:
    other = statement(opioid("oxycodone", "short-acting"), starts=ago(60))
    assert oud_agonist_therapy.detect(case(medications=[other])) is None


@pytest.mark.parametrize("product", [TABLET, INJECTION])
def test_a_standard_dose_for_pain_does_not_silence_the_use_disorder(product: Any) -> None:
    order = draft(naltrexone_drug(product), mg(50), reasons=FIBROMYALGIA)
    assert fired(oud_history_unverified.detect(case(order, conditions=[OUD]))).indicator is WARNING


@pytest.mark.parametrize(("days", "spoken"), [(5, False), (8, True), (40, True)])
def test_only_a_warned_washout_or_a_doubtful_opioid_takes_the_word(days: int, spoken: bool) -> None:
    ended = statement(opioid("codeine", "short-acting"), status="completed", starts=ago(days + 2), ends=ago(days))
    assert (oud_history_unverified.detect(case(conditions=[OUD], medications=[ended])) is not None) is spoken


def test_a_possible_pregnancy_asks_for_the_test_first() -> None:
    found = fired(pregnancy_possible.detect(case(conditions=[condition("pregnancy", recorded=None, onset=None)])))
    assert [(one.kind, one.recommended) for one in found.proposals] == [
        ("pregnancy-test", True),
        ("delete-draft", False),
    ]


@pytest.mark.parametrize(
    ("born", "asked"), [((1976, 3, 2), True), ((1975, 3, 2), False), ((2014, 3, 2), True), ((2014, 3, 3), False)]
)
def test_the_pregnancy_line_asks_from_12_to_50(born: tuple[int, int, int], asked: bool) -> None:
    day = ago(0).replace(*born)
    patient = Patient("female", day, day)
    assert (pregnancy_unknown.detect(case(patient=patient)) is not None) is asked


@pytest.mark.parametrize("patient", [None, Patient("female")])
def test_without_a_birth_date_the_pregnancy_line_stays_silent(patient: Patient | None) -> None:
    assert pregnancy_unknown.detect(case(patient=patient)) is None


@pytest.mark.parametrize("data", ["pregnancyObs", "conditions"])
def test_an_unread_list_is_never_called_missing(data: str) -> None:
    assert pregnancy_unknown.detect(case(shortfalls=[Shortfall(data, "timeout")])) is None


@given(times=st.floats(0.01, 60, allow_nan=False), other=st.floats(0.01, 60, allow_nan=False))
def test_a_liver_enzyme_is_either_severe_or_raised_and_never_both(times: float, other: float) -> None:
    call = case(observations=[alt(times), alt(other, "AST")])
    severe, raised = acute_liver_injury.detect(call), alt_ast_elevated.detect(call)
    assert severe is None or raised is None
    worst = max(round(times, 6), round(other, 6))
    assert (severe is not None) == (worst > 5)
    assert (raised is not None) == (3 < worst <= 5)


@pytest.mark.parametrize(("days", "expected"), [(90, True), (91, False)])
def test_enzymes_count_for_ninety_days(days: int, expected: bool) -> None:
    assert (acute_liver_injury.detect(case(observations=[alt(8, days=days)])) is not None) is expected


@pytest.mark.parametrize(("apart", "expected"), [(14, True), (15, False)])
def test_bilirubin_counts_within_two_weeks_of_the_enzyme(apart: int, expected: bool) -> None:
    bilirubin = result("bilirubin-total", ago(10 + apart), value=value(3, "mg/dL"), high=value(1.2, "mg/dL"))
    found = acute_liver_injury.detect(case(observations=[alt(4), bilirubin]))
    assert (found is not None) is expected


def test_a_range_in_another_unit_is_converted() -> None:
    test = result("ALT", ago(3), value=value(4, "ukat/L"), high=value(40, "U/L"))
    assert fired(acute_liver_injury.detect(case(observations=[test]))).values["times"] == "6.0"


def test_muscle_needs_a_normal_alt_and_a_very_high_creatine_kinase() -> None:
    kinase = result("creatine-kinase", ago(3), value=value(2500, "U/L"), high=value(200, "U/L"))
    muscle = fired(acute_liver_injury.detect(case(observations=[alt(0.8), alt(7, "AST"), kinase])))
    liver = fired(acute_liver_injury.detect(case(observations=[alt(1.5), alt(7, "AST"), kinase])))
    assert (muscle.indicator, liver.indicator) == (WARNING, CRITICAL)


def test_liver_failure_beside_cirrhosis_is_the_other_rules_matter() -> None:
    failure = condition("liver-failure", "decompensation", onset=ago(20))
    assert acute_liver_injury.detect(case(conditions=[failure])) is not None
    cirrhosis = condition("cirrhosis", onset=ago(700))
    assert acute_liver_injury.detect(case(conditions=[failure, cirrhosis])) is None


def test_a_raised_enzyme_brings_the_panel_into_the_order_set() -> None:
    offered = fired(titration_order_set.detect(case(observations=[alt(4)])))
    assert offered.proposals[0].values["include"] == "hepatic-panel"


def test_a_restart_is_not_asked_for_a_baseline() -> None:
    before = statement(LDN, status="completed", starts=ago(200), ends=ago(40), dosages=(mg(1.5),))
    assert baseline_lft_missing.detect(case()) is not None
    assert baseline_lft_missing.detect(case(medications=[before])) is None


# Rule 31


@pytest.mark.parametrize(("days", "indicator"), [(3, WARNING), (4, INFO), (14, INFO)])
def test_a_renewal_is_warned_three_days_before_surgery(days: int, indicator: Indicator) -> None:
    found = fired(surgery_upcoming.detect(case(medications=[TAKES_LDN], procedures=[surgery(days)])))
    assert (found.indicator, found.wording) == (indicator, "default")


@pytest.mark.parametrize(("days", "last"), [(4, "2026-03-02"), (3, "")])
def test_the_last_dose_is_named_while_it_can_still_be_kept(days: int, last: str) -> None:
    found = fired(surgery_upcoming.detect(case(medications=[TAKES_LDN], procedures=[surgery(days)])))
    assert found.values["last"] == last


@pytest.mark.parametrize(("days", "indicator"), [(30, WARNING), (31, INFO), (35, INFO), (36, None)])
def test_an_injection_looks_further_ahead(days: int, indicator: Indicator | None) -> None:
    order = draft(naltrexone_drug(INJECTION), mg(380))
    found = surgery_upcoming.detect(case(order, procedures=[surgery(days)]))
    assert (found.indicator if found else None) is indicator


def test_an_injection_given_before_still_blocks() -> None:
    given = statement(naltrexone_drug(INJECTION), status="completed", at=ago(10))
    call = case(medications=[given], procedures=[surgery(20)])
    assert fired(surgery_upcoming.detect(call)).wording == "injection"


def test_one_start_date_stands_on_every_card() -> None:
    codeine = statement(opioid("codeine", "short-acting"), status="completed", starts=ago(6), ends=ago(3))
    call = case(medications=[codeine], procedures=[surgery(6)])
    moved = {
        proposal.values["start"]
        for rule in (opioid_recent_washout, surgery_upcoming)
        for proposal in fired(rule.detect(call)).proposals
        if proposal.kind == "set-start"
    }
    assert moved == {"2026-03-22"}
    assert fired(titration_order_set.detect(call)).values["start"] == "2026-03-22"


# Rules 32 and 33


@pytest.mark.parametrize(
    ("facts", "indicator"),
    [
        ({"criticality": "high"}, CRITICAL),
        ({"reactions": frozenset({"severe-reaction"})}, CRITICAL),
        ({"severe": True}, CRITICAL),
        ({}, WARNING),
        ({"verification": "unconfirmed"}, WARNING),
        ({"reactions": frozenset({"naltrexone-effect"}), "kind": "allergy"}, WARNING),
        ({"reactions": frozenset({"naltrexone-effect"}), "other_reactions": True}, WARNING),
        ({"reactions": frozenset({"naltrexone-effect"})}, None),
        ({"reactions": frozenset({"naltrexone-effect"}), "kind": "intolerance", "other_reactions": True}, None),
        ({"clinical": "inactive"}, None),
        ({"verification": "refuted"}, None),
    ],
)
def test_an_allergy_is_told_from_an_intolerance(facts: dict[str, Any], indicator: Indicator | None) -> None:
    found = naltrexone_allergy.detect(case(allergies=[allergy(**facts)]))
    assert (found.indicator if found else None) is indicator


def test_a_severe_mild_effect_is_an_allergy_and_no_reason_to_go_slowly() -> None:
    harsh = allergy(reactions=frozenset({"naltrexone-effect"}), kind="intolerance", severe=True)
    assert fired(naltrexone_allergy.detect(case(allergies=[harsh]))).indicator is CRITICAL
    assert prior_intolerance_step_down.detect(case(allergies=[harsh])) is None


@pytest.mark.parametrize(("days", "expected"), [(40, True), (81, True), (82, False)])
def test_an_effect_counts_from_the_first_day_of_ldn(days: int, expected: bool) -> None:
    call = case(medications=[TAKES_LDN], conditions=[condition("naltrexone-effect", onset=ago(days))])
    found = prior_intolerance_step_down.detect(call)
    assert (found is not None) is expected
    assert call.intolerance is None or call.intolerance.ongoing


def test_an_effect_without_ldn_is_the_patients_own() -> None:
    assert case(conditions=[condition("naltrexone-effect", onset=ago(5))]).intolerance is None


# Rules 34, 37 and 38


@pytest.mark.parametrize("data", ["medStatements", "medRequests"])
def test_an_unread_medication_list_is_never_called_empty(data: str) -> None:
    order = draft(reasons=FIBROMYALGIA)
    assert first_line_not_documented.detect(case(order)) is not None
    assert first_line_not_documented.detect(case(order, shortfalls=[Shortfall(data, "timeout")])) is None


def viewed(**facts: Any) -> Case:
    return Case(PATIENT_VIEW, case(**facts).record, (), case().thresholds)


def test_patient_view_asks_without_a_renewal_and_has_nothing_to_delete() -> None:
    found = fired(ldn_stop_continue.detect(viewed(medications=[TAKES_LDN])))
    assert [proposal.kind for proposal in found.proposals] == ["pain-score"]
    assert fired(ldn_followup_due.detect(viewed(medications=[TAKES_LDN]))).indicator is INFO


def test_patient_view_is_silent_where_ldn_is_not_taken() -> None:
    over = statement(LDN, status="completed", starts=ago(100), ends=ago(5), dosages=(mg(1.5),))
    assert ldn_stop_continue.detect(viewed(medications=[over])) is None
    assert ldn_followup_due.detect(viewed(medications=[over])) is None


@pytest.mark.parametrize("rule", sorted(rules()))
def test_patient_view_hears_of_follow_up_only(rule: str) -> None:
    call = viewed(
        medications=[TAKES_LDN, statement(METHADONE, starts=ago(60))],
        conditions=[OUD, condition("pregnancy", onset=ago(60))],
        observations=[alt(9)],
        allergies=[allergy(severe=True)],
        procedures=[surgery(2)],
    )
    assert (rules()[rule](call) is not None) is (rule in ("ldn-followup-due", "ldn-stop-continue"))


@pytest.mark.parametrize("rule", [ldn_followup_due, ldn_stop_continue])
def test_outcomes_that_could_not_be_read_are_not_missing(rule: Any) -> None:
    assert rule.detect(viewed(medications=[TAKES_LDN], shortfalls=[Shortfall("outcomes", "timeout")])) is None


def test_a_new_start_is_no_renewal() -> None:
    assert ldn_followup_due.detect(case(hook=ORDER_SELECT)) is None
    assert ldn_stop_continue.detect(case(hook=ORDER_SELECT)) is None


@pytest.mark.parametrize(("days", "expected"), [(69, False), (70, True)])
def test_the_decision_is_asked_from_day_70(days: int, expected: bool) -> None:
    taken = statement(LDN, starts=ago(days - 1), dosages=(mg(1.5),))
    assert (ldn_stop_continue.detect(viewed(medications=[taken])) is not None) is expected


@pytest.mark.parametrize(("days", "expected"), [(97, False), (98, True)])
def test_after_a_slow_start_the_decision_comes_four_weeks_later(days: int, expected: bool) -> None:
    slow = statement(LDN, starts=ago(days - 1), dosages=(mg(1),))
    assert (ldn_stop_continue.detect(viewed(medications=[slow])) is not None) is expected


def test_the_last_planned_step_is_no_change_of_dose() -> None:
    climb = statement(LDN, reference="MedicationStatement/climb", status="completed", starts=ago(77), ends=ago(50),
                      dosages=(mg(1.5, sequence=1), mg(3, sequence=2)))  # fmt: skip
    target = statement(LDN, starts=ago(49), dosages=(mg(4.5),))
    assert ldn_stop_continue.detect(viewed(medications=[climb, target])) is not None


def test_a_review_in_this_session_answers_the_follow_up() -> None:
    review = LabOrder("ServiceRequest/review", frozenset({"pain-score"}), "draft", draft=True)
    taken = statement(LDN, starts=ago(40), dosages=(mg(1.5),))
    assert ldn_followup_due.detect(case(medications=[taken])) is not None
    assert ldn_followup_due.detect(case(medications=[taken], lab_orders=[review])) is None
