"""Findings become cards: suppressed, folded by family, worded, with suggestions, in the order of urgency (b.0, b.4)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from cds_service.definitions.case import ORDER_SIGN, Case
from cds_service.definitions.set_elements import recorded_fillers, set_elements
from cds_service.definitions.slow_start import CAUTIOUS_START, slow_start
from cds_service.definitions.titration import CHILD_PUGH
from cds_service.hooks.request import EXTENSION
from cds_service.present import not_checked
from cds_service.present.escape import inert
from cds_service.present.knowledge import Knowledge
from cds_service.present.priority import NOT_CHECKED, ORDER_SET, Hidden, card_order, forbids_titration, leading, sifted
from cds_service.present.suggestions import UPDATES, Change, Offer, Session, is_step_down, offers, step_down
from cds_service.present.wording import CardText, fill, joined
from cds_service.record import Finding, Indicator, Proposal
from cds_service.titration import wording as titration_wording
from cds_service.titration.plan import plan, recommend
from cds_service.titration.plan_definition import plan_address
from cds_service.titration.variants import OrderSet

RULE_SYSTEM = "urn:ldn-cds:rule"
REASON_SYSTEM = "urn:ldn-cds:override-reason"
BEFORE_YOU_START = "before-you-start"
TITRATION = "titration"
STEP_DOWN = "step-down"
_MOST_BULLETS = 5
_LABS_AS_KINDS = {
    **dict.fromkeys(("hepatic-panel", *CHILD_PUGH), "liver-panel"),
    "opioid-screen": "opioid-screen",
}
"""Labs of the order set that other cards offer under the name of a suggestion kind."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A card with what is remembered of it: the rules on it and the kinds of its suggestions by uuid."""

    card: dict[str, Any]
    findings: tuple[Finding, ...]
    kinds: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What all cards of one answer share. `base_url` is the service's public address for links.

    `withheld_by` are rules that would withhold the order set had the site not lowered or silenced them.
    """

    session: Session
    knowledge: Knowledge
    base_url: str
    development: bool = False
    withheld_by: tuple[str, ...] = ()


def sift(findings: Iterable[Finding], case: Case, context: Context) -> tuple[list[Finding], list[Hidden]]:
    """What of the findings is shown, and what hid the others."""
    found = tuple(findings)
    return sifted(
        found,
        medication_unchecked=_is_unchecked(found, case, context.knowledge),
        info_at_sign=context.knowledge.thresholds.show.info_at_sign,
        at_sign=case.hook == ORDER_SIGN,
        withheld_by=context.withheld_by,
    )


def present(findings: Iterable[Finding], case: Case, context: Context) -> tuple[Shown, ...]:
    """The cards of an answer. Same findings, same cards: nothing here looks at the clock or draws lots."""
    knowledge = context.knowledge
    found = tuple(findings)
    visible, _ = sift(found, case, context)
    if _is_unchecked(found, case, knowledge) or context.withheld_by or forbids_titration(visible):
        visible = [_without_titration(finding) for finding in visible]
    visible = [_with_elements(finding, case, knowledge) for finding in visible]
    families: dict[str, list[Finding]] = {}
    for finding in visible:
        families.setdefault(finding.family or knowledge.cards[finding.rule].family, []).append(finding)
    variant = _variant(visible, case, knowledge) if _offers_titration(visible) else ""
    made: set[str] = set()
    cards = tuple(
        _card(family, members, _Answer(case, context, visible, variant, made))
        for family, members in sorted(families.items(), key=lambda one: card_order(_urgency(one[1]), one[0]))
        if not all(finding.item for finding in members)
    )
    _say_what_stayed_quiet(cards, case, knowledge)
    return cards


def _is_unchecked(findings: Iterable[Finding], case: Case, knowledge: Knowledge) -> bool:
    """Whether the medication check is undone: then nobody is told how to start (rule 39)."""
    return bool(case.unanswered_lists) or _tainted(case) or _opioid_check_broke(findings, knowledge)


def _tainted(case: Case) -> bool:
    """A medication list with a stranger's, an unreadable or a nameless entry is not a list one can trust."""
    lists = {"medStatements", "medRequests", "medDispenses", "medAdministrations"}
    faults = {"other-patient", "patient-unverified", "unreadable", "unresolved-medication"}
    return any(s.data in lists and s.cause in faults for s in case.record.shortfalls)


def _opioid_check_broke(findings: Iterable[Finding], knowledge: Knowledge) -> bool:
    """A rule of the opioid family that broke leaves the opioid check as undone as a list that was not read."""
    broken = [s.data.removeprefix("rule ") for f in findings for s in f.shortfalls if s.data.startswith("rule ")]
    return any(rule in knowledge.cards and knowledge.cards[rule].family == "opioid" for rule in broken)


def _without_titration(finding: Finding) -> Finding:
    """No "how to start" beside "do not start" or "find out first", on whichever card it would stand."""
    kept = tuple(proposal for proposal in finding.proposals if proposal.kind != TITRATION)
    return finding if len(kept) == len(finding.proposals) else replace(finding, proposals=kept)


def _with_elements(finding: Finding, case: Case, knowledge: Knowledge) -> Finding:
    """The order set's own tests and notes for this patient (c.3); a step down without a lower step offers nothing."""
    if not any(proposal.kind == TITRATION for proposal in finding.proposals):
        return finding
    completed = []
    for proposal in finding.proposals:
        if proposal.kind != TITRATION:
            completed.append(proposal)
            continue
        values = {**proposal.values, "fillers": " ".join(recorded_fillers(case))}
        if is_step_down(proposal):
            if step_down(proposal, knowledge) is None:
                continue
        else:
            values["include"] = " ".join(sorted(set_elements(case, proposal.orders[0])))
        completed.append(replace(proposal, values=values))
    return replace(finding, proposals=tuple(completed))


def _offers_titration(visible: list[Finding]) -> bool:
    return any(proposal.kind == TITRATION for finding in visible for proposal in finding.proposals)


def _variant(visible: list[Finding], case: Case, knowledge: Knowledge) -> str:
    """The id of the variant to recommend; empty where nothing is to be offered for the current dose."""
    ours = next((finding for finding in visible if finding.rule == ORDER_SET), None)
    if ours is not None and ours.wording == STEP_DOWN:
        lower = next((step_down(proposal, knowledge) for proposal in ours.proposals), None)
        return lower.id if lower else ""
    fired = [finding.rule for finding in visible if not finding.family]
    return recommend(knowledge.order_set, [*fired, CAUTIOUS_START] if slow_start(case) else fired)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the cards of one answer have to know of each other. `made` are kinds that a card already offers."""

    case: Case
    context: Context
    visible: list[Finding]
    variant: str
    made: set[str]

    @property
    def titration(self) -> Proposal | None:
        """The variants on offer, on the order-set card or on that of the rule that replaces the draft by them."""
        return next((p for one in self.visible for p in one.proposals if p.kind == TITRATION), None)

    @property
    def offers_order_set(self) -> bool:
        return any(finding.rule == ORDER_SET for finding in self.visible)

    @property
    def in_order_set(self) -> frozenset[str]:
        """Requests that the order set itself creates: a lab is created in one place (b.3)."""
        included = frozenset(self.titration.values["include"].split()) if self.titration else frozenset()
        return frozenset(kind for lab, kind in _LABS_AS_KINDS.items() if lab in included)


def _urgency(members: list[Finding]) -> Indicator:
    return max(finding.indicator for finding in members)


def _card(family: str, members: list[Finding], answer: _Answer) -> Shown:
    context, knowledge = answer.context, answer.context.knowledge
    ordered = leading([finding for finding in members if not finding.item], knowledge.numbers)
    items = [finding for finding in members if finding.item]
    leader = ordered[0]
    text = knowledge.cards[leader.rule]
    indicator = _urgency(ordered)
    made = _offers(family, ordered, items, answer)
    summary, bullets = _words(leader, text, answer.case, knowledge, answer.variant)
    extra = [_line(finding, answer.case, knowledge, answer.variant) for finding in (*ordered[1:], *items)]
    extra = [line for line in extra if line]
    notes = _notes(ordered, answer)
    room = max(_MOST_BULLETS - len(extra), 1)
    card: dict[str, Any] = {
        "uuid": context.session.new_uuid(f"card {leader.rule}"),
        "summary": summary,
        "indicator": indicator.word,
        "detail": _detail([*bullets[:room], *extra][:_MOST_BULLETS], [*notes, *_footer(ordered, context)]),
        "source": _source(leader, text, context),
        "extension": {
            EXTENSION: {
                "findings": [_finding(finding) for finding in ordered],
                "knowledgeVersion": knowledge.version,
            }
        },
    }
    if made:
        card["suggestions"] = [suggestion for _, suggestion in made]
        card["selectionBehavior"] = "any" if family == BEFORE_YOU_START else "at-most-one"
    if indicator > Indicator.INFO:
        card["overrideReasons"] = _reasons(text, knowledge)
    card["links"] = [
        {
            "label": knowledge.words["link"]["label"],
            "url": f"{context.base_url}/source-attributes/{leader.rule}",
            "type": "absolute",
        }
    ]
    if leader.rule == ORDER_SET and answer.variant:
        variant = knowledge.order_set.variant(answer.variant)
        address = plan_address(variant, context.base_url)
        label = knowledge.words["link"]["plan_definition"]
        card["links"].append({"label": label, "url": address, "type": "absolute"})
    return Shown(card, tuple(ordered), tuple((suggestion["uuid"], kind) for kind, suggestion in made))


def _offers(family: str, ordered: list[Finding], items: list[Finding], answer: _Answer) -> list[Offer]:
    """Suggestions of the leader; on the before-you-start card the ticks of every line and item (b.0, b.3)."""
    knowledge = answer.context.knowledge
    leader = ordered[0]
    together = family == BEFORE_YOU_START
    here = answer.titration is not None and any(answer.titration is p for one in ordered for p in one.proposals)
    only_delete = answer.titration is not None and not here and not together
    speaking = [*ordered, *items] if together else [leader]
    found: list[Offer] = []
    for finding in speaking:
        text = knowledge.cards[finding.rule]
        others = [] if finding is not leader else _other_updates(finding, answer)
        found += offers(finding, text, answer.context.session, knowledge, answer.variant, only_delete, others)
    taken = answer.made | answer.in_order_set | (UPDATES if answer.made & UPDATES else frozenset())
    kept = [(kind, suggestion) for kind, suggestion in found if kind not in taken or leader.rule == ORDER_SET]
    answer.made.update(kind for kind, _ in kept if not kind.startswith("delete-"))
    return kept


def _other_updates(leader: Finding, answer: _Answer) -> list[Change]:
    """What other findings, on any card, would change of the drafts: the first update that is offered carries it."""
    cards = answer.context.knowledge.cards
    return [
        Change(finding, proposal, cards[finding.rule])
        for finding in answer.visible
        if finding is not leader
        for proposal in finding.proposals
        if proposal.kind in UPDATES
    ]


def _values(finding: Finding, text: CardText) -> dict[str, str]:
    """The values of a finding for its blanks, made inert; keys of the card's `[words]` table in the card's words."""
    words = text.tables.get("words", {})
    return {
        name: inert(", ".join(words.get(part, part) for part in value.split(", ")))
        for name, value in finding.values.items()
    }


def _words(finding: Finding, text: CardText, case: Case, knowledge: Knowledge, variant: str) -> tuple[str, list[str]]:
    if finding.rule == NOT_CHECKED:
        return not_checked.words(finding, text)
    values = _values(finding, text)
    if finding.rule == ORDER_SET:
        values |= _schedule(finding, case, knowledge, variant)
    return text.summary(finding.wording, values), text.details(finding.wording, values)


def _line(finding: Finding, case: Case, knowledge: Knowledge, variant: str) -> str:
    """A finding that does not lead: its own summary, as one bullet."""
    return _words(finding, knowledge.cards[finding.rule], case, knowledge, variant)[0]


def _schedule(finding: Finding, case: Case, knowledge: Knowledge, variant: str) -> dict[str, str]:
    if not variant:
        return {}
    old = [exposure.name for exposure in case.opioids if exposure.old]
    return {**_dates(knowledge.order_set, variant, finding.values["start"]), "old_drugs": inert(joined(old))}


@lru_cache(maxsize=64)
def _dates(order_set: OrderSet, variant: str, start: str) -> dict[str, str]:
    """The dates of a variant in words. Kept, since most orders of a day start on the same day."""
    planned = plan(order_set.variant(variant), date.fromisoformat(start))
    return {
        "first_dose": titration_wording.number(planned.steps[0].dose_mg),
        "target": titration_wording.number(planned.target_mg),
        "target_from": planned.target_from.isoformat(),
        "schedule": titration_wording.label(order_set, planned),
        "decision": planned.decision.isoformat(),
    }


def _detail(bullets: list[str], lines: list[str]) -> str:
    return "\n".join([*(f"- {bullet}" for bullet in bullets), "", *lines]).strip()


def _notes(ordered: list[Finding], answer: _Answer) -> list[str]:
    leader, knowledge = ordered[0], answer.context.knowledge
    notes = []
    orders = [order for proposal in leader.proposals for order in proposal.orders]
    if any(not order.reference for order in orders):
        notes.append(knowledge.words["no_id"]["line"])
    kinds = {proposal.kind for proposal in leader.proposals}
    if answer.offers_order_set and "set-start" in kinds:
        notes.append(knowledge.words["order_set_offered"]["line"])
    if answer.offers_order_set and "correct-draft" in kinds:
        notes.append(knowledge.words["order_set_corrects"]["line"])
    if answer.in_order_set & {proposal.kind for one in ordered for proposal in one.proposals}:
        notes.append(knowledge.words["order_set_tests"]["line"])
    return notes


def _footer(findings: list[Finding], context: Context) -> list[str]:
    """One line that says what the content is worth: signed by a clinician, or by nobody yet."""
    words = context.knowledge.words["footer"]
    signed = [context.knowledge.cards[finding.rule] for finding in findings]
    if all(card.approved_by for card in signed):
        line = fill(words["signed"], {"approved_by": signed[0].approved_by, "approved_on": signed[0].approved_on})
    else:
        line = words["open"]
    return [line or "", *([words["development"]] if context.development else [])]


def _source(leader: Finding, text: CardText, context: Context) -> dict[str, Any]:
    words = context.knowledge.words["source"]
    status = words["status_signed"] if text.approved_by else words["status_open"]
    return {
        "label": fill(words["label"], {"status": status}, keep=True),
        "url": f"{context.base_url}/source-attributes",
        "topic": {"system": RULE_SYSTEM, "code": leader.rule, "display": text.title},
    }


def _reasons(text: CardText, knowledge: Knowledge) -> list[dict[str, str]]:
    """At most four of the card's own, and `other` (b.6)."""
    return [
        {"system": REASON_SYSTEM, "code": code, "display": knowledge.words["override_reasons"][code]}
        for code in (*text.override_reasons[:4], "other")
    ]


def _finding(finding: Finding) -> dict[str, Any]:
    shown_finding: dict[str, Any] = {"rule": finding.rule, "indicator": finding.indicator.word}
    evidence = [reference for reference in finding.evidence if "/" in reference]
    if evidence:
        shown_finding["evidence"] = evidence
    return shown_finding


def _say_what_stayed_quiet(cards: tuple[Shown, ...], case: Case, knowledge: Knowledge) -> None:
    """One sentence on the last card for data that is worth no card of its own (b.5, "quiet line")."""
    words = knowledge.words["quiet"]
    names = dict.fromkeys(words[shortfall.data] for shortfall in case.record.shortfalls if shortfall.data in words)
    if cards and names:
        line = fill(words["line"], {"names": joined(list(names))}) or ""
        cards[-1].card["detail"] += f"\n\n{line}"
