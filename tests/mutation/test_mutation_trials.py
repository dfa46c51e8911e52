"""A change reaches everybody who holds the function or the constant, and a trial tells noticed from not."""

import importlib.util
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from definitions import chart

from cds_service.content import cards_dir
from mutation import graft, trials
from mutation import mutants as changes
from mutation.graft import CannotGraft, Stock
from mutation.mutants import FUNCTION, Mutant, mutants
from mutation.numbers import number_mutants
from mutation.reach import Reach
from mutation.report import plain, table
from mutation.rooms import CARDS
from mutation.rooms import CODE as CODE_FOLDER
from mutation.trials import KILLED, LOST, SURVIVED, TIMEOUT, Outcome

CODE = """
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import NamedTuple

DAYS = 7


class Case:
    def __init__(self, days):
        self.days = days

    @property
    def near(self):
        return self.days < DAYS


@cache
def far(days):
    return days > 30


@dataclass(frozen=True, slots=True)
class Fact:
    name: str = "a"
    days: int = 1


class Sample(NamedTuple):
    size: int = 2


def wait(days=3):
    return days


class Grade(Enum):
    A = 4


def outer(days):
    def inner():
        return days
    return inner() + 1
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    path = tmp_path / "a_room.py"
    path.write_text(CODE, "utf-8")
    monkeypatch.setattr(changes, "CHECKOUT", tmp_path)
    monkeypatch.setattr(graft, "CODE", tmp_path)
    monkeypatch.setattr(graft, "module_name", lambda path: "a_room")
    spec = importlib.util.spec_from_file_location("a_room", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["a_room"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["a_room"]


def change(room: ModuleType, inside: str, before: str, after: str) -> Mutant:
    (found,) = [
        one
        for one in mutants(Path(str(room.__file__)))
        if (one.inside, one.before, one.after) == (inside, before, after)
    ]
    return found


def test_a_property_follows_its_changed_code(room: ModuleType) -> None:
    case = room.Case(7)
    assert not case.near
    Stock(Path()).graft(change(room, "Case.near", "< DAYS", "<= DAYS"))
    assert case.near


def test_a_cached_function_that_somebody_else_holds_follows(room: ModuleType) -> None:
    held = room.far
    Stock(Path()).graft(change(room, "far", "30", "31"))
    assert (held(31), held(32)) == (False, True)


def test_a_constant_changes_for_every_module_that_imported_it(
    room: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ModuleType("another_room")
    other.DAYS = room.DAYS  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "another_room", other)
    Stock(Path()).graft(change(room, "DAYS", "7", "8"))
    assert (room.DAYS, other.DAYS) == (8, 8)  # type: ignore[attr-defined]


def test_an_inner_function_changes_with_the_one_around_it(room: ModuleType) -> None:
    Stock(Path()).graft(change(room, "outer", "1", "2"))
    assert room.outer(5) == 7


def test_a_changed_number_of_the_clinicians_is_what_service_and_tests_find(tmp_path: Path) -> None:
    """In a process of its own, since everything that was read is forgotten there."""
    path = CARDS / "thresholds.toml"
    (longer,) = [
        one
        for one in number_mutants(path)
        if one.inside == "[washout.short-acting] clear_days" and one.after == "clear_days = 11"
    ]

    def work(write: int) -> None:
        Stock(tmp_path).graft(longer)
        said = f"{chart.THRESHOLDS.washout['short-acting'].clear_days} {(cards_dir() / 'thresholds.toml') == path}"
        os.write(write, said.encode())

    assert trials._forked(work) == ("11 False", "")


@pytest.mark.parametrize(
    ("inside", "before", "after", "asked"),
    [
        ("Fact", "1", "2", lambda room: room.Fact().days),
        ("Sample", "2", "3", lambda room: room.Sample().size),
        ("wait", "3", "4", lambda room: room.wait()),
    ],
)
def test_a_default_changes_where_it_stands(
    room: ModuleType, inside: str, before: str, after: str, asked: Callable[[ModuleType], int]
) -> None:
    Stock(Path()).graft(change(room, inside, before, after))
    assert asked(room) == int(after)
    assert room.Fact().name == "a"


def test_a_member_of_an_enumeration_needs_a_new_import(room: ModuleType) -> None:
    with pytest.raises(CannotGraft):
        Stock(Path()).graft(change(room, "Grade", "4", "5"))


def test_what_is_not_there_cannot_be_changed(room: ModuleType) -> None:
    there = change(room, "far", "30", "31")
    del room.far
    stock = Stock(Path())
    stock._functions.clear()
    with pytest.raises(CannotGraft):
        stock.graft(there)


def _says(text: str) -> Callable[[int], None]:
    return lambda write: None if not text else (os.write(write, text.encode()), None)[1]


@pytest.mark.parametrize(
    ("work", "outcome"),
    [
        (_says("killed\ttests/a.py::test_b"), (KILLED, "tests/a.py::test_b")),
        (_says("survived"), (SURVIVED, "")),
        (_says(""), (LOST, "")),
        (lambda write: os.kill(os.getpid(), signal.SIGXCPU), (TIMEOUT, "")),
    ],
)
def test_a_trial_ends_in_one_of_four_ways(work: Callable[[int], None], outcome: tuple[str, str]) -> None:
    assert trials._forked(work) == outcome


def test_a_trial_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "_WALL_SECONDS", 0.2)
    start = time.monotonic()
    assert trials._forked(lambda write: time.sleep(60)) == (TIMEOUT, "")
    assert time.monotonic() - start < 30


def test_the_cases_of_the_rule_come_first_and_time_is_bounded(
    room: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "_TEST_SECONDS", 1.0)
    own = "tests/content/test_every_case.py::test_it[a-room/fires]"
    reached = Reach({"tests/x.py::slow": 3.0, "tests/x.py::quick": 0.1, own: 0.5, "tests/x.py::next": 0.3})
    there = change(room, "far", "30", "31")
    assert trials._ordered(reached.seconds, reached, there) == [own, "tests/x.py::quick", "tests/x.py::next"]


def test_tests_of_the_room_come_before_quicker_ones_of_others() -> None:
    change = Mutant(CODE_FOLDER / "titration" / "plan.py", 1, "plan", "1", "2", FUNCTION, (1,))
    reached = Reach({"tests/rules/a.py::quick": 0.1, "tests/titration/b.py::slow": 2.0})
    assert trials._ordered(reached.seconds, reached, change)[0] == "tests/titration/b.py::slow"


def test_only_tests_that_pass_the_line_take_part() -> None:
    reached = Reach({}, {"a.py": {3: ["one", "two"], 4: ["two", "three"]}})
    assert reached.tests("a.py", [4]) == {"two", "three"}
    assert reached.tests("a.py", ()) == {"one", "two", "three"}
    assert reached.tests("b.py", [4]) == set()


def test_a_lost_trial_counts_as_a_survivor(room: ModuleType) -> None:
    there = change(room, "far", "30", "31")
    outcomes = [Outcome(there, result) for result in (KILLED, TIMEOUT, LOST, SURVIVED)]
    rows = table({"rules": outcomes}, {"rules": 3})
    assert rows[1] == ("rules", "4", "2", "1", "2", "50.0", "3")
    assert "50.0" in plain(rows)
