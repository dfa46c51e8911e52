"""What this service asks the client to send along: prefetch templates within the CDS Hooks 2.0 subset (rulebook b.5).

No relative dates and no status filters: asked wide, filtered in code, because a filter on the clinical status would
lose the evidence that something has ended. LOINC codes stand without their system; that keeps the URLs short, reference
servers answer them, and codes of another system that look alike are sorted out on reading.
"""

from collections.abc import Mapping
from urllib.parse import quote

from cds_service.hooks.request import HookRequest
from cds_service.terminology.observations import codes_in

_PATIENT = "patient={{context.patientId}}"
_CREATINE_KINASE = "2157-6"
_PAIN_SCORES = ("72514-3", "38208-5")
_PREGNANCY = (
    "hCG-qualitative",
    "hCG-quantitative",
    "estimated-delivery-date",
    "pregnancy-status",
    "breastfeeding-status",
)
_LIVER = ("ALT", "AST", "bilirubin-total", "albumin", "INR", "ESR", "panel-hepatic", "panel-CMP")
_URINE_DRUG_SCREENS = ("urine-drug-screen-*",)


def _observations(*codes: str) -> str:
    return f"Observation?{_PATIENT}&code={','.join(codes)}"


TEMPLATES: Mapping[str, str] = {
    "patient": "Patient/{{context.patientId}}",
    "encounter": "Encounter/{{context.encounterId}}",
    "medStatements": f"MedicationStatement?{_PATIENT}",
    "medRequests": f"MedicationRequest?{_PATIENT}",
    "medDispenses": f"MedicationDispense?{_PATIENT}",
    "medAdministrations": f"MedicationAdministration?{_PATIENT}",
    "conditions": f"Condition?{_PATIENT}",
    "allergies": f"AllergyIntolerance?{_PATIENT}",
    "pregnancyObs": _observations(*codes_in(*_PREGNANCY)),
    "labs": _observations(*codes_in(*_LIVER), _CREATINE_KINASE),
    "toxLabs": _observations(*codes_in(*_URINE_DRUG_SCREENS)),
    "outcomes": _observations(*_PAIN_SCORES),
    "procedures": f"Procedure?{_PATIENT}",
    "serviceRequests": f"ServiceRequest?{_PATIENT}",
    "appointments": f"Appointment?{_PATIENT}",
}


def fill(template: str, request: HookRequest) -> str:
    """The template as a URL relative to the FHIR base; empty where the request has no value for one of its tokens.

    Values are percent-encoded whole, slashes included: an id can name one resource, never another path or query.
    """
    values = {
        "{{context.patientId}}": request.patient_id,
        "{{context.encounterId}}": request.encounter_id,
    }
    for token, value in values.items():
        if token in template:
            if value in ("", ".", ".."):
                return ""
            template = template.replace(token, quote(value, safe=""))
    return template
