"""One more try: when, after which pause, and how often a server may be troubled with it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.outbound.retry import RetryBudget, pause, retry_after_seconds

NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


def at_noon() -> datetime:
    return NOON


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("1", 1.0),
        (" 120 ", 120.0),
        ("9" * 400, 999_999_999.0),
        ("Mon, 02 Mar 2026 12:00:03 GMT", 3.0),
        ("Mon, 02 Mar 2026 13:00:03 +0100", 3.0),
        ("Mon, 02 Mar 2026 12:00:03 -0000", 3.0),
        ("Mon, 02 Mar 2026 11:59:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("１", None),
        ("Mon, 02 Mar 99999999 12:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value: str, seconds: float | None) -> None:
    assert retry_after_seconds(value, at_noon) == seconds


@given(st.text(max_size=60))
def test_no_retry_after_can_break_the_reading(value: str) -> None:
    found = retry_after_seconds(value, at_noon)
    assert found is None or found >= 0


def test_without_a_retry_after_the_pause_is_short_and_spread() -> None:
    assert pause("", 2.0, lambda: 0.0, at_noon) == pytest.approx(0.02)
    assert pause("", 2.0, lambda: 1.0, at_noon) == pytest.approx(0.08)


def test_a_retry_after_is_honoured_where_the_time_allows_it() -> None:
    assert pause("1", 2.0, lambda: 0.5, at_noon) == pytest.approx(1.01)
    assert pause("Mon, 02 Mar 2026 12:00:01 GMT", 2.0, lambda: 0.0, at_noon) == pytest.approx(1.0)


@pytest.mark.parametrize(("value", "left"), [("60", 2.0), ("2", 2.0), ("1", 1.04), ("", 0.05), ("", 0.0), ("", -1.0)])
def test_there_is_no_retry_where_its_pause_would_use_up_the_time(value: str, left: float) -> None:
    assert pause(value, left, lambda: 0.0, at_noon) < 0


def test_a_server_is_given_one_retry_for_ten_calls_beyond_the_first_twenty() -> None:
    budget = RetryBudget()
    assert [budget.take() for _ in range(21)] == [True] * 20 + [False]
    for _ in range(9):
        budget.note_call()
    assert not budget.take()
    budget.note_call()
    assert [budget.take(), budget.take()] == [True, False]


def test_no_more_than_twenty_retries_are_saved_up() -> None:
    budget = RetryBudget()
    for _ in range(10_000):
        budget.note_call()
    assert sum(budget.take() for _ in range(100)) == 20
