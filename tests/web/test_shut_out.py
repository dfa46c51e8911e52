"""A client that has had its share is turned back before its request is read, and nobody else is (trust T13)."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from time import time
from typing import Any

import pytest
from issuing import DROPPED, Ehr, client, written
from served import JSON, Server, answered, served

BASE = "https://cds.example.com"
SIGN = "/cds-services/ldn-order-sign"
NORTH = Ehr(issuer="https://north.example.com")
SOUTH = Ehr("P-384/south", issuer="https://south.example.com")
FORGER = Ehr("P-384/forger", issuer="https://north.example.com")
TRIES = 30
Build = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """North may call once a second: what it sends beside that is turned back for the rest of the second."""
    folder = tmp_path_factory.mktemp("shut-out")
    north = client("north", issuer=NORTH.issuer, jwks_url=DROPPED, keys=[NORTH.published], rate=1)
    south = client("south", issuer=SOUTH.issuer, jwks_url=DROPPED, keys=[SOUTH.published])
    settings = {
        "clients_file": str(written(folder, north, south)),
        "replay_store": "memory",
        "base_url": BASE,
        "workers": 1,
    }
    with served(folder, settings, {}) as started:
        yield started


def call(ehr: Ehr, body: Any, more: str = "", method: str = "POST", path: str = SIGN) -> bytes:
    text = json.dumps(body).encode()
    token = ehr.bearer(BASE + path, now=time())
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: {token}\r\n{more}"
    return f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text


def turned_back(connection: socket.socket, body: Any, ehr: Ehr = NORTH, more: str = "") -> Any:
    """The refusal of a call that came on this connection just after one of north that was let in."""
    for _ in range(TRIES):
        connection.sendall(call(NORTH, body))
        answered(connection)
        connection.sendall(call(ehr, body, more))
        status, answer = answered(connection)
        if status == 429:
            return answer
    raise AssertionError("nothing was refused")


def early(server: Server) -> int:
    return sum(line["calls"] for line in server.lines if line["event"] == "refused-early")


def test_it_is_told_so_as_in_any_other_refusal_and_keeps_its_connection(server: Server, order_sign: Build) -> None:
    with closing(server.connect()) as connection:
        refusal = turned_back(connection, order_sign())
        [issue] = refusal["issue"]
        assert (issue["code"], issue["details"]["coding"][0]["code"]) == ("throttled", "too-many-calls")
        connection.sendall(call(NORTH, order_sign()))
        assert answered(connection)[0] in (200, 429)


def test_a_body_that_could_not_be_read_makes_no_difference(server: Server) -> None:
    with closing(server.connect()) as connection:
        assert turned_back(connection, "no call at all")


def test_others_are_answered_meanwhile(server: Server, order_sign: Build) -> None:
    with closing(server.connect()) as connection:
        turned_back(connection, order_sign())
        token = SOUTH.bearer(BASE + SIGN, now=time())
        assert server.ask("POST", SIGN, json.dumps(order_sign()), **JSON, Authorization=token)[0] == 200


def test_many_requests_sent_in_one_piece_are_all_answered(server: Server, order_sign: Build) -> None:
    with closing(server.connect()) as connection:
        connection.sendall(b"".join(call(NORTH, {}) for _ in range(40)))
        statuses = [answered(connection)[0] for _ in range(40)]
    assert set(statuses) == {400, 429}
    assert statuses.count(429) > 20


def test_who_wants_the_connection_closed_has_it_closed(server: Server, order_sign: Build) -> None:
    for _ in range(TRIES):
        with closing(server.connect()) as connection:
            connection.sendall(call(NORTH, order_sign()))
            answered(connection)
            connection.sendall(call(NORTH, order_sign(), more="Connection: close\r\n"))
            status, _ = answered(connection)
            assert connection.recv(1) == b""
            if status == 429:
                return
    raise AssertionError("nothing was refused")


def test_a_forged_token_shuts_nobody_out_and_is_let_in_no_more_than_the_client_itself(
    server: Server, order_sign: Build
) -> None:
    """While the client is shut out, who it is that comes under its name is not looked at: 429, as for itself."""
    with closing(server.connect()) as connection:
        assert turned_back(connection, order_sign(), ehr=FORGER)
    statuses = set()
    for _ in range(TRIES):
        with closing(server.connect()) as connection:
            connection.sendall(call(FORGER, order_sign()))
            statuses.add(answered(connection)[0])
    assert statuses <= {401, 429}
    assert 401 in statuses


def test_what_is_no_call_is_answered_as_ever(server: Server, order_sign: Build) -> None:
    with closing(server.connect()) as connection:
        turned_back(connection, order_sign())
        connection.sendall(call(NORTH, "", method="GET", path="/health/live"))
        assert answered(connection)[0] == 200


def test_the_log_counts_them_and_names_nobody(server: Server, order_sign: Build) -> None:
    with closing(server.connect()) as connection:
        turned_back(connection, order_sign())
    last = time() + 20
    while not early(server):
        assert time() < last
    for line in server.lines:
        if line["event"] == "refused-early":
            assert line.keys() == {"time", "level", "logger", "event", "status", "calls"}


def test_all_of_this_has_cost_no_worker(server: Server) -> None:
    assert len([line for line in server.lines if line["event"].startswith("Booting worker")]) == 1
