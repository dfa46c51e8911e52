"""A patient's Bundle as the prefetch that a client would have sent of it: our templates answered from the Bundle."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from cds_service.fhir.answers import KEY_TYPES
from cds_service.fhir.elements import concept, items
from cds_service.fhir.references import own, relative
from cds_service.hooks.prefetch import TEMPLATES

Entries = Sequence[Mapping[str, Any]]


def entries_of(bundle: Mapping[str, Any]) -> Entries:
    """Entries with a resource; a bare resource counts as one."""
    if bundle.get("resourceType") != "Bundle":
        return [{"resource": bundle}]
    return [entry for entry in items(bundle.get("entry")) if isinstance(entry.get("resource"), Mapping)]


def patients_in(entries: Entries) -> list[Mapping[str, Any]]:
    return [entry["resource"] for entry in entries if entry["resource"].get("resourceType") == "Patient"]


def prefetch_from(entries: Entries, patient: Mapping[str, Any] | None) -> dict[str, Any]:
    """Every key but the encounter's, which a Bundle leaves open; a list that the Bundle says nothing of is empty.

    Medications stand beside the records that refer to them, as a search with `_include` would bring them.
    """
    medications: dict[str, Mapping[str, Any]] = {
        name: entry
        for entry in entries
        if entry["resource"].get("resourceType") == "Medication"
        for name in (own(entry["resource"]), entry.get("fullUrl"))
        if isinstance(name, str) and name
    }
    filled: dict[str, Any] = {}
    for key, template in TEMPLATES.items():
        if key == "patient":
            filled[key] = patient
        elif key != "encounter":
            found = [entry for entry in entries if _answers(entry["resource"], key, template)]
            filled[key] = _searchset(found, _included(found, medications))
    return filled


def _answers(resource: Mapping[str, Any], key: str, template: str) -> bool:
    if resource.get("resourceType") not in KEY_TYPES[key]:
        return False
    asked = {code for value in parse_qs(template).get("code", ()) for code in value.split(",")}
    return not asked or any(coding.code in asked for coding in concept(resource.get("code")).codings)


def _included(found: Iterable[Mapping[str, Any]], medications: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    named = []
    for entry in found:
        medication = entry["resource"].get("medicationReference") or entry["resource"].get("medication")
        reference = medication.get("reference") if isinstance(medication, Mapping) else None
        nested = reference.get("reference") if isinstance(reference, Mapping) else reference
        name = nested if isinstance(nested, str) and nested in medications else relative(nested)
        if name in medications and medications[name] not in named:
            named.append(medications[name])
    return named


def _searchset(found: Sequence[Mapping[str, Any]], included: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    entries = [_entry(one, "match") for one in found] + [_entry(one, "include") for one in included]
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    return {**bundle, "entry": entries} if entries else bundle


def _entry(entry: Mapping[str, Any], mode: str) -> dict[str, Any]:
    full_url = {"fullUrl": entry["fullUrl"]} if isinstance(entry.get("fullUrl"), str) else {}
    return {**full_url, "resource": entry["resource"], "search": {"mode": mode}}
