"""What is kept of each call, for the counts of `/insights`: its cards where it said something, else a daily total."""

import atexit
import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from math import ceil
from os import getpid
from threading import Lock, Timer
from time import monotonic, time_ns

from cds_service.feedback.latency import bound_of
from cds_service.feedback.store import CallFacts, FeedbackStore, Quiet, Said
from cds_service.service import Answer
from cds_service.web.telemetry.outcome import QUIET, Outcome

_log = logging.getLogger(__name__)
_STORE_PAUSE_SECONDS = 5.0
_SAID_SECONDS = 0.1
_QUIET_SECONDS = 5.0
_MOST_WAITING = 500
_SLOWEST_MS = 2_000_000_000


class Memory:
    """Keeps without ever failing or holding up an answer: a store that failed is left alone for a while.

    What calls said waits a tenth of a second and is written in one transaction with what other calls said meanwhile.
    Most calls of an EHR are about other orders and bring no card: they are counted, and added up after some seconds.
    A process that is killed loses what waits, one that is stopped does not (decision 90).
    """

    def __init__(self, store: FeedbackStore) -> None:
        self._store = store
        self._rest_until = 0.0
        self._said: list[Said] = []
        self._quiet: Counter[Quiet] = Counter()
        self._lock = Lock()
        self._running: set[Callable[[], None]] = set()
        self._leaves_nothing = False

    def keep(self, tenant: str, hook: str, answer: Answer, outcome: Outcome, *, seconds: float) -> None:
        """`seconds` from the beginning of the call to the moment before this."""
        if outcome.word == QUIET and not answer.issued:
            quiet = Quiet(tenant, datetime.now(UTC).date(), hook, bound_of(seconds * 1000))
            with self._lock:
                self._quiet[quiet] += 1
                self._start(_QUIET_SECONDS, self._add_up)
            return
        version = answer.issued[0].knowledge_version if answer.issued else ""
        milliseconds = min(ceil(seconds * 1000), _SLOWEST_MS)
        call = CallFacts(_new_id(), hook, outcome.word, tuple(sorted(outcome.causes)), milliseconds, version)
        with self._lock:
            self._said.append(Said(tenant, answer.issued, call))
            self._start(_SAID_SECONDS, self._write_down)
            overflows = len(self._said) >= _MOST_WAITING
        if overflows:
            self._write_down()

    def settle(self) -> None:
        """Bring what waits into the store, before somebody looks at it and at the end."""
        self._write_down()
        self._add_up()

    def _write_down(self) -> None:
        """What the store does not take is lost, and said: it may be gone for longer than memory lasts."""
        with self._lock:
            self._running.discard(self._write_down)
            waiting, self._said = self._said, []
        if not waiting:
            return
        cards = sum(len(said.cards) for said in waiting)
        if monotonic() < self._rest_until:
            _log.warning("cards-not-remembered", extra={"facts": {"cards": cards, "cause": "store at rest"}})
            return
        try:
            self._store.remember(waiting)
        except Exception as fault:
            self._rest_until = monotonic() + _STORE_PAUSE_SECONDS
            facts = {"cards": cards, "cause": type(fault).__name__}
            _log.warning("cards-not-remembered", extra={"facts": facts})

    def _add_up(self) -> None:
        """Bring the totals into the store. What it does not take now, it is given with the next."""
        with self._lock:
            self._running.discard(self._add_up)
            waiting, self._quiet = self._quiet, Counter()
        try:
            self._store.add_quiet(waiting)
        except Exception as fault:
            facts = {"calls": waiting.total(), "cause": type(fault).__name__}
            _log.warning("calls-not-counted-yet", extra={"facts": facts})
            with self._lock:
                self._quiet.update(waiting)

    def _start(self, seconds: float, write: Callable[[], None]) -> None:
        """Have `write` called after so many seconds, unless it will be anyway. The lock is held."""
        if write in self._running:
            return
        self._running.add(write)
        timer = Timer(seconds, write)
        timer.daemon = True
        timer.start()
        if not self._leaves_nothing:
            self._leaves_nothing = True
            atexit.register(self.settle)


_CALLS = count()


def _new_id() -> str:
    """Nothing about the call but its moment, so that rows are written one after the other and not all over the file.

    The process and its count tell apart what two workers begin at one moment.
    """
    return f"{time_ns():016x}{getpid() & 0xFFFF:04x}{next(_CALLS) & 0xFFFF:04x}"
