"""A Postman collection (format 2.1, which Bruno imports too) made from the OpenAPI document of this service."""

import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from cds_service.cli.cases import located, read_object
from cds_service.cli.serve import SHOWN
from cds_service.hooks.services import offered
from cds_service.running import knowledge_of
from cds_service.settings import Settings
from cds_service.web.openapi import JSON, document_of
from cds_service.web.pages.plan_definitions import definitions

FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_FEEDBACK = {
    "feedback": [
        {
            "card": "{{cardUuid}}",
            "outcome": "overridden",
            "overrideReason": {"reason": {"system": "urn:ldn-cds:override-reason", "code": "other"}},
            "outcomeTimestamp": "{{$isoTimestamp}}",
        }
    ]
}
_STATUS_200 = 'pm.test("status 200", () => pm.response.to.have.status(200));'
_CARDS = 'pm.test("cards come as a list", () => pm.expect(pm.response.json().cards).to.be.an("array"));'
_KEEP_CARD = 'const [card] = pm.response.json().cards; if (card) pm.collectionVariables.set("cardUuid", card.uuid);'


def openapi_of(settings: Settings) -> Mapping[str, Any]:
    """The document that a service with these settings serves. Raises StartError where its content cannot be used."""
    knowledge = knowledge_of(settings)
    return document_of(settings, knowledge, definitions(knowledge, settings.base_url))


def collection(settings: Settings) -> dict[str, Any]:
    """A request for each operation, in folders by tag. Deterministic: the same service makes the same file."""
    document = openapi_of(settings)
    bodies = _bodies(settings)
    operations = [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post")
    ]
    tagged = sorted(operations, key=lambda one: str(one[2]["tags"][0]))
    return {
        "info": {
            "name": document["info"]["title"],
            "description": document["info"]["description"],
            "version": document["info"]["version"],
            "schema": FORMAT,
        },
        "item": [
            {
                "name": tag,
                "item": [_item(path, method, operation, bodies, document) for path, method, operation in group],
            }
            for tag, group in groupby(tagged, key=lambda one: str(one[2]["tags"][0]))
        ],
        "variable": [
            {"key": "baseUrl", "value": document["servers"][0]["url"]},
            {"key": "cardUuid", "value": "00000000-0000-4000-8000-000000000000"},
        ],
    }


def _bodies(settings: Settings) -> Mapping[str, Any]:
    """An example body for each operation that takes one; all about nobody."""
    shown = read_object(located(SHOWN) / "request.json")
    found: dict[str, Any] = {}
    for service in offered(patient_view=settings.patient_view).values():
        context = dict(shown["context"])
        orders = context.pop("draftOrders")
        if service.hook == "medication-prescribe":
            context["medications"] = orders
        elif service.hook.startswith("order-"):
            context["draftOrders"] = orders
        if service.hook == "order-select":
            context["selections"] = [
                f"{entry['resource']['resourceType']}/{entry['resource']['id']}" for entry in orders["entry"]
            ]
        found[service.id] = {**shown, "hook": service.hook, "hookInstance": "{{$guid}}", "context": context}
        found[f"{service.id}-feedback"] = _FEEDBACK
    return found


def _item(
    path: str, method: str, operation: Mapping[str, Any], bodies: Mapping[str, Any], document: Mapping[str, Any]
) -> dict[str, Any]:
    name = operation["operationId"]
    values = {one["name"]: one for one in _parameters(path, operation, document)}
    steps = [f":{step[1:-1]}" if step.startswith("{") else step for step in path.strip("/").split("/")]
    url: dict[str, Any] = {"raw": "/".join(["{{baseUrl}}", *steps]), "host": ["{{baseUrl}}"], "path": steps}
    if values:
        url["variable"] = [
            {"key": key, "value": one["schema"]["enum"][0], "description": one["description"]}
            for key, one in values.items()
        ]
    kinds = operation["responses"].get("200", {}).get("content", {})
    request: dict[str, Any] = {
        "method": method.upper(),
        "header": [{"key": "Accept", "value": next(iter(kinds))}] if kinds else [],
        "url": url,
        "description": operation.get("description", operation["summary"]),
    }
    if name in bodies:
        request["header"].append({"key": "Content-Type", "value": JSON})
        raw = json.dumps(bodies[name], ensure_ascii=False, indent=2)
        request["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    return {"name": operation["summary"], "request": request, "event": [_tests(_checks(name, bodies))], "response": []}


def _parameters(path: str, operation: Mapping[str, Any], document: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return [*document["paths"][path].get("parameters", ()), *operation.get("parameters", ())]


def _checks(name: str, bodies: Mapping[str, Any]) -> list[str]:
    """Clients follow the redirect of a moved page, so that every request ends with 200."""
    calls = name in bodies and not name.endswith("-feedback")
    return [_STATUS_200, *([_CARDS, _KEEP_CARD] if calls else [])]


def _tests(lines: list[str]) -> dict[str, Any]:
    return {"listen": "test", "script": {"type": "text/javascript", "exec": lines}}
