"""When one more try makes sense: at most one, for what may pass, where the server lets us and the time suffices."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock

PASSING = frozenset({429, 502, 503, 504})
"""Statuses that say "not now". Reads change nothing, so asking again is safe."""
_LEAST_USEFUL_SECONDS = 0.05
_SHARE = 0.1
_MOST_SAVED = 20.0


class RetryBudget:
    """One call in ten may be tried again, counted for one server: a server in trouble is not given twice the work.

    Twenty retries may be saved up, a little more than the reads of one hook call, and a new process begins with them.
    """

    def __init__(self) -> None:
        self._saved = _MOST_SAVED
        self._lock = Lock()

    def note_call(self) -> None:
        with self._lock:
            self._saved = min(self._saved + _SHARE, _MOST_SAVED)

    def take(self) -> bool:
        with self._lock:
            # Tenths do not add up exactly in binary.
            if self._saved < 1 - 1e-9:
                return False
            self._saved -= 1
            return True


def pause(retry_after: str, seconds_left: float, chance: Callable[[], float], now: Callable[[], datetime]) -> float:
    """Seconds to wait before the one retry; negative where there is no time for it.

    Without a Retry-After 20 to 80 ms, so that parallel reads do not all come again at once; after one, up to 20 ms on
    top of it. `chance` is from 0 to 1.
    """
    asked = retry_after_seconds(retry_after, now)
    wait = 0.02 + 0.06 * chance() if asked is None else asked + 0.02 * chance()
    return wait if wait + _LEAST_USEFUL_SECONDS <= seconds_left else -1.0


def retry_after_seconds(value: str, now: Callable[[], datetime]) -> float | None:
    """What a Retry-After header asks for (RFC 9110, 10.2.3): seconds or a date; None where it says nothing usable."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max((when - now()).total_seconds(), 0.0)


def utc_now() -> datetime:
    return datetime.now(UTC)
