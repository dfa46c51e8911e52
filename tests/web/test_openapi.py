"""/openapi.json says what the service does: every address, method, status and kind of content, and no other."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from flask import Flask
from openapi_spec_validator import validate

from cds_service.cli.cases import case_folders, read_case
from cds_service.content import fixtures_dir
from cds_service.settings import Settings
from cds_service.web.app import create_app
from cds_service.web.openapi import FOR_PEOPLE, openapi_document
from cds_service.web.problems import _HTTP

CASES = [read_case(folder) for folder in case_folders(fixtures_dir())[::40]]


def made(folder: Path, **settings: Any) -> Flask:
    return create_app(Settings(database_url=f"sqlite:///{folder}/feedback.sqlite", **settings))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return made(tmp_path_factory.mktemp("openapi"), patient_view=True)


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    reply = app.test_client().get("/openapi.json")
    assert reply.content_type == "application/json"
    said: dict[str, Any] = reply.get_json()
    return said


def resolved(document: dict[str, Any], schema: Any) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({**schema, "components": document["components"]})


def operations(document: dict[str, Any]) -> dict[tuple[str, str], Any]:
    return {
        (path, method): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def filled(document: dict[str, Any], path: str, operation: Any) -> str:
    values = [*document["paths"][path].get("parameters", ()), *operation.get("parameters", ())]
    for one in values:
        path = path.replace(f"{{{one['name']}}}", one["schema"]["enum"][0])
    return path


def test_it_is_an_openapi_document(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_address_and_method_of_the_service_is_described_and_no_other(
    app: Flask, document: dict[str, Any]
) -> None:
    served = set()
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in FOR_PEOPLE:
            continue
        for kind in ("PlanDefinition", "ActivityDefinition") if "any(" in rule.rule else ("",):
            path = re.sub(r"<any\([^)]*\):kind>", kind, rule.rule).replace("<identity>", "{id}")
            path = re.sub(r"<(\w+)>", r"{\1}", path)
            served |= {(path, method.lower()) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert set(operations(document)) == served


def test_every_status_that_the_service_may_send_is_described(document: dict[str, Any]) -> None:
    described = {int(name.removeprefix("problem-")) for name in document["components"]["responses"]}
    assert described == set(_HTTP) - {405} | {401, 403, 429}, "405 is for methods that are not described"
    for (path, _), operation in operations(document).items():
        assert ({"413", "415"} <= set(operation["responses"])) is ("requestBody" in operation), path
        assert ("404" in operation["responses"]) is ("{" in path or path == "/metrics"), path


def test_every_get_is_answered_as_it_is_described(app: Flask, document: dict[str, Any]) -> None:
    client = app.test_client()
    for (path, method), operation in operations(document).items():
        if method != "get":
            continue
        responses = operation["responses"]
        kinds = responses.get("200", {}).get("content", {})
        for kind in kinds or [None]:
            reply = client.get(filled(document, path, operation), headers={"Accept": kind or "*/*"})
            assert str(reply.status_code) in responses, path
            assert reply.status_code == (200 if kinds else 308), path
            if kind:
                assert reply.mimetype == kind, path
            if kind and kind.endswith("json"):
                assert list(resolved(document, kinds[kind]["schema"]).iter_errors(reply.get_json())) == [], path
        if "{" in path:
            missing = client.get(re.sub(r"{\w+}", "no-such-thing", path))
            assert missing.status_code == 404, path
            check_outcome(document, missing.get_json())


def check_outcome(document: dict[str, Any], said: Any) -> None:
    assert list(resolved(document, {"$ref": "#/components/schemas/OperationOutcome"}).iter_errors(said)) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_calls_of_the_shipped_cases_are_as_described_and_so_are_their_answers(
    case: Any, app: Flask, document: dict[str, Any]
) -> None:
    path = f"/cds-services/ldn-{case.request['hook']}"
    operation = document["paths"][path]["post"]
    asked = resolved(document, operation["requestBody"]["content"]["application/json"]["schema"])
    assert [fault.message for fault in asked.iter_errors(case.request)] == []
    reply = app.test_client().post(path, json=case.request)
    said = resolved(document, operation["responses"]["200"]["content"]["application/json"]["schema"])
    assert [fault.message for fault in said.iter_errors(reply.get_json())] == []


def test_feedback_and_its_refusal_are_as_described(app: Flask, document: dict[str, Any]) -> None:
    path = "/cds-services/ldn-order-sign/feedback"
    operation = document["paths"][path]["post"]
    good = {"card": "a", "outcome": "overridden", "outcomeTimestamp": "2026-03-02T10:00:00Z"}
    bad = {**good, "outcome": "ignored"}
    asked = resolved(document, operation["requestBody"]["content"]["application/json"]["schema"])
    assert asked.is_valid({"feedback": [good]})
    assert not asked.is_valid({"feedback": [bad]})
    said = resolved(document, operation["responses"]["200"]["content"]["application/json"]["schema"])
    client = app.test_client()
    for batch, status in (([good], 200), ([good, bad], 200), ([bad], 400)):
        reply = client.post(path, json={"feedback": batch})
        assert reply.status_code == status
        if status == 200:
            assert said.is_valid(reply.get_json())
        else:
            check_outcome(document, reply.get_json())


@pytest.mark.parametrize(
    "change",
    [
        {"hook": "patient-view"},
        {"hookInstance": "1"},
        {"context": {"patientId": "a"}},
        {"fhirAuthorization": {"access_token": "x", "token_type": "Bearer"}},
        {"fhirServer": "ftp://ehr.example"},
    ],
)
def test_what_is_refused_is_not_described_as_right(
    change: dict[str, Any], app: Flask, document: dict[str, Any]
) -> None:
    call = {**CASES[0].request, **change}
    path = f"/cds-services/ldn-{CASES[0].request['hook']}"
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert not resolved(document, schema).is_valid(call)
    reply = app.test_client().post(path, json=call)
    assert reply.status_code == 400
    check_outcome(document, reply.get_json())


def test_the_document_follows_the_settings(tmp_path: Path) -> None:
    app = made(tmp_path, base_url="https://cds.example.org", metrics="off")
    said = app.test_client().get("/openapi.json").get_json()
    assert "/metrics" not in said["paths"]
    assert said["servers"] == [{"url": "https://cds.example.org"}]
    assert "/cds-services/ldn-patient-view" not in said["paths"]


def test_signed_calls_are_described_where_only_registered_clients_may_call(document: dict[str, Any]) -> None:
    said = openapi_document(Settings(clients_file="clients.toml"), ("opioid-active",), {})
    validate(said)
    for path, statuses in {"ldn-order-sign": {"401", "403"}, "ldn-order-sign/feedback": {"401"}}.items():
        signed, free = (one["paths"][f"/cds-services/{path}"]["post"] for one in (said, document))
        assert signed["security"] == [{"signed": []}]
        assert statuses <= set(signed["responses"])
        assert "security" not in free
        assert not {"401", "403"} & set(free["responses"])
