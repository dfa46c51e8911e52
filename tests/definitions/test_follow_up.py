"""How many days of LDN, since when at this dose, and whether it helped (rules 37 and 38)."""

from datetime import date

import pytest
from definitions.chart import (
    INJECTION,
    LDN,
    T0,
    TABLET,
    THRESHOLDS,
    UNSPECIFIED,
    ago,
    case,
    mg,
    naltrexone_drug,
    result,
    statement,
    value,
)
from hypothesis import given
from hypothesis import strategies as st

from cds_service.definitions.follow_up import Course, has_responded
from cds_service.record import Medication


def taken(*medications: Medication) -> Course | None:
    return case(medications=medications).course


def spell(first: int, last: int, dose: float = 4.5, name: str = "a") -> Medication:
    """LDN from `first` to `last` days ago; `last` 0 is still going on."""
    status = "active" if last == 0 else "completed"
    ends = None if last == 0 else ago(last)
    return statement(
        LDN, reference=f"MedicationStatement/{name}", status=status, starts=ago(first), ends=ends, dosages=(mg(dose),)
    )


def test_a_course_counts_its_first_and_its_last_day() -> None:
    found = taken(spell(27, 0))
    assert found is not None
    assert (found.since, found.days, found.same_dose_since) == (ago(27), 28, ago(27))


@pytest.mark.parametrize(("gap", "since"), [(14, ago(100)), (15, ago(40))])
def test_a_gap_of_two_weeks_is_one_course_and_a_longer_one_begins_another(gap: int, since: date) -> None:
    found = taken(spell(100, 41 + gap, name="before"), spell(40, 0))
    assert found is not None
    assert found.since == since


def test_days_of_a_hold_are_no_exposure() -> None:
    found = taken(spell(100, 51, name="before"), spell(40, 0))
    assert found is not None
    assert found.days == 50 + 41


def test_overlapping_records_are_counted_once() -> None:
    found = taken(spell(40, 0), spell(30, 0, name="again"))
    assert found is not None
    assert found.days == 41


def test_the_present_dose_is_followed_back_through_records_of_the_same_dose() -> None:
    found = taken(spell(90, 61, dose=3, name="low"), spell(60, 31, name="first"), spell(30, 0))
    assert found is not None
    assert found.same_dose_since == ago(60)


def test_a_stepped_record_gives_the_start_of_its_present_step() -> None:
    lines = (mg(1.5, sequence=1, starts=ago(30), ends=ago(17)), mg(3, sequence=2, starts=ago(16)))
    found = taken(statement(LDN, starts=ago(30), dosages=lines))
    assert found is not None
    assert (found.same_dose_since, found.first_mg) == (ago(16), 1.5)


def test_a_course_that_ended_more_than_two_weeks_ago_is_over() -> None:
    assert taken(spell(100, 14)) is not None
    assert taken(spell(100, 15)) is None


@pytest.mark.parametrize(
    "medication",
    [
        statement(LDN, asserted=ago(10), dosages=(mg(4.5),)),
        statement(naltrexone_drug(TABLET), starts=ago(60), dosages=(mg(50),)),
        statement(naltrexone_drug(INJECTION), starts=ago(60)),
        statement(naltrexone_drug(UNSPECIFIED), starts=ago(60)),
    ],
)
def test_an_unknown_start_a_standard_dose_and_an_unreadable_one_are_no_course(medication: Medication) -> None:
    assert taken(medication) is None


def responded(*results: object) -> bool:
    return has_responded(case(observations=results).record, ago(80), THRESHOLDS)


@pytest.mark.parametrize(("after", "expected"), [(7.0, True), (7.1, False)])
def test_a_fall_of_thirty_percent_is_a_response(after: float, expected: bool) -> None:
    before = result("pain-score", ago(82), value=value(10, "{score}"))
    later = result("pain-score", ago(3), value=value(after, "{score}"))
    assert responded(before, later) is expected


def test_a_score_without_one_from_before_proves_nothing() -> None:
    assert not responded(result("pain-score", ago(3), value=value(1, "{score}")))


@pytest.mark.parametrize(("days", "expected"), [(60, True), (61, False)])
def test_a_response_counts_from_day_21(days: int, expected: bool) -> None:
    before = result("pain-score", ago(82), value=value(10, "{score}"))
    assert responded(before, result("pain-score", ago(days), value=value(2, "{score}"))) is expected


@given(gaps=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 60)), min_size=1, max_size=5))
def test_a_course_never_has_more_days_than_its_span(gaps: list[tuple[int, int]]) -> None:
    records, end = [], 0
    for number, (gap, length) in enumerate(gaps):
        last = end + gap
        records.append(spell(last + length - 1, last, name=str(number)))
        end = last + length
    found = taken(*records)
    if found is not None:
        assert 1 <= found.days <= (T0 - found.since).days + 1
