"""Which addresses may be called: parsed and compared part by part, never as text (trust T1 to T3).

`https://ehr.example.com.evil` starts like `https://ehr.example.com`; only parsed origins and path segments tell the two
apart. What is called is always put together anew from the parsed parts, so that no two parsers can disagree about it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

TEST_PREFIX = "test+"
"""`test+http://…` in a registration says: a test set-up, plain http is meant. The data are synthetic."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PORTS = {"http": 80, "https": 443}
_LONGEST = 8_192
_SLASHES = re.compile("//+")
_UNSENDABLE = re.compile(r"[\x00-\x20\x7f\\]")


class Origin(NamedTuple):
    """Scheme, host in lower case, port, and the path segments below which everything lies."""

    scheme: str
    host: str
    port: int
    segments: tuple[str, ...]

    @property
    def url(self) -> str:
        """Without a slash at the end. An IPv6 host gets its brackets back; a default port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return "/".join((f"{self.scheme}://{host}{port}", *self.segments))

    def holds(self, other: "Origin") -> bool:
        """Whether the other is the same server, at this path or below it."""
        return self[:3] == other[:3] and other.segments[: len(self.segments)] == self.segments


def origin(url: str) -> Origin | None:
    """The parts of a URL that may be called at all, without query or fragment; None for anything else.

    `/a//b` is refused and not taken for `/a/b`: to some servers they are two places.
    """
    if len(url) > _LONGEST or _UNSENDABLE.search(url):
        return None
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None or port == 0:
        return None
    if "?" in url or "#" in url or "%" in parts.path:
        return None
    path = parts.path.rstrip("/")
    segments = tuple(path.split("/")[1:])
    if not {"", ".", ".."}.isdisjoint(segments):
        return None
    return Origin(parts.scheme, parts.hostname.lower(), port or _PORTS[parts.scheme], segments)


def tail_below(base: str, link: str) -> str | None:
    """What of a link comes after the base (`Condition?page=2`, `?token=7`), None where it does not lie below the base.

    A relative link hangs on the base. The tail holds no dots for a path, no escape in its path and no fragment. Doubled
    slashes, which some servers write behind their base, count as one: what is called hangs on the base in any case.
    """
    home = origin(base)
    if home is None or not link or len(link) > _LONGEST or "#" in link or _UNSENDABLE.search(link):
        return None
    path, _, query = link.partition("?")
    if path.startswith("//"):
        path = f"{home.scheme}:{path}"
    elif path.startswith("/"):
        path = home._replace(segments=()).url + path
    elif ":" not in path:
        path = f"{home.url}/{path}"
    scheme, mark, rest = path.partition("://")
    there = origin(f"{scheme}{mark}{_SLASHES.sub('/', rest)}")
    if there is None or not home.holds(there):
        return None
    tail = "/".join(there.segments[len(home.segments) :])
    return f"{tail}?{query}" if query else tail


def joined(base: Origin, tail: str) -> str:
    """The URL of a tail below a base. `Condition?…` hangs on a slash, `?…` alone does not."""
    return f"{base.url}{tail}" if not tail or tail.startswith("?") else f"{base.url}/{tail}"


@dataclass(frozen=True, slots=True)
class AllowedBases:
    """Which bases may be called. Without any listed base only loopback may be (development).

    A listed base must be https, unless its host is this machine or it is registered as a test (`test+http://…`).
    """

    bases: tuple[str, ...] = ()

    def base_of(self, url: str) -> Origin | None:
        """The registered base below which the URL lies, None where there is none. In development: its origin."""
        wanted = origin(url)
        if wanted is None:
            return None
        if not self.bases:
            return Origin(*wanted[:3], ()) if wanted.host in LOOPBACK else None
        return next((listed for listed in map(registered, self.bases) if listed and listed.holds(wanted)), None)

    def allows(self, url: str) -> bool:
        return self.base_of(url) is not None


@lru_cache(256)
def registered(base: str) -> Origin | None:
    """A base as it was registered; None where it may not be called (no URL, or plain http to another machine)."""
    parts = origin(base.removeprefix(TEST_PREFIX))
    if parts is None or (parts.scheme == "http" and parts.host not in LOOPBACK and not base.startswith(TEST_PREFIX)):
        return None
    return parts
