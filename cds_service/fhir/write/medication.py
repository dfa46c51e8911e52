"""Medication orders: a new one, and a draft turned into one (rulebook c, "Suggestion mechanics")."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cds_service.fhir.write.facts import DoseLine, Prescription, Session
from cds_service.fhir.write.spelling import (
    UCUM,
    Resource,
    Spelling,
    author,
    code,
    concept,
    quantity,
    reference,
    spelling_of,
)

ORDERED = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/dose-rate-type",
            "code": "ordered",
            "display": "Ordered",
        }
    ]
}


_REASONS = ("reasonCode", "reasonReference", "reasonCodeableConcept", "reason")


def medication_order(
    release: str, prescription: Prescription, session: Session, reasons: Mapping[str, Any] | None = None
) -> Resource:
    """A new draft order: MedicationOrder in DSTU2, MedicationRequest elsewhere. It has no id: the client gives one.

    `reasons` are those of another order (see `reasons_of`).
    """
    spelling = spelling_of(release)
    order: Resource = {"resourceType": spelling.order, "status": "draft"}
    if spelling.order_intents:
        order["intent"] = "order"
    _sign(spelling, order, session)
    _fill(spelling, order, prescription)
    if reasons:
        order.update(reasons)
    return order


def reasons_of(draft: Mapping[str, Any]) -> dict[str, Any]:
    """The elements of a draft (as `kept` left it) that say what it is for, and that another order can carry too."""
    return {name: draft[name] for name in _REASONS if name in draft and not _points_inside(draft[name])}


def _points_inside(value: Any) -> bool:
    """Whether a reason refers to a resource contained in the draft, which another order cannot see."""
    if isinstance(value, Mapping):
        return any(map(_points_inside, value.values()))
    if isinstance(value, list):
        return any(map(_points_inside, value))
    return isinstance(value, str) and value.startswith("#")


def updated_order(release: str, kept: Mapping[str, Any], prescription: Prescription, session: Session) -> Resource:
    """The draft as `kept` left it (see repair), now ordering this prescription.

    Its own id, status, intent, reason, identifiers, notes, insurance and people stay; medication, dosage and
    dispense are new. Whom the draft does not name comes from the session.
    """
    spelling = spelling_of(release)
    order: Resource = dict(kept)
    _sign(spelling, order, session)
    _fill(spelling, order, prescription)
    return order


def _sign(spelling: Spelling, order: Resource, session: Session) -> None:
    order.setdefault(spelling.subject, reference("Patient", session.patient))
    if session.encounter:
        order.setdefault(spelling.encounter, reference("Encounter", session.encounter))
    who = author(spelling, session.user, spelling.order_author_types)
    if who:
        order.setdefault(spelling.order_author, who)
    if spelling.order_group and session.group:
        order[spelling.order_group] = {"system": session.group_system, "value": session.group}


def _fill(spelling: Spelling, order: Resource, prescription: Prescription) -> None:
    order.update(_prescribed(spelling.release, prescription))
    if prescription.prior:
        order["priorPrescription"] = {"reference": prescription.prior}
    if prescription.note:
        _annotate(spelling, order, prescription.note)


@lru_cache(maxsize=256)
def _prescribed(release: str, prescription: Prescription) -> Mapping[str, Any]:
    """What no patient changes. Kept, and shared by every order that says it: nobody may write into it."""
    spelling = spelling_of(release)
    return {
        spelling.medication: code(spelling, prescription.medication),
        "dosageInstruction": [
            _dosage(spelling, prescription, line, sequence) for sequence, line in enumerate(prescription.lines, start=1)
        ],
        "dispenseRequest": _dispense(spelling, prescription),
    }


def _annotate(spelling: Spelling, order: Resource, note: str) -> None:
    """Adds a note once, so that an order that is offered again does not collect copies. DSTU2 has one string."""
    if spelling.release == "DSTU2":
        before = order.get("note", "")
        if note not in before:
            order["note"] = f"{before}\n{note}" if before else note
        return
    notes = list(order.get("note", ()))
    if all(known.get("text") != note for known in notes):
        notes.append({"text": note})
    order["note"] = notes


def _dosage(spelling: Spelling, prescription: Prescription, line: DoseLine, sequence: int) -> Resource:
    repeat: Resource = {
        "boundsPeriod": {"start": line.first.isoformat(), "end": line.last.isoformat()},
        "frequency": 1,
        "period": 1,
        spelling.period_unit: "d",
    }
    if line.when and spelling.when_beside_frequency:
        repeat["when"] = [line.when]
    dosage: Resource = {"text": line.text, "timing": {"repeat": repeat}, "route": concept(prescription.route)}
    if spelling.release == "DSTU2":
        dosage["doseQuantity"] = quantity(line.dose)
        if line.patient_instruction:
            dosage["additionalInstructions"] = {"text": line.patient_instruction}
        return dosage
    dosage["sequence"] = sequence
    if line.patient_instruction:
        dosage["patientInstruction"] = line.patient_instruction
    if spelling.release == "STU3":
        dosage["doseQuantity"] = quantity(line.dose)
    else:
        dosage["doseAndRate"] = [{"type": ORDERED, "doseQuantity": quantity(line.dose)}]
    return dosage


def _dispense(spelling: Spelling, prescription: Prescription) -> Resource:
    dispense: Resource = {
        "validityPeriod": {"start": prescription.valid_from.isoformat()},
        "quantity": quantity(prescription.quantity),
        "expectedSupplyDuration": {"value": prescription.days, "unit": "days", "system": UCUM, "code": "d"},
    }
    if prescription.repeats or spelling.zero_repeats:
        dispense["numberOfRepeatsAllowed"] = prescription.repeats
    return dispense
