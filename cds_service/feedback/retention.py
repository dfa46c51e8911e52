"""Forgetting: what is older than a moment is deleted, for one tenant or for all."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select, tuple_

from cds_service.feedback.store import FeedbackStore
from cds_service.feedback.tables import CALLS, CARDS, EVENTS, QUIET_CALLS

_AT_ONCE = 500
"""Rows of one transaction, so that hook calls that write meanwhile need not wait for long."""
_ATTEMPTS = 40


def forget(store: FeedbackStore, before: datetime, tenant: str | None = None) -> dict[str, int]:
    """Delete what was stored before a moment (UTC, without zone); the rows deleted of each table.

    Feedback goes with its card. Of calls without cards there are totals of days: those of whole days that are over.
    Raises StoreUnavailable; what was deleted until then stays deleted.
    """
    return {str(table.name): _emptied(store, table, condition) for table, condition in _conditions(before, tenant)}


def _conditions(before: datetime, tenant: str | None) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    old_card = (
        select(CARDS.c.card)
        .where(CARDS.c.tenant == EVENTS.c.tenant, CARDS.c.card == EVENTS.c.card, CARDS.c.issued < before)
        .exists()
    )
    for table, old in (
        (EVENTS, or_(EVENTS.c.received < before, old_card)),  # first, while their cards are there
        (CARDS, CARDS.c.issued < before),
        (CALLS, CALLS.c.answered < before),
        (QUIET_CALLS, QUIET_CALLS.c.day < before.date()),
    ):
        yield table, old if tenant is None else and_(table.c.tenant == tenant, old)


def _emptied(store: FeedbackStore, table: Table, condition: ColumnElement[bool]) -> int:
    key = list(table.primary_key.columns)

    def some(connection: Connection) -> int:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = ON")  # what is deleted is overwritten too
        found = [tuple(row) for row in connection.execute(select(*key).where(condition).limit(_AT_ONCE))]
        if found:
            connection.execute(table.delete().where(tuple_(*key).in_(found)))
        return len(found)

    deleted = 0
    while new := store.run(some, attempts=_ATTEMPTS):
        deleted += new
    return deleted
