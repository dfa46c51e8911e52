"""Bytes to JSON, strictly: what RFC 8259 calls JSON and every reader would understand alike (cds-hooks 1, 7, 112).

Refused: anything that is not UTF-8 (a byte order mark, UTF-16, lone surrogates), NaN and Infinity, numbers too large
for a double, repeated names, comments and trailing commas, and nesting deeper than `DEEPEST`. An integer beyond 64 bits
becomes a float, so that whatever was read can be written again.

orjson refuses all of these but repeated names and deep nesting, at a third of the price of a parser that reports
repeated names (jiter). So orjson reads, and a repeated name is noticed by what it costs: written out again, the value
is not the body, and has fewer colons. Only a body with fewer colons, or with `\\u` escapes (a colon may hide in one),
goes through jiter, which then has the last word. Nesting is noticed by orjson's own limit on writing, with the
difference to `DEEPEST` used up beforehand.
"""

from typing import Any

import jiter
import orjson

from cds_service.errors import MalformedRequest

DEEPEST = 200
_ORJSON_WRITES = 254
_BURIED = _ORJSON_WRITES - DEEPEST


def read_json(body: bytes) -> Any:
    """The value of a JSON body. Raises MalformedRequest with the position, never with a value, of what is wrong."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise MalformedRequest(
            "The body is not strict JSON in UTF-8.", diagnostics=f"{_reason(fault)} at byte {fault.pos}"
        ) from None
    try:
        written = orjson.dumps(_buried(value))
    except orjson.JSONEncodeError:
        raise MalformedRequest(f"The body is nested more than {DEEPEST} levels deep.") from None
    if len(written) == len(body) + 2 * _BURIED and written.startswith(body, _BURIED):
        return value  # to the byte what orjson itself writes of it, as compact JSON mostly is: nothing was lost
    if written.count(b":") != body.count(b":") or (b"\\" in body and b"\\u" in body):
        _refuse_repeated_names(body)
    return value


def _buried(value: Any) -> Any:
    for _ in range(_BURIED):
        value = [value]
    return value


def _refuse_repeated_names(body: bytes) -> None:
    try:
        jiter.from_json(body, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="none")
    except ValueError as fault:
        position = str(fault).rpartition(" at ")[2]
        raise MalformedRequest(
            "The body names the same member of an object twice.", diagnostics=f"repeated name at {position}"
        ) from None


def _reason(fault: orjson.JSONDecodeError) -> str:
    return fault.msg.partition(":")[0]
