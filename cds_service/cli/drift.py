"""`cds-service drift`: a recorded call's prefetch beside the answers of its FHIR server."""

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from time import monotonic

from rich.text import Text

from cds_service.cli.cases import BadInput, located, read_object
from cds_service.cli.terminal import console, plain, print_json
from cds_service.fhir.client import AllowedBases, FhirClient
from cds_service.fhir.drift import Drift, drift_of
from cds_service.fhir.gather import Fetched, query_of
from cds_service.fhir.validation import placed, releases_of
from cds_service.hooks.prefetch import TEMPLATES
from cds_service.hooks.request import read_request
from cds_service.settings import Settings

_NO_TOKEN = "none"  # nosec B105  # what a call without a token is called
"""What an open server is sent: the reader asks no server without a token."""


def drift(name: str, server: str, token_file: str, seconds: float, *, as_json: bool) -> int:
    """Exit code 0 where prefetch and server say the same, 1 where not. Raises BadInput and RefusedRequest."""
    path = located(name)
    body = read_object(path / "request.json" if path.is_dir() else path)
    settings = Settings.read(os.environ)
    request = read_request(body, str(body.get("hook")), most_entries=settings.max_entries)
    base = server or request.fhir_server
    if not base:
        raise BadInput("the call names no fhirServer: say one with --server.")
    token = _token(token_file) if token_file else request.token or _NO_TOKEN
    client, only = FhirClient(settings.max_fhir_bytes), AllowedBases((base,))
    fetch = client.reader(base, token, monotonic() + seconds, only)
    if fetch is None:
        raise BadInput(f"{base} is no FHIR base URL that can be asked.")
    release = releases_of(list(placed(body)))
    queries = {key: query for key in TEMPLATES if (query := query_of(key, request, release))}
    answers = fetch(tuple(queries.values()))
    found = [
        drift_of(key, query, request.prefetch, answers.get(query, Fetched(cause="timeout")))
        for key, query in queries.items()
    ]
    return _tell(found, as_json=as_json)


def _token(name: str) -> str:
    """Raises BadInput, which never repeats what is in the file."""
    try:
        token = Path(name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"the token file {name} cannot be read.") from None
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise BadInput(f"the token file {name} holds no token.")
    return token


def _tell(found: list[Drift], *, as_json: bool) -> int:
    differing = [one for one in found if one.differs]
    if as_json:
        rows = [{**asdict(one), "changed": dict(one.changed), "differs": one.differs} for one in found]
        print_json({"same": len(found) - len(differing), "different": len(differing), "keys": rows})
        return 1 if differing else 0
    out = console()
    for one in found:
        for line in _lines(one):
            out.print(line, soft_wrap=True)
    counted = f"{len(differing)} of {len(found)} keys differ"
    out.print(Text(counted, style="bold red" if differing else "bold green"))
    return 1 if differing else 0


def _lines(one: Drift) -> Iterator[Text]:
    word, style = ("DIFF", "bold red") if one.differs else ("same", "green")
    under = f" (sent as {one.under})" if one.under else ""
    recorded = _side(one.recorded, one.recorded_cause, one.recorded_count)
    server = _side(one.server, one.server_cause, one.server_count)
    yield Text.assemble((word, style), plain(f"  {one.key}{under}: call {recorded}; server {server}"))
    yield from (Text(plain(f"    - only in the call: {name}"), style="red") for name in one.only_recorded)
    yield from (Text(plain(f"    + only on the server: {name}"), style="green") for name in one.only_server)
    for name, elements in one.changed:
        yield Text(plain(f"    ~ changed: {name}: {', '.join(elements)}"), style="yellow")


def _side(state: str, cause: str, count: int) -> str:
    if state == "came":
        return f"{count} resource{'' if count == 1 else 's'}"
    return f"{state} ({cause})" if cause else state
