"""What the worker itself refuses with, in bytes: requests that no application ever sees."""

import re
from functools import cache
from http import HTTPStatus

import orjson

from cds_service.web.problems import plain_problem

_RETRY_AFTER = {429: 1, 503: 5}
_PHRASES = {414: "URI Too Long"}  # Python before 3.13 has a name for it that RFC 9110 no longer knows
_CLOSES = re.compile(rb"\r\nconnection[ \t]*:[^\r\n]*\bclose\b", re.I)
_ORIGIN = re.compile(rb"\r\norigin[ \t]*:[ \t]*([!-~]+)[ \t]*\r\n", re.I)


def refusal(status: int, head: bytes, origins: tuple[str, ...], *, last: bool = True) -> bytes:
    """An OperationOutcome to a request of which `head` has come; `last` closes the connection."""
    body = _body(status)
    fields = [
        f"HTTP/1.1 {status} {_PHRASES.get(status) or HTTPStatus(status).phrase}",
        *(["Connection: close"] if last else []),
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        *browser_fields(origins, head),
        *([f"Retry-After: {_RETRY_AFTER[status]}"] if status in _RETRY_AFTER else []),
    ]
    return "\r\n".join([*fields, "", ""]).encode("ascii") + body


@cache
def _body(status: int) -> bytes:
    """Made once: whoever is refused here most should cost least."""
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": [plain_problem(status)]})


def stays_open(head: bytes) -> bool:
    """Whether the client counts on its connection for another request (RFC 9112, section 9.3)."""
    return b" HTTP/1.1\r\n" in head and _CLOSES.search(head) is None


def browser_fields(origins: tuple[str, ...], head: bytes) -> list[str]:
    """As on every other answer: without them a browser tells its user nothing at all (cds-hooks 97).

    `head` is what came of the request, which may be no HTTP at all.
    """
    if "*" in origins:
        return ["Access-Control-Allow-Origin: *"]
    found = _ORIGIN.search(head)
    origin = found[1].decode("ascii") if found else ""
    return [*([f"Access-Control-Allow-Origin: {origin}"] if origin in origins else []), "Vary: Origin"]
