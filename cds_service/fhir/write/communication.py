"""Messages to be sent: CommunicationRequest, which every release has and each spells its own way (rulebook c, rule 31).

A draft like all others: nothing is sent until somebody has read and signed it.
"""

from cds_service.fhir.write.facts import Message, Session
from cds_service.fhir.write.spelling import Resource, author, concept, reference, spelling_of

_AUTHORS = frozenset({"Practitioner", "Patient", "RelatedPerson"})


def communication_request(release: str, message: Message, session: Session) -> Resource:
    """A new request without an id. DSTU2 has no draft status, R5 no plain text as content; only R5 has an intent."""
    spelling = spelling_of(release)
    old, new = release == "DSTU2", release == "R5"
    request: Resource = {
        "resourceType": "CommunicationRequest",
        "status": "proposed" if old else "draft",
        "subject": reference("Patient", session.patient),
        "payload": [
            {"contentCodeableConcept": {"text": message.text}} if new else {"contentString": message.text},
        ],
    }
    if new:
        request["intent"] = "order"
    category = concept(message.category)
    if category:
        request["category"] = category if old else [category]
    if session.encounter:
        request[spelling.encounter] = reference("Encounter", session.encounter)
    if spelling.order_group and session.group:
        request["groupIdentifier"] = {"system": session.group_system, "value": session.group}
    if message.to_patient:
        request["recipient"] = [reference("Patient", session.patient)]
    who = author(spelling, session.user, _AUTHORS if old else spelling.author_types)
    if who:
        request["requester"] = who
    return request
