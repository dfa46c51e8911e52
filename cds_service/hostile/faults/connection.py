"""Faults before and in the middle of an answer: nothing comes, too slowly, or not to the end."""

from cds_service.hostile.exchange import Exchange
from cds_service.hostile.fault import Expects, Place, fault


@fault(Expects.WHOLE)
def honest(exchange: Exchange) -> None:
    """No fault: every query is answered as an honest server would."""
    exchange.answer_honestly()


@fault(Expects.SAID, place=Place.NO_ACCEPT)
def hang_at_connect(exchange: Exchange) -> None:
    """The queue of the port is full and nobody accepts: a connection is never made."""


@fault(Expects.SAID, place=Place.REFUSED)
def connection_refused(exchange: Exchange) -> None:
    """Nobody listens on the port."""


@fault(Expects.SAID, place=Place.SILENT_TLS)
def hang_at_tls(exchange: Exchange) -> None:
    """An https address that accepts the connection and never answers the TLS handshake."""


@fault(Expects.EITHER, place=Place.SLOW_NAME)
def slow_name(exchange: Exchange) -> None:
    """The host's name resolves late; for tests that put `slow_names` in front of the resolver, else never."""
    exchange.answer_honestly()


@fault(Expects.SAID)
def hang_before_headers(exchange: Exchange) -> None:
    """The request is read and never answered."""
    exchange.hang()


@fault(Expects.SAID)
def hang_in_headers(exchange: Exchange) -> None:
    """The answer stops in the middle of its headers."""
    exchange.line.send(exchange.whole()[0][:40])
    exchange.hang()


@fault(Expects.SAID)
def hang_mid_body(exchange: Exchange) -> None:
    """Half of the body comes, then nothing more."""
    head, body = exchange.whole()
    exchange.line.send(head + body[: len(body) // 2])
    exchange.hang()


@fault(Expects.SAID)
def trickle_headers(exchange: Exchange) -> None:
    """The headers come at one byte a second, so that no single read ever times out."""
    head, body = exchange.whole()
    exchange.trickle(head + body)


@fault(Expects.SAID)
def trickle_body(exchange: Exchange) -> None:
    """Headers at once, then the body at one byte a second."""
    head, body = exchange.whole()
    exchange.line.send(head)
    exchange.trickle(body)


@fault(Expects.WHOLE)
def slow_answer(exchange: Exchange) -> None:
    """Every answer is honest and comes a tenth of a second late."""
    if not exchange.line.left(exchange.pace.slow):
        exchange.answer_honestly()


@fault(Expects.SAID)
def reset_at_once(exchange: Exchange) -> None:
    """The connection is reset when the request has come."""
    exchange.line.reset()


@fault(Expects.SAID)
def reset_mid_body(exchange: Exchange) -> None:
    """Half of the body comes, then a reset."""
    head, body = exchange.whole()
    exchange.line.send(head + body[: len(body) // 2])
    exchange.line.reset()


@fault(Expects.SAID)
def close_without_answer(exchange: Exchange) -> None:
    """The connection is closed without a word."""


@fault(Expects.SAID)
def close_mid_body(exchange: Exchange) -> None:
    """The connection is closed in good order in the middle of the body that the headers announced."""
    head, body = exchange.whole()
    exchange.line.send(head + body[: len(body) // 2])


@fault(Expects.EITHER)
def reset_every_other_time(exchange: Exchange) -> None:
    """The first time a query comes it is reset, the second time it is answered, and so on."""
    if exchange.times % 2:
        exchange.line.reset()
    else:
        exchange.answer_honestly()


@fault(Expects.SAID)
def endless_headers(exchange: Exchange) -> None:
    """Header after header, without an end."""
    exchange.line.send(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while True:
        number += 1
        exchange.line.send(b"X-More-%d: %s\r\n" % (number, b"x" * 1000))


@fault(Expects.SAID)
def endless_body(exchange: Exchange) -> None:
    """Blank after blank in front of a JSON value that never comes."""
    exchange.start(200, {"Content-Type": "application/fhir+json"})
    while True:
        exchange.line.send(b" " * 65536)


@fault(Expects.SAID)
def no_http(exchange: Exchange) -> None:
    """What answers is no HTTP server."""
    exchange.line.send(b"220 mail.ehr.example ESMTP\r\n")
