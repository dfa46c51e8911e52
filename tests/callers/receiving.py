"""A reception in a test: its clock stands still, its key sets are published in memory."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from issuing import BASE, KEY_SET, NOW, SIGN, Ehr, client, key_set, written

from cds_service.callers import Caller
from cds_service.callers.fetching import Unreachable
from cds_service.callers.reception import Reception
from cds_service.callers.registry import Terms
from cds_service.callers.replay import Uses
from cds_service.errors import NotAuthenticated

TERMS = Terms(BASE, 2.0, frozenset({"order-select", "order-sign"}))


class Clock:
    """Seconds since 1970 and seconds of a stopwatch, moved together."""

    def __init__(self) -> None:
        self.now = float(NOW)
        self.tick = 1000.0

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.tick += seconds


class Web:
    """What stands at which URL; None is a host that does not answer. Every fetch is counted."""

    def __init__(self, **pages: bytes | None) -> None:
        self.pages: dict[str, bytes | None] = {KEY_SET: key_set(Ehr().published)} | pages
        self.fetched: list[str] = []

    def __call__(self, url: str) -> bytes:
        self.fetched.append(url)
        page = self.pages.get(url)
        if page is None:
            raise Unreachable("no answer")
        return page


class Desk:
    """A reception with what it stands on."""

    def __init__(self, folder: Path, *clients: str, uses: Uses | None = None, environ: Mapping[str, str] | None = None):
        self.clock = Clock()
        self.web = Web()
        self.path = written(folder, *(clients or (client(),)))
        self.reception = Reception(
            self.path,
            environ or {},
            TERMS,
            self.web,
            uses or Uses(None),
            now=lambda: self.clock.now,
            tick=lambda: self.clock.tick,
        )

    def caller(self, token: str, path: str = SIGN) -> Caller:
        return self.reception.recognise(f"Bearer {token}", path)

    def admits(self, token: str, path: str = SIGN) -> bool:
        try:
            self.caller(token, path)
        except NotAuthenticated:
            return False
        return True


def reasons(records: Any) -> Iterator[str]:
    """What the log says of refusals, in order."""
    for record in records:
        if record.getMessage() == "token-refused":
            yield record.facts["reason"]
