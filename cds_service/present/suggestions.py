"""Proposals of a finding as CDS Hooks suggestions. A kind without a builder here would be a slip, not a card.

First action first: a client that applies only that one must be left with something sensible (cds-hooks, decisions).
No suggestion ever edits or stops an opioid or any order outside the request (rule 1, rule 7).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from cds_service.definitions.schedule import is_one_schedule
from cds_service.errors import UnwritableOrder, UnwritableRelease
from cds_service.fhir import write
from cds_service.present.knowledge import Knowledge
from cds_service.present.wording import CardText, RequestWords, fill
from cds_service.record import Coding, Concept, DraftOrder, Finding, Proposal
from cds_service.titration import orderset

Action = dict[str, Any]
Offer = tuple[str, dict[str, Any]]
"""(kind, suggestion)"""


@dataclass(frozen=True, slots=True)
class Session:
    """Whose orders, in which release, and how to name things: ids are made from names, never at random.

    `sound` are references of drafts that the FHIR model found nothing to dislike in.
    """

    release: str
    patient_id: str
    user_id: str
    encounter_id: str
    new_uuid: Callable[[str], str]
    sound: frozenset[str] = frozenset()


def offers(
    finding: Finding,
    card: CardText,
    session: Session,
    knowledge: Knowledge,
    recommended_variant: str,
    only_delete: bool,
) -> list[Offer]:
    """Every suggestion of a finding that can be carried out; at most one recommended.

    `only_delete` holds on other cards while the order set is offered (rulebook b.0).
    """
    made: list[Offer] = []
    for proposal in finding.proposals:
        if proposal.kind == "titration":
            made += _titration(proposal, session, knowledge, recommended_variant)
        elif not only_delete or proposal.kind.startswith("delete-"):
            made += _one(proposal, finding, card, session, knowledge)
    return made


def _one(
    proposal: Proposal, finding: Finding, card: CardText, session: Session, knowledge: Knowledge
) -> Iterable[Offer]:
    build = {
        "set-start": _set_start,
        "taper-review": _delete_and_request,
    }.get(proposal.kind, _delete if proposal.kind.startswith("delete-") else _request)
    try:
        actions = build(proposal, card, session, knowledge)
    except (UnwritableOrder, UnwritableRelease):
        return
    if not actions:
        return
    label = fill(card.suggestions[proposal.kind], {**finding.values, **proposal.values}, keep=True)
    suggestion: dict[str, Any] = {"label": label, "uuid": session.new_uuid(f"{finding.rule} {proposal.kind}")}
    if proposal.recommended:
        suggestion["isRecommended"] = True
    suggestion["actions"] = actions
    yield proposal.kind, suggestion


def _delete(proposal: Proposal, card: CardText, session: Session, knowledge: Knowledge) -> list[Action]:
    """By `resourceId`; a draft without an id cannot be named, so then nothing is offered."""
    if any(not order.reference for order in proposal.orders):
        return []
    kind = proposal.kind if proposal.kind in card.actions else "delete-draft"
    return [
        {"type": "delete", "description": card.actions[kind], "resourceId": order.reference}
        for order in proposal.orders
    ]


def _delete_and_request(proposal: Proposal, card: CardText, session: Session, knowledge: Knowledge) -> list[Action]:
    deletes = _delete(Proposal("delete-draft", proposal.orders), card, session, knowledge)
    return [*deletes, *_request(proposal, card, session, knowledge)] if deletes else []


def _request(proposal: Proposal, card: CardText, session: Session, knowledge: Knowledge) -> list[Action]:
    """Draft requests with the codes of the card file."""
    who = write.Session(session.patient_id, session.user_id, session.encounter_id)
    actions = []
    for words in card.orders.get(proposal.kind, ()):
        service = _service(words, knowledge.order_set.lab_category if words.lab else Concept())
        description = fill(card.actions[proposal.kind], {"text": words.text}, keep=True)
        resource = write.service_request(session.release, service, who)
        actions.append({"type": "create", "description": description, "resource": resource})
    return actions


@lru_cache(maxsize=128)
def _service(words: RequestWords, category: Concept) -> write.Service:
    """One for each request of the card files, since what is written of a Service is kept by its identity."""
    codings = (Coding(words.system, words.code, words.display),) if words.code else ()
    return write.Service(Concept(codings, words.text), category)


def _set_start(proposal: Proposal, card: CardText, session: Session, knowledge: Knowledge) -> list[Action]:
    """Every draft of the session moved by the same number of days, so that steps never come to overlap.

    A draft that starts on or after the clear date anyway stays as it is, unless an earlier one of the same schedule
    moves. All of them move or none.
    """
    clear = date.fromisoformat(proposal.values["start"])
    planned = [order.starts for order in proposal.orders if order.starts]
    shift = max(clear - min(planned), timedelta()) if planned else timedelta()
    together = is_one_schedule(proposal.orders)
    actions = []
    for order in proposal.orders:
        start = clear if order.starts is None else order.starts + shift if together else max(order.starts, clear)
        if start == order.starts:
            continue
        if not order.reference:
            return []
        sound, _ = write.repaired(session.release, order.resource)
        actions.append(
            {
                "type": "update",
                "description": fill(card.actions[proposal.kind], {"start": start.isoformat()}, keep=True),
                "resource": write.with_start_date(session.release, sound, start),
            }
        )
    return actions


def _titration(proposal: Proposal, session: Session, knowledge: Knowledge, recommended_variant: str) -> Iterable[Offer]:
    order: DraftOrder = proposal.orders[0]
    variants = knowledge.order_set.offered
    try:
        made = orderset.suggestions(
            order,
            date.fromisoformat(proposal.values["start"]),
            recommended_variant,
            session.release,
            session.patient_id,
            session.user_id,
            session.encounter_id,
            frozenset(proposal.values["include"].split()),
            session.new_uuid,
            session.new_uuid("order set"),
            knowledge.order_set,
            sound=order.reference in session.sound,
        )
    except UnwritableRelease:
        return
    for variant, suggestion in zip(variants, made, strict=True):
        yield f"titration-{variant.id}", suggestion
