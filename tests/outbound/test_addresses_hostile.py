"""Which URLs may be called at all: parsed and compared part by part, never as text."""

import random
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import assume, given
from hypothesis import strategies as st
from urllib3.util import parse_url

from cds_service.outbound import AllowedBases, joined, origin, tail_below

LISTED = AllowedBases(("https://ehr.example.com/fhir/r4", "https://second.example.org:8443/api"))

HOSTILE = [
    # another host that looks alike
    "https://ehr.example.com.evil/fhir/r4",
    "https://ehr.example.com.evil.example/fhir/r4",
    "https://ehr.example.comevil/fhir/r4",
    "https://ehr-example.com/fhir/r4",
    "https://evil-ehr.example.com/fhir/r4",
    "https://sub.ehr.example.com/fhir/r4",
    "https://example.com/fhir/r4",
    "https://com/fhir/r4",
    "https://ehr.example.com./fhir/r4",
    "https://ehr.example.com../fhir/r4",
    "https://ehr.example.org/fhir/r4",
    "https://ehr.exаmple.com/fhir/r4",
    "https://xn--ehr-example-com/fhir/r4",
    "https://ｅhr.example.com/fhir/r4",
    "https://ehr。example。com/fhir/r4",
    "https://ehr.example.com%2eevil/fhir/r4",
    "https://ehr.example.com%00.evil/fhir/r4",
    "https://ehr.example.com%40evil/fhir/r4",
    # user information
    "https://ehr.example.com@evil.example/fhir/r4",
    "https://ehr.example.com:443@evil.example/fhir/r4",
    "https://user@ehr.example.com/fhir/r4",
    "https://user:secret@ehr.example.com/fhir/r4",
    "https://@ehr.example.com/fhir/r4",
    "https://:@ehr.example.com/fhir/r4",
    # another port or scheme
    "https://ehr.example.com:8443/fhir/r4",
    "https://ehr.example.com:80/fhir/r4",
    "https://ehr.example.com:0/fhir/r4",
    "https://ehr.example.com:4430/fhir/r4",
    "https://ehr.example.com:99999/fhir/r4",
    "https://ehr.example.com:-443/fhir/r4",
    "https://ehr.example.com:port/fhir/r4",
    "https://second.example.org/api",
    "https://second.example.org:443/api",
    "http://ehr.example.com/fhir/r4",
    "http://ehr.example.com:443/fhir/r4",
    "ftp://ehr.example.com/fhir/r4",
    "file:///fhir/r4",
    "file://ehr.example.com/fhir/r4",
    "gopher://ehr.example.com/fhir/r4",
    "data:application/json,{}",
    "javascript:alert(1)",
    "//ehr.example.com/fhir/r4",
    "ehr.example.com/fhir/r4",
    "https:ehr.example.com/fhir/r4",
    "https:/ehr.example.com/fhir/r4",
    "https:///ehr.example.com/fhir/r4",
    "https://",
    "",
    " ",
    # another path
    "https://ehr.example.com",
    "https://ehr.example.com/",
    "https://ehr.example.com/fhir",
    "https://ehr.example.com/fhir/r4b",
    "https://ehr.example.com/fhir/r40",
    "https://ehr.example.com/FHIR/r4",
    "https://ehr.example.com/fhir/r4/..",
    "https://ehr.example.com/fhir/r4/../../admin",
    "https://ehr.example.com/fhir/./r4",
    "https://ehr.example.com/fhir/%2e%2e/r4",
    "https://ehr.example.com/fhir%2Fr4",
    "https://ehr.example.com/fhir/r4/%2e%2e/admin",
    "https://ehr.example.com/fhir/r4;x=1",
    "https://ehr.example.com/admin?/fhir/r4",
    "https://ehr.example.com/admin#/fhir/r4",
    "https://ehr.example.com/fhir/r4?redirect=https://evil.example",
    "https://ehr.example.com/fhir/r4#evil",
    # characters that parsers disagree about
    "https://ehr.example.com\\@evil.example/fhir/r4",
    "https://evil.example\\ehr.example.com/fhir/r4",
    "https:\\\\ehr.example.com\\fhir\\r4",
    "https://ehr.example.com/fhir\\r4",
    "https://ehr.example.com/fhir/r4\r\nHost: evil.example",
    "https://ehr.example.com/fhir/r4\n",
    "https://ehr.example.com\t/fhir/r4",
    "ht\ntps://ehr.example.com/fhir/r4",
    " https://ehr.example.com/fhir/r4",
    "https://ehr.example.com/fhir/r4 ",
    "https://ehr.example.com /fhir/r4",
    "https://ehr.example.com\x00.evil/fhir/r4",
    # addresses of machines
    "https://[::1]/fhir/r4",
    "https://[::ffff:169.254.169.254]/fhir/r4",
    "https://[ehr.example.com]/fhir/r4",
    "https://127.0.0.1/fhir/r4",
    "https://2130706433/fhir/r4",
    "https://0x7f000001/fhir/r4",
    "https://017700000001/fhir/r4",
    "https://0/fhir/r4",
    "https://169.254.169.254/latest/meta-data",
    "https://metadata.google.internal/fhir/r4",
    "https://localhost/fhir/r4",
    "https://10.0.0.7/fhir/r4",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_a_url_that_is_not_below_a_listed_base_is_refused(url: str) -> None:
    assert not LISTED.allows(url)


def test_the_table_of_hostile_urls_is_long_enough_to_mean_something() -> None:
    assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize(
    "url",
    [
        "https://ehr.example.com/fhir/r4",
        "https://ehr.example.com/fhir/r4/",
        "https://ehr.example.com:443/fhir/r4",
        "https://EHR.Example.COM/fhir/r4",
        "HTTPS://ehr.example.com/fhir/r4",
        "https://ehr.example.com/fhir/r4/tenant-7",
        "https://second.example.org:8443/api",
    ],
)
def test_a_listed_base_is_known_in_its_equal_spellings(url: str) -> None:
    assert LISTED.allows(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8081/fhir", "http://localhost/fhir", "http://[::1]:8081/fhir"])
def test_without_any_listed_base_only_this_machine_may_be_asked(url: str) -> None:
    assert AllowedBases().allows(url)
    assert not LISTED.allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://ehr.example.com/fhir/r4",
        "http://localhost.evil.example/fhir",
        "http://127.0.0.1.evil.example/fhir",
        "http://127.0.0.1@evil.example/fhir",
        "http://0.0.0.0/fhir",
        "http://2130706433/fhir",
        "http://127.1/fhir",
        "http://169.254.169.254/latest",
        "http://[::ffff:127.0.0.1]/fhir",
    ],
)
def test_without_any_listed_base_nothing_else_may_be_asked(url: str) -> None:
    assert not AllowedBases().allows(url)


def test_a_listed_base_that_is_no_url_allows_nothing() -> None:
    assert not AllowedBases(("not a url", "")).allows("https://ehr.example.com/fhir/r4")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://ehr.example.com/fhir/r4", ("https", "ehr.example.com", 443, ("fhir", "r4"))),
        ("http://EHR.example.com", ("http", "ehr.example.com", 80, ())),
        ("https://ehr.example.com:8443/a/b//", ("https", "ehr.example.com", 8443, ("a", "b"))),
        ("https://ehr.example.com:8443/a//b/", None),
        ("https://ehr.example.com//a/b", None),
        ("http://[::1]:80/", ("http", "::1", 80, ())),
    ],
)
def test_an_origin_is_scheme_host_port_and_path(url: str, expected: tuple[object, ...] | None) -> None:
    assert origin(url) == expected


_PIECES = st.sampled_from(
    ["https://", "http://", "ehr.example.com", "evil.example", "/fhir/r4", "/", "\\", "@", ":", ":443", "..", ".",
     "%2e",
     "#", "?", "[", "]", "//", "ftp://", "\t", "ehr", "。", "\x00", "127.0.0.1", ";", "r4"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=9).map("".join) | st.text(max_size=60))
def test_whatever_is_allowed_has_the_listed_scheme_host_port_and_path(url: str) -> None:
    if LISTED.allows(url):
        parsed = origin(url)
        assert parsed is not None
        assert parsed[:3] in {("https", "ehr.example.com", 443), ("https", "second.example.org", 8443)}
        assert parsed[3][:2] == ("fhir", "r4") or parsed[3][:1] == ("api",)
        assert "@" not in url.split("/")[2]
        assert not set("\\?# \t\r\n\x00") & set(url)


@given(st.text(max_size=80))
def test_no_text_can_break_the_parsing_of_a_url(url: str) -> None:
    parsed = origin(url)
    assert parsed is None or parsed[0] in ("http", "https")


@given(st.from_regex(r"[a-z0-9.-]{1,30}", fullmatch=True))
def test_no_other_host_is_ever_the_listed_one(host: str) -> None:
    assume(host != "ehr.example.com")
    assert not LISTED.allows(f"https://{host}/fhir/r4")


# Https, unless the registration says otherwise


@pytest.mark.parametrize(
    ("listed", "url", "allowed"),
    [
        ("http://ehr.example.com/fhir", "http://ehr.example.com/fhir", False),
        ("http://10.0.0.7/fhir", "http://10.0.0.7/fhir", False),
        ("http://127.0.0.1.evil.example/fhir", "http://127.0.0.1.evil.example/fhir", False),
        ("http://127.0.0.1:8081/fhir", "http://127.0.0.1:8081/fhir", True),
        ("http://localhost/fhir", "http://localhost:80/fhir", True),
        ("http://[::1]:8081/fhir", "http://[::1]:8081/fhir", True),
        ("test+http://ehr.test:8080/fhir", "http://ehr.test:8080/fhir", True),
        ("test+http://ehr.test:8080/fhir", "https://ehr.test:8080/fhir", False),
        ("test+http://ehr.test:8080/fhir", "test+http://ehr.test:8080/fhir", False),
        ("test+https://ehr.test/fhir", "https://ehr.test/fhir", True),
        ("https://ehr.example.com/fhir", "http://ehr.example.com/fhir", False),
    ],
)
def test_plain_http_is_for_this_machine_or_for_what_is_registered_as_a_test(
    listed: str, url: str, allowed: bool
) -> None:
    assert AllowedBases((listed,)).allows(url) is allowed


def test_the_registered_base_that_matched_is_told_not_the_url_of_the_call() -> None:
    found = LISTED.base_of("https://ehr.example.com/fhir/r4/tenant-7")
    assert found is not None
    assert found.url == "https://ehr.example.com/fhir/r4"


# Links of a server

ODD_AND_BELOW = {
    "//ehr.example.com/fhir/r4": "",
    "ehr.example.com/fhir/r4": "ehr.example.com/fhir/r4",
    "https://ehr.example.com/fhir/r4?redirect=https://evil.example": "?redirect=https://evil.example",
}
"""As a base they are refused; as a link they lie below it, however odd they are."""

BASE = "https://ehr.example.com/fhir/r4"


@pytest.mark.parametrize(
    ("link", "tail"),
    [
        (f"{BASE}/Condition?page=2", "Condition?page=2"),
        (f"{BASE}?_getpages=a1&_getpagesoffset=20", "?_getpages=a1&_getpagesoffset=20"),
        (f"{BASE}/?_getpages=a1", "?_getpages=a1"),
        (f"{BASE}//Condition?page=2", "Condition?page=2"),
        ("https://ehr.example.com:443/fhir/r4/Condition?page=2", "Condition?page=2"),
        ("HTTPS://EHR.example.com/fhir/r4/Condition?page=2", "Condition?page=2"),
        ("Condition?page=2", "Condition?page=2"),
        ("?page=2", "?page=2"),
        ("/fhir/r4/Condition?page=2", "Condition?page=2"),
        ("//ehr.example.com/fhir/r4/Condition", "Condition"),
        (f"{BASE}/Condition?url=https://evil.example/", "Condition?url=https://evil.example/"),
    ],
)
def test_a_link_below_the_base_is_known_in_every_spelling(link: str, tail: str) -> None:
    assert tail_below(BASE, link) == tail


@pytest.mark.parametrize(
    "link",
    [
        "",
        "..",
        ".",
        "./Condition?page=2",
        "a:b/Condition",
        "../admin",
        "/admin?page=2",
        "/fhir/r4b/Condition",
        "../../fhir/r4/../admin",
        "%2e%2e/admin",
        "//evil.example/fhir/r4/Condition",
        "https:///fhir/r4/Condition",
        f"{BASE}/../admin",
        f"{BASE}/%2e%2e/admin",
        f"{BASE}/Condition?page=2#x",
        f"{BASE}/Condition?page=2\r\nHost: evil.example",
        f"{BASE}/Condition?" + "x" * 10_000,
        "http://ehr.example.com/fhir/r4/Condition?page=2",
        "https://ehr.example.com:8443/fhir/r4/Condition?page=2",
        "https://ehr.example.com@evil.example/fhir/r4/Condition?page=2",
        "https://ehr.example.com.evil.example/fhir/r4/Condition?page=2",
        "https://evil.example/?https://ehr.example.com/fhir/r4/Condition",
        "\\\\evil.example\\fhir",
        "javascript:alert(1)",
        "urn:uuid:1",
        *(url for url in HOSTILE if url not in ODD_AND_BELOW),
    ],
)
def test_a_link_that_leads_elsewhere_is_none(link: str) -> None:
    assert tail_below(BASE, link) is None


@pytest.mark.parametrize(("link", "tail"), ODD_AND_BELOW.items())
def test_an_odd_link_below_the_base_stays_below_it(link: str, tail: str) -> None:
    assert tail_below(BASE, link) == tail


def test_no_generated_link_leads_anybody_elsewhere_whoever_parses_it() -> None:
    """10,000 links of pieces that parsers disagree about; three parsers look at what would be called."""
    chance = random.Random(20260302)
    pieces = ["https://", "http://", "//", "/", "\\", "@", ":", ":443", ":8443", "ehr.example.com", "evil.example",
              "fhir", "r4", "/fhir/r4", "..", ".", "%2e", "%2f", "%00", "#", "?", "[", "]", "::1", ";", "\t", "。",
              "\x00", " ", "127.0.0.1", "&", "=", "Condition", "user", "ｅhr"]  # fmt: skip
    followed = 0
    for _ in range(10_000):
        link = "".join(chance.choice(pieces) for _ in range(chance.randint(1, 8)))
        link = link if chance.random() < 0.7 else BASE + link
        tail = tail_below(BASE, link)
        if tail is None:
            continue
        followed += 1
        home = origin(BASE)
        assert home is not None
        called = requests.Request("GET", joined(home, tail)).prepare().url
        assert called is not None
        parsed, other = parse_url(called), urlsplit(called)
        assert (parsed.scheme, parsed.host, parsed.port) == ("https", "ehr.example.com", None)
        assert (other.scheme, other.netloc) == ("https", "ehr.example.com")
        assert other.path == "/fhir/r4" or other.path.startswith("/fhir/r4/")
        assert ".." not in other.path.split("/")
    assert followed > 500, "a table that follows nothing proves nothing"
