"""Key sets that callers publish, kept so that neither their outage nor a stranger's token costs anybody a call.

Known keys answer at once; an old set is fetched anew beside the call. A `kid` that is not known leads to one fetch in a
cool-down, however many tokens name one, and calls wait a moment for it, so that a rotation fails none. A set that can
no longer be fetched stays good for a day (trust T10).
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from threading import Event, Lock, Thread
from time import monotonic
from typing import Protocol

from cds_service.callers.fetching import Unreachable
from cds_service.callers.keys import BadKey, Key, KeySet, read_key_set

FRESH_SECONDS = 600.0
COOL_DOWN_SECONDS = 30.0
STALE_SECONDS = 86_400.0
WAIT_SECONDS = 1.5
_RETRY_SECONDS = 15.0
_NEVER = float("-inf")
_log = logging.getLogger(__name__)


class FetchKeys(Protocol):
    """Gets what stands at a URL of the registry. Raises Unreachable, with a reason for the log."""

    def __call__(self, url: str) -> bytes: ...


class _Published:
    """One key set, what is known of it and since when."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.keys: KeySet | None = None
        self.got = _NEVER
        self.tried = _NEVER
        self.asked_for_unknown = _NEVER
        self.under_way: Event | None = None


class KeySets:
    """The key sets by issuer and URL. One instance a process; any thread may ask."""

    def __init__(
        self,
        fetch: FetchKeys,
        tick: Callable[[], float] = monotonic,
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`aside` is entered while a key set is waited for."""
        self._fetch = fetch
        self._aside = aside
        self._tick = tick
        self._published: dict[tuple[str, str], _Published] = {}
        self._lock = Lock()

    def find(self, issuer: str, url: str, name: str, algorithm: str) -> tuple[Key, ...]:
        """The keys of that name for that algorithm; none where nobody could say."""
        with self._lock:
            one = self._published.setdefault((issuer, url), _Published())
        keys = self._usable(one)
        if keys is not None and keys.names(name):
            if self._tick() - one.got > FRESH_SECONDS and self._tick() - one.tried > COOL_DOWN_SECONDS:
                self._start(one, url)
            return keys.fitting(name, algorithm)
        waiting = self._ask_for_unknown(one, url)
        if waiting is not None:
            with self._aside():
                waiting.wait(max(one.tried + WAIT_SECONDS - self._tick(), 0))
        keys = self._usable(one)
        return keys.fitting(name, algorithm) if keys is not None else ()

    def _usable(self, one: _Published) -> KeySet | None:
        return one.keys if self._tick() - one.got <= STALE_SECONDS else None

    def _ask_for_unknown(self, one: _Published, url: str) -> Event | None:
        """A fetch to wait for: one that is under way, or a new one where the cool-down has passed."""
        with one.lock:
            if one.under_way is not None:
                return one.under_way
            now = self._tick()
            if self._usable(one) is None:
                return self._begin(one, url) if now - one.tried >= _RETRY_SECONDS else None
            if now - one.asked_for_unknown < COOL_DOWN_SECONDS:
                return None
            one.asked_for_unknown = now
            return self._begin(one, url)

    def _start(self, one: _Published, url: str) -> None:
        with one.lock:
            if one.under_way is None:
                self._begin(one, url)

    def _begin(self, one: _Published, url: str) -> Event:
        """In a thread of its own: whoever waits for it stops waiting when the time is up, whatever the server does."""
        one.tried = self._tick()
        one.under_way = done = Event()
        Thread(target=self._renew, args=(one, url, done), name="key-set", daemon=True).start()
        return done

    def _renew(self, one: _Published, url: str, done: Event) -> None:
        try:
            keys = read_key_set(self._fetch(url))
            if not keys.keys:
                raise BadKey("holds no key that can be used")
            one.keys, one.got = keys, self._tick()
            facts = {"keys": len(keys.keys), "left_out": len(keys.complaints)}
            _log.info("key-set", extra={"facts": facts})
        except (Unreachable, BadKey) as fault:
            _log.warning("key-set-not-fetched", extra={"facts": {"cause": str(fault)}})
        except Exception as fault:
            _log.error("key-set-not-fetched", extra={"facts": {"cause": type(fault).__name__}})
        finally:
            with one.lock:
                one.under_way = None
            done.set()
