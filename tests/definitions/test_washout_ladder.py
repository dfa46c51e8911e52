"""The ladder of rule 2 over the washout table of b.2: every row, one day before, on and after each boundary."""

from collections.abc import Iterable
from datetime import date

import pytest
from definitions.chart import (
    BY_ROW,
    CODEINE,
    DEPOT,
    HYDROCODONE,
    METHADONE,
    T0,
    THRESHOLDS,
    administration,
    ago,
    case,
    dispense,
    request,
    statement,
)

from cds_service.definitions.exposure import weigh
from cds_service.definitions.washout import Washout, washout
from cds_service.record import Drug, Indicator, Medication

INFO, WARNING, CRITICAL = Indicator.INFO, Indicator.WARNING, Indicator.CRITICAL


def judged(*records: Medication) -> Washout | None:
    found = weigh(records, _parts, T0, THRESHOLDS)
    assert len(found) == 1
    return washout(found[0], T0, THRESHOLDS)


def _parts(record: Medication) -> Iterable[tuple[str, str, str]]:
    return [(part.ingredient, part.name, part.washout) for part in record.drug.opioids]


def single_dose(drug: Drug, days: int) -> Medication:
    return administration(drug, at=ago(days))


def month_long(drug: Drug, days: int) -> Medication:
    return statement(drug, status="completed", starts=ago(days + 29), ends=ago(days))


@pytest.mark.parametrize(
    ("row", "minimum", "clear"),
    [("short-acting", 7, 10), ("long-acting", 10, 14), ("two-week", 14, 14), ("kind-unknown", 10, 14)],
)
def test_the_washout_table_holds_the_rulebooks_numbers(row: str, minimum: int, clear: int) -> None:
    assert (THRESHOLDS.washout[row].minimum_days, THRESHOLDS.washout[row].clear_days) == (minimum, clear)


@pytest.mark.parametrize(
    ("row", "days", "expected"),
    [
        ("short-acting", 0, WARNING),
        ("short-acting", 6, WARNING),
        ("short-acting", 7, INFO),
        ("short-acting", 9, INFO),
        ("short-acting", 10, None),
        ("short-acting", 11, None),
        ("kind-unknown", 9, WARNING),
        ("kind-unknown", 10, INFO),
        ("kind-unknown", 13, INFO),
        ("kind-unknown", 14, None),
        ("long-acting", 9, CRITICAL),
        ("long-acting", 10, INFO),
        ("long-acting", 13, INFO),
        ("long-acting", 14, None),
        ("two-week", 13, CRITICAL),
        ("two-week", 14, None),
        ("depot", 0, CRITICAL),
        ("depot", 364, CRITICAL),
        ("depot", 365, CRITICAL),
        ("depot", 366, None),
    ],
)
def test_the_ladder_after_a_single_dose(row: str, days: int, expected: Indicator | None) -> None:
    found = judged(single_dose(BY_ROW[row], days))
    assert (found.indicator if found else None) is expected


@pytest.mark.parametrize(
    ("row", "days", "expected"),
    [
        ("short-acting", 0, CRITICAL),
        ("short-acting", 6, CRITICAL),
        ("short-acting", 7, INFO),
        ("short-acting", 9, INFO),
        ("short-acting", 10, None),
        ("kind-unknown", 9, CRITICAL),
        ("kind-unknown", 10, INFO),
        ("kind-unknown", 14, None),
        ("long-acting", 9, CRITICAL),
        ("long-acting", 10, INFO),
        ("two-week", 13, CRITICAL),
        ("two-week", 14, None),
    ],
)
def test_the_ladder_after_regular_use(row: str, days: int, expected: Indicator | None) -> None:
    found = judged(month_long(BY_ROW[row], days))
    assert (found.indicator if found else None) is expected


@pytest.mark.parametrize(("length", "expected"), [(6, WARNING), (7, CRITICAL), (8, CRITICAL)])
def test_a_period_of_seven_days_is_regular_use(length: int, expected: Indicator) -> None:
    found = judged(statement(status="completed", starts=ago(3 + length - 1), ends=ago(3)))
    assert found is not None
    assert found.indicator is expected


@pytest.mark.parametrize(("supply", "expected"), [(6, WARNING), (7, CRITICAL)])
def test_a_supply_of_seven_days_is_regular_use(supply: int, expected: Indicator) -> None:
    found = judged(dispense(handed_over=ago(3 + supply - 1), supply_days=supply))
    assert found is not None
    assert found.indicator is expected


@pytest.mark.parametrize(("apart", "expected"), [(59, CRITICAL), (60, CRITICAL), (61, WARNING)])
def test_two_fills_within_sixty_days_are_regular_use(apart: int, expected: Indicator) -> None:
    found = judged(
        dispense(reference="MedicationDispense/1", handed_over=ago(5 + apart), supply_days=3),
        dispense(reference="MedicationDispense/2", handed_over=ago(5), supply_days=3),
    )
    assert found is not None
    assert found.indicator is expected


def test_two_fills_of_last_year_say_nothing_about_a_single_dose_now() -> None:
    found = judged(
        dispense(reference="MedicationDispense/1", handed_over=ago(300), supply_days=3),
        dispense(reference="MedicationDispense/2", handed_over=ago(280), supply_days=3),
        single_dose(CODEINE, 3),
    )
    assert found is not None
    assert found.indicator is WARNING


def test_the_dates_are_the_last_dose_plus_the_intervals() -> None:
    found = judged(statement(HYDROCODONE, status="completed", starts=date(2026, 1, 26), ends=date(2026, 2, 25)))
    assert found is not None
    assert (found.last, found.earliest_minimum, found.earliest_clear) == (
        date(2026, 2, 25),
        date(2026, 3, 4),
        date(2026, 3, 7),
    )


def test_no_date_can_be_computed_for_a_depot() -> None:
    found = judged(single_dose(DEPOT, 200))
    assert found is not None
    assert (found.earliest_minimum, found.earliest_clear) == (None, None)


def test_a_last_dose_worked_out_from_a_supply_is_called_assumed() -> None:
    supplied, seen = judged(dispense(handed_over=ago(5), supply_days=3)), judged(single_dose(CODEINE, 3))
    assert supplied is not None
    assert seen is not None
    assert (supplied.assumed, seen.assumed) == (True, False)


def test_a_current_opioid_is_no_washout() -> None:
    assert judged(statement(starts=ago(30))) is None


def test_of_several_records_of_a_drug_the_latest_date_and_the_gravest_indicator_stand() -> None:
    found = judged(month_long(CODEINE, 6), single_dose(CODEINE, 2))
    assert found is not None
    assert (found.indicator, found.last, found.earliest_clear) == (CRITICAL, ago(2), date(2026, 3, 10))
    assert set(found.evidence) == {"MedicationStatement/codeine", "MedicationAdministration/codeine"}


def test_the_latest_clear_date_over_all_opioids_decides() -> None:
    pending = case(medications=[single_dose(CODEINE, 2), month_long(METHADONE, 8), single_dose(HYDROCODONE, 60)])
    assert pending.earliest_clear == date(2026, 3, 10)
    assert [one.name for one in pending.washouts] == ["methadone", "codeine"]


def test_where_a_depot_is_pending_no_earliest_date_is_given() -> None:
    assert case(medications=[single_dose(CODEINE, 2), single_dose(DEPOT, 90)]).earliest_clear is None


def test_a_lapsed_depot_order_of_this_year_is_critical() -> None:
    found = judged(request(DEPOT, authored=ago(127), supply_days=28))
    assert found is not None
    assert found.indicator is CRITICAL
