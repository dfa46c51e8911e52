"""A service that runs: what settings make of the stairwell, with a clock and with FHIR servers behind it.

A door builds one for each process. What is pure stands in `service.py`.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime, tzinfo
from pathlib import Path
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.callers import Caller
from cds_service.callers.registry import Terms
from cds_service.content import cards_dir
from cds_service.fhir.client import FhirClient
from cds_service.fhir.gather import Fetch, Fetched
from cds_service.fhir.metadata import ServerReleases
from cds_service.hooks.request import HookRequest, read_request
from cds_service.hooks.services import offered
from cds_service.outbound import AllowedBases
from cds_service.present.dress import check_topics
from cds_service.present.knowledge import Knowledge, read_knowledge
from cds_service.profiles import profile_names, profile_of
from cds_service.service import Answer, Place, did_not_run, respond, straight_on
from cds_service.settings import Settings
from cds_service.terminology.systems import RXNORM
from cds_service.titration.orderset import selfcheck

MOST_SECONDS = 4.5
"""The longest budget of a call, whatever a registration says: a client may give up after 5 s (trust 3.1)."""
_CARDS_SECONDS = 0.1
"""Of the budget, what is kept after the last answer of a server for reading it, for rules and cards; a quarter of a
budget that is smaller than that."""


def _nobodys(kind: str, element: str, words: str, **more: Any) -> dict[str, Any]:
    """A resource that is known by its words only after its code has been looked up everywhere."""
    named = {"coding": [{"system": RXNORM, "code": "0"}], "text": words}
    return {"resourceType": kind, "subject": {"reference": "Patient/nobody"}, element: named, **more}


_REHEARSAL: Mapping[str, Any] = {
    "hook": "order-select",
    "hookInstance": "00000000-0000-4000-8000-000000000000",
    "context": {
        "userId": "Practitioner/nobody",
        "patientId": "nobody",
        "draftOrders": _nobodys(
            "MedicationRequest", "medicationCodeableConcept", "naltrexone", id="draft", status="draft", intent="order"
        ),
    },
    "prefetch": {
        "medStatements": _nobodys("MedicationStatement", "medicationCodeableConcept", "oxycodone"),
        "conditions": _nobodys("Condition", "code", "cirrhosis"),
        "labs": _nobodys("Observation", "code", "INR"),
    },
}
"""A call about a patient who does not exist, with a little of everything that tables are read for."""


def knowledge_of(settings: Settings) -> Knowledge:
    """The cards and the site's changes that the settings name. Raises BadContent where they cannot be used."""
    return read_knowledge(cards_dir(settings.cards_dir), Path(settings.site_file) if settings.site_file else None)


def place_of(settings: Settings, zone: tzinfo) -> Place:
    """The place that the settings describe, with the zone in which its days begin."""
    return Place(
        settings.base_url,
        zone,
        settings.development,
        settings.medication_lists,
        strict=settings.strict,
        explain=settings.explain,
    )


def unnamed_caller(settings: Settings) -> Caller:
    """The one caller of a service without a registry: whoever reaches it."""
    return Caller(
        fhir_bases=settings.fhir_bases,
        budget_seconds=settings.deadline_seconds,
        silent=settings.silent,
        fhir_release=settings.fhir_release,
        profile=profile_of(settings.profile),
    )


def terms_of(settings: Settings) -> Terms:
    """What is the same for every caller of a registry; the time that each has stands in its own entry or profile."""
    hooks = frozenset(service.hook for service in offered(patient_view=settings.patient_view).values())
    return Terms(settings.base_url, None, hooks)


class Service:
    """One running service: knowledge, FHIR client and clock behind `answer`. Built by a door, once a process."""

    def __init__(self, settings: Settings) -> None:
        self.knowledge = knowledge_of(settings)
        selfcheck(self.knowledge.order_set)
        for name in profile_names():
            check_topics(self.knowledge.cards, profile_of(name))
        self.place = place_of(settings, zone_of(settings))
        self._client = FhirClient(settings.max_fhir_bytes)
        self._releases = ServerReleases(monotonic)
        self._unnamed = unnamed_caller(settings)
        self._rehearse()

    def _rehearse(self) -> None:
        """Answer a call about nobody: tables, shapes and validators are then read once, before workers are forked."""
        request = read_request(_REHEARSAL, _REHEARSAL["hook"])
        respond(request, None, date(2026, 3, 2), self.knowledge, self.place)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Service":
        """Raises StartError where the content cannot be used."""
        return cls(settings)

    def answer(
        self,
        request: HookRequest,
        received: float | None = None,
        caller: Caller | None = None,
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
        between: Callable[[], None] = straight_on,
    ) -> Answer:
        """Answer a call now. The deadline counts from `received`, in seconds of `monotonic`, where that is known.

        `aside` is entered whenever the call waits for a FHIR server and computes nothing, and `between` is called
        where it has come a millisecond or so further and could wait for another.
        """
        caller = caller or self._unnamed
        budget = min(caller.budget_seconds, MOST_SECONDS)
        end = (monotonic() if received is None else received) + budget
        deadline = end - min(_CARDS_SECONDS, budget / 4)
        fetch = None
        if request.token_patient in ("", request.patient_id):
            fetch = self._reader(request, caller, deadline)
        if fetch is not None:
            fetch = _aside(fetch, aside)
            fetch = self._releases.through(fetch, request.fhir_server)
        today = datetime.now(self.place.zone).date()

        def late() -> bool:
            between()
            return monotonic() > end

        return respond(
            request, fetch, today, self.knowledge, self.place, caller.profile, caller.fhir_release, late, between
        )

    def fhir_servers(self) -> Mapping[str, int]:
        """How many FHIR servers this process has asked, by the state of their circuit breaker."""
        return self._client.states()

    def _reader(self, request: HookRequest, caller: Caller, deadline: float) -> Fetch | None:
        """A server that is not the caller's is asked nothing; that it was named and not asked stands on the card."""
        allowed = AllowedBases(caller.fhir_bases)
        belongs = bool(caller.fhir_bases) and allowed.allows(request.fhir_server)
        if caller.named and request.fhir_server and request.token and not belongs:
            return lambda queries: {query: Fetched(cause="foreign-server") for query in queries}
        return self._client.reader(request.fhir_server, request.token, deadline, allowed)

    def did_not_run(self, request: HookRequest, caller: Caller | None = None) -> Answer:
        """The visible card for a fault of our own."""
        return did_not_run(request, self.knowledge, self.place, (caller or self._unnamed).profile)


def _aside(fetch: Fetch, aside: Callable[[], AbstractContextManager[None]]) -> Fetch:
    def waited(queries: tuple[str, ...]) -> Mapping[str, Fetched]:
        with aside():
            return fetch(queries)

    return waited


def zone_of(settings: Settings) -> tzinfo:
    """The zone in which a day begins: the one that is set, else that of the machine."""
    if settings.timezone:
        return ZoneInfo(settings.timezone)
    zone = datetime.now().astimezone().tzinfo
    assert zone is not None  # nosec B101  # for mypy: made sure of by the caller
    return zone
