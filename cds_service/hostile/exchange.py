"""One request and the means to answer it well or badly."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from cds_service.hostile.keys import Keys
from cds_service.hostile.records import Records, Resource
from cds_service.hostile.wire import Line

FHIR_JSON = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: how late a slow answer is, and how long each byte of a trickle takes."""

    slow: float = 0.1
    trickle: float = 1.0


@dataclass(slots=True)
class Exchange:
    """`query` is relative to `base`; `times` counts how often it came, this time included.

    `elsewhere` and `other_host` are bases of listeners that no client has a reason to call.
    """

    line: Line
    base: str
    query: str
    times: int
    records: Records
    elsewhere: str
    other_host: str
    pace: Pace
    keys: Keys
    keeps_alive: bool = field(default=False, init=False)

    @property
    def url(self) -> str:
        return f"{self.base}/{self.query}"

    @property
    def kind(self) -> str:
        return urlsplit(self.query).path.partition("/")[0]

    @property
    def is_search(self) -> bool:
        return "/" not in urlsplit(self.query).path.strip("/") and self.kind != "metadata"

    @property
    def page(self) -> int:
        """Which page of a hostile paging is asked for; the first has no number."""
        return int(self.query.rpartition("_hostile=")[2] or 1) if "_hostile=" in self.query else 1

    @property
    def _first_page(self) -> str:
        return self.query.partition("&_hostile=")[0]

    def page_url(self, number: int) -> str:
        return f"{self.base}/{self._first_page}&_hostile={number}"

    def honest(self) -> tuple[int, Resource]:
        return self.records.answer(self.base, self._first_page)

    def bundle(self) -> Resource:
        """The honest answer to a search, to be changed."""
        return self.honest()[1]

    def answer_honestly(self) -> None:
        status, body = self.honest()
        self.answer(body, status=status)

    def answer(self, body: Any, *, status: int = 200, kind: str = FHIR_JSON, **headers: str) -> None:
        """Well-formed HTTP around any JSON value, or around bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.start(status, {"Content-Type": kind, "Content-Length": str(len(content)), **named})
        self.line.send(content)
        self.keeps_alive = True

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Status line and headers; the body is the caller's."""
        self.line.send(self.head(status, headers))

    def head(self, status: int, headers: Mapping[str, str]) -> bytes:
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def whole(self) -> tuple[bytes, bytes]:
        """(head, body) of the honest answer as bytes."""
        status, body = self.honest()
        content = json.dumps(body).encode()
        return self.head(status, {"Content-Type": FHIR_JSON, "Content-Length": str(len(content))}), content

    def hang(self) -> None:
        """Say nothing more until the client has had enough."""
        self.line.left()

    def trickle(self, data: bytes) -> None:
        for number in range(len(data)):
            self.line.send(data[number : number + 1])
            if self.line.left(self.pace.trickle):
                return
