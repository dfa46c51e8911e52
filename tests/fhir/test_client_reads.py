"""The FHIR client against a hostile server in this process: nothing is followed, everything is bounded."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cds_service.fhir.client import AllowedBases, FhirClient
from cds_service.fhir.gather import Fetch, Fetched
from cds_service.hooks.prefetch import TEMPLATES
from cds_service.outbound import Breakers

TOKEN = "sesame-7f3a"
MOST = 20_000
QUERY = "MedicationStatement?patient=ada"
BUNDLE = {"resourceType": "Bundle", "total": 0, "entry": []}
PLENTY = 20.0
"""Seconds: far more than any of these reads may need, so that a busy machine is no failure."""

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """One listener; `answers` by path (without query), every request remembered with its Authorization."""

    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[tuple[str, str | None]] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/fhir"

    def answer(self, path: str, *, status: int = 200, body: bytes | dict[str, Any] = b"", **headers: str) -> None:
        content = json.dumps(body).encode() if isinstance(body, dict) else body

        def send(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(content)

        self.answers[path] = send


@pytest.fixture
def listen() -> Iterator[Callable[[], Server]]:
    with ExitStack() as stack:

        def start() -> Server:
            state = Server()

            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    state.seen.append((self.path, self.headers.get("Authorization")))
                    answer = state.answers.get(self.path.split("?")[0])
                    if answer is None:
                        self.send_error(404)
                    else:
                        answer(self)

                def log_message(self, *_: object) -> None:
                    pass

            class Quiet(ThreadingHTTPServer):
                daemon_threads = True
                request_queue_size = 256

                def handle_error(self, *_: object) -> None:
                    pass

            listener = Quiet(("127.0.0.1", 0), Handler)
            state.port = listener.server_address[1]
            thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            thread.start()
            stack.callback(listener.server_close)
            stack.callback(listener.shutdown)
            stack.callback(state.release.set)
            return state

        yield start


@pytest.fixture
def ehr(listen: Callable[[], Server]) -> Server:
    return listen()


@dataclass
class Registered:
    """A client, and the bases that one caller has registered."""

    client: FhirClient
    allowed: AllowedBases

    def reader(self, base: str, token: str, deadline: float) -> Fetch | None:
        return self.client.reader(base, token, deadline, self.allowed)

    def read(self, base: str, *queries: str, seconds: float = PLENTY) -> list[Fetched]:
        fetch = self.reader(base, TOKEN, time.monotonic() + seconds)
        assert fetch is not None
        found = fetch(queries)
        return [found[query] for query in queries]


def client(*bases: str) -> Registered:
    return Registered(FhirClient(MOST), AllowedBases(bases))


def read(server: Server, query: str = QUERY, seconds: float = PLENTY) -> Fetched:
    fetch = client(server.base).reader(server.base, TOKEN, time.monotonic() + seconds)
    assert fetch is not None
    return fetch((query,))[query]


def test_a_bundle_is_read_with_the_token_of_the_call(ehr: Server) -> None:
    ehr.answer("/fhir/MedicationStatement", body=BUNDLE)
    assert read(ehr) == Fetched(BUNDLE)
    assert ehr.seen == [("/fhir/MedicationStatement?patient=ada", f"Bearer {TOKEN}")]


def test_several_queries_are_answered_each_for_itself(ehr: Server) -> None:
    ehr.answer("/fhir/MedicationStatement", body=BUNDLE)
    ehr.answer("/fhir/Condition", status=403)
    fetch = client(ehr.base).reader(f"{ehr.base}/", TOKEN, time.monotonic() + PLENTY)
    assert fetch is not None
    assert fetch((QUERY, "Condition?patient=ada")) == {
        QUERY: Fetched(BUNDLE),
        "Condition?patient=ada": Fetched(cause="not-allowed"),
    }


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_token_stays_here(
    listen: Callable[[], Server], ehr: Server, status: int
) -> None:
    elsewhere = listen()
    elsewhere.answer("/fhir/MedicationStatement", body=BUNDLE)
    ehr.answer("/fhir/MedicationStatement", status=status, Location=f"{elsewhere.base}/{QUERY}")
    assert read(ehr).cause == "server-error"
    assert elsewhere.seen == []


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (201, "server-error"),
        (204, "server-error"),
        (400, "server-error"),
        (401, "not-allowed"),
        (403, "not-allowed"),
        (404, "not-found"),
        (410, "not-found"),
        (429, "busy"),
        (500, "server-error"),
        (502, "server-error"),
        (503, "server-error"),
        (504, "server-error"),
    ],
)
def test_every_other_status_is_told_by_its_cause(ehr: Server, status: int, cause: str) -> None:
    ehr.answer("/fhir/MedicationStatement", status=status, body=b"" if status == 204 else BUNDLE)
    assert read(ehr) == Fetched(cause=cause)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"<html>sorry</html>", b'{"total": NaN}', b"\xff\xfe{}", b'{"a": "\\ud800"}']
)
def test_a_body_that_is_not_json_cannot_be_read(ehr: Server, body: bytes) -> None:
    ehr.answer("/fhir/MedicationStatement", body=body)
    assert read(ehr) == Fetched(cause="malformed")


def test_a_body_beyond_the_limit_is_not_read_to_its_end(ehr: Server) -> None:
    ehr.answer("/fhir/MedicationStatement", body=json.dumps({"fill": "x" * MOST}).encode())
    assert read(ehr) == Fetched(cause="too-large")


def test_a_small_body_that_unpacks_beyond_the_limit_is_too_large(ehr: Server) -> None:
    packed = gzip.compress(json.dumps({"fill": "x" * (100 * MOST)}).encode())
    assert len(packed) < MOST
    ehr.answer("/fhir/MedicationStatement", body=packed, Content_Encoding="gzip")
    assert read(ehr) == Fetched(cause="too-large")


def test_a_packed_body_within_the_limit_is_read(ehr: Server) -> None:
    packed = gzip.compress(json.dumps(BUNDLE).encode())
    ehr.answer("/fhir/MedicationStatement", body=packed, Content_Encoding="gzip")
    assert read(ehr) == Fetched(BUNDLE)


def test_a_server_that_hangs_up_is_no_connection(ehr: Server) -> None:
    def hang_up(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.shutdown(socket.SHUT_RDWR)

    ehr.answers["/fhir/MedicationStatement"] = hang_up
    assert read(ehr) == Fetched(cause="no-connection")


def test_a_port_where_nobody_listens_is_no_connection() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{taken.getsockname()[1]}/fhir"
        fetch = client(base).reader(base, TOKEN, time.monotonic() + PLENTY)
        assert fetch is not None
        assert fetch((QUERY,)) == {QUERY: Fetched(cause="no-connection")}


def test_a_server_that_never_answers_is_left_at_the_deadline(ehr: Server) -> None:
    def hang(_: BaseHTTPRequestHandler) -> None:
        ehr.release.wait(PLENTY)

    ehr.answers["/fhir/MedicationStatement"] = hang
    began = time.monotonic()
    assert read(ehr, seconds=0.3) == Fetched(cause="timeout")
    assert time.monotonic() - began < PLENTY / 2


def test_a_server_that_trickles_is_left_at_the_deadline(ehr: Server) -> None:
    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not ehr.release.wait(0.02):
            handler.wfile.write(b" ")

    ehr.answers["/fhir/MedicationStatement"] = trickle
    began = time.monotonic()
    assert read(ehr, seconds=0.3) == Fetched(cause="timeout")
    assert time.monotonic() - began < PLENTY / 2


def test_one_query_that_hangs_does_not_hold_back_the_others(ehr: Server) -> None:
    def hang(_: BaseHTTPRequestHandler) -> None:
        ehr.release.wait(PLENTY)

    answered = threading.Event()

    def quick(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(json.dumps(BUNDLE).encode())
        answered.set()

    ehr.answers["/fhir/Condition"] = hang
    ehr.answers["/fhir/MedicationStatement"] = quick
    fetch = client(ehr.base).reader(ehr.base, TOKEN, time.monotonic() + 1.5)
    assert fetch is not None
    found = fetch((QUERY, "Condition?patient=ada"))
    assert answered.is_set()
    assert found == {QUERY: Fetched(BUNDLE), "Condition?patient=ada": Fetched(cause="timeout")}


def test_after_the_deadline_nothing_is_asked_any_more(ehr: Server) -> None:
    ehr.answer("/fhir/MedicationStatement", body=BUNDLE)
    assert read(ehr, seconds=-1.0) == Fetched(cause="timeout")
    assert ehr.seen == []


# Pages


def page(*entries: str, next_url: str = "") -> dict[str, Any]:
    links = [{"relation": "next", "url": next_url}] if next_url else []
    return {
        "resourceType": "Bundle",
        "entry": [{"resource": {"resourceType": "Condition", "id": name}} for name in entries],
        "link": links,
    }


def names(bundle: Any) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle["entry"]]


def test_pages_of_the_same_server_are_read_together(ehr: Server) -> None:
    ehr.answer("/fhir/MedicationStatement", body=page("a", next_url=f"{ehr.base}/two?token=1"))
    ehr.answer("/fhir/two", body=page("b", next_url=f"{ehr.base}/three"))
    ehr.answer("/fhir/three", body=page("c"))
    found = read(ehr).value
    assert (names(found), found["link"]) == (["a", "b", "c"], [])


def test_a_next_page_elsewhere_is_not_followed(listen: Callable[[], Server], ehr: Server) -> None:
    elsewhere = listen()
    elsewhere.answer("/fhir/two", body=page("b"))
    for link in (
        f"{elsewhere.base}/two",
        f"http://localhost:{ehr.port}/fhir/two",
        f"http://127.0.0.1:{ehr.port}/admin/two",
        f"http://127.0.0.1:{ehr.port}/fhir/../admin",
        f"http://127.0.0.1:{ehr.port}/fhir/%2e%2e/admin",
        f"http://127.0.0.1:{ehr.port}@127.0.0.1:{elsewhere.port}/fhir/two",
        f"https://127.0.0.1:{ehr.port}/fhir/two",
        "//127.0.0.1/fhir/two",
        "/admin/two",
        "../two",
        "x" * 10_000,
    ):
        ehr.answer("/fhir/MedicationStatement", body=page("a", next_url=link))
        found = read(ehr).value
        assert names(found) == ["a"]
        assert found["link"][0]["relation"] == "next", "an unread page must stay visible"
    assert elsewhere.seen == []
    assert {path for path, _ in ehr.seen} == {"/fhir/MedicationStatement?patient=ada"}


def test_pages_that_lead_in_a_circle_come_to_an_end(ehr: Server) -> None:
    ehr.answer("/fhir/MedicationStatement", body=page("a", next_url=f"{ehr.base}/MedicationStatement"))
    found = read(ehr).value
    assert found["link"][0]["relation"] == "next"
    assert len(ehr.seen) < 50


@pytest.mark.parametrize(
    "broken",
    [
        b"{",
        b"[]",
        b"{}",
        b'"x"',
        b'{"resourceType": "Bundle", "entry": 5}',
        b'{"resourceType": "Bundle", "entry": {"a": 1}, "link": 3}',
        b'{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}',
    ],
)
def test_a_next_page_that_cannot_be_read_leaves_the_first_one_and_the_link_to_be_seen(
    ehr: Server, broken: bytes
) -> None:
    ehr.answer("/fhir/MedicationStatement", body=page("a", next_url=f"{ehr.base}/two"))
    ehr.answer("/fhir/two", body=broken)
    found = read(ehr)
    assert (found.cause, names(found.value), found.value["link"][0]["relation"]) == ("", ["a"], "next")


@pytest.mark.parametrize("odd", [{"entry": 5}, {"entry": {"a": 1}}, {"link": 3}, {"link": [3]}, {"link": [{}]}])
def test_a_first_page_of_odd_shape_breaks_nothing(ehr: Server, odd: dict[str, Any]) -> None:
    ehr.answer("/fhir/MedicationStatement", body={**page("a", next_url=f"{ehr.base}/two"), **odd})
    ehr.answer("/fhir/two", body=page("b"))
    assert read(ehr).cause == ""


def test_a_next_page_that_fails_leaves_its_link_to_be_seen(ehr: Server) -> None:
    ehr.answer("/fhir/MedicationStatement", body=page("a", next_url=f"{ehr.base}/two"))
    found = read(ehr).value
    assert (names(found), found["link"][0]["relation"]) == (["a"], "next")


@pytest.mark.parametrize("link", ["two?page=2", "/fhir/two?page=2", "//127.0.0.1:{port}/fhir/two?page=2"])
def test_a_relative_next_page_hangs_on_the_base(ehr: Server, link: str) -> None:
    ehr.answer("/fhir/MedicationStatement", body=page("a", next_url=link.format(port=ehr.port)))
    ehr.answer("/fhir/two", body=page("b"))
    assert names(read(ehr).value) == ["a", "b"]
    assert ehr.seen[-1] == ("/fhir/two?page=2", f"Bearer {TOKEN}")


def test_a_next_page_of_a_query_alone_hangs_on_the_base(ehr: Server) -> None:
    ehr.answer("/fhir/MedicationStatement", body=page("a", next_url=f"{ehr.base}?_getpages=7"))
    ehr.answer("/fhir", body=page("b"))
    assert names(read(ehr).value) == ["a", "b"]


def test_no_more_than_twenty_pages_are_read_and_the_gap_is_seen(ehr: Server) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        number = len(ehr.seen)
        body = json.dumps(page(f"n{number}", next_url=f"{ehr.base}/MedicationStatement?page={number}")).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    ehr.answers["/fhir/MedicationStatement"] = endless
    found = read(ehr).value
    assert (len(names(found)), found["link"][0]["relation"], len(ehr.seen)) == (20, "next", 20)


def test_more_entries_than_anyone_can_have_are_too_large(ehr: Server) -> None:
    many = {"resourceType": "Bundle", "entry": [{}] * 10_001}
    ehr.answer("/fhir/MedicationStatement", body=json.dumps(many, separators=(",", ":")).encode())
    found = Registered(FhirClient(1_000_000), AllowedBases((ehr.base,))).read(ehr.base, QUERY)
    assert found == [Fetched(cause="too-large")]


def test_the_lists_of_one_call_share_the_entries(ehr: Server) -> None:
    many = json.dumps({"resourceType": "Bundle", "entry": [{}] * 6_000}, separators=(",", ":")).encode()
    for kind in ("MedicationStatement", "Condition"):
        ehr.answer(f"/fhir/{kind}", body=many)
    asking = Registered(FhirClient(1_000_000), AllowedBases((ehr.base,)))
    causes = [one.cause for one in asking.read(ehr.base, QUERY, "Condition?patient=ada")]
    assert sorted(causes) == ["", "too-large"]


def test_pages_and_queries_of_one_call_share_the_bytes(ehr: Server) -> None:
    ehr.answer("/fhir/MedicationStatement", body=json.dumps({"fill": "x" * (MOST // 2)}).encode())
    ehr.answer("/fhir/Condition", body=json.dumps({"fill": "x" * (MOST // 2)}).encode())
    causes = [one.cause for one in client(ehr.base).read(ehr.base, QUERY, "Condition?patient=ada")]
    assert sorted(causes) == ["", "too-large"]
    assert [one.cause for one in client(ehr.base).read(ehr.base, QUERY)] == [""]


# A server that is in trouble


def failing(server: Server, status: int = 500) -> None:
    server.answer("/fhir/MedicationStatement", status=status, Retry_After="60")


def test_a_server_that_failed_five_calls_in_a_row_is_not_asked(ehr: Server) -> None:
    failing(ehr)
    asking = client(ehr.base)
    assert [asking.read(ehr.base, QUERY)[0].cause for _ in range(5)] == ["server-error"] * 5
    asked = len(ehr.seen)
    took = []
    for _ in range(7):  # the best counts, as the machine may have other work
        began = time.monotonic()
        assert asking.read(ehr.base, QUERY, "Condition?patient=ada") == [Fetched(cause="not-answering")] * 2
        took.append(time.monotonic() - began)
    assert min(took) < 0.05
    assert len(ehr.seen) == asked
    assert asking.client.states() == {"closed": 0, "open": 1, "half-open": 0}


def test_a_server_that_is_back_is_asked_again(ehr: Server) -> None:
    now = [1000.0]
    asking = Registered(FhirClient(MOST, breakers=Breakers(lambda: now[0])), AllowedBases((ehr.base,)))
    failing(ehr)
    for _ in range(5):
        asking.read(ehr.base, QUERY)
    ehr.answer("/fhir/MedicationStatement", body=BUNDLE)
    assert asking.read(ehr.base, QUERY) == [Fetched(cause="not-answering")]
    now[0] += 15
    assert asking.read(ehr.base, QUERY) == [Fetched(BUNDLE)]
    assert asking.client.states() == {"closed": 1, "open": 0, "half-open": 0}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 301])
def test_a_server_that_says_no_is_alive(ehr: Server, status: int) -> None:
    failing(ehr, status)
    asking = client(ehr.base)
    for _ in range(8):
        assert asking.read(ehr.base, QUERY)[0].cause != "not-answering"


def test_one_list_that_fails_among_others_that_are_read_closes_no_door(ehr: Server) -> None:
    failing(ehr)
    ehr.answer("/fhir/Condition", body=BUNDLE)
    ehr.answer("/fhir/AllergyIntolerance", body=BUNDLE)
    asking = client(ehr.base)
    for _ in range(8):
        causes = [one.cause for one in asking.read(ehr.base, QUERY, "Condition?patient=a", "AllergyIntolerance?x=a")]
        assert causes == ["server-error", "", ""]


def test_one_patient_whose_reads_all_fail_is_one_failure(ehr: Server) -> None:
    asking = client(ehr.base)
    for kind in range(14):
        ehr.answer(f"/fhir/{kind}", status=500)
    asking.read(ehr.base, *(str(kind) for kind in range(14)))
    ehr.answer("/fhir/MedicationStatement", body=BUNDLE)
    assert asking.read(ehr.base, QUERY) == [Fetched(BUNDLE)]


def test_a_round_that_had_no_time_says_nothing_about_the_server(ehr: Server) -> None:
    def hang(_: BaseHTTPRequestHandler) -> None:
        ehr.release.wait(PLENTY)

    ehr.answers["/fhir/Condition"] = hang
    asking = client(ehr.base)
    for _ in range(6):
        assert asking.read(ehr.base, "Condition?patient=ada", seconds=0.03)[0].cause == "timeout"
    ehr.answer("/fhir/MedicationStatement", body=BUNDLE)
    assert asking.read(ehr.base, QUERY) == [Fetched(BUNDLE)]


def test_a_name_lookup_that_hangs_does_not_hold_up_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def hanging(*_: object, **__: object) -> list[object]:
        over.wait(PLENTY)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    try:
        began = time.monotonic()
        asking = Registered(FhirClient(MOST), AllowedBases(("http://localhost:9/fhir",)))
        assert asking.read("http://localhost:9/fhir", QUERY, seconds=0.2) == [Fetched(cause="timeout")]
        assert time.monotonic() - began < PLENTY / 2
    finally:
        over.set()


def test_two_servers_in_trouble_do_not_hold_up_a_third(listen: Callable[[], Server]) -> None:
    def hang(_: BaseHTTPRequestHandler) -> None:
        servers[0].release.wait(PLENTY)

    servers = [listen() for _ in range(3)]
    for server in servers[:2]:
        server.answers["/fhir/MedicationStatement"] = hang
    servers[2].answer("/fhir/MedicationStatement", body=BUNDLE)
    asking = client(*(server.base for server in servers))
    many = [f"MedicationStatement?patient={number}" for number in range(100)]
    for server in servers[:2]:
        assert {one.cause for one in asking.read(server.base, *many, seconds=0.2)} == {"timeout"}
    assert asking.read(servers[2].base, QUERY) == [Fetched(BUNDLE)]


def test_the_reads_of_four_calls_at_a_time_are_all_at_the_server_together_and_their_connections_are_kept(
    ehr: Server,
) -> None:
    reads = 4 * len(TEMPLATES)
    together = threading.Barrier(reads, timeout=PLENTY / 4)
    callers: set[tuple[str, int]] = set()
    body = json.dumps(BUNDLE).encode()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        callers.add(handler.client_address)
        together.wait()  # a read that had to wait for another to end would break this, however fast the machine is
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Connection", "keep-alive")
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = False

    ehr.answers["/fhir/Condition"] = answer
    asking = client(ehr.base)
    for _ in range(2):
        with ThreadPoolExecutor(4) as calls:
            rounds = [
                calls.submit(asking.read, ehr.base, *(f"Condition?call={call}&list={name}" for name in TEMPLATES))
                for call in range(4)
            ]
        assert [answered for one in rounds for answered in one.result()] == [Fetched(BUNDLE)] * reads
    assert len(callers) == reads


# Who may be asked


@pytest.mark.parametrize("token", ["two words", "line\r\nX: 1", "tab\t", "ü", "\x7f", "x" * 20_000])
def test_a_token_that_could_not_stand_in_a_header_is_not_sent(ehr: Server, token: str) -> None:
    assert client(ehr.base).reader(ehr.base, token, time.monotonic() + PLENTY) is None


def test_a_listed_base_over_plain_http_elsewhere_is_not_asked() -> None:
    base = "http://ehr.example.com/fhir"
    assert client(base).reader(base, TOKEN, time.monotonic() + PLENTY) is None
    assert client(f"test+{base}").reader(base, TOKEN, time.monotonic() + PLENTY) is not None


def test_a_base_below_a_listed_one_may_be_asked_and_its_pages_stay_below_it(ehr: Server) -> None:
    tenant = f"{ehr.base}/tenant"
    ehr.answer("/fhir/tenant/MedicationStatement", body=page("a", next_url=f"{ehr.base}/two"))
    ehr.answer("/fhir/two", body=page("b"))
    (found,) = client(ehr.base).read(tenant, QUERY)
    assert names(found.value) == ["a"]


def test_a_server_that_is_not_listed_is_not_asked(ehr: Server) -> None:
    reader = client("https://ehr.example.com/fhir").reader(ehr.base, TOKEN, time.monotonic() + PLENTY)
    assert reader is None
    assert ehr.seen == []


@pytest.mark.parametrize(("base", "token"), [("", TOKEN), ("http://127.0.0.1/fhir", "")])
def test_without_a_server_or_a_token_nothing_is_asked(base: str, token: str) -> None:
    assert client().reader(base, token, time.monotonic() + PLENTY) is None


def test_the_machines_own_credentials_and_proxies_are_not_used(
    listen: Callable[[], Server], ehr: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = listen()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("no_proxy", "")
    ehr.answer("/fhir/MedicationStatement", body=BUNDLE)
    assert read(ehr) == Fetched(BUNDLE)
    assert proxy.seen == []
