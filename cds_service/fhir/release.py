"""Which FHIR release a client speaks, judged by what its resources look like (cds-hooks 103)."""

from collections.abc import Iterable, Mapping
from typing import Any

from cds_service.fhir.elements import items

DSTU2, STU3, R4, R5 = "DSTU2", "STU3", "R4", "R5"
_R4_ONLY = ("encounter", "doNotPerform", "reportedBoolean", "reportedReference", "statusReason", "courseOfTherapyType",
            "instantiatesCanonical", "performerType", "insurance")  # fmt: skip
_ORDERS = ("MedicationRequest", "MedicationOrder")


def release_of(drafts: Iterable[Mapping[str, Any]], others: Iterable[Mapping[str, Any]]) -> str:
    """The drafts decide; where they leave it open the patient's data do; R4 where nothing tells."""
    drafts = list(drafts)
    votes = [vote for draft in drafts if (vote := _vote(draft))]
    for release in (DSTU2, R5, R4, STU3):
        if release in votes:
            return release
    seen = {vote for resource in others if (vote := _vote(resource))}
    for release in (R5, R4, STU3, DSTU2):
        if release in seen:
            return release
    # A dose beside the timing is STU3's spelling, but the public sandbox writes it in R4 too: the weakest sign.
    return STU3 if any(_dose_beside_timing(draft) for draft in drafts) else R4


def _vote(resource: Mapping[str, Any]) -> str:
    kind = resource.get("resourceType")
    if kind == "MedicationOrder":
        return DSTU2
    if kind == "MedicationRequest":
        return _order_vote(resource)
    if kind == "AllergyIntolerance" and "substance" in resource:
        return DSTU2
    if kind in ("Condition", "AllergyIntolerance"):
        status = resource.get("clinicalStatus")
        if isinstance(status, dict):
            return R4
        if isinstance(status, str):
            return DSTU2 if "patient" in resource else STU3
    if kind == "MedicationStatement":
        if "taken" in resource:
            return STU3
        if "wasNotTaken" in resource or "patient" in resource:
            return DSTU2
        if "adherence" in resource or isinstance(resource.get("medication"), dict):
            return R5
    return ""


def _order_vote(order: Mapping[str, Any]) -> str:
    if isinstance(order.get("medication"), dict):
        return R5
    lines = items(order.get("dosageInstruction"))
    if any("doseAndRate" in line for line in lines) or any(name in order for name in _R4_ONLY):
        return R4
    if isinstance(order.get("category"), list):
        return R4
    requester = order.get("requester")
    if "context" in order or (isinstance(requester, dict) and "agent" in requester):
        return STU3
    category = order.get("category")
    systems = [coding.get("system") for coding in items(category.get("coding"))] if isinstance(category, dict) else []
    if any(isinstance(system, str) and system.startswith("http://terminology.hl7.org/") for system in systems):
        return R4
    return STU3 if "http://hl7.org/fhir/medication-request-category" in systems else ""


def _dose_beside_timing(order: Mapping[str, Any]) -> bool:
    return any("doseQuantity" in line or "doseRange" in line for line in items(order.get("dosageInstruction")))
