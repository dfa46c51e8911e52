"""One call computes at a time, tenants take turns, and nobody waits for one without end."""

from collections.abc import Callable, Iterator
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from cds_service.web.sharing import turns as module
from cds_service.web.sharing.turns import Turns, aside, give_way, leave


class Hall:
    """Calls that wait for their turn, in the order in which they came."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.went: list[str] = []
        self.threads: list[Thread] = []

    def comes(self, tenant: str, then: Callable[[], None] = lambda: None) -> None:
        waiting = self.waiting()

        def call() -> None:
            with self.turns.turn(tenant):
                self.went.append(tenant)
                then()

        thread = Thread(target=call)
        self.threads.append(thread)
        thread.start()
        last = monotonic() + 20
        while self.waiting() == waiting and thread.is_alive() and monotonic() < last:
            sleep(0.001)

    def waiting(self) -> int:
        return sum(map(len, self.turns._waiting.values()))

    def done(self) -> list[str]:
        for thread in self.threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in self.threads)
        return self.went


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_SECONDS", 60)


@pytest.fixture
def hall(patient: None) -> Iterator[Hall]:
    hall = Hall(Turns())
    yield hall
    hall.done()
    assert not hall.turns._taken
    assert hall.waiting() == 0


def test_a_call_of_another_tenant_waits_for_one_call_and_not_for_all_that_came_before_it(hall: Hall) -> None:
    with hall.turns.turn("noisy"):
        for _ in range(8):
            hall.comes("noisy")
        hall.comes("quiet")
        hall.comes("third")
        hall.comes("quiet")
    assert hall.done()[:5] == ["quiet", "third", "noisy", "quiet", "noisy"]
    assert len(hall.went) == 11


def test_calls_of_one_tenant_go_in_the_order_in_which_they_came(hall: Hall) -> None:
    order: list[int] = []
    with hall.turns.turn("one"):
        for number in range(5):
            hall.comes("one", lambda number=number: order.append(number))  # type: ignore[misc]
    hall.done()
    assert order == [0, 1, 2, 3, 4]


def test_while_a_call_waits_for_somebody_else_another_computes(hall: Hall) -> None:
    answered = Event()
    with hall.turns.turn("waits"):
        hall.comes("other", answered.set)
        assert not answered.is_set()
        with aside():
            assert answered.wait(20)
        hall.comes("other")
        assert hall.went == ["other"]


def test_between_two_steps_a_tenant_that_had_less_goes_first(hall: Hall) -> None:
    for _ in range(3):
        with hall.turns.turn("noisy"):
            pass
    with hall.turns.turn("noisy"):
        hall.comes("noisy")
        give_way()
        assert hall.went == []  # nobody gives way to calls of its own
        hall.comes("quiet")
        hall.comes("third")
        give_way()
        assert hall.went == ["quiet"]  # one call, not all that wait: names can be made up


def test_between_two_steps_nobody_gives_way_to_a_tenant_that_had_as_much(hall: Hall) -> None:
    with hall.turns.turn("one"):
        hall.comes("other")
        give_way()
        assert hall.went == []


def test_who_called_a_lot_is_behind_only_for_a_while(monkeypatch: pytest.MonkeyPatch, hall: Hall) -> None:
    now = [100.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    for _ in range(9):
        with hall.turns.turn("noisy"):
            pass
    for _ in range(5):
        now[0] += 1
        with hall.turns.turn("third"):
            pass
    with hall.turns.turn("noisy"):
        hall.comes("quiet")
        give_way()
        assert hall.went == []


def test_a_call_that_breaks_gives_its_turn_back(hall: Hall) -> None:
    with pytest.raises(ZeroDivisionError), hall.turns.turn("breaks"), aside():
        raise ZeroDivisionError
    hall.comes("other")
    assert hall.done() == ["other"]


def test_a_turn_that_is_left_for_good_is_not_taken_again(hall: Hall) -> None:
    with hall.turns.turn("first"):
        leave()
        hall.comes("second")
        assert hall.done() == ["second"]
        with aside():
            assert not hall.turns._taken
        assert not hall.turns._taken


def test_where_there_are_no_turns_nobody_steps_aside() -> None:
    with aside():
        pass


def test_what_waits_too_long_is_computed_beside_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_SECONDS", 0.05)
    hall = Hall(Turns())
    with hall.turns.turn("hangs"):
        hall.comes("other")
        assert hall.done() == ["other"]
        assert hall.turns._taken
    hall.comes("next")
    assert hall.done() == ["other", "next"]
    assert not hall.turns._taken


def test_many_threads_never_compute_at_the_same_time_and_all_have_their_turn(patient: None) -> None:
    turns, inside, most, rounds = Turns(), [0], [0], [0]

    def call(tenant: str) -> None:
        for _ in range(50):
            with turns.turn(tenant):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                rounds[0] += 1
                inside[0] -= 1
                with aside():
                    sleep(0)

    threads = [Thread(target=call, args=(tenant,)) for tenant in "abcaabbc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (most[0], rounds[0], turns._taken) == (1, 400, False)
