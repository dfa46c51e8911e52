"""What a call came to, in the few words in which calls are counted."""

from typing import NamedTuple

from cds_service.service import Answer

QUIET = "no-cards"


class Outcome(NamedTuple):
    """`word` is fault, not-checked, cards or QUIET; `causes` say why something was not checked, as the card's keys."""

    word: str
    causes: frozenset[str]


def outcome_of(answer: Answer, *, ran: bool) -> Outcome:
    """`ran` is false where the service broke."""
    causes = frozenset(
        shortfall.cause
        for finding in answer.findings
        if finding.rule == "data-not-checked"
        for shortfall in finding.shortfalls
    )
    word = "fault" if not ran else "not-checked" if causes else "cards" if answer.cards else QUIET
    return Outcome(word, causes)
