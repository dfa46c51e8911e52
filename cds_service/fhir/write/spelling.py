"""How each FHIR release spells an order: element names, and the small data types that all resources share.

Element names are those of the published definitions (FHIR 1.0.2, 3.0.2, 4.0.1, 5.0.0). What the releases do
differently is a row here or one visible branch in the module that builds the resource, never a copied module.
"""

from dataclasses import dataclass
from typing import Any

from cds_service.errors import UnwritableRelease
from cds_service.record import Concept, Quantity

UCUM = "http://unitsofmeasure.org"

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Spelling:
    """The names of one release. An empty name means that the release has no such element.

    `author_in_agent`: STU3 wraps the requester in `requester.agent`. `code_is_reference`: R5 wraps a code in
    `concept` (CodeableReference). `zero_repeats`: before R4, numberOfRepeatsAllowed is a positive integer, so that
    "no refills" is said by leaving it out. `when_beside_frequency`: DSTU2's invariant tim-3 forbids both at once.
    """

    release: str
    order: str
    service: str
    subject: str
    order_author: str
    service_author: str
    encounter: str
    order_group: str
    service_group: str
    window: str
    service_notes: str
    period_unit: str
    bounds_length: str
    medication: str
    author_types: frozenset[str]
    order_author_types: frozenset[str]
    order_statuses: frozenset[str]
    order_intents: frozenset[str]
    author_in_agent: bool = False
    code_is_reference: bool = False
    zero_repeats: bool = True
    when_beside_frequency: bool = True


_PEOPLE = frozenset({"Practitioner", "Patient", "RelatedPerson", "Device"})
_STATUSES = frozenset(
    {"active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown"}
)
_INTENTS = frozenset(
    {
        "proposal",
        "plan",
        "order",
        "original-order",
        "reflex-order",
        "filler-order",
        "instance-order",
        "option",
    }
)

_SPELLINGS = {
    "DSTU2": Spelling(
        release="DSTU2",
        order="MedicationOrder",
        service="ProcedureRequest",
        subject="patient",
        order_author="prescriber",
        service_author="orderer",
        encounter="encounter",
        order_group="",
        service_group="",
        window="scheduledPeriod",
        service_notes="notes",
        period_unit="periodUnits",
        bounds_length="boundsQuantity",
        medication="medicationCodeableConcept",
        author_types=_PEOPLE,
        order_author_types=frozenset({"Practitioner"}),
        order_statuses=frozenset({"active", "on-hold", "completed", "entered-in-error", "stopped", "draft"}),
        order_intents=frozenset(),
        zero_repeats=False,
        when_beside_frequency=False,
    ),
    "STU3": Spelling(
        release="STU3",
        order="MedicationRequest",
        service="ProcedureRequest",
        subject="subject",
        order_author="requester",
        service_author="requester",
        encounter="context",
        order_group="groupIdentifier",
        service_group="requisition",
        window="occurrencePeriod",
        service_notes="note",
        period_unit="periodUnit",
        bounds_length="boundsDuration",
        medication="medicationCodeableConcept",
        author_types=frozenset({"Practitioner", "Organization", "Device"}),
        order_author_types=_PEOPLE | {"Organization"},
        order_statuses=_STATUSES,
        order_intents=frozenset({"proposal", "plan", "order", "instance-order"}),
        author_in_agent=True,
        zero_repeats=False,
    ),
    "R4": Spelling(
        release="R4",
        order="MedicationRequest",
        service="ServiceRequest",
        subject="subject",
        order_author="requester",
        service_author="requester",
        encounter="encounter",
        order_group="groupIdentifier",
        service_group="requisition",
        window="occurrencePeriod",
        service_notes="note",
        period_unit="periodUnit",
        bounds_length="boundsDuration",
        medication="medicationCodeableConcept",
        author_types=_PEOPLE | {"PractitionerRole", "Organization"},
        order_author_types=_PEOPLE | {"PractitionerRole", "Organization"},
        order_statuses=_STATUSES,
        order_intents=_INTENTS,
    ),
    "R5": Spelling(
        release="R5",
        order="MedicationRequest",
        service="ServiceRequest",
        subject="subject",
        order_author="requester",
        service_author="requester",
        encounter="encounter",
        order_group="groupIdentifier",
        service_group="requisition",
        window="occurrencePeriod",
        service_notes="note",
        period_unit="periodUnit",
        bounds_length="boundsDuration",
        medication="medication",
        author_types=_PEOPLE | {"PractitionerRole", "Organization"},
        order_author_types=_PEOPLE | {"PractitionerRole", "Organization"},
        order_statuses=_STATUSES | {"ended"},
        order_intents=_INTENTS,
        code_is_reference=True,
    ),
}

RELEASES = tuple(_SPELLINGS)


def spelling_of(release: str) -> Spelling:
    """The names of a release. Raises UnwritableRelease for one that this room cannot write."""
    try:
        return _SPELLINGS[release]
    except KeyError:
        raise UnwritableRelease(f"Orders cannot be written in FHIR release {release!r}.") from None


def copied(value: Any) -> Any:
    """A copy of JSON down to its leaves, three times as fast as `deepcopy`, which looks for cycles."""
    if isinstance(value, dict):
        return {name: copied(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [copied(inner) for inner in value]
    return value


def concept(facts: Concept) -> Resource:
    """A CodeableConcept without empty elements."""
    codings = [
        {key: value for key, value in (("system", c.system), ("code", c.code), ("display", c.display)) if value}
        for c in facts.codings
    ]
    spelled: Resource = {"coding": codings} if codings else {}
    if facts.text:
        spelled["text"] = facts.text
    return spelled


def code(spelling: Spelling, facts: Concept) -> Resource:
    """A code where R5 has a CodeableReference and the others have a CodeableConcept."""
    return {"concept": concept(facts)} if spelling.code_is_reference else concept(facts)


def quantity(facts: Quantity) -> Resource:
    """A UCUM quantity; whole numbers without a decimal point, since "3.0 mg" is misread as 30 (rulebook c)."""
    value = int(facts.value) if float(facts.value).is_integer() else facts.value
    return {"value": value, "unit": facts.unit, "system": UCUM, "code": facts.spelled}


def reference(kind: str, identity: str) -> Resource:
    """A reference from a bare id or from one that already names its type."""
    return {"reference": identity if "/" in identity else f"{kind}/{identity}"}


def author(spelling: Spelling, user: str, allowed: frozenset[str]) -> Resource:
    """The person who orders, or nothing where the release cannot name a person of that kind there."""
    if not user:
        return {}
    who = reference("Practitioner", user)
    if who["reference"].split("/")[-2] not in allowed:
        return {}
    return {"agent": who} if spelling.author_in_agent else who
