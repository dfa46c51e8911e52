"""Threads that wait for servers: whoever asked goes on at the deadline, and one server fills no more than its lane."""

import threading
import time
from collections.abc import Iterator

import pytest

from cds_service.outbound.lanes import Lanes

PLENTY = 20.0


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def soon(seconds: float) -> float:
    return time.monotonic() + seconds


def test_jobs_run_side_by_side_and_are_told_by_name() -> None:
    together = threading.Barrier(3, timeout=PLENTY)
    jobs = {name: (lambda name=name: (together.wait(), name)[1]) for name in "abc"}
    assert Lanes(4, 4).run("ehr", jobs, soon(PLENTY)) == {"a": "a", "b": "b", "c": "c"}


def test_a_job_that_hangs_is_left_at_the_deadline_and_the_others_are_told(release: threading.Event) -> None:
    began = time.monotonic()
    done = Lanes(4, 4).run("ehr", {"hangs": lambda: release.wait(PLENTY), "ends": lambda: True}, soon(0.2))
    assert done == {"ends": True}
    assert time.monotonic() - began < PLENTY / 2


def test_a_stalling_server_fills_its_own_lane_only(release: threading.Event) -> None:
    lanes = Lanes(4, 2)
    assert lanes.run("stalls", {number: lambda: release.wait(PLENTY) for number in range(5)}, soon(0.1)) == {}
    assert lanes.run("stalls", {"more": lambda: True}, soon(0.1)) == {}
    assert lanes.run("other", {"more": lambda: True}, soon(PLENTY)) == {"more": True}


def test_a_lane_is_free_again_when_its_jobs_have_ended(release: threading.Event) -> None:
    lanes = Lanes(2, 1)
    assert lanes.run("ehr", {"hangs": lambda: release.wait(PLENTY)}, soon(0.05)) == {}
    release.set()
    assert lanes.run("ehr", {"more": lambda: True}, soon(PLENTY)) == {"more": True}


def test_what_a_job_raises_is_raised() -> None:
    def breaks() -> bool:
        raise KeyError("x")

    with pytest.raises(KeyError):
        Lanes(1, 1).run("ehr", {"breaks": breaks}, soon(PLENTY))
