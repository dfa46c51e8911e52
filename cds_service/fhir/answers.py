"""What one prefetch value or one server answer means: data, none, failed, or not the whole (cds-hooks E, rulebook 39).

Keys are the client's to spell, so data is recognised by resource type first, then by the search it says it answers
(self link), and by the key only where the content leaves it open.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cds_service.fhir.elements import code_of, concept, items, text_of
from cds_service.terminology.observations import observation_group

KEY_TYPES: Mapping[str, tuple[str, ...]] = {
    "patient": ("Patient",),
    "encounter": ("Encounter",),
    "medStatements": ("MedicationStatement",),
    "medRequests": ("MedicationRequest", "MedicationOrder"),
    "medDispenses": ("MedicationDispense",),
    "medAdministrations": ("MedicationAdministration",),
    "conditions": ("Condition",),
    "allergies": ("AllergyIntolerance",),
    "pregnancyObs": ("Observation",),
    "labs": ("Observation",),
    "toxLabs": ("Observation",),
    "outcomes": ("Observation",),
    "procedures": ("Procedure",),
    "serviceRequests": ("ServiceRequest", "ProcedureRequest", "DiagnosticOrder"),
    "appointments": ("Appointment",),
}
_TYPE_KEYS = {kind: key for key, kinds in KEY_TYPES.items() for kind in kinds if kind != "Observation"}
_OBSERVATION_KEYS = ("pregnancyObs", "labs", "toxLabs", "outcomes")
_PREGNANCY_GROUPS = ("hCG", "pregnancy", "estimated-delivery", "breastfeeding", "gestational")
_OUTCOMES = frozenset({"pain-score", "fibromyalgia-impact", "global-impression"})
_SPELLED = {re.sub(r"[^a-z]", "", key.lower()): key for key in KEY_TYPES} | {
    re.sub(r"[^a-z]", "", (kind + "s").lower()): key for kind, key in _TYPE_KEYS.items()
}
_NO_RESULTS = re.compile(r"\bno (?:\w+ )?(?:results?|matches|records?|data|entries|resources?)\b", re.I)
_PARTIAL = frozenset({"timeout", "incomplete", "throttled"})
EPIC_NO_RESULTS = "4101"
_MATCH = {"mode": "match"}
_Entries = tuple[list[tuple[str, Mapping[str, Any]]], set[str], int, str]
"""(fullUrl, resource) pairs, their types, how many of them the search matched, and what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`keys` of rulebook b.5 that this value answers, its resources, and what is wrong with it.

    `cause` is empty for a whole answer, else a key of the `[causes]` table of the not-checked card; `refused` are keys
    that were asked here and not answered. `null` is true for a value of null. `resources` are (fullUrl, resource).
    """

    keys: frozenset[str] = frozenset()
    resources: tuple[tuple[str, Mapping[str, Any]], ...] = field(default=(), repr=False)
    cause: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    null: bool = False
    next_url: str = ""


def key_of(name: str) -> str:
    """The b.5 key that a client's key name means, with suffixes such as Epic's `-user` tolerated; empty if none."""
    if name in KEY_TYPES:
        return name
    letters = re.sub(r"[^a-z]", "", name.lower()[:80])
    best = max((spelled for spelled in _SPELLED if letters.startswith(spelled)), key=len, default="")
    return _SPELLED.get(best, "")


def key_of_kind(kind: str, under: frozenset[str]) -> str:
    """The key under which a type is spoken of. Results are four lists: the one that it came in (`under`), else labs."""
    if kind != "Observation":
        return _TYPE_KEYS.get(kind, kind)
    lists = under.intersection(_OBSERVATION_KEYS)
    return next(iter(lists)) if len(lists) == 1 else "labs"


def key_of_resource(resource: Mapping[str, Any], under: frozenset[str]) -> str:
    """The key under which a resource is spoken of: of a result, what was measured tells more than where it came."""
    return _observation_key(resource) or key_of_kind(resource["resourceType"], under)


def judge(name: str, value: Any) -> Answer:
    """The meaning of one value under one key. A value that nothing can be made of costs its own key and no other."""
    try:
        return _judge(name, value)
    except (TypeError, ValueError, AttributeError, KeyError, RecursionError):
        return Answer(refused=dict.fromkeys([key] if (key := key_of(name)) else [], "malformed"))


def _judge(name: str, value: Any) -> Answer:
    asked = key_of(name)
    own = frozenset({asked} if asked else ())
    if value is None:
        return Answer(keys=own, null=True)
    if isinstance(value, list):
        value = {"resourceType": "Bundle", "entry": [{"resource": one or []} for one in value]}
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        return Answer(refused=dict.fromkeys(own, "malformed"))
    if value["resourceType"] == "OperationOutcome":
        return Answer(keys=own) if is_no_results(value) else Answer(refused=dict.fromkeys(own, "outcome"))
    if value["resourceType"] != "Bundle":
        value = {"resourceType": "Bundle", "entry": [{"resource": value}]}
    return _bundle(asked, value)


def _bundle(asked: str, bundle: Mapping[str, Any]) -> Answer:
    entries = bundle.get("entry")
    resources, kinds, matches, cause = _as_mostly_written(entries) or _entries(entries)
    next_url = _link(bundle, "next")
    total = bundle.get("total")
    if not cause and next_url is not None:
        cause = "more-pages"
    elif not cause and total is not None and (isinstance(total, bool) or not isinstance(total, int)):
        cause = "malformed"
    elif not cause and total is not None and total > matches:
        cause = "truncated"
    keys = _answered(asked, kinds, resources, _link(bundle, "self") or "")
    refused = {}
    if asked and asked not in keys:
        refused[asked] = cause or "wrong-type"
    return Answer(keys, tuple(resources), cause, refused, next_url=next_url or "")


def _as_mostly_written(entries: Any) -> _Entries | None:
    """Entries that are all matches with a fullUrl, as most servers write them; None where one needs a closer look.

    A third of the price of looking at each, and a record has hundreds.
    """
    if not isinstance(entries, list):
        return None
    try:
        pairs = [(entry["fullUrl"].strip(), entry["resource"]) for entry in entries]
        kinds = {resource["resourceType"] for _, resource in pairs}
        matches = [entry["search"] for entry in entries].count(_MATCH)
        plain = matches == len(pairs) and "OperationOutcome" not in kinds and all(map(_is_kind, kinds))
    except (TypeError, KeyError, AttributeError):
        return None
    return (pairs, kinds, matches, "") if plain else None


def _entries(entries: Any) -> _Entries:
    resources: list[tuple[str, Mapping[str, Any]]] = []
    kinds: set[str] = set()
    cause, matches = "", 0
    if entries is not None and not isinstance(entries, list):
        cause = "malformed"
    for entry in entries if isinstance(entries, list) else []:
        resource = entry.get("resource") if isinstance(entry, dict) else entry
        if not isinstance(resource, dict):
            # An entry without a resource is skipped (cds-hooks 44); anything else in its place is not.
            if resource is not None or not isinstance(entry, dict):
                cause = "malformed"
            continue
        kind = resource.get("resourceType")
        if not isinstance(kind, str):
            cause = "malformed"
            continue
        if kind not in kinds:
            if not _is_kind(kind):
                cause = "malformed"
                continue
            if kind == "OperationOutcome":
                cause = cause or _outcome_cause(resource)
                continue
            kinds.add(kind)
        search = entry.get("search")
        mode = search.get("mode") if isinstance(search, dict) else None
        matches += mode is None or mode == "match" or code_of(mode) in ("", "match")
        full_url = entry.get("fullUrl")
        resources.append((full_url.strip() if isinstance(full_url, str) else "", resource))
    return resources, kinds, matches, cause


def _is_kind(value: str) -> bool:
    """A resource type as FHIR names them."""
    return value[:1].isupper() and value.isalpha()


def _answered(
    asked: str, kinds: set[str], resources: Iterable[tuple[str, Mapping[str, Any]]], self_link: str
) -> frozenset[str]:
    if not kinds:
        return frozenset({asked} if asked else _keys_of_search(self_link))
    keys = {_TYPE_KEYS[kind] for kind in kinds if kind in _TYPE_KEYS}
    if "Observation" in kinds:
        if asked in _OBSERVATION_KEYS:
            keys.add(asked)
        else:
            keys |= _keys_of_search(self_link)
            keys |= {key for _, resource in resources if (key := _observation_key(resource))}
    if asked in keys or not asked:
        return frozenset(keys)
    # A Bundle of nothing but included resources (Medication, Practitioner) answers a search that found no match.
    foreign = kinds & (set(_TYPE_KEYS) | {"Observation"})
    return frozenset(keys) if foreign else frozenset()


def _observation_key(resource: Mapping[str, Any]) -> str:
    if resource.get("resourceType") != "Observation":
        return ""
    return _group_key(observation_group(concept(resource.get("code"))))


def _group_key(group: str) -> str:
    if not group:
        return ""
    if group.startswith("urine-"):
        return "toxLabs"
    if group.startswith(_PREGNANCY_GROUPS):
        return "pregnancyObs"
    return "outcomes" if group in _OUTCOMES else "labs"


def _keys_of_search(url: str) -> set[str]:
    parts = urlsplit(url) if url else None
    if parts is None:
        return set()
    kind = parts.path.rstrip("/").rsplit("/", 1)[-1]
    if kind in _TYPE_KEYS:
        return {_TYPE_KEYS[kind]}
    if kind != "Observation":
        return set()
    codes = [code.rsplit("|", 1)[-1] for value in parse_qs(parts.query).get("code", ()) for code in value.split(",")]
    loinc = "http://loinc.org"
    found = {_group_key(observation_group(concept({"coding": [{"system": loinc, "code": code}]}))) for code in codes}
    return found - {""} if codes else {"labs", "pregnancyObs"}


def _link(bundle: Mapping[str, Any], relation: str) -> str | None:
    """The URL of a link, empty where it cannot be used; None where there is no such link."""
    for link in items(bundle.get("link")):
        if link.get("relation") in (relation, [relation]):
            return text_of(link.get("url"))
    return None


def is_no_results(outcome: Mapping[str, Any]) -> bool:
    """A warning that says "no results" is an answer, not a failure (Epic's 4101)."""
    issues = list(items(outcome.get("issue")))
    return bool(issues) and all(
        issue.get("severity") in ("warning", "information")
        and (
            issue.get("code") == "not-found"
            or code_of(issue.get("details")) == EPIC_NO_RESULTS
            or bool(_NO_RESULTS.search(_words(issue)[:500]))
        )
        for issue in issues
    )


def _outcome_cause(outcome: Mapping[str, Any]) -> str:
    """An error in the Bundle spoils it; a warning does not, unless it says that data are partial or old."""
    for issue in items(outcome.get("issue")):
        if issue.get("severity") not in ("warning", "information"):
            return "outcome"
        if code_of(issue.get("code")) in _PARTIAL:
            return "partial"
    return ""


def _words(issue: Mapping[str, Any]) -> str:
    details = issue.get("details")
    words = concept(details).words if isinstance(details, dict) else ""
    return f"{words} {text_of(issue.get('diagnostics'))}"
