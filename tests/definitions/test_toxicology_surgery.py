"""Positive screens that nothing answers, and operations that lie ahead (rules 4 and 31)."""

from typing import Any

import pytest
from definitions.chart import THRESHOLDS, ago, ahead, chart, result, value
from hypothesis import given
from hypothesis import strategies as st

from cds_service.definitions.surgery import last_dose_before, upcoming
from cds_service.definitions.toxicology import positive_screens
from cds_service.record import Coding, Concept, Procedure, Quantity

LOINC = "http://loinc.org"
OPIATES, SPECIFIC = "urine-drug-screen-opiates", "urine-drug-screen-opiate-specific"


def found(*results: object) -> list[tuple[str, int]]:
    return [(one.substance, one.age) for one in positive_screens(chart(observations=results), THRESHOLDS)]


def screen(group: str = OPIATES, days: int = 3, answer: str = "positive", **facts: Any) -> object:
    return result(group, ago(days), answers={answer} if answer else (), **facts)


@pytest.mark.parametrize(("days", "expected"), [(0, True), (14, True), (15, False)])
def test_a_positive_screen_counts_for_14_days(days: int, expected: bool) -> None:
    assert bool(found(screen(days=days))) is expected


def test_only_a_later_negative_answers_a_positive() -> None:
    assert found(screen(days=5), screen(days=9, answer="negative")) == [("opiates", 5)]
    assert found(screen(days=5), screen(days=2, answer="negative")) == []
    assert found(screen(days=5), screen(days=2, answer="indeterminate")) == [("opiates", 5)]
    assert found(screen(days=5), screen("urine-drug-screen-fentanyl", 2, "negative")) == [("opiates", 5)]


def test_of_two_substances_of_one_group_one_does_not_answer_for_the_other() -> None:
    codeine = screen(SPECIFIC, 5, concept=Concept((Coding(LOINC, "3507-1"),)))
    morphine = screen(SPECIFIC, 2, "negative", concept=Concept((Coding(LOINC, "3830-7"),)))
    confirmed = screen(SPECIFIC, 2, "negative", concept=Concept((Coding(LOINC, "16197-6"),)))
    assert found(codeine, morphine) == [("opiate-specific", 5)]
    assert found(codeine, confirmed) == []


@pytest.mark.parametrize(
    ("amount", "high", "expected"),
    [
        (Quantity(450, "ng/mL", "ng/mL"), value(300, "ng/mL"), True),
        (Quantity(300, "ng/mL", "ng/mL"), value(300, "ng/mL"), False),
        (Quantity(12, "ng/mL", "ng/mL"), None, True),
        (Quantity(0, "ng/mL", "ng/mL"), None, False),
        (Quantity(50, "ng/mL", "ng/mL", "<"), None, False),
    ],
)
def test_a_measured_amount_is_judged_by_its_cutoff_else_by_being_there(
    amount: Quantity, high: Quantity | None, expected: bool
) -> None:
    assert bool(found(screen(answer="", value=amount, high=high))) is expected


def knee(**facts: Any) -> Procedure:
    facts = {"kind": "request", "status": "active", "groups": frozenset({"surgery"}), "first": ahead(7)} | facts
    return Procedure(facts.pop("reference", "ServiceRequest/knee"), **facts)


@pytest.mark.parametrize(("days", "expected"), [(-1, False), (0, True), (14, True), (15, False)])
def test_an_operation_counts_from_its_day_to_14_days_ahead(days: int, expected: bool) -> None:
    assert (upcoming(chart(procedures=[knee(first=ahead(days))]), 14) is not None) is expected


@pytest.mark.parametrize(
    "facts",
    [
        {"status": "revoked"},
        {"status": "completed"},
        {"do_not_perform": True},
        {"intent": "proposal"},
        {"groups": frozenset({"surgery", "minor"})},
        {"groups": frozenset({"surgery", "aside"})},
        {"groups": frozenset()},
        {"first": None},
        {"kind": "procedure", "status": "completed"},
        {"kind": "appointment", "status": "cancelled"},
    ],
)
def test_what_will_not_be_done_or_is_no_operation_does_not_count(facts: dict[str, Any]) -> None:
    assert upcoming(chart(procedures=[knee(**facts)]), 14) is None


def test_an_appointment_takes_the_operation_from_the_request_it_carries_out() -> None:
    request = knee(first=None)
    booked = knee(reference="Appointment/a", kind="appointment", status="booked", groups=frozenset(),
                  based_on=("ServiceRequest/knee",), first=ahead(5))  # fmt: skip
    got = upcoming(chart(procedures=[request, booked]), 14)
    assert got is not None
    assert (got.on, got.references) == (ahead(5), ("Appointment/a",))
    assert upcoming(chart(procedures=[booked]), 14) is None


def test_the_nearest_operation_is_the_one_that_counts() -> None:
    got = upcoming(chart(procedures=[knee(first=ahead(9)), knee(reference="ServiceRequest/b", first=ahead(4))]), 14)
    assert got is not None
    assert (got.on, got.references) == (ahead(4), ("ServiceRequest/b",))


@given(days=st.integers(0, 400), hold=st.integers(2, 4))
def test_the_last_dose_leaves_whole_days_without_one(days: int, hold: int) -> None:
    assert (ahead(days) - last_dose_before(ahead(days), hold)).days == hold + 1
