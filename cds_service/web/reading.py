"""The body of a POST: right kind, bounded size, strict JSON."""

from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.http import parse_options_header

from cds_service.errors import MalformedRequest
from cds_service.hooks.body import read_json

RECEIVED = "cds.received"
"""Key of the environ, in seconds of `time.monotonic`."""


def read_object(most_bytes: int) -> dict[str, Any]:
    """The JSON object that was posted.

    Raises UnsupportedMediaType, RequestEntityTooLarge (also for a chunked body, which announces no length) and
    MalformedRequest. What goes wrong while the body arrives is the client's or the network's doing: a BadRequest.
    """
    _check_kind()
    value = read_json(_bounded_body(most_bytes))
    if not isinstance(value, dict):
        raise MalformedRequest("The body must be a JSON object.")
    return value


def received() -> float | None:
    """When the first byte of this request came, where the server says so."""
    moment: float | None = request.environ.get(RECEIVED)
    return moment


def _check_kind() -> None:
    kind, options = parse_options_header(request.headers.get("Content-Type", ""))
    kind = kind.lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMediaType
    if options.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise UnsupportedMediaType


def _bounded_body(most_bytes: int) -> bytes:
    """In one read: the web library's own bound copies in small steps, a fifth of the time of a large call."""
    length = request.content_length
    if length is not None and length > most_bytes:
        raise RequestEntityTooLarge
    if length is None and not request.environ.get("wsgi.input_terminated"):
        return b""
    try:
        body: bytes = request.environ["wsgi.input"].read(most_bytes + 1 if length is None else length)
    except Exception:
        raise BadRequest from None
    if len(body) > most_bytes:
        raise RequestEntityTooLarge
    if length is not None and len(body) < length:
        raise BadRequest
    return body
