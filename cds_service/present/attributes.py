"""The 13 source attributes (45 CFR 170.315(b)(11)(iv)(A)) and the evidence behind a card, as data (rulebook e.1, e.5).

Rulebook e.1, e.3 and e.5. Everything said here stands in `cards/`: the attributes in `source-attributes.toml` and
under `[attributes]` of a card, the trials in `trials.toml`, who approved what in the front matter of each card.
"""

from collections.abc import Mapping
from typing import Any

from cds_service.present.knowledge import ATTRIBUTES, Knowledge
from cds_service.present.wording import CardText, fill, joined

PATH = "/source-attributes"


def of_service(knowledge: Knowledge) -> dict[str, Any]:
    """The attributes of the service as a whole, what the trials showed, and where each rule has its own."""
    cards = sorted(knowledge.cards.values(), key=lambda card: card.number)
    signed = sum(bool(card.approved_by) for card in cards)
    values = {"version": knowledge.version}
    return {
        "title": knowledge.attributes["page"]["title"],
        "approved": signed == len(cards),
        "approval": f"{signed} of {len(cards)}",
        "status": _words(knowledge)["approved_all" if signed == len(cards) else "not_approved"],
        "knowledgeVersion": knowledge.version,
        "attributes": [_attribute(name, values, knowledge, None) for name in ATTRIBUTES],
        **_common(knowledge),
        "rules": [
            {"id": card.rule, "number": card.number, "title": card.title, "path": f"{PATH}/{card.rule}"}
            for card in cards
        ],
    }


def of_rule(card: CardText, knowledge: Knowledge) -> dict[str, Any]:
    """The attributes of one rule, its sources and dates, and who has approved it, if anybody."""
    values = {
        "sources": "; ".join(card.sources),
        "statements": joined(card.statements) or "none",
        "authored_on": card.authored_on,
        "next_review": card.next_review,
        "approved_by": card.approved_by,
        "approved_on": card.approved_on,
        "version": knowledge.version,
    }
    status = _words(knowledge)["approved" if card.approved_by else "not_approved"]
    said: dict[str, Any] = {
        "rule": card.rule,
        "number": card.number,
        "title": card.title,
        "family": card.family,
        "approved": bool(card.approved_by),
        "status": fill(status, values, keep=True),
        "authoredOn": card.authored_on,
        "nextReview": card.next_review,
        "knowledgeVersion": knowledge.version,
        "statements": list(card.statements),
        "sources": list(card.sources),
        "attributes": [_attribute(name, values, knowledge, card) for name in ATTRIBUTES],
        **_common(knowledge),
    }
    if card.approved_by:
        said |= {"approvedBy": card.approved_by, "approvedOn": card.approved_on}
    own = knowledge.site.rules.get(card.rule)
    if own is not None:
        changed = {before.word: after.word for before, after in own.indicators.items() if before is not after}
        said["site"] = {"mode": own.mode, "reason": own.reason, **({"indicators": changed} if changed else {})}
    return said


def _words(knowledge: Knowledge) -> Mapping[str, str]:
    return {"approved_all": knowledge.words["source"]["status_signed"], **knowledge.words["evidence"]}


def _attribute(name: str, values: Mapping[str, str], knowledge: Knowledge, card: CardText | None) -> dict[str, Any]:
    entry = knowledge.attributes["attributes"][name]
    template = entry["service"] if card is None else card.attributes.get(name, entry["rule"])
    return {
        "number": ATTRIBUTES.index(name) + 1,
        "id": name,
        "name": entry["name"],
        "value": fill(template, values, keep=True),
    }


def _common(knowledge: Knowledge) -> dict[str, Any]:
    page, outcomes = knowledge.attributes["page"], knowledge.attributes["outcomes"]
    return {
        "trials": [
            {"id": name, **trial, "outcome": outcomes[trial["outcome"]]} for name, trial in knowledge.trials.items()
        ],
        "limits": [knowledge.words["evidence"]["disclaimer"], page["seeds"]],
        "numbers": [
            {
                "name": name,
                "value": number.value,
                "unit": number.unit,
                "source": number.source,
                "decidedBy": number.decided_by,
            }
            for name, number in knowledge.numbers_said.items()
        ],
        "regulation": page["regulation"],
    }
