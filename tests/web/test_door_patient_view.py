"""The optional follow-up service: off unless asked for, and never a word beyond follow-up (rules 37 and 38)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from service import release_spelling as spell
from service.hook_calls import complete
from service.release_spelling import PATIENT, RXNORM, amount, bundle, named

from cds_service.feedback.store import FeedbackStore
from cds_service.hooks.schemas import schema
from cds_service.settings import Settings
from cds_service.web.app import create_app

SERVICE = "ldn-patient-view"
LDN = named(RXNORM, "7243", "naltrexone 4.5 mg capsule, compounded")
NIGHTLY = (amount(4.5, "mg"), 1, "HS", "4.5 mg at bedtime")
KEYS = {"patient", "medStatements", "medRequests", "medDispenses", "medAdministrations", "outcomes"}


@pytest.fixture
def asked(store: FeedbackStore) -> Callable[[bool], FlaskClient]:
    """A client of a door with the real service behind it, the follow-up service on or off."""
    return lambda on: create_app(Settings(patient_view=on, strict=True), store=store).test_client()


def opened(days: int, **prefetch: Any) -> dict[str, Any]:
    """The chart of a patient who began LDN so many days ago, as the client sends it when the chart is opened."""
    since = (datetime.now().astimezone() - timedelta(days=days)).date().isoformat()
    taken = spell.statement("R4", "ldn", LDN, start=since, dose=NIGHTLY)
    whole = complete(medStatements=bundle(taken)) | prefetch
    return {
        "hook": "patient-view",
        "hookInstance": "5c1f1a3e-6f0c-4c6d-8a39-0d9f5d6f1e11",
        "context": {"userId": "Practitioner/own", "patientId": PATIENT},
        "prefetch": {key: whole[key] for key in KEYS if key in whole},
    }


def leaders(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.get_json()
    return [card["source"]["topic"]["code"] for card in answer.get_json()["cards"]]


def test_the_service_is_not_there_unless_it_is_switched_on(asked: Callable[[bool], FlaskClient]) -> None:
    door = asked(False)
    assert SERVICE not in {one["id"] for one in door.get("/cds-services").get_json()["services"]}
    assert door.post(f"/cds-services/{SERVICE}", json=opened(80)).status_code == 404
    assert door.post(f"/cds-services/{SERVICE}/feedback", json={"feedback": []}).status_code == 404


def test_switched_on_it_asks_for_what_follow_up_needs(asked: Callable[[bool], FlaskClient]) -> None:
    offered = asked(True).get("/cds-services").get_json()
    assert schema("discovery").fault(offered) is None
    (entry,) = [one for one in offered["services"] if one["id"] == SERVICE]
    assert (entry["hook"], set(entry["prefetch"])) == ("patient-view", KEYS)
    assert len(offered["services"]) == 4


@pytest.mark.parametrize(("days", "rule"), [(20, []), (40, ["ldn-followup-due"]), (80, ["ldn-stop-continue"])])
def test_it_speaks_of_follow_up_as_time_goes_on(
    asked: Callable[[bool], FlaskClient], days: int, rule: list[str]
) -> None:
    assert leaders(asked(True).post(f"/cds-services/{SERVICE}", json=opened(days))) == rule


@pytest.mark.parametrize("missing", sorted(KEYS))
def test_data_that_did_not_come_are_no_warning_when_a_chart_is_opened(
    asked: Callable[[bool], FlaskClient], missing: str
) -> None:
    body = opened(80)
    body["prefetch"].pop(missing)
    shown = leaders(asked(True).post(f"/cds-services/{SERVICE}", json=body))
    assert shown == ([] if missing in ("outcomes", "medStatements") else ["ldn-stop-continue"])


def test_a_call_of_another_hook_is_refused(asked: Callable[[bool], FlaskClient]) -> None:
    body = opened(80) | {"hook": "order-sign"}
    assert asked(True).post(f"/cds-services/{SERVICE}", json=body).status_code == 400
