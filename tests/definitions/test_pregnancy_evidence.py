"""Weighing the evidence for and against a pregnancy (rulebook rule 9), with every boundary of its dates."""

from datetime import date
from typing import Any

import pytest
from definitions.chart import MAN, T0, THRESHOLDS, WOMAN, ago, ahead, chart, condition, result, value

from cds_service.definitions.pregnancy import PregnancyStatus, is_plausible_age, pregnancy_status
from cds_service.record import Condition, Observation, Patient

A_MONTH_AGO = ago(30)


def status(*facts: Condition | Observation, patient: Patient | None = WOMAN) -> PregnancyStatus:
    conditions = [fact for fact in facts if isinstance(fact, Condition)]
    observations = [fact for fact in facts if isinstance(fact, Observation)]
    return pregnancy_status(chart(conditions=conditions, observations=observations, patient=patient), THRESHOLDS)


def pregnant(*facts: Condition | Observation, patient: Patient | None = WOMAN) -> bool:
    return bool(status(*facts, patient=patient).positive)


def problem(days: int = 60, **facts: Any) -> Condition:
    return condition("pregnancy", onset=ago(days), **facts)


def due(day: date, taken: date = A_MONTH_AGO, reference: str = "Observation/due") -> Observation:
    return result("estimated-delivery-date", taken, date_value=day, reference=reference)


def said(answer: str, days: int) -> Observation:
    return result("pregnancy-status", ago(days), answers={answer}, reference=f"Observation/said-{days}")


def hcg(answer: str, days: int) -> Observation:
    return result("hCG-qualitative", ago(days), answers={answer}, reference=f"Observation/hcg-{days}")


# Positive evidence


@pytest.mark.parametrize(("days", "expected"), [(0, True), (307, True), (308, True), (309, False), (730, False)])
def test_a_current_problem_counts_for_308_days_after_its_onset(days: int, expected: bool) -> None:
    assert pregnant(problem(days)) is expected


def test_a_problem_without_an_onset_counts_from_when_it_was_recorded() -> None:
    assert pregnant(condition("pregnancy", recorded=ago(308)))
    assert not pregnant(condition("pregnancy", recorded=ago(309)))


def test_an_undated_problem_is_not_current_pregnancy() -> None:
    assert not pregnant(condition("pregnancy"))


@pytest.mark.parametrize(
    "facts",
    [
        {"clinical": "resolved"},
        {"clinical": "inactive"},
        {"verification": "refuted"},
        {"verification": "entered-in-error"},
        {"verification": "provisional"},
        {"verification": "unconfirmed"},
        {"abated": ago(1)},
    ],
)
def test_a_problem_that_is_over_refuted_or_unconfirmed_does_not_count(facts: dict[str, Any]) -> None:
    assert not pregnant(problem(**facts))


@pytest.mark.parametrize(("days", "expected"), [(0, True), (59, True), (60, True), (61, False)])
def test_a_pregnancy_status_counts_for_sixty_days(days: int, expected: bool) -> None:
    assert pregnant(said("pregnant", days)) is expected


def test_an_older_status_counts_while_a_due_date_agrees_with_it() -> None:
    kinds = [evidence.kind for evidence in status(said("pregnant", 120), due(ahead(60), ago(120))).positive]
    assert "status" in kinds


@pytest.mark.parametrize(
    ("day", "expected"), [(ago(15), False), (ago(14), True), (T0, True), (ahead(300), True), (ahead(301), False)]
)
def test_a_due_date_counts_from_a_fortnight_past_to_three_hundred_days_ahead(day: date, expected: bool) -> None:
    assert pregnant(due(day)) is expected


def test_the_latest_due_date_counts_and_not_the_first_listed() -> None:
    newer, older = due(ahead(100), ago(5), "Observation/new"), due(ago(200), ago(300), "Observation/old")
    assert status(older, newer).due == ahead(100)
    assert status(newer, older).due == ahead(100)


@pytest.mark.parametrize(("days", "expected"), [(0, True), (42, True), (43, False)])
def test_a_positive_test_counts_for_42_days(days: int, expected: bool) -> None:
    assert pregnant(hcg("positive", days)) is expected


@pytest.mark.parametrize("answer", ["negative", "indeterminate", "unknown"])
def test_a_test_that_is_not_positive_is_no_evidence(answer: str) -> None:
    assert not pregnant(hcg(answer, 3))


@pytest.mark.parametrize(
    ("amount", "high", "expected"),
    [
        (value(4.9, "[IU]/L"), value(5, "[IU]/L"), False),
        (value(5, "[IU]/L"), value(5, "[IU]/L"), False),
        (value(5.1, "[IU]/L"), value(5, "[IU]/L"), True),
        (value(24.9, "[IU]/L"), None, False),
        (value(25, "[IU]/L"), None, True),
        (value(30, "m[IU]/mL"), None, True),
        (value(20, "m[IU]/mL"), None, False),
        (value(400, ""), None, False),
    ],
)
def test_a_measured_hcg_is_positive_above_its_reference_or_from_25_units(
    amount: Any, high: Any, expected: bool
) -> None:
    assert pregnant(result("hCG-quantitative", ago(3), value=amount, high=high)) is expected


def test_a_cancelled_test_is_no_evidence() -> None:
    assert not pregnant(result("hCG-qualitative", ago(3), answers={"positive"}, status="cancelled"))


# Age and sex


def test_recorded_pregnancy_counts_whatever_the_recorded_sex() -> None:
    assert pregnant(problem(), patient=MAN)
    assert pregnant(problem(), patient=None)


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        (date(2016, 3, 2), True),
        (date(2016, 3, 3), False),
        (date(1965, 3, 3), True),
        (date(1965, 3, 2), False),
    ],
)
def test_pregnancy_is_believed_from_10_to_60_years(born: date, expected: bool) -> None:
    assert pregnant(problem(), patient=Patient("female", born, born)) is expected


def test_a_birth_date_that_is_only_a_year_is_given_the_benefit_of_the_doubt() -> None:
    assert is_plausible_age(Patient("female", date(2016, 1, 1), date(2016, 12, 31)), T0, THRESHOLDS)
    assert not is_plausible_age(Patient("female", date(2017, 1, 1), date(2017, 12, 31)), T0, THRESHOLDS)


# End evidence


@pytest.mark.parametrize("end", ["pregnancy-ended-delivery", "pregnancy-ended-abortive"])
@pytest.mark.parametrize(("days", "expected"), [(61, True), (60, False), (59, False)])
def test_an_end_on_or_after_the_day_of_the_evidence_cancels_it(end: str, days: int, expected: bool) -> None:
    assert pregnant(problem(60), condition(end, clinical="resolved", onset=ago(days))) is expected


@pytest.mark.parametrize(("days", "expected"), [(61, True), (60, True), (59, False)])
def test_a_not_pregnant_cancels_only_what_was_dated_before_it(days: int, expected: bool) -> None:
    assert pregnant(problem(60), said("not-pregnant", days)) is expected


def test_a_new_pregnancy_after_a_delivery_counts() -> None:
    assert pregnant(problem(30), condition("pregnancy-ended-delivery", clinical="resolved", onset=ago(300)))


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error", "provisional"])
def test_a_delivery_that_did_not_happen_ends_nothing(verification: str) -> None:
    end = condition("pregnancy-ended-delivery", onset=ago(3), verification=verification)
    assert pregnant(problem(60), end)


def test_an_undated_delivery_ends_nothing() -> None:
    assert pregnant(problem(60), condition("pregnancy-ended-delivery"))


def test_an_abated_pregnancy_problem_ends_older_evidence() -> None:
    old = problem(200, reference="Condition/old", clinical="resolved", abated=ago(10))
    assert not pregnant(said("pregnant", 30), old)
    assert pregnant(said("pregnant", 5), old)


@pytest.mark.parametrize("evidence", [problem(60), said("pregnant", 30), due(ahead(100), ago(30))])
def test_a_later_negative_test_never_cancels_anything_but_a_test(evidence: Condition | Observation) -> None:
    assert pregnant(evidence, hcg("negative", 3))


@pytest.mark.parametrize("days", [19, 1])
def test_where_only_a_test_speaks_for_it_a_later_negative_makes_it_doubtful(days: int) -> None:
    found = status(hcg("positive", 20), hcg("negative", days))
    assert (found.positive, len(found.doubtful)) == ((), 1)


def test_an_earlier_negative_test_leaves_a_positive_one_standing() -> None:
    assert pregnant(hcg("negative", 30), hcg("positive", 20))


@pytest.mark.parametrize(("past", "doubted"), [(14, []), (15, ["problem", "status"]), (90, ["problem"])])
def test_a_due_date_long_past_turns_everything_older_into_doubt(past: int, doubted: list[str]) -> None:
    found = status(problem(250), due(ago(past), ago(200)), said("pregnant", 50))
    assert [evidence.kind for evidence in found.doubtful] == doubted
    assert not {evidence.kind for evidence in found.positive} & set(doubted)


def test_evidence_newer_than_a_lapsed_due_date_stands() -> None:
    assert pregnant(due(ago(80), ago(300)), said("pregnant", 3))


def test_the_due_date_is_told_where_one_stands() -> None:
    assert status(problem(), due(ahead(165))).due == date(2026, 8, 14)
    assert status(problem()).due is None
