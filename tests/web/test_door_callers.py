"""The door of a service with a file of clients: no body is read before the caller is known (trust T9, T12)."""

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any

import pytest
from fake_service import FakeService
from flask.testing import FlaskClient
from issuing import DROPPED, Ehr, client, written
from settled import acceptances

from cds_service.errors import BadClients, BadSetting
from cds_service.feedback.store import Acceptance, FeedbackStore
from cds_service.hooks.request import HookRequest
from cds_service.running import Service
from cds_service.settings import Settings
from cds_service.web import hooks
from cds_service.web.app import create_app
from cds_service.web.serving import refuse_exposure

Build = Callable[..., dict[str, Any]]
BASE = "https://cds.example.com/ldn"
SIGN, SELECT = "/cds-services/ldn-order-sign", "/cds-services/ldn-order-select"
NORTH = Ehr(issuer="https://north.example.com")
SOUTH = Ehr("P-384/south", issuer="https://south.example.com")
UNAUTHENTICATED = (
    b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"login","details":{"coding":'
    b'[{"system":"urn:ldn-cds:error","code":"not-authenticated"}],'
    b'"text":"This call carries no token that this service accepts."}}]}'
)


def entry(name: str, ehr: Ehr, **changes: Any) -> str:
    return client(name, issuer=ehr.issuer, jwks_url=DROPPED, keys=[ehr.published], **changes)


Open = Callable[..., FlaskClient]


@pytest.fixture
def opened(service: FakeService, store: FeedbackStore, tmp_path: Path) -> Open:
    """A client of a door with these entries, north and south where none are given."""

    def build(*entries: str, **settings: Any) -> FlaskClient:
        path = written(tmp_path, *(entries or (entry("north", NORTH), entry("south", SOUTH))))
        more = {"clients_file": str(path), "replay_store": "memory", "base_url": BASE, **settings}
        return create_app(Settings(**more), service, store).test_client()

    return build


def signed(ehr: Ehr, path: str = SIGN, **changes: Any) -> dict[str, str]:
    return {"Authorization": ehr.bearer(BASE + path, now=time(), **changes)}


def test_a_call_with_a_good_token_is_answered_for_its_tenant(
    opened: Open, order_sign: Build, service: FakeService, store: FeedbackStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    door = opened()
    answer = door.post(SIGN, json=order_sign(), headers=signed(NORTH))
    assert answer.status_code == 200
    assert [caller.tenant for caller in service.callers if caller] == ["north"]
    assert acceptances(door, store, "north") == {"opioid-active": Acceptance(1, 0, 0)}
    assert store.acceptances_by_rule("south") == store.acceptances_by_rule("") == {}
    [line] = [record for record in caplog.records if record.getMessage() == "call"]
    assert line.facts["tenant"] == "north"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer x"},
        signed(NORTH, SELECT),
        signed(NORTH, exp=1),
        signed(Ehr(issuer="https://nobody.example.com")),
        signed(Ehr("P-384/south", issuer=NORTH.issuer)),
        {"Authorization": "Basic bm9ydGg6bm9ydGg="},
    ],
)
@pytest.mark.parametrize("path", [SIGN, f"{SIGN}/", f"{SIGN}/feedback"])
@pytest.mark.parametrize("body", [b"{}", b"", b"no json", b"[" * 100_000])
def test_every_other_call_gets_one_answer_to_the_byte_whatever_is_in_it(
    opened: Open, service: FakeService, headers: dict[str, str], path: str, body: bytes
) -> None:
    answer = opened().post(path, data=body, headers=headers)
    assert (answer.status_code, answer.data) == (401, UNAUTHENTICATED)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert service.asked == []


def test_no_body_is_read_for_a_stranger(opened: Open, order_sign: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_: int) -> dict[str, Any]:
        raise AssertionError("the body was read")

    monkeypatch.setattr(hooks, "read_object", read)
    assert opened().post(SIGN, json=order_sign()).status_code == 401


def test_a_token_is_good_for_one_call(opened: Open, order_sign: Build) -> None:
    door, headers = opened(), signed(NORTH)
    assert [door.post(SIGN, json=order_sign(), headers=headers).status_code for _ in range(2)] == [200, 401]


def test_two_authorization_headers_are_no_token(opened: Open, order_sign: Build) -> None:
    both = [("Authorization", signed(NORTH)["Authorization"]), ("Authorization", signed(SOUTH)["Authorization"])]
    assert opened().post(SIGN, json=order_sign(), headers=both).status_code == 401


def test_discovery_health_and_evidence_need_no_token(opened: Open) -> None:
    door = opened()
    assert door.get("/cds-services").status_code == 200
    assert door.get("/health/live").status_code == 200
    assert door.get("/health/ready").get_json() == {
        "status": "ready",
        "store": "reachable",
        "mode": "registered",
        "clients": "current",
        "replays": "refused",
    }
    assert door.options(SIGN, headers={"Origin": "https://ehr.example.com"}).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_address_that_is_none_or_a_wrong_method_is_told_as_such(opened: Open, method: str) -> None:
    assert opened().open("/cds-services/nothing", method=method).status_code == 404
    assert opened().open(SIGN, method=method).status_code == 405


class TestModes:
    """What a caller may have is in its entry."""

    def test_silent_is_evaluated_and_remembered_and_shown_to_nobody(
        self, opened: Open, order_sign: Build, store: FeedbackStore
    ) -> None:
        door = opened(entry("north", NORTH, mode="silent"), entry("south", SOUTH))
        assert door.post(SIGN, json=order_sign(), headers=signed(NORTH)).get_json() == {"cards": []}
        assert len(door.post(SIGN, json=order_sign(), headers=signed(SOUTH)).get_json()["cards"]) == 1
        assert acceptances(door, store, "north") == {"opioid-active": Acceptance(1, 0, 0)}

    def test_silent_hides_the_card_for_a_fault_too(self, opened: Open, order_sign: Build, service: FakeService) -> None:
        service.fault = RuntimeError()
        door = opened(entry("north", NORTH, mode="silent"))
        assert door.post(SIGN, json=order_sign(), headers=signed(NORTH)).get_json() == {"cards": []}

    def test_off_and_a_hook_that_is_not_agreed_on_get_the_same_refusal(
        self, opened: Open, order_sign: Build, service: FakeService
    ) -> None:
        door = opened(entry("north", NORTH, mode="off"), entry("south", SOUTH, hooks=["order-select"]))
        off = door.post(SIGN, json=order_sign(), headers=signed(NORTH))
        other = door.post(SIGN, data=b"no json", headers=signed(SOUTH))
        assert (off.status_code, off.data) == (other.status_code, other.data)
        assert off.status_code == 403
        assert off.get_json()["issue"][0]["details"]["coding"][0]["code"] == "not-registered"
        assert service.asked == []
        agreed = door.post(SELECT, json=order_sign(hook="order-select"), headers=signed(SOUTH, SELECT))
        assert agreed.status_code == 200

    def test_who_is_off_may_still_say_what_became_of_its_cards(self, opened: Open) -> None:
        door = opened(entry("north", NORTH, mode="off"))
        body = {"feedback": [{"card": "x", "outcome": "overridden", "outcomeTimestamp": "2026-03-02T10:05:31Z"}]}
        answer = door.post(f"{SIGN}/feedback", json=body, headers=signed(NORTH, f"{SIGN}/feedback"))
        assert answer.get_json() == {"kept": 1}

    def test_budget_and_profile_go_along(self, opened: Open, order_sign: Build, service: FakeService) -> None:
        door = opened(entry("north", NORTH, budget_seconds=0.7, profile="epic"))
        door.post(SIGN, json=order_sign(), headers=signed(NORTH))
        [caller] = service.callers
        assert caller
        assert (caller.budget_seconds, caller.profile.name) == (0.7, "epic")


class TestFeedback:
    """Another tenant's card is an unknown card."""

    def test_feedback_on_another_tenants_card_changes_nothing_and_looks_the_same(
        self, opened: Open, order_sign: Build, store: FeedbackStore
    ) -> None:
        door, path = opened(), f"{SIGN}/feedback"
        [card] = door.post(SIGN, json=order_sign(), headers=signed(NORTH)).get_json()["cards"]

        def report(ehr: Ehr, uuid: str) -> Any:
            body = {"feedback": [{"card": uuid, "outcome": "overridden", "outcomeTimestamp": "2026-03-02T10:05:31Z"}]}
            return door.post(path, json=body, headers=signed(ehr, path))

        foreign, unknown = report(SOUTH, card["uuid"]), report(SOUTH, "nobody-knows-it")
        assert (foreign.status_code, foreign.data) == (unknown.status_code, unknown.data)
        assert acceptances(door, store, "north") == {"opioid-active": Acceptance(1, 0, 0)}
        assert report(NORTH, card["uuid"]).status_code == 200
        assert acceptances(door, store, "north") == {"opioid-active": Acceptance(1, 0, 1)}

    def test_feedback_needs_a_token_of_its_own(self, opened: Open) -> None:
        answer = opened().post(f"{SIGN}/feedback", json={}, headers=signed(NORTH))
        assert answer.status_code == 401


class TestFhirServers:
    """A server is asked only for the caller whose it is."""

    @pytest.fixture
    def real(self, store: FeedbackStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        entries = [
            entry("north", NORTH, fhir_bases=["https://north.example.com/fhir"]),
            entry("south", SOUTH, fhir_bases=["https://south.example.com/fhir"]),
            entry("west", Ehr("P-384/west", issuer="https://west.example.com")),
        ]
        clients_file = str(written(tmp_path, *entries))
        settings = Settings(clients_file=clients_file, replay_store="memory", base_url=BASE, strict=True)
        service = Service(settings)
        asked: list[str] = []

        def reader(base: str, *_: object) -> None:
            asked.append(base)

        monkeypatch.setattr(service._client, "reader", reader)
        return create_app(settings, service, store).test_client(), asked

    def call(self, server: str) -> dict[str, Any]:
        order = {
            "resourceType": "MedicationRequest",
            "id": "ldn",
            "status": "draft",
            "intent": "order",
            "subject": {"reference": "Patient/p"},
            "medicationCodeableConcept": {"text": "naltrexone 1.5 mg capsule, compounded"},
        }
        return {
            "hook": "order-sign",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "fhirServer": server,
            "fhirAuthorization": {
                "access_token": "secret",
                "token_type": "Bearer",
                "expires_in": 300,
                "scope": "patient/*.rs",
                "subject": "cds",
            },
            "context": {
                "userId": "Practitioner/x",
                "patientId": "p",
                "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": order}]},
            },
            "prefetch": {"medStatements": None, "medRequests": None},
        }

    def test_its_own_server_is_asked(self, real: Any) -> None:
        door, asked = real
        answer = door.post(SIGN, json=self.call("https://north.example.com/fhir"), headers=signed(NORTH))
        assert answer.status_code == 200
        assert asked == ["https://north.example.com/fhir"]

    @pytest.mark.parametrize(
        "server",
        [
            "https://south.example.com/fhir",
            "https://north.example.com.evil.example/fhir",
            "https://north.example.com:8443/fhir",
            "http://north.example.com/fhir",
            "http://127.0.0.1:8080/fhir",
            "https://169.254.169.254/latest",
            "https://north.example.com/other",
        ],
    )
    def test_any_other_is_not_and_the_card_says_so(self, real: Any, server: str) -> None:
        door, asked = real
        answer = door.post(SIGN, json=self.call(server), headers=signed(NORTH))
        assert answer.status_code == 200
        assert asked == []
        said = str(answer.get_json()["cards"])
        assert "check NOT done" in said
        assert "not registered" in said

    def test_a_caller_without_a_server_gets_none_asked_on_this_machine_either(self, real: Any) -> None:
        door, asked = real
        west = Ehr("P-384/west", issuer="https://west.example.com")
        answer = door.post(SIGN, json=self.call("http://127.0.0.1:8080/fhir"), headers=signed(west))
        assert answer.status_code == 200
        assert asked == []
        assert "not registered" in str(answer.get_json()["cards"])


class TestStart:
    """A service that could be called by anybody does not start by mistake."""

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
    def test_development_mode_may_listen_on_this_machine(self, host: str) -> None:
        refuse_exposure(Settings(host=host))

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "cds.example.com", "", "localhost.evil.example"])
    def test_development_mode_may_listen_nowhere_else_unless_that_is_meant(self, host: str) -> None:
        with pytest.raises(BadSetting, match="CDS_OPEN_DEVELOPMENT"):
            refuse_exposure(Settings(host=host))
        refuse_exposure(Settings(host=host, open_development=True))
        refuse_exposure(Settings(host=host, clients_file="clients.toml"))

    def test_a_file_of_clients_that_cannot_be_used_stops_the_start(self, tmp_path: Path, service: FakeService) -> None:
        settings = Settings(clients_file=str(written(tmp_path, "nonsense")), replay_store="memory")
        with pytest.raises(BadClients):
            create_app(settings, service)

    def test_fhir_bases_of_development_beside_a_file_of_clients_are_a_contradiction(self) -> None:
        with pytest.raises(BadSetting, match="CDS_FHIR_BASES"):
            Settings(clients_file="clients.toml", fhir_bases=("https://ehr.example.com/fhir",))

    def test_a_real_service_notes_used_tokens_in_its_file(
        self, tmp_path: Path, service: FakeService, store: FeedbackStore, order_sign: Build
    ) -> None:
        path = written(tmp_path, entry("north", NORTH))
        settings = Settings(
            clients_file=str(path), base_url=BASE, replay_store=f"sqlite:///{tmp_path / 'tokens.sqlite'}"
        )
        headers = signed(NORTH)
        for status in (200, 401):  # each application is a worker of its own
            assert create_app(settings, service, store).test_client().post(
                SIGN, json=order_sign(), headers=headers
            ).status_code == status  # fmt: skip
        with sqlite3.connect(tmp_path / "tokens.sqlite") as held:
            assert held.execute("SELECT count(*) FROM token_uses").fetchone() == (1,)
        held.close()


def test_the_unnamed_caller_of_development_reaches_the_service(
    client: FlaskClient, order_sign: Build, service: FakeService
) -> None:
    assert client.post(SIGN, json=order_sign()).status_code == 200
    assert client.post(SIGN, json=order_sign(), headers={"Authorization": "Bearer whatever"}).status_code == 200
    assert [caller.named for caller in service.callers if caller] == [False, False]


def test_the_service_is_asked_for_nobody_where_the_call_cannot_be_read(opened: Open, service: FakeService) -> None:
    assert opened().post(SIGN, json={}, headers=signed(NORTH)).status_code == 400
    assert service.asked == list[HookRequest]()
