"""When a server is left alone and when it is asked again, by a clock that the test turns."""

import logging

import pytest

from cds_service.outbound.breaker import CLOSED, CONSECUTIVE, HALF_OPEN, OPEN, OPEN_SECONDS, WINDOW, Breaker, Breakers


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker({"server": "ehr.example.com:443"}, clock)


def rounds(breaker: Breaker, *failures: bool) -> None:
    for failed in failures:
        assert breaker.admits()
        breaker.note(failed)


def opened(breaker: Breaker) -> Breaker:
    rounds(breaker, *[True] * CONSECUTIVE)
    assert breaker.state == OPEN
    return breaker


def test_four_failures_in_a_row_are_borne_and_the_fifth_opens(breaker: Breaker) -> None:
    rounds(breaker, True, True, True, True)
    assert breaker.state == CLOSED
    rounds(breaker, True)
    assert (breaker.state, breaker.admits()) == (OPEN, False)


def test_one_success_begins_the_count_of_failures_in_a_row_anew(breaker: Breaker) -> None:
    rounds(breaker, True, True, True, True, False, True, True, True, True)
    assert breaker.state == CLOSED


def test_half_of_the_last_twenty_opens_and_less_does_not(breaker: Breaker) -> None:
    rounds(breaker, *[False, True] * (WINDOW // 2 - 1), False)
    assert breaker.state == CLOSED, "nineteen rounds are no window yet"
    rounds(breaker, False)
    assert breaker.state == CLOSED, "nine of twenty"
    rounds(breaker, True)
    assert breaker.state == OPEN, "ten of the last twenty"


def test_old_rounds_leave_the_window(breaker: Breaker) -> None:
    rounds(breaker, *[True, True, False] * 3)
    rounds(breaker, *[False] * WINDOW)
    rounds(breaker, True, True, True, True)
    assert breaker.state == CLOSED


def test_open_admits_nobody_until_fifteen_seconds_have_passed(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += OPEN_SECONDS - 0.001
    assert not breaker.admits()
    clock.now += 0.001
    assert breaker.state == HALF_OPEN
    assert breaker.admits()


def test_half_open_admits_one_round_at_a_time(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += OPEN_SECONDS
    assert [breaker.admits() for _ in range(3)] == [True, False, False]


def test_a_probe_that_succeeds_closes_and_all_failures_are_forgotten(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += OPEN_SECONDS
    rounds(breaker, False, True, True, True, True)
    assert breaker.state == CLOSED


def test_a_probe_that_fails_opens_for_another_fifteen_seconds(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += OPEN_SECONDS
    rounds(breaker, True)
    clock.now += OPEN_SECONDS - 0.001
    assert (breaker.state, breaker.admits()) == (OPEN, False)
    clock.now += 0.001
    assert breaker.admits()


def test_a_probe_that_never_says_how_it_went_does_not_block_for_ever(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += OPEN_SECONDS
    assert breaker.admits()
    clock.now += 4.9
    assert not breaker.admits()
    clock.now += 0.1
    assert breaker.admits()


def test_late_news_of_an_earlier_round_neither_closes_nor_prolongs(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 10
    breaker.note(False)
    breaker.note(True)
    assert breaker.state == OPEN
    clock.now += 5
    assert breaker.admits()


def test_a_server_that_is_back_is_asked_again_within_twenty_seconds(clock: Clock) -> None:
    """Worst case: it comes back right after a probe has begun, which then fails at the end of the longest budget."""
    breaker = opened(Breaker({}, clock))
    clock.now += OPEN_SECONDS
    assert breaker.admits()
    back = clock.now
    clock.now += 4.4
    breaker.note(True)
    while not breaker.admits():
        clock.now += 0.05
    assert clock.now - back <= 20


def test_every_change_is_one_log_line_with_the_state(
    breaker: Breaker, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    opened(breaker)
    clock.now += OPEN_SECONDS
    rounds(breaker, False, False)
    told = [(record.getMessage(), record.levelname, record.__dict__["facts"]) for record in caplog.records]
    server = {"server": "ehr.example.com:443"}
    assert told == [
        ("server-circuit", "WARNING", {**server, "state": OPEN}),
        ("server-circuit", "WARNING", {**server, "state": HALF_OPEN}),
        ("server-circuit", "INFO", {**server, "state": CLOSED}),
    ]


def test_each_server_has_a_breaker_of_its_own_and_states_are_counted(clock: Clock) -> None:
    kept = Breakers(clock)
    opened(kept.of("a", {}))
    assert kept.of("a", {}) is kept.of("a", {})
    assert kept.of("b", {}).admits()
    assert kept.states() == {CLOSED: 1, OPEN: 1, HALF_OPEN: 0}
    clock.now += OPEN_SECONDS
    assert kept.states() == {CLOSED: 1, OPEN: 0, HALF_OPEN: 1}


def test_breakers_do_not_grow_without_end(clock: Clock) -> None:
    kept = Breakers(clock)
    first = kept.of(0, {})
    for number in range(1, 300):
        kept.of(number, {})
        kept.of(0, {})
    assert sum(kept.states().values()) == 256
    assert kept.of(0, {}) is first
