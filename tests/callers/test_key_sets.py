"""Key sets: neither a rotation, nor an outage, nor a flood of invented key ids costs anybody a call (trust T10)."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from issuing import DROPPED, ISSUER, KEY_SET, Ehr, client, jwk, key_set
from receiving import Clock, Desk, Web

from cds_service.callers import fetching
from cds_service.callers.fetching import Unreachable, fetch_key_set
from cds_service.callers.key_sets import COOL_DOWN_SECONDS, FRESH_SECONDS, STALE_SECONDS, KeySets
from cds_service.callers.keys import BadKey, read_key_set

OLD, NEW = Ehr(name="old"), Ehr("P-384/new", name="new")


class Known:
    """A cache of key sets with a clock that stands still."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.web = Web(**{KEY_SET: key_set(OLD.published)})
        self.sets = KeySets(self.web, lambda: self.clock.tick)

    def has(self, name: str) -> bool:
        return bool(self.sets.find(ISSUER, KEY_SET, name, "ES384"))

    def settle(self) -> None:
        """Wait for a fetch beside the calls."""
        for thread in threading.enumerate():
            if thread.name == "key-set":
                thread.join(5)


@pytest.fixture
def known() -> Known:
    return Known()


def test_keys_are_fetched_once_however_many_calls_there_are(known: Known) -> None:
    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(lambda _: known.has("old"), range(200)))
    assert known.web.fetched == [KEY_SET]


def test_a_rotation_fails_no_call(known: Known) -> None:
    assert known.has("old")
    known.web.pages[KEY_SET] = key_set(OLD.published, NEW.published)
    known.clock.pass_by(1)
    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(known.has, ["old", "new"] * 100))
    assert len(known.web.fetched) == 2


def test_a_key_that_was_withdrawn_is_good_no_longer(known: Known) -> None:
    assert known.has("old")
    known.web.pages[KEY_SET] = key_set(NEW.published)
    assert known.has("new")
    assert not known.has("old")


def test_a_thousand_invented_ids_lead_to_one_fetch_in_a_cool_down(known: Known) -> None:
    assert known.has("old")
    for count in range(1000):
        assert not known.has(f"invented-{count}")
    assert len(known.web.fetched) == 2
    assert known.has("old")
    known.clock.pass_by(COOL_DOWN_SECONDS)
    assert not known.has("invented")
    assert len(known.web.fetched) == 3


def test_where_nothing_could_be_had_yet_a_flood_fetches_no_more_often(known: Known) -> None:
    known.web.pages[KEY_SET] = None
    for _ in range(30):
        for count in range(20):
            assert not known.has(f"invented-{count}")
        known.clock.pass_by(1)
    assert len(known.web.fetched) == 2
    known.web.pages[KEY_SET] = key_set(OLD.published)
    known.clock.pass_by(15)
    assert known.has("old")


def test_an_outage_of_an_hour_fails_no_call(known: Known) -> None:
    assert known.has("old")
    known.web.pages[KEY_SET] = None
    for _ in range(120):
        known.clock.pass_by(COOL_DOWN_SECONDS + 1)
        assert known.has("old")
        known.settle()
    assert len(known.web.fetched) > 50


@pytest.mark.parametrize("page", [b"", b"<html>", b"[]", b'{"keys": []}', b'{"keys": [{"kty": "oct", "k": "AA"}]}'])
def test_nonsense_in_place_of_the_keys_leaves_those_that_were_known(known: Known, page: bytes) -> None:
    assert known.has("old")
    known.web.pages[KEY_SET] = page
    assert not known.has("new")
    assert known.has("old")


def test_an_outage_is_bridged_for_a_day_and_not_longer(known: Known) -> None:
    assert known.has("old")
    known.web.pages[KEY_SET] = None
    known.clock.pass_by(STALE_SECONDS)
    assert known.has("old")
    known.settle()
    known.clock.pass_by(COOL_DOWN_SECONDS)
    assert not known.has("old")


def test_an_old_set_is_renewed_beside_the_call(known: Known) -> None:
    assert known.has("old")
    known.web.pages[KEY_SET] = key_set(NEW.published)
    known.clock.pass_by(FRESH_SECONDS + 1)
    assert known.has("old")
    known.settle()
    assert not known.has("old")
    assert known.has("new")
    assert len(known.web.fetched) == 3  # the withdrawn key was asked for once more


def test_a_key_is_given_only_for_an_algorithm_that_it_fits(known: Known) -> None:
    assert known.has("old")
    assert known.sets.find(ISSUER, KEY_SET, "old", "RS384") == ()
    assert known.sets.find(ISSUER, KEY_SET, "old", "ES256") == ()
    assert len(known.web.fetched) == 1


def test_a_repeated_key_id_stands_for_each_of_its_keys(known: Known) -> None:
    known.web.pages[KEY_SET] = key_set(jwk("P-384", "same"), jwk("RSA-2048", "same"), jwk("P-384/new", "same"))
    assert len(known.sets.find(ISSUER, KEY_SET, "same", "ES384")) == 2
    assert len(known.sets.find(ISSUER, KEY_SET, "same", "RS384")) == 1


def test_a_slow_host_holds_up_a_call_no_longer_than_agreed() -> None:
    stuck = threading.Event()

    def slow(url: str) -> bytes:
        stuck.wait(20)
        raise Unreachable("never")

    sets = KeySets(slow)
    began = monotonic()
    with ThreadPoolExecutor(8) as threads:
        assert not any(threads.map(lambda name: bool(sets.find(ISSUER, KEY_SET, str(name), "ES384")), range(40)))
    stuck.set()
    assert 1.0 < monotonic() - began < 10  # the host would take twenty, and a machine may be busy


def test_a_set_that_breaks_the_reader_breaks_no_call() -> None:
    def broken(url: str) -> bytes:
        raise RuntimeError("Kanarienvogel")

    assert KeySets(broken).find(ISSUER, KEY_SET, "x", "ES384") == ()


def test_clients_of_one_issuer_share_its_keys_and_others_do_not(tmp_path: Path) -> None:
    same = [client(name, tenant_claim=name) for name in ("a", "b")]
    other = client("c", issuer="https://other.example.com")
    desk = Desk(tmp_path, *same, other)
    assert desk.admits(Ehr().token(tenant="a"))
    assert desk.admits(Ehr().token(tenant="b"))
    assert desk.web.fetched == [KEY_SET]
    assert desk.admits(Ehr(issuer="https://other.example.com").token())
    assert desk.web.fetched == [KEY_SET, KEY_SET]


@pytest.mark.parametrize(
    ("key", "complaint"),
    [
        (3, "is not an object"),
        (jwk("P-384", ""), "has no 'kid'"),
        (jwk("P-384", "x", kid=DROPPED), "has no 'kid'"),
        (jwk("P-384", "x" * 300), "has no 'kid'"),
        ({"kty": "oct", "kid": "x", "k": "c2VjcmV0"}, "is a private or a shared secret"),
        (jwk("P-384", "x", d="AAAA"), "is a private or a shared secret"),
        (jwk("P-384", "x", use="enc"), "is not meant for signatures"),
        (jwk("P-384", "x", key_ops=["encrypt"]), "is not meant for signatures"),
        (jwk("P-384", "x", alg="ES256"), "states an algorithm that it does not fit"),
        (jwk("P-384", "x", alg=["ES384"]), "states an algorithm that it does not fit"),
        (jwk("RSA-2048", "x", alg="HS256"), "states an algorithm that it does not fit"),
        (jwk("RSA-1024", "x"), "has 1024 bits"),
        (jwk("RSA-2048", "x", e="AQ"), "cannot be read"),
        (jwk("RSA-2048", "x", n="!!!"), "cannot be read"),
        (jwk("RSA-2048", "x", n=DROPPED), "cannot be read"),
        (jwk("P-384", "x", crv="P-256"), "cannot be read"),
        (jwk("P-384", "x", y="AAAA"), "cannot be read"),
        (jwk("P-384", "x", x=7), "cannot be read"),
        (jwk("P-384", "x", crv="secp256k1"), "is neither RSA nor"),
        ({"kty": "OKP", "crv": "Ed25519", "kid": "x", "x": "AAAA"}, "is neither RSA nor"),
        ({"kty": "EC", "crv": ["P-384"], "kid": "x"}, "cannot be read"),
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_used_is_left_out_and_told_of(key: Any, complaint: str) -> None:
    held = read_key_set(json.dumps({"keys": [key, OLD.published]}).encode())
    assert [one.name for one in held.keys] == ["old"]
    assert len(held.complaints) == 1
    assert held.complaints[0].startswith(f"keys[0] {complaint}")


@pytest.mark.parametrize(
    "document", [b"", b"{}", b"[]", b"null", b'{"keys": {}}', b'{"keys": [], "keys": []}', b"\xff"]
)
def test_what_is_no_key_set_is_refused(document: bytes) -> None:
    with pytest.raises(BadKey):
        read_key_set(document)


def test_a_set_of_more_than_a_hundred_keys_is_refused() -> None:
    with pytest.raises(BadKey, match="more than 100"):
        read_key_set(key_set(*[OLD.published] * 101))


class TestFetching:
    """The one function that goes out for keys, against a server that misbehaves."""

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_no_redirect_is_followed(self, status: int) -> None:
        reached: list[str] = []
        with (
            host(lambda answer: (reached.append("x"), answer.reply(200, key_set()))[1]) as elsewhere,
            host(lambda answer: answer.reply(status, b"", Location=f"{elsewhere}/keys")) as first,
            pytest.raises(Unreachable, match=f"status {status}"),
        ):
            fetch_key_set(f"{first}/keys")
        assert reached == []

    @pytest.mark.parametrize("status", [204, 401, 404, 500])
    def test_only_a_200_counts(self, status: int) -> None:
        with host(lambda answer: answer.reply(status, b"")) as there, pytest.raises(Unreachable):
            fetch_key_set(there)

    def test_what_is_there_is_got(self) -> None:
        with host(lambda answer: answer.reply(200, key_set(OLD.published))) as there:
            assert fetch_key_set(f"{there}/keys?of=us") == key_set(OLD.published)

    def test_more_than_the_limit_is_not_read(self) -> None:
        with (
            host(lambda answer: answer.reply(200, b" " * 300_000)) as there,
            pytest.raises(Unreachable, match="too large"),
        ):
            fetch_key_set(there)

    def test_a_byte_now_and_then_is_waited_for_only_so_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fetching, "_SECONDS", 0.3)
        with host(lambda answer: answer.trickle(5)) as there, pytest.raises(Unreachable, match="too slow"):
            fetch_key_set(there)

    def test_a_host_that_is_not_there_is_unreachable(self) -> None:
        with host(lambda answer: answer.reply(200, b"")) as there:
            pass
        with pytest.raises(Unreachable):
            fetch_key_set(there)

    def test_no_proxy_of_the_environment_is_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", "")
        with host(lambda answer: answer.reply(200, b"{}")) as there:
            assert fetch_key_set(there) == b"{}"


class _Answer(BaseHTTPRequestHandler):
    behave: Callable[["_Answer"], None]

    def do_GET(self) -> None:
        type(self).behave(self)

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def trickle(self, seconds: float) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        last = monotonic() + seconds
        stop = threading.Event()
        try:
            while monotonic() < last:
                self.wfile.write(b" ")
                stop.wait(0.05)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def host(behave: Callable[[_Answer], None]) -> Iterator[str]:
    handler = type("Answer", (_Answer,), {"behave": staticmethod(behave)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
