"""POST /cds-services/{id}/feedback: what became of the cards (cds-hooks I)."""

import logging

import orjson
from flask import Blueprint, Response

from cds_service.callers import Caller
from cds_service.callers.registry import ENDPOINTS
from cds_service.errors import InvalidFeedback
from cds_service.feedback.store import FeedbackStore
from cds_service.hooks.feedback import BadEntry, read_feedback
from cds_service.hooks.services import offered
from cds_service.settings import Settings
from cds_service.web.authentication import Recognising, caller_at, whose
from cds_service.web.problems import issue, outcome
from cds_service.web.reading import read_object
from cds_service.web.sharing.turnstile import Turnstile

_log = logging.getLogger(__name__)
_MOST_ISSUES = 100


def feedback_blueprint(
    settings: Settings, store: FeedbackStore, reception: Recognising, turnstile: Turnstile
) -> Blueprint:
    """Good entries are kept even beside bad ones, and the bad ones named; only a call without a good one is refused.

    A caller that is switched off may still say what became of the cards it was shown.
    """
    pages = Blueprint("feedback", __name__)

    def serve(service_id: str) -> None:
        path = f"{ENDPOINTS}/{service_id}/feedback"

        def take() -> Response:
            caller = caller_at(reception, path, turnstile)
            with turnstile.passed(caller):
                return taken(caller)

        def taken(caller: Caller) -> Response:
            events, bad = read_feedback(read_object(settings.max_body_bytes), most_entries=settings.max_entries)
            new = store.record(caller.tenant, service_id, events)
            facts = {**whose(caller), "service": service_id, "entries": len(events), "new": new, "bad": len(bad)}
            _log.info("feedback", extra={"facts": facts})
            if not bad:
                return _taken(len(events))
            severity = "warning" if events else "error"
            return outcome(200 if events else 400, [_issue(entry, severity) for entry in bad[:_MOST_ISSUES]])

        pages.add_url_rule(path, service_id, take, methods=["POST"])

    for service_id in offered(patient_view=settings.patient_view):
        serve(service_id)
    return pages


def _taken(count: int) -> Response:
    answer = Response(orjson.dumps({"kept": count}), content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _issue(entry: BadEntry, severity: str) -> dict[str, object]:
    return issue(
        InvalidFeedback.code,
        InvalidFeedback.issue,
        f"Entry {entry.index} was not kept: {entry.text}",
        severity=severity,
        expression=entry.path,
    )
