"""Answers with status 200 whose body is not what was asked for."""

import gzip
import json
import zlib
from functools import cache

from cds_service.hostile.exchange import FHIR_JSON, Exchange
from cds_service.hostile.fault import Expects, fault
from cds_service.hostile.records import outcome

_NO_RESULTS = ("warning", "processing", "Resource request returns no results.", "4101")
_DEEP = 100_000
_BOMB_BYTES = 256 << 20
_BOMB_BLOCK = 1 << 20


@fault(Expects.SAID)
def outcome_error(exchange: Exchange) -> None:
    """An OperationOutcome with an error in place of the list."""
    exchange.answer(outcome("error", "exception", "The store cannot be reached"))


@fault(Expects.EMPTY, searches_only=True)
def outcome_no_results(exchange: Exchange) -> None:
    """An OperationOutcome with warning 4101, no results, in place of the list."""
    exchange.answer(outcome(*_NO_RESULTS))


@fault(Expects.SAID, searches_only=True)
def outcome_error_as_an_entry(exchange: Exchange) -> None:
    """The list, with an error among its entries."""
    bundle = exchange.bundle()
    bundle["entry"].append({"resource": outcome("error", "exception", "One store failed"), "search": _HINT})
    exchange.answer(bundle)


@fault(Expects.EMPTY, searches_only=True)
def outcome_no_results_as_an_entry(exchange: Exchange) -> None:
    """A total of 0 and one entry: warning 4101, no results."""
    bundle = {**exchange.bundle(), "total": 0, "entry": [{"resource": outcome(*_NO_RESULTS), "search": _HINT}]}
    exchange.answer(bundle)


@fault(Expects.SAID, searches_only=True)
def outcome_partial_as_an_entry(exchange: Exchange) -> None:
    """The list, with a warning that one source did not answer in time."""
    bundle = exchange.bundle()
    bundle["entry"].append(
        {"resource": outcome("warning", "timeout", "Cached data up to 24 hours old"), "search": _HINT}
    )
    exchange.answer(bundle)


@fault(Expects.WHOLE, searches_only=True)
def outcome_hint_as_an_entry(exchange: Exchange) -> None:
    """The list, with a piece of information among its entries."""
    bundle = exchange.bundle()
    bundle["entry"].append({"resource": outcome("information", "informational", "Served by node 2"), "search": _HINT})
    exchange.answer(bundle)


_HINT = {"mode": "outcome"}


@fault(Expects.SAID)
def broken_json(exchange: Exchange) -> None:
    """A body that looks like JSON and is none."""
    exchange.answer(exchange.whole()[1].replace(b":", b"=", 1))


@fault(Expects.SAID)
def truncated_json(exchange: Exchange) -> None:
    """Half of the body, with headers that fit the half."""
    body = exchange.whole()[1]
    exchange.answer(body[: len(body) // 2])


@fault(Expects.SAID)
def not_utf_8(exchange: Exchange) -> None:
    """JSON in UTF-16."""
    exchange.answer(json.dumps(exchange.honest()[1]).encode("utf-16"))


@fault(Expects.SAID)
def not_a_number(exchange: Exchange) -> None:
    """JSON with NaN in it, as some languages write it."""
    exchange.answer(exchange.whole()[1].rstrip(b"}") + b', "total": NaN}')


@fault(Expects.SAID)
def deep_json(exchange: Exchange) -> None:
    """Lists in lists, a hundred thousand deep."""
    exchange.answer(b'{"resourceType": "Bundle", "entry": ' + b"[" * _DEEP + b"]" * _DEEP + b"}")


@fault(Expects.SAID)
def empty_body(exchange: Exchange) -> None:
    """Status 200 and no body."""
    exchange.answer(b"")


@fault(Expects.SAID)
def null_body(exchange: Exchange) -> None:
    """Status 200 and the JSON value null."""
    exchange.answer(None)


@fault(Expects.SAID)
def other_json(exchange: Exchange) -> None:
    """JSON that is no FHIR."""
    exchange.answer({"status": "ok", "data": []})


@fault(Expects.SAID)
def html_login(exchange: Exchange) -> None:
    """A login page with status 200."""
    exchange.answer(b"<!doctype html><title>Sign in</title><form action=/login>", kind="text/html")


@fault(Expects.SAID)
def xml(exchange: Exchange) -> None:
    """FHIR, but in XML."""
    exchange.answer(b'<Bundle xmlns="http://hl7.org/fhir"><total value="0"/></Bundle>', kind="application/fhir+xml")


@fault(Expects.EITHER)
def wrong_content_type(exchange: Exchange) -> None:
    """The honest body, called text/html."""
    status, body = exchange.honest()
    exchange.answer(body, status=status, kind="text/html")


@fault(Expects.WHOLE)
def packed(exchange: Exchange) -> None:
    """The honest body, packed with gzip."""
    exchange.answer(gzip.compress(exchange.whole()[1]), Content_Encoding="gzip")


@fault(Expects.SAID)
def broken_gzip(exchange: Exchange) -> None:
    """A packed body that is damaged in the middle."""
    data = bytearray(gzip.compress(exchange.whole()[1]))
    data[len(data) // 2] ^= 0xFF
    exchange.answer(bytes(data[:-4]), Content_Encoding="gzip")


@fault(Expects.SAID)
def gzip_bomb(exchange: Exchange) -> None:
    """A quarter of a megabyte that unpacks to 256."""
    exchange.answer(_bomb(), Content_Encoding="gzip")


@fault(Expects.SAID)
def unknown_encoding(exchange: Exchange) -> None:
    """A body under a Content-Encoding that nobody knows."""
    exchange.answer(exchange.whole()[1][::-1], Content_Encoding="reversed")


@fault(Expects.SAID, searches_only=True)
def another_type(exchange: Exchange) -> None:
    """A list of Slots, whatever was asked for."""
    slot = {"resourceType": "Slot", "id": "one", "status": "free"}
    exchange.answer({**exchange.bundle(), "total": 1, "entry": [{"resource": slot, "search": {"mode": "match"}}]})


@fault(Expects.SAID, searches_only=True)
def no_bundle(exchange: Exchange) -> None:
    """A search answered with something that is not a list at all."""
    exchange.answer({"resourceType": "Parameters", "parameter": []}, kind=FHIR_JSON)


@cache
def _bomb() -> bytes:
    """A block that was flushed whole can be said again and again, so that the bomb costs its maker nothing."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = packer.compress(b"{") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * _BOMB_BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + block * (_BOMB_BYTES // _BOMB_BLOCK)
