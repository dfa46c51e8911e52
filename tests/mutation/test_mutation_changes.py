"""What counts as a change: each kind by an example, and what is left alone."""

from pathlib import Path

import pytest

from mutation import mutants as changes
from mutation import numbers
from mutation.mutants import CONSTANT, FUNCTION, WHOLE, Mutant, mutants
from mutation.numbers import number_mutants
from mutation.reviewed import Reviewed, reviewed, sift
from mutation.rooms import ROOMS, files


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "CHECKOUT", tmp_path)


def found(tmp_path: Path, code: str) -> list[Mutant]:
    path = tmp_path / "some_rule.py"
    path.write_text(code, "utf-8")
    return mutants(path)


def pairs(tmp_path: Path, code: str) -> set[tuple[str, str]]:
    return {(one.before, one.after) for one in found(tmp_path, code)}


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("return a <= b", "<= b -> < b"),
        ("return a <= b", "<= b -> > b"),
        ("return a < b", "< b -> >= b"),
        ("return a == b", "== b -> != b"),
        ("return a and b", "a and b -> a or b"),
        ("return a - b", "a - b -> a + b"),
        ("return not a", "not a -> a"),
        ("return a is None", "is -> is not"),
        ("return 14", "14 -> 15"),
        ("return 14", "14 -> 13"),
        ("return 0.1", "0.1 -> (-0.9)"),
        ("return True", "True -> False"),
        ("return min(a)", "min(a) -> max(a)"),
        ("return any(a)", "any(a) -> all(a)"),
        ("return x.earliest_clear", "x.earliest_clear -> x.earliest_minimum"),
        ("return f(first=a, last=b)", "f(first=a, last=b) -> f(first=b, last=a)"),
        ("return f(a, b)", "f(a, b) -> f(b, a)"),
        ("return f(a, silent=b)", "f(a, silent=b) -> f(a, )"),
        ("return f(a)", "return f(a) -> return None"),
        ("if a: pass", "if a: pass -> if not (a): pass"),
        ("return [x for x in a if x.near]", "if x.near -> if not (x.near)"),
        ('return "depot"', '"depot" -> "XXdepotXX"'),
    ],
)
def test_a_line_becomes(tmp_path: Path, line: str, after: str) -> None:
    assert after in {" -> ".join(pair) for pair in pairs(tmp_path, f"def detect(a, b, x):\n    {line}\n")}


@pytest.mark.parametrize(
    "code",
    [
        '"""Why this rule is here."""\n',
        'def detect(case: "Case" = None) -> "Finding":\n    """Why."""\n    pass\n',
        "@dataclass(frozen=True, slots=True)\nclass Fact:\n    days: int\n",
        '__all__ = ["detect"]\n',
        "from a import b\n",
    ],
)
def test_nothing_is_changed_that_nobody_could_notice(tmp_path: Path, code: str) -> None:
    assert [pair for pair in pairs(tmp_path, code) if pair != ("None", '""')] == []


def test_the_changed_source_holds_just_the_one_change(tmp_path: Path) -> None:
    code = "import x\n\n\ndef detect(a, b):\n    return a < b  # why\n"
    sources = {one.source for one in found(tmp_path, code)}
    assert code.replace("<", "<=") in sources
    assert code not in sources


def test_the_changed_function_alone_can_be_compiled_within_its_class(tmp_path: Path) -> None:
    code = "class Case:\n    @property\n    def near(self):\n        return self.days < 7\n"
    (change,) = [one for one in found(tmp_path, code) if one.after == "8"]
    assert (change.inside, change.kind) == ("Case.near", FUNCTION)
    compile(change.function, "x", "exec")
    assert "class Case" in change.function


def test_a_change_is_told_apart_by_how_far_it_reaches(tmp_path: Path) -> None:
    code = "DAYS = 7\n\n\nclass Fact:\n    days: int = 8\n\n\ndef far(days=9):\n    return 10\n"
    kinds = {one.before: one.kind for one in found(tmp_path, code) if one.before.isdigit()}
    assert kinds == {"7": CONSTANT, "8": WHOLE, "9": WHOLE, "10": FUNCTION}


def test_every_number_and_switch_of_a_toml_file_is_changed_and_no_text(tmp_path: Path) -> None:
    path = tmp_path / "numbers.toml"
    lines = [
        "[washout.short-acting]  # 5",
        "clear_days = 10",
        "band = [1.7, 2]",
        "on = true",
        'source = "7 to 10"',
        "none = 0",
    ]
    path.write_text("\n".join(lines), "utf-8")
    found = number_mutants(path)
    assert [one.after for one in found] == [
        "clear_days = 11", "clear_days = 9", "band = [1.8, 2]", "band = [1.6, 2]", "band = [1.7, 3]", "band = [1.7, 1]",
        "on = false", "none = 1",
    ]  # fmt: skip
    assert {one.inside.split("]")[0] for one in found} == {"[washout.short-acting"}
    assert found[0].source == path.read_text("utf-8").replace("= 10", "= 11")


def test_a_reviewed_change_is_set_aside_and_an_entry_without_a_change_is_named(tmp_path: Path) -> None:
    there = found(tmp_path, "def detect(a):\n    return a.days < 7\n")
    fits = Reviewed("some_rule.py", "detect", "7", "8", "why")
    stale = Reviewed("some_rule.py", "detect", "9", "", "why")
    left, aside, gone = sift(there, [fits, stale])
    assert [(one.before, one.after) for one in aside] == [("7", "8")]
    assert len(left) == len(there) - 1
    assert gone == [stale]


def test_every_entry_of_the_reviewed_list_has_a_reason() -> None:
    assert [one for one in reviewed() if len(one.why.split()) < 4] == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_files(room: str) -> None:
    assert list(files(room))


def test_the_numbers_module_spells_values_as_toml_does() -> None:
    assert list(numbers._others("4.5")) == ["4.6", "4.4"]
