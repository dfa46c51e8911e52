"""Threads for waiting on servers, so many a server: one that stalls holds its own lane and nobody else's.

Every job ends at its deadline, because its sockets do; only the lookup of a name cannot be cut short. So whoever asked
stops waiting at the deadline whatever a job does, and a job that is stuck keeps its place in its server's lane.
"""

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)
Result = TypeVar("Result")


class Lanes:
    """`threads` in all, at most `width` of them for one server. Threads start when they are first needed."""

    def __init__(self, threads: int, width: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="outbound")
        self._width = width
        self._lanes: dict[Hashable, BoundedSemaphore] = {}
        self._lock = Lock()

    def run(self, lane: Hashable, jobs: Mapping[Name, Callable[[], Result]], deadline: float) -> dict[Name, Result]:
        """Do the jobs side by side; those that were done by the deadline (on time.monotonic()), by name.

        Raises what a job raises.
        """
        places = self._places(lane)
        started: dict[Name, Future[Result]] = {}
        for name, job in jobs.items():
            if not places.acquire(timeout=max(deadline - monotonic(), 0)):
                break
            try:
                started[name] = task = self._pool.submit(job)
            except BaseException:
                places.release()
                raise
            task.add_done_callback(lambda _: places.release())
        wait(started.values(), timeout=max(deadline - monotonic(), 0))
        done = {}
        for name, task in started.items():
            if task.done() and not task.cancelled():
                done[name] = task.result()
            else:
                task.cancel()
        return done

    def _places(self, lane: Hashable) -> BoundedSemaphore:
        with self._lock:
            return self._lanes.setdefault(lane, BoundedSemaphore(self._width))
