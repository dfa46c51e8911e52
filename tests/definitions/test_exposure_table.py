"""The exposure table of the rulebook (b.2), row by row: one record, read on its own."""

from datetime import date

import pytest
from definitions.chart import (
    CODEINE,
    DEPOT,
    METHADONE,
    T0,
    THRESHOLDS,
    administration,
    ago,
    ahead,
    dispense,
    mg,
    request,
    statement,
    value,
)

from cds_service.definitions.readings import Reading, State, read
from cds_service.record import Dosage, Medication

CURRENT, ENDED, UNCERTAIN, OLD, NONE = State.CURRENT, State.ENDED, State.UNCERTAIN, State.OLD, State.NONE


def reading(record: Medication, *others: Medication) -> Reading:
    return read(record, record.drug.opioids[0].washout, (record, *others), T0, THRESHOLDS)


def state(record: Medication, *others: Medication) -> State:
    return reading(record, *others).state


def last(record: Medication, *others: Medication) -> date | None:
    return reading(record, *others).last


# MedicationStatement


def test_an_active_statement_without_an_end_is_current_however_old_its_start() -> None:
    assert state(statement(starts=ago(4000))) is CURRENT


@pytest.mark.parametrize(("end", "expected"), [(ago(1), ENDED), (T0, CURRENT), (ahead(1), CURRENT)])
def test_an_active_statement_is_current_until_its_period_is_over(end: date, expected: State) -> None:
    assert state(statement(starts=ago(30), ends=end)) is expected


def test_an_active_statement_whose_period_is_over_ended_on_its_last_day_for_certain() -> None:
    found = reading(statement(starts=ago(30), ends=ago(5)))
    assert (found.last, found.assumed, found.days) == (ago(5), False, 26)


@pytest.mark.parametrize(("asserted", "expected"), [(ago(6), ENDED), (ago(5), ENDED), (ago(4), CURRENT)])
def test_an_assertion_after_the_end_revives_an_active_statement(asserted: date, expected: State) -> None:
    assert state(statement(starts=ago(30), ends=ago(5), asserted=asserted)) is expected


@pytest.mark.parametrize(("days", "expected"), [(364, CURRENT), (365, CURRENT), (366, UNCERTAIN)])
def test_an_assertion_goes_stale_after_a_year(days: int, expected: State) -> None:
    assert state(statement(asserted=ago(days))) is expected
    assert state(statement(starts=ago(2000), asserted=ago(days))) is expected


def test_an_active_statement_without_start_or_assertion_is_uncertain() -> None:
    assert state(statement()) is UNCERTAIN


def test_the_day_a_statement_was_changed_is_no_assertion() -> None:
    assert state(statement(updated=T0)) is UNCERTAIN


@pytest.mark.parametrize("status", ["completed", "stopped"])
def test_an_ended_statement_ended_on_its_period_end(status: str) -> None:
    found = reading(statement(status=status, starts=ago(20), ends=ago(8), asserted=ago(1)))
    assert (found.state, found.last, found.assumed) == (ENDED, ago(8), False)


@pytest.mark.parametrize("status", ["completed", "stopped"])
def test_an_ended_statement_without_a_period_ended_on_its_effective_day(status: str) -> None:
    found = reading(statement(status=status, at=ago(9), asserted=ago(1)))
    assert (found.state, found.last, found.assumed) == (ENDED, ago(9), False)


@pytest.mark.parametrize("status", ["completed", "stopped"])
def test_an_ended_statement_with_only_an_assertion_is_assumed_to_have_ended_then(status: str) -> None:
    found = reading(statement(status=status, asserted=ago(3)))
    assert (found.state, found.last, found.assumed) == (ENDED, ago(3), True)


@pytest.mark.parametrize(("days", "expected"), [(89, UNCERTAIN), (90, UNCERTAIN), (91, OLD)])
@pytest.mark.parametrize("status", ["completed", "stopped"])
def test_an_ended_statement_with_only_a_start_is_uncertain_for_ninety_days(
    status: str, days: int, expected: State
) -> None:
    assert state(statement(status=status, starts=ago(days))) is expected


@pytest.mark.parametrize("status", ["completed", "stopped"])
def test_an_ended_statement_without_any_date_is_uncertain(status: str) -> None:
    assert state(statement(status=status)) is UNCERTAIN


def test_an_ended_statement_cannot_have_been_taken_after_today() -> None:
    assert last(statement(status="completed", starts=ago(3), ends=ahead(4))) == T0


@pytest.mark.parametrize("status", ["on-hold", "unknown", "a-status-of-some-vendor"])
def test_a_statement_of_unclear_status_is_uncertain(status: str) -> None:
    assert state(statement(status=status, starts=ago(10))) is UNCERTAIN


@pytest.mark.parametrize("status", ["intended", "not-taken", "entered-in-error"])
def test_a_statement_that_nothing_was_taken_is_no_exposure(status: str) -> None:
    assert state(statement(status=status, starts=ago(10), asserted=T0)) is NONE


# MedicationRequest


@pytest.mark.parametrize(("authored", "expected"), [(ago(8), CURRENT), (ago(9), CURRENT), (ago(10), UNCERTAIN)])
def test_an_active_request_is_current_through_the_last_day_of_its_supply(authored: date, expected: State) -> None:
    assert state(request(authored=authored, supply_days=10)) is expected


def test_a_current_request_is_assumed_since_nobody_saw_the_tablets_taken() -> None:
    assert reading(request(authored=T0, supply_days=10)).assumed


@pytest.mark.parametrize(("authored", "expected"), [(ago(29), CURRENT), (ago(30), UNCERTAIN)])
def test_every_repeat_of_a_request_adds_its_supply(authored: date, expected: State) -> None:
    assert state(request(authored=authored, supply_days=10, repeats=2)) is expected


def test_a_lapsed_request_ran_out_on_the_last_day_of_its_supply() -> None:
    assert last(request(authored=ago(20), supply_days=10)) == ago(11)


@pytest.mark.parametrize(("end", "expected"), [(T0, CURRENT), (ago(1), UNCERTAIN)])
def test_without_a_supply_the_dosage_bounds_say_when_a_request_ends(end: date, expected: State) -> None:
    assert state(request(authored=ago(20), dosages=(Dosage(ends=end),))) is expected


@pytest.mark.parametrize(("days", "expected"), [(90, UNCERTAIN), (91, OLD)])
def test_a_lapsed_request_is_uncertain_for_ninety_days_and_then_ignored(days: int, expected: State) -> None:
    assert state(request(authored=ago(days + 9), supply_days=10)) is expected


@pytest.mark.parametrize(
    ("drug", "days", "expected"),
    [(CODEINE, 24, UNCERTAIN), (CODEINE, 25, OLD), (METHADONE, 28, UNCERTAIN), (METHADONE, 29, OLD)],
)
def test_without_repeats_a_known_supply_is_uncertain_for_its_clear_interval_and_a_fortnight(
    drug: object, days: int, expected: State
) -> None:
    assert state(request(drug, authored=ago(days + 4), supply_days=5, repeats=0)) is expected


@pytest.mark.parametrize(
    ("days", "expected"), [(29, CURRENT), (30, UNCERTAIN), (364, UNCERTAIN), (365, UNCERTAIN), (366, OLD)]
)
def test_a_request_without_supply_data_counts_thirty_days_and_is_uncertain_to_day_365(
    days: int, expected: State
) -> None:
    assert state(request(authored=ago(days))) is expected


def test_an_active_request_without_any_date_is_uncertain() -> None:
    assert state(request(supply_days=10)) is UNCERTAIN


def test_a_request_given_as_needed_is_current_like_any_other() -> None:
    assert state(request(authored=ago(5), supply_days=10, dosages=(Dosage(as_needed=True),))) is CURRENT


def test_a_completed_request_may_be_taken_to_the_end_of_its_supply() -> None:
    found = reading(request(status="completed", authored=ago(12), supply_days=10))
    assert (found.state, found.last, found.assumed) == (ENDED, ago(3), True)


def test_a_completed_request_with_supply_left_may_have_been_taken_until_today() -> None:
    assert last(request(status="completed", authored=ago(2), supply_days=10)) == T0


def test_a_stopped_request_ends_with_its_supply_where_nothing_says_when_it_was_stopped() -> None:
    found = reading(request(status="stopped", authored=ago(12), supply_days=10))
    assert (found.state, found.last, found.assumed) == (ENDED, ago(3), True)


@pytest.mark.parametrize("sign", ["status_changed", "updated"])
def test_a_dated_sign_of_the_stop_ends_a_stopped_request_early(sign: str) -> None:
    assert last(request(status="stopped", authored=ago(12), supply_days=30, **{sign: ago(6)})) == ago(6)


@pytest.mark.parametrize("status", ["stopped", "completed", "not-taken"])
def test_a_later_statement_that_it_is_over_ends_a_stopped_request_early(status: str) -> None:
    said = statement(status=status, asserted=ago(6))
    assert last(request(status="stopped", authored=ago(12), supply_days=30), said) == ago(6)


def test_the_first_of_several_signs_of_the_stop_counts() -> None:
    stopped = request(status="stopped", authored=ago(20), supply_days=40, status_changed=ago(9), updated=ago(2))
    assert last(stopped) == ago(9)


def test_a_sign_of_the_stop_never_prolongs_a_supply() -> None:
    assert last(request(status="stopped", authored=ago(20), supply_days=5, updated=ago(1))) == ago(16)


def test_a_sign_from_before_the_order_is_no_sign_of_its_stop() -> None:
    assert last(request(status="stopped", authored=ago(12), supply_days=5, updated=ago(90))) == ago(8)


@pytest.mark.parametrize("status", ["on-hold", "unknown"])
def test_a_request_of_unclear_status_is_uncertain(status: str) -> None:
    assert state(request(status=status, authored=ago(5), supply_days=10)) is UNCERTAIN


@pytest.mark.parametrize("status", ["cancelled", "draft", "entered-in-error"])
def test_a_request_that_never_became_an_order_is_no_exposure(status: str) -> None:
    assert state(request(status=status, authored=ago(5), supply_days=10)) is NONE


def test_an_order_not_to_give_a_drug_is_no_exposure() -> None:
    assert state(request(authored=ago(5), supply_days=10, do_not_perform=True)) is NONE


@pytest.mark.parametrize("intent", ["proposal", "plan", "option"])
def test_a_request_that_is_only_thought_of_is_no_exposure(intent: str) -> None:
    assert state(request(intent=intent, authored=ago(5), supply_days=10)) is NONE


@pytest.mark.parametrize("intent", ["order", "original-order", "reflex-order", "filler-order", "instance-order"])
def test_every_kind_of_order_is_treatment(intent: str) -> None:
    assert state(request(intent=intent, authored=ago(5), supply_days=10)) is CURRENT


# Supply: from the days stated, from the quantity, from the dispenses


def test_the_supply_is_the_quantity_divided_by_the_daily_maximum() -> None:
    twice = Dosage(dose=value(1, "{tablet}"), frequency=2, period=1, period_unit="d")
    assert last(request(authored=ago(30), supply=value(20, "{tablet}"), dosages=(twice,))) == ago(21)


def test_the_daily_maximum_of_a_range_is_its_upper_end() -> None:
    span = Dosage(dose=value(1, "{tablet}"), dose_high=value(2, "{tablet}"), frequency=2, period=1, period_unit="d")
    assert last(request(authored=ago(30), supply=value(20, "{tablet}"), dosages=(span,))) == ago(26)


def test_a_quantity_in_another_unit_than_the_dose_says_nothing_about_days() -> None:
    assert last(request(authored=ago(40), supply=value(20, "{tablet}"), dosages=(mg(30.0),))) == ago(11)


def test_the_stated_days_go_before_the_reckoned_ones() -> None:
    once = Dosage(dose=value(1, "{tablet}"))
    assert last(request(authored=ago(30), supply_days=5, supply=value(20, "{tablet}"), dosages=(once,))) == ago(26)


def test_the_latest_dispense_of_a_request_says_when_its_supply_ends() -> None:
    order = request(reference="MedicationRequest/a", authored=ago(40), supply_days=5)
    first = dispense(handed_over=ago(39), supply_days=10, based_on=("MedicationRequest/a",))
    second = dispense(handed_over=ago(12), supply_days=10, based_on=("MedicationRequest/a",))
    assert last(order, first, second) == ago(3)


def test_a_dispense_that_names_no_order_counts_for_an_order_from_before_it() -> None:
    order = request(authored=ago(40), supply_days=5)
    assert last(order, dispense(handed_over=ago(12), supply_days=10)) == ago(3)


def test_a_dispense_from_before_the_order_does_not_count_for_it() -> None:
    order = request(authored=ago(40), supply_days=5)
    assert last(order, dispense(handed_over=ago(41), supply_days=60)) == ago(36)


def test_a_dispense_of_another_order_does_not_count() -> None:
    order = request(reference="MedicationRequest/a", authored=ago(40), supply_days=5)
    other = dispense(handed_over=ago(12), supply_days=10, based_on=("MedicationRequest/b",))
    assert last(order, other) == ago(36)


@pytest.mark.parametrize("status", ["cancelled", "declined", "entered-in-error"])
def test_a_dispense_that_never_happened_does_not_count_for_its_order(status: str) -> None:
    order = request(reference="MedicationRequest/a", authored=ago(40), supply_days=5)
    refused = dispense(status=status, handed_over=ago(12), supply_days=10, based_on=("MedicationRequest/a",))
    assert last(order, refused) == ago(36)


# MedicationDispense


@pytest.mark.parametrize("status", ["completed", "in-progress"])
@pytest.mark.parametrize(("handed", "expected"), [(ago(9), CURRENT), (ago(10), ENDED)])
def test_a_dispense_is_current_through_the_last_day_of_its_supply(status: str, handed: date, expected: State) -> None:
    found = reading(dispense(status=status, handed_over=handed, supply_days=10))
    assert (found.state, found.assumed) == (expected, True)


@pytest.mark.parametrize(("handed", "expected"), [(ago(29), CURRENT), (ago(30), ENDED)])
def test_a_dispense_without_a_supply_is_assumed_to_last_thirty_days(handed: date, expected: State) -> None:
    assert state(dispense(handed_over=handed)) is expected


def test_a_dispense_that_was_not_dated_on_handing_over_counts_from_when_it_was_prepared() -> None:
    assert last(dispense(prepared=ago(12), supply_days=10)) == ago(3)


def test_a_completed_dispense_without_any_date_is_uncertain() -> None:
    assert state(dispense()) is UNCERTAIN


@pytest.mark.parametrize("status", ["on-hold", "unknown"])
def test_a_dispense_of_unclear_status_is_uncertain(status: str) -> None:
    assert state(dispense(status=status, handed_over=ago(3), supply_days=10)) is UNCERTAIN


@pytest.mark.parametrize("status", ["cancelled", "declined", "entered-in-error", "preparation"])
def test_a_dispense_that_was_not_handed_over_is_no_exposure(status: str) -> None:
    assert state(dispense(status=status, prepared=ago(3), supply_days=10)) is NONE


def test_a_stopped_dispense_counts_only_when_it_was_handed_over() -> None:
    assert state(dispense(status="stopped", prepared=ago(3), supply_days=10)) is NONE
    assert state(dispense(status="stopped", handed_over=ago(3), supply_days=10)) is CURRENT


# MedicationAdministration


@pytest.mark.parametrize("status", ["completed", "in-progress", "stopped", "on-hold", "unknown"])
def test_whatever_became_of_an_administration_something_was_given(status: str) -> None:
    found = reading(administration(status=status, starts=ago(5), ends=ago(4)))
    assert (found.state, found.last, found.assumed) == (ENDED, ago(4), False)


def test_an_administration_at_one_moment_ended_that_day() -> None:
    assert last(administration(at=ago(4))) == ago(4)


def test_an_infusion_that_is_still_running_is_current() -> None:
    assert state(administration(status="in-progress", starts=ago(1))) is CURRENT


def test_an_administration_without_any_date_is_uncertain() -> None:
    assert state(administration()) is UNCERTAIN


@pytest.mark.parametrize("status", ["not-done", "entered-in-error"])
def test_an_administration_that_was_not_given_is_no_exposure(status: str) -> None:
    assert state(administration(status=status, at=ago(1))) is NONE


# Depot: no clear interval can be computed, so it is remembered for a year (rule 2)


@pytest.mark.parametrize("repeats", [None, 0])
@pytest.mark.parametrize("days", [100, 365])
def test_a_lapsed_depot_request_is_not_forgotten_within_the_year(repeats: int | None, days: int) -> None:
    assert state(request(DEPOT, authored=ago(days + 27), supply_days=28, repeats=repeats)) is UNCERTAIN


def test_a_lapsed_depot_request_is_ignored_after_a_year() -> None:
    assert state(request(DEPOT, authored=ago(366 + 27), supply_days=28)) is OLD
