"""A case that notes what is asked of it.

Rules are pure functions: run once more against such a case, a rule shows why it ended as it did.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any, cast

from cds_service.definitions.case import Case
from cds_service.definitions.thresholds import Thresholds
from cds_service.record import PatientRecord

PARTS: Mapping[str, tuple[str, ...]] = {
    "medications": ("medStatements", "medRequests", "medDispenses", "medAdministrations"),
    "first_line": ("medStatements", "medRequests"),
    "conditions": ("conditions",),
    "observations": ("pregnancyObs", "labs", "toxLabs", "outcomes"),
    "allergies": ("allergies",),
    "procedures": ("procedures", "serviceRequests", "appointments"),
    "lab_orders": ("serviceRequests",),
    "patient": ("patient",),
    "encounter": ("encounter",),
}
"""Part of the record -> the prefetch keys that fill it."""


@dataclass(slots=True)
class Asked:
    """What one rule asked: facts of the case in order with whether there was anything, parts of the record, numbers.

    A part of the record is true where the rule looked at it itself, false where a fact did so for it.
    """

    facts: dict[str, bool] = field(default_factory=dict)
    parts: dict[str, bool] = field(default_factory=dict)
    numbers: dict[str, None] = field(default_factory=dict)
    depth: int = 0
    last: str = ""

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What is asked meanwhile is a fact's own asking."""
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    def note(self, name: str, there: bool) -> None:
        if self.depth == 0:
            self.facts[name] = there
            self.last = name


_PART_OF = {"results": "observations", "result_groups": "observations"}


class _WatchedRecord:
    def __init__(self, record: PatientRecord, asked: Asked) -> None:
        self._record = record
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        part = _PART_OF.get(name, name)
        if part in PARTS:
            self._asked.parts[part] = self._asked.parts.get(part, False) or self._asked.depth == 0
        return getattr(self._record, name)


class _WatchedRows(Mapping[str, Any]):
    def __init__(self, rows: Mapping[str, Any], at: str, asked: Asked) -> None:
        self._rows = rows
        self._at = at
        self._asked = asked

    def __getitem__(self, row: str) -> Any:
        return _WatchedNumbers(self._rows[row], f"{self._at}.{row}", self._asked)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class _WatchedNumbers:
    """A table of numbers that notes which of them were read; tables of tables hand out tables like it."""

    def __init__(self, table: Any, at: str, asked: Asked) -> None:
        self._table = table
        self._at = at
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._table, name)
        place = f"{self._at}.{name}".lstrip(".")
        if isinstance(value, Mapping):
            return _WatchedRows(value, place, self._asked)
        if hasattr(value, "__dataclass_fields__"):
            return _WatchedNumbers(value, _written(place), self._asked)
        self._asked.numbers[place] = None
        return value


def _written(place: str) -> str:
    """Where a table stands in the file: Child-Pugh is written below the liver."""
    return {"child_pugh": "liver.child_pugh"}.get(place, place)


class _WatchedCase(Case):
    """A case that notes what a rule asks of it; what a fact asks of other facts is not the rule's asking."""

    def __getattribute__(self, name: str) -> Any:
        value_of = super().__getattribute__
        if name.startswith("_") or name not in _FACTS:
            return value_of(name)
        asked = cast(Asked, value_of("__dict__")["_asked"])
        if callable(getattr(Case, name, None)):
            return _noted(value_of(name), name, asked)
        with asked.inside():
            value = value_of(name)
        asked.note(name, bool(value))
        return value


def _noted(method: Callable[..., Any], name: str, asked: Asked) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        with asked.inside():
            value = method(*arguments)
        asked.note(name, bool(value))
        return value

    return call


_PLAIN = frozenset({"record", "thresholds", "today"})
_FACTS = (frozenset(name for name in dir(Case) if not name.startswith("_")) | {"drafts", "hook"}) - _PLAIN


def watched(case: Case) -> tuple[Case, Asked]:
    """The case, and the notes of what will be asked of it."""
    asked = Asked()
    made = object.__new__(_WatchedCase)
    values = {one.name: getattr(case, one.name) for one in fields(Case)}
    values["record"] = cast(PatientRecord, _WatchedRecord(case.record, asked))
    values["thresholds"] = cast(Thresholds, _WatchedNumbers(case.thresholds, "", asked))
    vars(made).update(values, _asked=asked)
    return made, asked
