"""The stairwell: a call walks down from the door to the rules and comes back up as cards.

Web, `call`, `replay` and later doors enter here; they differ only in how data is fetched and in what day it is. The
clock, the settings and the FHIR servers of a service that runs are in `running.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, tzinfo
from hashlib import sha1
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cds_service.definitions.case import PATIENT_VIEW, Case, is_live, is_naltrexone, is_opioid
from cds_service.feedback.store import IssuedCard
from cds_service.fhir.fetch import Late, never
from cds_service.fhir.gather import Fetch, Gathered, Opened, gather
from cds_service.fhir.read.orders import Drafts, read_drafts
from cds_service.fhir.read.record import read_record
from cds_service.fhir.release import UNSUPPORTED
from cds_service.fhir.write import judge_notes
from cds_service.hooks.request import HookRequest
from cds_service.present.cards import Context, Shown, present
from cds_service.present.check import check_resources
from cds_service.present.dress import dressed
from cds_service.present.explanation import Queries, Told, explain, explain_silence
from cds_service.present.knowledge import Knowledge
from cds_service.present.site import OFF, ON
from cds_service.present.suggestions import Session
from cds_service.profiles import STANDARD, Profile
from cds_service.profiles.prefetch import with_our_keys
from cds_service.record import Finding, Indicator, PatientRecord, Shortfall
from cds_service.rules import detect_all

OPIOID_ONLY = ("medStatements", "medRequests", "medDispenses", "medAdministrations", "encounter")
NALTREXONE = (
    *OPIOID_ONLY, "patient", "conditions", "allergies", "pregnancyObs", "labs", "toxLabs", "outcomes", "procedures",
    "serviceRequests", "appointments",
)  # fmt: skip
VIEW = ("medStatements", "medRequests", "medDispenses", "medAdministrations", "outcomes")
_NAMESPACE = uuid5(NAMESPACE_URL, "urn:ldn-cds:card")


@dataclass(frozen=True, slots=True)
class Answer:
    """Cards as they leave, what is remembered of them, and facts for the log (no patient values).

    `findings` are what the rules found and the site wants known; `explained` is there where somebody asked for it.
    """

    cards: list[dict[str, Any]]
    issued: tuple[IssuedCard, ...] = ()
    log: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    explained: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """What one installation adds to a call: its address, zone, mode and which medication lists its record keeps.

    `explain` has every answer say why; a client may ask for it in its call too.
    """

    base_url: str
    zone: tzinfo
    development: bool = False
    medication_lists: tuple[str, ...] = ("medStatements", "medRequests")
    strict: bool = False
    explain: bool = False


def straight_on() -> None:
    """Nothing between two steps of a call."""


def respond(
    request: HookRequest,
    fetch: Fetch | None,
    today: date,
    knowledge: Knowledge,
    place: Place,
    profile: Profile = STANDARD,
    release: str = "",
    late: Late = never,
    between: Callable[[], None] = straight_on,
) -> Answer:
    """The whole service: a pure function of the request, the FHIR answers, the knowledge and the date.

    The profile decides how the cards look and never what is found. `release` is the FHIR release that the caller is
    registered with; empty where nobody said. What is unread when it is `late` is said on a card. `between` is called
    between two steps and changes nothing in them.
    """
    request = with_our_keys(request, profile)
    explains = place.explain or request.explain
    queries = Queries(fetch) if explains and fetch is not None else None
    fetch = queries or fetch
    opened = Opened(request, fetch)
    drafts = read_drafts(request, opened.find, place.zone, opened.person)
    wanted = _wanted(request, drafts)
    if wanted is None:
        return Answer([], explained=explain_silence(request, today, knowledge) if explains else None)
    gathered = gather(request, opened, wanted, fetch, release, writes=wanted not in ((), OPIOID_ONLY))
    record = _with_lost_drafts(read_record(request, gathered, today, place.zone, late), drafts)
    case = Case(
        hook=request.hook,
        record=record,
        drafts=tuple(order for order in drafts.orders if is_live(order)),
        thresholds=knowledge.thresholds,
        orders_sent=request.orders_sent or request.hook == PATIENT_VIEW,
        medication_lists=place.medication_lists,
    )
    between()
    detected, broken = _detect(case, knowledge)
    between()
    findings = knowledge.site.applied(detected)
    notes = _draft_notes(case, gathered)
    withheld = knowledge.site.withheld_by(detected)
    session = _session(request, gathered, notes)
    context = Context(session, knowledge, place.base_url, place.development, withheld)
    cards = dressed(present(findings, case, context), profile, knowledge.words["dress"], session.new_uuid)
    if place.strict:
        check_resources(cards, gathered.release)
    # Names of elements and counts, never a value of a patient's.
    log = {
        "release": gathered.release,
        "release_told_by": gathered.told_by,
        "knowledge": knowledge.version,
        "silent": [finding.rule for finding in findings if finding.silent],
        **({"broken": list(broken)} if broken else {}),
        "not_checked": [f"{lapse.data}:{lapse.cause}" for lapse in case.record.shortfalls],
        "draft_notes": [note for order_notes in notes.values() for note in order_notes],
    }
    answer = _answer(request, cards, findings, log, knowledge.version)
    if not explains:
        return answer
    asked = queries.asked if queries else frozenset[str]()
    told = Told(
        request, case, detected, findings, broken, cards, context, wanted, opened.answers, gathered.answers, asked
    )
    return replace(answer, explained=_explained(told))


def did_not_run(request: HookRequest, knowledge: Knowledge, place: Place, profile: Profile = STANDARD) -> Answer:
    """The visible card for a fault of our own: nobody may take silence for an all-clear."""
    finding = Finding("data-not-checked", Indicator.WARNING, shortfalls=(Shortfall("service", "fault"),))
    case = Case(request.hook, PatientRecord(date.min), (), knowledge.thresholds)
    session = Session("R4", request.patient_id, request.user_id, request.encounter_id, _uuids(request))
    context = Context(session, knowledge, place.base_url, place.development)
    cards = dressed(present((finding,), case, context), profile, knowledge.words["dress"], session.new_uuid)
    return _answer(request, cards, (finding,), {}, knowledge.version)


def _explained(told: Told) -> Mapping[str, Any]:
    """The explanation; where it cannot be made, the cards still leave and it says so."""
    try:
        return explain(told)
    except Exception as fault:
        return {"fault": type(fault).__name__}


def _draft_notes(case: Case, gathered: Gathered) -> Mapping[str, tuple[str, ...]]:
    """What the FHIR model dislikes about each judged draft: a note beside the judgement, never a refusal."""
    if gathered.release == UNSUPPORTED:
        return {}
    judged = (*case.naltrexone_judged, *case.opioid_judged)
    return {order.reference: judge_notes(gathered.release, order.resource) for order in judged}


def _wanted(request: HookRequest, drafts: Drafts) -> tuple[str, ...] | None:
    """Which data the drafts call for; None where nothing here concerns naltrexone or an opioid."""
    if request.hook == PATIENT_VIEW:
        return VIEW
    live = [order for order in drafts.orders if is_live(order)]
    judged = [order for order in live if order.selected]
    if any(map(is_naltrexone, judged)) or (any(map(is_opioid, judged)) and any(map(is_naltrexone, live))):
        return NALTREXONE
    if any(map(is_opioid, judged)):
        return OPIOID_ONLY
    if not request.orders_sent or drafts.strangers or drafts.unreadable:
        return ()
    unnamed = [order for order in judged if not order.names_drug]
    if any(order.unresolved for order in unnamed) or (unnamed and request.hook != "order-select"):
        return ()
    return None


def _with_lost_drafts(record: PatientRecord, drafts: Drafts) -> PatientRecord:
    """Drafts that cannot be judged are a shortfall of the orders, not of the patient's data."""
    lost = (("other-patient", len(drafts.strangers)), ("unreadable", drafts.unreadable))
    said = tuple(Shortfall("orders", cause, count) for cause, count in lost if count)
    return replace(record, shortfalls=(*record.shortfalls, *said)) if said else record


def _detect(case: Case, knowledge: Knowledge) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Findings, and the rules that broke. One that broke is a check that was not done: the not-checked card says so.

    Not of a rule that the site has switched off or silenced: nobody expects that check on a card.
    """
    findings, failed = detect_all(case)
    broken = tuple(rule for rule in failed if knowledge.site.mode(rule) != OFF)
    faults = tuple(Shortfall(f"rule {rule}", "fault") for rule in broken if knowledge.site.mode(rule) == ON)
    if not faults:
        return findings, broken
    others = [finding for finding in findings if finding.rule != "data-not-checked"]
    before = [finding for finding in findings if finding.rule == "data-not-checked"]
    said = before[0] if before else Finding("data-not-checked", Indicator.WARNING)
    said = replace(said, indicator=Indicator.WARNING, shortfalls=(*said.shortfalls, *faults))
    return (*others, said), broken


def _session(request: HookRequest, gathered: Gathered, notes: Mapping[str, tuple[str, ...]]) -> Session:
    return Session(
        release=gathered.release,
        patient_id=request.patient_id,
        user_id=request.user_id,
        encounter_id=request.encounter_id,
        new_uuid=_uuids(request),
        sound=frozenset(reference for reference, found in notes.items() if reference and not found),
    )


def _uuids(request: HookRequest) -> Callable[[str], str]:
    """Names to uuids: unique for each call, the same when the same call is answered again."""
    start = sha1(_NAMESPACE.bytes + f"{request.hook} {request.instance} ".encode(), usedforsecurity=False)

    def named(name: str) -> str:
        """`uuid5` (RFC 9562, version and variant set), without hashing anew what all names of a call have in common."""
        whole = start.copy()
        whole.update(name.encode())
        number = bytearray(whole.digest()[:16])
        number[6] = number[6] & 0x0F | 0x50
        number[8] = number[8] & 0x3F | 0x80
        text = number.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    return named


def _answer(
    request: HookRequest,
    cards: tuple[Shown, ...],
    findings: tuple[Finding, ...],
    log: Mapping[str, Any],
    knowledge_version: str,
) -> Answer:
    issued = tuple(
        IssuedCard(
            card=shown.card["uuid"],
            rule=shown.findings[0].rule,
            indicator=shown.card["indicator"],
            findings=tuple(finding.rule for finding in shown.findings),
            suggestions=shown.kinds,
            hook=request.hook,
            instance=request.instance,
            knowledge_version=knowledge_version,
        )
        for shown in cards
    )
    return Answer([shown.card for shown in cards], issued, log, findings)
