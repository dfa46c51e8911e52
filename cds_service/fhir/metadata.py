"""What FHIR servers say they are, kept for a while, so that their release is asked for once and not with every call."""

from collections.abc import Callable, Mapping
from threading import Lock

from cds_service.fhir.gather import Fetch, Fetched
from cds_service.fhir.release import METADATA, release_in

KEPT_SECONDS = 3600.0
"""A server changes its release by a migration, not overnight."""
FAILED_SECONDS = 60.0
"""A server that does not say is left alone for so long: slow metadata may not cost every call its time."""
_MOST_BASES = 1000


class ServerReleases:
    """Answers the query `metadata` from memory where a base was asked lately. One instance a process.

    `clock` counts seconds. Only the type of the answer and its `fhirVersion` are kept.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, Fetched]] = {}
        self._lock = Lock()

    def through(self, fetch: Fetch, base: str) -> Fetch:
        """`fetch` of the server at `base`, with `metadata` remembered; nothing else is."""

        def remembering(queries: tuple[str, ...]) -> Mapping[str, Fetched]:
            if METADATA not in queries:
                return fetch(queries)
            known = self._recall(base)
            if known is None:
                answers = fetch(queries)
                return {**answers, METADATA: self._keep(base, answers.get(METADATA, Fetched(cause="timeout")))}
            others = tuple(query for query in queries if query != METADATA)
            return {**(fetch(others) if others else {}), METADATA: known}

        return remembering

    def _recall(self, base: str) -> Fetched | None:
        with self._lock:
            until, known = self._known.get(base, (0.0, None))
        return known if known is not None and self._clock() < until else None

    def _keep(self, base: str, got: Fetched) -> Fetched:
        told = bool(release_in(got.value))
        if told:
            got = Fetched({name: got.value[name] for name in ("resourceType", "fhirVersion")})
        elif not got.cause:
            got = Fetched(cause="malformed")
        until = self._clock() + (KEPT_SECONDS if told else FAILED_SECONDS)
        with self._lock:
            if len(self._known) >= _MOST_BASES:
                self._known.clear()
            self._known[base] = (until, got)
        return got
