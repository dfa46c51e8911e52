"""A draft as clients really send it, made valid for its release, or refused.

An update has to carry the whole resource (cds-hooks 69), so what is wrong with the draft would be wrong with our
suggestion. Known quirks are put right; what the model still dislikes is left out and named; what cannot be left out
(who, what, which order, which dose) makes the order unwritable, and the caller then offers no update.
"""

from collections.abc import Mapping
from typing import Any

from cds_service.errors import UnwritableOrder
from cds_service.fhir.write.check import Complaint, complaints, objections, plain_name
from cds_service.fhir.write.spelling import Resource, Spelling, spelling_of

_NEVER_DROPPED = frozenset(
    {
        "resourceType",
        "id",
        "status",
        "intent",
        "subject",
        "patient",
        "medicationCodeableConcept",
        "medicationReference",
        "medication",
        "doNotPerform",
        "modifierExtension",
        "implicitRules",
    }
)
"""Without these it would be another order. The last three change the meaning of everything beside them."""

_DOSE_PARTS = frozenset(
    {
        "timing",
        "doseAndRate",
        "doseQuantity",
        "doseRange",
        "asNeededBoolean",
        "asNeededCodeableConcept",
        "asNeeded",
        "asNeededFor",
    }
)
"""Parts of a dosage line that may go only where its text still says them."""

_REPLACED_BY_UPDATE = (
    "text",
    "medicationCodeableConcept",
    "medicationReference",
    "medication",
    "dosageInstruction",
    "dispenseRequest",
    "renderedDosageInstruction",
    "effectiveDosePeriod",
)
"""What an update writes anew, and the narratives that would go on describing the old order."""

_TURNS = 8
"""How often an order is looked at again. Each turn takes out all that was wrong, so two or three are the rule."""


def repaired(release: str, resource: Mapping[str, Any]) -> tuple[Resource, tuple[str, ...]]:
    """The draft, valid in its release, and the names of the elements that had to be left out.

    Raises UnwritableOrder where nothing valid can be made without changing what is ordered for whom.
    """
    spelling = spelling_of(release)
    order = _pruned(resource)
    if order.get("resourceType") != spelling.order:
        raise UnwritableOrder(f"The draft is not a {spelling.order}.")
    dropped = _right_quirks(spelling, order)
    return _without_disliked(release, order, dropped)


def kept(release: str, resource: Mapping[str, Any], *, sound: bool = False) -> tuple[Resource, tuple[str, ...]]:
    """What of a draft survives an update that prescribes anew, valid, and the names of what had to be left out.

    Medication (a contained one too), dosage, dispense and narrative are gone: they belong to the old order. A draft
    whose only fault lay there can still be updated. `sound` says that the draft is known to be valid as it came, so
    that a request does not wait for the same check twice.
    """
    spelling = spelling_of(release)
    order = dict(resource)
    drop_contained_medication(order)
    for name in _REPLACED_BY_UPDATE:
        order.pop(name, None)
        order.pop(f"_{name}", None)
    order = _pruned(order)
    stand_in: Resource = {"text": "naltrexone"}
    if sound:
        return order, ()
    order[spelling.medication] = {"concept": stand_in} if spelling.code_is_reference else stand_in
    order, dropped = repaired(release, order)
    del order[spelling.medication]
    return order, dropped


def _pruned(value: Mapping[str, Any]) -> Resource:
    """A deep copy without nulls and empty values, which FHIR JSON does not have."""
    pruned = {}
    for name, inner in value.items():
        left = _pruned_value(inner)
        if left is not None:
            pruned[name] = left
    return pruned


def _pruned_value(value: Any) -> Any:
    """None for what is empty, or becomes so."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, dict):
        return _pruned(value) or None
    if isinstance(value, list):
        return [left for inner in value if (left := _pruned_value(inner)) is not None] or None
    return value


def drop_contained_medication(order: Resource) -> None:
    """The contained resource that the old medication pointed at; another that nothing points at would be invalid."""
    pointer = order.get("medicationReference") or order.get("medication")
    pointer = pointer.get("reference", pointer) if isinstance(pointer, Mapping) else pointer
    target = pointer.get("reference") if isinstance(pointer, Mapping) else pointer
    if not isinstance(target, str) or not isinstance(order.get("contained"), list):
        return
    left = [c for c in order["contained"] if not (isinstance(c, Mapping) and f"#{c.get('id')}" == target)]
    if left:
        order["contained"] = left
    else:
        del order["contained"]


def _right_quirks(spelling: Spelling, order: Resource) -> list[str]:
    """Puts right, in place, what clients are known to get wrong; returns the names of what was replaced.

    The public sandbox sends no `intent`, `category` as an object in every release, and R4 names in a DSTU2 order.
    """
    replaced = []
    _rename(order, "patient" if spelling.subject == "subject" else "subject", spelling.subject)
    if spelling.encounter == "context":
        _rename(order, "encounter", "context")
    elif spelling.release != "DSTU2":
        _rename(order, "context", "encounter")
    if not _is_code(order.setdefault("status", "draft"), spelling.order_statuses):
        order["status"] = "draft"
        replaced.append("status")
    if not spelling.order_intents:
        order.pop("intent", None)
    elif not _is_code(order.setdefault("intent", "order"), spelling.order_intents):
        order["intent"] = "order"
        replaced.append("intent")
    _right_category(spelling, order)
    _right_requester(spelling, order)
    _right_note(spelling, order)
    dosages = order.get("dosageInstruction")
    if isinstance(dosages, Mapping):
        order["dosageInstruction"] = dosages = [dosages]
    for dosage in dosages if isinstance(dosages, list) else ():
        if isinstance(dosage, dict):
            _right_dosage(spelling, dosage)
    return replaced


def _is_code(value: Any, codes: frozenset[str]) -> bool:
    return isinstance(value, str) and value in codes


def _rename(element: Resource, wrong: str, right: str) -> None:
    if wrong in element and right not in element:
        element[right] = element.pop(wrong)


def _right_category(spelling: Spelling, order: Resource) -> None:
    category = order.get("category")
    if spelling.release in ("R4", "R5") and isinstance(category, Mapping):
        order["category"] = [category]
    elif spelling.release == "STU3" and isinstance(category, list) and len(category) == 1:
        order["category"] = category[0]


def _right_requester(spelling: Spelling, order: Resource) -> None:
    requester = order.get("requester")
    if not isinstance(requester, Mapping):
        return
    if spelling.author_in_agent and "agent" not in requester:
        order["requester"] = {"agent": requester}
    elif not spelling.author_in_agent and "agent" in requester and spelling.release != "DSTU2":
        order["requester"] = requester["agent"]


def _right_note(spelling: Spelling, order: Resource) -> None:
    note = order.get("note")
    if spelling.release == "DSTU2" and isinstance(note, list):
        order["note"] = "\n".join(str(n["text"]) for n in note if isinstance(n, Mapping) and n.get("text"))
    elif spelling.release != "DSTU2" and isinstance(note, str):
        order["note"] = [{"text": note}]
    if order.get("note") == "":
        del order["note"]


def _right_dosage(spelling: Spelling, dosage: Resource) -> None:
    """Doses and units under the name of another release (R4's doseAndRate in STU3, and the other way round)."""
    rates = dosage.get("doseAndRate")
    first = rates[0] if isinstance(rates, list) and rates else rates
    if spelling.release in ("R4", "R5"):
        dose = {name: dosage.pop(name) for name in ("doseQuantity", "doseRange") if name in dosage and not rates}
        if dose:
            dosage["doseAndRate"] = [dose]
    elif isinstance(first, Mapping) and not (isinstance(rates, list) and len(rates) > 1):
        del dosage["doseAndRate"]
        for name in ("doseQuantity", "doseRange"):
            if name in first:
                dosage.setdefault(name, first[name])
    if spelling.code_is_reference:
        _rename(dosage, "asNeededBoolean", "asNeeded")
        if isinstance(dosage.get("asNeededCodeableConcept"), Mapping) and "asNeededFor" not in dosage:
            dosage["asNeededFor"] = [dosage.pop("asNeededCodeableConcept")]
    elif isinstance(dosage.get("asNeeded"), bool):
        _rename(dosage, "asNeeded", "asNeededBoolean")
    timing = dosage.get("timing")
    repeat = timing.get("repeat") if isinstance(timing, Mapping) else None
    if isinstance(repeat, dict):
        _rename(repeat, "periodUnits" if spelling.period_unit == "periodUnit" else "periodUnit", spelling.period_unit)
        when = repeat.get("when")
        if spelling.release == "DSTU2" and isinstance(when, list) and len(when) == 1:
            repeat["when"] = when[0]
        elif spelling.release != "DSTU2" and isinstance(when, str):
            repeat["when"] = [when]


def _without_disliked(release: str, order: Resource, dropped: list[str]) -> tuple[Resource, tuple[str, ...]]:
    """Leaves out what the model objects to; what is wrong with the whole is looked at when the parts are right."""
    for _ in range(_TURNS):
        found = objections(release, order)
        if not found:
            return order, tuple(dict.fromkeys(dropped))
        placed = {complaint.path[:3]: complaint for complaint in found if complaint.path}
        for complaint in placed.values() or found[:1]:
            if not _wrapped(order, complaint):
                dropped.extend(_drop(release, order, complaint))
    raise UnwritableOrder("The draft cannot be made valid.")


def _wrapped(order: Resource, complaint: Complaint) -> bool:
    """Puts a single object into the list that belongs there (top level only)."""
    if not complaint.wants_list or len(complaint.path) != 1:
        return False
    name = str(complaint.path[0])
    if not isinstance(order.get(name), Mapping):
        return False
    order[name] = [order[name]]
    return True


def _drop(release: str, order: Resource, complaint: Complaint) -> list[str]:
    """Takes out the element complained of and names it; nothing where an earlier complaint already took it out."""
    path = complaint.path or _culprit(release, order, complaint)
    name = str(path[0]) if path else ""
    if name == "dosageInstruction" and len(path) > 2 and isinstance(path[1], int):
        return _drop_dosage_part(order, path[1], str(path[2]), complaint)
    if not name or name in _NEVER_DROPPED or name == "dosageInstruction":
        raise UnwritableOrder(f"The draft cannot be made valid ({complaint.note}).")
    # fhir.resources reports the extension of a primitive under the name of the primitive.
    present = [spelled for spelled in (name, f"_{name}") if spelled in order]
    for spelled in present[:1]:
        del order[spelled]
    return [plain_name(name.removeprefix("_"))] if present else []


def _drop_dosage_part(order: Resource, position: int, part: str, complaint: Complaint) -> list[str]:
    line = order["dosageInstruction"][position]
    if part in ("text", "sequence") or (part in _DOSE_PARTS and not line.get("text")):
        raise UnwritableOrder(f"The draft's dosage cannot be made valid ({complaint.note}).")
    return [f"dosageInstruction.{plain_name(part)}"] if line.pop(part, None) is not None else []


def _culprit(release: str, order: Resource, complaint: Complaint) -> tuple[str, ...]:
    """The element whose absence would silence a complaint about the whole resource; empty if there is none."""
    for name in order:
        if name in _NEVER_DROPPED or name == "dosageInstruction":
            continue
        without = {other: value for other, value in order.items() if other != name}
        if complaint not in complaints(release, without):
            return (name,)
    return ()
