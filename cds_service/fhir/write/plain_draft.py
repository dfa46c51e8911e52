"""A draft order in plain words, as a prescriber may type it: for cases that are made up, never for an answer."""

from datetime import date

from cds_service.fhir.write.facts import Session
from cds_service.fhir.write.spelling import Resource, author, code, reference, spelling_of
from cds_service.record import Concept


def plain_draft(release: str, identity: str, drug: str, dose: str, session: Session, written: date) -> Resource:
    """A draft with the drug as text and the dose as text; `dose` empty leaves the dosage out."""
    spelling = spelling_of(release)
    order: Resource = {"resourceType": spelling.order, "id": identity, "status": "draft"}
    if spelling.order_intents:
        order["intent"] = "order"
    order[spelling.medication] = code(spelling, Concept((), drug))
    order[spelling.subject] = reference("Patient", session.patient)
    order["dateWritten" if release == "DSTU2" else "authoredOn"] = written.isoformat()
    who = author(spelling, session.user, spelling.order_author_types)
    if who:
        order[spelling.order_author] = who
    if dose:
        order["dosageInstruction"] = [{"text": dose}]
    return order
