"""Answers that send the client, and its token, to another place."""

from urllib.parse import urlsplit

from cds_service.hostile.exchange import Exchange
from cds_service.hostile.fault import Expects, add, fault

_STATUSES = (301, 302, 303, 307, 308)


def _redirect(exchange: Exchange, status: int, location: str) -> None:
    exchange.answer(b"", status=status, Location=location)


def _to_another_port(exchange: Exchange, status: int) -> None:
    _redirect(exchange, status, f"{exchange.elsewhere}/fhir/{exchange.query}")


for _status in _STATUSES:
    add(
        f"redirect-{_status}",
        f"Status {_status} to the same host on another port.",
        Expects.SAID,
        lambda exchange, status=_status: _to_another_port(exchange, status),  # type: ignore[misc]
    )


@fault(Expects.SAID)
def redirect_to_another_host(exchange: Exchange) -> None:
    """Status 307 to the same port of another host."""
    _redirect(exchange, 307, f"{exchange.other_host}/fhir/{exchange.query}")


@fault(Expects.SAID)
def redirect_to_another_scheme(exchange: Exchange) -> None:
    """Status 301 to https on the same host and port."""
    _redirect(exchange, 301, f"https://{urlsplit(exchange.base).netloc}/fhir/{exchange.query}")


@fault(Expects.SAID)
def redirect_without_a_scheme(exchange: Exchange) -> None:
    """Status 302 to an address that begins with two slashes."""
    _redirect(exchange, 302, f"//{urlsplit(exchange.elsewhere).netloc}/fhir/{exchange.query}")


@fault(Expects.SAID)
def redirect_to_a_file(exchange: Exchange) -> None:
    """Status 302 to a file of the client's own machine."""
    _redirect(exchange, 302, "file:///etc/hostname")


@fault(Expects.SAID)
def redirect_loop(exchange: Exchange) -> None:
    """Status 302 to the very same address."""
    _redirect(exchange, 302, exchange.url)


@fault(Expects.SAID)
def redirect_nowhere(exchange: Exchange) -> None:
    """Status 302 without a Location."""
    exchange.answer(b"", status=302)
