"""The threads of a worker: work goes to the one that was idle last, and wakes nobody else.

`concurrent.futures` has all idle threads wait at one queue, and what comes wakes two of them: one to do it, and one to
find nothing there. Between a loop and the thread that computes, in one interpreter, that second one takes its turn at
the lock of the interpreter too, once for every call.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from threading import Lock, Thread
from typing import Any

Work = Callable[[], None]


class Threads(Executor):
    """At most so many threads, started when they are first needed. They end with the process, whatever they do.

    Who needs the answers to be out first waits for the connections, as gunicorn does when it stops.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._started = 0
        self._lock = Lock()
        self._idle: list[_Worker] = []
        self._waiting: deque[Work] = deque()

    def submit(self, call: Callable[..., Any], /, *arguments: Any, **named: Any) -> "Future[Any]":
        """Have it called in a thread, at once or when one is free."""
        future: Future[Any] = Future()

        def work() -> None:
            try:
                result = call(*arguments, **named)
            except BaseException as fault:
                future.set_exception(fault)
            else:
                future.set_result(result)

        with self._lock:
            worker = self._idle.pop() if self._idle else None
            if worker is None and self._started >= self._most:
                self._waiting.append(work)
                return future
            self._started += worker is None
        if worker is None:
            Thread(target=_Worker(self).serve, args=(work,), daemon=True).start()
        else:
            worker.give(work)
        return future

    def following(self, worker: "_Worker") -> Work | None:
        """What a thread that is done does next; None where it is to wait until it is given something."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._idle.append(worker)
            return None


class _Worker:
    """One thread, and the gate at which it waits."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._gate = Lock()
        self._gate.acquire()
        self._given: Work | None = None

    def give(self, work: Work) -> None:
        self._given = work
        self._gate.release()

    def serve(self, work: Work | None) -> None:
        while True:
            if work is not None:
                work()
            work = self._threads.following(self)
            if work is None:
                self._gate.acquire()
                work, self._given = self._given, None
