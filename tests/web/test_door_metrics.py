"""/metrics: what is counted, who may read it, and that all workers add up."""

import http.client
import json
import os
import re
import signal
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_service import FakeService
from flask.testing import FlaskClient
from served import JSON, Server, served

from cds_service.record import Finding, Indicator, Shortfall
from cds_service.service import Answer
from cds_service.web.telemetry import shared_counts

Build = Callable[..., dict[str, Any]]
Door = Callable[..., FlaskClient]
SIGN = "/cds-services/ldn-order-sign"


def counts(page: str) -> dict[str, float]:
    """Samples without their buckets."""
    lines = (line.rsplit(" ", 1) for line in page.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, value in lines if "_bucket" not in name and "_created" not in name}


def read(client: FlaskClient) -> dict[str, float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return counts(answer.get_data(as_text=True))


def test_calls_cards_and_keys_are_counted(client: FlaskClient, order_sign: Build) -> None:
    prefetch = {"patient": None, "labs-user": {"resourceType": "Bundle"}, "medStatements": {"resourceType": "Nonsense"}}
    for _ in range(3):
        client.post(SIGN, json=order_sign(prefetch=prefetch))
    found = read(client)
    assert found['cds_request_seconds_count{hook="order-sign",outcome="cards"}'] == 3
    assert found['cds_cards_total{indicator="warning",rule="opioid-active"}'] == 3
    for key, state in (("patient", "null"), ("labs", "came"), ("labs", "renamed"), ("medRequests", "absent")):
        assert found[f'cds_prefetch_key_state_total{{key="{key}",state="{state}",tenant=""}}'] == 3
    assert read(client) == found


def test_a_check_that_was_not_done_is_counted_by_its_cause(
    client: FlaskClient, order_sign: Build, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    shortfalls = (Shortfall("medStatements", "timeout"), Shortfall("labs", "timeout"), Shortfall("labs", "absent"))
    finding = Finding("data-not-checked", Indicator.WARNING, shortfalls=shortfalls)
    monkeypatch.setattr(service, "answer", lambda *_: Answer([], findings=(finding,)))
    client.post(SIGN, json=order_sign())
    found = read(client)
    assert found['cds_unable_to_check_total{reason="timeout"}'] == 1
    assert found['cds_unable_to_check_total{reason="absent"}'] == 1
    assert found['cds_request_seconds_count{hook="order-sign",outcome="not-checked"}'] == 1


def test_a_fault_of_ours_has_an_outcome_of_its_own(
    client: FlaskClient, order_sign: Build, service: FakeService
) -> None:
    service.fault = RuntimeError("x")
    client.post(SIGN, json=order_sign())
    assert read(client)['cds_request_seconds_count{hook="order-sign",outcome="fault"}'] == 1


def test_an_answer_without_cards_is_told_from_one_with_cards(
    client: FlaskClient, order_sign: Build, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "answer", lambda *_: Answer([]))
    client.post(SIGN, json=order_sign())
    assert read(client)['cds_request_seconds_count{hook="order-sign",outcome="no-cards"}'] == 1


def test_nothing_that_a_client_wrote_is_on_the_page(client: FlaskClient, order_sign: Build) -> None:
    canary = "Canary-Ada-1980"
    body = order_sign(prefetch={canary: {"resourceType": "Patient", "id": canary}, f"labs {canary}": None})
    body["context"]["patientId"] = canary
    body["context"]["userId"] = f"Practitioner/{canary}"
    assert client.post(SIGN, json=body).status_code == 200
    page = client.get("/metrics").get_data(as_text=True)
    assert "canary" not in page.lower()
    assert 'key="unknown"' in page
    labels = {name for line in page.splitlines() for name in re.findall(r'(\w+)="', line)}
    assert labels <= {"hook", "outcome", "rule", "indicator", "reason", "tenant", "key", "state", "le"}


def test_only_this_machine_may_read_the_page_unless_told_otherwise(door: Door) -> None:
    client = door()
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert client.get("/metrics", headers={name: "192.0.2.7"}).status_code == 404
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "::1"}).status_code == 200


def test_a_site_may_open_the_page_or_switch_it_off(door: Door, order_sign: Build) -> None:
    assert door(metrics="on").get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200
    closed = door(metrics="off")
    assert closed.post(SIGN, json=order_sign()).status_code == 200
    assert closed.get("/metrics").status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "cds.example.com", "localhost.evil.example", "[::1"])
def test_a_name_that_somebody_pointed_here_does_not_open_the_page(door: Door, host: str) -> None:
    """A browser on this machine that shows a page of that name would ask from this machine, and so does a proxy that
    keeps the public name and does not say for whom it speaks."""
    client = door(base_url="https://cds.example.com")
    assert client.get("/metrics", headers={"Host": host}).status_code == 404


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "192.0.2.7"])
def test_the_names_of_this_machine_open_the_page(door: Door, host: str) -> None:
    assert door().get("/metrics", headers={"Host": host}).status_code == 200


def test_an_open_page_is_scraped_by_any_name(door: Door) -> None:
    answer = door(metrics="on").get("/metrics", headers={"Host": "ldn-cds.monitoring.svc:8080"})
    assert answer.status_code == 200


@pytest.mark.parametrize("setting", ["local", "on"])
@pytest.mark.parametrize("origins", [("*",), ("https://ehr.example.com",)])
def test_no_other_site_reads_the_page_in_somebodys_browser(door: Door, setting: str, origins: tuple[str, ...]) -> None:
    client = door(metrics=setting, cors_origins=origins)
    for name in ("cross-site", "same-site"):
        assert client.get("/metrics", headers={"Sec-Fetch-Site": name}).status_code == 404
    for path in ("/metrics", "/metrics/"):
        for method in ("GET", "OPTIONS"):
            asked = {"Origin": "https://ehr.example.com", "Access-Control-Request-Method": "GET"}
            answer = client.open(path, method=method, headers=asked)
            assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]
    assert client.get("/metrics").headers["Cross-Origin-Resource-Policy"] == "same-origin"


def page_of(server: Server) -> dict[str, float]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        assert answer.status == 200
        return counts(answer.read().decode())


def calls(server: Server, body: dict[str, Any], times: int) -> None:
    for _ in range(times):
        assert server.ask("POST", SIGN, json.dumps(body), **JSON)[0] == 200


def page_with(server: Server, name: str, value: float) -> dict[str, float]:
    """The page as soon as it shows this value: keys of prefetch are added up twice a second."""
    last = time.monotonic() + 20
    while page_of(server).get(name) != value and time.monotonic() < last:
        time.sleep(0.1)
    return page_of(server)


def test_the_counts_of_all_workers_add_up_and_outlive_a_worker(tmp_path: Path, order_sign: Build) -> None:
    seconds = 'cds_request_seconds_count{hook="order-sign",outcome="cards"}'
    absent = 'cds_prefetch_key_state_total{key="labs",state="absent",tenant=""}'
    with served(tmp_path, {"workers": 2}, {}) as server:
        calls(server, order_sign(), 20)
        assert page_with(server, absent, 20)[seconds] == 20
        first = server.worker_pids
        os.kill(first[0], signal.SIGKILL)
        while len(server.worker_pids) == len(first):
            time.sleep(0.1)
        calls(server, order_sign(), 20)
        found = page_with(server, absent, 40)
    assert found[seconds] == 40
    assert found[absent] == 40


def test_the_shared_counts_are_gone_when_the_server_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_counts, "mkdtemp", lambda **_: str(tmp_path / "counts"))
    (tmp_path / "counts").mkdir()
    with shared_counts.shared():
        assert shared_counts.folder() == str(tmp_path / "counts")
    assert shared_counts.folder() == ""
    assert not (tmp_path / "counts").exists()


def test_a_worker_takes_the_lowest_place_that_is_free() -> None:
    arbiter: Any = SimpleNamespace(WORKERS={})
    for pid, place in ((1, "0"), (2, "1"), (3, "2")):
        worker: Any = SimpleNamespace()
        shared_counts.before_fork(arbiter, worker)
        assert worker.counting_place == place
        arbiter.WORKERS[pid] = worker
    del arbiter.WORKERS[2]
    new: Any = SimpleNamespace()
    shared_counts.before_fork(arbiter, new)
    assert new.counting_place == "1"
