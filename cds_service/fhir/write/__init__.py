"""Facts to resources: the only place that writes FHIR, for DSTU2, STU3, R4 and R5.

It knows releases and nothing of titration or rules: whoever wants an order hands in plain facts (`facts`) and gets a
dict. Shapes are filled, not validated, while a request waits; what is validated then is the client's own draft
(`repaired`, `kept`). Everything we make ourselves is validated at start, in tests and in strict mode (`validate`).
"""

from cds_service.fhir.write.check import judge_notes, validate
from cds_service.fhir.write.communication import communication_request
from cds_service.fhir.write.correct import corrected_order
from cds_service.fhir.write.facts import Correction, DoseLine, Message, Prescription, Service, Session
from cds_service.fhir.write.medication import medication_order, reasons_of, updated_order
from cds_service.fhir.write.plain_draft import plain_draft
from cds_service.fhir.write.repair import kept, repaired
from cds_service.fhir.write.service import service_request
from cds_service.fhir.write.spelling import RELEASES, spelling_of
from cds_service.fhir.write.start import begun_on, with_start_date

__all__ = [
    "RELEASES",
    "Correction",
    "DoseLine",
    "Message",
    "Prescription",
    "Service",
    "Session",
    "begun_on",
    "communication_request",
    "corrected_order",
    "judge_notes",
    "kept",
    "medication_order",
    "plain_draft",
    "reasons_of",
    "repaired",
    "service_request",
    "spelling_of",
    "updated_order",
    "validate",
    "with_start_date",
]
