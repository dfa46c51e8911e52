"""Proposals of a finding as CDS Hooks suggestions. A kind without a builder here would be a slip, not a card.

First action first: a client that applies only that one must be left with something sensible (cds-hooks, decisions).
No suggestion ever edits or stops an opioid or any order outside the request (rule 1, rule 7).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cds_service.definitions.schedule import is_one_schedule
from cds_service.errors import UnwritableOrder, UnwritableRelease
from cds_service.fhir import write
from cds_service.present.knowledge import Knowledge
from cds_service.present.wording import CardText, RequestWords, fill
from cds_service.record import Coding, Concept, DraftOrder, Finding, Proposal
from cds_service.titration import orderset
from cds_service.titration.correction import correction
from cds_service.titration.variants import Variant

UPDATES = frozenset({"set-start", "correct-draft"})
"""Kinds that change a draft; what several findings ask of one draft is merged into one update (rulebook b.0)."""
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


@dataclass(frozen=True, slots=True)
class Change:
    """An update that another finding proposes, with the words of its card."""

    finding: Finding
    proposal: Proposal
    card: CardText


def offers(
    finding: Finding,
    card: CardText,
    session: Session,
    knowledge: Knowledge,
    recommended_variant: str,
    only_delete: bool,
    others: Sequence[Change] = (),
) -> list[Offer]:
    """Every suggestion of a finding that can be carried out; at most one recommended.

    `only_delete` holds on other cards while the order set is offered (rulebook b.0); a message touches no draft.
    `others` are the updates of other findings, merged into the first update that is offered.
    """
    made: list[Offer] = []
    for proposal in finding.proposals:
        if proposal.kind == "titration":
            made += _titration(proposal, session, knowledge, recommended_variant if proposal.recommended else "")
        elif only_delete and not proposal.kind.startswith(("delete-", "tell-")):
            continue
        elif proposal.kind in UPDATES:
            made += _update([Change(finding, proposal, card), *others], session, knowledge)
        else:
            made += _one(proposal, finding, card, session, knowledge)
    return made


def _update(changes: list[Change], session: Session, knowledge: Knowledge) -> Iterable[Offer]:
    """One update for each draft that any of the changes is about; the first change gives the suggestion its name."""
    first = changes[0]
    moves = [change for change in changes if change.proposal.kind == "set-start"]
    move = max(moves, key=lambda change: change.proposal.values["start"], default=None)
    moved = _starts(move.proposal) if move else {}
    if not moved:
        move = None  # it starts late enough already
    corrected = [change for change in changes if change.proposal.kind == "correct-draft"]
    orders = dict.fromkeys([*moved, *(order for change in corrected for order in change.proposal.orders)])
    if not orders or any(not order.reference for order in orders):
        return
    said = [change for change in changes if change is move or change.proposal.kind == "correct-draft"]
    labels = [_words(change, "suggestions") for change in said]
    merged = ""
    if len(corrected) > 1:
        labels, merged = _merged_words(corrected, move, knowledge)
    label = "; ".join(labels)
    if move and len(moved) > 1 and is_one_schedule(move.proposal.orders):
        label = fill(knowledge.words["several_drafts"]["label"], {"label": label}, keep=True) or label
    try:
        actions = [
            {
                "type": "update",
                "description": " ".join(_said_of(order, said, moved, merged)),
                "resource": _rewritten(order, moved.get(order), corrected, session, knowledge),
            }
            for order in orders
        ]
    except (UnwritableOrder, UnwritableRelease):
        return
    suggestion: dict[str, Any] = {
        "label": label,
        "uuid": session.new_uuid(f"{first.finding.rule} {first.proposal.kind}"),
    }
    if first.proposal.recommended:
        suggestion["isRecommended"] = True
    suggestion["actions"] = actions
    yield "correct-draft" if corrected else "set-start", suggestion


def _said_of(order: DraftOrder, said: list[Change], moved: Mapping[DraftOrder, date], merged: str) -> Iterable[str]:
    """What becomes of this draft: a later step is moved to a day of its own, and not every draft is corrected."""
    corrects = any(order in one.proposal.orders for one in said if one.proposal.kind == "correct-draft")
    if merged and corrects:
        yield merged
    for change in said:
        if change.proposal.kind == "set-start":
            if order in moved:
                yield _words(change, "actions", start=moved[order].isoformat())
        elif not merged and order in change.proposal.orders:
            yield _words(change, "actions")


def _words(change: Change, table: str, **own: str) -> str:
    texts = change.card.suggestions if table == "suggestions" else change.card.actions
    values = {**change.finding.values, **change.proposal.values, **own}
    return fill(texts[change.proposal.kind], values, keep=True) or ""


def _merged_words(corrected: list[Change], move: Change | None, knowledge: Knowledge) -> tuple[list[str], str]:
    """Labels, and the description, of what the corrections come to together: each alone would name another dose."""
    words = knowledge.words["correct_draft"]
    dose, strength, moment = _asked([change.proposal.values for change in corrected])
    values = {"dose": f"{dose} mg", "strength": f"{strength} mg", "moment": knowledge.order_set.moments[moment]}
    sentence = "product" if not dose else "both" if strength else "dose"
    label = fill(words[sentence], values, keep=True) or ""
    action = fill(words["action"], {"change": label}, keep=True) or ""
    return [label, *([_words(move, "suggestions")] if move else [])], action


def _asked(asked: list[Mapping[str, str]]) -> tuple[str, str, str]:
    """(dose, strength, moment): the lowest dose that was asked for; the capsule is of that dose where one is named."""
    dose = min((values["mg"] for values in asked if values.get("mg")), key=float, default="")
    strength = next((values["strength"] for values in asked if values.get("strength")), "")
    moment = next((values["moment"] for values in asked if values.get("moment")), "HS")
    return dose, (dose or strength) if strength else "", moment


def _rewritten(
    order: DraftOrder, start: date | None, corrected: list[Change], session: Session, knowledge: Knowledge
) -> dict[str, Any]:
    """The draft made valid, corrected, and moved to its start."""
    resource, _ = write.repaired(session.release, order.resource)
    asked = [change.proposal.values for change in corrected if order in change.proposal.orders]
    if asked:
        resource = write.corrected_order(session.release, resource, correction(knowledge.order_set, *_asked(asked)))
    return resource if start is None else write.begun_on(session.release, resource, start)


def _one(
    proposal: Proposal, finding: Finding, card: CardText, session: Session, knowledge: Knowledge
) -> Iterable[Offer]:
    build = {
        "taper-review": _delete_and_request,
        "tell-anaesthesia": _tell,
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


def _tell(proposal: Proposal, card: CardText, session: Session, knowledge: Knowledge) -> list[Action]:
    """Draft messages; the words of the card file with this finding's dates in them."""
    who = write.Session(session.patient_id, session.user_id, session.encounter_id)
    actions = []
    for words in card.orders.get(proposal.kind, ()):
        text = fill(words.text, proposal.values, keep=True) or ""
        message = write.Message(text, Concept((), words.display))
        description = fill(card.actions[proposal.kind], {"text": text, **proposal.values}, keep=True)
        resource = write.communication_request(session.release, message, who)
        actions.append({"type": "create", "description": description, "resource": resource})
    return actions


def _starts(proposal: Proposal) -> dict[DraftOrder, date]:
    """Every draft of the session moved by the same number of days, so that steps never come to overlap.

    A draft that starts on or after the clear date anyway stays as it is, unless an earlier one of the same schedule
    moves.
    """
    clear = date.fromisoformat(proposal.values["start"])
    planned = [order.starts for order in proposal.orders if order.starts]
    shift = max(clear - min(planned), timedelta()) if planned else timedelta()
    together = is_one_schedule(proposal.orders)
    moved = {}
    for order in proposal.orders:
        start = clear if order.starts is None else order.starts + shift if together else max(order.starts, clear)
        if start != order.starts:
            moved[order] = start
    return moved


def is_step_down(proposal: Proposal) -> bool:
    """Whether LDN is taken already, so that only a step down can be offered (rule 36 with 33)."""
    return "current_mg" in proposal.values


def step_down(proposal: Proposal, knowledge: Knowledge) -> Variant | None:
    """The step down from the current dose; None for a start, an unreadable dose, or one with nothing below it."""
    current = proposal.values.get("current_mg", "")
    return knowledge.order_set.step_down(Decimal(current)) if current else None


def _titration(proposal: Proposal, session: Session, knowledge: Knowledge, recommended_variant: str) -> Iterable[Offer]:
    order: DraftOrder = proposal.orders[0]
    lower = step_down(proposal, knowledge)
    variants = (lower,) if lower else knowledge.order_set.offered
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
            fillers=tuple(proposal.values.get("fillers", "").split()),
            step_down=lower,
            prior=proposal.values.get("prior", ""),
        )
    except UnwritableRelease:
        return
    for variant, suggestion in zip(variants, made, strict=True):
        yield f"titration-{variant.kind}", suggestion
