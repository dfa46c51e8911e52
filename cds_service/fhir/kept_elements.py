"""Which elements of which resources this service reads, by release-free name: all that de-identification keeps.

The words on the right say how a value is treated (`deidentified.py`); a dict is an object of its own. What is not here
is dropped, known or unknown, extensions and narrative included.
"""

from collections.abc import Mapping
from typing import Any

Spec = Mapping[str, Any]

_RANGE = {"low": "quantity", "high": "quantity"}
_REPEAT = {
    "boundsPeriod": "period",
    "boundsDuration": "quantity",
    "boundsQuantity": "quantity",
    "boundsRange": _RANGE,
    **dict.fromkeys(("count", "frequency", "frequencyMax", "period", "periodMax", "duration"), "number"),
    **dict.fromkeys(("periodUnit", "periodUnits", "durationUnit", "when", "dayOfWeek"), "code"),
    "timeOfDay": "time",
}
_TIMING = {"event": "date", "code": "concept", "repeat": _REPEAT}
_DOSE = {
    **dict.fromkeys(("doseQuantity", "doseSimpleQuantity", "dose", "quantityQuantity", "quantity"), "quantity"),
    **dict.fromkeys(("doseRange", "quantityRange"), _RANGE),
}
_DOSAGE = {
    "sequence": "number",
    "text": "text",
    "patientInstruction": "text",
    "timing": _TIMING,
    "asNeededBoolean": "boolean",
    "asNeeded": "boolean",
    "asNeededCodeableConcept": "presence",
    "route": "concept",
    "doseAndRate": {"type": "concept", **_DOSE},
    **_DOSE,
}
_DISPENSE = {
    "validityPeriod": "period",
    "numberOfRepeatsAllowed": "number",
    "quantity": "quantity",
    "expectedSupplyDuration": "quantity",
}
_ANY = {
    "id": "id",
    "meta": {"lastUpdated": "date"},
    "contained": "resource",
    "status": "status",
    **dict.fromkeys(("subject", "patient", "encounter", "context", "basedOn"), "reference"),
}
_DRUG = {
    **_ANY,
    "medicationCodeableConcept": "concept",
    "medicationReference": "drug-reference",
    "medication": "codeable-reference",
    "statusChanged": "date",
}
_ORDER = {
    **_DRUG,
    **dict.fromkeys(("intent", "priority"), "code"),
    "category": "concept",
    "courseOfTherapyType": "concept",
    "doNotPerform": "boolean",
    "reportedBoolean": "boolean",
    **dict.fromkeys(("authoredOn", "dateWritten"), "date"),
    "requester": "requester",
    **dict.fromkeys(("reasonCode", "reasonCodeableConcept"), "concept"),
    "reason": "codeable-reference",
    **dict.fromkeys(("reasonReference", "priorPrescription"), "reference"),
    "dosageInstruction": _DOSAGE,
    "dispenseRequest": _DISPENSE,
    "groupIdentifier": "identifier",
    "note": "note",
}
_EFFECTIVE = {
    **dict.fromkeys(("effectivePeriod", "effectiveTimePeriod", "occurencePeriod", "occurrencePeriod"), "period"),
    **dict.fromkeys(
        ("effectiveDateTime", "effectiveTimeDateTime", "occurenceDateTime", "occurrenceDateTime", "effectiveInstant"),
        "date",
    ),
}
_PLANNED = {
    f"{name}{kind}": how
    for name in ("performed", "occurrence", "scheduled")
    for kind, how in (("DateTime", "date"), ("Period", "period"), ("Timing", {"event": "date"}))
}
_REQUEST = {
    **_ANY,
    **_PLANNED,
    "intent": "code",
    "code": "codeable-reference",
    "category": "concept",
    "item": {"code": "concept"},
    **dict.fromkeys(("authoredOn", "orderedOn"), "date"),
    "doNotPerform": "boolean",
    **dict.fromkeys(("incomingReferral", "supportingInformation"), "reference"),
}
_RESULT = {
    **dict.fromkeys(("code", "valueCodeableConcept", "interpretation"), "concept"),
    "dataAbsentReason": "presence",
    **dict.fromkeys(("valueDateTime", "valueDate"), "date"),
    "valueQuantity": "quantity",
    "valueString": "text",
    "valueBoolean": "boolean",
    "valueInteger": "number",
    "referenceRange": _RANGE,
}
_INGREDIENT = {"itemCodeableConcept": "concept", "item": "codeable-reference"}

ELEMENTS: Mapping[str, Spec] = {
    "MedicationRequest": _ORDER,
    "MedicationOrder": _ORDER,
    "MedicationStatement": {
        **_DRUG,
        **_EFFECTIVE,
        "taken": "code",
        "wasNotTaken": "boolean",
        "adherence": {"code": "concept"},
        "dateAsserted": "date",
        "derivedFrom": "reference",
        "dosage": _DOSAGE,
    },
    "MedicationDispense": {
        **_DRUG,
        **dict.fromkeys(("whenHandedOver", "whenPrepared"), "date"),
        **dict.fromkeys(("daysSupply", "quantity"), "quantity"),
        "authorizingPrescription": "reference",
        "notDone": "boolean",
        "dosageInstruction": _DOSAGE,
    },
    "MedicationAdministration": {
        **_DRUG,
        **_EFFECTIVE,
        **dict.fromkeys(("request", "prescription"), "reference"),
        **dict.fromkeys(("notGiven", "wasNotGiven"), "boolean"),
        "dosage": _DOSAGE,
    },
    "Medication": {**_ANY, "code": "concept", "ingredient": _INGREDIENT, "product": {"ingredient": _INGREDIENT}},
    "Condition": {
        **_ANY,
        **dict.fromkeys(("code", "category", "severity"), "concept"),
        **dict.fromkeys(("clinicalStatus", "verificationStatus"), "status"),
        **dict.fromkeys(("onsetPeriod", "abatementPeriod"), "period"),
        **dict.fromkeys(
            ("onsetDateTime", "abatementDateTime", "abatementDate", "recordedDate", "assertedDate", "dateRecorded"),
            "date",
        ),
        "abatementBoolean": "boolean",
        "abatementString": "presence-text",
        "abatementAge": "quantity",
    },
    "Observation": {
        **_ANY,
        **_EFFECTIVE,
        **_RESULT,
        "category": "concept",
        "issued": "date",
        "component": _RESULT,
    },
    "Patient": {"id": "id", "gender": "code", "birthDate": "date"},
    "AllergyIntolerance": {
        **_ANY,
        **dict.fromkeys(("code", "substance"), "concept"),
        **dict.fromkeys(("clinicalStatus", "verificationStatus", "type", "category", "criticality"), "status"),
        "reaction": {"substance": "concept", "manifestation": "codeable-reference", "severity": "code"},
        **dict.fromkeys(("recordedDate", "assertedDate", "onsetDateTime"), "date"),
    },
    "Procedure": {
        **_ANY,
        **_PLANNED,
        **dict.fromkeys(("code", "category"), "concept"),
        **dict.fromkeys(("incomingReferral", "supportingInformation"), "reference"),
    },
    "ServiceRequest": _REQUEST,
    "ProcedureRequest": _REQUEST,
    "DiagnosticOrder": _REQUEST,
    "Appointment": {
        **_ANY,
        **_PLANNED,
        **dict.fromkeys(("start", "end"), "date"),
        **dict.fromkeys(("serviceType", "reason"), "codeable-reference"),
        **dict.fromkeys(("appointmentType", "reasonCode", "type"), "concept"),
        "description": "text",
        "participant": {"actor": "reference", "status": "code"},
    },
    "Encounter": {
        **_ANY,
        "class": "status",
        "reasonCode": "concept",
        "reason": "codeable-reference",
        "period": "period",
    },
    "OperationOutcome": {"issue": {"severity": "code", "code": "code", "details": "concept"}},
}

BUNDLE: Spec = {
    "type": "code",
    "total": "number",
    "link": {"relation": "code", "url": "link"},
    "entry": {"fullUrl": "url", "resource": "resource", "search": {"mode": "code"}},
}

BARE = frozenset({"Practitioner", "PractitionerRole", "Organization", "Location", "Device", "Provenance", "Coverage"})
"""Of these only the type stays: that such a record came along says something of an answer, what is in it does not."""

_CODES = """
active inactive recurrence relapse remission resolved draft on-hold cancelled completed entered-in-error
stopped unknown ended not-taken intended recorded in-progress not-done preparation declined suspended
requested received accepted rejected final preliminary registered amended corrected appended partial
unconfirmed provisional differential confirmed refuted revoked proposed pending booked arrived fulfilled
noshow checked-in waitlist planned triaged onleave finished discharged aborted scheduled proposal plan order
original-order reflex-order filler-order instance-order option directive routine urgent asap stat male female
other y n unk na taking taking-as-directed taking-not-as-directed not-taking on-hold-as-directed on-hold-not-
as-directed stopped-as-directed stopped-not-as-directed allergy intolerance food medication environment
biologic low high unable-to-assess critl crith critu CRITL CRITH CRITU mild moderate severe s min h d wk mo a
HS WAKE C CM CD CV AC ACM ACD ACV PC PCM PCD PCV MORN MORN.early MORN.late NOON AFT AFT.early AFT.late EVE
EVE.early EVE.late NIGHT PHS IMD mon tue wed thu fri sat sun AMB IMP EMER HH VR OBSENC ACUTE NONAC PRENC SS
FLD ambulatory outpatient virtual home emergency inpatient daytime field collection searchset transaction
batch document message history match include outcome self next first last previous prev fatal error warning
information success invalid structure required value invariant security login expired forbidden suppressed
processing not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-
costly business-rule conflict transient lock-error no-store exception timeout incomplete throttled
informational
"""
CODES = frozenset(_CODES.split())
"""Codes of FHIR's own value sets that the elements above may hold."""
