"""Why each rule did or did not fire."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cds_service.definitions.case import Case
from cds_service.present.explanation.told import Told
from cds_service.present.explanation.watching import PARTS, Asked, watched
from cds_service.present.explanation.what import evidence_said, shortfall_said, state_of
from cds_service.present.knowledge import Knowledge
from cds_service.present.priority import WHY, Hidden
from cds_service.present.site import OFF, SILENT
from cds_service.record import DraftOrder, Finding, Shortfall
from cds_service.rules import rules

FIRED, QUIET, HIDDEN, NOT_AT_HOOK, RECORDED, SWITCHED_OFF, BROKE = (
    "fired", "silent", "hidden", "not-at-this-hook", "recorded", "off", "broke",
)  # fmt: skip
OUTCOMES = {
    FIRED: "shown on a card",
    QUIET: "did not fire",
    HIDDEN: "fired and is hidden",
    NOT_AT_HOOK: "fired and is not shown at this hook",
    RECORDED: "fired and is recorded only",
    SWITCHED_OFF: "switched off by the site, not evaluated",
    BROKE: "could not be evaluated (internal fault)",
}
_OBSERVED = {"pregnancy": "pregnancyObs", "liver": "labs", "opioid": "toxLabs", "follow-up": "outcomes"}
_GATES = {
    "naltrexone_drafts": "no naltrexone draft in this session",
    "naltrexone_judged": "no naltrexone draft judged",
    "opioid_drafts": "no opioid draft in this session",
    "opioid_judged": "no opioid draft judged",
    "new_starts": "no judged draft is a new start",
    "ldn_renewals": "no judged draft renews low-dose naltrexone",
    "opioids": "no opioid on the record",
    "naltrexone": "no naltrexone on the record",
    "washouts": "no opioid that ended is still inside its interval",
    "takes_low_dose": "low-dose naltrexone is not current",
    "course": "no course of low-dose naltrexone with a known start",
    "intolerance": "no intolerance of naltrexone on the record",
    "surgery": "no operation ahead inside the time looked at",
    "age_span": "no birth date",
    "all_renewals": "",
    "drafts": "no live draft",
}
"""What a rule asked of the case last, where the answer was "nothing": that is why it ended there."""
NO_EVIDENCE = "no evidence met the rule's conditions"


def rule_explained(rule: str, told: Told, hidden: Iterable[Hidden]) -> dict[str, Any]:
    knowledge = told.context.knowledge
    card = knowledge.cards[rule]
    said: dict[str, Any] = {"id": rule, "number": card.number, "family": card.family}
    if knowledge.site.mode(rule) == OFF:
        return {**said, "outcome": SWITCHED_OFF, "because": knowledge.site.rules[rule].reason}
    finding = next((one for one in told.applied if one.rule == rule), None)
    own = next((one for one in told.findings if one.rule == rule), None)
    case, asked = watched(told.case)
    if rule not in told.broken:
        rules()[rule](case)
    said |= _outcome(rule, finding, told, hidden)
    if finding is not None and own is not None:
        said["indicator"] = finding.indicator.word
        said["wording"] = finding.wording
        if own.indicator is not finding.indicator:
            said["indicatorOfTheRule"] = own.indicator.word
        said["evidence"] = [evidence_said(reference, told.case) for reference in finding.evidence]
        said["proposes"] = list(dict.fromkeys(proposal.kind for proposal in finding.proposals))
    elif said["outcome"] == QUIET:
        said["because"] = _because(asked, told.case)
        said["state"] = {name: said_of(told.case) for name, said_of in _STATES.items() if name in asked.facts}
    said["lookedAt"] = [*asked.facts, *(f"record.{part}" for part in asked.parts)]
    said["thresholds"] = [
        {"name": name, "value": _number(knowledge, name), **_source(knowledge, name)} for name in sorted(asked.numbers)
    ]
    missing = finding.shortfalls if finding and finding.shortfalls else _missing(asked, card.family, told.case)
    said["missing"] = [shortfall_said(one) for one in missing]
    return said


def _outcome(rule: str, finding: Finding | None, told: Told, hidden: Iterable[Hidden]) -> dict[str, Any]:
    if rule in told.broken:
        return {"outcome": BROKE}
    if finding is None:
        return {"outcome": QUIET}
    verdict = next((one for one in hidden if one.finding.rule == rule), None)
    if verdict is None:
        if any(rule == one.rule for shown in told.cards for one in shown.findings):
            return {"outcome": FIRED}
        if finding.item and _rides(finding, told):
            return {"outcome": FIRED, "because": "an item on a card that is shown anyway"}
        return {"outcome": HIDDEN, "because": "an item whose card is not shown"}
    if verdict.why == "silent":
        by_site = told.context.knowledge.site.mode(rule) == SILENT
        why = "the site keeps this rule silent" if by_site else "the rule itself records it without a card"
        return {"outcome": RECORDED, "because": why}
    outcome = NOT_AT_HOOK if verdict.why == "at-sign" else HIDDEN
    return {"outcome": outcome, "because": WHY[verdict.why], "by": list(verdict.by)}


def _rides(finding: Finding, told: Told) -> bool:
    cards = told.context.knowledge.cards
    family = finding.family or cards[finding.rule].family
    return any((shown.findings[0].family or cards[shown.findings[0].rule].family) == family for shown in told.cards)


def _because(asked: Asked, case: Case) -> str:
    """The last thing that was asked and came to nothing, else that the evidence did not suffice."""
    if asked.last in _GATES and not asked.facts[asked.last] and _GATES[asked.last]:
        said = _GATES[asked.last]
        if asked.last == "new_starts" and case.naltrexone_judged:
            said += f" ({', '.join(sorted({case.treatment(order) for order in case.naltrexone_judged}))})"
        return said
    own = [part for part, itself in asked.parts.items() if itself]
    if own and not any(getattr(case.record, part) for part in own):
        return f"{NO_EVIDENCE}: nothing on record under {', '.join(one.replace('_', ' ') for one in own)}"
    return NO_EVIDENCE


def _each(judge: Callable[[Case, DraftOrder], str]) -> Callable[[Case], list[str]]:
    return lambda case: [judge(case, order) for order in case.naltrexone_judged]


_STATES: Mapping[str, Callable[[Case], Any]] = {
    "opioids": lambda case: {one.ingredient: state_of(one) for one in case.opioids} or "none",
    "naltrexone": lambda case: state_of(case.naltrexone) if case.naltrexone else "none",
    "washouts": lambda case: {one.ingredient: one.earliest_clear or "no date" for one in case.washouts} or "none",
    "order_class": _each(lambda case, order: case.order_class(order).name),
    "treatment": _each(lambda case, order: case.treatment(order)),
    "new_starts": _each(lambda case, order: case.treatment(order)),
    "all_renewals": _each(lambda case, order: case.treatment(order)),
    "pregnancy": lambda case: {
        "positive": len(case.pregnancy.positive),
        "doubtful": [one.reference for one in case.pregnancy.doubtful],
    },
    "liver": lambda case: case.liver.state,
    "age_span": lambda case: list(case.age_span) if case.age_span else "unknown",
    "course": lambda case: case.course.since if case.course else "none",
    "surgery": lambda case: case.surgery.on if case.surgery else "none",
    "hook": lambda case: case.hook,
}
"""What several rules share, as it stood when a silent rule asked for it."""


def _missing(asked: Asked, family: str, case: Case) -> list[Shortfall]:
    """What could not be had of the data that the rule looked at."""
    keys = {key for part in asked.parts for key in PARTS[part]}
    narrow = _OBSERVED.get(family)
    if narrow and "observations" in asked.parts:
        keys -= set(PARTS["observations"]) - {narrow}
    return [one for one in case.record.shortfalls if one.data in keys]


def _number(knowledge: Knowledge, name: str) -> Any:
    return knowledge.numbers_said[name].value if name in knowledge.numbers_said else None


def _source(knowledge: Knowledge, name: str) -> dict[str, str]:
    if name not in knowledge.numbers_said:
        return {}
    said = knowledge.numbers_said[name]
    return {"unit": said.unit, "source": said.source, "decidedBy": said.decided_by}
