"""The application factory: settings in, a WSGI application out."""

import logging

from flask import Flask, Response, request
from flask_cors import CORS

from cds_service.feedback.store import FeedbackStore
from cds_service.present.knowledge import Knowledge
from cds_service.running import Service, zone_of
from cds_service.settings import Settings
from cds_service.web import problems
from cds_service.web.authentication import Recognising, reception_of
from cds_service.web.discovery import DEVELOPMENT_NOTICE, discovery_blueprint
from cds_service.web.feedback import feedback_blueprint
from cds_service.web.health import health_blueprint
from cds_service.web.hooks import Answering, hooks_blueprint
from cds_service.web.openapi import document_of, openapi_blueprint
from cds_service.web.pages.insights import ADDRESS as INSIGHTS
from cds_service.web.pages.insights import has_insights, insights_blueprint
from cds_service.web.pages.order_entry import order_entry_blueprint
from cds_service.web.pages.page_files import page_files_blueprint
from cds_service.web.pages.plan_definitions import definitions, plan_definitions_blueprint
from cds_service.web.pages.source_attributes import source_attributes_blueprint
from cds_service.web.sharing.turnstile import Turnstile
from cds_service.web.telemetry.memory import Memory
from cds_service.web.telemetry.metrics import ADDRESS as METRICS
from cds_service.web.telemetry.metrics import metrics_blueprint, metrics_of

_log = logging.getLogger(__name__)
_PREFLIGHT_SECONDS = 600
MEMORY = "ldn-cds-memory"
"""Under this name an application has its `Memory` among its extensions."""
_NO_OTHER_SITES = (INSIGHTS, METRICS)


def create_app(
    settings: Settings,
    service: Answering | None = None,
    store: FeedbackStore | None = None,
    reception: Recognising | None = None,
) -> Flask:
    """The door around a service. Without one, the real one is built from the settings.

    Raises StartError where settings or content cannot be used. Nothing is connected yet, so that workers may be forked
    from a process that has built the application.
    """
    app = Flask("cds_service", static_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    real = None if service else Service.from_settings(settings)
    service = service or real
    assert service is not None  # nosec B101  # for mypy: made sure of by the caller
    store = store or FeedbackStore(settings.database_url)
    reception = reception or reception_of(settings)
    app.register_blueprint(discovery_blueprint(development=settings.development, patient_view=settings.patient_view))
    metrics, memory = metrics_of(settings), Memory(store)
    app.extensions[MEMORY] = memory
    turnstile = Turnstile()
    app.register_blueprint(hooks_blueprint(settings, service, memory, reception, turnstile, metrics))
    if metrics is not None:
        app.register_blueprint(metrics_blueprint(settings, metrics))
    app.register_blueprint(feedback_blueprint(settings, store, reception, turnstile))
    servers = real.fhir_servers if real else None
    app.register_blueprint(health_blueprint(store, reception, development=settings.development, fhir_servers=servers))
    if real is not None:
        app.register_blueprint(source_attributes_blueprint(real.knowledge))
        _tell_changes(real.knowledge)
        published = definitions(real.knowledge, settings.base_url)
        app.register_blueprint(plan_definitions_blueprint(published))
        app.register_blueprint(openapi_blueprint(document_of(settings, real.knowledge, published)))
    ordering, counting = settings.page and settings.development, has_insights(settings)
    if ordering:
        app.register_blueprint(order_entry_blueprint(zone_of(settings), without=() if counting else ("insights",)))
    if counting:
        app.register_blueprint(insights_blueprint(settings, store, memory, real.knowledge if real else None))
    if ordering or counting:
        app.register_blueprint(page_files_blueprint())
    problems.install(app)
    _allow_browsers(app, settings.cors_origins)
    if settings.development:
        _log.warning("development-mode", extra={"facts": {"notice": DEVELOPMENT_NOTICE}})
    return app


def _tell_changes(knowledge: Knowledge) -> None:
    """What this site changes stands in the log of every start; what lowers an opioid check stands out."""
    _log.info("knowledge", extra={"facts": {"version": knowledge.version, "changes": len(knowledge.changes)}})
    for change in knowledge.changes:
        level, event = logging.INFO, "site-change"
        if change.lowers_opioid_check:
            level, event = logging.WARNING, "site-lowers-an-opioid-check"
        _log.log(level, event, extra={"facts": {"change": change.what, "reason": change.reason}})


def _allow_browsers(app: Flask, origins: tuple[str, ...]) -> None:
    """CORS on every answer, errors included, or a browser shows its user nothing at all (cds-hooks 97).

    Only what is stored and counted of calls is no other page's business.

    Where any origin may call, the one field of a plain answer is set here; flask-cors then leaves it as it is, and does
    what takes thought: preflights and lists of origins.
    """
    anybody = "*" in origins
    CORS(
        app,
        resources=rf"^(?!(?:{'|'.join(_NO_OTHER_SITES)})(?:/|$))",
        origins="*" if anybody else list(origins),
        methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        max_age=_PREFLIGHT_SECONDS,
        send_wildcard=True,
        supports_credentials=False,
    )

    @app.after_request
    def mark(answer: Response) -> Response:
        answer.headers["X-Content-Type-Options"] = "nosniff"
        if request.method == "OPTIONS":
            del answer.headers["Content-Type"]  # of an empty answer, which the web library makes
        elif anybody and not f"{request.path}/".startswith(tuple(f"{address}/" for address in _NO_OTHER_SITES)):
            answer.headers["Access-Control-Allow-Origin"] = "*"
        if not anybody:
            answer.vary.add("Origin")
        return answer
