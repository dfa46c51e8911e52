"""Cards issued, what became of them and the calls they came from, so that a rule's acceptance can be counted.

No patient, no user, no order and no free text is kept (rulebook b.6). A feedback event is kept whether or not its card
is known, because the answer that issued the card may have been lost, and is kept once however often it is sent
(cds-hooks 83). The tenant is part of every key and of every question, so that another tenant's card is an unknown card,
even where its uuid is the same (trust T12). Times that the database stamps are its own; nothing here reads a clock.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import orjson
from sqlalchemy import URL, Connection, Engine, and_, create_engine, distinct, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.schema import CreateTable

from cds_service.errors import BadSetting, StoreUnavailable
from cds_service.feedback.inserts import Written, add_up, insert_new, insert_of
from cds_service.feedback.migration import make_room_for_tenants
from cds_service.feedback.tables import CALLS, CARDS, EVENTS, METADATA, QUIET_CALLS
from cds_service.hooks.feedback import FeedbackEvent

_BUSY_MILLISECONDS = 250
_ATTEMPTS = 8
_CONNECT_SECONDS = 2

Result = TypeVar("Result")


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


class CallFacts(NamedTuple):
    """What is remembered of a call that said something. `call` tells it from all others and means nothing.

    `outcome` is cards, not-checked or fault; `causes` are those for which something was not checked.
    """

    call: str
    hook: str
    outcome: str
    causes: tuple[str, ...]
    milliseconds: int
    knowledge_version: str


class Said(NamedTuple):
    """One answer for memory: its cards, and the facts of its call where calls are counted."""

    tenant: str
    cards: Sequence[IssuedCard]
    call: CallFacts | None = None


class Quiet(NamedTuple):
    """Calls of one day in UTC that brought no card, by hook and by the least bound of `latency.BOUNDS` they kept."""

    tenant: str
    day: date
    hook: str
    within: int


@dataclass(frozen=True, slots=True)
class Acceptance:
    """How often a rule led a card, and on how many of those cards a suggestion was taken or the card overridden."""

    issued: int
    accepted: int
    overridden: int


class FeedbackStore:
    """The tables behind any SQLAlchemy URL. It connects on first use, so a lost database stops no start.

    A tenant is the name of a caller in the registry, empty without a registry.
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
        self._new_cards, self._new_events = (insert_of(table, self._engine.dialect.name) for table in (CARDS, EVENTS))
        self._new_calls = insert_of(CALLS, self._engine.dialect.name)
        self._cards_written = Written.of(self._new_cards, self._engine, stamped="issued")
        self._calls_written = Written.of(self._new_calls, self._engine, stamped="answered")
        self._lock = Lock()
        self._has_tables = False

    def remember(self, answers: Sequence[Said]) -> None:
        """Keep the cards of some answers and the facts of their calls, in one transaction."""
        cards = [_card_row(said.tenant, card) for said in answers for card in said.cards]
        calls = [
            {"tenant": said.tenant, **said.call._asdict(), "causes": ",".join(said.call.causes)[:300]}
            for said in answers
            if said.call is not None
        ]
        if not (cards or calls):
            return
        if self._cards_written is None or self._calls_written is None:

            def write(connection: Connection) -> None:
                insert_new(connection, self._new_cards, cards)
                insert_new(connection, self._new_calls, calls)

            self.run(write)
        else:
            self._append((self._cards_written, cards), (self._calls_written, calls))

    def add_quiet(self, counts: Mapping[Quiet, int]) -> None:
        """Add calls without cards to the totals of their days, all or nothing."""

        def write(connection: Connection) -> None:
            for quiet, calls in counts.items():
                add_up(connection, QUIET_CALLS, {**quiet._asdict(), "calls": calls}, "calls")

        if counts:
            self.run(write)

    def record(self, tenant: str, service_id: str, events: Sequence[FeedbackEvent]) -> int:
        """Keep what is not known yet of the events, all or nothing; the number of new rows."""
        rows = [
            {
                "tenant": tenant,
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
        return self.run(lambda connection: insert_new(connection, self._new_events, rows), attempts=_ATTEMPTS)

    def acceptances_by_rule(self, tenant: str) -> dict[str, Acceptance]:
        """Cards by the rule that led them. A card that several events speak of counts once for each outcome."""
        counted = (
            select(CARDS.c.rule, EVENTS.c.outcome, func.count(distinct(CARDS.c.card)))
            .join_from(
                CARDS, EVENTS, and_(CARDS.c.tenant == EVENTS.c.tenant, CARDS.c.card == EVENTS.c.card), isouter=True
            )
            .where(CARDS.c.tenant == tenant)
            .group_by(CARDS.c.rule, EVENTS.c.outcome)
        )

        def count(connection: Connection) -> dict[str, Acceptance]:
            outcomes = {(rule, outcome): cards for rule, outcome, cards in connection.execute(counted)}
            issued = connection.execute(
                select(CARDS.c.rule, func.count()).where(CARDS.c.tenant == tenant).group_by(CARDS.c.rule)
            ).all()
            return {
                rule: Acceptance(cards, outcomes.get((rule, "accepted"), 0), outcomes.get((rule, "overridden"), 0))
                for rule, cards in sorted((rule, cards) for rule, cards in issued)
            }

        return self.run(count)

    def ping(self) -> None:
        """Ask the database for nothing, to learn whether it answers."""
        self.run(lambda connection: connection.execute(select(1)))

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    def run(self, work: Callable[[Connection], Result], *, attempts: int = 1) -> Result:
        """Do the work of this room in one transaction. Raises StoreUnavailable where the database does not answer.

        Only SQLite is worth another attempt: there, a failure means a queue.
        """
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

    def _append(self, *inserts: tuple[Written, Sequence[Mapping[str, Any]]]) -> None:
        """In one transaction and by the driver itself: the library's layers were a third of the price.

        The connection is the pool's, which takes back what was not committed. Raises StoreUnavailable.
        """
        try:
            if not self._has_tables:
                self._make_tables()
            connection = self._engine.raw_connection()
            try:
                cursor = connection.cursor()
                for written, rows in inserts:
                    if rows:
                        cursor.executemany(written.sql, written.values(rows))
                connection.commit()
            finally:
                connection.close()
        except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error) as fault:
            raise StoreUnavailable("The database does not answer.", diagnostics=type(fault).__name__) from None

    def _make_tables(self) -> None:
        """Workers start together and may make a table at once; the one that came second tries again and finds it."""
        with self._lock:
            for last in (False, True):
                try:
                    with self._engine.begin() as connection:
                        make_room_for_tenants(connection)
                        for table in METADATA.sorted_tables:
                            connection.execute(CreateTable(table, if_not_exists=True))
                    break
                except SQLAlchemyError:
                    if last:
                        raise
            self._has_tables = True


def _card_row(tenant: str, card: IssuedCard) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "card": card.card,
        "rule": card.rule,
        "indicator": card.indicator,
        "findings": orjson.dumps(card.findings).decode(),
        "suggestions": orjson.dumps(card.suggestions).decode(),
        "hook": card.hook,
        "instance": card.instance,
        "knowledge_version": card.knowledge_version,
    }


def _options(url: URL) -> dict[str, Any]:
    """A hook call may wait for the store only briefly, so a server that is gone has to be noticed soon."""
    if url.get_backend_name() == "sqlite":
        return {}
    options: dict[str, Any] = {"pool_pre_ping": True, "pool_timeout": _CONNECT_SECONDS}
    if url.get_driver_name() in ("psycopg", "psycopg2", "pymysql"):
        options["connect_args"] = {"connect_timeout": _CONNECT_SECONDS}
    return options


def _tune_sqlite(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()
