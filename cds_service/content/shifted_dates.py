"""Dates of a synthetic record moved by the same number of days, so that its day becomes another.

A running service knows only the present day, so a case that is put to it has to be moved there. Pure: both days are
arguments.

What moves: every string that is a FHIR date, dateTime or instant, and every ISO date inside a text. Times of day and
offsets stay. A month or a year alone goes where its middle goes. A birth date moves so that the age stays the same.
What does not: codes, ids, versions and addresses, which may look like years.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

_FIXED = frozenset({"id", "code", "system", "version", "reference", "url", "fullUrl", "hookInstance", "access_token"})
_DATED = re.compile(r"(?i)(date|time|start|end|event|issued|recorded|asserted|authoredon|prepared|updated|sent)")
_DAY = re.compile(r"(?<![\w.-])(\d{4})-(\d{2})-(\d{2})(?=T\d{2}:|[^\w-]|$)")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_YEAR = re.compile(r"\d{4}")
_BIRTH = "birthDate"


class Shift:
    """From the day `as_of` to the day `today`."""

    def __init__(self, as_of: date, today: date) -> None:
        self._as_of = as_of
        self._today = today
        self.by = today - as_of

    def value(self, value: Any, key: str = "") -> Any:
        if isinstance(value, Mapping):
            return {name: self.value(part, name) for name, part in value.items()}
        if isinstance(value, list):
            return [self.value(part, key) for part in value]
        if not isinstance(value, str) or key in _FIXED:
            return value
        if key == _BIRTH:
            return self._birth(value)
        if _MONTH.fullmatch(value):
            return self._middle(f"{value}-15", 7) or value
        if _YEAR.fullmatch(value) and _DATED.search(key):
            return self._middle(f"{value}-07-02", 4) or value
        return self.text(value)

    def text(self, text: str) -> str:
        """Every day in the text moved; what only looks like a day stays."""
        return _DAY.sub(lambda found: self._day(found[0]) or found[0], text)

    def _day(self, text: str) -> str:
        return _or_empty(lambda: (date.fromisoformat(text) + self.by).isoformat())

    def _middle(self, middle: str, length: int) -> str:
        return self._day(middle)[:length]

    def _birth(self, text: str) -> str:
        if _YEAR.fullmatch(text):
            return f"{int(text) + self._today.year - self._as_of.year:04}"
        if _MONTH.fullmatch(text):
            year, month = map(int, text.split("-"))
            months = 12 * (year + self._today.year - self._as_of.year) + month - 1 + self._today.month
            months -= self._as_of.month
            return f"{months // 12:04}-{months % 12 + 1:02}"
        return _or_empty(lambda: self._same_age(date.fromisoformat(text)).isoformat()) or self.text(text)

    def _same_age(self, born: date) -> date:
        """Moved like the rest, then by the day or two that leap years take, so that the age in years is the same."""
        wanted = _age(born, self._as_of)
        nearby = (born + self.by + timedelta(days=step) for step in (0, 1, -1, 2, -2))
        return next((day for day in nearby if _age(day, self._today) == wanted), born + self.by)


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _or_empty(make: Callable[[], str]) -> str:
    """Empty where the days are no days, or would leave the calendar."""
    try:
        return make()
    except (ValueError, OverflowError):
        return ""
