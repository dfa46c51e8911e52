"""Key sets, for services that check who calls."""

from cds_service.hostile.exchange import Exchange
from cds_service.hostile.fault import Expects, Place, fault

_JSON = "application/json"
_MANY = 20_000


@fault(Expects.WHOLE, place=Place.KEYS)
def good_keys(exchange: Exchange) -> None:
    """The key set as it should be."""
    exchange.answer(exchange.keys.public_set(), kind=_JSON)


@fault(Expects.WHOLE, place=Place.KEYS)
def rotating_keys(exchange: Exchange) -> None:
    """A new signing key each time the set is read; the one before is still in it."""
    exchange.keys.rotate()
    exchange.answer(exchange.keys.public_set(), kind=_JSON)


@fault(Expects.WHOLE, place=Place.KEYS)
def slow_keys(exchange: Exchange) -> None:
    """The key set, a tenth of a second late."""
    if not exchange.line.left(exchange.pace.slow):
        exchange.answer(exchange.keys.public_set(), kind=_JSON)


@fault(Expects.SAID, place=Place.KEYS)
def hanging_keys(exchange: Exchange) -> None:
    """The request for keys is never answered."""
    exchange.hang()


@fault(Expects.SAID, place=Place.KEYS)
def trickling_keys(exchange: Exchange) -> None:
    """The key set at one byte a second."""
    exchange.start(200, {"Content-Type": _JSON})
    exchange.trickle(b'{"keys": [' + b" " * 10_000 + b"]}")


@fault(Expects.SAID, place=Place.KEYS)
def huge_keys(exchange: Exchange) -> None:
    """Twenty thousand keys."""
    one = exchange.keys.public_set()["keys"][0]
    exchange.answer({"keys": [{**one, "kid": f"many-{number}"} for number in range(_MANY)]}, kind=_JSON)


@fault(Expects.SAID, place=Place.KEYS)
def html_keys(exchange: Exchange) -> None:
    """A login page in place of the key set."""
    exchange.answer(b"<!doctype html><title>Sign in</title>", kind="text/html")


@fault(Expects.SAID, place=Place.KEYS)
def shapeless_keys(exchange: Exchange) -> None:
    """JSON in which the keys are a word."""
    exchange.answer({"keys": "none today"}, kind=_JSON)


@fault(Expects.SAID, place=Place.KEYS)
def no_keys(exchange: Exchange) -> None:
    """An empty key set."""
    exchange.answer({"keys": []}, kind=_JSON)


@fault(Expects.SAID, place=Place.KEYS)
def symmetric_keys(exchange: Exchange) -> None:
    """A secret key among the public ones, under the id of a good one."""
    kid = exchange.keys.current()[0]
    exchange.answer({"keys": [{"kty": "oct", "kid": kid, "alg": "HS256", "k": "c3ludGhldGlj"}]}, kind=_JSON)


@fault(Expects.SAID, place=Place.KEYS)
def redirected_keys(exchange: Exchange) -> None:
    """The request for keys is sent to another port."""
    exchange.answer(b"", status=302, Location=f"{exchange.elsewhere}/keys")


@fault(Expects.SAID, place=Place.KEYS)
def broken_keys(exchange: Exchange) -> None:
    """Status 500 in place of the key set."""
    exchange.answer({}, status=500, kind=_JSON)
