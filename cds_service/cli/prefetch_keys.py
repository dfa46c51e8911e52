"""Prefetch under the keys that another service asks for: our cases name theirs as this service does.

A client sends what a service asks for, under the service's own names. So each template of a service that a case has no
value for is filled with what the case knows of the same resource type. Pure.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

from cds_service.fhir.elements import items
from cds_service.hooks.prefetch import TEMPLATES


def renamed(request: Mapping[str, Any], asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request with a value for every key of `asked` (a service's templates) that its own prefetch can fill."""
    sent = request.get("prefetch")
    if not isinstance(sent, Mapping):
        return request
    filled = {
        key: value
        for key, template in asked.items()
        if key not in sent
        and key not in TEMPLATES  # one of ours that a case leaves out is left out on purpose
        and isinstance(template, str)
        and (value := _value(template, sent)) is not None
    }
    return {**request, "prefetch": {**sent, **filled}} if filled else request


def _value(template: str, sent: Mapping[str, Any]) -> Any:
    """One resource for a read, a Bundle of what matches for a search; None where the case does not know the type."""
    path, _, query = template.partition("?")
    kind, _, identity = path.partition("/")
    known = {TEMPLATES[key].partition("?")[0].partition("/")[0] for key in sent if key in TEMPLATES}
    entries = [entry for value in sent.values() for entry in _entries(value)]
    found = [entry for entry in entries if entry["resource"].get("resourceType") == kind]
    if identity:
        return found[0]["resource"] if found else None
    codes = {code.rpartition("|")[2] for value in parse_qs(query).get("code", ()) for code in value.split(",")}
    kept = [entry for entry in found if not codes or _coded(entry["resource"]) & codes]
    if not found and kind not in known:
        return None
    return {"resourceType": "Bundle", "type": "searchset", "total": len(kept), "entry": kept}


def _entries(value: Any) -> Iterable[Mapping[str, Any]]:
    if not isinstance(value, Mapping):
        return
    if value.get("resourceType") != "Bundle":
        yield {"resource": value}
        return
    yield from (entry for entry in items(value.get("entry")) if isinstance(entry.get("resource"), Mapping))


def _coded(resource: Mapping[str, Any]) -> set[Any]:
    code = resource.get("code")
    codings = items(code.get("coding")) if isinstance(code, Mapping) else ()
    return {coding.get("code") for coding in codings if isinstance(coding.get("code"), str)}
