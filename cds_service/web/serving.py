"""gunicorn, set up for this service (trust 3.4).

The application is built before the workers are forked: a card that cannot be read stops the start, not every worker in
turn, and the knowledge is in memory once. Threads only wait for FHIR servers; the work is done by processes.
"""

import gc
import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn import glogging
from gunicorn.app.base import BaseApplication

from cds_service.errors import BadSetting
from cds_service.settings import Settings
from cds_service.web.app import create_app
from cds_service.web.connections import receiving, worker
from cds_service.web.hooks import Answering
from cds_service.web.telemetry import shared_counts
from cds_service.web.telemetry.log import JsonLines, configure_logging

# A large call makes tens of thousands of containers that reference counting frees again; looking for cycles among them
# every 700 takes longer than reading a FHIR resource does.
_GARBAGE_THRESHOLDS = (50_000, 20, 100)


class JsonLog(glogging.Logger):  # type: ignore[misc]
    """gunicorn's own log in the same lines as ours."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonLines())


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in options(self.settings).items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app


def options(settings: Settings) -> dict[str, Any]:
    """gunicorn's settings; a name that an older gunicorn does not know is left out."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    memory = Path("/dev/shm")  # nosec B108  # gunicorn makes files of its own names there
    return {
        "bind": f"{host}:{settings.port}",
        "worker_class": worker.JsonWorker,
        "workers": settings.workers or len(os.sched_getaffinity(0)),
        "threads": settings.threads,
        "worker_connections": receiving.MOST_CONNECTIONS,
        "timeout": 30,
        "graceful_timeout": 30,
        "keepalive": 75,
        "max_requests": receiving.MOST_CALLS,
        "max_requests_jitter": receiving.MOST_CALLS // 10,
        "limit_request_line": 4094,
        "limit_request_fields": 50,
        "worker_tmp_dir": str(memory) if os.access(memory, os.W_OK) else None,
        "forwarded_allow_ips": "127.0.0.1,::1",
        "logger_class": JsonLog,
        "loglevel": settings.log_level.lower(),
        "accesslog": None,
        "control_socket_disable": True,
        "proc_name": "ldn-cds",
        "pre_fork": shared_counts.before_fork,
        "post_fork": shared_counts.after_fork,
    }


def refuse_exposure(settings: Settings) -> None:
    """Raises BadSetting for development mode on an address that others reach, unless a setting says it is meant."""
    if settings.development and not settings.open_development and not settings.on_this_machine_only:
        raise BadSetting(
            "Without CDS_CLIENTS_FILE any caller is answered, so CDS_HOST must be this machine only (127.0.0.1); "
            "CDS_OPEN_DEVELOPMENT=on allows another for synthetic data."
        )


def serve(settings: Settings, service: Answering | None = None) -> None:
    """Serve until told to stop. Raises StartError before anything listens if the service cannot start."""
    refuse_exposure(settings)
    configure_logging(settings.log_level)
    with nullcontext() if settings.metrics == "off" else shared_counts.shared():
        app = create_app(settings, service)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GARBAGE_THRESHOLDS)
        _Server(app, settings).run()
