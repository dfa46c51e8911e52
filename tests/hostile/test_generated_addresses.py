"""Ten thousand addresses that nobody thought of, as `fhirServer` and as next links: no packet goes to another place."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from matrix import OPIOID, record
from network import nowhere_but, watched

from cds_service.errors import RefusedRequest
from cds_service.hooks.request import read_request
from cds_service.hostile.desk import call_through
from cds_service.hostile.ehr import HostileEhr
from cds_service.hostile.records import Records, Resource
from cds_service.running import Service
from cds_service.settings import Settings

HOST = "127.0.0.1"
TOGETHER = 12
"""Next links tried in one call: it reads that many lists, and each has a link of its own."""

# Every example is a call: to look for the smallest that fails would take longer than to read the one that was found.
UNHURRIED: dict[str, Any] = {
    "suppress_health_check": [HealthCheck.too_slow],
    "phases": (Phase.explicit, Phase.generate),
}

SCHEMES = ("http", "http", "http", "https", "HTTP", "hTTp", "ftp", "file", "gopher", "ws", "javascript", "")
MARKS = ("://", "://", "://", ":", ":/", ":///", "//", ":\\\\", ":/\\", "://[", ":// ")
USERS = ("", "", "", "user:secret@", "@", ":@", "127.0.0.1:{port}@", "127.0.0.1%40", "ehr.example.test@", "a@b@")
HOSTS = (
    HOST, HOST, HOST, "127.0.0.1.", "127.1", "127.0.0.2", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "0",
    "localhost", "LOCALHOST", "localhost.", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "[fe80::1%25lo]",
    "evil.example", "127.0.0.1.evil.example", "evil.example#127.0.0.1", "evil.example?127.0.0.1", "a.b@127.0.0.1",
    "evil.example\\127.0.0.1", "127.0.0.1\\evil.example", "127.0.0.1%00.evil.example", "127.0.0.1%2eevil.example",
    "169.254.169.254", "metadata.google.internal", "１２７.0.0.1", "127。0。0。1", "①27.0.0.1", "xn--e1afmkfd.example",
    "127.0.0.1\t", "\n127.0.0.1", "127.0.0.1 ", "", ".", "-",
)  # fmt: skip
PORTS = (
    ":{port}", ":{port}", ":{port}", "", ":", ":0", ":80", ":443", ":{other}", ":99999", ":-1", ":{port}x", ":+{port}",
    ":0{port}", ": {port}", ":{port}@evil.example", ":{port}.evil.example", ":{port}:{other}", ":{port}\\@evil.example",
)  # fmt: skip
PATHS = (
    "/honest/all/fhir", "/honest/all/fhir", "/honest/all/fhir/", "/honest/all/fhir/../..", "/honest/all/fhirevil", "/",
    "", "/honest/all/fhir/%2e%2e/%2e%2e/fhir", "//evil.example/fhir", "/honest/all/fhir;/../..", "/honest//all/fhir",
    "/honest/all/fhir/..\\..", "/honest/all/fhir@evil.example", "/honest/all/%66hir", "/./honest/all/fhir",
    "/honest/all/fhir/.%2e/", "/HONEST/ALL/FHIR", "/fhir", "honest/all/fhir", "\\evil.example",
)  # fmt: skip
TAILS = (
    "",
    "",
    "/",
    "?",
    "#",
    "/Observation?_hostile=2",
    "?url=http://evil.example/",
    "#@evil.example/",
    "?@evil.example",
)

pieces = st.tuples(*map(st.sampled_from, (SCHEMES, MARKS, USERS, HOSTS, PORTS, PATHS, TAILS))).map("".join)
slipped = st.builds(
    lambda text, place, odd: text[: place % (len(text) + 1)] + odd + text[place % (len(text) + 1) :],
    pieces,
    st.integers(0, 200),
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from(["%2f", "%5c", "%00", "..", "//", "@", "\\", "#", "?", ":", "\u202e"]),
    ),
)
addresses = st.one_of(pieces, slipped, st.text(max_size=60))


class LinkedRecords(Records):
    """A record whose every list has a next link, each another one of those that are set."""

    links: Sequence[str] = ("",)
    served = count()

    def page(self, base: str, kind: str, asked: Mapping[str, list[str]], found: list[Resource]) -> Resource:
        bundle = super().page(base, kind, asked, found)
        link = self.links[next(self.served) % len(self.links)]
        return {**bundle, "link": [*bundle["link"], *([{"relation": "next", "url": link}] if link else [])]}


@pytest.fixture(scope="module")
def ehr() -> Iterator[HostileEhr]:
    records, request = record(OPIOID)
    with HostileEhr(LinkedRecords(records.resources(), records.patient_id), request=request) as running:
        yield running


@pytest.fixture(scope="module")
def service(ehr: HostileEhr) -> Service:
    return Service.from_settings(Settings(fhir_bases=(ehr.base(),), deadline_seconds=4.5))


def filled(address: str, ehr: HostileEhr) -> str:
    elsewhere = urlsplit(ehr.base("connection-refused")).port
    return address.replace("{port}", str(ehr.port)).replace("{other}", str(elsewhere))


def call(ehr: HostileEhr, base: str, **parts: Any) -> dict[str, Any]:
    return {**call_through(ehr.request, base), **parts}


def asked(ehr: HostileEhr, service: Service, body: dict[str, Any]) -> None:
    """Put the call; everything that was connected to, looked up or asked for has to lie below the registered base."""
    ehr.forget()
    try:
        request = read_request(body, body["hook"])
    except RefusedRequest:
        return
    with watched() as network, nowhere_but(HOST) as names:
        answer = service.answer(request)
    assert answer.cards
    assert names == []
    assert set(network.connections) <= {(HOST, ehr.port)}
    assert ehr.strayed == []
    assert [one.target for one in ehr.arrivals if one.what == "request" and not _below_the_base(one.target)] == []


def _below_the_base(target: str) -> bool:
    """Doubled slashes count as one, as they do for the client."""
    steps = [step for step in unquote(urlsplit(f"http://here{target}").path).split("/") if step]
    return steps[:3] == ["honest", "all", "fhir"] and ".." not in steps


def test_the_watch_itself_sees_a_stranger(ehr: HostileEhr, service: Service) -> None:
    """The registered base is really asked, and what is not registered would be noticed."""
    asked(ehr, service, call(ehr, ehr.base()))
    assert len([one for one in ehr.arrivals if one.authorised]) >= TOGETHER
    open_to_all = Service.from_settings(Settings(deadline_seconds=4.5))
    with pytest.raises(AssertionError):
        asked(ehr, open_to_all, call(ehr, f"http://127.0.0.1:{ehr.port}/http-503/all/fhir"))


@settings(max_examples=5000, **UNHURRIED)
@given(address=addresses)
def test_no_address_as_fhir_server_leads_elsewhere(ehr: HostileEhr, service: Service, address: str) -> None:
    asked(ehr, service, call(ehr, filled(address, ehr)))


@settings(max_examples=5000 // TOGETHER + 1, **UNHURRIED)
@given(links=st.lists(addresses, min_size=TOGETHER, max_size=TOGETHER))
def test_no_next_link_leads_elsewhere(ehr: HostileEhr, service: Service, links: list[str]) -> None:
    assert isinstance(ehr.records, LinkedRecords)
    ehr.records.links = [filled(link, ehr) for link in links]
    asked(ehr, service, call(ehr, ehr.base()))
