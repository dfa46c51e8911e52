"""The pool of a worker: as many at once as were asked for, in order, and nothing lost."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Barrier, Event, Lock, Semaphore, get_ident
from time import monotonic, sleep

import pytest

from cds_service.web.connections.threads import Threads


def test_what_is_given_is_done_and_its_result_comes_back() -> None:
    threads = Threads(3)
    futures = [threads.submit(pow, number, 2) for number in range(500)]
    assert [future.result(10) for future in futures] == [number**2 for number in range(500)]


def test_as_many_work_at_once_as_were_asked_for() -> None:
    threads, together = Threads(4), Barrier(4)
    futures = [threads.submit(together.wait, 10) for _ in range(4)]
    assert sorted(future.result(10) for future in futures) == [0, 1, 2, 3]


def test_no_more_work_at_once_and_the_rest_waits_in_order() -> None:
    threads, lock, door, inside = Threads(2), Lock(), Event(), Semaphore(0)
    begun: list[int] = []

    def work(number: int) -> None:
        with lock:
            begun.append(number)
        inside.release()
        door.wait(10)

    futures = [threads.submit(work, number) for number in range(6)]
    assert all(inside.acquire(timeout=10) for _ in range(2))
    assert sorted(begun) == [0, 1]
    door.set()
    wait(futures, 10)
    assert begun[2:] == sorted(begun[2:])
    assert sorted(begun) == list(range(6))


def test_work_goes_to_the_thread_that_was_idle_last() -> None:
    threads, together = Threads(3), Barrier(3)
    wait([threads.submit(together.wait, 10) for _ in range(3)], 10)

    def alone() -> int:
        future: Future[int] = threads.submit(get_ident)
        return future.result(10)

    first = alone()
    again = {settled(threads, alone) for _ in range(20)}
    assert len(again | {first}) <= 2  # the thread of the last call may still be on its way back


def settled(threads: Threads, call: Callable[[], int]) -> int:
    last = monotonic() + 10
    while len(threads._idle) < 3 and monotonic() < last:
        sleep(0.001)
    assert len(threads._idle) == 3
    return call()


@pytest.mark.parametrize("fault", [ValueError("no"), KeyboardInterrupt()])
def test_a_fault_reaches_who_asked_and_the_thread_goes_on(fault: BaseException) -> None:
    threads = Threads(1)

    def break_down() -> None:
        raise fault

    future = threads.submit(break_down)
    assert future.exception(10) is fault
    assert threads.submit(int, "7").result(10) == 7


def test_who_is_to_be_told_is_told() -> None:
    told = Event()
    Threads(1).submit(int, "7").add_done_callback(lambda _: told.set())
    assert told.wait(10)
