"""Cards issued and feedback received, kept once however often they are sent."""

import multiprocessing
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.errors import BadSetting, StoreUnavailable
from cds_service.feedback.store import Acceptance, FeedbackStore, IssuedCard, Said
from cds_service.feedback.tables import METADATA
from cds_service.hooks.feedback import FeedbackEvent

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def card(name: str, rule: str = "opioid-active") -> IssuedCard:
    return IssuedCard(
        card=name,
        rule=rule,
        indicator="critical",
        findings=(rule, "cirrhosis-compensated"),
        suggestions=((f"{name}-s", "delete-draft"),),
        hook="order-sign",
        instance="d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        knowledge_version="2026.03",
    )


def taken(name: str, *suggestions: str) -> FeedbackEvent:
    return FeedbackEvent(name, "accepted", NOON, suggestions=suggestions or ("s",))


def overridden(name: str, minutes: int = 0) -> FeedbackEvent:
    return FeedbackEvent(
        name, "overridden", NOON + timedelta(minutes=minutes), reason_code="palliative", reason_system="urn:x"
    )


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'cards.sqlite'}"


@pytest.fixture
def store(url: str) -> Iterator[FeedbackStore]:
    with closing(FeedbackStore(url)) as opened:
        yield opened


def test_acceptance_is_counted_by_the_leading_rule(store: FeedbackStore) -> None:
    store.remember([Said("", [card("a"), card("b"), card("c"), card("d", "pregnancy-current")])])
    store.record("", "ldn-order-sign", [taken("a"), overridden("b"), overridden("d")])
    assert store.acceptances_by_rule("") == {
        "opioid-active": Acceptance(issued=3, accepted=1, overridden=1),
        "pregnancy-current": Acceptance(issued=1, accepted=0, overridden=1),
    }


def test_a_card_with_two_accepted_suggestions_counts_once(store: FeedbackStore) -> None:
    store.remember([Said("", [card("a")])])
    assert store.record("", "ldn-order-sign", [taken("a", "s1", "s2")]) == 2
    assert store.acceptances_by_rule("")["opioid-active"] == Acceptance(1, 1, 0)


def test_feedback_on_an_unknown_card_is_kept_until_the_card_is_known(store: FeedbackStore) -> None:
    assert store.record("", "ldn-order-sign", [taken("orphan")]) == 1
    assert store.acceptances_by_rule("") == {}
    store.remember([Said("", [card("orphan")])])
    assert store.acceptances_by_rule("") == {"opioid-active": Acceptance(1, 1, 0)}


def test_the_same_feedback_is_kept_once_however_often_and_in_whatever_order_it_comes(store: FeedbackStore) -> None:
    events = [taken("a", "s1"), taken("a", "s1", "s2"), overridden("a"), overridden("a", minutes=1), overridden("b")]
    new = []
    for turn in range(10):
        shuffled = events * 2
        Random(turn).shuffle(shuffled)
        new.append(store.record("", "ldn-order-sign", shuffled))
    assert new == [5, *[0] * 9]


def test_the_same_moment_in_another_zone_is_the_same_event(store: FeedbackStore) -> None:
    west = FeedbackEvent("a", "overridden", NOON.astimezone(timezone(timedelta(hours=-5))))
    assert store.record("", "ldn-order-sign", [overridden("a"), west]) == 1


def test_the_same_card_issued_again_is_one_card(store: FeedbackStore) -> None:
    store.remember([Said("", [card("a")])])
    store.remember([Said("", [card("a"), card("a")])])
    assert store.acceptances_by_rule("") == {"opioid-active": Acceptance(1, 0, 0)}


def test_nothing_to_keep_touches_no_database(tmp_path: Path) -> None:
    with closing(FeedbackStore(f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}")) as lost:
        lost.remember([])
        lost.remember([Said("", [])])
        assert lost.record("", "ldn-order-sign", []) == 0


def test_what_is_kept_outlives_the_process(url: str) -> None:
    with closing(FeedbackStore(url)) as first:
        first.remember([Said("", [card("a")])])
    with closing(FeedbackStore(url)) as second:
        assert second.record("", "ldn-order-sign", [taken("a")]) == 1
        assert second.acceptances_by_rule("") == {"opioid-active": Acceptance(1, 1, 0)}


def test_no_comment_reaches_the_file(url: str, tmp_path: Path) -> None:
    with closing(FeedbackStore(url)) as store:
        store.record("", "x", [FeedbackEvent("a", "overridden", NOON, has_comment=True, comment="Mustermann")])
    assert all(b"Mustermann" not in path.read_bytes() for path in tmp_path.iterdir())
    with closing(sqlite3.connect(tmp_path / "cards.sqlite")) as connection:
        assert connection.execute("SELECT has_comment FROM feedback_events").fetchall() == [(1,)]


def test_a_database_that_cannot_be_opened_is_reported_in_our_own_words(tmp_path: Path) -> None:
    with closing(FeedbackStore(f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}")) as lost:
        for attempt in (
            lambda: lost.remember([Said("", [card("a")])]),
            lambda: lost.record("", "x", [taken("a")]),
            lambda: lost.acceptances_by_rule(""),
            lost.ping,
        ):
            with pytest.raises(StoreUnavailable):
                attempt()


def test_a_database_that_comes_back_is_used_again(tmp_path: Path) -> None:
    with closing(FeedbackStore(f"sqlite:///{tmp_path / 'later' / 'x.sqlite'}")) as store:
        with pytest.raises(StoreUnavailable):
            store.ping()
        (tmp_path / "later").mkdir()
        assert store.record("", "x", [taken("a")]) == 1


def test_a_batch_that_fails_leaves_nothing_behind(store: FeedbackStore) -> None:
    store.ping()
    broken = FeedbackEvent(None, "overridden", NOON)  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailable):
        store.record("", "x", [overridden("a"), broken])
    assert store.record("", "x", [overridden("a")]) == 1


@pytest.mark.parametrize("url", ["", "nonsense", "nosuchdatabase://x/y", "postgresql+nosuchdriver://h/d"])
def test_a_url_that_names_no_database_is_a_bad_setting(url: str) -> None:
    with pytest.raises(BadSetting, match="CDS_DATABASE_URL"):
        FeedbackStore(url)


def test_what_one_tenant_keeps_is_unknown_to_every_other(store: FeedbackStore) -> None:
    store.remember([Said("north", [card("a")])])
    store.remember([Said("south", [card("a", "pregnancy-current")])])
    assert store.record("south", "ldn-order-sign", [taken("a")]) == 1
    assert store.record("west", "ldn-order-sign", [taken("a")]) == 1
    assert store.record("south", "ldn-order-sign", [taken("a")]) == 0
    assert store.acceptances_by_rule("north") == {"opioid-active": Acceptance(1, 0, 0)}
    assert store.acceptances_by_rule("south") == {"pregnancy-current": Acceptance(1, 1, 0)}
    assert store.acceptances_by_rule("west") == {}
    assert store.acceptances_by_rule("") == {}


def test_every_key_of_every_table_begins_with_the_tenant() -> None:
    for table in METADATA.sorted_tables:
        assert next(iter(table.primary_key.columns)).name == "tenant"


OLD_TABLES = """
CREATE TABLE cards_issued (card VARCHAR(200) NOT NULL, rule VARCHAR(100) NOT NULL, indicator VARCHAR(20) NOT NULL,
 findings TEXT NOT NULL, suggestions TEXT NOT NULL, hook VARCHAR(100) NOT NULL, instance VARCHAR(100) NOT NULL,
 knowledge_version VARCHAR(100) NOT NULL, issued DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL, PRIMARY KEY (card));
CREATE TABLE feedback_events (card VARCHAR(200) NOT NULL, outcome VARCHAR(20) NOT NULL, at DATETIME NOT NULL,
 suggestion VARCHAR(200) NOT NULL, service VARCHAR(100) NOT NULL, reason_code VARCHAR(300) NOT NULL,
 reason_system VARCHAR(300) NOT NULL, has_comment BOOLEAN NOT NULL,
 received DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL, PRIMARY KEY (card, outcome, at, suggestion));
INSERT INTO cards_issued VALUES ('a', 'opioid-active', 'critical', '[]', '[]', 'order-sign', 'i', 'v', '2026-01-01');
INSERT INTO feedback_events
 VALUES ('a', 'overridden', '2026-03-02 12:00:00.000000', '', 's', '', '', 0, '2026-01-01 00:00:00');
"""


def test_a_file_from_before_there_were_tenants_is_taken_over(url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "cards.sqlite")) as before:
        before.executescript(OLD_TABLES)
    for _ in range(2):
        with closing(FeedbackStore(url)) as store:
            assert store.acceptances_by_rule("") == {"opioid-active": Acceptance(1, 0, 1)}
            assert store.record("", "s", [overridden("a")]) == 0
            store.remember([Said("north", [card("a")])])
            assert store.acceptances_by_rule("north") == {"opioid-active": Acceptance(1, 0, 0)}
    with closing(sqlite3.connect(tmp_path / "cards.sqlite")) as after:
        tables = {name for (name,) in after.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"cards_issued", "feedback_events", "calls", "quiet_calls"}


def _take_over(url: str, _: int) -> int:
    with closing(FeedbackStore(url)) as store:
        store.record("", "s", [overridden("a")])
        return store.acceptances_by_rule("")["opioid-active"].overridden


def test_several_workers_take_the_old_file_over_at_once(url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "cards.sqlite")) as before:
        before.executescript(OLD_TABLES)
    with ThreadPoolExecutor(4) as workers:
        assert list(workers.map(lambda turn: _take_over(url, turn), range(4))) == [1] * 4


def _write(url: str, worker: int) -> int:
    with closing(FeedbackStore(url)) as store:
        new = 0
        for turn in range(10):
            store.remember([Said("", [card(f"{worker}-{turn}")])])
            new += store.record("", "ldn-order-sign", [overridden("shared", minutes=turn), taken(f"{worker}-{turn}")])
        return new


def test_several_processes_write_the_same_file(url: str) -> None:
    """They are forked from a process that has the imports behind it, as the workers of the server are."""
    children = multiprocessing.get_context("forkserver")
    children.set_forkserver_preload(["cds_service.feedback.store"])
    with ProcessPoolExecutor(3, mp_context=children) as pool:
        new = sum(pool.map(_write, [url] * 3, range(3)))
    assert new == 3 * 10 + 10
    with closing(FeedbackStore(url)) as store:
        assert store.acceptances_by_rule("") == {"opioid-active": Acceptance(30, 30, 0)}


def test_several_threads_share_one_store(store: FeedbackStore) -> None:
    def write(worker: int) -> int:
        return sum(
            store.record("", "x", [overridden("shared", minutes=turn), taken(f"{worker}-{turn}")]) for turn in range(20)
        )

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(8))) == 8 * 20 + 20


EVENTS = st.builds(
    FeedbackEvent,
    card=st.sampled_from("abc"),
    outcome=st.sampled_from(["accepted", "overridden"]),
    at=st.sampled_from([NOON, NOON + timedelta(microseconds=1)]),
    suggestions=st.lists(st.sampled_from("st"), unique=True, max_size=2).map(tuple),
)


@settings(max_examples=25)
@given(batches=st.lists(st.lists(EVENTS, max_size=6), max_size=4))
def test_the_number_of_new_rows_is_the_number_of_distinct_keys(batches: list[list[FeedbackEvent]]) -> None:
    keys = {
        (event.card, event.outcome, event.at, suggestion)
        for batch in batches
        for event in batch
        for suggestion in event.suggestions or ("",)
    }
    with closing(FeedbackStore("sqlite://")) as store:
        assert sum(store.record("", "x", batch) for batch in batches) == len(keys)
