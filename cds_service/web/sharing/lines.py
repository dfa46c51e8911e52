"""Lines in front of the threads of a worker, one for each client that calls (trust T13).

A thread is given to whoever comes first. A client with many connections would have all of them, if only to be told
that it calls too often, and everybody else would wait behind it. So a client has half of the threads at most, and its
further requests wait in a line of its own. Whose a request is, is read from its token as it stands there, unproved:
that decides who waits behind whom. Who writes another's name waits in that one's line.

Where a client that has been proved has had all calls that it may make now, its line is closed for as long as no other
can be free for it: a share of a second. Whoever comes under that name meanwhile is turned back unread, a little later,
at a fifth of the price.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import local
from time import monotonic
from typing import Any, Generic, TypeVar

import orjson
from jwt.utils import base64url_decode

One = TypeVar("One")
_CLAIMS = re.compile(rb"\r\nauthorization[ \t]*:[ \t]*bearer[ \t]+[A-Za-z0-9_-]*\.([A-Za-z0-9_-]{1,8192})\.", re.I)
_NAMES = ("iss", "tenant", "sub")
_LONGEST = 200


def claimed(head: bytes | bytearray | memoryview) -> str:
    """Whose request this says it is; empty where it does not say."""
    found = _CLAIMS.search(head)
    if found is None:
        return ""
    try:
        claims: Any = orjson.loads(base64url_decode(found[1]))
    except ValueError:
        return ""
    if not isinstance(claims, dict):
        return ""
    return "\n".join(str(claims.get(name, ""))[:_LONGEST] for name in _NAMES)


class Lines(Generic[One]):
    """Touched by one thread only, but for what `served` brings about."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside: dict[str, int] = {}
        self._waiting: dict[str, deque[One]] = {}
        self._closed_until: dict[str, float] = {}

    @contextmanager
    def served(self, name: str) -> Iterator[None]:
        """While a request of that name is answered in this thread, which may say that the line is full."""
        _present.line = partial(self._close, name)
        try:
            yield
        finally:
            _present.line = None

    def _close(self, name: str, seconds: float) -> None:
        self._closed_until[name] = monotonic() + seconds

    def closed(self, name: str) -> bool:
        """Whether nobody of that name is let in now."""
        return monotonic() < self._closed_until.get(name, 0.0)

    def reopen(self) -> None:
        """Forget the closed lines whose time is over: a client may come under as many names as it has tokens."""
        now = monotonic()
        for name, until in list(self._closed_until.items()):
            if until <= now:
                self._closed_until.pop(name, None)

    def comes(self, name: str, one: One) -> bool:
        """Whether it may go in at once; else it waits."""
        inside = self._inside.get(name, 0)
        if inside >= self._most:
            self._waiting.setdefault(name, deque()).append(one)
            return False
        self._inside[name] = inside + 1
        return True

    def leaves(self, name: str) -> One | None:
        """One of that name is done; who goes in now, if anybody waits in its line."""
        line = self._waiting.get(name)
        if line:
            following = line.popleft()
            if not line:
                del self._waiting[name]
            return following
        self._inside[name] -= 1
        if not self._inside[name]:
            del self._inside[name]
        return None


class _Present(local):
    line: Callable[[float], None] | None = None


_present = _Present()


def full_for(seconds: float) -> None:
    """Whoever is answered in this thread, and has been proved, would be refused if it called again before that."""
    if _present.line is not None:
        _present.line(seconds)
