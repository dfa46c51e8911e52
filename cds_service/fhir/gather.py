"""Bring together what the rules need: prefetch first, the FHIR server for what is missing, and what stayed missing."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cds_service.fhir.answers import Answer, judge, key_of_kind
from cds_service.fhir.references import belongs, own, relative
from cds_service.fhir.release import DSTU2, release_of
from cds_service.hooks.prefetch import TEMPLATES, fill
from cds_service.hooks.request import HookRequest
from cds_service.record import Shortfall

MEDICATION_LISTS = ("medStatements", "medRequests")
_MEDICATION = re.compile(r"Medication/[A-Za-z0-9.-]{1,64}")
_MOST_MEDICATIONS = 50
_NULL_VERIFIED = frozenset(MEDICATION_LISTS)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A server's answer to one query: `value` is the parsed body, or `cause` says why there is none."""

    value: Any = None
    cause: str = ""


Fetch = Callable[[tuple[str, ...]], Mapping[str, Fetched]]
"""Asks several queries at once (relative to the base) and answers each; None stands for "no usable server"."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Resources of this patient, where each came from, and what could not be had.

    `resources` are in the order they came. `shelf` finds a resource by any reference (for Medications). `release` is
    the client's FHIR release.
    """

    resources: tuple[Mapping[str, Any], ...] = field(repr=False)
    shelf: "Shelf" = field(repr=False)
    shortfalls: tuple[Shortfall, ...]
    release: str


class Shelf:
    """Every resource of the request by the references others may use for it."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, Mapping[str, Any]]] = []
        self._by_reference: dict[str, Mapping[str, Any]] = {}

    def add(self, full_url: str, resource: Mapping[str, Any]) -> None:
        self._waiting.append((full_url, resource))

    def add_all(self, resources: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """(fullUrl, resource) each; of two with one name the first is found."""
        self._waiting.extend(resources)

    def find(self, reference: str) -> Mapping[str, Any] | None:
        """Most records name their drugs in place and never look here: names are worked out when one is asked for."""
        for full_url, resource in self._waiting:
            for name in (own(resource), full_url, relative(full_url)):
                if name:
                    self._by_reference.setdefault(name, resource)
        self._waiting.clear()
        return self._by_reference.get(reference) if reference else None


class Opened:
    """The prefetch of one request, judged once and only if somebody asks: an unrelated order never does."""

    def __init__(self, request: HookRequest, fetch: Fetch | None) -> None:
        self._request = request
        self._fetch = fetch

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        return tuple(judge(name, value) for name, value in self._request.prefetch.items())

    @cached_property
    def shelf(self) -> Shelf:
        shelf = Shelf()
        for entry in self._request.drafts:
            shelf.add(entry.full_url, entry.resource)
        for answer in self.answers:
            shelf.add_all(answer.resources)
        return shelf

    def patient_urns(self) -> frozenset[str]:
        """The fullUrls under which the patient's own resource came, for Bundles that refer by urn."""
        myself = f"Patient/{self._request.patient_id}"
        pairs = (pair for answer in self.answers for pair in answer.resources)
        return frozenset(full_url for full_url, resource in pairs if full_url and own(resource) == myself)

    def find(self, reference: str) -> Mapping[str, Any] | None:
        """What a draft refers to: in its own Bundle, in prefetch, then on the server."""
        found = self.shelf.find(reference)
        if found is None and self._fetch is not None and _MEDICATION.fullmatch(reference):
            got = self._fetch((reference,)).get(reference)
            value = got.value if got else None
            if isinstance(value, dict) and value.get("resourceType") == "Medication":
                self.shelf.add(reference, value)
                return value
        return found


def gather(request: HookRequest, opened: Opened, wanted: Iterable[str], fetch: Fetch | None) -> Gathered:
    """All data of the `wanted` keys. What prefetch leaves open is asked of the server once, when there is one."""
    answers = opened.answers
    drafts = [entry.resource for entry in request.drafts]
    release = release_of(drafts, (resource for answer in answers for _, resource in answer.resources))
    wanted = tuple(wanted)
    gaps = _gaps(wanted, answers, verify_null=fetch is not None)
    replies: dict[str, Answer] = {}
    if gaps and fetch is not None:
        replies, gaps = _ask(request, gaps, release, fetch)
    kept = [answer for answer in answers if not (answer.cause and answer.keys and answer.keys <= set(replies))]
    for answer in replies.values():
        opened.shelf.add_all(answer.resources)
    gathered = _assemble(request, opened.shelf, [*kept, *replies.values()], gaps, release)
    return _with_medications(gathered, fetch) if fetch is not None else gathered


def _with_medications(gathered: Gathered, fetch: Fetch) -> Gathered:
    """Medications that records name only by reference and that did not come along, asked for all at once."""
    missing = {
        target
        for resource in gathered.resources
        if (target := _named_only_by_reference(resource)) and gathered.shelf.find(target) is None
    }
    if not missing:
        return gathered
    found = fetch(tuple(sorted(missing)[:_MOST_MEDICATIONS]))
    for target, got in found.items():
        if isinstance(got.value, dict) and got.value.get("resourceType") == "Medication":
            gathered.shelf.add(target, got.value)
    return gathered


def _named_only_by_reference(resource: Mapping[str, Any]) -> str:
    reference = resource.get("medicationReference")
    if not isinstance(reference, dict) or reference.get("display") or "medicationCodeableConcept" in resource:
        return ""
    target = relative(reference)
    return target if _MEDICATION.fullmatch(target) else ""


def _gaps(wanted: tuple[str, ...], answers: Iterable[Answer], verify_null: bool) -> dict[str, str]:
    """Wanted key -> why it still has to be asked for."""
    whole: set[str] = set()
    causes: dict[str, str] = {}
    for answer in answers:
        for key in answer.keys:
            if answer.null and verify_null and key in _NULL_VERIFIED:
                causes.setdefault(key, "null-unverified")
            elif answer.cause:
                causes.setdefault(key, answer.cause)
            else:
                whole.add(key)
        for key, cause in answer.refused.items():
            causes.setdefault(key, cause)
    return {key: causes.get(key, "absent") for key in wanted if key not in whole}


def _ask(
    request: HookRequest, gaps: Mapping[str, str], release: str, fetch: Fetch
) -> tuple[dict[str, Answer], dict[str, str]]:
    """(whole or partial answers by key, the gaps that remain)."""
    queries = {key: query for key in gaps if (query := _query(key, request, release))}
    fetched = fetch(tuple(queries.values()))
    replies: dict[str, Answer] = {}
    left = {key: cause for key, cause in gaps.items() if key not in queries}
    for key, query in queries.items():
        got = fetched.get(query, Fetched(cause="timeout"))
        if got.cause or got.value is None:
            left[key] = got.cause or "malformed"
            continue
        answer = judge(key, got.value)
        if key in answer.keys:
            replies[key] = answer
            if answer.cause:
                left[key] = answer.cause
        else:
            left[key] = answer.refused.get(key, "malformed")
    return replies, left


def _query(key: str, request: HookRequest, release: str) -> str:
    query = fill(TEMPLATES[key], request)
    if release == DSTU2:
        query = query.replace("MedicationRequest?", "MedicationOrder?").replace("ServiceRequest?", "ProcedureRequest?")
    return query


def _assemble(
    request: HookRequest, shelf: Shelf, answers: Iterable[Answer], gaps: Mapping[str, str], release: str
) -> Gathered:
    pairs = [pair for answer in answers for pair in answer.resources]
    myself = f"Patient/{request.patient_id}"
    urns: frozenset[str] | None = None
    mine: list[Mapping[str, Any]] = []
    strangers: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    for _, resource in pairs:
        kind = str(resource.get("resourceType"))
        subject = resource.get("subject")
        if kind == "Patient" or not isinstance(subject, dict) or subject.get("reference") != myself:
            if urns is None:
                urns = _urns_of(myself, pairs)
            if not belongs(resource, request.patient_id, urns):
                strangers[kind] = strangers.get(kind, 0) + 1
                continue
        name = resource.get("id")
        if isinstance(name, str):
            key = (kind, name)
            if key in seen and own(resource):
                continue  # the same resource came before, under another key
            seen.add(key)
        mine.append(resource)
    shortfalls = [Shortfall(key, cause) for key, cause in gaps.items()]
    shortfalls += [Shortfall(key_of_kind(kind), "other-patient", count) for kind, count in strangers.items()]
    return Gathered(tuple(mine), shelf, tuple(shortfalls), release)


def _urns_of(myself: str, pairs: Iterable[tuple[str, Mapping[str, Any]]]) -> frozenset[str]:
    """The fullUrls under which the patient's own resource came."""
    return frozenset(
        full_url
        for full_url, resource in pairs
        if full_url and resource.get("resourceType") == "Patient" and own(resource) == myself
    )
