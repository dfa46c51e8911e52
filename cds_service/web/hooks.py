"""POST /cds-services/{id}: a hook call comes in, cards go out.

Once a call has been read, it is answered with 200 whatever happens inside: nobody sees a status code, so a fault of
ours becomes a card that says the check did not run (decisions at the top of cds-hooks, trust 3.2).
"""

import logging
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import Any, Protocol

import orjson
from flask import Blueprint, Response

from cds_service.callers import Caller
from cds_service.callers.registry import ENDPOINTS
from cds_service.errors import NotRegistered
from cds_service.fhir.prefetch_states import States, prefetch_states
from cds_service.hooks.request import EXTENSION, HookRequest, read_request
from cds_service.hooks.response import check_response
from cds_service.hooks.services import HookService, offered
from cds_service.service import Answer, straight_on
from cds_service.settings import Settings
from cds_service.web.authentication import Recognising, caller_at, whose
from cds_service.web.reading import read_object, received
from cds_service.web.sharing.turns import aside, give_way, leave
from cds_service.web.sharing.turnstile import Turnstile
from cds_service.web.telemetry.log import fault_facts
from cds_service.web.telemetry.memory import Memory
from cds_service.web.telemetry.metrics import Metrics
from cds_service.web.telemetry.outcome import outcome_of

_log = logging.getLogger(__name__)


class Answering(Protocol):
    """What the door needs of the service."""

    def answer(
        self,
        request: HookRequest,
        received: float | None = None,
        caller: Caller | None = None,
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
        between: Callable[[], None] = straight_on,
    ) -> Answer: ...

    def did_not_run(self, request: HookRequest, caller: Caller | None = None) -> Answer: ...


def hooks_blueprint(
    settings: Settings,
    service: Answering,
    memory: Memory,
    reception: Recognising,
    turnstile: Turnstile,
    metrics: Metrics | None = None,
) -> Blueprint:
    """One address for each service, so that an unknown one is a 404 whatever the method."""
    pages = Blueprint("hooks", __name__)

    def serve(one: HookService) -> None:
        path = f"{ENDPOINTS}/{one.id}"

        def call() -> Response:
            started = perf_counter()
            caller = caller_at(reception, path, turnstile)
            if not caller.may_call(one.hook):
                raise NotRegistered
            with turnstile.passed(caller):
                return answered(caller, started)

        def answered(caller: Caller, started: float) -> Response:
            request = read_request(read_object(settings.max_body_bytes), one.hook, most_entries=settings.max_entries)
            ran = True
            try:
                give_way()
                answer = service.answer(request, received(), caller, aside, give_way)
                give_way()
                body = _written(answer, settings, caller)
            except Exception as fault:
                facts = {**whose(caller), "instance": request.instance, "service": one.id, **fault_facts(fault)}
                _log.error("did-not-run", extra={"facts": facts})
                ran = False
                answer = service.did_not_run(request, caller)
                body = _written(answer, settings, caller)
            leave()
            outcome = outcome_of(answer, ran=ran)
            memory.keep(caller.tenant, one.hook, answer, outcome, seconds=perf_counter() - started)
            seconds = perf_counter() - started
            states = prefetch_states(request.prefetch, one.keys, caller.profile)
            if metrics is not None:
                metrics.count(caller.tenant, one.hook, answer, outcome, states, seconds=seconds)
            _log_call(one, caller, request, answer, states, ran=ran, seconds=seconds)
            response = Response(body, content_type="application/json")
            response.headers["Cache-Control"] = "no-store"
            return response

        pages.add_url_rule(path, one.id, call, methods=["POST"])

    for one in offered(patient_view=settings.patient_view).values():
        serve(one)
    return pages


def _written(answer: Answer, settings: Settings, caller: Caller) -> bytes:
    body: dict[str, Any] = {"cards": [] if settings.silent or caller.silent else answer.cards}
    if answer.explained:
        body["extension"] = {EXTENSION: {"explain": answer.explained}}
    if settings.strict:
        check_response(body)
    return orjson.dumps(body)


def _log_call(
    service: HookService,
    caller: Caller,
    request: HookRequest,
    answer: Answer,
    states: States,
    *,
    ran: bool,
    seconds: float,
) -> None:
    if not _log.isEnabledFor(logging.INFO):
        return
    facts: dict[str, Any] = {
        **whose(caller),
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
        "prefetch_states": Counter(state for _, state in states),
        "ms": round(seconds * 1000, 2),
    }
    _log.info("call", extra={"facts": facts})
