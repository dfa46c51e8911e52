"""`cds-service call FILE`: one request on the terminal, no server."""

import os
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from rich.text import Text

from cds_service.cli.cases import BadInput, located, read_case, read_object, read_server
from cds_service.cli.explanation import explanation
from cds_service.cli.record_server import in_process
from cds_service.cli.terminal import card_panel, console, plain, print_json
from cds_service.fhir.client import FhirClient
from cds_service.fhir.gather import Fetch
from cds_service.hooks.request import EXTENSION, HookRequest, read_request
from cds_service.hooks.services import offered
from cds_service.outbound import AllowedBases
from cds_service.profiles import profile_of
from cds_service.running import knowledge_of, place_of, zone_of
from cds_service.service import respond
from cds_service.settings import Settings


def call(name: str, today: date | None, *, as_json: bool, explain: bool = False, profile: str = "") -> int:
    """Raises BadInput, RefusedRequest or StartError; nothing is stored and no clock but the default day is read."""
    settings = Settings.read({**os.environ, **({"CDS_PROFILE": profile} if profile else {})})
    path = located(name)
    path = path / "request.json" if path.is_dir() else path
    body = read_object(path)
    hooks = sorted(service.hook for service in offered(patient_view=settings.patient_view).values())
    if body.get("hook") not in hooks:
        raise BadInput(f"{path} calls no hook that this service answers ({', '.join(hooks)}).")
    request = read_request(body, str(body["hook"]), most_entries=settings.max_entries)
    zone = zone_of(settings)
    day = today or _day_of_the_case(path) or datetime.now(zone).date()
    fetch = _fetch(path, request, settings)
    place = place_of(settings, zone)
    place = replace(place, explain=place.explain or explain)
    answer = respond(request, fetch, day, knowledge_of(settings), place, profile_of(settings.profile))
    cards = answer.cards
    if as_json:
        sent: dict[str, Any] = {"cards": cards}
        if answer.explained:
            sent["extension"] = {EXTENSION: {"explain": answer.explained}}
        print_json(sent)
        return 0
    out = console()
    count = {0: "no card: the service stays silent", 1: "1 card"}.get(len(cards), f"{len(cards)} cards")
    out.print(Text(f"{request.hook} for Patient/{plain(request.patient_id)} on {day}: {count}"), soft_wrap=True)
    for card in cards:
        out.print(card_panel(card))
    if answer.explained:
        for part in explanation(answer.explained):
            out.print(part)
    return 0


def _day_of_the_case(path: Path) -> date | None:
    if path.name == "request.json" and path.with_name("expected.json").is_file():
        return read_case(path.parent).as_of
    return None


def _fetch(path: Path, request: HookRequest, settings: Settings) -> Fetch | None:
    """The answers beside the request; without them the server that the request names, as the service would ask it."""
    server = read_server(path.parent) if path.name == "request.json" else None
    if server is not None:
        return in_process(server) if request.token else None
    client, allowed = FhirClient(settings.max_fhir_bytes), AllowedBases(settings.fhir_bases)
    return client.reader(request.fhir_server, request.token, monotonic() + settings.deadline_seconds, allowed)
