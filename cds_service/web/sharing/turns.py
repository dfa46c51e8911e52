"""Whose turn it is at the processor: one call of a process computes at a time, and tenants take turns (trust T13).

Python computes one thread at a time anyway, and gives them slices in no order, five milliseconds each: a tenant with
eight calls under way has eight of nine slices, and everybody else waits. Here it has every other turn at most, however
many calls it sends. Who waits for a FHIR server, a database or a socket steps aside, and the turn goes on meanwhile.
Between two steps of a call, it lets a tenant go first that has had fewer turns of late, and goes on after that.
Nobody waits for a turn without end: what waits that long is computed beside the others, so that a call that hangs holds
nobody up.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, local
from time import monotonic

_MOST_SECONDS = 0.25


class Turns:
    """Built before workers are forked; each then has its own."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken = False
        self._waiting: OrderedDict[str, deque[Lock]] = OrderedDict()
        self._had: Counter[str] = Counter()
        self._second = 0

    @property
    def taken_now(self) -> bool:
        """Whether a call is being computed."""
        return self._taken

    @contextmanager
    def turn(self, tenant: str) -> Iterator[None]:
        """While a call of this tenant is answered in this thread."""
        turn = _present.turn = _Turn(self, tenant)
        turn.take()
        try:
            yield
        finally:
            leave()

    def taken(self, tenant: str, *, begun: bool = False) -> bool:
        """Wait for the turn; false where it did not come in time. A call that has `begun` is the next of all."""
        with self._lock:
            self._note(tenant)
            if not self._taken:
                self._taken = True
                return True
            gate = Lock()
            gate.acquire()
            line = self._waiting.setdefault(tenant, deque())
            (line.appendleft if begun else line.append)(gate)
            if begun:
                self._waiting.move_to_end(tenant, last=False)
        if gate.acquire(timeout=_MOST_SECONDS):
            return True
        with self._lock:
            if gate in self._waiting.get(tenant, ()):
                self._waiting[tenant].remove(gate)
                return False
        return True  # it came at the last moment

    def _note(self, tenant: str) -> None:
        """Turns are forgotten by halves, so that who called a lot a while ago is not behind for ever."""
        second = int(monotonic())
        if second != self._second:
            self._second = second
            self._had = Counter({one: times // 2 for one, times in self._had.items() if times > 1})
        self._had[tenant] += 1

    def goes_before(self, tenant: str) -> bool:
        """Whether somebody waits who has had fewer turns than this tenant in the last second or so."""
        if not self._waiting:
            return False
        with self._lock:
            mine = self._had[tenant]
            return any(gates and self._had[one] < mine for one, gates in self._waiting.items() if one != tenant)

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

    def take(self, *, begun: bool = False) -> None:
        self._mine = self._turns.taken(self._tenant, begun=begun)

    def leave(self) -> None:
        if self._mine:
            self._mine = False
            self._turns.passed_on(self._tenant)

    def give_way(self) -> None:
        if self._mine and self._turns.goes_before(self._tenant):
            self.leave()
            self.take(begun=True)


class _Present(local):
    turn: _Turn | None = None


_present = _Present()


def leave() -> None:
    """For good: what this thread has still to do is little."""
    if _present.turn is not None:
        _present.turn.leave()
        _present.turn = None


def give_way() -> None:
    """Between two steps of a call, for a tenant that has had less: nobody has to wait for the whole of a long call."""
    if _present.turn is not None:
        _present.turn.give_way()


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
