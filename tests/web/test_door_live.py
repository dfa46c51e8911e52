"""The door as it is served: gunicorn, two workers, real sockets."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cds_service.feedback.store import FeedbackStore

Build = Callable[..., dict[str, Any]]
SIGN = "/cds-services/ldn-order-sign"
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from fake_service import FakeService
from cds_service.settings import Settings
from cds_service.web.serving import serve
serve(Settings(port=int(sys.argv[2]), workers=2), FakeService())
"""


@dataclass
class Server:
    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body, headers, encode_chunked=isinstance(body, Iterator))
            return understood(connection.getresponse())

    def raw(self, request: bytes) -> tuple[int, dict[str, Any]]:
        with closing(socket.create_connection(("127.0.0.1", self.port), timeout=20)) as connection:
            connection.sendall(request)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            with closing(answer):
                return understood(answer)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


def understood(answer: http.client.HTTPResponse) -> tuple[int, dict[str, Any]]:
    assert answer.headers["Content-Type"] == "application/json"
    value: dict[str, Any] = json.loads(answer.read())
    return answer.status, value


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-c", PROGRAM, str(Path(__file__).parent), str(port)]
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            served = Server(port, folder, process)
            wait_for(served)
            yield served
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_for(server: Server) -> None:
    last = time.monotonic() + 60
    while time.monotonic() < last and server.process.poll() is None:
        try:
            assert server.ask("GET", "/health/live")[0] == 200
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"the server did not start: {server.log}")


def test_many_clients_at_once_are_answered_and_all_cards_remembered(server: Server, order_sign: Build) -> None:
    body = json.dumps(order_sign())

    def call(_: int) -> str:
        status, answer = server.ask("POST", SIGN, body, **{"Content-Type": "application/json"})
        assert status == 200
        uuid: str = answer["cards"][0]["uuid"]
        return uuid

    with closing(FeedbackStore(f"sqlite:///{server.folder / 'ldn-cds.sqlite'}")) as store:
        before = store.acceptances_by_rule().get("opioid-active")
        with ThreadPoolExecutor(8) as clients:
            uuids = list(clients.map(call, range(80)))
        assert len(set(uuids)) == 80
        after = store.acceptances_by_rule()["opioid-active"]
    assert after.issued - (before.issued if before else 0) == 80


def test_a_chunked_call_is_answered(server: Server, order_sign: Build) -> None:
    whole = json.dumps(order_sign()).encode()
    pieces = iter([whole[:10], whole[10:200], whole[200:]])
    assert (
        server.ask("POST", SIGN, pieces, **{"Content-Type": "application/json", "Transfer-Encoding": "chunked"})[0]
        == 200
    )


def test_a_chunked_body_beyond_the_limit_is_too_large(server: Server) -> None:
    head = f"POST {SIGN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    assert server.raw(head.encode() + chunk * 8)[0] == 413


def test_a_body_of_ten_megabytes_is_too_large(server: Server) -> None:
    head = f"POST {SIGN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10000000\r\n\r\n"
    assert server.raw(head.encode())[0] == 413


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /cds-services?" + b"x" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /cds-services HTTP/1.1\r\n" + b"X-A: b\r\n" * 60 + b"\r\n", 431),
        (b"GET /cds-services HTTP/1.1\r\nX-A: " + b"b" * 20_000 + b"\r\n\r\n", 431),
        (b"GET /cds-services HTTP/7.7\r\nHost: x\r\n\r\n", 400),
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET /cds-services HTTP/1.1\r\nbad header\r\n\r\n", 400),
        (b"POST /cds-services/ldn-order-sign HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST /cds-services/ldn-order-sign HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (
            b"POST /cds-services/ldn-order-sign HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            400,
        ),
    ],
)
def test_what_is_hardly_http_is_refused_with_json(server: Server, request_bytes: bytes, status: int) -> None:
    answered, outcome = server.raw(request_bytes)
    assert answered == status
    assert outcome["resourceType"] == "OperationOutcome"


def test_the_server_still_answers_after_all_that(server: Server, order_sign: Build) -> None:
    assert server.ask("POST", SIGN, b"[" * 1_000_000, **{"Content-Type": "application/json"})[0] == 400
    assert server.ask("POST", SIGN, json.dumps(order_sign()), **{"Content-Type": "application/json"})[0] == 200


def test_the_log_is_json_lines_without_a_value_of_any_call(server: Server, order_sign: Build) -> None:
    server.raw(b"GET /Kanarienvogel?name=Kanarienvogel HTTP/9.9\r\nX: Kanarienvogel\r\n\r\n")
    server.ask("GET", "/Kanarienvogel?name=Kanarienvogel")
    server.ask("POST", SIGN, json.dumps(order_sign()), **{"Content-Type": "application/json"})
    lines = [json.loads(line) for line in server.log.splitlines()]
    assert "call" in {line["event"] for line in lines}
    assert "development-mode" in {line["event"] for line in lines}
    assert "Kanarienvogel" not in server.log
    assert "1288992" not in server.log


def test_nothing_but_the_database_is_left_in_the_folder(server: Server) -> None:
    assert {path.name.partition("-wal")[0].partition("-shm")[0] for path in server.folder.iterdir()} == {
        "log",
        "ldn-cds.sqlite",
    }


def test_the_server_stops_when_told_to(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", PROGRAM, str(Path(__file__).parent), str(port)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
        wait_for(Server(port, tmp_path, process))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def test_any_wsgi_server_finds_the_application(tmp_path: Path) -> None:
    program = """
from cds_service.web.wsgi import application
answer = application.test_client().get("/cds-services")
assert answer.status_code == 200 and b"DEVELOPMENT" not in answer.data, answer.data
"""
    environ = {"CDS_FHIR_BASES": "https://ehr.example.com/fhir", "PATH": ""}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environ, check=True, timeout=60)
