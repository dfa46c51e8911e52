"""The service in OpenAPI 3.1, made from what it is made of: schemas, services, settings, error table, published ids.

What a call may hold is said more narrowly here than what is forgiven when it comes (`hooks/schemas/request.json`): a
client that keeps to this document is answered, and a client that does not may be answered all the same.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from flask import Blueprint, Response

from cds_service import __version__
from cds_service.hooks.schemas import schema
from cds_service.hooks.services import PATIENT_VIEW, HookService, offered
from cds_service.present.attributes import PATH
from cds_service.present.knowledge import Knowledge
from cds_service.settings import Settings
from cds_service.web.problems import ERROR_SYSTEM, sentence

JSON, HTML, FHIR_JSON = "application/json", "text/html", "application/fhir+json"
ADDRESS = "/openapi.json"
FOR_PEOPLE = frozenset({"order-entry", "insights", "page-files"})
"""Pages with what they load, by blueprint: they change with their looks, and no program should rely on them."""
_ANY_CALL = (400, 408, 414, 417, 431, 500, 503)
_BODY = (413, 415)
_TEXT = "text/plain"
_ID = "^[A-Za-z0-9.-]{1,64}$"
_FHIR_BASE = r"^https?://[A-Za-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)*(:[1-9][0-9]{0,3})?(/[A-Za-z0-9_-]+)*$"

Document = dict[str, Any]


def openapi_blueprint(document: Mapping[str, Any]) -> Blueprint:
    """Written once: it changes only with the settings and the content, and those only with a new start."""
    pages = Blueprint("openapi", __name__)
    body = orjson.dumps(document)

    @pages.get(ADDRESS)
    def openapi() -> Response:
        answer = Response(body, content_type=JSON)
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer

    return pages


def openapi_document(settings: Settings, rules: tuple[str, ...], published: Mapping[str, tuple[str, ...]]) -> Document:
    """`rules` have a page of source attributes; `published` are the ids of each kind of definition."""
    services = tuple(offered(patient_view=settings.patient_view).values())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "LDN safety checks: a CDS Hooks service",
            "version": __version__,
            "summary": "Decision support for low-dose naltrexone orders.",
            "description": "Not clinically approved; for synthetic data only. CDS Hooks 2.0, https://cds-hooks.org. "
            "Pages for people and what they load are not described.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": settings.base_url}],
        "paths": {
            "/cds-services": {"get": _discovery()},
            **{f"/cds-services/{one.id}": {"post": _signed(_call(one), settings, 403)} for one in services},
            **{f"/cds-services/{one.id}/feedback": {"post": _signed(_feedback(one), settings)} for one in services},
            **dict(_pages(rules)),
            **{path: {"get": get} for kind, ids in published.items() for path, get in _definitions(kind, ids)},
            "/health/live": {"get": _health("live")},
            "/health/ready": {"get": _health("ready", ("store", "mode"))},
            **({} if settings.metrics == "off" else {"/metrics": {"get": _metrics()}}),
            ADDRESS: {"get": _get("openapi", "This document.", {JSON: {"type": "object"}})},
        },
        "components": {
            "schemas": _schemas(),
            "responses": {f"problem-{one}": _problem(one) for one in _ALL_PROBLEMS},
            "securitySchemes": {_SIGNED: _SIGNING},
        },
    }


_ALL_PROBLEMS = sorted({*_ANY_CALL, *_BODY, 401, 403, 404, 429})
_SIGNED = "signed"
_SIGNING = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A token of CDS Hooks, signed by a registered client; aud is the address that is called.",
}


def _signed(operation: Document, settings: Settings, *statuses: int) -> Document:
    """In development mode any caller is answered; with a file of clients, only those in it."""
    if settings.development:
        return operation
    responses = {**operation["responses"], **_problems(401, 429, *statuses)}
    return {**operation, "security": [{_SIGNED: []}], "responses": responses}


def document_of(settings: Settings, knowledge: Knowledge, published: Mapping[str, Mapping[str, Any]]) -> Document:
    """The document of a running service."""
    rules = tuple(sorted(card.rule for card in knowledge.cards.values()))
    return openapi_document(settings, rules, {kind: tuple(sorted(held)) for kind, held in published.items()})


def _discovery() -> Document:
    return _get("discovery", "The services that are offered.", {JSON: _ref("discovery")}, tag="CDS Hooks")


def _call(service: HookService) -> Document:
    return {
        "operationId": service.id,
        "tags": ["CDS Hooks"],
        "summary": service.title,
        "description": service.description,
        "requestBody": {"required": True, "content": {JSON: {"schema": _asked(service)}}},
        "responses": {
            "200": _said("Cards; an empty list says that nothing is to be told.", {JSON: _ref("response")}),
            **_problems(*_ANY_CALL, *_BODY),
        },
    }


def _asked(service: HookService) -> Document:
    """The common schema, and what this very hook needs."""
    context: Document = {
        "type": "object",
        "required": ["userId", "patientId"],
        "properties": {
            "userId": {"type": "string", "pattern": "^[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}$"},
            "patientId": {"type": "string", "pattern": _ID},
            "encounterId": {"anyOf": [{"type": "string", "pattern": _ID}, {"type": "null"}]},
        },
    }
    if service.hook != PATIENT_VIEW.hook:
        orders = "medications" if service.hook == "medication-prescribe" else "draftOrders"
        context["properties"][orders] = {"type": "object"}
        context["required"].append(orders)
    return {
        "allOf": [
            _ref("request"),
            {
                "type": "object",
                "properties": {
                    "hook": {"const": service.hook},
                    "context": context,
                    "fhirServer": {"anyOf": [{"type": "string", "pattern": _FHIR_BASE}, {"type": "null"}]},
                    "fhirAuthorization": {
                        "type": ["object", "null"],
                        "properties": {"patient": {"anyOf": [{"type": "string", "pattern": _ID}, {"type": "null"}]}},
                    },
                },
                "if": {"required": ["fhirAuthorization"], "properties": {"fhirAuthorization": {"type": "object"}}},
                "then": {"required": ["fhirServer"], "properties": {"fhirServer": {"type": "string"}}},
            },
        ]
    }


def _feedback(service: HookService) -> Document:
    entry = {"allOf": [_ref("feedback"), {"properties": {"outcomeTimestamp": {"format": "date-time"}}}]}
    batch = {
        "type": "object",
        "required": ["feedback"],
        "properties": {"feedback": {"type": "array", "minItems": 1, "items": entry}},
    }
    kept = {"type": "object", "required": ["kept"], "properties": {"kept": {"type": "integer", "minimum": 1}}}
    return {
        "operationId": f"{service.id}-feedback",
        "tags": ["CDS Hooks"],
        "summary": f"What became of cards of {service.id}.",
        "requestBody": {"required": True, "content": {JSON: {"schema": batch}}},
        "responses": {
            "200": _said(
                "How many entries were kept, or warnings about those that were not.",
                {JSON: {"oneOf": [kept, _ref("OperationOutcome")]}},
            ),
            **_problems(*_ANY_CALL, *_BODY),
        },
    }


def _pages(rules: tuple[str, ...]) -> Iterator[tuple[str, Document]]:
    """/source-attributes and the old address of the same."""
    if not rules:
        return
    kinds: Document = {JSON: _ref("source-attributes"), HTML: {"type": "string"}}
    rule = _path_value("rule", "Id of a rule.", rules)
    moved = {"308": {"description": "The page stands elsewhere now.", "headers": {"Location": _header("Where.")}}}
    yield PATH, {"get": _get("source-attributes", "What stands behind the cards.", kinds, tag="Transparency")}
    yield (
        f"{PATH}/{{rule}}",
        {
            "parameters": [rule],
            "get": _get("source-attributes-of-a-rule", "What stands behind one card.", kinds, 404, tag="Transparency"),
        },
    )
    for path, more, statuses in (("/evidence", {}, ()), ("/evidence/{rule}", {"parameters": [rule]}, (404,))):
        got = _get(path.strip("/{}").replace("/{", "-of-a-"), "Moved to /source-attributes.", {}, *statuses)
        got["responses"] = {**moved, **_problems(*_ANY_CALL, *statuses)}
        yield path, {**more, "get": {**got, "tags": ["Transparency"], "deprecated": True}}


def _definitions(kind: str, ids: tuple[str, ...]) -> Iterator[tuple[str, Document]]:
    bundle = {"allOf": [_ref("resource"), {"properties": {"resourceType": {"const": "Bundle"}}}]}
    one = {"allOf": [_ref("resource"), {"properties": {"resourceType": {"const": kind}}}]}
    yield f"/fhir/{kind}", _get(f"all-{kind}", f"Every {kind} of the order set.", {FHIR_JSON: bundle}, tag="Order set")
    got = _get(kind, f"One {kind}.", {FHIR_JSON: one}, 404, tag="Order set")
    yield f"/fhir/{kind}/{{id}}", {**got, "parameters": [_path_value("id", f"Id of a {kind}.", ids)]}


def _health(name: str, more: tuple[str, ...] = ()) -> Document:
    said = {
        "type": "object",
        "required": ["status", *more],
        "properties": {"status": {"const": name}, **{one: {"type": "string"} for one in more}},
    }
    return _get(f"health-{name}", f"Whether the service is {name}.", {JSON: said}, tag="Operation")


def _metrics() -> Document:
    """Only for callers on this machine, unless the setting says otherwise; to others it is not there."""
    return _get("metrics", "Counts in the text format of Prometheus.", {_TEXT: {"type": "string"}}, 404)


def _get(name: str, summary: str, kinds: Mapping[str, Any], *statuses: int, tag: str = "Operation") -> Document:
    return {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "responses": {"200": _said(summary, kinds), **_problems(*_ANY_CALL, *statuses)},
    }


def _said(description: str, kinds: Mapping[str, Any]) -> Document:
    return {"description": description, "content": {kind: {"schema": one} for kind, one in kinds.items()}}


def _problems(*statuses: int) -> Document:
    return {str(one): {"$ref": f"#/components/responses/problem-{one}"} for one in sorted(statuses)}


def _problem(status: int) -> Document:
    said = _said(sentence(status), {JSON: _ref("OperationOutcome")})
    return {**said, "headers": {"Retry-After": _header("Seconds to wait.")}} if status in (429, 503) else said


def _header(description: str) -> Document:
    return {"description": description, "schema": {"type": "string"}}


def _path_value(name: str, description: str, values: tuple[str, ...]) -> Document:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string", "enum": list(values)},
    }


def _schemas() -> Document:
    """Our wire schemas with their definitions as components, and the few shapes that have no file."""
    found: Document = {}
    for name in ("request", "response", "feedback", "discovery"):
        document = schema(name).document
        for inner, definition in document.get("$defs", {}).items():
            found[f"{name}-{inner}"] = _rewritten(definition, name)
        found[name] = _rewritten({key: part for key, part in document.items() if key not in _ONLY_IN_FILES}, name)
    found["resource"] = {
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": {"type": "string"}},
    }
    found["source-attributes"] = {
        "type": "object",
        "required": ["title", "approved", "status", "knowledgeVersion", "attributes"],
        "properties": {"title": {"type": "string"}, "approved": {"type": "boolean"}, "attributes": {"type": "array"}},
    }
    found["OperationOutcome"] = _outcome()
    return found


_ONLY_IN_FILES = frozenset({"$schema", "$id", "$defs"})


def _rewritten(value: Any, name: str) -> Any:
    """References to a schema's own definitions now lead to the components; comments stay in the files."""
    if isinstance(value, list):
        return [_rewritten(part, name) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        key: f"#/components/schemas/{name}-{part.rpartition('/')[2]}" if key == "$ref" else _rewritten(part, name)
        for key, part in value.items()
        if key != "$comment"
    }


def _outcome() -> Document:
    coding = {
        "type": "object",
        "required": ["system", "code"],
        "properties": {"system": {"const": ERROR_SYSTEM}, "code": {"type": "string"}},
    }
    details = {
        "type": "object",
        "required": ["coding", "text"],
        "properties": {"coding": {"type": "array", "items": coding}, "text": {"type": "string"}},
    }
    issue = {
        "type": "object",
        "required": ["severity", "code", "details"],
        "properties": {
            "severity": {"enum": ["error", "warning"]},
            "code": {"type": "string"},
            "details": details,
            "diagnostics": {"type": "string"},
            "expression": {"type": "array", "items": {"type": "string"}},
        },
    }
    return {
        "type": "object",
        "required": ["resourceType", "issue"],
        "properties": {
            "resourceType": {"const": "OperationOutcome"},
            "issue": {"type": "array", "minItems": 1, "items": issue},
        },
    }


def _ref(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}
