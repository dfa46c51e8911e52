"""Two ways to put a case: to the rules in this process, or to a CDS service over HTTP.

Both answer with the cards or with one line that says why there are none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import requests

from cds_service.cli.cases import BadInput, Case
from cds_service.cli.record_server import RecordServer, in_process, readdressed
from cds_service.errors import RefusedRequest
from cds_service.hooks.request import read_request
from cds_service.hooks.services import offered
from cds_service.service import knowledge_of, place_of, respond
from cds_service.settings import Settings

_SECONDS = 15
_DISCOVERY = "/cds-services"


@dataclass(frozen=True, slots=True)
class Reply:
    """`fault` is empty where the service answered; `request` is the call as it was really made."""

    request: Mapping[str, Any]
    cards: Sequence[Mapping[str, Any]] = ()
    fault: str = ""


Ask = Callable[[Case], Reply]


def here(settings: Settings) -> Ask:
    """Ask the rules directly. Times of day in cases are read as UTC, wherever the machine stands."""
    knowledge = knowledge_of(settings)
    place = place_of(settings, UTC)

    def ask(case: Case) -> Reply:
        hook = str(case.request.get("hook"))
        if hook not in {service.hook for service in offered(patient_view=settings.patient_view).values()}:
            return Reply(case.request, fault=f"no service for the hook {hook}")
        try:
            request = read_request(case.request, hook)
        except RefusedRequest as fault:
            return Reply(case.request, fault=f"refused: {fault.text}")
        fetch = in_process(case.server) if request.token else None
        return Reply(case.request, respond(request, fetch, case.as_of, knowledge, place).cards)

    return ask


class Client:
    """Asks a running CDS service, found by its discovery. `records` answers for the record servers of the cases."""

    def __init__(self, url: str, records: RecordServer) -> None:
        """Raises BadInput where there is no CDS service at the address."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadInput(f"{url} is not an http or https URL.")
        self._base = url.rstrip("/").removesuffix(_DISCOVERY)
        self._records = records
        self._addresses = self._discover()

    def _discover(self) -> dict[str, str]:
        """Hook -> address of the first service for it."""
        url = self._base + _DISCOVERY
        try:
            with _session() as session:
                reply = session.get(url, timeout=_SECONDS)
            services = orjson.loads(reply.content)["services"]
            found = [(str(service["hook"]), f"{url}/{service['id']}") for service in services]
        except requests.RequestException as fault:
            raise BadInput(f"{url} cannot be reached ({type(fault).__name__}). Is the service running?") from None
        except (ValueError, KeyError, TypeError):
            raise BadInput(f"{url} does not answer as the discovery of a CDS service does.") from None
        return dict(reversed(found))

    def ask(self, case: Case) -> Reply:
        case = self._with_record_server(case)
        request = {**case.request, "hookInstance": str(uuid4())}
        address = self._addresses.get(str(request.get("hook")))
        if address is None:
            return Reply(request, fault=f"no service for the hook {request.get('hook')}")
        try:
            with _session() as session:
                reply = session.post(
                    address,
                    data=orjson.dumps(request),
                    headers={"Content-Type": "application/json"},
                    timeout=_SECONDS,
                    allow_redirects=False,
                )
        except requests.RequestException as fault:
            return Reply(request, fault=f"no answer ({type(fault).__name__})")
        return _read(request, reply)

    def _with_record_server(self, case: Case) -> Case:
        if case.server is None:
            return case
        base = self._records.host(case.server)
        return replace(case, request=readdressed(case.request, case.server["base"], base))


def _session() -> requests.Session:
    """Without proxies from the environment: a service on this machine is asked directly."""
    session = requests.Session()
    session.trust_env = False
    return session


def _read(request: Mapping[str, Any], reply: requests.Response) -> Reply:
    if reply.status_code != 200:
        return Reply(request, fault=f"HTTP {reply.status_code}{_issue(reply.content)}")
    try:
        cards = orjson.loads(reply.content)["cards"]
        sound = isinstance(cards, list) and all(isinstance(card, dict) for card in cards)
    except (ValueError, KeyError, TypeError):
        sound = False
    return Reply(request, cards) if sound else Reply(request, fault="the answer holds no list of cards")


def _issue(body: bytes) -> str:
    """What an OperationOutcome says, in one line."""
    try:
        issue = orjson.loads(body)["issue"][0]
        return f": {issue.get('diagnostics') or issue['details']['text']}"
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return ""
