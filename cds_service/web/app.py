"""The application factory: settings in, a WSGI application out."""

import logging

from flask import Flask, Response, request
from flask_cors import CORS

from cds_service.feedback.store import FeedbackStore
from cds_service.present.knowledge import Knowledge
from cds_service.service import Service
from cds_service.settings import Settings
from cds_service.web import problems
from cds_service.web.discovery import DEVELOPMENT_NOTICE, discovery_blueprint
from cds_service.web.feedback import feedback_blueprint
from cds_service.web.health import health_blueprint
from cds_service.web.hooks import Answering, hooks_blueprint
from cds_service.web.plan_definitions import plan_definitions_blueprint
from cds_service.web.source_attributes import source_attributes_blueprint

_log = logging.getLogger(__name__)
_PREFLIGHT_SECONDS = 600


def create_app(settings: Settings, service: Answering | None = None, store: FeedbackStore | None = None) -> Flask:
    """The door around a service. Without one, the real one is built from the settings.

    Raises StartError where settings or content cannot be used. Nothing is connected yet, so that workers may be forked
    from a process that has built the application.
    """
    app = Flask("cds_service", static_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    real = None if service else Service.from_settings(settings)
    service = service or real
    assert service is not None
    store = store or FeedbackStore(settings.database_url)
    app.register_blueprint(discovery_blueprint(development=settings.development, patient_view=settings.patient_view))
    app.register_blueprint(hooks_blueprint(settings, service, store))
    app.register_blueprint(feedback_blueprint(settings, store))
    app.register_blueprint(health_blueprint(store, development=settings.development))
    if real is not None:
        app.register_blueprint(source_attributes_blueprint(real.knowledge))
        _tell_changes(real.knowledge)
        app.register_blueprint(plan_definitions_blueprint(real.knowledge, settings.base_url))
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
    """CORS on every answer, errors included, or a browser shows its user nothing at all (cds-hooks 97)."""
    CORS(
        app,
        origins="*" if "*" in origins else list(origins),
        methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        max_age=_PREFLIGHT_SECONDS,
        send_wildcard=True,
        supports_credentials=False,
    )

    @app.after_request
    def mark(answer: Response) -> Response:
        answer.headers["X-Content-Type-Options"] = "nosniff"
        if request.method == "OPTIONS":  # the empty answer that the web library makes and calls HTML
            del answer.headers["Content-Type"]
        if "*" not in origins:
            answer.vary.add("Origin")
        return answer
