"""The one place that speaks to a FHIR server: allow-listed bases, no redirects, one deadline, bounded bytes.

`requests` bounds each socket read but not the whole answer, so bodies are streamed against the clock and the caller
stops waiting at the deadline whatever a server does. This module and the doors are the only ones that read a clock.
"""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from threading import BoundedSemaphore, Lock
from typing import Any
from urllib.parse import SplitResult, urlsplit

import orjson
import requests

from cds_service.fhir.gather import Fetch, Fetched

_CAUSES = {401: "not-allowed", 403: "not-allowed", 404: "not-found", 410: "not-found", 429: "busy"}
_PORTS = {"http": 80, "https": 443}
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_MOST_PAGES = 10
_CHUNK = 65536


def origin(url: str) -> tuple[str, str, int, tuple[str, ...]] | None:
    """(scheme, host, port, path segments) of a base URL that may be called at all; None for anything else.

    Compared as parsed parts, never as text: `https://ehr.example.com.evil` starts like `https://ehr.example.com`.
    """
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        return None
    if port == 0:
        return None
    if "\\" in url or "%" in parts.path or any(ord(char) <= 32 for char in url):
        return None
    segments = tuple(segment for segment in parts.path.split("/") if segment)
    if ".." in segments or "." in segments:
        return None
    return parts.scheme, parts.hostname.lower(), port or _PORTS[parts.scheme], segments


@dataclass(frozen=True, slots=True)
class AllowedBases:
    """Which FHIR bases may be called. Without any listed base only loopback may be (development)."""

    bases: tuple[str, ...] = ()

    def allows(self, url: str) -> bool:
        wanted = origin(url)
        if wanted is None:
            return False
        if not self.bases:
            return wanted[1] in _LOOPBACK
        return any(
            listed is not None and wanted[:3] == listed[:3] and wanted[3][: len(listed[3])] == listed[3]
            for listed in map(origin, self.bases)
        )


class FhirClient:
    """Reads from allowed FHIR servers. One instance a process; threads are shared, connections are kept alive."""

    def __init__(self, allowed: AllowedBases, most_bytes: int, threads: int = 48) -> None:
        self._allowed = allowed
        self._most_bytes = most_bytes
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="fhir")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._lanes: dict[tuple[str, str, int], BoundedSemaphore] = {}
        self._lock = Lock()

    def reader(self, base: str, token: str, deadline: float) -> Fetch | None:
        """A Fetch for one request, or None where the server may not be called. `deadline` is on time.monotonic()."""
        if not base or not token or not self._allowed.allows(base):
            return None

        def fetch(queries: tuple[str, ...]) -> Mapping[str, Fetched]:
            lane = self._lane(base)
            tasks = {query: self._pool.submit(self._in_lane, lane, base, query, token, deadline) for query in queries}
            wait(tasks.values(), timeout=max(deadline - time.monotonic(), 0))
            done = {}
            for query, task in tasks.items():
                if task.done():
                    done[query] = task.result()
                else:
                    task.cancel()
                    done[query] = Fetched(cause="timeout")
            return done

        return fetch

    def _lane(self, base: str) -> BoundedSemaphore:
        """One server may keep only so many threads busy, so that a stalling one does not stop the reading of others."""
        parts = origin(base)
        assert parts is not None
        with self._lock:
            return self._lanes.setdefault(parts[:3], BoundedSemaphore(self._threads // 3))

    def _in_lane(self, lane: BoundedSemaphore, base: str, query: str, token: str, deadline: float) -> Fetched:
        if not lane.acquire(timeout=max(deadline - time.monotonic(), 0)):
            return Fetched(cause="timeout")
        try:
            return self._read(base, query, token, deadline)
        finally:
            lane.release()

    def _read(self, base: str, query: str, token: str, deadline: float) -> Fetched:
        got = self._get(f"{base.rstrip('/')}/{query}", token, deadline)
        bundle = got.value
        pages = 1
        while isinstance(bundle, dict) and (url := self._next(base, bundle)) and pages < _MOST_PAGES:
            page = self._get(url, token, deadline).value
            if not _is_page(bundle) or not _is_page(page):
                break
            bundle["entry"] = [*(bundle.get("entry") or []), *(page.get("entry") or [])]
            bundle["link"] = page.get("link") or []
            pages += 1
        return got

    def _next(self, base: str, bundle: Mapping[str, object]) -> str:
        """The next page, only where it lies below the same base: the token never goes elsewhere."""
        links = bundle.get("link")
        for link in links if isinstance(links, list) else []:
            if isinstance(link, dict) and link.get("relation") == "next" and isinstance(link.get("url"), str):
                url = link["url"]
                here, there = origin(base), origin(url.split("?", 1)[0])
                if here and there and here[:3] == there[:3] and there[3][: len(here[3])] == here[3]:
                    return str(url)
        return ""

    def _get(self, url: str, token: str, deadline: float) -> Fetched:
        left = deadline - time.monotonic()
        if left <= 0:
            return Fetched(cause="timeout")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/fhir+json, application/json"}
        try:
            with self._session.get(url, headers=headers, timeout=left, stream=True, allow_redirects=False) as reply:
                if reply.status_code != 200:
                    return Fetched(cause=_CAUSES.get(reply.status_code, "server-error"))
                body = bytearray()
                while chunk := reply.raw.read1(_CHUNK, decode_content=True):
                    body += chunk
                    if len(body) > self._most_bytes:
                        return Fetched(cause="too-large")
                    if time.monotonic() > deadline:
                        return Fetched(cause="timeout")
            return Fetched(value=orjson.loads(body))
        except requests.Timeout:
            return Fetched(cause="timeout")
        except ValueError:
            return Fetched(cause="malformed")
        except Exception:
            return Fetched(cause="no-connection")


def _is_page(value: Any) -> bool:
    """A Bundle that can be added to; anything else leaves the link to it standing, so that the gap is seen."""
    if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
        return False
    return isinstance(value.get("entry") or [], list)
