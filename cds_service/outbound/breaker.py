"""A circuit breaker for each server: who has not answered lately is not waited for by everyone.

Open, a question about the server is answered at once with "not asked". After a while one round of reads may try; if it
is answered, all may again. Verdicts are of rounds (the parallel reads of one hook call), not of single reads: one
patient whose reads time out together is one failure, not fourteen.
"""

import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from time import monotonic

_log = logging.getLogger(__name__)
CLOSED, OPEN, HALF_OPEN = "closed", "open", "half-open"
CONSECUTIVE = 5
WINDOW = 20
OPEN_SECONDS = 15.0
_PROBE_SECONDS = 5.0
_MOST_KEPT = 256


class Breaker:
    """Opens at 5 failures in a row, or where at least half of the last 20 rounds failed; tries again after 15 s.

    `name` are the facts for the log line of each change. One round at a time tries a half-open server; a round that
    never tells how it ended is given up after the longest deadline.
    """

    def __init__(self, name: Mapping[str, object], clock: Callable[[], float] = monotonic) -> None:
        self._name = name
        self._clock = clock
        self._lock = Lock()
        self._state = CLOSED
        self._row = 0
        self._last: deque[bool] = deque(maxlen=WINDOW)
        self._since = 0.0

    @property
    def state(self) -> str:
        """Half-open as soon as a round may try, though none has come yet."""
        with self._lock:
            return HALF_OPEN if self._state == OPEN and self._rested(OPEN_SECONDS) else self._state

    def admits(self) -> bool:
        """Whether a round may ask the server now. Whoever is let in says how it went with `note`."""
        with self._lock:
            if self._state == CLOSED:
                return True
            if not self._rested(OPEN_SECONDS if self._state == OPEN else _PROBE_SECONDS):
                return False
            self._turn(HALF_OPEN)
            return True

    def note(self, failed: bool) -> None:
        """How a round went. Late news of rounds that began before the breaker opened changes nothing then."""
        with self._lock:
            if self._state == OPEN:
                return
            if self._state == HALF_OPEN:
                self._turn(OPEN if failed else CLOSED)
                return
            self._row = self._row + 1 if failed else 0
            self._last.append(failed)
            if self._row >= CONSECUTIVE or (len(self._last) == WINDOW and 2 * sum(self._last) >= WINDOW):
                self._turn(OPEN)

    def _rested(self, seconds: float) -> bool:
        return self._clock() - self._since >= seconds

    def _turn(self, state: str) -> None:
        changed, self._state, self._since = state != self._state, state, self._clock()
        self._row = 0
        self._last.clear()
        if changed:
            level = logging.INFO if state == CLOSED else logging.WARNING
            _log.log(level, "server-circuit", extra={"facts": {**self._name, "state": state}})


class Breakers:
    """A breaker for each key, made when first asked for. The least recently used one goes where there are too many."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, Breaker] = OrderedDict()

    def of(self, key: Hashable, name: Mapping[str, object]) -> Breaker:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = Breaker(name, self._clock)
                if len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def states(self) -> Mapping[str, int]:
        """How many servers are in each state; of what was never asked nothing is said."""
        with self._lock:
            kept = tuple(self._kept.values())
        states = [breaker.state for breaker in kept]
        return {state: states.count(state) for state in (CLOSED, OPEN, HALF_OPEN)}
