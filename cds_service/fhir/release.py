"""Which FHIR release a client speaks: what its resources look like, else what its server says (cds-hooks 103).

Names are those of `metadata`: DSTU2 is FHIR 1.0, STU3 is 3.0, R4 is 4.0 and 4.3 (R4B), R5 is 5.0.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cds_service.fhir.elements import items

DSTU2, STU3, R4, R5 = "DSTU2", "STU3", "R4", "R5"
UNSUPPORTED = "unsupported"
"""In place of a name where the server speaks a release that this service cannot write."""
ASSUMED = "assumed"
"""In place of who told the release, where nobody did."""
METADATA = "metadata"
"""The query, relative to the base, that every FHIR server answers with what it is."""
_R4_ONLY = ("encounter", "doNotPerform", "reportedBoolean", "reportedReference", "statusReason", "courseOfTherapyType",
            "instantiatesCanonical", "performerType", "insurance")  # fmt: skip
_MEDICATION_RECORDS = frozenset({"MedicationStatement", "MedicationDispense", "MedicationAdministration"})
_STU3_ONLY = ("taken", "notGiven", "notDone")
_DSTU2_ONLY = ("wasNotTaken", "wasNotGiven", "effectiveTimeDateTime", "effectiveTimePeriod", "patient")
_VERSIONS = {"1.0": DSTU2, "3.0": STU3, "4.0": R4, "4.1": R4, "4.3": R4, "5.0": R5}
_VERSION = re.compile(r"\s*(\d{1,2}\.\d{1,2})(?!\d)")
_CAPABILITIES = ("CapabilityStatement", "Conformance")


@dataclass(frozen=True, slots=True)
class Release:
    """`name` is one of the four, or UNSUPPORTED. `told_by` says how it is known: drafts, record, metadata, caller.

    ASSUMED where nothing told it.
    """

    name: str
    told_by: str


def told(drafts: Iterable[Mapping[str, Any]], others: Iterable[Mapping[str, Any]]) -> Release | None:
    """What the resources say. The drafts decide; where they leave it open the patient's data do; None where neither.

    A MedicationRequest without a sign of its own is STU3 or R4 whatever the data beside it look like: R5 would name its
    drug otherwise, DSTU2 has no such type.
    """
    drafts = list(drafts)
    votes = {vote for draft in drafts if (vote := _vote(draft))}
    for release in (DSTU2, R5, R4, STU3):
        if release in votes:
            return Release(release, "drafts")
    possible = _possible(drafts)
    seen = {vote for resource in others if (vote := _vote(resource))}
    for release in (R5, R4, STU3, DSTU2):
        if release in seen and release in possible:
            return Release(release, "record")
    return None


def settled(drafts: Iterable[Mapping[str, Any]], metadata: Any, registered: str) -> Release:
    """The release where resources do not tell it: the server's word, else the caller's registration, else R4.

    `metadata` is the body of the server's answer, None where there was none. A word that the drafts contradict counts
    for nothing: they are what an answer has to fit.
    """
    drafts = list(drafts)
    possible = _possible(drafts)
    name = release_in(metadata)
    if name in possible or name == UNSUPPORTED:
        return Release(name, "metadata")
    if registered in possible:
        return Release(registered, "caller")
    # A dose beside the timing is STU3's spelling, but the public sandbox writes it in R4 too: the weakest sign.
    if any(_dose_beside_timing(draft) for draft in drafts):
        return Release(STU3, "drafts")
    return Release(R4, ASSUMED)


def release_of(drafts: Iterable[Mapping[str, Any]], others: Iterable[Mapping[str, Any]]) -> str:
    """The release by resources alone; R4 where nothing tells."""
    drafts = list(drafts)
    return (told(drafts, others) or settled(drafts, None, "")).name


def release_in(metadata: Any) -> str:
    """The release that a CapabilityStatement names (DSTU2 called it Conformance); empty where it names none."""
    if not isinstance(metadata, dict) or metadata.get("resourceType") not in _CAPABILITIES:
        return ""
    version = metadata.get("fhirVersion")
    found = _VERSION.match(version) if isinstance(version, str) else None
    return _VERSIONS.get(found[1], UNSUPPORTED) if found else ""


def _possible(drafts: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    if any(draft.get("resourceType") == "MedicationRequest" for draft in drafts):
        return frozenset({STU3, R4})
    return frozenset({DSTU2, STU3, R4, R5})


def _vote(resource: Mapping[str, Any]) -> str:
    kind = resource.get("resourceType")
    if not isinstance(kind, str):
        return ""
    if kind == "MedicationRequest":
        return _order_vote(resource)
    if kind in ("MedicationOrder", "DiagnosticOrder"):
        return DSTU2
    if kind in _MEDICATION_RECORDS:
        return _medication_vote(resource)
    if kind == "AllergyIntolerance" and "substance" in resource:
        return DSTU2
    if kind in ("Condition", "AllergyIntolerance"):
        status = resource.get("clinicalStatus")
        if isinstance(status, dict):
            return R5 if "participant" in resource or isinstance(resource.get("type"), dict) else R4
        if isinstance(status, str):
            return DSTU2 if kind == "Condition" and "patient" in resource else STU3
    if kind == "ServiceRequest":
        code = resource.get("code")
        return R5 if isinstance(code, dict) and ("concept" in code or "reference" in code) else R4
    if kind == "ProcedureRequest":
        return STU3 if "intent" in resource else DSTU2
    if kind == "Encounter":
        return _encounter_vote(resource)
    return ""


def _medication_vote(record: Mapping[str, Any]) -> str:
    if isinstance(record.get("medication"), dict):
        return R5
    if any(name in record for name in _DSTU2_ONLY):
        return DSTU2
    return STU3 if any(name in record for name in _STU3_ONLY) else ""


def _encounter_vote(encounter: Mapping[str, Any]) -> str:
    if isinstance(encounter.get("class"), list) or "actualPeriod" in encounter:
        return R5
    return DSTU2 if isinstance(encounter.get("class"), str) or "patient" in encounter else ""


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
