"""Reads a FHIR server for one hook call: what the answers of HTTP mean in FHIR, and Bundles page by page.

Everything about the connection (who may be asked, for how long, how many bytes) is `cds_service.outbound`'s.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

import orjson

from cds_service.fhir.fetch import Fetch, Fetched
from cds_service.outbound import (
    CLOSED,
    Allowance,
    AllowedBases,
    Breakers,
    GuardedReader,
    Lanes,
    Origin,
    Reply,
    RetryBudget,
    origin,
    tail_below,
)

__all__ = ["AllowedBases", "FhirClient"]

NOT_ANSWERING = "not-answering"
_CAUSES = {401: "not-allowed", 403: "not-allowed", 404: "not-found", 410: "not-found", 429: "busy"}
_MOST_PAGES = 20
_MOST_ENTRIES = 10_000
"""Of all lists of one call together: judging more would take longer than a call may."""
_THREADS, _WIDTH = 192, 64
"""Reads at a time in a worker, of all servers and of one: four whole calls, and three servers that stall."""
_LONGEST_TOKEN = 16_384
_FAIR_SECONDS = 0.5
"""A round with less time than this left says nothing about a server that does not answer in it."""


@dataclass(frozen=True, slots=True)
class _Call:
    """What the reads of one hook call have in common. The token goes into their header and nowhere else."""

    base: Origin
    headers: Mapping[str, str]
    deadline: float
    allowance: Allowance
    entries: Allowance
    retries: RetryBudget

    def __repr__(self) -> str:
        return "_Call()"


@dataclass(frozen=True, slots=True)
class _Read:
    """The outcome of one query, and whether it speaks against the server."""

    fetched: Fetched
    failed: bool = False


_LATE = Fetched(cause="timeout")


class FhirClient:
    """Reads from registered FHIR servers. One instance a process; threads and connections are shared by all calls."""

    def __init__(self, most_bytes: int, reader: GuardedReader | None = None, breakers: Breakers | None = None) -> None:
        self._most_bytes = most_bytes
        self._reader = reader or GuardedReader(_WIDTH)
        self._breakers = breakers or Breakers()
        self._lanes = Lanes(_THREADS, _WIDTH)
        self._retries: dict[Origin, RetryBudget] = {}

    def states(self) -> Mapping[str, int]:
        """How many of the servers asked so far are in each state of their circuit breaker, in this process."""
        return self._breakers.states()

    def reader(self, base: str, token: str, deadline: float, allowed: AllowedBases) -> Fetch | None:
        """A Fetch for one hook call, or None where the server may not be called. `deadline` is on time.monotonic()."""
        if not base or not _is_sendable(token):
            return None
        place, listed = origin(base), allowed.base_of(base)
        if place is None or listed is None:
            return None
        facts = {"server": f"{listed.host}:{listed.port}"}
        breaker = self._breakers.of(listed, facts)
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/fhir+json, application/json"}
        retries = self._retries.setdefault(listed, RetryBudget())
        call = _Call(place, headers, deadline, Allowance(self._most_bytes), Allowance(_MOST_ENTRIES), retries)

        def fetch(queries: tuple[str, ...]) -> Mapping[str, Fetched]:
            left = deadline - monotonic()
            if left <= 0 or not queries:
                return dict.fromkeys(queries, _LATE)
            fair = left >= _FAIR_SECONDS
            if not (breaker.admits() if fair else breaker.state == CLOSED):
                return dict.fromkeys(queries, Fetched(cause=NOT_ANSWERING))
            failed = True
            try:
                jobs = {query: self._job(call, query) for query in queries}
                done = self._lanes.run(place[:3], jobs, deadline)
                failed = 2 * sum(query not in done or done[query].failed for query in queries) >= len(queries)
            finally:
                if fair or not failed:
                    breaker.note(failed)
            return {query: done[query].fetched if query in done else _LATE for query in queries}

        return fetch

    def _job(self, call: _Call, query: str) -> Callable[[], _Read]:
        return lambda: self._read(call, query)

    def _read(self, call: _Call, query: str) -> _Read:
        """One query with all its pages. What stays unread keeps its `next` link, so that the gap is seen."""
        reply = self._get(call, query)
        if monotonic() >= call.deadline:
            return _Read(_LATE, reply.failed)  # nobody waits for it any more: no core is spent on taking it apart
        fetched = _meaning(reply)
        bundle = fetched.value
        read = {query}
        while len(read) < _MOST_PAGES and _is_page(bundle):
            tail = _next(call.base, bundle)
            if tail is None or tail in read:
                break
            read.add(tail)
            page = _meaning(self._get(call, tail)).value
            if not _is_page(page):
                break
            bundle["entry"] = [*(bundle.get("entry") or []), *(page.get("entry") or [])]
            bundle["link"] = [*_links(bundle, "self"), *_links(page, "next")]
            if len(bundle["entry"]) > _MOST_ENTRIES:
                break
        if _is_page(bundle) and not call.entries.take(len(bundle.get("entry") or [])):
            return _Read(Fetched(cause="too-large"))
        return _Read(fetched, reply.failed)

    def _get(self, call: _Call, tail: str) -> Reply:
        return self._reader.get(call.base, tail, call.headers, call.deadline, call.allowance, call.retries)


def _is_sendable(token: str) -> bool:
    """A bearer token is printable ASCII without spaces (RFC 6750); anything else could write further headers."""
    return 0 < len(token) <= _LONGEST_TOKEN and token.isascii() and token.isprintable() and " " not in token


def _meaning(reply: Reply) -> Fetched:
    if reply.fault:
        return Fetched(cause=reply.fault)
    if reply.status != 200:
        return Fetched(cause=_CAUSES.get(reply.status, "server-error"))
    try:
        return Fetched(value=orjson.loads(reply.body))
    except ValueError:
        return Fetched(cause="malformed")


def _next(base: Origin, bundle: Mapping[str, Any]) -> str | None:
    """The tail of the next page, only where it lies below the same base: the token never goes elsewhere."""
    for link in _links(bundle, "next"):
        if isinstance(link.get("url"), str):
            return tail_below(base.url, link["url"])
    return None


def _links(bundle: Mapping[str, Any], relation: str) -> list[Mapping[str, Any]]:
    links = bundle.get("link")
    return [
        link
        for link in (links if isinstance(links, list) else [])
        if isinstance(link, dict) and link.get("relation") == relation
    ]


def _is_page(value: Any) -> bool:
    """A Bundle that can be added to; anything else leaves the link to it standing, so that the gap is seen."""
    if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
        return False
    return isinstance(value.get("entry") or [], list)
