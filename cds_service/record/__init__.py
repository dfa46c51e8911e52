"""The ground floor: frozen facts about one patient, standard library only.

Everything above speaks in these words. They carry no FHIR spelling, no release and no clinical judgement: the reading
room (`cds_service.fhir`) fills them, the rules judge them.
"""

from cds_service.record.coding import Coding, Concept
from cds_service.record.dosage import Dosage, Quantity
from cds_service.record.drug import Drug, Naltrexone, Opioid
from cds_service.record.finding import Finding, Indicator, Proposal
from cds_service.record.order import DraftOrder
from cds_service.record.patient import (
    MIXED_UP,
    OTHER_PATIENT,
    UNVERIFIED,
    Allergy,
    Condition,
    Encounter,
    FirstLineDrug,
    LabOrder,
    Medication,
    Observation,
    Patient,
    PatientRecord,
    Procedure,
    Shortfall,
)

__all__ = [
    "MIXED_UP",
    "OTHER_PATIENT",
    "UNVERIFIED",
    "Allergy",
    "Coding",
    "Concept",
    "Condition",
    "Dosage",
    "DraftOrder",
    "Drug",
    "Encounter",
    "Finding",
    "FirstLineDrug",
    "Indicator",
    "LabOrder",
    "Medication",
    "Naltrexone",
    "Observation",
    "Opioid",
    "Patient",
    "PatientRecord",
    "Procedure",
    "Proposal",
    "Quantity",
    "Shortfall",
]
