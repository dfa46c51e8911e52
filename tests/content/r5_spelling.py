"""R4 written as R5: the same patient in the words of FHIR 5.0.0, element by element as its resource pages say.

What R5 cannot say (a statement that a drug is *intended*) is named by `untold`.
"""

from collections.abc import Iterator
from typing import Any

Resource = dict[str, Any]

_ADHERENCE = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
_ADHERENCES = {"active": "taking", "completed": "stopped", "stopped": "stopped", "on-hold": "on-hold",
               "not-taken": "not-taking", "unknown": "unknown"}  # fmt: skip
_ALLERGY_TYPE = "http://hl7.org/fhir/allergy-intolerance-type"
_RENAMED = {
    "MedicationStatement": {"context": "encounter"},
    "MedicationDispense": {"context": "encounter"},
    "MedicationAdministration": {
        "context": "encounter",
        # R5 really spells it with one r.
        "effectiveDateTime": "occurenceDateTime",
        "effectivePeriod": "occurencePeriod",
    },
    "MedicationRequest": {"reportedBoolean": "reported"},
    "Procedure": {"performedDateTime": "occurrenceDateTime", "performedPeriod": "occurrencePeriod"},
    "Encounter": {"period": "actualPeriod"},
}
_MEDICATIONS = frozenset({"MedicationStatement", "MedicationRequest", "MedicationDispense", "MedicationAdministration"})


def in_r5(value: Any) -> Any:
    """A copy in which every R4 resource is R5, wherever it stands; anything misshapen stays as it is."""
    if isinstance(value, list):
        return [in_r5(one) for one in value]
    if not isinstance(value, dict):
        return value
    resource = {name: in_r5(inner) for name, inner in value.items()}
    kind = resource.get("resourceType")
    return _resource(kind, resource) if isinstance(kind, str) else resource


def untold(value: Any) -> Iterator[str]:
    """What of R4 has no word in R5."""
    if isinstance(value, dict):
        if value.get("resourceType") == "MedicationStatement" and value.get("status") == "intended":
            yield "a statement of what is intended"
        for inner in value.values():
            yield from untold(inner)
    elif isinstance(value, list):
        for one in value:
            yield from untold(one)


def _resource(kind: str, resource: Resource) -> Resource:
    resource = {_RENAMED.get(kind, {}).get(name, name): inner for name, inner in resource.items()}
    if kind in _MEDICATIONS:
        _wrap_drug(resource)
        for name in ("dosage", "dosageInstruction"):
            for line in _objects(resource.get(name)):
                _right_as_needed(line)
    _wrap_reasons(kind, resource)
    if kind == "MedicationStatement":
        _say_adherence(resource)
    elif kind == "Medication":
        for part in _objects(resource.get("ingredient")):
            _wrap(part, "itemCodeableConcept", "itemReference", "item")
    elif kind == "ServiceRequest" and isinstance(resource.get("code"), dict):
        resource["code"] = {"concept": resource["code"]}
    elif kind == "Appointment":
        resource |= {"serviceType": [{"concept": one} for one in _objects(resource.pop("serviceType", None))]}
        resource = {name: inner for name, inner in resource.items() if inner != []}
    elif kind == "Encounter" and isinstance(resource.get("class"), dict):
        resource["class"] = [{"coding": [resource["class"]]}]
    elif kind == "AllergyIntolerance":
        if isinstance(resource.get("type"), str):
            resource["type"] = {"coding": [{"system": _ALLERGY_TYPE, "code": resource["type"]}]}
        for reaction in _objects(resource.get("reaction")):
            if isinstance(reaction.get("manifestation"), list):
                reaction["manifestation"] = [{"concept": one} for one in reaction["manifestation"]]
    return resource


def _objects(value: Any) -> list[Resource]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _wrap(holder: Resource, code: str, reference: str, name: str) -> None:
    wrapped = {
        part: holder.pop(old) for part, old in (("concept", code), ("reference", reference)) if old in holder
    }  # fmt: skip
    if wrapped:
        holder[name] = wrapped


def _wrap_drug(resource: Resource) -> None:
    _wrap(resource, "medicationCodeableConcept", "medicationReference", "medication")


def _right_as_needed(line: Resource) -> None:
    if "asNeededBoolean" in line:
        line["asNeeded"] = line.pop("asNeededBoolean")
    if "asNeededCodeableConcept" in line:
        line["asNeededFor"] = [line.pop("asNeededCodeableConcept")]


def _wrap_reasons(kind: str, resource: Resource) -> None:
    reasons = [{"concept": one} for one in _objects(resource.pop("reasonCode", None))]
    reasons += [{"reference": one} for one in _objects(resource.pop("reasonReference", None))]
    if reasons:
        resource["reason"] = [{"value": reasons}] if kind == "Encounter" else reasons


def _say_adherence(resource: Resource) -> None:
    """R5's status says that a statement was written down; whether the drug is taken stands in `adherence`."""
    adherence = _ADHERENCES.get(str(resource.get("status")))
    if adherence:
        resource["status"] = "recorded"
        resource["adherence"] = {"code": {"coding": [{"system": _ADHERENCE, "code": adherence}]}}
