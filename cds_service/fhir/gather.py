"""Bring together what the rules need: prefetch first, the FHIR server for what is missing, and what stayed missing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cds_service.fhir.answers import Answer, key_of_resource
from cds_service.fhir.fetch import Fetch, Fetched
from cds_service.fhir.missing import Page, ask, medications, unread
from cds_service.fhir.opened import Opened, Shelf, reference_of, target_of
from cds_service.fhir.references import Person, doubt, own
from cds_service.fhir.release import ASSUMED, DSTU2, METADATA, R4, STU3, UNSUPPORTED, Release, settled, told
from cds_service.hooks.prefetch import TEMPLATES, fill
from cds_service.hooks.request import HookRequest
from cds_service.record import OTHER_PATIENT, Shortfall

__all__ = ["Fetch", "Fetched", "Gathered", "Opened", "Shelf", "gather"]

MEDICATION_LISTS = ("medStatements", "medRequests")
_NULL_VERIFIED = frozenset(MEDICATION_LISTS)
_OLD = (DSTU2, STU3)
_REFUSED = frozenset({"not-found", "server-error"})


@dataclass(frozen=True, slots=True)
class Gathered:
    """Resources of this patient, where each came from, and what could not be had.

    `resources` are in the order they came. `shelf` finds a resource by any reference (for Medications). `release` is
    the client's FHIR release and `told_by` how it is known (see `release`). `person` tells whose a resource is, and
    `answers` in which list it came.
    """

    resources: tuple[Mapping[str, Any], ...] = field(repr=False)
    shelf: Shelf = field(repr=False)
    shortfalls: tuple[Shortfall, ...]
    release: str
    told_by: str = ASSUMED
    person: Person = field(default_factory=lambda: Person(""), repr=False)
    answers: tuple[Answer, ...] = field(default=(), repr=False)


def gather(
    request: HookRequest,
    opened: Opened,
    wanted: Iterable[str],
    fetch: Fetch | None,
    registered: str = "",
    writes: bool = True,
) -> Gathered:
    """All data of the `wanted` keys. What prefetch leaves open is asked of the server once, when there is one.

    `registered` is the FHIR release that the caller is known to speak, empty where nobody said. `writes` is false where
    no resource will be written, so that nobody need be asked for the release alone.
    """
    answers = opened.answers
    drafts = [entry.resource for entry in request.drafts]
    release = told(drafts, (resource for answer in answers for _, resource in answer.resources))
    guess = (release or settled(drafts, None, registered)).name
    wanted = tuple(wanted)
    gaps = _gaps(wanted, answers, verify_null=fetch is not None)
    replies: dict[str, Answer] = {}
    grown: list[tuple[Answer, Answer]] = []
    if gaps and fetch is not None:
        pages = unread(request.prefetch, answers, request.fhir_server, gaps)
        replies, grown, gaps = _ask(request, gaps, guess, fetch, opened.person, pages)
    if release is None:
        matters = writes or any(cause in _REFUSED for cause in gaps.values())
        release = _found_out(drafts, replies, fetch if matters else None, registered)
        replies, gaps = _asked_again(request, replies, gaps, release, guess, fetch, opened.person)
    read_on = {id(before): after for before, after in grown}
    kept = [
        read_on.get(id(answer), answer)
        for answer in answers
        if not (answer.cause and answer.keys and answer.keys <= set(replies))
    ]
    for _, after in grown:
        opened.shelf.add_all(after.resources)
    for answer in replies.values():
        opened.shelf.add_all(answer.resources)
    if writes and fetch is not None and release.told_by == ASSUMED:
        gaps = {**gaps, "release": ASSUMED}
    gathered = _assemble(request, opened.shelf, [*kept, *replies.values()], gaps, release)
    return _with_medications(gathered, fetch) if fetch is not None else gathered


def _found_out(
    drafts: list[Mapping[str, Any]], replies: Mapping[str, Answer], fetch: Fetch | None, registered: str
) -> Release:
    """The release where neither drafts nor prefetch told it: what was fetched tells, or the server is asked."""
    known = told(drafts, (resource for answer in replies.values() for _, resource in answer.resources))
    if known is not None or fetch is None:
        return known or settled(drafts, None, registered)
    said = fetch((METADATA,)).get(METADATA)
    return settled(drafts, said.value if said else None, registered)


def _asked_again(
    request: HookRequest,
    replies: dict[str, Answer],
    gaps: dict[str, str],
    release: Release,
    guess: str,
    fetch: Fetch | None,
    person: Person,
) -> tuple[dict[str, Answer], dict[str, str]]:
    """What was asked in a guess's words, in the server's own; a refusal by a server of no known release says so."""
    spelled = [key for key in gaps if any(query_of(key, request, old) != query_of(key, request, R4) for old in _OLD)]
    if release.told_by == ASSUMED or release.name == UNSUPPORTED:
        cause = "release" if release.name == UNSUPPORTED else "release-unknown"
        return replies, gaps | {key: cause for key in spelled if gaps[key] in _REFUSED}
    again = {key: gaps[key] for key in spelled if query_of(key, request, release.name) != query_of(key, request, guess)}
    if not again or fetch is None:
        return replies, gaps
    found, _, left = _ask(request, again, release.name, fetch, person)
    return replies | found, {key: cause for key, cause in gaps.items() if key not in again} | left


def _with_medications(gathered: Gathered, fetch: Fetch) -> Gathered:
    """Medications that records name only by reference and that did not come along, asked for all at once."""
    missing = {
        target
        for resource in gathered.resources
        if (target := _named_only_by_reference(resource, gathered.shelf)) and gathered.shelf.find(target) is None
    }
    if not missing:
        return gathered
    gathered.shelf.add_all(medications(missing, fetch).items())
    return gathered


def _named_only_by_reference(resource: Mapping[str, Any], shelf: Shelf) -> str:
    reference = reference_of(resource)
    if not isinstance(reference, dict) or reference.get("display") or "medicationCodeableConcept" in resource:
        return ""
    return target_of(resource, shelf)


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
    request: HookRequest,
    gaps: Mapping[str, str],
    release: str,
    fetch: Fetch,
    person: Person,
    pages: Iterable[Page] = (),
) -> tuple[dict[str, Answer], list[tuple[Answer, Answer]], dict[str, str]]:
    """(whole or partial answers by key, Bundles before and after they were read on, the gaps that remain)."""
    queries = {key: query for key in gaps if (query := query_of(key, request, release))}
    return ask(queries, pages, gaps, fetch, person)


def query_of(key: str, request: HookRequest, release: str) -> str:
    """The template of a key as it is asked for this request; empty where the request lacks what it takes.

    Before R4 a request for a service was a ProcedureRequest, and in DSTU2 that for a drug a MedicationOrder.
    """
    query = fill(TEMPLATES[key], request)
    if release in _OLD:
        query = query.replace("ServiceRequest?", "ProcedureRequest?")
    return query.replace("MedicationRequest?", "MedicationOrder?") if release == DSTU2 else query


def _assemble(
    request: HookRequest, shelf: Shelf, answers: Iterable[Answer], gaps: Mapping[str, str], release: Release
) -> Gathered:
    """A stranger's record is left out and counted; one that does not say whose it is stays, and is counted too."""
    answers = tuple(answers)
    pairs = [pair for answer in answers for pair in answer.resources]
    person = Person(request.patient_id, lambda: pairs)
    myself = person.reference
    mine: list[Mapping[str, Any]] = []
    doubts: dict[tuple[str, str], int] = {}
    seen: set[tuple[str, str]] = set()
    for keys, resource in ((answer.keys, resource) for answer in answers for _, resource in answer.resources):
        kind = resource["resourceType"]
        try:
            is_mine = resource["subject"]["reference"] == myself and "patient" not in resource
        except (KeyError, TypeError):
            is_mine = False
        if not is_mine:
            doubted = doubt(resource, person)
            if doubted:
                data = key_of_resource(resource, keys)
                doubts[data, doubted] = doubts.get((data, doubted), 0) + 1
            if doubted == OTHER_PATIENT:
                continue
        name = resource.get("id")
        if isinstance(name, str):
            key = (kind, name)
            if key in seen and own(resource):
                continue  # the same resource came before, under another key
            seen.add(key)
        mine.append(resource)
    shortfalls = [Shortfall(key, cause) for key, cause in gaps.items()]
    shortfalls += [Shortfall(data, cause, count) for (data, cause), count in doubts.items()]
    return Gathered(tuple(mine), shelf, tuple(shortfalls), release.name, release.told_by, person, answers)
