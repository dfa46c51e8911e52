"""The calls that are measured: one naltrexone (or amoxicillin) order with a record of any size, all of it invented.

A resource is as long as real ones are, about 1.3 kB without white space, because what an EHR writes around the few
elements that matter (profiles, categories, second codings) has to be read as well.
Dates are reckoned from the day of the run, so that the service answers the same whenever it is measured.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

Resource = dict[str, Any]

PATIENT = "bench-synthetic"
PATH = "/cds-services/ldn-order-select"
STAND_IN = "00000000-0000-4000-8000-000000000000"
"""The hookInstance of a body; the client writes another one over it for every call."""

_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_SNOMED = "http://snomed.info/sct"
_ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_HL7 = "http://terminology.hl7.org/CodeSystem"
_LOCAL = "urn:oid:2.999.1.2.3"
_SERVER = "https://ehr.example.test/fhir"

_DRUGS = (
    ("29046", "lisinopril", "lisinopril 10 MG Oral Tablet"),
    ("6809", "metformin", "metformin hydrochloride 500 MG Oral Tablet"),
    ("83367", "atorvastatin", "atorvastatin 20 MG Oral Tablet"),
    ("17767", "amlodipine", "amlodipine 5 MG Oral Tablet"),
    ("7646", "omeprazole", "omeprazole 20 MG Delayed Release Oral Capsule"),
    ("10582", "levothyroxine", "levothyroxine sodium 0.05 MG Oral Tablet"),
    ("36437", "sertraline", "sertraline 50 MG Oral Tablet"),
    ("25480", "gabapentin", "gabapentin 300 MG Oral Capsule"),
    ("72625", "duloxetine", "duloxetine 30 MG Delayed Release Oral Capsule"),
    ("435", "albuterol", "albuterol 0.09 MG/ACTUAT Metered Dose Inhaler"),
    ("5640", "ibuprofen", "ibuprofen 400 MG Oral Tablet"),
    ("161", "acetaminophen", "acetaminophen 500 MG Oral Tablet"),
)
_NEAR_MISSES = (
    ("6468", "loperamide", "loperamide hydrochloride 2 MG Oral Capsule"),
    ("29899", "methylnaltrexone", "methylnaltrexone bromide 150 MG Oral Tablet"),
    ("7242", "naloxone", "naloxone hydrochloride 4 MG/ACTUAT Nasal Spray"),
    ("1190572", "diphenoxylate", "atropine sulfate 0.025 MG / diphenoxylate hydrochloride 2.5 MG Oral Tablet"),
)
_CONDITIONS = (
    ("I10", "59621000", "Essential (primary) hypertension"),
    ("E11.9", "44054006", "Type 2 diabetes mellitus without complications"),
    ("E78.5", "55822004", "Hyperlipidemia, unspecified"),
    ("K21.9", "235595009", "Gastro-esophageal reflux disease without esophagitis"),
    ("E03.9", "40930008", "Hypothyroidism, unspecified"),
    ("J45.909", "195967001", "Unspecified asthma, uncomplicated"),
    ("M79.7", "203082005", "Fibromyalgia"),
    ("F41.9", "197480006", "Anxiety disorder, unspecified"),
    ("G43.909", "37796009", "Migraine, unspecified, not intractable, without status migrainosus"),
    ("M19.90", "396275006", "Unspecified osteoarthritis, unspecified site"),
)
_OBSERVATIONS = (  # code, words, value, unit, upper end of the reference range
    ("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", 22, "U/L", 40),
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", 4.1, "mmol/L", 5.1),
    ("1920-8", "Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma", 19, "U/L", 38),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", 0.8, "mg/dL", 1.2),
    ("1975-2", "Bilirubin.total [Mass/volume] in Serum or Plasma", 0.6, "mg/dL", 1.2),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", 13.2, "g/dL", 15.5),
    ("1751-7", "Albumin [Mass/volume] in Serum or Plasma", 4.2, "g/dL", 5.0),
    ("8867-4", "Heart rate", 71, "/min", 100),
    ("30341-2", "Erythrocyte sedimentation rate", 8, "mm/h", 20),
    ("39156-5", "Body mass index (BMI) [Ratio]", 24.9, "kg/m2", 25),
)
# Of twenty resources: seven observations, five prescriptions, four conditions, four statements.
_MIX = "ORCSOROCSORCOSRORCSO"
_LISTS = {"S": "medStatements", "R": "medRequests", "C": "conditions", "O": "labs"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer worth measuring. `leader` and `indicator` are of its first card; both are empty for no card at all.

    `decides` are resources of the record that bring it about, `draft` is the order.
    """

    name: str
    leader: str
    indicator: str
    draft: Callable[[date], Resource]
    decides: Callable[[date], Sequence[Resource]]

    @property
    def mark(self) -> bytes:
        """What every good answer holds: cheap to look for while the clock runs."""
        return f'"code":"{self.leader}"'.encode() if self.leader else b'"cards":[]'


def body(answer: Answer, resources: int, today: date) -> bytes:
    """The JSON of a call whose prefetch holds that many resources (six at the least) and brings about the answer."""
    decides = list(answer.decides(today))
    lists: dict[str, list[Resource]] = {name: [] for name in _LISTS.values()}
    lists["pregnancyObs"] = [_pregnancy_test(today)]
    lists["allergies"] = [_allergy(today)]
    lists["medStatements"].append(_first_line(today))
    for position in range(resources - 5 - len(decides)):
        letter = _MIX[position % len(_MIX)]
        lists[_LISTS[letter]].append(_MAKERS[letter](position, today))
    for resource in decides:
        # In the middle: a check that stops at the first finding gains nothing.
        place = lists["medStatements"]
        place.insert(len(place) // 2, resource)
    prefetch: dict[str, Any] = {"patient": _patient(), "encounter": _encounter(today)}
    prefetch |= {name: _searchset(found) for name, found in lists.items()}
    prefetch |= {"medDispenses": _searchset([]), "medAdministrations": _searchset([]), "serviceRequests": None}
    draft = answer.draft(today)
    call = {
        "hook": "order-select",
        "hookInstance": STAND_IN,
        "context": {
            "userId": "Practitioner/prescriber",
            "patientId": PATIENT,
            "encounterId": "visit",
            "selections": [f"MedicationRequest/{draft['id']}"],
            "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft}]},
        },
        "prefetch": prefetch,
    }
    return json.dumps(call, separators=(",", ":"), ensure_ascii=False).encode()


def _searchset(found: Sequence[Resource]) -> Resource:
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    if found:
        bundle["entry"] = [
            {
                "fullUrl": f"{_SERVER}/{resource['resourceType']}/{resource['id']}",
                "resource": resource,
                "search": {"mode": "match"},
            }
            for resource in found
        ]
    return bundle


def _concept(words: str, *codings: tuple[str, str, str]) -> Resource:
    return {
        "coding": [{"system": system, "code": code, "display": display} for system, code, display in codings],
        "text": words,
    }


def _frame(kind: str, name: str, day: date) -> Resource:
    """What every resource of a server carries around its content."""
    return {
        "resourceType": kind,
        "id": name,
        "meta": {
            "versionId": "1",
            "lastUpdated": f"{day.isoformat()}T08:15:30.000+00:00",
            "profile": [f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{kind.lower()}"],
        },
    }


def _subject(name: str = "subject") -> Resource:
    return {name: {"reference": f"Patient/{PATIENT}", "display": "Ada Synthetic"}}


def _statement(position: int, today: date) -> Resource:
    code, short, words = (_NEAR_MISSES if position % 7 == 3 else _DRUGS)[position % (4 if position % 7 == 3 else 12)]
    return _taking(f"statement-{position}", "active", code, short, words, today - timedelta(days=40 + position % 900))


def _taking(
    name: str, status: str, code: str, short: str, words: str, start: date, end: date | None = None
) -> Resource:
    span = {"start": start.isoformat()} | ({"end": end.isoformat()} if end else {})
    return {
        **_frame("MedicationStatement", name, start),
        "status": status,
        "category": _concept("Community", (f"{_HL7}/medication-statement-category", "community", "Community")),
        "medicationCodeableConcept": _concept(
            words, (_RXNORM, code, words), (f"{_LOCAL}.5", f"MED{code}", short.upper())
        ),
        **_subject(),
        "effectivePeriod": span,
        "dateAsserted": (end or start).isoformat(),
        "dosage": [_dosage(1, "1 tablet by mouth once a day with food")],
    }


def _dosage(dose: float, words: str, unit: str = "tablet") -> Resource:
    return {
        "sequence": 1,
        "text": words,
        "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
        "route": _concept("oral", (_SNOMED, "26643006", "Oral route")),
        "doseAndRate": [{"doseQuantity": {"value": dose, "unit": unit, "system": _UCUM, "code": "{" + unit + "}"}}],
    }


def _request(position: int, today: date) -> Resource:
    code, short, words = _DRUGS[(position * 5) % 12]
    written = today - timedelta(days=10 + position % 700)
    return {
        **_frame("MedicationRequest", f"request-{position}", written),
        "status": "active" if position % 3 else "completed",
        "intent": "order",
        "category": [_concept("Outpatient", (f"{_HL7}/medicationrequest-category", "outpatient", "Outpatient"))],
        "medicationCodeableConcept": _concept(
            words, (_RXNORM, code, words), (f"{_LOCAL}.5", f"MED{code}", short.upper())
        ),
        **_subject(),
        "authoredOn": f"{written.isoformat()}T09:30:00+00:00",
        "requester": {"reference": "Practitioner/prescriber", "display": "Dr. Synthetic"},
        "dosageInstruction": [_dosage(1, "Take 1 tablet by mouth once a day")],
        "dispenseRequest": {
            "numberOfRepeatsAllowed": 2,
            "quantity": {"value": 30, "unit": "tablet"},
            "expectedSupplyDuration": {"value": 30, "unit": "days", "system": _UCUM, "code": "d"},
        },
    }


def _condition(position: int, today: date) -> Resource:
    icd, snomed, words = _CONDITIONS[position % len(_CONDITIONS)]
    onset = today - timedelta(days=100 + (position * 37) % 3000)
    return {
        **_frame("Condition", f"condition-{position}", onset),
        "clinicalStatus": _concept("Active", (f"{_HL7}/condition-clinical", "active", "Active")),
        "verificationStatus": _concept("Confirmed", (f"{_HL7}/condition-ver-status", "confirmed", "Confirmed")),
        "category": [
            _concept("Problem List Item", (f"{_HL7}/condition-category", "problem-list-item", "Problem List Item"))
        ],
        "code": _concept(words, (_ICD10CM, icd, words), (_SNOMED, snomed, words)),
        **_subject(),
        "onsetDateTime": onset.isoformat(),
        "recordedDate": onset.isoformat(),
    }


def _observation(position: int, today: date) -> Resource:
    code, words, value, unit, high = _OBSERVATIONS[position % len(_OBSERVATIONS)]
    taken = today - timedelta(days=5 + (position * 11) % 1500)
    measured = {"value": value, "unit": unit, "system": _UCUM, "code": unit}
    return {
        **_frame("Observation", f"observation-{position}", taken),
        "status": "final",
        "category": [_concept("Laboratory", (f"{_HL7}/observation-category", "laboratory", "Laboratory"))],
        "code": _concept(words, (_LOINC, code, words)),
        **_subject(),
        "encounter": {"reference": "Encounter/visit"},
        "effectiveDateTime": f"{taken.isoformat()}T07:45:00+00:00",
        "performer": [{"reference": "Organization/laboratory", "display": "Synthetic Laboratory"}],
        "valueQuantity": measured,
        "interpretation": [_concept("Normal", (f"{_HL7}/v3-ObservationInterpretation", "N", "Normal"))],
        "referenceRange": [{"high": {**measured, "value": high}}],
    }


_MAKERS: dict[str, Callable[[int, date], Resource]] = {
    "S": _statement,
    "R": _request,
    "C": _condition,
    "O": _observation,
}


def _pregnancy_test(today: date) -> Resource:
    taken = today - timedelta(days=4)
    words = "Choriogonadotropin (pregnancy test) [Presence] in Urine"
    return {
        **_frame("Observation", "pregnancy-test", taken),
        "status": "final",
        "code": _concept("Pregnancy test, urine", (_LOINC, "2106-3", words)),
        **_subject(),
        "effectiveDateTime": taken.isoformat(),
        "valueCodeableConcept": _concept("Negative", (_LOINC, "LA6577-6", "Negative")),
    }


def _allergy(today: date) -> Resource:
    recorded = today - timedelta(days=2000)
    return {
        **_frame("AllergyIntolerance", "allergy", recorded),
        "clinicalStatus": _concept("Active", (f"{_HL7}/allergyintolerance-clinical", "active", "Active")),
        "code": _concept("Allergy to penicillin", (_SNOMED, "91936005", "Allergy to penicillin")),
        "patient": {"reference": f"Patient/{PATIENT}"},
        "recordedDate": recorded.isoformat(),
    }


def _patient() -> Resource:
    return {
        "resourceType": "Patient",
        "id": PATIENT,
        "meta": {"tag": [{"system": f"{_HL7}/v3-ActReason", "code": "HTEST", "display": "test health data"}]},
        "name": [{"use": "official", "text": "Ada Synthetic", "family": "Synthetic", "given": ["Ada"]}],
        "gender": "female",
        "birthDate": "1980-06-15",
    }


def _encounter(today: date) -> Resource:
    return {
        "resourceType": "Encounter",
        "id": "visit",
        "status": "in-progress",
        "class": {"system": f"{_HL7}/v3-ActCode", "code": "AMB", "display": "ambulatory"},
        **_subject(),
        "period": {"start": today.isoformat()},
    }


def _order(name: str, medication: Resource, today: date, line: Resource) -> Resource:
    return {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": medication,
        **_subject(),
        "encounter": {"reference": "Encounter/visit"},
        "authoredOn": today.isoformat(),
        "requester": {"reference": "Practitioner/prescriber"},
        "dosageInstruction": [line],
    }


def _naltrexone(today: date) -> Resource:
    medication = _concept("naltrexone 1.5 mg capsule, compounded", (_RXNORM, "7243", "naltrexone"))
    line = _dosage(1.5, "Take 1 capsule (1.5 mg) by mouth at bedtime")
    line["timing"]["repeat"]["when"] = ["HS"]
    line["doseAndRate"] = [{"doseQuantity": {"value": 1.5, "unit": "mg", "system": _UCUM, "code": "mg"}}]
    order = _order("naltrexone", medication, today, line)
    return {**order, "reasonCode": [_concept("Fibromyalgia", (_ICD10CM, "M79.7", "Fibromyalgia"))]}


def _amoxicillin(today: date) -> Resource:
    medication = _concept("amoxicillin 500 mg capsule", (_RXNORM, "723", "amoxicillin"))
    return _order("amoxicillin", medication, today, _dosage(1, "Take 1 capsule by mouth three times a day", "capsule"))


def _first_line(today: date) -> Resource:
    """Without a first-line drug for the pain on file, that would lead the answer to every new start (rule 34)."""
    words = "duloxetine 60 MG Delayed Release Oral Capsule"
    start, end = today - timedelta(days=500), today - timedelta(days=300)
    return _taking("first-line", "completed", "72625", "duloxetine", words, start, end)


def _oxycodone(today: date) -> Sequence[Resource]:
    words = "oxycodone hydrochloride 5 MG Oral Tablet"
    return [_taking("oxycodone", "active", "7804", "oxycodone", words, today - timedelta(days=60))]


def _hydrocodone(today: date) -> Sequence[Resource]:
    words = "acetaminophen 325 MG / hydrocodone bitartrate 5 MG Oral Tablet"
    start, end = today - timedelta(days=9), today - timedelta(days=5)
    return [_taking("hydrocodone", "completed", "857002", "hydrocodone", words, start, end)]


def _nothing(today: date) -> Sequence[Resource]:
    return []


CRITICAL = Answer("critical", "opioid-active", "critical", _naltrexone, _oxycodone)
WARNING = Answer("warning", "opioid-recent-washout", "warning", _naltrexone, _hydrocodone)
OFFERED = Answer("order set", "titration-order-set", "info", _naltrexone, _nothing)
UNRELATED = Answer("unrelated", "", "", _amoxicillin, _nothing)
ANSWERS = (CRITICAL, WARNING, OFFERED, UNRELATED)
