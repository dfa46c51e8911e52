"""Who is at the door: a caller for an Authorization header, or a refusal that never says why.

The file of clients is looked at once a second at most, in the course of a call; a new one is taken without a restart,
and where it cannot be used the old one stays and the log says so.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import monotonic, time

from cds_service.callers import Caller
from cds_service.callers.key_sets import FetchKeys, KeySets
from cds_service.callers.registry import Terms, TrustRecord, read_registry
from cds_service.callers.replay import Uses, digest_of
from cds_service.callers.token import Refused, Token, check, read_token, record_of, verify
from cds_service.errors import BadClients, NotAuthenticated, TooManyCalls

_LOOK_SECONDS = 1.0
_log = logging.getLogger(__name__)


def _everyone(_: Caller) -> None:
    """Nobody is refused for calling often."""


@dataclass(frozen=True, slots=True)
class Anyone:
    """The reception of development mode: whoever comes is the one unnamed caller."""

    caller: Caller

    def recognise(self, authorization: str, path: str, admit: Callable[[Caller], None] = _everyone) -> Caller:
        admit(self.caller)
        return self.caller

    def condition(self) -> Mapping[str, str]:
        return {}


class _File:
    """The registry as the file has it, read again when the file has changed."""

    def __init__(self, path: Path, environ: Mapping[str, str], terms: Terms, tick: Callable[[], float]) -> None:
        self._path = path
        self._environ = environ
        self._terms = terms
        self._tick = tick
        self._lock = Lock()
        self._looked = tick()
        self.registry = read_registry(path, environ, terms)
        self._marks = _marks_of(self.registry.files)
        self.current = True

    def look(self) -> None:
        if self._tick() - self._looked < _LOOK_SECONDS or not self._lock.acquire(blocking=False):
            return
        try:
            self._looked = self._tick()
            marks = _marks_of(self.registry.files)
            if marks != self._marks:
                self._read()
        finally:
            self._lock.release()

    def _read(self) -> None:
        """A file that changes while it is read has other marks at the next look, and is read once more."""
        self._marks = _marks_of(self.registry.files)
        try:
            self.registry = read_registry(self._path, self._environ, self._terms)
            self._marks = (*self._marks[:1], *_marks_of(self.registry.files)[1:])
            self.current = True
            _log.info("clients-read", extra={"facts": {"clients": len(self.registry.records)}})
        except BadClients as fault:
            self.current = False
            facts = {"fault": fault.text, "effect": "the clients read before stay in force"}
            _log.error("clients-file-refused", extra={"facts": facts})


_Mark = tuple[int, int, int] | None


def _marks_of(paths: Iterable[Path]) -> tuple[_Mark, ...]:
    return tuple(map(_mark_of, paths))


def _mark_of(path: Path) -> _Mark:
    """What changes when a file is written or another is put in its place; links are followed, as mounts use them."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size, seen.st_ino


class Reception:
    """The reception of a service with a registry. Built before workers are forked; it holds no connection until then.

    Raises BadClients where the file of clients cannot be used at the start.
    """

    def __init__(
        self,
        path: Path,
        environ: Mapping[str, str],
        terms: Terms,
        fetch: FetchKeys,
        uses: Uses,
        now: Callable[[], float] = time,
        tick: Callable[[], float] = monotonic,
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`aside` is entered while keys are waited for."""
        self._file = _File(path, environ, terms, tick)
        self._base_url = terms.base_url
        self._key_sets = KeySets(fetch, tick, aside)
        self._uses = uses
        self._now = now

    def recognise(self, authorization: str, path: str, admit: Callable[[Caller], None] = _everyone) -> Caller:
        """The caller of an endpoint such as `/cds-services/ldn-order-sign`. Raises NotAuthenticated, one for all.

        `admit` is asked when the caller is proved and before its token is noted as used: it may raise TooManyCalls, and
        costs the store of used tokens nothing. Such a token may be sent again.
        """
        self._file.look()
        try:
            return self._judged(authorization, path, admit).caller
        except TooManyCalls:
            raise
        except Refused as refusal:
            _log.warning("token-refused", extra={"facts": {"reason": refusal.reason, "tenant": refusal.tenant}})
        except Exception as fault:  # a fault of ours lets nobody in, and looks no different from outside
            _log.error("token-check-broke", extra={"facts": {"error": type(fault).__name__}})
        raise NotAuthenticated

    def _judged(self, authorization: str, path: str, admit: Callable[[Caller], None] = _everyone) -> TrustRecord:
        token = read_token(authorization)
        record = record_of(token, self._file.registry)
        now = self._now()
        check(token, record, record.audiences_of(path, self._base_url), now)
        if record.keys is not None:
            keys = record.keys.fitting(token.key_name, token.algorithm)
        else:
            keys = self._key_sets.find(record.issuer, record.jwks_url, token.key_name, token.algorithm)
        if not keys:
            raise Refused("unknown-key", record.tenant)
        if not verify(token, keys):
            raise Refused("bad-signature", record.tenant)
        admit(record.caller)
        self._note_use(token, record, now)
        return record

    def _note_use(self, token: Token, record: TrustRecord, now: float) -> None:
        digest = digest_of(record.tenant, record.issuer, token.id)
        if self._uses.first(digest, token.expires + record.leeway_seconds, now):
            return
        if record.enforces_single_use:
            raise Refused("used-before", record.tenant)
        _log.warning("token-used-again", extra={"facts": {"tenant": record.tenant}})

    def condition(self) -> Mapping[str, str]:
        """For whoever runs the service: whether the file as it stands is in force, and replay is refused everywhere."""
        return {
            "clients": "current" if self._file.current else "outdated: the file cannot be used",
            "replays": "this worker only" if self._uses.degraded else "refused",
        }
