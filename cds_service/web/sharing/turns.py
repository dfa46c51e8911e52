"""Whose turn it is at the processor: one call of a process computes at a time, and tenants take turns (trust T13).

Python computes one thread at a time anyway, and gives them slices in no order, five milliseconds each: a tenant with
eight calls under way has eight of nine slices, and everybody else waits. Here it has every other turn at most, however
many calls it sends. Who waits for a FHIR server, a database or a socket steps aside, and the turn goes on meanwhile.
Nobody waits for a turn without end: what waits that long is computed beside the others, so that a call that hangs holds
nobody up.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, local

_MOST_SECONDS = 0.25


class Turns:
    """Built before workers are forked; each then has its own."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken = False
        self._waiting: OrderedDict[str, deque[Lock]] = OrderedDict()

    @contextmanager
    def turn(self, tenant: str) -> Iterator[None]:
        """While a call of this tenant is answered in this thread."""
        turn = _present.turn = _Turn(self, tenant)
        turn.take()
        try:
            yield
        finally:
            leave()

    def taken(self, tenant: str) -> bool:
        """Wait for the turn; false where it did not come in time."""
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            gate = Lock()
            gate.acquire()
            self._waiting.setdefault(tenant, deque()).append(gate)
        if gate.acquire(timeout=_MOST_SECONDS):
            return True
        with self._lock:
            if gate in self._waiting.get(tenant, ()):
                self._waiting[tenant].remove(gate)
                return False
        return True  # it came at the last moment

    def passed_on(self, tenant: str) -> None:
        """To the tenant that has waited longest since its last turn; to this one where no other waits."""
        with self._lock:
            if tenant in self._waiting:
                self._waiting.move_to_end(tenant)
            while self._waiting:
                following, gates = self._waiting.popitem(last=False)
                if gates:
                    gate = gates.popleft()
                    self._waiting[following] = gates
                    gate.release()
                    return
            self._taken = False


class _Turn:
    """Of one call. It may be left for a while and taken again."""

    def __init__(self, turns: Turns, tenant: str) -> None:
        self._turns, self._tenant = turns, tenant
        self._mine = False

    def take(self) -> None:
        self._mine = self._turns.taken(self._tenant)

    def leave(self) -> None:
        if self._mine:
            self._mine = False
            self._turns.passed_on(self._tenant)


class _Present(local):
    turn: _Turn | None = None


_present = _Present()


def leave() -> None:
    """For good: what this thread has still to do is little."""
    if _present.turn is not None:
        _present.turn.leave()
        _present.turn = None


@contextmanager
def aside() -> Iterator[None]:
    """While this thread waits for something else than the processor."""
    turn = _present.turn
    if turn is None:
        yield
        return
    turn.leave()
    try:
        yield
    finally:
        turn.take()
