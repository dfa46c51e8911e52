"""The stored decisions as rows: what 45 CFR 170.315(b)(11)(ii)(C) asks for, as far as it is kept.

No user and no location is stored, so neither is a column. A card without feedback is a row of its own, and feedback for
a card that nobody remembers is one without a rule: the rows add up to all that is stored.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, and_, select

from cds_service.feedback.insights import Question
from cds_service.feedback.store import FeedbackStore
from cds_service.feedback.tables import CARDS, EVENTS
from cds_service.hooks.services import SERVICES

COLUMNS = (
    "rule", "indicator", "action", "feedback", "reason", "reason_system", "date", "feedback_date", "hook", "service",
    "card",
)  # fmt: skip
_AT_ONCE = 2000
_SERVICE_OF = {service.hook: service.id for service in SERVICES.values()}


def decisions(store: FeedbackStore, question: Question) -> Iterator[dict[str, str]]:
    """Rows by `COLUMNS`, in the order of the cards' uuids. Raises StoreUnavailable, also between rows.

    `action` is the kind of suggestion that was taken, `date` when the card was issued and `feedback_date` when its
    outcome came about. Few are held in memory at a time; rows that come meanwhile may or may not be among them.
    """
    yield from _pages(store, partial(_of_cards, question))
    if not question.rule and not question.hook:
        yield from _pages(store, partial(_of_unknown_cards, question))


_SAME = and_(CARDS.c.tenant == EVENTS.c.tenant, CARDS.c.card == EVENTS.c.card)
_SHOWN = (
    CARDS.c.rule, CARDS.c.indicator, CARDS.c.suggestions, CARDS.c.hook, CARDS.c.issued, CARDS.c.card,
    EVENTS.c.outcome, EVENTS.c.at, EVENTS.c.suggestion, EVENTS.c.reason_code, EVENTS.c.reason_system, EVENTS.c.service,
    EVENTS.c.card,
)  # fmt: skip


def _of_cards(question: Question, after: str) -> Any:
    parts: list[ColumnElement[bool]] = [CARDS.c.tenant == question.tenant, CARDS.c.card > after]
    parts += [question.holds(CARDS.c.issued)]
    parts += [CARDS.c.rule == question.rule] if question.rule else []
    parts += [CARDS.c.hook == question.hook] if question.hook else []
    page = select(CARDS.c.card).where(*parts).order_by(CARDS.c.card).limit(_AT_ONCE).subquery()
    return (
        select(*_SHOWN)
        .join_from(CARDS, page, CARDS.c.card == page.c.card)
        .join(EVENTS, _SAME, isouter=True)
        .where(CARDS.c.tenant == question.tenant)
        .order_by(CARDS.c.card, EVENTS.c.outcome, EVENTS.c.at, EVENTS.c.suggestion)
    )


def _of_unknown_cards(question: Question, after: str) -> Any:
    mine = and_(EVENTS.c.tenant == question.tenant, EVENTS.c.card > after, question.holds(EVENTS.c.received))
    unknown = ~select(CARDS.c.card).where(_SAME).exists()
    page = select(EVENTS.c.card).where(mine, unknown).distinct().order_by(EVENTS.c.card).limit(_AT_ONCE).subquery()
    return (
        select(*_SHOWN)
        .join_from(EVENTS, page, EVENTS.c.card == page.c.card)
        .join(CARDS, _SAME, isouter=True)
        .where(mine)
        .order_by(EVENTS.c.card, EVENTS.c.outcome, EVENTS.c.at, EVENTS.c.suggestion)
    )


def _pages(store: FeedbackStore, query: Callable[[str], Any]) -> Iterator[dict[str, str]]:
    """One transaction a page, so that a reader who is slow holds nothing up."""
    after = ""
    while rows := store.run(partial(_rows, query(after))):
        found = [_row(row) for row in rows]
        yield from found
        after = found[-1]["card"]


def _rows(query: Any, connection: Connection) -> list[Any]:
    return list(connection.execute(query))


def _row(found: Any) -> dict[str, str]:
    rule, indicator, suggestions, hook, issued, card, outcome, at, taken, reason, system, service, spoken_of = found
    kinds: Mapping[str, str] = dict(orjson.loads(suggestions)) if suggestions else {}
    return {
        "rule": rule or "",
        "indicator": indicator or "",
        "action": kinds.get(taken, "unknown suggestion") if taken else "",
        "feedback": outcome or "",
        "reason": reason or "",
        "reason_system": system or "",
        "date": issued.isoformat() if issued else "",
        "feedback_date": at.isoformat(timespec="milliseconds") if at else "",
        "hook": hook or "",
        "service": service or _SERVICE_OF.get(hook, ""),
        "card": card or spoken_of,
    }
