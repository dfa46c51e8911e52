"""Lists in pages. The first page is empty and all is behind its next link: whoever does not read on sees none."""

from urllib.parse import urlsplit

from cds_service.hostile.exchange import Exchange
from cds_service.hostile.fault import Expects, fault
from cds_service.hostile.records import Resource, outcome

_HUGE = 100_000


def _first(exchange: Exchange, next_url: str) -> None:
    """An empty first page whose next link leads there."""
    exchange.answer(_paged(exchange.bundle(), False, next_url))


def _paged(bundle: Resource, with_entries: bool, next_url: str = "") -> Resource:
    links = [link for link in bundle["link"] if link["relation"] != "next"]
    links += [{"relation": "next", "url": next_url}] if next_url else []
    page = {**bundle, "link": links, "entry": bundle["entry"] if with_entries else []}
    del page["total"]
    return page


def _second(exchange: Exchange) -> None:
    exchange.answer(_paged(exchange.bundle(), True))


@fault(Expects.WHOLE, searches_only=True)
def two_pages(exchange: Exchange) -> None:
    """Two honest pages."""
    if exchange.page == 1:
        _first(exchange, exchange.page_url(2))
    else:
        _second(exchange)


@fault(Expects.EITHER, searches_only=True)
def twelve_pages(exchange: Exchange) -> None:
    """Twelve honest pages; everything is on the last."""
    if exchange.page < 12:
        _first(exchange, exchange.page_url(exchange.page + 1))
    else:
        _second(exchange)


@fault(Expects.SAID, searches_only=True)
def page_loop(exchange: Exchange) -> None:
    """The next link of every page leads to the same page."""
    _first(exchange, exchange.url)


@fault(Expects.SAID, searches_only=True)
def pages_without_end(exchange: Exchange) -> None:
    """Every page has a new next page."""
    _first(exchange, exchange.page_url(exchange.page + 1))


@fault(Expects.SAID, searches_only=True)
def next_on_another_port(exchange: Exchange) -> None:
    """The next link leads to another port of the same host."""
    _first(exchange, f"{exchange.elsewhere}/fhir/{exchange.query}")


@fault(Expects.SAID, searches_only=True)
def next_on_another_host(exchange: Exchange) -> None:
    """The next link leads to the same port of another host."""
    _first(exchange, f"{exchange.other_host}/fhir/{exchange.query}")


@fault(Expects.SAID, searches_only=True)
def next_with_another_scheme(exchange: Exchange) -> None:
    """The next link leads to the same host and port by https."""
    _first(exchange, exchange.url.replace("http://", "https://", 1))


@fault(Expects.SAID, searches_only=True)
def next_on_the_standard_port(exchange: Exchange) -> None:
    """The next link names port 443 of the same host by https, as some servers behind a proxy do."""
    _first(exchange, f"https://{urlsplit(exchange.base).hostname}:443/fhir/{exchange.query}")


@fault(Expects.SAID, searches_only=True)
def next_outside_the_base(exchange: Exchange) -> None:
    """The next link leads to the same server, but out of the FHIR base."""
    parts = urlsplit(exchange.base)
    _first(exchange, f"{parts.scheme}://{parts.netloc}/fhir/{exchange.query}")


@fault(Expects.SAID, searches_only=True)
def next_climbing_out_of_the_base(exchange: Exchange) -> None:
    """The next link leads out of the base by way of dots."""
    _first(exchange, f"{exchange.base}/../../../fhir/{exchange.query}")


@fault(Expects.SAID, searches_only=True)
def next_with_a_user(exchange: Exchange) -> None:
    """The next link names this host as a user of another one."""
    _first(exchange, f"http://{urlsplit(exchange.base).netloc}@{urlsplit(exchange.elsewhere).netloc}/{exchange.query}")


@fault(Expects.SAID, searches_only=True)
def next_without_a_scheme(exchange: Exchange) -> None:
    """The next link begins with two slashes and another port."""
    _first(exchange, f"//{urlsplit(exchange.elsewhere).netloc}/fhir/{exchange.query}")


@fault(Expects.EITHER, searches_only=True)
def next_relative(exchange: Exchange) -> None:
    """The next link is relative to the base."""
    if exchange.page == 1:
        _first(exchange, exchange.page_url(2).removeprefix(f"{exchange.base}/"))
    else:
        _second(exchange)


@fault(Expects.SAID, searches_only=True)
def next_huge(exchange: Exchange) -> None:
    """The next link is a hundred thousand characters long, and the server itself finds that too long."""
    if "fill=" in exchange.query:
        exchange.answer(outcome("error", "too-long", "That address is too long"), status=414)
    else:
        _first(exchange, f"{exchange.url}&fill={'x' * _HUGE}")


@fault(Expects.SAID, searches_only=True)
def next_empty(exchange: Exchange) -> None:
    """There is a next link without an address."""
    bundle = _paged(exchange.bundle(), False)
    bundle["link"].append({"relation": "next"})
    exchange.answer(bundle)


@fault(Expects.SAID, searches_only=True)
def next_breaks(exchange: Exchange) -> None:
    """The second page is an error 500."""
    if exchange.page == 1:
        _first(exchange, exchange.page_url(2))
    else:
        exchange.answer(outcome("error", "exception", "The search has expired"), status=500)


@fault(Expects.SAID, searches_only=True)
def next_is_no_page(exchange: Exchange) -> None:
    """The second page is an OperationOutcome with status 200."""
    if exchange.page == 1:
        _first(exchange, exchange.page_url(2))
    else:
        exchange.answer(outcome("error", "exception", "The search has expired"))


@fault(Expects.SAID, searches_only=True)
def next_hangs(exchange: Exchange) -> None:
    """The second page is never answered."""
    if exchange.page == 1:
        _first(exchange, exchange.page_url(2))
    else:
        exchange.hang()
