"""A canary in every string of calls, tokens, headers and FHIR answers is found in no log, count, table or header.

Each test talks to a service as it is started by `cds-service serve`, at level DEBUG, so that what libraries write of
their own accord is looked at too. What may be kept is said in docs/reference/data-kept.md.
"""

import http.client
import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic, sleep, time
from typing import Any
from uuid import uuid4

import orjson
import pytest
from canaries import CANARY, as_bytes, everywhere, found_in, marked, names, strings, tables, with_text
from issuing import DROPPED, Ehr, client, written

from cds_service.cli.cases import case_folders, read_case
from cds_service.content import fixtures_dir

JSON = {"Content-Type": "application/json"}
CHANCE = random.Random(8)
FOLDERS = case_folders(fixtures_dir())
SERVICES = "/cds-services/ldn-"
EHR = Ehr(issuer="https://ehr.example.com")
BASE = "https://cds.example.com"
_FHIR = b'{"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [{"resource": '
# What a FHIR server may say, with the canary in every part of it
SAYINGS: dict[str, tuple[int, bytes]] = {
    "list": (200, _FHIR + as_bytes({"resourceType": "MedicationStatement", "id": CANARY, "status": CANARY}) + b"}]}"),
    "word": (200, f'"{CANARY}"'.encode()),
    "broken": (200, f'{{"{CANARY}": '.encode()),
    "twice": (200, f'{{"{CANARY}": 1, "{CANARY}": 2}}'.encode()),
    "outcome": (200, as_bytes({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": CANARY,
                                                                          "diagnostics": CANARY}]})),
    "next": (200, as_bytes({"resourceType": "Bundle", "type": "searchset", "entry": [],
                            "link": [{"relation": "next", "url": f"http://{CANARY}.example/{CANARY}"}]})),
    "moved": (302, CANARY.encode()), "refused": (401, CANARY.encode()), "missing": (404, CANARY.encode()),
    "busy": (429, CANARY.encode()), "fault": (500, CANARY.encode()), "strange": (999, CANARY.encode()),
}  # fmt: skip


class _Ehr(BaseHTTPRequestHandler):
    """The first step of the path says what it says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        status, body = SAYINGS[self.path.split("/")[1]]
        self.send_response(status, CANARY)
        self.send_header("Content-Type", f"application/fhir+json; profile={CANARY}")
        self.send_header("Location", f"http://127.0.0.1:1/{CANARY}")
        self.send_header("X-Request-Id", CANARY)
        self.send_header("Retry-After", CANARY)
        self.send_header("Set-Cookie", f"{CANARY}={CANARY}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Its own log is nobody's business."""


@pytest.fixture(scope="module")
def fhir() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Ehr) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@dataclass
class Running:
    """A service in a process of its own, and all that it has let out so far."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    heads: list[bytes] = field(default_factory=list)
    refusals: list[bytes] = field(default_factory=list)

    def ask(self, path: str, body: Any = None, method: str = "POST", **headers: str) -> tuple[int, Any]:
        sent = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, sent, {**JSON, **headers})
            return self._noted(connection.getresponse())

    def raw(self, data: bytes) -> None:
        with closing(socket.create_connection(("127.0.0.1", self.port), timeout=30)) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            self._noted(answer)

    def _noted(self, answer: http.client.HTTPResponse) -> tuple[int, Any]:
        text = answer.read()
        self.heads.append(str(answer.headers.items()).encode())
        if answer.status >= 400:
            self.refusals.append(text)
        return answer.status, orjson.loads(text) if answer.headers["Content-Type"] == "application/json" else text

    @property
    def log(self) -> bytes:
        return (self.folder / "log").read_bytes()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log, line by line: whatever a library or Python itself had written beside it would be no JSON."""
        return [orjson.loads(line) for line in self.log.splitlines()]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == name]

    def soon(self, name: str) -> list[dict[str, Any]]:
        """The events of a name, once there is one: what is kept of a call is written a moment after its answer."""
        last = monotonic() + 10
        while not (found := self.events(name)) and monotonic() < last:
            sleep(0.05)
        return found

    @property
    def metrics(self) -> bytes:
        page = self.ask("/metrics", method="GET")[1]
        assert isinstance(page, bytes)
        return page

    def assert_nothing_leaked(self) -> None:
        sleep(0.6)  # counts are added up twice a second
        assert not found_in(self.log)
        assert not found_in(self.metrics)
        assert not any(map(found_in, self.heads))
        assert not any(map(found_in, self.refusals))
        assert all("withheld" not in line for line in self.lines), "a fact whose name is not in FACTS"


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Running]:
    folder.mkdir()
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    environ |= {"CDS_PORT": str(port), "CDS_LOG_LEVEL": "DEBUG", "CDS_WORKERS": "1", **settings}
    command = [sys.executable, "-m", "cds_service.cli", "serve"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=log)
    server = Running(port, folder, process)
    try:
        last = monotonic() + 90
        while b"Listening at" not in server.log:  # asking could reach another server on a port that was free just now
            assert monotonic() < last, server.log
            assert process.poll() is None, server.log
            sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(30)


def sampled(count: int) -> list[dict[str, Any]]:
    """The same sample at every run, with calls that ask for an explanation among them."""
    calls = [dict(read_case(folder).request) for folder in random.Random(4).sample(FOLDERS, count)]
    return [
        {**call, "hookInstance": str(uuid4()), "extension": {"org.ldn-cds": {"explain": index % 3 == 0}}}
        for index, call in enumerate(calls)
        if call["hook"] != "patient-view"
    ]


def service_of(call: dict[str, Any]) -> str:
    return f"{SERVICES}{call['hook']}"


@pytest.fixture(scope="module")
def open_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("open") / "server") as server:
        yield server


def test_no_string_of_a_call_is_let_out(open_door: Running) -> None:
    cards = 0
    for call in sampled(80):
        status, answer = open_door.ask(service_of(call), everywhere(call), **{"X-Trace": CANARY, "Cookie": CANARY})
        assert status == 200
        cards += len(answer["cards"])
    assert cards > 60
    assert len(open_door.events("call")) >= 60
    assert open_door.events("did-not-run") == []
    open_door.assert_nothing_leaked()


def test_no_string_or_name_is_let_out_that_makes_a_call_a_wrong_one(open_door: Running) -> None:
    statuses = set()
    for call in sampled(50):
        ways = CHANCE.sample(list(strings(call)), 4)
        for wrong in [with_text(call, way, CANARY) for way in ways]:
            statuses.add(open_door.ask(service_of(call), wrong)[0])
        for way in CHANCE.sample(list(names(call)), 2):
            wrong = with_text({"whole": call}, ("whole", *way), {CANARY: CANARY})["whole"]  # type: ignore[arg-type]
            statuses.add(open_door.ask(service_of(call), wrong)[0])
    assert statuses == {200, 400}
    open_door.assert_nothing_leaked()


def test_no_refusal_repeats_what_it_refuses(open_door: Running) -> None:
    call = sampled(1)[0]
    path, whole = service_of(call), as_bytes(everywhere(call))
    named = CANARY.encode()
    wrong: list[tuple[str, str, bytes, dict[str, str], int]] = [
        (path, "POST", whole[:-1], {}, 400),
        (path, "POST", b'{"' + named + b'": 1, "' + named + b'": 2}', {}, 400),
        (path, "POST", b"[" * 500 + named, {}, 400),
        (path, "POST", b'"' + named * 700_000 + b'"', {}, 413),
        (path, "POST", whole, {"Content-Type": f"text/{CANARY}"}, 415),
        (path, "POST", whole, {"Content-Encoding": CANARY}, 415),
        (f"{path}/{CANARY}?{CANARY}={CANARY}", "POST", whole, {}, 404),
        (f"/{CANARY}?{CANARY}", "GET", b"", {}, 404),
        (f"/source-attributes/{CANARY}", "GET", b"", {"Accept": CANARY}, 404),
        (f"/fhir/PlanDefinition/{CANARY}", "GET", b"", {}, 404),
        (path, CANARY.upper(), whole, {"Origin": f"https://{CANARY}.example"}, 405),
        (f"{path}?{CANARY * 400}", "POST", whole, {}, 414),
        (path, "POST", whole, {CANARY: CANARY * 800}, 431),
    ]
    for address, method, body, headers, status in wrong:
        assert open_door.ask(address, body, method, **headers)[0] == status, (address[:40], method, headers)
    for head in (
        b"GET /%s HTTP/9.9\r\n\r\n" % named,
        b"%s\r\n\r\n" % named,
        b"GET / HTTP/1.1\r\n%s\r\n\r\n" % named,
        b"GET / HTTP/1.1\r\nHost: x\r\n%s : %s\r\n\r\n" % (named, named),
        b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: %s\r\n\r\n" % (path.encode(), named),
        b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n\r\n" % (path.encode(), named),
        b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n" % (path.encode(), named),
        b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n%s" % (path.encode(), named),
        b"POST %s HTTP/1.1\r\nHost: x\r\nExpect: %s\r\n\r\n" % (path.encode(), named),
    ):
        open_door.raw(head)
    assert len(open_door.refusals) >= len(wrong) + 6
    assert open_door.events("bug") == []
    open_door.assert_nothing_leaked()


@pytest.mark.parametrize("saying", SAYINGS)
def test_nothing_that_a_fhir_server_says_or_is_called_is_let_out(open_door: Running, fhir: str, saying: str) -> None:
    for call in sampled(4):
        access = {
            "access_token": CANARY, "token_type": "Bearer", "expires_in": 300, "scope": marked("user/*.rs"),
            "subject": CANARY,
        }  # fmt: skip
        sent = {
            **everywhere({name: value for name, value in call.items() if name != "prefetch"}),
            "fhirServer": f"{fhir}/{saying}/{CANARY}",
            "fhirAuthorization": access,
        }
        assert open_door.ask(service_of(call), sent)[0] == 200
    assert open_door.events("did-not-run") == []
    open_door.assert_nothing_leaked()


@pytest.mark.parametrize("server", [f"http://{CANARY}.example/fhir", f"http://127.0.0.1:1/{CANARY}"])
def test_the_address_of_a_server_that_is_not_asked_or_not_there_is_not_let_out(open_door: Running, server: str) -> None:
    call = {name: value for name, value in sampled(1)[0].items() if name != "prefetch"}
    access = {"access_token": CANARY, "token_type": "Bearer", "expires_in": 3, "scope": CANARY, "subject": CANARY}
    assert open_door.ask(service_of(call), {**call, "fhirServer": server, "fhirAuthorization": access})[0] == 200
    open_door.assert_nothing_leaked()


def feedback(**changes: Any) -> dict[str, Any]:
    reason = {"reason": {"code": "other", "system": "urn:ldn-cds:override-reason", "display": CANARY}, CANARY: CANARY}
    return {
        "card": str(uuid4()), "outcome": "overridden", "outcomeTimestamp": "2026-03-02T10:05:31Z",
        "overrideReason": {**reason, "userComment": marked("she says")}, CANARY: CANARY, **changes,
    }  # fmt: skip


def test_no_comment_of_a_feedback_is_let_out_or_kept(open_door: Running) -> None:
    path = f"{SERVICES}order-sign/feedback"
    sent = [feedback(), feedback(overrideReasons=[{"userComment": CANARY}]), feedback(outcome=CANARY),
            feedback(outcomeTimestamp=CANARY), feedback(overrideReason=CANARY)]  # fmt: skip
    assert open_door.ask(path, {"feedback": sent, CANARY: CANARY})[0] == 200
    assert open_door.ask(path, {"feedback": CANARY})[0] == 400
    assert open_door.ask(path, {"feedback": sent[2:]})[0] == 400
    kept = tables(open_door.folder / "ldn-cds.sqlite")["feedback_events"]
    assert [row["has_comment"] for row in kept] == [1, 1]
    open_door.assert_nothing_leaked()


def test_what_is_kept_of_all_these_calls_holds_no_word_of_theirs(open_door: Running) -> None:
    rows = tables(open_door.folder / "ldn-cds.sqlite")
    assert len(rows["cards_issued"]) > 60
    assert not found_in(as_bytes(rows))
    assert not any(found_in(path.read_bytes()) for path in open_door.folder.iterdir())
    assert {path.name.partition("-")[0] for path in open_door.folder.iterdir()} == {"log", "ldn"}


def test_the_ids_of_a_client_are_kept_as_it_gave_them(open_door: Running) -> None:
    """Declared in docs/reference/data-kept.md: without them a report of a card could not be counted."""
    card, code = f"card-{uuid4()}", "x-local-code"
    reason = {"reason": {"code": code, "system": "urn:local"}}
    sent = {"feedback": [feedback(card=card, overrideReason=reason)]}
    assert open_door.ask(f"{SERVICES}order-sign/feedback", sent)[0] == 200
    [row] = [row for row in tables(open_door.folder / "ldn-cds.sqlite")["feedback_events"] if row["card"] == card]
    assert (row["reason_code"], row["reason_system"]) == (code, "urn:local")


# With a file of clients


def tokens(path: str) -> list[str]:
    """Headers that are refused, each for another reason, with the canary wherever it can stand."""
    audience, now = BASE + path, time()
    good = EHR.token(audience, now=now)
    return [
        "",
        CANARY,
        f"Basic {CANARY}",
        f"Bearer {CANARY}",
        f"Bearer {CANARY}.{CANARY}.{CANARY}",
        f"Bearer {good[:-4]}{CANARY}",
        EHR.bearer(audience, now=now, header={"kid": CANARY, CANARY: CANARY}),
        EHR.bearer(audience, now=now, header={"jku": f"https://{CANARY}.example/{CANARY}"}),
        EHR.bearer(audience, now=now, header={"alg": CANARY}),
        EHR.bearer(audience, now=now, header={"crit": [CANARY]}),
        EHR.bearer(audience, now=now, iss=f"https://{CANARY}.example"),
        EHR.bearer(audience, now=now, sub=CANARY, aud=CANARY),
        EHR.bearer(audience, now=now, exp=CANARY),
        EHR.bearer(audience, now=now - 9000, jti=CANARY),
        EHR.bearer(audience, now=now, jti=[CANARY]),
        Ehr("P-384/other").bearer(audience, now=now, sub=CANARY),
    ]


def registered(folder: Path, fhir: str) -> str:
    """North's base is the server that speaks of canaries; east's keys are to come from it."""
    east = client("east", issuer="https://east.example.com", jwks_url=f"{fhir}/word/{CANARY}")
    north = client("north", issuer=EHR.issuer, jwks_url=DROPPED, keys=[EHR.published], fhir_bases=[f"{fhir}/fault"])
    return str(written(folder, north, east))


def test_no_part_of_a_token_is_let_out_or_kept(tmp_path: Path, fhir: str) -> None:
    settings = {"CDS_CLIENTS_FILE": registered(tmp_path, fhir), "CDS_BASE_URL": BASE, "CDS_METRICS": "on"}
    east = Ehr("P-384/east", issuer="https://east.example.com")
    with running(tmp_path / "server", **settings) as server:
        for call in sampled(4):
            path = service_of(call)
            for header in tokens(path):
                assert server.ask(path, call, Authorization=header)[0] == 401
                assert server.ask(f"{path}/feedback", {}, Authorization=header)[0] == 401
            unknown = east.bearer(BASE + path, now=time(), sub=CANARY, header={"kid": CANARY})
            assert server.ask(path, call, Authorization=unknown)[0] == 401
            good = EHR.bearer(
                BASE + path, now=time(), sub=CANARY, jti=f"{uuid4()}{CANARY}", tenant=CANARY, name=CANARY,
                header={CANARY: CANARY},
            )  # fmt: skip
            assert server.ask(path, everywhere(call), Authorization=good)[0] == 200
            assert server.ask(path, call, Authorization=good)[0] == 401
        assert len(server.events("token-refused")) >= 100
        assert {line["tenant"] for line in server.events("call")} == {"north"}
        server.assert_nothing_leaked()
        assert not any(found_in(path.read_bytes()) for path in server.folder.iterdir())


def test_a_lost_database_is_told_without_its_address_or_what_was_to_be_kept(tmp_path: Path, fhir: str) -> None:
    settings = {
        "CDS_CLIENTS_FILE": registered(tmp_path, fhir),
        "CDS_BASE_URL": BASE,
        "CDS_METRICS": "on",
        "CDS_DATABASE_URL": f"sqlite:///{tmp_path}/{CANARY}/cards.sqlite",
        "CDS_REPLAY_STORE": f"redis://:{CANARY}@127.0.0.1:1/0",
    }
    with running(tmp_path / "server", **settings) as server:
        for call in sampled(6):
            path = service_of(call)
            token = EHR.bearer(BASE + path, now=time(), jti=f"{uuid4()}{CANARY}")
            assert server.ask(path, everywhere(call), Authorization=token)[0] == 200
            token = EHR.bearer(f"{BASE}{path}/feedback", now=time())
            assert server.ask(f"{path}/feedback", {"feedback": [feedback()]}, Authorization=token)[0] == 503
        assert server.ask("/health/ready", method="GET")[0] in (200, 503)
        assert server.soon("cards-not-remembered")
        assert server.events("replay-store-lost")
        server.assert_nothing_leaked()
