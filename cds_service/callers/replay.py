"""A token is good once: which tokens were used, across workers and restarts (trust T11).

Each process remembers what it has seen; a store that all share has the last word. Where that store does not answer,
the process goes on with what it knows and says so loudly: silence at prescribing is a greater harm than a replay within
minutes behind TLS (trust 5). Stores hold digests and times, no token and nothing that was in one.
"""

import logging
from collections.abc import Callable
from hashlib import sha256
from heapq import heappop, heappush
from threading import Lock
from time import monotonic
from typing import Protocol

_REST_SECONDS = 5.0
_MOST_REMEMBERED = 500_000
_log = logging.getLogger(__name__)


class StoreLost(Exception):
    """The shared store does not answer; the text is a word for the log."""


class SharedUses(Protocol):
    """Uses of tokens that every worker sees."""

    def first(self, digest: bytes, until: float, now: float) -> bool:
        """Whether this is the first use, in one step with noting it. Raises StoreLost."""


def digest_of(tenant: str, issuer: str, token_id: str) -> bytes:
    """What a use is known by: a `jti` is unique for its issuer only, and tenants are kept apart here too."""
    return sha256("\0".join((tenant, issuer, token_id)).encode("utf-8", "surrogatepass")).digest()


class OwnUses:
    """Uses that this process has seen, forgotten when the token has expired."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._ends: list[tuple[float, bytes]] = []
        self._lock = Lock()

    def first(self, digest: bytes, until: float, now: float) -> bool:
        with self._lock:
            while self._ends and (self._ends[0][0] < now or len(self._ends) > _MOST_REMEMBERED):
                self._seen.discard(heappop(self._ends)[1])
            if digest in self._seen:
                return False
            self._seen.add(digest)
            heappush(self._ends, (until, digest))
            return True


class Uses:
    """What the reception asks: this process first, then the shared store, where there is one."""

    def __init__(self, shared: SharedUses | None, tick: Callable[[], float] = monotonic) -> None:
        self._own = OwnUses()
        self._shared = shared
        self._tick = tick
        self._rest_until = 0.0

    def first(self, digest: bytes, until: float, now: float) -> bool:
        """Whether a token is used for the first time. `until` and `now` are seconds since 1970."""
        if not self._own.first(digest, until, now):
            return False
        if self._shared is None or self._tick() < self._rest_until:
            return True
        try:
            return self._shared.first(digest, until, now)
        except StoreLost as fault:
            self._rest_until = self._tick() + _REST_SECONDS
            facts = {"cause": str(fault), "effect": "a token may be used once in each worker"}
            _log.error("replay-store-lost", extra={"facts": facts})
            return True

    @property
    def degraded(self) -> bool:
        """Whether the shared store failed a moment ago."""
        return self._tick() < self._rest_until
