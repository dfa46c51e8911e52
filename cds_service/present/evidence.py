"""The evidence text behind a card: statements, sources, dates, and who has approved it (rulebook e.3)."""

from cds_service.present.knowledge import Knowledge
from cds_service.present.wording import CardText, fill, joined


def evidence_index(knowledge: Knowledge) -> str:
    """All rules with their numbers, for somebody who comes from a card's source."""
    words = knowledge.words["evidence"]
    lines = [words["heading"], words["disclaimer"], fill(words["version"], {"version": knowledge.version}) or ""]
    cards = sorted(knowledge.cards.values(), key=lambda card: card.number)
    lines += [f"{card.number}. {card.title}: /evidence/{card.rule}" for card in cards]
    return "\n\n".join(lines[:3]) + "\n\n" + "\n".join(lines[3:]) + "\n"


def evidence_of(card: CardText, knowledge: Knowledge) -> str:
    """One rule: what it rests on, and that nobody has approved it until somebody has."""
    words = knowledge.words["evidence"]
    values = {
        "title": card.title,
        "rule": card.rule,
        "number": str(card.number),
        "statements": joined(card.statements),
        "authored_on": card.authored_on,
        "next_review": card.next_review,
        "approved_by": card.approved_by,
        "approved_on": card.approved_on,
        "version": knowledge.version,
    }
    approval = words["approved"] if card.approved_by else words["not_approved"]
    parts = [words["rule_heading"], approval, words["statements"], words["dates"], words["version"]]
    text = [fill(part, values, keep=True) or "" for part in parts]
    sources = [words["sources"], *(f"- {source}" for source in card.sources)]
    return "\n\n".join([*text[:2], *text[2:4], "\n".join(sources), text[4], words["disclaimer"]]) + "\n"
