"""Answers that are an error by their status, alone or for a while."""

from collections.abc import Callable
from email.utils import formatdate
from time import time

from cds_service.hostile.exchange import Exchange
from cds_service.hostile.fault import Act, Expects, add, fault
from cds_service.hostile.records import outcome

_PLAIN = {
    400: "the query is refused as wrong",
    401: "the token is not accepted",
    403: "the token does not reach this data",
    404: "there is nothing at this address",
    410: "what was here is gone",
    429: "too many requests, without a word on when to come back",
    500: "the server broke",
    502: "a gateway has no server behind it",
    503: "the server is not available",
    504: "a gateway waited in vain",
}
_AGAIN: dict[str, tuple[str, Callable[[], str]]] = {
    "soon": ("come back at once", lambda: "0"),
    "later": ("come back in an hour", lambda: "3600"),
    "dated": ("come back at a date an hour from now", lambda: formatdate(time() + 3600, usegmt=True)),
    "past": ("come back at a date that is over", lambda: formatdate(time() - 3600, usegmt=True)),
    "unreadable": ("come back at a time that nobody can read", lambda: "soonish"),
}


def _refusal(status: int, retry_after: str = "") -> Act:
    def act(exchange: Exchange) -> None:
        headers = {"Retry_After": _AGAIN[retry_after][1]()} if retry_after else {}
        exchange.answer(outcome("error", "exception", f"Status {status}"), status=status, **headers)

    return act


for _status, _words in _PLAIN.items():
    add(f"http-{_status}", f"Status {_status}: {_words}.", Expects.SAID, _refusal(_status))
for _status in (429, 503):
    for _name, (_words, _) in _AGAIN.items():
        add(
            f"http-{_status}-{_name}",
            f"Status {_status}, with a Retry-After: {_words}.",
            Expects.SAID,
            _refusal(_status, _name),
        )


@fault(Expects.EITHER)
def busy_every_other_time(exchange: Exchange) -> None:
    """The first time a query comes: 429 with Retry-After 0. The second time it is answered, and so on."""
    if exchange.times % 2:
        _refusal(429, "soon")(exchange)
    else:
        exchange.answer_honestly()


@fault(Expects.EITHER)
def unavailable_every_other_time(exchange: Exchange) -> None:
    """The first time a query comes: 503. The second time it is answered, and so on."""
    if exchange.times % 2:
        _refusal(503)(exchange)
    else:
        exchange.answer_honestly()


@fault(Expects.SAID)
def http_204(exchange: Exchange) -> None:
    """Status 204: no content, which is no list."""
    exchange.start(204, {})
    exchange.keeps_alive = True


@fault(Expects.SAID)
def http_304(exchange: Exchange) -> None:
    """Status 304: not modified, to somebody who has nothing."""
    exchange.start(304, {})
    exchange.keeps_alive = True


@fault(Expects.SAID)
def error_with_the_data(exchange: Exchange) -> None:
    """Status 500, and the whole list as its body."""
    exchange.answer(exchange.honest()[1], status=500)
