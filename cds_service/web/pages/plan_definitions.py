"""/fhir/PlanDefinition and /fhir/ActivityDefinition: the order set for records that import rather than accept (c.3)."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Blueprint, Response, abort

from cds_service.present.knowledge import Knowledge
from cds_service.titration.plan_definition import (
    ACTIVITIES,
    PLANS,
    Published,
    activity_definitions,
    plan_definitions,
)

Held = Mapping[str, Mapping[str, dict[str, Any]]]


def definitions(knowledge: Knowledge, base_url: str) -> Held:
    """By kind and id: they change only with the content, and the content only with a new start."""
    published = Published(base_url, knowledge.version)
    return {
        PLANS: plan_definitions(knowledge.order_set, published),
        ACTIVITIES: activity_definitions(knowledge.order_set, published),
    }


def plan_definitions_blueprint(held: Held) -> Blueprint:
    pages = Blueprint("plan_definitions", __name__, url_prefix="/fhir")

    @pages.get(f"/<any({PLANS}, {ACTIVITIES}):kind>")
    def all_of(kind: str) -> Response:
        entries = [{"fullUrl": one["url"], "resource": one} for one in held[kind].values()]
        return _fhir({"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries})

    @pages.get(f"/<any({PLANS}, {ACTIVITIES}):kind>/<identity>")
    def one(kind: str, identity: str) -> Response:
        definition = held[kind].get(identity)
        if definition is None:
            abort(404)
        return _fhir(definition)

    return pages


def _fhir(resource: dict[str, Any]) -> Response:
    return Response(orjson.dumps(resource), content_type="application/fhir+json")
