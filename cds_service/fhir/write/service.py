"""Requests for tests and reviews: ServiceRequest from R4 on, ProcedureRequest before (rulebook c)."""

from cds_service.fhir.write.facts import Service, Session
from cds_service.fhir.write.spelling import Resource, author, code, concept, reference, spelling_of


def service_request(release: str, service: Service, session: Session) -> Resource:
    """A new draft request without an id. DSTU2's ProcedureRequest has neither intent, category nor requisition."""
    spelling = spelling_of(release)
    request: Resource = {
        "resourceType": spelling.service,
        "status": "draft",
        "code": code(spelling, service.code),
        "subject": reference("Patient", session.patient),
    }
    if spelling.order_intents:
        request["intent"] = "order"
        category = concept(service.category)
        if category:
            request["category"] = [category]
    if session.encounter:
        request[spelling.encounter] = reference("Encounter", session.encounter)
    who = author(spelling, session.user, spelling.author_types)
    if who:
        request[spelling.service_author] = who
    if spelling.service_group and session.group:
        request[spelling.service_group] = {"system": session.group_system, "value": session.group}
    if service.window:
        first, last = service.window
        request[spelling.window] = {"start": first.isoformat(), "end": last.isoformat()}
    if service.note:
        request[spelling.service_notes] = [{"text": service.note}]
    return request
