"""A hook call through the door (cds-hooks D, G, N; trust 3.2)."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import orjson
import pytest
from fake_service import FakeService
from flask.testing import FlaskClient
from settled import acceptances

from cds_service.errors import MissingField, StoreUnavailable
from cds_service.feedback.store import Acceptance, FeedbackStore
from cds_service.settings import Settings
from cds_service.web.app import MEMORY, create_app
from cds_service.web.telemetry import memory
from cds_service.web.telemetry.log import JsonLines

Build = Callable[..., dict[str, Any]]
Door = Callable[..., FlaskClient]
SIGN = "/cds-services/ldn-order-sign"


@pytest.mark.parametrize("hook", ["medication-prescribe", "order-select", "order-sign"])
def test_each_service_answers_its_hook_with_cards(client: FlaskClient, order_sign: Build, hook: str) -> None:
    answer = client.post(f"/cds-services/ldn-{hook}", json=order_sign(hook=hook))
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert [card["source"]["topic"]["code"] for card in answer.get_json()["cards"]] == ["opioid-active"]


def test_a_slash_at_the_end_of_a_service_is_tolerated(client: FlaskClient, order_sign: Build) -> None:
    assert client.post(f"{SIGN}/", json=order_sign()).status_code == 200


def test_an_answer_is_not_to_be_stored(client: FlaskClient, order_sign: Build) -> None:
    assert client.post(SIGN, json=order_sign()).headers["Cache-Control"] == "no-store"


def test_the_service_gets_the_call_as_read(client: FlaskClient, order_sign: Build, service: FakeService) -> None:
    client.post(SIGN, json=order_sign(prefetch={"patient": None}))
    assert service.asked[0].patient_id == "1288992"
    assert service.asked[0].prefetch == {"patient": None}


def test_the_log_counts_how_prefetch_came(
    client: FlaskClient, order_sign: Build, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "cds_service")
    client.post(SIGN, json=order_sign(prefetch={"patient": None, "labs-user": None, "conditions": "no list"}))
    [line] = [json.loads(JsonLines().format(one)) for one in caplog.records if one.message == "call"]
    assert line["prefetch"] == 3
    assert line["prefetch_states"] == {"null": 2, "failed": 1, "absent": 12, "renamed": 1}


def test_a_call_of_another_hook_is_refused(client: FlaskClient, order_sign: Build, service: FakeService) -> None:
    answer = client.post(SIGN, json=order_sign(hook="order-select"))
    assert answer.status_code == 400
    [issue] = answer.get_json()["issue"]
    assert issue["details"]["coding"] == [{"system": "urn:ldn-cds:error", "code": "hook-mismatch"}]
    assert issue["severity"] == "error"
    assert issue["expression"] == ["hook"]
    assert service.asked == []


@pytest.mark.parametrize("name", ["hook", "hookInstance", "context"])
def test_a_call_without_a_required_field_names_it(client: FlaskClient, order_sign: Build, name: str) -> None:
    body = order_sign()
    del body[name]
    answer = client.post(SIGN, json=body)
    assert answer.status_code == 400
    assert answer.get_json()["issue"][0]["code"] == "required"
    assert answer.get_json()["issue"][0]["expression"] == [name]


def test_a_hook_instance_that_is_no_uuid_is_refused(client: FlaskClient, order_sign: Build) -> None:
    answer = client.post(SIGN, json=order_sign(hookInstance="1"))
    assert answer.status_code == 400
    assert answer.get_json()["issue"][0]["details"]["coding"][0]["code"] == "bad-hook-instance"


def test_more_entries_than_the_setting_allows_are_too_large(door: Door, order_sign: Build) -> None:
    many = {"medRequests": {"resourceType": "Bundle", "entry": [{}] * 10}}
    answer = door(max_entries=10).post(SIGN, json=order_sign(prefetch=many))
    assert answer.status_code == 413
    assert answer.get_json()["issue"][0]["details"]["coding"][0]["code"] == "too-many-entries"


@pytest.mark.parametrize(
    "fault", [RuntimeError("x"), KeyError("y"), RecursionError(), MissingField("z"), MemoryError()]
)
def test_a_fault_inside_becomes_the_card_that_says_so(
    client: FlaskClient, order_sign: Build, service: FakeService, fault: Exception
) -> None:
    service.fault = fault
    answer = client.post(SIGN, json=order_sign())
    assert answer.status_code == 200
    assert answer.get_json()["cards"][0]["source"]["topic"]["code"] == "data-not-checked"


def test_an_answer_that_cannot_be_written_becomes_the_card_that_says_so(
    client: FlaskClient, order_sign: Build, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = service.did_not_run
    service.more = {"detail": object()}
    monkeypatch.setattr(service, "did_not_run", lambda request, _: [service.more.clear(), right(request)][1])
    answer = client.post(SIGN, json=order_sign())
    assert answer.status_code == 200
    assert answer.get_json()["cards"][0]["source"]["topic"]["code"] == "data-not-checked"


def test_where_even_that_card_fails_the_answer_is_json_without_internals(
    client: FlaskClient, order_sign: Build, service: FakeService
) -> None:
    service.more = {"detail": object()}
    answer = client.post(SIGN, json=order_sign())
    assert answer.status_code == 500
    assert answer.get_json()["resourceType"] == "OperationOutcome"
    assert b"Traceback" not in answer.data
    assert b"serializable" not in answer.data


def test_the_strict_setting_lets_no_broken_card_out(
    door: Door, order_sign: Build, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = service.did_not_run
    service.more = {"links": []}
    monkeypatch.setattr(service, "did_not_run", lambda request, _: [service.more.clear(), right(request)][1])
    assert door(strict=False).post(SIGN, json=order_sign()).get_json()["cards"][0]["links"] == []
    answer = door(strict=True).post(SIGN, json=order_sign())
    assert answer.get_json()["cards"][0]["source"]["topic"]["code"] == "data-not-checked"


def test_silent_evaluates_and_remembers_but_shows_nothing(
    door: Door, order_sign: Build, service: FakeService, store: FeedbackStore
) -> None:
    client = door(silent=True)
    assert client.post(SIGN, json=order_sign()).get_json() == {"cards": []}
    assert len(service.asked) == 1
    assert acceptances(client, store) == {"opioid-active": Acceptance(1, 0, 0)}


def test_cards_are_remembered(client: FlaskClient, order_sign: Build, store: FeedbackStore) -> None:
    client.post(SIGN, json=order_sign())
    assert acceptances(client, store) == {"opioid-active": Acceptance(1, 0, 0)}


class _CountingStore(FeedbackStore):
    tried = 0

    def remember(self, answers: Any) -> None:
        self.tried += 1
        raise StoreUnavailable("The database does not answer.")


def test_a_lost_database_fails_no_call_and_is_left_alone_for_a_while(service: FakeService, order_sign: Build) -> None:
    lost = _CountingStore("sqlite://")
    client = create_app(Settings(), service, lost).test_client()
    for _ in range(5):
        assert client.post(SIGN, json=order_sign()).status_code == 200
        client.application.extensions[MEMORY].settle()
    assert lost.tried == 1


def test_a_flood_of_cards_does_not_pile_up_in_memory(
    client: FlaskClient, order_sign: Build, store: FeedbackStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_SAID_SECONDS", 600)
    monkeypatch.setattr(memory, "_MOST_WAITING", 3)
    for calls, written in ((2, {}), (1, {"opioid-active": Acceptance(3, 0, 0)})):
        for _ in range(calls):
            client.post(SIGN, json=order_sign())
        assert store.acceptances_by_rule("") == written


def test_cards_reach_the_store_soon_by_themselves_and_together(
    client: FlaskClient, order_sign: Build, store: FeedbackStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    monkeypatch.setattr(store, "remember", lambda answers: written.append(len(answers)))
    for _ in range(3):
        client.post(SIGN, json=order_sign())
    last = monotonic() + 10
    while sum(written) < 3 and monotonic() < last:
        sleep(0.01)
    assert sum(written) == 3


def test_a_lost_database_is_told_by_readiness_which_stays_ready(service: FakeService, tmp_path: Path) -> None:
    lost = FeedbackStore(f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}")
    answer = create_app(Settings(), service, lost).test_client().get("/health/ready")
    assert answer.status_code == 200
    assert answer.get_json()["store"] == "unreachable"


class TestLog:
    """What the log says of a call, and what it never says."""

    def lines(self, caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
        return [orjson.loads(JsonLines().format(record)) for record in caplog.records]

    def test_a_call_leaves_one_line_of_ids_and_counts(
        self, client: FlaskClient, order_sign: Build, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        caplog.clear()
        client.post(SIGN, json=order_sign())
        [line] = self.lines(caplog)
        assert line["event"] == "call"
        assert line["instance"] == order_sign()["hookInstance"]
        assert line["service"] == "ldn-order-sign"
        assert line["rules"] == ["opioid-active"]
        assert line["cards"] == 1
        assert line["ms"] > 0

    def test_no_value_of_the_call_reaches_the_log(
        self, client: FlaskClient, order_sign: Build, service: FakeService, caplog: pytest.LogCaptureFixture
    ) -> None:
        canary = "Kanarienvogel"
        caplog.set_level(logging.DEBUG)
        body = json.loads(json.dumps(order_sign()).replace("1288992", canary).replace('"ldn"', f'"{canary}"'))
        body["fhirServer"] = f"http://localhost/{canary}"
        body["fhirAuthorization"] = {"access_token": canary, "token_type": "Bearer", "scope": canary}
        body["prefetch"] = {canary: {"resourceType": canary}}
        body["context"]["userId"] = f"Practitioner/{canary}"
        client.post(SIGN, json=body)
        service.fault = ValueError(f"cannot read {canary}")
        client.post(SIGN, json=body)
        client.post(SIGN, json={**body, "hook": canary})
        client.post(SIGN, json={**body, "context": {**body["context"], "draftOrders": canary}})
        client.post(f"{SIGN}?name={canary}", data=f'{{"{canary}": 1, "{canary}": 2}}', content_type="application/json")
        client.post(f"/cds-services/{canary}", json=body)
        client.post(f"{SIGN}/feedback", json={"feedback": [{"card": canary, "outcome": canary}]})
        lines = self.lines(caplog)
        assert [line["event"] for line in lines if line["event"] in ("call", "did-not-run")] == [
            "call",
            "did-not-run",
            "call",
        ]
        assert canary not in json.dumps(lines)

    def test_a_fault_is_told_by_its_class_and_place(
        self, client: FlaskClient, order_sign: Build, service: FakeService, caplog: pytest.LogCaptureFixture
    ) -> None:
        service.fault = ValueError("Mustermann")
        client.post(SIGN, json=order_sign())
        [line] = [line for line in self.lines(caplog) if line["event"] == "did-not-run"]
        assert line["error"] == "ValueError"
        assert [place.rpartition(":")[0] for place in line["where"]] == ["cds_service/web/hooks.py"]

    @pytest.mark.parametrize("formatter", [logging.Formatter(), JsonLines()], ids=["plain", "ours"])
    def test_no_word_of_a_fault_reaches_any_log(
        self,
        client: FlaskClient,
        order_sign: Build,
        service: FakeService,
        caplog: pytest.LogCaptureFixture,
        formatter: logging.Formatter,
    ) -> None:
        """Whoever else formats the records gets no exception to print, nor what led to it."""
        canary = "Kanarienvogel"
        try:
            raise KeyError(canary)
        except KeyError as cause:
            service.fault = ValueError(f"cannot read {canary}")
            service.fault.__cause__ = cause
        client.post(SIGN, json=order_sign())
        written = "".join(map(formatter.format, caplog.records))
        assert "did-not-run" in written
        assert canary not in written
        assert canary not in repr([vars(record) for record in caplog.records])


def test_the_service_is_told_when_the_call_came(client: FlaskClient, order_sign: Build, service: FakeService) -> None:
    client.post(SIGN, json=order_sign(), environ_overrides={"cds.received": 12.5})
    client.post(SIGN, json=order_sign())
    assert service.received == [12.5, None]
