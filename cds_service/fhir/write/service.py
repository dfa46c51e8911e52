"""Requests for tests and reviews: ServiceRequest from R4 on, ProcedureRequest before (rulebook c)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cds_service.fhir.write.facts import Service, Session
from cds_service.fhir.write.spelling import Resource, author, code, concept, reference, spelling_of


def service_request(release: str, service: Service, session: Session) -> Resource:
    """A new draft request without an id. DSTU2's ProcedureRequest has neither intent, category nor requisition."""
    spelling = spelling_of(release)
    request: Resource = {**_requested(release, service), "subject": reference("Patient", session.patient)}
    if session.encounter:
        request[spelling.encounter] = reference("Encounter", session.encounter)
    who = author(spelling, session.user, spelling.author_types)
    if who:
        request[spelling.service_author] = who
    if spelling.service_group and session.group:
        request[spelling.service_group] = {"system": session.group_system, "value": session.group}
    return request


@lru_cache(maxsize=256)
def _requested(release: str, service: Service) -> Mapping[str, Any]:
    """What no patient changes. Kept, and shared by every request that says it: nobody may write into it."""
    spelling = spelling_of(release)
    request: Resource = {"resourceType": spelling.service, "status": "draft", "code": code(spelling, service.code)}
    if spelling.order_intents:
        request["intent"] = "order"
        category = concept(service.category)
        if category:
            request["category"] = [category]
    if service.window:
        first, last = service.window
        request[spelling.window] = {"start": first.isoformat(), "end": last.isoformat()}
    if service.note:
        request[spelling.service_notes] = [{"text": service.note}]
    return request
