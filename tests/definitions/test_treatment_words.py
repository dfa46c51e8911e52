"""Renewal, new start, dose change or restart (rulebook b.1), one day before, on and after each boundary."""

from dataclasses import replace
from datetime import date

import pytest
from definitions.chart import (
    CAPSULE,
    COMBINATION,
    LDN,
    OXYCODONE_ER,
    ago,
    case,
    dispense,
    draft,
    mg,
    naltrexone_drug,
    request,
    statement,
)

from cds_service.record import Medication


def word(*history: Medication, dose: float = 4.5, prior: str = "") -> str:
    order = draft(LDN, mg(dose), prior=prior)
    return case(order, medications=history).treatment(order)


def ended(days: int, dose: float = 4.5) -> Medication:
    return statement(LDN, status="completed", starts=ago(days + 60), ends=ago(days), dosages=(mg(dose),))


def current(dose: float = 4.5) -> Medication:
    return statement(LDN, starts=ago(60), dosages=(mg(dose),))


def test_a_patient_without_any_naltrexone_starts_anew() -> None:
    assert word() == "new-start"


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, "renewal"),
        (13, "renewal"),
        (14, "renewal"),
        (15, "restart"),
        (89, "restart"),
        (90, "restart"),
        (91, "new-start"),
        (400, "new-start"),
    ],
)
def test_the_days_since_the_last_dose_decide(days: int, expected: str) -> None:
    assert word(ended(days)) == expected


@pytest.mark.parametrize(("days", "expected"), [(14, "dose-change"), (15, "restart"), (91, "new-start")])
def test_another_dose_is_a_change_only_while_treatment_goes_on(days: int, expected: str) -> None:
    assert word(ended(days, dose=3)) == expected


def test_naltrexone_current_at_the_same_daily_dose_is_a_renewal() -> None:
    assert word(current()) == "renewal"


def test_naltrexone_current_at_another_daily_dose_is_a_dose_change() -> None:
    assert word(current(3)) == "dose-change"


@pytest.mark.parametrize("prior", ["", "MedicationRequest/old"])
def test_a_link_to_the_prior_order_makes_no_difference_to_a_renewal(prior: str) -> None:
    assert word(current(), prior=prior) == "renewal"


def test_a_link_to_the_prior_order_does_not_turn_a_new_start_into_a_renewal() -> None:
    assert word(ended(91), prior="MedicationRequest/old") == "new-start"


def test_a_history_without_a_readable_dose_counts_as_the_same_dose() -> None:
    assert word(statement(LDN, starts=ago(60))) == "renewal"


def test_the_same_daily_dose_split_in_two_is_the_same_dose() -> None:
    halves = statement(LDN, starts=ago(60), dosages=(mg(2.25, frequency=2, period=1, period_unit="d"),))
    assert word(halves) == "renewal"


def test_a_planned_naltrexone_is_no_history() -> None:
    assert word(request(LDN, intent="plan", authored=ago(3)), statement(LDN, status="intended")) == "new-start"


def test_a_cancelled_order_that_was_never_dispensed_is_no_history() -> None:
    assert word(request(LDN, status="cancelled", authored=ago(30), supply_days=28)) == "new-start"


def test_a_naltrexone_of_unknown_end_is_a_restart() -> None:
    assert word(statement(LDN, status="unknown", starts=ago(200))) == "restart"


def test_every_naltrexone_product_is_history() -> None:
    assert word(statement(naltrexone_drug(COMBINATION), starts=ago(60), dosages=(mg(32),))) == "dose-change"


def test_a_product_with_an_opioid_is_no_naltrexone_history() -> None:
    assert word(statement(replace(OXYCODONE_ER, naltrexone=CAPSULE), starts=ago(60))) == "new-start"


@pytest.mark.parametrize(("handed", "expected"), [(ago(27 + 14), "renewal"), (ago(27 + 15), "restart")])
def test_a_gap_is_counted_from_the_end_of_the_supply(handed: date, expected: str) -> None:
    assert word(dispense(LDN, handed_over=handed, supply_days=28, dosages=(mg(4.5),))) == expected
