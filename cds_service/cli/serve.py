"""`cds-service serve`: gunicorn with this service, after a word on how to reach it."""

import os
import shlex
import socket

from cds_service.cli.cases import BadInput
from cds_service.content import fixtures_dir
from cds_service.settings import Settings

# Two drafts that must not be started together: the answer is the same on any day.
SHOWN = "opioid-naltrexone-same-session/fires-c10-signing-without-any-data"
_SERVICE = "ldn-order-sign"


def serve(host: str | None, port: str | None) -> int:
    """Serve until told to stop. Raises StartError for settings or content that cannot be used."""
    from cds_service.web import serving

    asked = {"CDS_HOST": host, "CDS_PORT": port}
    settings = Settings.read({**os.environ, **{name: value for name, value in asked.items() if value is not None}})
    serving.refuse_exposure(settings)
    _check_free(settings)
    print(welcome(settings), flush=True)
    serving.serve(settings)
    return 0


def welcome(settings: Settings) -> str:
    """Where the service is, a call that works as printed, and what it is not."""
    file = fixtures_dir() / SHOWN / "request.json"
    tried = f"Try it:    {curl(settings.base_url, str(file.resolve()))}"
    callers = f"Callers:   those of {settings.clients_file}, each call with a token of its own"
    mode = "Development mode: any caller is answered. " if settings.development else ""
    return f"""\
Discovery: {settings.base_url}/cds-services
{tried if settings.development else callers}
{mode}Not clinically approved: synthetic data only. Stop with Ctrl-C."""


def curl(base_url: str, file: str) -> str:
    """One line for a shell, whatever is in the path."""
    words = ["curl", "-sS", "-H", "content-type: application/json", "--data-binary", f"@{file}"]
    return shlex.join([*words, f"{base_url}/cds-services/{_SERVICE}"])


def _check_free(settings: Settings) -> None:
    """gunicorn would try for seconds and then say it in its own words."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as fault:
            raise BadInput(
                f"cannot listen on {settings.host} port {settings.port} ({fault.strerror}); "
                "choose another with --host and --port."
            ) from None
