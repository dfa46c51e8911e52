"""Counts of what the service does, as the page `/metrics` in Prometheus' text (trust 3.3).

Labels are hooks, rules, causes, keys of ours and tenants: never a patient's value, never a word of a client's. The
library is loaded only where the page is on. Behind `cds-service serve` the counts of all workers add up
(`shared_counts`); a process of another server counts for itself.
"""

import atexit
from collections import Counter as Counts
from collections.abc import Mapping
from threading import Event, Lock, Thread
from time import sleep
from typing import Any, NamedTuple

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from cds_service.feedback.store import IssuedCard
from cds_service.fhir.prefetch_states import States
from cds_service.service import Answer
from cds_service.settings import Settings
from cds_service.web.locality import is_local, is_of_another_site, is_ours
from cds_service.web.telemetry import shared_counts
from cds_service.web.telemetry.outcome import Outcome

ADDRESS = "/metrics"
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 4.5)
_PAUSE_SECONDS = 0.5
_MOST_WAITING = 1000


class _Call(NamedTuple):
    """What is counted of one call."""

    tenant: str
    hook: str
    outcome: Outcome
    seconds: float
    cards: tuple[IssuedCard, ...]
    states: States


class Metrics:
    """The counters of one application. Calls wait in memory and are added up twice a second: a tenth of the price."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self._registry = CollectorRegistry()
        mine: Mapping[str, Any] = {"registry": None if shared_counts.folder() else self._registry}
        self._seconds = Histogram(
            "cds_request_seconds", "Time from receipt to answer.", ["hook", "outcome"], buckets=_BUCKETS, **mine
        )
        self._cards = Counter("cds_cards", "Cards by the rule that leads them.", ["rule", "indicator"], **mine)
        self._unable = Counter("cds_unable_to_check", "Calls with a check that was not done.", ["reason"], **mine)
        self._prefetch = Counter(
            "cds_prefetch_key_state", "How each prefetch key came.", ["tenant", "key", "state"], **mine
        )
        self._waiting: list[_Call] = []
        self._lock = Lock()
        self._some_wait = Event()
        self._adder: Thread | None = None

    def count(
        self, tenant: str, hook: str, answer: Answer, outcome: Outcome, states: States, *, seconds: float
    ) -> None:
        """Count one call. `seconds` is the time it took."""
        call = _Call(tenant, hook, outcome, seconds, answer.issued, states)
        with self._lock:
            self._waiting.append(call)
            many = len(self._waiting) >= _MOST_WAITING
        if many:  # where nobody adds them up, or nobody looks at the page
            self._add()
        if shared_counts.folder() and not self._some_wait.is_set():
            self._some_wait.set()
            if self._adder is None:
                self._adder = Thread(target=self._keep_adding, name="metrics", daemon=True)
                self._adder.start()
                atexit.register(self._add)

    def page(self) -> bytes:
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        self._add()
        folder = shared_counts.folder()
        if not folder:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together, path=folder)  # type: ignore[no-untyped-call]
        return generate_latest(together)

    def _add(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for call in waiting:
            self._seconds.labels(call.hook, call.outcome.word).observe(call.seconds)
        shown = Counts((card.rule, card.indicator) for call in waiting for card in call.cards)
        lacking = Counts(reason for call in waiting for reason in call.outcome.causes)
        came = Counts((call.tenant, key, state) for call in waiting for key, state in call.states)
        for labels, times in shown.items():
            self._cards.labels(*labels).inc(times)
        for reason, times in lacking.items():
            self._unable.labels(reason).inc(times)
        for place, times in came.items():
            self._prefetch.labels(*place).inc(times)

    def _keep_adding(self) -> None:
        while True:
            self._some_wait.wait()
            sleep(_PAUSE_SECONDS)
            self._some_wait.clear()
            self._add()


def metrics_of(settings: Settings) -> Metrics | None:
    return None if settings.metrics == "off" else Metrics()


def metrics_blueprint(settings: Settings, metrics: Metrics) -> Blueprint:
    """`GET /metrics`. With `local` it is there only for callers on this machine that no proxy speaks for.

    Tenants and their numbers of calls stand on it. A browser on this machine is a caller here too, but what it runs for
    another site is not meant: neither by a plain request nor by a name that was pointed here. With `on` the page is
    scraped by whatever name the site's network has for it, so that the name says nothing there.
    """
    from prometheus_client import CONTENT_TYPE_LATEST

    pages = Blueprint("metrics", __name__)

    @pages.get(ADDRESS)
    def show() -> Response:
        if settings.metrics == "local" and not (is_local() and is_ours()):
            raise NotFound
        if is_of_another_site():
            raise NotFound
        answer = Response(metrics.page(), content_type=CONTENT_TYPE_LATEST)
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return pages
