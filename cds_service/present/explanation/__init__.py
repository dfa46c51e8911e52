"""Why an answer is what it is, as data: what was looked at, why each rule did or did not fire, what hid what.

References, codes, dates and our own words only: no text of the record, so that an explanation may be kept where the
record may not. No rule explains itself. Each is run once more against a case that notes what is asked of it; rules are
pure functions, so the second run says why the first one ended as it did. It costs time and is made only when asked for.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from cds_service.hooks.prefetch import TEMPLATES
from cds_service.hooks.request import HookRequest
from cds_service.present.cards import sift
from cds_service.present.explanation.answered import list_said
from cds_service.present.explanation.told import Queries, Told
from cds_service.present.explanation.watching import watched
from cds_service.present.explanation.what import draft_said, exposure_said, exposures_of, facts_said
from cds_service.present.explanation.why import OUTCOMES, QUIET, rule_explained
from cds_service.present.knowledge import Knowledge
from cds_service.present.priority import WHY
from cds_service.rules import rules

__all__ = ["OUTCOMES", "Queries", "Told", "explain", "explain_silence", "watched"]

NOT_CONCERNED = "no live draft concerns naltrexone or an opioid; the record was not read"


def explain(told: Told) -> dict[str, Any]:
    """The explanation of one answer; nothing in it is null or empty."""
    case, knowledge = told.case, told.context.knowledge
    _, hidden = sift(told.applied, case, told.context)
    explained = {
        "knowledgeVersion": knowledge.version,
        "asOf": case.today,
        "hook": case.hook,
        "release": told.context.session.release,
        "rules": [rule_explained(rule, told, hidden) for rule in _ordered(knowledge)],
        "data": [list_said(key, told) for key in TEMPLATES],
        "drafts": [draft_said(order, case) for order in case.drafts],
        "exposures": [exposure_said(kind, one) for kind, one in exposures_of(case)],
        "facts": facts_said(case),
        "suppression": [
            {"rule": one.finding.rule, "why": one.why, "text": WHY[one.why], "by": list(one.by)} for one in hidden
        ],
        "site": [{"change": change.what, "reason": change.reason} for change in knowledge.changes],
    }
    return cast(dict[str, Any], _pruned(explained))


def explain_silence(request: HookRequest, today: date, knowledge: Knowledge) -> dict[str, Any]:
    """The explanation where no draft concerns naltrexone or an opioid: no rule was asked."""
    silent = [
        {"id": rule, "number": knowledge.cards[rule].number, "outcome": QUIET, "because": NOT_CONCERNED}
        for rule in _ordered(knowledge)
    ]
    explained = {"knowledgeVersion": knowledge.version, "asOf": today, "hook": request.hook, "rules": silent}
    return cast(dict[str, Any], _pruned(explained))


def _ordered(knowledge: Knowledge) -> list[str]:
    return sorted(rules(), key=lambda rule: knowledge.cards[rule].number)


def _pruned(value: Any) -> Any:
    """Without null and without anything empty, at any depth (cds-hooks 3, 4); dates as they are written."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        kept = {str(name): _pruned(part) for name, part in value.items()}
        return {name: part for name, part in kept.items() if not _is_empty(part)}
    if isinstance(value, list | tuple):
        return [part for part in map(_pruned, value) if not _is_empty(part)]
    return value


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)
