"""The draft orders of a call as facts, in every shape they come."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from typing import Any

from cds_service.fhir.elements import (
    concept,
    dosages,
    items,
    period,
    planned_start,
    supply_days,
    text_of,
    whole,
    written_dosage,
)
from cds_service.fhir.medication import Find, medication_concept, names_drug
from cds_service.fhir.references import Person, doubt, own, relative
from cds_service.hooks.request import Entry, HookRequest
from cds_service.record import OTHER_PATIENT, Concept, Dosage, DraftOrder
from cds_service.terminology.drugs import identify

ORDER_KINDS = frozenset({"MedicationRequest", "MedicationOrder"})


@dataclass(frozen=True, slots=True)
class Drafts:
    """`orders` can be judged; `strangers` were written for another patient, `unreadable` is how many cannot be read."""

    orders: tuple[DraftOrder, ...]
    strangers: tuple[str, ...] = ()
    unreadable: int = 0


def read_drafts(request: HookRequest, find: Find, zone: tzinfo, person: Person | None = None) -> Drafts:
    """Every medication order of the context that is not an order *not* to give something.

    One that does not say whom it is for is for the patient of the call. `person` is that patient where more than the
    id is known.
    """
    person = person or Person(request.patient_id)
    kinds = [entry.resource.get("resourceType") for entry in request.drafts]
    unreadable = sum(not isinstance(kind, str) for kind in kinds)
    entries = [
        entry
        for entry, kind in zip(request.drafts, kinds, strict=True)
        if isinstance(kind, str) and kind in ORDER_KINDS
    ]
    mine = [entry for entry in entries if doubt(entry.resource, person) != OTHER_PATIENT]
    strangers = tuple(own(entry.resource) for entry in entries if entry not in mine)
    chosen = _chosen(request, mine)
    orders = []
    for entry in mine:
        if _is_prohibition(entry.resource):
            continue
        order = _order_or_none(entry, find, zone, entry in chosen)
        if order is None:
            unreadable += 1
        else:
            orders.append(order)
    return Drafts(tuple(orders), strangers, unreadable)


def _order_or_none(entry: Entry, find: Find, zone: tzinfo, selected: bool) -> DraftOrder | None:
    """One rubbish draft must not cost the checks of the others; that it could not be read is said."""
    named = (entry.resource.get(name) for name in ("medicationCodeableConcept", "medicationReference", "medication"))
    if any(value is not None and not isinstance(value, dict) for value in named):
        return None
    try:
        return _order(entry, find, zone, selected)
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError):
        return None


def _is_prohibition(resource: Mapping[str, Any]) -> bool:
    return resource.get("doNotPerform") is True


def _chosen(request: HookRequest, entries: list[Entry]) -> list[Entry]:
    """The drafts that order-select is about; all of them elsewhere, and where the selections match none (b.1)."""
    if request.hook != "order-select" or not request.selections:
        return entries
    wanted = {name for selection in request.selections for name in (selection, relative(selection))}
    # Selections may name orders that are no medications: then nothing here was selected.
    known = {name for entry in request.drafts for name in _names(entry)}
    if not wanted & known:
        return entries
    return [entry for entry in entries if _names(entry) & wanted]


def _names(entry: Entry) -> set[str]:
    name = text_of(entry.resource.get("id"))
    return {one for one in (name, own(entry.resource), entry.full_url, relative(entry.full_url)) if one}


def _order(entry: Entry, find: Find, zone: tzinfo, selected: bool) -> DraftOrder:
    resource = entry.resource
    named, unresolved = medication_concept(resource, find)
    lines = dosages(written_dosage(resource), zone)
    starts, ends = _span(resource, lines, zone)
    return DraftOrder(
        reference=own(resource),
        label=named.words,
        drug=identify(named) if named.codings or named.text else None,
        status=text_of(resource.get("status")) or "draft",
        selected=selected,
        names_drug=names_drug(named),
        unresolved=unresolved,
        dosages=lines,
        reasons=tuple(_reasons(resource)),
        reason_references=tuple(reason_references(resource)),
        starts=starts,
        ends=ends,
        prior=relative(resource.get("priorPrescription")) or relative(_first(resource.get("basedOn"))),
        group=_group(resource),
        note=_note(resource.get("note")),
        resource=resource,
    )


def _span(resource: Mapping[str, Any], lines: tuple[Dosage, ...], zone: tzinfo) -> tuple[date | None, date | None]:
    """First and last planned day. Neither dosing nor dispensing can be earlier than the other allows."""
    dispense = resource.get("dispenseRequest")
    dispense = dispense if isinstance(dispense, dict) else {}
    starts = planned_start(lines, dispense, zone)
    ends = max((line.ends for line in lines if line.ends), default=None)
    authored, _ = period({"start": resource.get("authoredOn") or resource.get("dateWritten")}, zone)
    base = starts or authored
    days = supply_days(dispense.get("expectedSupplyDuration"))
    duration = max((line.duration_days for line in lines if line.duration_days), default=None)
    if ends is None and base is not None and (duration or days):
        repeats = whole(dispense.get("numberOfRepeatsAllowed")) or 0
        length = duration or (days or 0) * (1 + repeats)
        ends = base + timedelta(days=min(length, 3660) - 1)
    return starts, ends


def _reasons(resource: Mapping[str, Any]) -> Iterable[Concept]:
    for name in ("reasonCode", "reasonCodeableConcept", "reason"):
        for one in items(resource.get(name)):
            found = concept(one)
            if found.codings or found.text:
                yield found


def _note(value: Any) -> str:
    """Annotations, or the one string that DSTU2 has."""
    return text_of(value) or " ".join(text_of(note.get("text")) for note in items(value))


def reason_references(resource: Mapping[str, Any]) -> Iterable[str]:
    """What an order names as its reason by reference: R5 has codes and references in one list."""
    for name in ("reasonReference", "reason"):
        for one in items(resource.get(name)):
            inner = one.get("reference")
            target = relative(inner if isinstance(inner, dict) else one)
            if target:
                yield target


def _first(value: Any) -> Any:
    return next(iter(items(value)), None)


def _group(resource: Mapping[str, Any]) -> str:
    group = resource.get("groupIdentifier")
    if not isinstance(group, dict):
        return ""
    return f"{text_of(group.get('system'))}|{text_of(group.get('value'))}"
