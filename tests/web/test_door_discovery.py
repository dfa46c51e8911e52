"""GET /cds-services, and addresses and methods that are not there (cds-hooks B, N111)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from issuing import DROPPED, Ehr, written
from issuing import client as client_entry

from cds_service.hooks.schemas import schema

SERVICES = ["ldn-medication-prescribe", "ldn-order-select", "ldn-order-sign"]


def assert_outcome(answer: object, status: int) -> None:
    assert answer.status_code == status  # type: ignore[attr-defined]
    assert answer.content_type == "application/json"  # type: ignore[attr-defined]
    assert answer.get_json()["resourceType"] == "OperationOutcome"  # type: ignore[attr-defined]


def test_discovery_answers_json_that_keeps_to_the_schema(client: FlaskClient) -> None:
    answer = client.get("/cds-services")
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert schema("discovery").fault(answer.get_json()) is None
    assert [service["id"] for service in answer.get_json()["services"]] == SERVICES


def test_a_slash_at_the_end_is_tolerated(client: FlaskClient) -> None:
    assert client.get("/cds-services/").data == client.get("/cds-services").data


def test_head_of_discovery_has_the_length_and_no_body(client: FlaskClient) -> None:
    answer = client.head("/cds-services")
    assert answer.status_code == 200
    assert answer.data == b""
    assert int(answer.headers["Content-Length"]) == len(client.get("/cds-services").data)


def test_discovery_may_be_cached(client: FlaskClient) -> None:
    assert "max-age" in client.get("/cds-services").headers["Cache-Control"]


def test_what_a_browser_accepts_makes_no_difference(client: FlaskClient) -> None:
    assert client.get("/cds-services", headers={"Accept": "text/html"}).content_type == "application/json"


def test_development_mode_is_in_every_description(client: FlaskClient) -> None:
    assert all(
        "DEVELOPMENT MODE" in service["description"] for service in client.get("/cds-services").get_json()["services"]
    )


@pytest.fixture
def registered(tmp_path: Path) -> dict[str, str]:
    """Settings with a file of clients."""
    clients = written(tmp_path, client_entry(jwks_url=DROPPED, keys=[Ehr().published]))
    return {"clients_file": str(clients), "replay_store": "memory"}


def test_a_file_of_clients_ends_development_mode(door: Callable[..., FlaskClient], registered: dict[str, str]) -> None:
    assert b"DEVELOPMENT MODE" not in door(**registered).get("/cds-services").data


def test_a_fhir_base_of_development_does_not_end_it(door: Callable[..., FlaskClient]) -> None:
    assert b"DEVELOPMENT MODE" in door(fhir_bases=("https://ehr.example.com/fhir",)).get("/cds-services").data


def test_development_mode_is_said_in_the_log_at_start(
    door: Callable[..., FlaskClient], registered: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    door(**registered)
    assert "development-mode" not in caplog.messages
    door()
    assert "development-mode" in caplog.messages


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/cds-services/ldn-nothing", "/cds-services/LDN-ORDER-SIGN", "/cds-services/ldn-order-sign/feedback/x",
     "/cds-services/../etc/passwd", "/cds-services/%00", "/static/x",
     "/cds-services/ldn-nothing/feedback", "/favicon.ico"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_address_is_a_404_whatever_the_method(client: FlaskClient, method: str, path: str) -> None:
    assert_outcome(client.open(path, method=method, json={}), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_discovery_takes_no_other_method(client: FlaskClient, method: str) -> None:
    answer = client.open("/cds-services", method=method)
    assert_outcome(answer, 405)
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", [f"/cds-services/{service}{end}" for service in SERVICES for end in ("", "/feedback")])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_service_takes_only_post(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method)
    assert_outcome(answer, 405)
    assert answer.headers["Allow"] == "OPTIONS, POST"


def test_health_tells_life_and_readiness(client: FlaskClient) -> None:
    assert client.get("/health/live").get_json() == {"status": "live"}
    assert client.get("/health/ready").get_json() == {"status": "ready", "store": "reachable", "mode": "development"}
