"""Forgetting by age and by tenant."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from test_feedback_store import OLD_TABLES

from cds_service.feedback.retention import forget
from cds_service.feedback.store import CallFacts, FeedbackStore, IssuedCard, Quiet, Said
from cds_service.hooks.feedback import FeedbackEvent

TABLES = ("feedback_events", "cards_issued", "calls", "quiet_calls")
STAMPS = {"feedback_events": "received", "cards_issued": "issued", "calls": "answered"}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVER = datetime.max


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cards.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[FeedbackStore]:
    with closing(FeedbackStore(f"sqlite:///{path}")) as opened:
        yield opened


def keep(store: FeedbackStore, tenant: str, name: str, day: date) -> None:
    issued = IssuedCard(name, "opioid-active", "critical", ("opioid-active",), (), "order-sign", "instance", "v1")
    store.remember([Said(tenant, [issued], CallFacts(name, "order-sign", "cards", (), 3, "v1"))])
    store.record(tenant, "ldn-order-sign", [FeedbackEvent(name, "overridden", NOON)])
    store.add_quiet({Quiet(tenant, day, "order-sign", 2): 7})


def age(path: Path, name: str, moment: str, *tables: str) -> None:
    """As if it had been stored then."""
    with closing(sqlite3.connect(path)) as file, file:
        for table in tables or STAMPS:
            key = "call" if table == "calls" else "card"
            file.execute(f"UPDATE {table} SET {STAMPS[table]} = ? WHERE {key} = ?", (moment, name))


def rows(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as file:
        return {table: file.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


def test_what_is_older_goes_and_what_is_not_stays(store: FeedbackStore, path: Path) -> None:
    keep(store, "", "old", date(2026, 1, 1))
    keep(store, "", "new", date(2026, 2, 1))
    age(path, "old", "2026-01-01 10:00:00")
    age(path, "new", "2026-02-01 10:00:00")
    assert forget(store, datetime(2026, 2, 1)) == dict.fromkeys(TABLES, 1)
    assert forget(store, datetime(2026, 2, 1, 9, 59)) == dict.fromkeys(TABLES, 0)
    assert rows(path) == dict.fromkeys(TABLES, 1)


def test_feedback_goes_with_its_card_even_where_it_came_later(store: FeedbackStore, path: Path) -> None:
    keep(store, "", "old", date(2026, 1, 1))
    age(path, "old", "2026-01-01 10:00:00", "cards_issued")
    assert forget(store, datetime(2026, 2, 1))["feedback_events"] == 1


def test_one_tenant_is_forgotten_and_no_other(store: FeedbackStore, path: Path) -> None:
    for tenant in ("north", "south", ""):
        keep(store, tenant, "same", date(2026, 1, 1))
    assert forget(store, EVER, "north") == dict.fromkeys(TABLES, 1)
    assert store.acceptances_by_rule("north") == {}
    assert store.acceptances_by_rule("south")["opioid-active"].overridden == 1
    assert forget(store, EVER, "") == dict.fromkeys(TABLES, 1)
    assert rows(path) == dict.fromkeys(TABLES, 1)


def test_everything_goes_in_portions_however_much_it_is(
    store: FeedbackStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_service.feedback.retention._AT_ONCE", 3)
    for number in range(10):
        keep(store, "", str(number), date(2026, 1, 1 + number))
    assert forget(store, EVER) == dict.fromkeys(TABLES, 10)
    assert rows(path) == dict.fromkeys(TABLES, 0)


def test_what_is_forgotten_is_overwritten_in_the_file(store: FeedbackStore, path: Path, tmp_path: Path) -> None:
    keep(store, "", "unmistakable-card", date(2026, 1, 1))
    forget(store, EVER)
    store.close()  # the last connection writes the log back
    assert all(b"unmistakable-card" not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_file_from_before_calls_were_stored_is_taken_over(store: FeedbackStore, path: Path) -> None:
    with closing(sqlite3.connect(path)) as before:
        before.executescript(OLD_TABLES)
    keep(store, "", "new", date(2026, 1, 1))
    assert rows(path) == {"feedback_events": 2, "cards_issued": 2, "calls": 1, "quiet_calls": 1}
    assert forget(store, EVER)["cards_issued"] == 2
