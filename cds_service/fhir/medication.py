"""Which drug a medication resource is about: the code, or the reference followed to where the Medication is."""

from collections.abc import Callable, Mapping
from typing import Any

from cds_service.fhir.elements import concept, items, text_of
from cds_service.record import Concept
from cds_service.terminology.drugs import identify
from cds_service.terminology.systems import is_our_system
from cds_service.terminology.unspecific import may_name_a_drug

Find = Callable[[str], Mapping[str, Any] | None]


def medication_concept(resource: Mapping[str, Any], find: Find) -> tuple[Concept, str]:
    """(what it is called, the reference that led nowhere).

    Contained Medications first, then `find` (same Bundle, prefetch, server). Where the reference leads nowhere its
    display text is used, and only without one is it unresolved (rulebook b.1).
    """
    whole = _whole(resource)
    if whole is not None:
        return concept(whole), ""
    reference = _referred(resource)
    if not reference:
        return Concept(), ""
    target = reference.get("reference")
    found = _contained(resource, target) if isinstance(target, str) else None
    if found is None and isinstance(target, str) and not target.startswith("#"):
        found = find(target)
    if found is not None:
        named = _with_ingredients(concept(found.get("code")), found)
        if named.codings or named.text:
            return named, ""
    display = text_of(reference.get("display"))
    if display:
        return Concept((), display), ""
    return Concept(), (target if isinstance(target, str) else "") or "a medication reference"


def is_otherwise_unknown(resource: Mapping[str, Any]) -> bool:
    """Whether only the Medication that an order refers to can tell its drug, or could tell more of one that matters.

    Words beside the reference are enough for any other drug; `compounded capsule` names none.
    """
    if _whole(resource) is not None:
        return False
    reference = _referred(resource)
    target = reference.get("reference")
    if isinstance(target, str) and _contained(resource, target) is not None:
        return False
    display = text_of(reference.get("display"))
    drug = identify(Concept((), display)) if may_name_a_drug(display) else None
    return not may_name_a_drug(display) or (drug is not None and bool(drug.opioids or drug.naltrexone))


def names_drug(named: Concept) -> bool:
    """A code of a system we hold no drug codes for, without any words, names nothing that could be checked."""
    return bool(named.words) or any(coding.code and is_our_system(coding.system) for coding in named.codings)


def _whole(resource: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The CodeableConcept that names the drug in place; R5 wraps it once more."""
    whole, inner = resource.get("medicationCodeableConcept"), resource.get("medication")
    if isinstance(inner, dict):
        whole = inner.get("concept", whole if "reference" in inner else inner)
    return whole if isinstance(whole, dict) and (whole.get("coding") or whole.get("text")) else None


def _referred(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """The Reference to a Medication; empty where there is none."""
    reference, inner = resource.get("medicationReference"), resource.get("medication")
    if isinstance(inner, dict):
        reference = inner.get("reference", reference)
        reference = {"reference": reference} if reference and not isinstance(reference, dict) else reference
    return reference if isinstance(reference, dict) else {}


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
