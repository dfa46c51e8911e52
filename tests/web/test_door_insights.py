"""/insights: what the door brings into the store, who may see it, and in which forms."""

import csv
import io
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_service import FakeService
from flask.testing import FlaskClient
from sqlalchemy import event
from stored_months import fill

from cds_service.callers.reception import Anyone
from cds_service.errors import StoreUnavailable
from cds_service.feedback.export import COLUMNS
from cds_service.feedback.store import FeedbackStore
from cds_service.record import Finding, Indicator, Shortfall
from cds_service.running import unnamed_caller
from cds_service.service import Answer
from cds_service.settings import Settings
from cds_service.web.app import create_app
from cds_service.web.pages.page_files import POLICY
from cds_service.web.telemetry import memory

Build = Callable[..., dict[str, Any]]
Door = Callable[..., FlaskClient]
SIGN = "/cds-services/ldn-order-sign"
PATHS = ("/insights", "/insights/data", "/insights/decisions.csv", "/insights/decisions.ndjson")
HTML = {"Accept": "text/html"}


def totals(client: FlaskClient) -> dict[str, int]:
    answer = client.get("/insights/data")
    assert answer.status_code == 200
    found: dict[str, int] = answer.get_json()["totals"]
    return found


@pytest.fixture
def registered(service: FakeService, store: FeedbackStore) -> Callable[[str], FlaskClient]:
    """A client of a door with a file of clients."""

    def build(insights: str) -> FlaskClient:
        settings = Settings(clients_file="clients.toml", insights=insights)
        return create_app(settings, service, store, Anyone(unnamed_caller(settings))).test_client()

    return build


def test_every_call_is_counted_once_and_its_card_with_it(client: FlaskClient, order_sign: Build) -> None:
    answers = [client.post(SIGN, json=order_sign()).get_json() for _ in range(3)]
    [card] = answers[0]["cards"]
    said = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"}
    client.post(f"{SIGN}/feedback", json={"feedback": [said]})
    found = totals(client)
    assert (found["calls"], found["withCards"], found["cards"], found["overridden"]) == (3, 3, 3, 1)
    assert (found["unanswered"], found["notChecked"], found["faults"]) == (2, 0, 0)


def test_a_fault_and_a_check_that_was_not_done_are_told_apart(
    client: FlaskClient, order_sign: Build, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.fault = RuntimeError()
    client.post(SIGN, json=order_sign())
    shortfalls = (Shortfall("medStatements", "timeout"), Shortfall("labs", "absent"), Shortfall("toxLabs", "absent"))
    finding = Finding("data-not-checked", Indicator.WARNING, shortfalls=shortfalls)
    monkeypatch.setattr(service, "answer", lambda *_: Answer([], findings=(finding,)))
    client.post(SIGN, json=order_sign())
    found = client.get("/insights/data").get_json()
    assert (found["totals"]["faults"], found["totals"]["notChecked"], found["totals"]["calls"]) == (1, 1, 2)
    assert found["causes"] == [{"cause": "absent", "calls": 1}, {"cause": "timeout", "calls": 1}]


def quiet(monkeypatch: pytest.MonkeyPatch, service: FakeService, seconds: float = 60) -> None:
    monkeypatch.setattr(service, "answer", lambda *_: Answer([]))
    monkeypatch.setattr(memory, "_QUIET_SECONDS", seconds)


def test_calls_without_cards_wait_in_memory_and_are_totals_of_days(
    client: FlaskClient, order_sign: Build, service: FakeService, store: FeedbackStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet(monkeypatch, service)
    monkeypatch.setattr(store, "remember", lambda *_: pytest.fail("a call without cards was written by itself"))
    for _ in range(5):
        client.post(SIGN, json=order_sign())
    found = totals(client)
    assert (found["calls"], found["cards"]) == (5, 0)
    assert totals(client) == found


def test_totals_reach_the_store_soon_by_themselves(
    client: FlaskClient, order_sign: Build, service: FakeService, store: FeedbackStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet(monkeypatch, service, 0.02)
    added: list[int] = []
    monkeypatch.setattr(store, "add_quiet", lambda counts: added.append(sum(counts.values())))
    client.post(SIGN, json=order_sign())
    last = time.monotonic() + 10
    while not added and time.monotonic() < last:
        time.sleep(0.01)
    assert added == [1]


def test_totals_that_the_store_did_not_take_come_with_the_next(
    client: FlaskClient, order_sign: Build, service: FakeService, store: FeedbackStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet(monkeypatch, service)

    def lost(_: object) -> None:
        raise StoreUnavailable("gone")

    with monkeypatch.context() as broken:
        broken.setattr(store, "add_quiet", lost)
        client.post(SIGN, json=order_sign())
        assert totals(client)["calls"] == 0
    client.post(SIGN, json=order_sign())
    assert totals(client)["calls"] == 2


def test_the_page_has_the_policy_of_the_other_page_and_its_link(client: FlaskClient) -> None:
    answer = client.get("/insights", headers=HTML)
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert b'<a href="./">' in answer.data
    assert b'<a href="insights">' in client.get("/", headers=HTML).data
    assert client.get("/insights", headers={"Accept": "application/json"}).status_code == 404
    assert client.get("/insights/", headers=HTML).status_code == 404  # its links would lead astray


def test_nothing_of_it_is_there_when_it_is_switched_off(door: Door) -> None:
    client = door(insights="off")
    for path in PATHS:
        assert client.get(path, headers=HTML).status_code == 404
    assert b"insights" not in client.get("/", headers=HTML).data


def test_without_the_order_entry_page_no_link_leads_to_it(door: Door) -> None:
    client = door(page=False)
    answer = client.get("/insights", headers=HTML)
    assert b"./" not in answer.data
    assert client.get("/page/scripts/insights-main.js").status_code == 200
    assert client.get("/page/index.html").status_code == 404


def test_beside_registered_clients_it_is_there_only_where_a_setting_says_so(
    registered: Callable[[str], FlaskClient],
) -> None:
    for path in PATHS:
        assert registered("development").get(f"{path}?tenant=north", headers=HTML).status_code == 404
        assert registered("local").get(f"{path}?tenant=north").status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_beside_registered_clients_it_is_for_this_machine_only(
    registered: Callable[[str], FlaskClient], path: str
) -> None:
    client, asked = registered("local"), f"{path}?tenant=north"
    assert client.get(asked, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404
    for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP"):
        assert client.get(asked, headers={name: "127.0.0.1"}).status_code == 404


@pytest.mark.parametrize("path", PATHS[1:])
def test_beside_registered_clients_the_public_name_opens_nothing(
    registered: Callable[[str], FlaskClient], path: str
) -> None:
    """A proxy on this machine that keeps the name and does not say for whom it speaks comes with it."""
    asked = f"{path}?tenant=north"
    assert registered("local").get(asked, headers={"Host": "cds.example.com"}).status_code == 404
    assert registered("local").get(asked, headers={"Host": "localhost:8080"}).status_code == 200


def test_beside_registered_clients_one_is_named_and_no_other_is_seen(
    registered: Callable[[str], FlaskClient], store: FeedbackStore, tmp_path: Path
) -> None:
    store.ping()
    fill(tmp_path / "cards.sqlite", 7, days=20, tenant="north")
    fill(tmp_path / "cards.sqlite", 3, days=20)
    client = registered("local")
    for path in PATHS[1:]:
        refused = client.get(path)
        assert refused.status_code == 400
        assert refused.get_json()["issue"][0]["expression"] == ["tenant"]
    seen = {name: client.get(f"/insights/data?tenant={name}").get_json() for name in ("north", "south")}
    assert {name: found["totals"]["cards"] for name, found in seen.items()} == {"north": 7, "south": 0}
    assert len(client.get("/insights/decisions.ndjson?tenant=north").data.splitlines()) >= 7
    assert client.get("/insights/decisions.ndjson?tenant=south").data == b""


@pytest.mark.parametrize(
    ("search", "where"),
    [
        ("first=yesterday", "first"), ("last=2026-13-01", "last"), ("first=2026-3-x", "first"),
        ("first=2026-03-02&last=2026-03-01", "first"), ("tenant=north", "tenant"), ("rule=" + "x" * 101, "rule"),
        ("hook=%00", "hook"), ("rule=%0a", "rule"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", PATHS[1:])
def test_what_cannot_be_asked_is_a_clear_refusal(client: FlaskClient, path: str, search: str, where: str) -> None:
    answer = client.get(f"{path}?{search}")
    assert answer.status_code == 400
    assert answer.get_json()["issue"][0]["expression"] == [where]


@pytest.mark.parametrize("search", ["last=0001-01-01", "first=0001-01-01", "last=9999-12-31", "rule=%25%27--", "x=y"])
def test_odd_questions_have_an_answer(client: FlaskClient, search: str) -> None:
    for path in PATHS[1:]:
        assert client.get(f"{path}?{search}").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_the_script_of_another_site_sees_nothing(client: FlaskClient, site: str) -> None:
    for path in PATHS[1:]:
        assert client.get(path, headers={"Sec-Fetch-Site": site}).status_code == 404
        answer = client.get(path, headers={"Origin": "https://elsewhere.example"})
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert client.get("/cds-services").headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("name", ["rebound.example:8080", "localhost.example", "[::1", ""])
def test_a_name_that_is_not_ours_sees_nothing(client: FlaskClient, name: str) -> None:
    assert client.get("/insights/data", headers={"Host": name}).status_code in (400, 404)


@pytest.mark.parametrize("name", ["localhost:8080", "127.0.0.1:1", "[::1]:8080", "192.0.2.4", "cds.example.com"])
def test_our_names_and_plain_addresses_see_the_data(door: Door, name: str) -> None:
    client = door(base_url="https://cds.example.com")
    assert client.get("/insights/data", headers={"Host": name}).status_code == 200


def test_rows_come_as_csv_and_as_ndjson_with_the_same_content(client: FlaskClient, order_sign: Build) -> None:
    cards = [client.post(SIGN, json=order_sign()).get_json()["cards"][0]["uuid"] for _ in range(2)]
    reason = {"reason": {"code": '=1+1,"x"', "system": "urn:x"}}
    said = {
        "card": cards[0],
        "outcome": "overridden",
        "outcomeTimestamp": "2026-03-02T12:00:00Z",
        "overrideReason": reason,
    }
    assert client.post(f"{SIGN}/feedback", json={"feedback": [said]}).status_code == 200
    table = client.get("/insights/decisions.csv")
    lines = client.get("/insights/decisions.ndjson")
    assert table.content_type == "text/csv; charset=utf-8"
    assert lines.content_type == "application/x-ndjson"
    assert "decisions.csv" in table.headers["Content-Disposition"]
    rows = [json.loads(line) for line in lines.data.splitlines()]
    assert sorted(row["card"] for row in rows) == sorted(cards)
    read = list(csv.DictReader(io.StringIO(table.get_data(as_text=True))))
    assert tuple(read[0]) == COLUMNS
    harmless = [{**row, "reason": f"'{row['reason']}"} if row["reason"] else row for row in rows]
    assert read == harmless
    assert [row["reason"] for row in rows if row["reason"]] == ['=1+1,"x"']


def test_without_rows_the_table_has_its_head(client: FlaskClient) -> None:
    assert client.get("/insights/decisions.csv").get_data(as_text=True).strip() == ",".join(COLUMNS)


def test_a_lost_store_is_an_error_and_no_empty_answer(service: FakeService, tmp_path: Path) -> None:
    lost = FeedbackStore(f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}")
    client = create_app(Settings(), service, lost).test_client()
    for path in PATHS[1:]:
        answer = client.get(path)
        assert answer.status_code == 503
        assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_words_come_from_the_cards(tmp_path: Path) -> None:
    client = create_app(Settings(database_url=f"sqlite:///{tmp_path}/cards.sqlite")).test_client()
    words = client.get("/insights/data").get_json()["words"]
    assert words["rules"]["opioid-active"] == "Current opioid"
    assert words["causes"]["timeout"].startswith("unavailable")
    assert not any("{{" in text for group in words.values() for text in group.values())
    assert "opioid-list-wrong" in words["reasons"]


def test_cards_are_counted_by_the_store_with_as_many_statements_for_many_as_for_few(
    client: FlaskClient, store: FeedbackStore, tmp_path: Path
) -> None:
    client.get("/insights/data")
    first = datetime.now(UTC).date() - timedelta(days=100)
    statements: list[str] = []
    event.listen(store._engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    taken = []
    for tenant, cards in (("other", 5), ("", 20_000)):
        fill(tmp_path / "cards.sqlite", cards, tenant=tenant)
        statements.clear()
        found = client.get(f"/insights/data?first={first}").get_json()
        taken.append(len(statements))
    assert found["totals"]["cards"] == 20_000
    assert taken[0] == taken[1] > 0
