"""Which drug a medication resource is about: the code, or the reference followed to where the Medication is."""

from collections.abc import Callable, Mapping
from typing import Any

from cds_service.fhir.elements import concept, items, text_of
from cds_service.fhir.references import relative
from cds_service.record import Concept
from cds_service.terminology.systems import is_our_system

Find = Callable[[str], Mapping[str, Any] | None]


def medication_concept(resource: Mapping[str, Any], find: Find) -> tuple[Concept, str]:
    """(what it is called, the reference that led nowhere).

    Contained Medications first, then `find` (same Bundle, prefetch, server). Where the reference leads nowhere its
    display text is used, and only without one is it unresolved (rulebook b.1).
    """
    whole = resource.get("medicationCodeableConcept")
    reference = resource.get("medicationReference")
    if isinstance(resource.get("medication"), dict):
        inner = resource["medication"]
        whole = inner.get("concept", whole if "reference" in inner else inner)
        reference = inner.get("reference", reference)
        reference = reference if isinstance(reference, dict) else {"reference": reference} if reference else None
    if isinstance(whole, dict) and (whole.get("coding") or whole.get("text")):
        return concept(whole), ""
    if not isinstance(reference, dict):
        return Concept(), ""
    target = reference.get("reference")
    found = _contained(resource, target) if isinstance(target, str) else None
    if found is None and isinstance(target, str) and not target.startswith("#"):
        found = find(target) or find(relative(target))
    if found is not None:
        named = _with_ingredients(concept(found.get("code")), found)
        if named.codings or named.text:
            return named, ""
    display = text_of(reference.get("display"))
    if display:
        return Concept((), display), ""
    return Concept(), (target if isinstance(target, str) else "") or "a medication reference"


def names_drug(named: Concept) -> bool:
    """A code of a system we hold no drug codes for, without any words, names nothing that could be checked."""
    return bool(named.words) or any(coding.code and is_our_system(coding.system) for coding in named.codings)


def _contained(resource: Mapping[str, Any], target: str) -> Mapping[str, Any] | None:
    if not target.startswith("#"):
        return None
    return next((one for one in items(resource.get("contained")) if f"#{one.get('id', '')}" == target), None)


def _with_ingredients(named: Concept, found: Mapping[str, Any]) -> Concept:
    """The code of a Medication, plus its ingredients' codings where the code alone carries no coding (compounds)."""
    if named.codings:
        return named
    inside = [
        concept(part.get("itemCodeableConcept") or part.get("item"))
        for part in items(found.get("ingredient") or (found.get("product") or {}).get("ingredient"))
    ]
    return Concept(tuple(coding for part in inside for coding in part.codings), named.text)
