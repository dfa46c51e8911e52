"""Feedback through the door (cds-hooks I)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_service import FakeService
from flask.testing import FlaskClient
from settled import acceptances

from cds_service.feedback.store import Acceptance, FeedbackStore
from cds_service.hooks.feedback import read_feedback
from cds_service.settings import Settings
from cds_service.web.app import create_app

Build = Callable[..., dict[str, Any]]
SIGN = "/cds-services/ldn-order-sign"
FEEDBACK = f"{SIGN}/feedback"


def override(card: str = "4e0a3a1e-3283-4575-ab82-028d55fe2719", **changes: Any) -> dict[str, Any]:
    return {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-03-02T10:05:31.123Z", **changes}


def test_what_became_of_a_card_that_was_issued_is_counted(
    client: FlaskClient, order_sign: Build, store: FeedbackStore
) -> None:
    [card] = client.post(SIGN, json=order_sign()).get_json()["cards"]
    answer = client.post(FEEDBACK, json={"feedback": [override(card["uuid"])]})
    assert answer.status_code == 200
    assert answer.get_json() == {"kept": 1}
    assert answer.headers["Cache-Control"] == "no-store"
    assert acceptances(client, store) == {"opioid-active": Acceptance(1, 0, 1)}


def test_the_same_feedback_ten_times_is_welcome_and_kept_once(client: FlaskClient, store: FeedbackStore) -> None:
    body = {"feedback": [override(), override(outcome="accepted", acceptedSuggestions=[{"id": "s"}])]}
    assert [client.post(FEEDBACK, json=body).status_code for _ in range(10)] == [200] * 10
    assert store.record("", "ldn-order-sign", read_feedback(body)[0]) == 0


@pytest.mark.parametrize("service", ["ldn-medication-prescribe", "ldn-order-select", "ldn-order-sign"])
def test_every_service_takes_feedback(client: FlaskClient, service: str) -> None:
    assert client.post(f"/cds-services/{service}/feedback", json={"feedback": [override()]}).status_code == 200


def test_an_unknown_card_is_no_error(client: FlaskClient) -> None:
    assert client.post(FEEDBACK, json={"feedback": [override("never-issued")]}).status_code == 200


def test_a_plural_list_of_reasons_is_taken(client: FlaskClient) -> None:
    reasons = [{"reason": {"code": "palliative"}, "extension": {"com.example": {"id": "7"}}}]
    assert client.post(FEEDBACK, json={"feedback": [override(overrideReasons=reasons)]}).status_code == 200


def test_good_entries_are_kept_and_bad_ones_named(client: FlaskClient, order_sign: Build, store: FeedbackStore) -> None:
    [card] = client.post(SIGN, json=order_sign()).get_json()["cards"]
    answer = client.post(FEEDBACK, json={"feedback": [{"card": "x"}, override(card["uuid"]), 3]})
    assert answer.status_code == 200
    issues = answer.get_json()["issue"]
    assert [(issue["severity"], issue["expression"][0]) for issue in issues] == [
        ("warning", "feedback[0].outcome"),
        ("warning", "feedback[2]"),
    ]
    assert acceptances(client, store)["opioid-active"].overridden == 1


def test_a_batch_without_a_good_entry_is_refused(client: FlaskClient) -> None:
    answer = client.post(FEEDBACK, json={"feedback": [{"card": "x"}, 3]})
    assert answer.status_code == 400
    assert {issue["severity"] for issue in answer.get_json()["issue"]} == {"error"}


@pytest.mark.parametrize("body", [{}, {"feedback": []}, {"feedback": {}}, {"feedback": None}])
def test_a_body_without_a_batch_is_refused(client: FlaskClient, body: object) -> None:
    answer = client.post(FEEDBACK, json=body)
    assert answer.status_code == 400
    assert answer.get_json()["issue"][0]["details"]["coding"][0]["code"] == "invalid-feedback"


def test_the_answer_to_a_thousand_bad_entries_stays_short(client: FlaskClient) -> None:
    answer = client.post(FEEDBACK, json={"feedback": [7] * 1000})
    assert answer.status_code == 400
    assert len(answer.get_json()["issue"]) == 100


def test_a_lost_database_asks_for_the_feedback_again(service: FakeService, tmp_path: Path) -> None:
    lost = FeedbackStore(f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}")
    client = create_app(Settings(), service, lost).test_client()
    answer = client.post(FEEDBACK, json={"feedback": [override()]})
    assert answer.status_code == 503
    assert answer.get_json()["issue"][0]["code"] == "transient"
    assert int(answer.headers["Retry-After"]) > 0
    assert str(tmp_path).encode() not in answer.data
