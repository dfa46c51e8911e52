"""How much one caller may ask at a time, so that no caller slows another down (trust T13).

Asked when the caller is known and before its body is read. Each worker counts for itself: nothing is shared, nothing is
waited for, and a limit costs a few microseconds. Without a file of clients there is no other caller to be protected,
and no limit.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from cds_service.callers import Caller
from cds_service.errors import TooManyCalls
from cds_service.web.sharing.lines import full_for


class Turnstile:
    """Built before workers are forked; each then counts from nothing."""

    def __init__(self) -> None:
        self._rates = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._inside: Counter[str] = Counter()
        self._full_until: dict[str, float] = {}
        self._lock = Lock()

    def look(self, caller: Caller) -> None:
        """Raises TooManyCalls where a call would be one too many now; it takes up no place.

        Where a second's calls have come, nothing is free before a share of the second has passed: this costs next to
        nothing where it is asked most.
        """
        if monotonic() < self._full_until.get(caller.tenant, 0.0):
            raise TooManyCalls()
        if caller.concurrency and self._inside[caller.tenant] >= caller.concurrency:
            raise TooManyCalls()

    @contextmanager
    def passed(self, caller: Caller) -> Iterator[None]:
        """While one call of the caller is answered. Raises TooManyCalls where it has too many, or too many a second."""
        if caller.rate:
            self._count(caller)
        if not caller.concurrency:
            yield
            return
        with self._lock:
            if self._inside[caller.tenant] >= caller.concurrency:
                raise TooManyCalls()
            self._inside[caller.tenant] += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside[caller.tenant] -= 1

    def _count(self, caller: Caller) -> None:
        """Of the calls in a second. Where this was the last one, or is one too many, the next is turned back unread."""
        agreed = RateLimitItemPerSecond(caller.rate)
        counted = self._rates.hit(agreed, caller.tenant)
        if not (counted and self._rates.test(agreed, caller.tenant)):
            self._full_until[caller.tenant] = monotonic() + 1 / caller.rate
            full_for(1 / caller.rate)
        if not counted:
            raise TooManyCalls()
