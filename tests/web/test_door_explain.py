"""Why each rule did or did not fire leaves the door only where a setting or the call asks for it."""

import json
from pathlib import Path
from typing import Any

import pytest

from cds_service.hooks.response import check_response
from cds_service.rules import rules
from cds_service.settings import Settings
from cds_service.web.app import create_app

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "example" / "request.json"
ASKS = {"org.ldn-cds": {"explain": True}}


def answered(folder: Path, body: dict[str, Any], **settings: Any) -> dict[str, Any]:
    app = create_app(Settings(database_url=f"sqlite:///{folder}/cards.sqlite", **settings))
    answer: dict[str, Any] = app.test_client().post("/cds-services/ldn-order-sign", json=body).get_json()
    check_response(answer)
    return answer


@pytest.fixture
def body() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(EXAMPLE.read_text("utf-8"))
    return found


def test_an_answer_explains_nothing_unless_asked(tmp_path: Path, body: dict[str, Any]) -> None:
    assert "extension" not in answered(tmp_path, body)
    assert "extension" not in answered(tmp_path, {**body, "extension": {"org.ldn-cds": {"explain": False}}})


def test_the_call_may_ask(tmp_path: Path, body: dict[str, Any]) -> None:
    said = answered(tmp_path, {**body, "extension": ASKS}, strict=True)["extension"]["org.ldn-cds"]["explain"]
    assert {one["id"] for one in said["rules"]} == set(rules())


def test_the_setting_asks_for_every_call_and_changes_no_card(tmp_path: Path, body: dict[str, Any]) -> None:
    plain = answered(tmp_path, body)
    told = answered(tmp_path, body, explain=True)
    assert told["cards"] == plain["cards"]
    assert told["extension"]["org.ldn-cds"]["explain"]["hook"] == "order-sign"
