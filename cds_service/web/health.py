"""Health for whoever runs the service: does the process live, and is it ready to answer (trust 3.3)."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from flask import Blueprint, Response

from cds_service.errors import StoreUnavailable
from cds_service.feedback.store import FeedbackStore
from cds_service.web.authentication import Recognising


def health_blueprint(
    store: FeedbackStore,
    reception: Recognising,
    *,
    development: bool,
    fhir_servers: Callable[[], Mapping[str, int]] | None = None,
) -> Blueprint:
    """Knowledge is loaded before the first request can come, so being here is being ready.

    A lost database is told and does not make the service unready: the safety checks need none. Nor does a FHIR server
    that is not asked for a while: `fhir_servers` counts this process's circuit breakers by state.
    """
    pages = Blueprint("health", __name__)

    @pages.get("/health/live")
    def live() -> Response:
        return _answer({"status": "live"})

    @pages.get("/health/ready")
    def ready() -> Response:
        try:
            store.ping()
            reach = "reachable"
        except StoreUnavailable:
            reach = "unreachable"
        mode = "development" if development else "registered"
        circuits = {"fhirServers": fhir_servers()} if fhir_servers else {}
        return _answer({"status": "ready", "store": reach, "mode": mode, **reception.condition(), **circuits})

    return pages


def _answer(body: dict[str, Any]) -> Response:
    answer = Response(orjson.dumps(body), content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer
