"""POST /cds-services/{id}: a hook call comes in, cards go out.

Once a call has been read, it is answered with 200 whatever happens inside: nobody sees a status code, so a fault of
ours becomes a card that says the check did not run (decisions at the top of cds-hooks, trust 3.2).
"""

import logging
from time import monotonic, perf_counter
from typing import Any, Protocol

import orjson
from flask import Blueprint, Response

from cds_service.feedback.store import FeedbackStore, IssuedCard
from cds_service.hooks.request import EXTENSION, HookRequest, read_request
from cds_service.hooks.response import check_response
from cds_service.hooks.services import HookService, offered
from cds_service.service import Answer
from cds_service.settings import Settings
from cds_service.web.log import fault_facts
from cds_service.web.reading import read_object, received

_log = logging.getLogger(__name__)
_STORE_PAUSE_SECONDS = 5.0


class Answering(Protocol):
    """What the door needs of the service."""

    def answer(self, request: HookRequest, received: float | None = None) -> Answer: ...

    def did_not_run(self, request: HookRequest) -> Answer: ...


def hooks_blueprint(settings: Settings, service: Answering, store: FeedbackStore) -> Blueprint:
    """One address for each service, so that an unknown one is a 404 whatever the method."""
    pages = Blueprint("hooks", __name__)
    memory = _Memory(store)

    def serve(one: HookService) -> None:
        def call() -> Response:
            started = perf_counter()
            request = read_request(read_object(settings.max_body_bytes), one.hook, most_entries=settings.max_entries)
            ran = True
            try:
                answer = service.answer(request, received())
                body = _written(answer, settings)
            except Exception as fault:
                facts = {"instance": request.instance, "service": one.id, **fault_facts(fault)}
                _log.error("did-not-run", extra={"facts": facts})
                ran = False
                answer = service.did_not_run(request)
                body = _written(answer, settings)
            memory.keep(answer.issued)
            _log_call(one, request, answer, ran=ran, seconds=perf_counter() - started)
            response = Response(body, content_type="application/json")
            response.headers["Cache-Control"] = "no-store"
            return response

        pages.add_url_rule(f"/cds-services/{one.id}", one.id, call, methods=["POST"])

    for one in offered(patient_view=settings.patient_view).values():
        serve(one)
    return pages


def _written(answer: Answer, settings: Settings) -> bytes:
    body: dict[str, Any] = {"cards": [] if settings.silent else answer.cards}
    if answer.explained:
        body["extension"] = {EXTENSION: {"explain": answer.explained}}
    if settings.strict:
        check_response(body)
    return orjson.dumps(body)


def _log_call(service: HookService, request: HookRequest, answer: Answer, *, ran: bool, seconds: float) -> None:
    if not _log.isEnabledFor(logging.INFO):
        return
    facts: dict[str, Any] = {
        **answer.log,
        "hook": request.hook,
        "instance": request.instance,
        "service": service.id,
        "status": 200,
        "ran": ran,
        "rules": [card.rule for card in answer.issued],
        "cards": len(answer.cards),
        "drafts": len(request.drafts),
        "prefetch": len(request.prefetch),
        "ms": round(seconds * 1000, 2),
    }
    _log.info("call", extra={"facts": facts})


class _Memory:
    """Remembers cards without ever failing or holding up an answer: a store that failed is left alone for a while."""

    def __init__(self, store: FeedbackStore) -> None:
        self._store = store
        self._rest_until = 0.0

    def keep(self, cards: tuple[IssuedCard, ...]) -> None:
        if not cards:
            return
        if monotonic() < self._rest_until:
            _log.warning("cards-not-remembered", extra={"facts": {"cards": len(cards), "cause": "store at rest"}})
            return
        try:
            self._store.remember(cards)
        except Exception as fault:
            self._rest_until = monotonic() + _STORE_PAUSE_SECONDS
            facts = {"cards": len(cards), "cause": type(fault).__name__}
            _log.warning("cards-not-remembered", extra={"facts": facts})
