"""Asking the FHIR server for what is missing and for nothing else: whole lists, unread pages, Medications by reference.

A round asks everything side by side. What one round leaves open may be asked differently in a second one; the deadline
is the client's and is shared by all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cds_service.fhir.answers import Answer, judge
from cds_service.fhir.elements import items
from cds_service.fhir.fetch import Fetch, Fetched
from cds_service.fhir.references import Person, own
from cds_service.fhir.searched import searched_otherwise
from cds_service.outbound import tail_below

NOT_AS_ASKED = "not-as-asked"
_PAGE_GONE = frozenset({"not-found", "server-error", "malformed"})
_MOST_READS = 12
_MOST_IN_A_SEARCH = 40
_MOST_MEDICATIONS = 200


@dataclass(frozen=True, slots=True)
class Page:
    """The rest of a prefetched Bundle: `tail` is its next page below the server's base, `bundle` what came so far."""

    name: str
    tail: str
    bundle: Mapping[str, Any]
    answer: Answer


def unread(prefetch: Mapping[str, Any], answers: Iterable[Answer], server: str, gaps: Mapping[str, str]) -> list[Page]:
    """Prefetched pages that close a gap when they are read on. A link that leads elsewhere is none of them."""
    pages = []
    for (name, value), answer in zip(prefetch.items(), answers, strict=True):
        if answer.cause == "more-pages" and answer.keys & gaps.keys() and isinstance(value, dict):
            tail = tail_below(server, answer.next_url)
            if tail is not None:
                pages.append(Page(name, tail, value, answer))
    return pages


def ask(
    queries: Mapping[str, str], pages: Iterable[Page], gaps: Mapping[str, str], fetch: Fetch, patient: Person
) -> tuple[dict[str, Answer], list[tuple[Answer, Answer]], dict[str, str]]:
    """One round, and a second one for lists whose next page is gone: they are asked for anew.

    `queries` are by key. Returns (answers by key, (before, after) of Bundles read on, the gaps that remain).
    """
    pages = list(pages)
    continued = {key for page in pages for key in page.answer.keys if key in gaps}
    first = {key: query for key, query in queries.items() if key not in continued}
    fetched = fetch((*first.values(), *dict.fromkeys(page.tail for page in pages)))
    left = {key: cause for key, cause in gaps.items() if key not in queries}
    replies, refused = _replies(first, fetched, patient)
    left |= refused
    grown: list[tuple[Answer, Answer]] = []
    again: dict[str, str] = {}
    for page in pages:
        got = fetched.get(page.tail, Fetched(cause="timeout"))
        whole = _read_on(page, got)
        if whole is not None:
            grown.append((page.answer, whole))
        for key in page.answer.keys & gaps.keys():
            if whole is not None and not whole.cause and key in whole.keys:
                continue
            left[key] = got.cause or (whole.cause if whole is not None else "malformed")
            if left[key] in _PAGE_GONE and key in queries:
                again[key] = queries[key]
    if again:
        more, refused = _replies(again, fetch(tuple(again.values())), patient)
        replies |= more
        left = {key: cause for key, cause in left.items() if key not in more} | refused
    return replies, grown, left


def _replies(
    queries: Mapping[str, str], fetched: Mapping[str, Fetched], patient: Person
) -> tuple[dict[str, Answer], dict[str, str]]:
    """Whole or partial answers by key, and why the others (and the partial ones) stay open."""
    replies: dict[str, Answer] = {}
    left: dict[str, str] = {}
    for key, query in queries.items():
        got = fetched.get(query, Fetched(cause="timeout"))
        if got.cause or got.value is None:
            left[key] = got.cause or "malformed"
            continue
        answer = judge(key, got.value)
        if key not in answer.keys:
            left[key] = answer.refused.get(key, "malformed")
            continue
        replies[key] = answer
        if answer.cause:
            left[key] = answer.cause
        elif searched_otherwise(query, got.value, patient):
            left[key] = NOT_AS_ASKED
    return replies, left


def _read_on(page: Page, got: Fetched) -> Answer | None:
    """The Bundle with its further pages; None where they could not be read."""
    rest = got.value
    if (
        not isinstance(rest, dict)
        or rest.get("resourceType") != "Bundle"
        or not isinstance(rest.get("entry") or [], list)
    ):
        return None
    merged = {
        **page.bundle,
        "entry": [*(page.bundle.get("entry") or []), *(rest.get("entry") or [])],
        "link": [link for link in items(page.bundle.get("link")) if link.get("relation") not in ("next", ["next"])]
        + [link for link in items(rest.get("link")) if link.get("relation") in ("next", ["next"])],
    }
    return judge(page.name, merged)


def medications(missing: Iterable[str], fetch: Fetch) -> dict[str, Mapping[str, Any]]:
    """The Medications of those references that the server has: read one by one, many of them by a search for ids."""
    wanted = sorted(missing)[:_MOST_MEDICATIONS]
    found: dict[str, Mapping[str, Any]] = {}
    if len(wanted) > _MOST_READS:
        ids = [target.removeprefix("Medication/") for target in wanted]
        lots = [ids[start : start + _MOST_IN_A_SEARCH] for start in range(0, len(ids), _MOST_IN_A_SEARCH)]
        for got in fetch(tuple(f"Medication?_id={','.join(lot)}" for lot in lots)).values():
            bundle = got.value if isinstance(got.value, dict) else {}
            for entry in items(bundle.get("entry")):
                resource = entry.get("resource")
                if isinstance(resource, dict) and own(resource) in wanted:
                    found.setdefault(own(resource), resource)
    left = tuple(target for target in wanted if target not in found)[: 2 * _MOST_READS]
    for target, got in fetch(left).items() if left else ():
        value = got.value
        if isinstance(value, dict) and value.get("resourceType") == "Medication" and own(value) in ("", target):
            found[target] = value
    return found
