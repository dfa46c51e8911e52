"""What the stored cards, feedback and calls add up to, and what they give as rows."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from cds_service.errors import StoreUnavailable
from cds_service.feedback.export import COLUMNS, decisions
from cds_service.feedback.insights import Question, insights
from cds_service.feedback.latency import BOUNDS, bound_of, bound_of_share
from cds_service.feedback.store import CallFacts, FeedbackStore, IssuedCard, Quiet, Said
from cds_service.feedback.tables import CALLS, CARDS, EVENTS
from cds_service.hooks.feedback import FeedbackEvent

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = datetime.now(UTC).date()


def card(name: str, rule: str = "opioid-active", hook: str = "order-sign") -> IssuedCard:
    return IssuedCard(name, rule, "critical", (rule,), ((f"{name}-s", "delete-draft"),), hook, "instance", "v1")


def call(name: str, *causes: str, outcome: str = "cards", hook: str = "order-sign", took: int = 4) -> CallFacts:
    return CallFacts(name, hook, "not-checked" if causes else outcome, causes, took, "v1")


def asked(tenant: str = "", **more: Any) -> Question:
    # A day on either side, as the test may run over midnight.
    return Question(tenant, **{"first": TODAY - timedelta(1), "last": TODAY + timedelta(1), **more})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FeedbackStore]:
    with closing(FeedbackStore(f"sqlite:///{tmp_path / 'cards.sqlite'}")) as opened:
        yield opened


@pytest.fixture
def filled(store: FeedbackStore) -> FeedbackStore:
    store.remember([Said("", [card("a"), card("b", "pregnancy-current")], call("1"))])
    store.remember(
        [Said("", [card("c", hook="order-select")], call("2", "timeout", "absent", hook="order-select", took=900))]
    )
    store.remember([Said("", [card("d")], call("3", outcome="fault", took=70_000))])
    store.remember([Said("", [], call("4", "timeout"))])
    store.add_quiet({Quiet("", TODAY, "order-sign", 2): 40, Quiet("", TODAY, "order-select", 5): 1})
    taken = FeedbackEvent("a", "accepted", NOON, suggestions=("a-s", "strange"))
    against = FeedbackEvent("b", "overridden", NOON, reason_code="palliative", reason_system="urn:x", has_comment=True)
    both = FeedbackEvent("a", "overridden", NOON + timedelta(1), reason_code="palliative", reason_system="urn:x")
    bare = FeedbackEvent("c", "overridden", NOON)
    orphan = FeedbackEvent("z", "accepted", NOON, suggestions=("?",))
    store.record("", "ldn-order-sign", [taken, against, both, bare, orphan])
    return store


def test_cards_calls_and_feedback_add_up(filled: FeedbackStore) -> None:
    found = insights(filled, asked())
    assert found["totals"] == {
        "cards": 4, "accepted": 1, "overridden": 3, "unanswered": 1, "unknownCards": 1,
        "calls": 45, "withCards": 1, "notChecked": 2, "faults": 1,
    }  # fmt: skip
    assert {one["rule"]: (one["cards"], one["accepted"], one["overridden"]) for one in found["rules"]} == {
        "opioid-active": (3, 1, 2),
        "pregnancy-current": (1, 0, 1),
    }
    assert found["reasons"] == [
        {"code": "palliative", "system": "urn:x", "cards": 2},
        {"code": "", "system": "", "cards": 1},
    ]
    assert found["causes"] == [
        {"cause": "timeout", "calls": 2},
        {"cause": "absent", "calls": 1},
    ]
    assert {one["hook"]: (one["cards"], one["calls"]) for one in found["hooks"]} == {
        "order-sign": (3, 43),
        "order-select": (1, 2),
    }
    assert sum(one["calls"] for one in found["days"]) == 45
    assert found["latency"]["within"] == [
        {"within": 2, "calls": 40},
        {"within": 5, "calls": 3},
        {"within": 1000, "calls": 1},
        {"within": 60_000, "calls": 1},
    ]
    assert (found["latency"]["half"], found["latency"]["most"], found["latency"]["nearlyAll"]) == (2, 5, 60_000)


def test_a_rule_selects_cards_and_a_hook_selects_everything(filled: FeedbackStore) -> None:
    found = insights(filled, asked(rule="pregnancy-current"))
    assert (found["totals"]["cards"], found["totals"]["calls"]) == (1, 45)
    assert found["reasons"] == [{"code": "palliative", "system": "urn:x", "cards": 1}]
    found = insights(filled, asked(hook="order-select"))
    assert (found["totals"]["cards"], found["totals"]["calls"]) == (1, 2)
    assert found["offered"] == {
        "rules": ["opioid-active", "pregnancy-current"],
        "hooks": ["order-select", "order-sign"],
    }


def test_other_days_are_not_counted(filled: FeedbackStore) -> None:
    before = asked(first=date(2020, 1, 1), last=TODAY - timedelta(2))
    found = insights(filled, before)
    assert set(found["totals"].values()) == {0}
    assert found["days"] == found["rules"] == found["reasons"] == found["causes"] == []
    assert found["latency"] == {"within": [], "half": None, "most": None, "nearlyAll": None}
    assert list(decisions(filled, before)) == []


@pytest.mark.parametrize("moment", ["2026-03-02 00:00:00", "2026-03-02 23:59:59", "2026-03-02 12:00:00.500000"])
def test_a_day_holds_its_first_and_its_last_second_and_no_other(filled: FeedbackStore, moment: str) -> None:
    stamped = {CARDS: "issued", CALLS: "answered", EVENTS: "received"}
    for table, column in stamped.items():
        change = text(f"UPDATE {table.name} SET {column} = '{moment}'")
        filled.run(lambda connection, change=change: connection.execute(change))
    for day, cards, calls in ((1, 0, 0), (2, 4, 4), (3, 0, 0)):
        that = date(2026, 3, day)
        found = insights(filled, asked(first=that, last=that))
        assert (found["totals"]["cards"], found["totals"]["calls"]) == (cards, calls)
        assert found["totals"]["unknownCards"] == (1 if cards else 0)
        assert len({row["card"] for row in decisions(filled, asked(first=that, last=that))}) == (5 if cards else 0)


def test_another_tenant_sees_nothing_of_it(filled: FeedbackStore) -> None:
    filled.remember([Said("north", [card("z")], call("9", "busy"))])
    for tenant in ("south", "NORTH", "%"):
        found = insights(filled, asked(tenant))
        assert set(found["totals"].values()) == {0}
        assert found["offered"] == {"rules": [], "hooks": []}
        assert list(decisions(filled, asked(tenant))) == []
    north = insights(filled, asked("north"))
    assert (north["totals"]["cards"], north["totals"]["unanswered"], north["totals"]["calls"]) == (1, 1, 1)
    assert insights(filled, asked())["totals"]["unknownCards"] == 1  # north's card z is not the one spoken of here


def test_totals_of_a_day_add_up_however_often_they_come(store: FeedbackStore) -> None:
    for calls in (1, 2, 39):
        store.add_quiet({Quiet("", TODAY, "order-sign", 2): calls, Quiet("north", TODAY, "order-sign", 2): 1})
    store.add_quiet({})
    assert insights(store, asked())["totals"]["calls"] == 42
    assert insights(store, asked("north"))["totals"]["calls"] == 3


def test_every_card_and_every_event_is_a_row(filled: FeedbackStore) -> None:
    rows = list(decisions(filled, asked()))
    assert all(tuple(row) == COLUMNS for row in rows)
    said = [(row["card"], row["rule"], row["feedback"], row["action"], row["reason"], row["service"]) for row in rows]
    assert said == [
        ("a", "opioid-active", "accepted", "delete-draft", "", "ldn-order-sign"),
        ("a", "opioid-active", "accepted", "unknown suggestion", "", "ldn-order-sign"),
        ("a", "opioid-active", "overridden", "", "palliative", "ldn-order-sign"),
        ("b", "pregnancy-current", "overridden", "", "palliative", "ldn-order-sign"),
        ("c", "opioid-active", "overridden", "", "", "ldn-order-sign"),
        ("d", "opioid-active", "", "", "", "ldn-order-sign"),
        ("z", "", "accepted", "unknown suggestion", "", "ldn-order-sign"),
    ]
    assert rows[0]["feedback_date"] == "2026-03-02T12:00:00.000"
    assert rows[0]["date"][:10] in {str(TODAY), str(TODAY - timedelta(1))}


def test_rows_follow_the_same_choice_as_the_counts(filled: FeedbackStore) -> None:
    assert [row["card"] for row in decisions(filled, asked(rule="pregnancy-current"))] == ["b"]
    assert [row["card"] for row in decisions(filled, asked(hook="order-select"))] == ["c"]


def test_rows_come_a_page_at_a_time_and_none_twice(store: FeedbackStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_service.feedback.export._AT_ONCE", 3)
    names = [f"{number:03}" for number in range(20)]
    store.remember([Said("", [card(name) for name in names])])
    events = [FeedbackEvent(name, "overridden", NOON + timedelta(turn)) for name in names for turn in range(2)]
    store.record("", "s", [*events, *(FeedbackEvent(f"x{number}", "overridden", NOON) for number in range(7))])
    rows = [row["card"] for row in decisions(store, asked())]
    assert rows == [name for name in names for _ in range(2)] + [f"x{number}" for number in range(7)]


def test_a_lost_database_is_said(tmp_path: Path) -> None:
    with closing(FeedbackStore(f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}")) as lost:
        for attempt in (
            lambda: insights(lost, asked()),
            lambda: list(decisions(lost, asked())),
            lambda: lost.remember([Said("", [], call("1"))]),
            lambda: lost.add_quiet({Quiet("", TODAY, "order-sign", 2): 1}),
        ):
            with pytest.raises(StoreUnavailable):
                attempt()


@given(st.floats(0, 1e9))
def test_a_bound_is_the_least_that_was_kept(milliseconds: float) -> None:
    bound = bound_of(milliseconds)
    assert milliseconds <= bound or bound == BOUNDS[-1]
    assert all(lower < milliseconds for lower in BOUNDS if lower < bound)


@settings(max_examples=50)
@given(st.lists(st.sampled_from(BOUNDS), min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_share_of_calls_lies_within_its_bound_and_not_within_a_lesser(calls: list[int], share: float) -> None:
    bound = bound_of_share({one: calls.count(one) for one in calls}, share)
    assert bound is not None
    assert sum(one <= bound for one in calls) >= share * len(calls)
    assert sum(one < bound for one in calls) < share * len(calls)
