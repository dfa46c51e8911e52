"""Two ways to put a case: to the rules in this process, or to a CDS service over HTTP.

Both answer with the cards or with one line that says why there are none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import requests

from cds_service.cli.cases import BadInput, Case
from cds_service.cli.prefetch_keys import renamed
from cds_service.cli.record_server import RecordServer, in_process, readdressed
from cds_service.errors import RefusedRequest
from cds_service.hooks.request import read_request
from cds_service.hooks.services import offered
from cds_service.profiles import STANDARD, Profile
from cds_service.running import knowledge_of, place_of
from cds_service.service import respond
from cds_service.settings import Settings

if TYPE_CHECKING:  # its libraries take longer to load than a case takes to judge
    from cds_service.cli.signing import Signer

_SECONDS = 15
_DISCOVERY = "/cds-services"
_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Reply:
    """`fault` is empty where the service answered; `request` is the call as it was really made.

    `lenient`: it may be another service than this one, which has no findings to tell.
    """

    request: Mapping[str, Any]
    cards: Sequence[Mapping[str, Any]] = ()
    fault: str = ""
    lenient: bool = False


Ask = Callable[[Case], Reply]


@dataclass(frozen=True, slots=True)
class _Offer:
    """One service of a discovery answer. `asks` are its prefetch templates."""

    id: str
    hook: str
    address: str
    asks: Mapping[str, Any]


def here(settings: Settings, profile: Profile = STANDARD) -> Ask:
    """Ask the rules directly. Times of day in cases are read as UTC, wherever the machine stands.

    Cases expect what the standard profile shows, whatever CDS_PROFILE says; another one has to be asked for.
    """
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
        return Reply(case.request, respond(request, fetch, case.as_of, knowledge, place, profile).cards)

    return ask


class Client:
    """Asks a running CDS service, found by its discovery. `records` answers for the record servers of the cases.

    With a `signer` every call carries a token of its own, discovery too. `only` names the services that may be called;
    none named, the first that is offered for a hook is.
    """

    def __init__(
        self, url: str, records: RecordServer, signer: "Signer | None" = None, only: Sequence[str] = ()
    ) -> None:
        """Raises BadInput where there is no CDS service at the address, or none of those named."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadInput(f"{url} is not an http or https URL.")
        self._base = url.rstrip("/").removesuffix(_DISCOVERY)
        self._records = records
        self._signer = signer
        self._offers = self._discover(only)

    def _discover(self, only: Sequence[str]) -> dict[str, _Offer]:
        """Hook -> the first service for it."""
        url = self._base + _DISCOVERY
        try:
            with direct_session() as session:
                reply = session.get(url, headers=self._token(url), timeout=_SECONDS, allow_redirects=False)
            services = orjson.loads(reply.content)["services"] if reply.status_code == 200 else None
            found = [_offer(url, service) for service in services or () if not only or service["id"] in only]
        except requests.RequestException as fault:
            raise BadInput(f"{url} cannot be reached ({type(fault).__name__}). Is the service running?") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadInput(f"{url} does not answer as the discovery of a CDS service does.") from None
        if services is None:
            said = f"HTTP {reply.status_code}{_issue(reply.content)}"
            raise BadInput(f"{url} does not answer as the discovery of a CDS service does: {said}.")
        missing = sorted(set(only) - {offer.id for offer in found})
        if missing:
            raise BadInput(f"{url} offers no service {', '.join(missing)}.")
        return {offer.hook: offer for offer in reversed(found)}

    def _token(self, url: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._signer.token(url)}"} if self._signer else {}

    def ask(self, case: Case) -> Reply:
        case = self._with_record_server(case)
        request: Mapping[str, Any] = {**case.request, "hookInstance": str(uuid4())}
        offer = self._offers.get(str(request.get("hook")))
        if offer is None:
            return Reply(request, fault=f"no service for the hook {request.get('hook')}", lenient=True)
        request = renamed(request, offer.asks)
        try:
            with direct_session() as session:
                reply = session.post(
                    offer.address,
                    data=orjson.dumps(request),
                    headers={"Content-Type": "application/json", **self._token(offer.address)},
                    timeout=_SECONDS,
                    allow_redirects=False,
                )
        except requests.RequestException as fault:
            return Reply(request, fault=f"no answer ({type(fault).__name__})", lenient=True)
        return _read(request, reply)

    def _with_record_server(self, case: Case) -> Case:
        if case.server is None:
            return case
        base = self._records.host(case.server)
        return replace(case, request=readdressed(case.request, case.server["base"], base))


def direct_session() -> requests.Session:
    """Without proxies from the environment: a service on this machine is asked directly."""
    session = requests.Session()
    session.trust_env = False
    return session


def _offer(url: str, service: Mapping[str, Any]) -> _Offer:
    asks = service.get("prefetch")
    return _Offer(
        str(service["id"]), str(service["hook"]), f"{url}/{service['id']}", asks if isinstance(asks, Mapping) else {}
    )


def _read(request: Mapping[str, Any], reply: requests.Response) -> Reply:
    if reply.status_code != 200:
        return Reply(request, fault=f"HTTP {reply.status_code}{_issue(reply.content)}", lenient=True)
    try:
        cards = orjson.loads(reply.content)["cards"]
        sound = isinstance(cards, list) and all(isinstance(card, dict) for card in cards)
    except (ValueError, KeyError, TypeError):
        sound = False
    if not sound:
        return Reply(request, fault=f"the answer holds no list of cards{_issue(reply.content)}", lenient=True)
    return Reply(request, cards, lenient=True)


def _issue(body: bytes) -> str:
    """What an OperationOutcome says, else how the body begins; in one line."""
    try:
        issue = orjson.loads(body)["issue"][0]
        return f": {issue.get('diagnostics') or issue['details']['text']}"
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        words = " ".join(body[: 4 * _SHOWN].decode("utf-8", "replace").split())
        return f": {words[:_SHOWN]}" if words else ""
