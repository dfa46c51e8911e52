"""The variants as CDS Hooks suggestions: first the update of the draft, then the creates (rulebook c.3).

A client that applies only the first action, or fails half way, is left with one sound order, never with none or two.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from cds_service.errors import BadAnswer, UnwritableOrder
from cds_service.fhir import write
from cds_service.record import Concept, DraftOrder, Quantity
from cds_service.titration import wording
from cds_service.titration.content import shipped
from cds_service.titration.plan import Plan, Prescribed, plan
from cds_service.titration.plan_definition import Published, activity_definitions, plan_definitions
from cds_service.titration.variants import OrderSet, Variant

_BEDTIME = "HS"


def suggestions(
    order: DraftOrder,
    start: date,
    recommended: str,
    release: str,
    patient_id: str,
    user_id: str,
    encounter_id: str,
    include: frozenset[str],
    new_uuid: Callable[[str], str],
    group_id: str,
    order_set: OrderSet | None = None,
    *,
    sound: bool = False,
    fillers: tuple[str, ...] = (),
    step_down: Variant | None = None,
    prior: str = "",
) -> list[dict[str, Any]]:
    """One suggestion for each variant on offer, in the order of the file; the recommended one is flagged.

    `start` is the day of the first dose, `recommended` a variant's id, `include` the laboratory tests to order (ids of
    the file's [[labs]]), `sound` whether the draft is known to be valid, `fillers` what of [fillers] the allergy list
    names. A `step_down` is offered alone; `prior` is the order that it takes the place of (`MedicationRequest/x`, or
    empty), which is named and not touched. `new_uuid` makes a uuid from a name, which is different for each variant.
    A draft that has no id, or that cannot be made valid, is not updated: then every action is a create and the first
    one says that the original has to be removed. Raises UnwritableRelease for a release that cannot be written.
    """
    order_set = order_set or shipped()
    session = write.Session(patient_id, user_id, encounter_id, order_set.identifier_system, group_id)
    draft = _Draft(release, order, session, sound=sound)
    offered = []
    for variant in (step_down,) if step_down else order_set.offered:
        sheet = _sheet(order_set, variant, start, fillers)
        suggestion: dict[str, Any] = {"label": sheet.label, "uuid": new_uuid(f"titration {variant.id}")}
        if variant.id == recommended:
            suggestion["isRecommended"] = True
        suggestion["actions"] = _actions(order_set, sheet, draft, include, prior)
        offered.append(suggestion)
    return offered


@dataclass(frozen=True, slots=True)
class _Request:
    """A request with what to say about it; `lab` is the id of a laboratory test, empty for a review."""

    description: str
    facts: write.Service
    lab: str = ""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """All of a variant that no patient changes. `update` and `create` describe the first prescription either way."""

    label: str
    update: str
    create: str
    first: write.Prescription
    further: tuple[tuple[str, write.Prescription], ...]
    requests: tuple[_Request, ...]
    message: write.Message


@lru_cache(maxsize=128)
def _sheet(order_set: OrderSet, variant: Variant, start: date, fillers: tuple[str, ...]) -> _Sheet:
    """A variant on the calendar in words and facts. Kept, since most orders of a day start on the same day."""
    planned = plan(variant, start)
    first, *further = planned.prescriptions
    labs = (
        _Request(
            wording.lab(rule, rule.description, planned),
            write.Service(
                rule.code,
                order_set.lab_category,
                window=(planned.on(rule.from_day), planned.on(rule.to_day)) if rule.from_day else None,
                note=wording.lab(rule, rule.note, planned),
            ),
            lab=rule.id,
        )
        for rule in order_set.labs
    )
    reviews = (
        _Request(
            wording.review(review, review.rule.description, planned),
            write.Service(
                review.rule.code,
                window=(review.first, review.last),
                note=wording.review(review, review.rule.note, planned),
            ),
        )
        for review in planned.reviews
    )
    stop = f" {order_set.sentences.suggestion['stop_current']}" if variant.step_down else ""
    return _Sheet(
        label=wording.label(order_set, planned),
        update=wording.prescribing(order_set, planned, first, "update") + stop,
        create=wording.prescribing(order_set, planned, first, "create_first") + stop,
        first=_prescription(order_set, planned, first, fillers),
        further=tuple(
            (
                wording.prescribing(order_set, planned, prescribed, "create"),
                _prescription(order_set, planned, prescribed, fillers),
            )
            for prescribed in further
        ),
        requests=(*labs, *reviews),
        message=write.Message(
            " ".join(order_set.instruction.sentences),
            Concept((), order_set.instruction.category),
            to_patient=True,
        ),
    )


class _Draft:
    """The draft that the suggestions start from: made ready once, written once for each variant."""

    def __init__(self, release: str, order: DraftOrder, session: write.Session, *, sound: bool = False) -> None:
        self.release = release
        self.session = session
        self.kept: dict[str, Any] = {}
        self.reasons: dict[str, Any] = {}
        self.dropped: tuple[str, ...] = ()
        self.updatable = False
        try:
            self.kept, self.dropped = write.kept(release, order.resource, sound=sound)
        except UnwritableOrder:
            return
        self.reasons = write.reasons_of(self.kept)
        self.updatable = bool(order.reference) and "id" in self.kept


def _actions(
    order_set: OrderSet, sheet: _Sheet, draft: _Draft, include: frozenset[str], prior: str = ""
) -> list[dict[str, Any]]:
    release, session = draft.release, draft.session
    first = replace(sheet.first, prior=prior) if prior else sheet.first
    if draft.updatable:
        description = sheet.update
        if draft.dropped:
            description = f"{description} {wording.not_kept(order_set, draft.dropped)}"
        actions = [_action("update", description, write.updated_order(release, draft.kept, first, session))]
    else:
        resource = write.medication_order(release, first, session, draft.reasons)
        actions = [_action("create", sheet.create, resource)]
    for description, prescription in sheet.further:
        resource = write.medication_order(release, prescription, session, draft.reasons)
        actions.append(_action("create", description, resource))
    for request in sheet.requests:
        if not request.lab or request.lab in include:
            resource = write.service_request(release, request.facts, session)
            actions.append(_action("create", request.description, resource))
    resource = write.communication_request(release, sheet.message, session)
    actions.append(_action("create", order_set.instruction.description, resource))
    return actions


def _action(kind: str, description: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "description": description, "resource": resource}


def _prescription(
    order_set: OrderSet, planned: Plan, prescribed: Prescribed, fillers: tuple[str, ...]
) -> write.Prescription:
    rule = prescribed.rule
    return write.Prescription(
        medication=Concept((order_set.medication,), wording.medication(prescribed)),
        route=order_set.route,
        lines=tuple(
            write.DoseLine(
                text=wording.dosage(order_set, planned, prescribed, line),
                dose=Quantity(float(line.dose_mg), "mg", "mg"),
                first=line.first,
                last=line.last,
                when=_BEDTIME,
                patient_instruction=order_set.sentences.dosage["patient"],
            )
            for line in prescribed.lines
        ),
        valid_from=prescribed.valid_from,
        quantity=Quantity(float(rule.quantity), rule.form.units, rule.form.code),
        days=rule.days,
        repeats=rule.repeats,
        note=wording.compounding_note(order_set, planned, prescribed, fillers),
    )


def selfcheck(order_set: OrderSet | None = None) -> None:
    """Writes every variant, also those that are switched off, in every release, and validates it all.

    Called when the service starts, so that the request path can fill shapes without validating them: a sentence with
    a wrong blank raises BadContent, a resource that is not valid raises BadAnswer.
    """
    order_set = order_set or shipped()
    for release in write.RELEASES:
        for variant in order_set.variants:
            for action in _specimen(order_set, variant, release):
                if found := write.validate(release, action["resource"]):
                    raise BadAnswer(f"Variant {variant.id} is not valid {release}: {found[0]}.")
    published = Published("https://specimen.example", "specimen")
    for definitions in (plan_definitions(order_set, published), activity_definitions(order_set, published)):
        for name, definition in definitions.items():
            if found := write.validate("R4", definition):
                raise BadAnswer(f"{definition['resourceType']} {name} is not valid R4: {found[0]}.")


def _specimen(order_set: OrderSet, variant: Variant, release: str) -> list[dict[str, Any]]:
    """Every action of a variant for a patient who does not exist, over the turn of a leap year, with all tests."""
    session = write.Session("specimen", "Practitioner/specimen", "specimen", order_set.identifier_system, "specimen")
    draft = _Draft(release, DraftOrder(reference="", label="", drug=None), session)
    labs = frozenset(rule.id for rule in order_set.labs)
    sheet = _sheet(order_set, variant, date(2027, 12, 20), tuple(order_set.fillers))
    prior = f"{write.spelling_of(release).order}/specimen" if variant.step_down else ""
    return _actions(order_set, sheet, draft, labs, prior)
