"""`sandbox`: the steps name this service's address, and the collection runs against it."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient
from project_script import script

from cds_service.cli import main
from cds_service.cli.collection import collection
from cds_service.settings import Settings
from cds_service.web.app import create_app

VALUES = {
    "baseUrl": "",
    "cardUuid": "a",
    "$guid": "842e2cf3-a735-532a-9e03-4eb8f09065e7",
    "$isoTimestamp": "2026-03-02T10:00:00Z",
}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CDS_CARDS_DIR", "CDS_BASE_URL", "CDS_PATIENT_VIEW"):
        monkeypatch.delenv(name, raising=False)


def items(made: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for folder in made["item"] for item in folder["item"]]


def sent(client: FlaskClient, request: dict[str, Any]) -> Any:
    """As Postman would: variables filled, redirects followed."""

    def filled(text: str) -> str:
        return re.sub(r"{{([^}]+)}}", lambda found: VALUES[found[1]], text)

    path = filled(request["url"]["raw"])
    for one in request["url"].get("variable", ()):
        path = path.replace(f":{one['key']}", one["value"])
    headers = {header["key"]: header["value"] for header in request["header"]}
    body = request.get("body", {}).get("raw")
    reply = client.open(path, method=request["method"], headers=headers, data=filled(body) if body else None)
    return client.get(urljoin(path, reply.headers["Location"])) if reply.status_code == 308 else reply


def test_the_steps_name_the_discovery_of_the_address_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "--base-url", "https://cds.example.org/ldn"]) == 0
    shown = capsys.readouterr().out
    assert "https://cds.example.org/ldn/cds-services" in shown
    wanted = ["CDS Hooks Sandbox", "Inferno", "Postman or Bruno", "Rx Sign calls order-sign", "ldn-order-select"]
    assert [word for word in wanted if word not in shown] == []
    assert "this machine will do" not in shown


def test_an_address_that_is_none_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "--base-url", "nonsense"]) == 2
    assert "CDS_BASE_URL" in capsys.readouterr().err


def test_the_files_are_written(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    made, openapi = tmp_path / "collection.json", tmp_path / "openapi.json"
    assert main(["sandbox", "--collection", str(made), "--openapi", str(openapi), "--json"]) == 0
    assert json.loads(capfdbinary.readouterr().out)["discovery"] == "http://127.0.0.1:8080/cds-services"
    assert json.loads(made.read_text("utf-8")) == collection(Settings())
    assert json.loads(openapi.read_text("utf-8"))["openapi"].startswith("3.1")


def test_every_request_of_the_collection_is_answered_with_200(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/feedback.sqlite", patient_view=True)
    client = create_app(settings).test_client()
    every = items(collection(settings))
    assert len(every) >= 15
    for item in every:
        reply = sent(client, item["request"])
        assert reply.status_code == 200, item["name"]
        if any("cards" in line for line in item["event"][0]["script"]["exec"]):
            assert isinstance(reply.get_json()["cards"], list)


def test_every_operation_of_the_document_is_in_the_collection(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/feedback.sqlite")
    paths = create_app(settings).test_client().get("/openapi.json").get_json()["paths"]
    raw = {re.sub(r":(\w+)", r"{\1}", item["request"]["url"]["raw"]) for item in items(collection(settings))}
    assert {path.removeprefix("{{baseUrl}}") for path in raw} == set(paths)


def test_the_shipped_collection_is_up_to_date() -> None:
    written = script("write_collection")
    assert written.FILE.read_bytes() == written.content(), "run make collection"
