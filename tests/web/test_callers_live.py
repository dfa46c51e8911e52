"""Tokens at the served door: real sockets, two workers, a restart between."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import time
from typing import Any

import pytest
from issuing import DROPPED, Ehr, client, written
from served import JSON, Server, served

BASE = "https://cds.example.com"
SIGN = "/cds-services/ldn-order-sign"
EHR = Ehr()


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """A server has a folder for itself; the file of clients and the used tokens are kept outside."""
    path = written(tmp_path, client(jwks_url=DROPPED, keys=[EHR.published]))
    return {
        "clients_file": str(path),
        "replay_store": f"sqlite:///{tmp_path / 'tokens.sqlite'}",
        "base_url": BASE,
        "workers": 2,
    }


def test_a_hundred_connections_get_one_answer_for_one_token_also_after_a_restart(
    tmp_path: Path, settings: dict[str, Any], order_sign: Callable[..., dict[str, Any]]
) -> None:
    body, token = json.dumps(order_sign()), EHR.bearer(BASE + SIGN, now=time())

    def call(server: Server) -> int:
        return server.ask("POST", SIGN, body, **JSON, Authorization=token)[0]

    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    with served(tmp_path / "first", settings, {}) as server, ThreadPoolExecutor(50) as connections:
        statuses = Counter(connections.map(lambda _: call(server), range(100)))
        assert statuses == {200: 1, 401: 99}
        workers = {line["tenant"] for line in server.lines if line["event"] == "call"}
        assert workers == {"general"}
        assert not [line for line in server.lines if line["event"] == "replay-store-lost"]
        assert token.split(".")[1] not in server.log
    with served(tmp_path / "second", settings, {}) as server:
        assert call(server) == 401
        fresh = EHR.bearer(BASE + SIGN, now=time())
        assert server.ask("POST", SIGN, body, **JSON, Authorization=fresh)[0] == 200


def test_a_client_that_is_added_while_it_serves_may_call(
    tmp_path: Path, settings: dict[str, Any], order_sign: Callable[..., dict[str, Any]]
) -> None:
    other, body = Ehr("P-384/other", issuer="https://other.example.com"), json.dumps(order_sign())
    (tmp_path / "server").mkdir()
    with served(tmp_path / "server", settings, {}) as server:

        def status() -> int:
            token = other.bearer(BASE + SIGN, now=time())
            return server.ask("POST", SIGN, body, **JSON, Authorization=token)[0]

        assert status() == 401
        entry = client("other", issuer=other.issuer, jwks_url=DROPPED, keys=[other.published])
        Path(settings["clients_file"]).write_text(entry, "utf-8")
        last = time() + 20
        while status() != 200:
            assert time() < last
        assert server.ask("GET", "/health/ready")[1]["mode"] == "registered"
