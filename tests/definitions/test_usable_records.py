"""Which Conditions and Observations may be used, and as what (rulebook b.1)."""

from datetime import date

import pytest
from definitions.chart import T0, THRESHOLDS, ago, ahead, condition, result

from cds_service.definitions.usable import age_days, dated, is_current, is_possible, is_usable, usable_observations
from cds_service.record import Observation, PatientRecord


def having(*results: Observation) -> PatientRecord:
    return PatientRecord(T0, observations=results)


@pytest.mark.parametrize(
    ("verification", "usable", "possible"),
    [
        ("confirmed", True, False),
        ("", True, False),
        ("unconfirmed", False, True),
        ("provisional", False, True),
        ("differential", False, True),
        ("refuted", False, False),
        ("entered-in-error", False, False),
    ],
)
def test_verification_decides_whether_a_condition_counts(verification: str, usable: bool, possible: bool) -> None:
    found = condition("cirrhosis", verification=verification)
    assert (is_usable(found), is_possible(found)) == (usable, possible)


@pytest.mark.parametrize(
    ("clinical", "expected"),
    [("active", True), ("recurrence", True), ("relapse", True), ("inactive", False), ("remission", False),
     ("resolved", False)],
)  # fmt: skip
def test_clinical_status_decides_whether_a_condition_is_current(clinical: str, expected: bool) -> None:
    assert is_current(condition("cirrhosis", clinical=clinical, onset=ago(5000)), T0, THRESHOLDS) is expected


@pytest.mark.parametrize(("abated", "expected"), [(ago(1), False), (ahead(1), True)])
def test_an_abatement_in_the_past_ends_an_active_condition(abated: date, expected: bool) -> None:
    assert is_current(condition("cirrhosis", abated=abated), T0, THRESHOLDS) is expected


def test_an_abatement_without_a_date_ends_an_active_condition() -> None:
    assert not is_current(condition("cirrhosis", has_abatement=True), T0, THRESHOLDS)


@pytest.mark.parametrize(("days", "expected"), [(364, True), (365, True), (366, False)])
@pytest.mark.parametrize("name", ["recorded", "onset"])
def test_without_a_clinical_status_a_condition_is_current_for_twelve_months(
    name: str, days: int, expected: bool
) -> None:
    assert is_current(condition("cirrhosis", clinical="", **{name: ago(days)}), T0, THRESHOLDS) is expected


def test_without_status_and_dates_a_condition_is_not_current() -> None:
    assert not is_current(condition("cirrhosis", clinical=""), T0, THRESHOLDS)


def test_a_condition_is_dated_by_its_onset_and_else_by_when_it_was_recorded() -> None:
    assert dated(condition("cirrhosis", onset=ago(9), recorded=ago(2))) == ago(9)
    assert dated(condition("cirrhosis", recorded=ago(2))) == ago(2)


@pytest.mark.parametrize(
    ("status", "usable"),
    [("final", True), ("amended", True), ("corrected", True), ("preliminary", True), ("registered", False),
     ("cancelled", False), ("entered-in-error", False), ("", False)],
)  # fmt: skip
def test_status_decides_whether_a_result_counts(status: str, usable: bool) -> None:
    assert bool(usable_observations(having(result("ALT", status=status)), "ALT")) is usable


def test_results_come_latest_first_by_when_they_were_taken_and_not_as_listed() -> None:
    listed = [result("ALT", ago(9)), result("ALT", ago(1)), result("ALT", None), result("ALT", ago(20))]
    assert [one.taken for one in usable_observations(having(*listed), "ALT")] == [ago(1), ago(9), ago(20), None]


def test_of_two_results_of_one_day_the_later_hour_comes_first() -> None:
    morning = result("ALT", T0, reference="Observation/a", taken_order=f"{T0}T08:00:00")
    evening = result("ALT", T0, reference="Observation/b", taken_order=f"{T0}T20:00:00")
    assert usable_observations(having(morning, evening), "ALT")[0] is evening


@pytest.mark.parametrize(("day", "usable"), [(ahead(1), True), (ahead(2), False)])
def test_a_result_dated_tomorrow_counts_as_todays_and_a_later_one_not_at_all(day: date, usable: bool) -> None:
    assert bool(usable_observations(having(result("ALT", day)), "ALT")) is usable


def test_only_results_of_the_groups_asked_for_are_found() -> None:
    both = [result("ALT"), result("AST"), result("INR")]
    assert {one.group for one in usable_observations(having(*both), "ALT", "INR")} == {"ALT", "INR"}


@pytest.mark.parametrize(("day", "expected"), [(ago(3), 3), (T0, 0), (ahead(1), 0), (None, None)])
def test_age_is_counted_in_whole_days_and_never_negative(day: date | None, expected: int | None) -> None:
    assert age_days(day, T0) == expected
