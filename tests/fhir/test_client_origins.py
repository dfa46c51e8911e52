"""Which URLs may be called at all: parsed and compared part by part, never as text."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cds_service.fhir.client import AllowedBases, origin

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
        ("https://ehr.example.com:8443/a//b/", ("https", "ehr.example.com", 8443, ("a", "b"))),
        ("http://[::1]:80/", ("http", "::1", 80, ())),
    ],
)
def test_an_origin_is_scheme_host_port_and_path(url: str, expected: tuple[object, ...]) -> None:
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
