"""Cards issued and what became of them: two append-only tables, so that a rule's acceptance can be counted.

No patient, no user, no order and no free text is kept (rulebook b.6). A feedback event is kept whether or not its card
is known, because the answer that issued the card may have been lost, and is kept once however often it is sent
(cds-hooks 83). Times that the database stamps are its own; nothing here reads a clock.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from threading import Lock
from typing import Any, TypeVar

import orjson
from sqlalchemy import (
    URL,
    Boolean,
    Column,
    Connection,
    DateTime,
    Engine,
    Insert,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    distinct,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.schema import CreateTable

from cds_service.errors import BadSetting, StoreUnavailable
from cds_service.hooks.feedback import FeedbackEvent

_BUSY_MILLISECONDS = 250
_ATTEMPTS = 8
_CONNECT_SECONDS = 2

Result = TypeVar("Result")

_METADATA = MetaData()

CARDS = Table(
    "cards_issued",
    _METADATA,
    Column("card", String(200), primary_key=True),
    Column("rule", String(100), nullable=False),
    Column("indicator", String(20), nullable=False),
    Column("findings", Text, nullable=False),
    Column("suggestions", Text, nullable=False),
    Column("hook", String(100), nullable=False),
    Column("instance", String(100), nullable=False),
    Column("knowledge_version", String(100), nullable=False),
    Column("issued", DateTime, nullable=False, server_default=func.now()),
)

EVENTS = Table(
    "feedback_events",
    _METADATA,
    Column("card", String(200), primary_key=True),
    Column("outcome", String(20), primary_key=True),
    Column("at", DateTime, primary_key=True),
    Column("suggestion", String(200), primary_key=True),
    Column("service", String(100), nullable=False),
    Column("reason_code", String(300), nullable=False),
    Column("reason_system", String(300), nullable=False),
    Column("has_comment", Boolean, nullable=False),
    Column("received", DateTime, nullable=False, server_default=func.now()),
)


@dataclass(frozen=True, slots=True)
class IssuedCard:
    """What is remembered of a card that left.

    `rule` is the leading rule, `findings` all rules shown on it; `suggestions` are (uuid, kind) pairs.
    """

    card: str
    rule: str
    indicator: str
    findings: tuple[str, ...]
    suggestions: tuple[tuple[str, str], ...]
    hook: str
    instance: str
    knowledge_version: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """How often a rule led a card, and on how many of those cards a suggestion was taken or the card overridden."""

    issued: int
    accepted: int
    overridden: int


class FeedbackStore:
    """The two tables behind any SQLAlchemy URL. It connects on first use, so a lost database stops no start.

    Every method raises StoreUnavailable where the database does not answer. Several threads and processes may share
    the database; SQLite then runs in WAL mode with a busy timeout.
    """

    def __init__(self, url: str) -> None:
        """Raises BadSetting where the URL cannot be read or names a database whose driver is not installed."""
        try:
            parsed = make_url(url)
            self._engine: Engine = create_engine(parsed, hide_parameters=True, **_options(parsed))
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError):
            raise BadSetting("CDS_DATABASE_URL must be an SQLAlchemy URL whose driver is installed.") from None
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _tune_sqlite)
        self._new_cards, self._new_events = (_insert_of(table, self._engine.dialect.name) for table in (CARDS, EVENTS))
        self._lock = Lock()
        self._has_tables = False

    def remember(self, cards: Sequence[IssuedCard]) -> None:
        """Keep the cards of one answer, in one transaction, before the answer leaves."""
        if cards:
            rows = [
                {
                    "card": card.card,
                    "rule": card.rule,
                    "indicator": card.indicator,
                    "findings": orjson.dumps(card.findings).decode(),
                    "suggestions": orjson.dumps(card.suggestions).decode(),
                    "hook": card.hook,
                    "instance": card.instance,
                    "knowledge_version": card.knowledge_version,
                }
                for card in cards
            ]
            self._run(lambda connection: _insert_new(connection, self._new_cards, rows))

    def record(self, service_id: str, events: Sequence[FeedbackEvent]) -> int:
        """Keep what is not known yet of the events, all or nothing; the number of new rows."""
        rows = [
            {
                "card": report.card,
                "outcome": report.outcome,
                "at": report.at.astimezone(UTC).replace(tzinfo=None),
                "suggestion": suggestion,
                "service": service_id,
                "reason_code": report.reason_code,
                "reason_system": report.reason_system,
                "has_comment": report.has_comment,
            }
            for report in events
            for suggestion in report.suggestions or ("",)
        ]
        if not rows:
            return 0
        return self._run(lambda connection: _insert_new(connection, self._new_events, rows), attempts=_ATTEMPTS)

    def acceptances_by_rule(self) -> dict[str, Acceptance]:
        """Cards by the rule that led them. A card that several events speak of counts once for each outcome."""
        counted = (
            select(CARDS.c.rule, EVENTS.c.outcome, func.count(distinct(CARDS.c.card)))
            .join_from(CARDS, EVENTS, CARDS.c.card == EVENTS.c.card, isouter=True)
            .group_by(CARDS.c.rule, EVENTS.c.outcome)
        )

        def count(connection: Connection) -> dict[str, Acceptance]:
            outcomes = {(rule, outcome): cards for rule, outcome, cards in connection.execute(counted)}
            issued = connection.execute(select(CARDS.c.rule, func.count()).group_by(CARDS.c.rule)).all()
            return {
                rule: Acceptance(cards, outcomes.get((rule, "accepted"), 0), outcomes.get((rule, "overridden"), 0))
                for rule, cards in sorted((rule, cards) for rule, cards in issued)
            }

        return self._run(count)

    def ping(self) -> None:
        """Ask the database for nothing, to learn whether it answers."""
        self._run(lambda connection: connection.execute(select(1)))

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    def _run(self, work: Callable[[Connection], Result], *, attempts: int = 1) -> Result:
        """Do the work in one transaction. Only SQLite is worth another attempt: there, a failure means a queue."""
        left = attempts if self._engine.dialect.name == "sqlite" else 1
        while True:
            left -= 1
            try:
                if not self._has_tables:
                    self._make_tables()
                with self._engine.begin() as connection:
                    return work(connection)
            except SQLAlchemyError as fault:
                if not (left > 0 and isinstance(fault, OperationalError)):
                    raise StoreUnavailable("The database does not answer.", diagnostics=type(fault).__name__) from None

    def _make_tables(self) -> None:
        """Workers start together and may make a table at once; the one that came second tries again and finds it."""
        with self._lock:
            for last in (False, True):
                try:
                    with self._engine.begin() as connection:
                        for table in _METADATA.sorted_tables:
                            connection.execute(CreateTable(table, if_not_exists=True))
                    break
                except SQLAlchemyError:
                    if last:
                        raise
            self._has_tables = True


def _options(url: URL) -> dict[str, Any]:
    """A hook call may wait for the store only briefly, so a server that is gone has to be noticed soon."""
    if url.get_backend_name() == "sqlite":
        return {}
    options: dict[str, Any] = {"pool_pre_ping": True, "pool_timeout": _CONNECT_SECONDS}
    if url.get_driver_name() in ("psycopg", "psycopg2", "pymysql"):
        options["connect_args"] = {"connect_timeout": _CONNECT_SECONDS}
    return options


def _insert_of(table: Table, dialect: str) -> Insert:
    """Built once for each store: building it costs more than running it."""
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return table.insert()


def _insert_new(connection: Connection, insert: Insert, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose key is not there yet; the number inserted."""
    if connection.dialect.name in ("sqlite", "postgresql"):
        return sum(connection.execute(insert, row).rowcount for row in rows)
    new = 0
    for row in rows:
        try:
            with connection.begin_nested():
                connection.execute(insert, row)
            new += 1
        except IntegrityError:
            continue
    return new


def _tune_sqlite(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()
