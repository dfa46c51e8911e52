"""What a server says that it searched for: the self link of its answer, compared with what was asked (trust T4).

A server may leave a parameter out, spell it otherwise or add its own for pages and formats. More than was asked for
does no harm: what is not wanted is sorted out on reading. Less, or something else, is no proof that there is nothing.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cds_service.fhir.answers import KEY_TYPES
from cds_service.fhir.elements import items, text_of
from cds_service.fhir.references import Person, relative

_TYPES = frozenset(kind for kinds in KEY_TYPES.values() for kind in kinds)
_WHOSE = ("patient", "subject", "actor")
"""An appointment names its patient among the actors."""
_HARMLESS = {("_summary", "false")}
_NARROWING = frozenset((
    "_id", "_lastUpdated", "_tag", "_profile", "_security", "_source", "_text", "_content", "_list", "_has",
    "_type", "_query", "_filter", "_language", "_in", "_elements", "_summary", "category", "status",
    "clinical-status", "verification-status", "clinicalstatus", "verificationstatus", "date", "authored",
    "authoredon", "datewritten", "effective", "effective-time", "whenhandedover", "whenprepared", "onset",
    "onset-date", "recorded-date", "asserted-date", "abatement-date", "date-recorded", "last-date", "occurrence",
    "performed", "issued", "encounter", "context", "episode", "intent", "priority", "type", "severity",
    "criticality", "stage", "evidence", "body-site", "bodysite", "medication", "manifestation", "substance",
    "route", "recorder", "asserter", "reporter", "source", "performer", "requester", "prescriber", "orderer",
    "practitioner", "location", "specialty", "service-type", "service-category", "slot", "appointment-type",
    "reason", "reason-code", "reason-reference", "based-on", "part-of", "instantiates-canonical", "specimen",
    "device", "method", "focus", "has-member", "value-concept", "value-quantity", "value-string", "value-date",
    "component-code", "combo-code", "component-value-quantity", "combo-value-quantity", "data-absent-reason",
    "identifier", "receiver", "responsibleparty", "destination", "dispenser", "prescription",
))  # fmt: skip
"""Parameters, of any type asked for, that leave records or (`_elements`) parts of them out; see "Parameters for all
resources" and the types in FHIR. Others are pages, formats and tokens."""
_Said = Sequence[tuple[str, str, frozenset[str]]]


def searched_otherwise(query: str, bundle: Any, patient: Person) -> bool:
    """Whether the answer to `query` says that it is one to a narrower search, or to another one.

    Only a link that names a search tells anything; one that holds a token of the server does not.
    """
    if "?" not in query:
        return False
    kind, asked = _search(query)
    for url in _self_links(bundle):
        said_kind, said = _search(url)
        if said_kind in _TYPES and (said_kind != kind or _is_narrower(said, asked, patient)):
            return True
    return False


def is_of_another(bundle: Any, patient: Person) -> bool:
    """Whether the answer says that it is one to a search for another patient."""
    for url in _self_links(bundle):
        kind, said = _search(url)
        if kind in _TYPES and not all(_is_for(values, patient) for values in _owners(said)):
            return True
    return False


def _self_links(bundle: Any) -> list[str]:
    links = items(bundle.get("link")) if isinstance(bundle, dict) else ()
    return [text_of(link.get("url")) for link in links if link.get("relation") in ("self", ["self"])]


def _is_narrower(said: _Said, asked: _Said, patient: Person) -> bool:
    owners = _owners(said)
    if not owners and not any(name in _WHOSE for name, _, _ in said):
        return True
    if not all(_is_for(values, patient) for values in owners):
        return True
    codes = frozenset(code for name, _, values in asked if name == "code" for code in values)
    # Repeated parameters have to be met all, so each has to let everything through.
    if any(not codes or not codes <= values for name, _, values in said if name == "code"):
        return True
    return any(
        name in _NARROWING and values != {""} and not any((name, value) in _HARMLESS for value in values)
        for name, _, values in said
    )


def _owners(said: _Said) -> list[frozenset[str]]:
    """The values of parameters that name a patient by reference; a number of theirs cannot be compared."""
    return [values for name, rest, values in said if name in _WHOSE and rest in ("", "Patient")]


def _is_for(values: frozenset[str], patient: Person) -> bool:
    """A search for several patients is one for this patient too."""
    return any(not patient.doubt({"reference": _as_reference(value)}) for value in values)


def _as_reference(value: str) -> str:
    return value if "/" in value or ":" in value else f"Patient/{value}"


def _search(url: str) -> tuple[str, _Said]:
    """(resource type, (parameter, chain or modifier, values)) of a search, systems of codes left out.

    `Patient/ada/Condition?…` is a search for Ada's.
    """
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return "", ()
    found = []
    for name, value in pairs:
        name, _, rest = name.replace(".", ":").partition(":")
        found.append((name, rest, frozenset(one.rsplit("|", 1)[-1].strip() for one in value.split(","))))
    path = parts.path.removesuffix("/_search").rstrip("/").split("/")
    if len(path) > 2 and path[-3] == "Patient":
        found.append(("patient", "", frozenset({relative("/".join(path[-3:-1]))})))
    return path[-1], found
