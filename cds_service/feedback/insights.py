"""What the stored cards, feedback and calls add up to: the counts behind `/insights`, of one tenant at a time.

A card counts on the day it was issued, whenever its feedback came: so accepted and overridden are shares of the same
cards. A card may be both, where several of its suggestions met different ends. Days are the database's (UTC in SQLite).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, and_, case, distinct, func, literal, select

from cds_service.feedback.latency import BOUNDS, bound_of_share
from cds_service.feedback.store import FeedbackStore
from cds_service.feedback.tables import CALLS, CARDS, EVENTS, QUIET_CALLS

_ISSUED_ON = func.date(CARDS.c.issued, type_=Date)
_ANSWERED_ON = func.date(CALLS.c.answered, type_=Date)
_SHARES = {"half": 0.5, "most": 0.95, "nearlyAll": 0.99}


@dataclass(frozen=True, slots=True)
class Question:
    """Whose counts, and of what. Days include both ends; an empty rule or hook means every one.

    Calls are not made for one rule, so that `rule` selects cards and feedback only.
    """

    tenant: str
    first: date
    last: date
    rule: str = ""
    hook: str = ""

    def holds(self, moment: Any) -> ColumnElement[bool]:
        """Whether a stored moment is on one of the days.

        SQLite compares texts, and the moments that it stamps have no fraction: neither end may fall on midnight.
        """
        start = datetime.combine(self.first, time.min)
        after = start - datetime.resolution if self.first > date.min else start
        found: ColumnElement[bool] = moment.between(after, datetime.combine(self.last, time.max))
        return found


def insights(store: FeedbackStore, question: Question) -> dict[str, Any]:
    """The counts as JSON values. Raises StoreUnavailable."""

    def ask(connection: Connection) -> dict[str, Any]:
        cards = [_Cards(*row) for row in connection.execute(_cards_counted(question))]
        calls = [_Calls(*row) for row in connection.execute(_calls_counted(question))]
        calls += [_Calls(*row) for row in connection.execute(_quiet_counted(question))]
        return {
            "totals": _card_sums(cards) | _call_sums(calls) | {"unknownCards": _unknown(connection, question)},
            "days": _by_day(cards, calls),
            "rules": _by(cards, "rule"),
            "hooks": _by_hook(cards, calls),
            "reasons": [
                {"code": code, "system": system, "cards": count}
                for code, system, count in connection.execute(_reasons_counted(question))
            ],
            "causes": _by_cause(connection.execute(_causes_counted(question))),
            "latency": _latency(calls),
            "offered": _offered(connection, question.tenant),
        }

    return store.run(ask)


@dataclass(frozen=True, slots=True)
class _Cards:
    day: date
    rule: str
    hook: str
    cards: int
    accepted: int
    overridden: int
    answered: int


@dataclass(frozen=True, slots=True)
class _Calls:
    day: date
    hook: str
    outcome: str
    within: int
    calls: int


def _of_cards(question: Question) -> ColumnElement[bool]:
    parts = [CARDS.c.tenant == question.tenant, question.holds(CARDS.c.issued)]
    parts += [CARDS.c.rule == question.rule] if question.rule else []
    parts += [CARDS.c.hook == question.hook] if question.hook else []
    return and_(*parts)


def _cards_counted(question: Question) -> Any:
    became = (
        select(
            EVENTS.c.card,
            func.max(case((EVENTS.c.outcome == "accepted", 1), else_=0)).label("accepted"),
            func.max(case((EVENTS.c.outcome == "overridden", 1), else_=0)).label("overridden"),
        )
        .where(EVENTS.c.tenant == question.tenant)
        .group_by(EVENTS.c.card)
        .subquery()
    )
    return (
        select(
            _ISSUED_ON,
            CARDS.c.rule,
            CARDS.c.hook,
            func.count(),
            func.coalesce(func.sum(became.c.accepted), 0),
            func.coalesce(func.sum(became.c.overridden), 0),
            func.count(became.c.card),
        )
        .join_from(CARDS, became, CARDS.c.card == became.c.card, isouter=True)
        .where(_of_cards(question))
        .group_by(_ISSUED_ON, CARDS.c.rule, CARDS.c.hook)
    )


def _of_calls(question: Question) -> ColumnElement[bool]:
    parts = [CALLS.c.tenant == question.tenant, question.holds(CALLS.c.answered)]
    parts += [CALLS.c.hook == question.hook] if question.hook else []
    return and_(*parts)


def _calls_counted(question: Question) -> Any:
    within = case(*((CALLS.c.milliseconds <= bound, bound) for bound in BOUNDS[:-1]), else_=BOUNDS[-1])
    return (
        select(_ANSWERED_ON, CALLS.c.hook, CALLS.c.outcome, within, func.count())
        .where(_of_calls(question))
        .group_by(_ANSWERED_ON, CALLS.c.hook, CALLS.c.outcome, within)
    )


def _quiet_counted(question: Question) -> Any:
    table = QUIET_CALLS.c
    asked = select(table.day, table.hook, literal("no-cards"), table.within, table.calls).where(
        table.tenant == question.tenant, table.day.between(question.first, question.last)
    )
    return asked.where(table.hook == question.hook) if question.hook else asked


def _causes_counted(question: Question) -> Any:
    return (
        select(CALLS.c.causes, func.count())
        .where(_of_calls(question), CALLS.c.outcome != "cards")
        .group_by(CALLS.c.causes)
    )


def _reasons_counted(question: Question) -> Any:
    count = func.count(distinct(CARDS.c.card))
    return (
        select(EVENTS.c.reason_code, EVENTS.c.reason_system, count)
        .join_from(CARDS, EVENTS, and_(CARDS.c.tenant == EVENTS.c.tenant, CARDS.c.card == EVENTS.c.card))
        .where(_of_cards(question), EVENTS.c.outcome == "overridden")
        .group_by(EVENTS.c.reason_code, EVENTS.c.reason_system)
        .order_by(count.desc(), EVENTS.c.reason_code, EVENTS.c.reason_system)
    )


def _unknown(connection: Connection, question: Question) -> int:
    """Cards that feedback speaks of and that nobody remembers, by the day on which they were spoken of."""
    known = select(CARDS.c.card).where(CARDS.c.tenant == EVENTS.c.tenant, CARDS.c.card == EVENTS.c.card).exists()
    received = question.holds(EVENTS.c.received)
    counted = select(func.count(distinct(EVENTS.c.card))).where(EVENTS.c.tenant == question.tenant, received, ~known)
    return int(connection.execute(counted).scalar_one())


def _offered(connection: Connection, tenant: str) -> dict[str, list[str]]:
    """What may be chosen: rules and hooks of this tenant, whatever is chosen now."""
    rules = select(CARDS.c.rule).where(CARDS.c.tenant == tenant).distinct()
    hooks = [select(table.c.hook).where(table.c.tenant == tenant).distinct() for table in (CARDS, CALLS, QUIET_CALLS)]
    return {
        "rules": sorted(connection.execute(rules).scalars()),
        "hooks": sorted({hook for one in hooks for hook in connection.execute(one).scalars()}),
    }


def _card_sums(rows: Iterable[_Cards]) -> dict[str, int]:
    sums = [(row.cards, int(row.accepted), int(row.overridden), row.answered) for row in rows]
    cards, accepted, overridden, answered = (sum(column) for column in zip((0, 0, 0, 0), *sums, strict=True))
    return {"cards": cards, "accepted": accepted, "overridden": overridden, "unanswered": cards - answered}


def _call_sums(rows: Iterable[_Calls]) -> dict[str, int]:
    outcomes: Counter[str] = Counter()
    for row in rows:
        outcomes[row.outcome] += row.calls
    return {
        "calls": outcomes.total(),
        "withCards": outcomes["cards"],
        "notChecked": outcomes["not-checked"],
        "faults": outcomes["fault"],
    }


def _by(rows: Iterable[_Cards], name: str) -> list[dict[str, Any]]:
    groups = defaultdict(list)
    for row in rows:
        groups[getattr(row, name)].append(row)
    found: list[dict[str, Any]] = [{name: value, **_card_sums(group)} for value, group in groups.items()]
    return sorted(found, key=lambda one: (-one["cards"], one[name]))


def _by_day(cards: Iterable[_Cards], calls: Iterable[_Calls]) -> list[dict[str, Any]]:
    """Only days on which something was."""
    return [{"day": day.isoformat(), **sums} for day, sums in _together(cards, calls, "day")]


def _by_hook(cards: Iterable[_Cards], calls: Iterable[_Calls]) -> list[dict[str, Any]]:
    return [{"hook": hook, **sums} for hook, sums in _together(cards, calls, "hook")]


def _together(cards: Iterable[_Cards], calls: Iterable[_Calls], name: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The sums of cards and calls for each value of a column that both have, in order."""
    shown, answered = defaultdict(list), defaultdict(list)
    for row in cards:
        shown[getattr(row, name)].append(row)
    for call in calls:
        answered[getattr(call, name)].append(call)
    for value in sorted({*shown, *answered}):
        yield value, {**_card_sums(shown[value]), **_call_sums(answered[value]), **_shares(answered[value])}


def _by_cause(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """A call for which several causes were given counts for each of them."""
    counts: Counter[str] = Counter()
    for causes, calls in rows:
        for cause in filter(None, causes.split(",")):
            counts[cause] += calls
    return [
        {"cause": cause, "calls": calls} for cause, calls in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]


def _counts_within(rows: Iterable[_Calls]) -> Mapping[int, int]:
    counts: Counter[int] = Counter()
    for row in rows:
        counts[row.within] += row.calls
    return counts


def _shares(rows: Iterable[_Calls]) -> dict[str, int | None]:
    counts = _counts_within(rows)
    return {name: bound_of_share(counts, share) for name, share in _SHARES.items()}


def _latency(rows: Iterable[_Calls]) -> dict[str, Any]:
    counts = _counts_within(rows)
    within = [{"within": bound, "calls": counts[bound]} for bound in BOUNDS if counts[bound]]
    return {"within": within, **_shares(rows)}
