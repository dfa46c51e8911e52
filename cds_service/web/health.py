"""Health for whoever runs the service: does the process live, and is it ready to answer (trust 3.3)."""

import orjson
from flask import Blueprint, Response

from cds_service.errors import StoreUnavailable
from cds_service.feedback.store import FeedbackStore


def health_blueprint(store: FeedbackStore, *, development: bool) -> Blueprint:
    """Knowledge is loaded before the first request can come, so being here is being ready.

    A lost database is told and does not make the service unready: the safety checks need none.
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
        return _answer({"status": "ready", "store": reach, "mode": "development" if development else "registered"})

    return pages


def _answer(body: dict[str, str]) -> Response:
    answer = Response(orjson.dumps(body), content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer
