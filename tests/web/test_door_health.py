"""What the readiness page says of FHIR servers: counts, never an address, and never "not ready"."""

import pytest
from flask.testing import FlaskClient

from cds_service.feedback.store import FeedbackStore
from cds_service.running import Service
from cds_service.settings import Settings
from cds_service.web.app import create_app


def test_ready_counts_fhir_servers_by_state_and_stays_ready(store: FeedbackStore) -> None:
    door: FlaskClient = create_app(Settings(database_url="sqlite://"), None, store).test_client()
    answer = door.get("/health/ready")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "status": "ready",
        "store": "reachable",
        "mode": "development",
        "fhirServers": {"closed": 0, "open": 0, "half-open": 0},
    }


def test_ready_is_told_of_an_open_circuit_and_stays_ready(
    store: FeedbackStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = {"closed": 1, "open": 1, "half-open": 0}
    monkeypatch.setattr(Service, "fhir_servers", lambda _: states)
    answer = create_app(Settings(database_url="sqlite://"), None, store).test_client().get("/health/ready")
    assert (answer.status_code, answer.get_json()["fhirServers"]) == (200, states)
