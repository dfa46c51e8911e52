"""One patient's story spelled in R4, STU3, DSTU2 and R5, as the resource pages of the four releases say."""

from collections.abc import Mapping
from typing import Any

RELEASES = ("R4", "STU3", "DSTU2", "R5")
NEW = ("R4", "R5")
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_ADHERENCE = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
# R4's word for the state of a statement -> R5's adherence.
_ADHERENCES = {"active": "taking", "completed": "stopped", "stopped": "stopped", "not-taken": "not-taking",
               "on-hold": "on-hold", "unknown": "unknown"}  # fmt: skip
_CLASSES = {"AMB": "ambulatory", "EMER": "emergency", "IMP": "inpatient"}
PATIENT = "ada"

Resource = dict[str, Any]


def finished(release: str) -> str:
    """The status that a statement of a finished course reads as: R5 has no word for `completed`."""
    return "stopped" if release == "R5" else "completed"


def named(system: str, code: str, text: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def amount(value: float, code: str) -> Resource:
    return {"value": value, "unit": code, "system": UCUM, "code": code}


def _of(release: str, kind: str, name: str, **elements: Any) -> Resource:
    """A resource of the patient; `None` leaves an element out."""
    old = release == "DSTU2" and kind != "Observation"
    whose = "patient" if old or kind == "AllergyIntolerance" else "subject"
    resource = {"resourceType": kind, "id": name, whose: {"reference": f"Patient/{PATIENT}"}, **elements}
    if release == "R5" and "medicationCodeableConcept" in resource:
        resource["medication"] = {"concept": resource.pop("medicationCodeableConcept")}
    return {key: value for key, value in resource.items() if value is not None}


def _when(start: str | None, end: str | None) -> Resource | None:
    return {key: value for key, value in (("start", start), ("end", end)) if value} if start or end else None


def dosage(release: str, kind: str, dose: Mapping[str, Any], times: int, when: str, text: str, **bounds: str) -> Any:
    unit = "periodUnits" if release == "DSTU2" else "periodUnit"
    repeat: Resource = {"frequency": times, "period": 1, unit: "d", "when": when if release == "DSTU2" else [when]}
    if bounds:
        repeat["boundsPeriod"] = bounds
    line: Resource = {"text": text, "timing": {"repeat": repeat}}
    if release in NEW:
        line["doseAndRate"] = [{"doseQuantity": dose}]
    elif release == "DSTU2" and kind == "MedicationStatement":
        line["quantityQuantity"] = dose
    else:
        line["doseQuantity"] = dose
    return [line]


def statement(
    release: str,
    name: str,
    drug: Resource,
    status: str = "active",
    start: str | None = None,
    end: str | None = None,
    asserted: str | None = None,
    taken: bool = True,
    dose: tuple[Mapping[str, Any], int, str, str] | None = None,
) -> Resource:
    if not taken:
        status = "not-taken" if release in NEW else "completed"
    adherence = _ADHERENCES.get(status) if release == "R5" else None
    if release == "R5" and status in _ADHERENCES:
        status = "recorded"
    return _of(
        release,
        "MedicationStatement",
        name,
        status=status,
        taken=("y" if taken else "n") if release == "STU3" else None,
        wasNotTaken=(not taken) if release == "DSTU2" else None,
        adherence={"code": {"coding": [{"system": _ADHERENCE, "code": adherence}]}} if adherence else None,
        medicationCodeableConcept=drug,
        effectivePeriod=_when(start, end),
        dateAsserted=asserted,
        dosage=dosage(release, "MedicationStatement", *dose) if dose else None,
    )


def order(
    release: str,
    name: str,
    drug: Resource,
    status: str = "active",
    written: str | None = None,
    days: int | None = None,
    repeats: int | None = None,
    reason: Resource | None = None,
    note: str | None = None,
    dose: tuple[Mapping[str, Any], int, str, str] | None = None,
    bounds: Mapping[str, str] | None = None,
    valid_from: str | None = None,
) -> Resource:
    kind = "MedicationOrder" if release == "DSTU2" else "MedicationRequest"
    dispense = {
        "numberOfRepeatsAllowed": repeats,
        "expectedSupplyDuration": amount(days, "d") if days else None,
        "validityPeriod": {"start": valid_from} if valid_from else None,
    }
    dispense = {key: value for key, value in dispense.items() if value is not None}
    return _of(
        release,
        kind,
        name,
        status=status,
        intent=None if release == "DSTU2" else "order",
        medicationCodeableConcept=drug,
        **{"dateWritten" if release == "DSTU2" else "authoredOn": written},
        **{_REASONS.get(release, "reasonCode"): _listed(release, _coded(release, reason))},
        note=note if release == "DSTU2" or note is None else [{"text": note}],
        dosageInstruction=dosage(release, kind, *dose, **(bounds or {})) if dose else None,
        dispenseRequest=dispense or None,
    )


_REASONS = {"DSTU2": "reasonCodeableConcept", "R5": "reason"}


def _coded(release: str, concept: Resource | None) -> Resource | None:
    """R5 wraps what may be a code or a reference."""
    return {"concept": concept} if release == "R5" and concept is not None else concept


def _listed(release: str, value: Resource | None) -> Any:
    return value if release == "DSTU2" or value is None else [value]


def dispense(release: str, name: str, drug: Resource, handed: str, days: int, prescription: str = "") -> Resource:
    target = "MedicationOrder" if release == "DSTU2" else "MedicationRequest"
    return _of(
        release,
        "MedicationDispense",
        name,
        status="completed",
        medicationCodeableConcept=drug,
        whenHandedOver=handed,
        daysSupply=amount(days, "d"),
        authorizingPrescription=[{"reference": f"{target}/{prescription}"}] if prescription else None,
    )


def administration(release: str, name: str, drug: Resource, at: str, given: bool = True) -> Resource:
    # R5 really spells it with one r.
    when = {"DSTU2": "effectiveTimeDateTime", "R5": "occurenceDateTime"}.get(release, "effectiveDateTime")
    refused = {"STU3": "notGiven", "DSTU2": "wasNotGiven"}
    return _of(
        release,
        "MedicationAdministration",
        name,
        status="not-done" if release in NEW and not given else "completed",
        medicationCodeableConcept=drug,
        **{when: at},
        **({refused[release]: not given} if release in refused else {}),
    )


def condition(
    release: str,
    name: str,
    code: Resource,
    clinical: str = "active",
    verification: str = "confirmed",
    onset: str | None = None,
    recorded: str | None = None,
    abated: str | None = None,
) -> Resource:
    dated = {"R4": "recordedDate", "R5": "recordedDate", "STU3": "assertedDate", "DSTU2": "dateRecorded"}[release]

    def state(system: str, value: str) -> Any:
        return {"coding": [{"system": system, "code": value}]} if release in NEW else value

    return _of(
        release,
        "Condition",
        name,
        code=code,
        clinicalStatus=state(_CLINICAL, clinical),
        verificationStatus=state(_VERIFICATION, verification),
        onsetDateTime=onset,
        abatementDateTime=abated,
        **{dated: recorded},
    )


def observation(
    release: str, name: str, code: str, taken: str, high: float | None = None, says: str = "", **value: Any
) -> Resource:
    marked = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": says}]
    }
    return _of(
        release,
        "Observation",
        name,
        status="final",
        code={"coding": [{"system": LOINC, "code": code}]},
        effectiveDateTime=taken,
        interpretation=([marked] if release in NEW else marked) if says else None,
        referenceRange=[{"high": {**value["valueQuantity"], "value": high}}] if high is not None else None,
        **value,
    )


def allergy(release: str, name: str, text: str) -> Resource:
    if release == "DSTU2":
        return _of(release, "AllergyIntolerance", name, status="active", substance={"text": text})
    status: Any = {"coding": [{"code": "active"}]} if release in NEW else "active"
    return _of(release, "AllergyIntolerance", name, clinicalStatus=status, code={"text": text})


def encounter(release: str, name: str, setting: str, reason: Resource) -> Resource:
    return _of(
        release,
        "Encounter",
        name,
        status="in-progress",
        **{"class": _class(release, setting)},
        **{
            "reasonCode" if release == "R4" else "reason": [
                {"value": [{"concept": reason}]} if release == "R5" else reason
            ]
        },
    )


def _class(release: str, setting: str) -> Any:
    if release == "DSTU2":
        return _CLASSES[setting]
    coding = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": setting}
    return [{"coding": [coding]}] if release == "R5" else coding


def lab_order(release: str, name: str, code: str, written: str) -> Resource:
    kind = "ServiceRequest" if release in NEW else "ProcedureRequest"
    return _of(
        release,
        kind,
        name,
        status="active",
        intent=None if release == "DSTU2" else "order",
        code=_coded(release, {"coding": [{"system": LOINC, "code": code}]}),
        **{"orderedOn" if release == "DSTU2" else "authoredOn": written},
    )


def patient() -> Resource:
    return {"resourceType": "Patient", "id": PATIENT, "gender": "female", "birthDate": "1980-06-15"}


def bundle(*resources: Any, **elements: Any) -> Resource:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        "entry": [{"resource": resource} for resource in resources],
        **elements,
    }
