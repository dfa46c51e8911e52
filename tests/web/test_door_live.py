"""The door as it is served: gunicorn, two workers, real sockets."""

import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from served import JSON, Server, answered, served

from cds_service.feedback.store import FeedbackStore

Build = Callable[..., dict[str, Any]]
SIGN = "/cds-services/ldn-order-sign"
HEAD = f"POST {SIGN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()
BUDGET = 2.0
"""Seconds that a call may take by default."""
STALLED = {
    "in the head": HEAD + b"Content-",
    "in the body": HEAD + b'Content-Length: 100\r\n\r\n{"hook": ',
    "in a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n64\r\n{",
    "between chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It waits longer for a request than any test takes."""
    with served(tmp_path_factory.mktemp("served"), {"workers": 2}, {"RECEIVE_SECONDS": 300.0}) as started:
        yield started


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It waits for hardly anything."""
    with served(tmp_path_factory.mktemp("hasty"), {"workers": 1}, {"RECEIVE_SECONDS": 0.3}) as started:
        yield started


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It has room for twelve connections, and for two megabytes that are not answered yet."""
    limits = {"RECEIVE_SECONDS": 300.0, "MOST_CONNECTIONS": 12, "MOST_HELD_BYTES": 0}
    settings = {"workers": 1, "threads": 2, "max_body_bytes": 1_000_000}
    with served(tmp_path_factory.mktemp("narrow"), settings, limits) as started:
        yield started


def call(body: dict[str, Any], more: bytes = b"") -> bytes:
    text = json.dumps(body).encode()
    return HEAD + more + f"Content-Length: {len(text)}\r\n\r\n".encode() + text


def test_many_clients_at_once_are_answered_and_all_cards_remembered(server: Server, order_sign: Build) -> None:
    body = json.dumps(order_sign())

    def call(_: int) -> str:
        status, answer = server.ask("POST", SIGN, body, **JSON)
        assert status == 200
        uuid: str = answer["cards"][0]["uuid"]
        return uuid

    with closing(FeedbackStore(f"sqlite:///{server.folder / 'ldn-cds.sqlite'}")) as store:
        before = store.acceptances_by_rule("").get("opioid-active")
        with ThreadPoolExecutor(8) as clients:
            uuids = list(clients.map(call, range(80)))
        assert len(set(uuids)) == 80
        wanted = 80 + (before.issued if before else 0)
        last = time.monotonic() + 10
        issued = 0
        while issued < wanted and time.monotonic() < last:
            time.sleep(0.05)
            found = store.acceptances_by_rule("").get("opioid-active")
            issued = found.issued if found else 0
    assert issued == wanted


def test_a_worker_that_has_answered_enough_is_replaced_and_nobody_waits_for_that(tmp_path: Path) -> None:
    """Not even where it is the only one, and other clients keep their connections open."""
    with served(tmp_path, {"workers": 1}, {"MOST_CALLS": 100}) as server:
        with ExitStack() as kept:
            for _ in range(3):
                kept.enter_context(closing(server.connect()))
            for _ in range(150):
                assert server.ask("GET", "/health/live", seconds=BUDGET)[0] == 200
        first, second = server.worker_pids
        last = time.monotonic() + 20
        while alive(first) and time.monotonic() < last:
            time.sleep(0.05)
        assert (alive(first), alive(second)) == (False, True)
        assert server.worker_pids == [first, second]


def alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


def test_a_chunked_call_is_answered(server: Server, order_sign: Build) -> None:
    whole = json.dumps(order_sign()).encode()
    pieces = iter([whole[:10], whole[10:200], whole[200:]])
    assert server.ask("POST", SIGN, pieces, **JSON, **{"Transfer-Encoding": "chunked"})[0] == 200


def test_a_chunked_body_beyond_the_limit_is_too_large(server: Server) -> None:
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    assert server.raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 8)[0] == 413


def test_a_body_of_ten_megabytes_is_too_large(server: Server) -> None:
    assert server.raw(HEAD + b"Content-Length: 10000000\r\n\r\n")[0] == 413


@pytest.mark.parametrize("size", [8_100_000, 15_000_000])
def test_who_sends_all_of_a_body_that_is_too_large_still_reads_why(server: Server, size: int) -> None:
    for _ in range(3):
        assert server.ask("POST", SIGN, b" " * size, **JSON)[0] == 413


def test_who_sends_all_of_a_chunked_body_that_is_too_large_still_reads_why(server: Server) -> None:
    pieces = iter([b" " * 100_000] * 120)
    assert server.ask("POST", SIGN, pieces, **JSON, **{"Transfer-Encoding": "chunked"})[0] == 413


def test_a_hundred_stalled_connections_keep_nobody_waiting(server: Server, order_sign: Build) -> None:
    with ExitStack() as stack:
        stalled = []
        for number in range(120):
            connection = stack.enter_context(closing(server.connect()))
            connection.sendall([*STALLED.values()][number % len(STALLED)])
            stalled.append(connection)
        for _ in range(6):
            assert server.ask("POST", SIGN, json.dumps(order_sign()), **JSON)[0] == 200
        readable, _, _ = select.select(stalled, [], [], 0)
        assert readable == []  # they were still being waited for all that time


@pytest.mark.parametrize("sent", STALLED.values(), ids=STALLED)
def test_a_request_that_does_not_arrive_in_time_is_told_so(hasty: Server, sent: bytes) -> None:
    with closing(hasty.connect()) as connection:
        connection.sendall(sent)
        status, outcome = answered(connection)
        assert status == 408
        assert outcome["issue"][0]["details"]["coding"][0]["code"] == "too-slow"
        assert connection.recv(1) == b""


def test_the_time_for_a_request_is_not_prolonged_by_every_byte(hasty: Server) -> None:
    with closing(hasty.connect()) as connection:
        connection.sendall(HEAD)
        while not select.select([connection], [], [], 0.02)[0]:
            connection.sendall(b"X")
        assert answered(connection)[0] == 408


def test_a_connection_without_a_byte_is_closed_without_a_word(hasty: Server) -> None:
    with closing(hasty.connect()) as connection:
        assert connection.recv(1) == b""


@pytest.mark.parametrize("sent", STALLED.values(), ids=STALLED)
def test_a_request_that_breaks_off_is_a_bad_one(server: Server, sent: bytes) -> None:
    assert server.raw(sent, half_close=True)[0] == 400


def test_requests_one_behind_the_other_are_all_answered(server: Server, order_sign: Build) -> None:
    with closing(server.connect()) as connection:
        connection.sendall(call(order_sign()) * 3 + b"GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n")
        answers = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answers.count(b"HTTP/1.1 200 OK") == 4
    assert answers.endswith(b'{"status":"live"}')


def test_a_call_that_comes_byte_by_byte_is_answered(server: Server, order_sign: Build) -> None:
    with closing(server.connect()) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in call(order_sign()):
            connection.sendall(bytes([byte]))
        assert answered(connection)[0] == 200


def test_a_client_that_asks_is_told_to_go_on_and_its_deadline_counts_from_the_first_byte(
    server: Server, order_sign: Build
) -> None:
    instance = "00000000-0000-4000-8000-00000000c0de"
    head, _, body = call(order_sign(hookInstance=instance), b"Expect: 100-continue\r\n").partition(b"\r\n\r\n")
    before = time.monotonic()
    with closing(server.connect()) as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        between = time.monotonic()
        connection.sendall(body)
        assert answered(connection)[0] == 200
    [line] = [line for line in server.lines if line.get("instance") == instance]
    assert before <= line["at"] <= between


def test_a_client_that_asks_for_too_much_is_not_told_to_go_on(server: Server) -> None:
    with closing(server.connect()) as connection:
        connection.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: 9000000\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 413"


def test_requests_that_never_end_cannot_fill_the_memory(narrow: Server, order_sign: Build) -> None:
    with ExitStack() as stack:
        stalled = [stack.enter_context(closing(narrow.connect())) for _ in range(4)]
        for connection in stalled:
            connection.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n" + b" " * 900_000)
        assert answered(stalled[0])[0] == 503
        assert narrow.ask("POST", SIGN, json.dumps(order_sign()), **JSON)[0] == 200


def test_connections_that_only_wait_make_room_for_others(narrow: Server, order_sign: Build) -> None:
    with ExitStack() as stack:
        waiting = [stack.enter_context(closing(narrow.connect())) for _ in range(40)]
        assert narrow.ask("POST", SIGN, json.dumps(order_sign()), **JSON)[0] == 200
        assert waiting[0].recv(1) == b""


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
    assert server.raw(request_bytes)[0] == status


def test_the_server_still_answers_after_all_that(server: Server, order_sign: Build) -> None:
    assert server.ask("POST", SIGN, b"[" * 1_000_000, **JSON)[0] == 400
    assert server.ask("POST", SIGN, json.dumps(order_sign()), **JSON)[0] == 200


def test_the_log_is_json_lines_without_a_value_of_any_call(server: Server, order_sign: Build) -> None:
    server.raw(b"GET /Kanarienvogel?name=Kanarienvogel HTTP/9.9\r\nX: Kanarienvogel\r\n\r\n")
    server.ask("GET", "/Kanarienvogel?name=Kanarienvogel")
    server.ask("POST", SIGN, json.dumps(order_sign()), **JSON)
    events = {line["event"] for line in server.lines}
    assert {"call", "development-mode", "refused-by-server"} <= events
    assert "Kanarienvogel" not in server.log
    assert "1288992" not in server.log


def test_nothing_but_the_database_is_left_in_the_folder(server: Server) -> None:
    assert {path.name.partition("-wal")[0].partition("-shm")[0] for path in server.folder.iterdir()} == {
        "log",
        "ldn-cds.sqlite",
    }


def test_the_server_stops_when_told_to_even_with_stalled_connections(tmp_path: Path) -> None:
    with served(tmp_path, {"workers": 1}, {"RECEIVE_SECONDS": 1.0}) as server, ExitStack() as stack:
        for sent in (b"", *STALLED.values()):
            stack.enter_context(closing(server.connect())).sendall(sent)
        server.process.terminate()
        server.process.join(30)
        assert server.process.exitcode == 0


def test_any_wsgi_server_finds_the_application(tmp_path: Path) -> None:
    program = """
from cds_service.web.wsgi import application
answer = application.test_client().get("/cds-services")
assert answer.status_code == 200 and b"DEVELOPMENT" in answer.data, answer.data
"""
    environ = {"CDS_OPEN_DEVELOPMENT": "on", "PATH": ""}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environ, check=True, timeout=60)
