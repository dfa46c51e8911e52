"""How a key set is fetched: by the one way out, below the URL that the registry has vouched for."""

from functools import cache
from time import monotonic

from cds_service.outbound import Allowance, GuardedReader, registered

_SECONDS = 5.0
_MOST_BYTES = 256_000
_HEADERS = {"Accept": "application/jwk-set+json, application/json"}


class Unreachable(Exception):
    """A key set that could not be had; the text is a word for the log and holds nothing that was sent."""


def fetch_key_set(url: str) -> bytes:
    """What stands at the URL: no redirect, no proxy of the environment, bounded in bytes and time.

    It waits in the thread that calls it. Raises Unreachable.
    """
    address, _, query = url.partition("?")
    place = registered(address)
    if place is None:
        raise Unreachable("address")
    tail = f"?{query}" if query else ""
    reply = _reader().get(place, tail, _HEADERS, monotonic() + _SECONDS, Allowance(_MOST_BYTES))
    if reply.fault:
        raise Unreachable({"too-large": "too large", "timeout": "too slow"}.get(reply.fault, reply.fault))
    if reply.status != 200:
        raise Unreachable(f"status {reply.status}")
    return reply.body


@cache
def _reader() -> GuardedReader:
    """One for all callers; connections are few, as keys are fetched seldom."""
    return GuardedReader(connections=2)
