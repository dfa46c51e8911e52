"""A case moved through time: every date by the same number of days, so that its day becomes another.

A running service knows only the present day, so this is how cases are put to it. Pure: both days are arguments.

What moves: every string that is a FHIR date, dateTime or instant, and every ISO date inside a text. Times of day and
offsets stay. A month or a year alone goes where its middle goes. A birth date moves so that the age stays the same.
What does not: codes, ids, versions and addresses, which may look like years.
"""

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from cds_service.cli.cases import Case

_FIXED = frozenset({"id", "code", "system", "version", "reference", "url", "fullUrl", "hookInstance", "access_token"})
_DATED = re.compile(r"(?i)(date|time|start|end|event|issued|recorded|asserted|authoredon|prepared|updated|sent)")
_DAY = re.compile(r"(?<![\w.-])(\d{4})-(\d{2})-(\d{2})(?=T\d{2}:|[^\w-]|$)")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_YEAR = re.compile(r"\d{4}")
_BIRTH = "birthDate"
_MONTHS = "|".join(calendar.month_name[1:])
_WORDED = re.compile(rf"\b(\d{{1,2}}) ({_MONTHS})\b(?: (\d{{4}})\b)?")
_WORDED_RANGE = re.compile(rf"\b\d{{1,2}} ?(?:to|and|or|-|–) ?\d{{1,2}} (?:{_MONTHS})\b")
_MONTH_ALONE = re.compile(rf"(?<!\d )\b(?:{_MONTHS}) \d{{4}}\b")


def moved(case: Case, today: date) -> tuple[Case, tuple[str, ...]]:
    """The case as it would stand if its day were `today`, and notes on what can no longer be compared."""
    if today == case.as_of:
        return case, ()
    shift = _Shift(case.as_of, today)
    expected, notes = shift.expectation(case.expected)
    request = shift.value(case.request)
    server = shift.value(case.server) if case.server is not None else None
    return replace(case, request=request, expected=expected, server=server), tuple(notes)


class _Shift:
    def __init__(self, as_of: date, today: date) -> None:
        self._as_of = as_of
        self._today = today
        self._by = today - as_of

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

    def expectation(self, expected: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        notes: list[str] = []
        cards = [self._card(card, notes) for card in expected["cards"]]
        return {**expected, "as_of": self._today.isoformat(), "cards": cards}, notes

    def _card(self, card: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
        shifted = dict(card)
        if "summary" in card:
            if _unmovable(card["summary"]):
                notes.append(f"not compared, because its dates are in words: summary {card['summary']!r}")
                del shifted["summary"]
            else:
                shifted["summary"] = self._worded(self.text(card["summary"]))
        for field in ("says", "never_says"):
            left = [text for text in card.get(field, ()) if _unmovable(text)]
            notes += [f"not compared, because its dates are in words: {field} {text!r}" for text in left]
            kept = [self._worded(self.text(text)) for text in card.get(field, ()) if text not in left]
            if field in card:
                shifted[field] = kept
        return shifted

    def text(self, text: str) -> str:
        """Every day in the text moved; what only looks like a day stays."""
        return _DAY.sub(lambda found: self._day(found[0]) or found[0], text)

    def _day(self, text: str) -> str:
        return _or_empty(lambda: (date.fromisoformat(text) + self._by).isoformat())

    def _middle(self, middle: str, length: int) -> str:
        return self._day(middle)[:length]

    def _worded(self, text: str) -> str:
        def one(found: re.Match[str]) -> str:
            number, month, year = int(found[1]), list(calendar.month_name).index(found[2]), found[3]
            years = [int(year)] if year else [self._as_of.year + step for step in (-1, 0, 1)]
            days = [day for when in years if (day := _date(when, month, number))]
            if not days:
                return found[0]
            there = min(days, key=lambda day: abs(day - self._as_of)) + self._by
            return f"{there.day} {there:%B}" + (f" {there.year}" if year else "")

        return _WORDED.sub(one, text)

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
        nearby = (born + self._by + timedelta(days=step) for step in (0, 1, -1, 2, -2))
        return next((day for day in nearby if _age(day, self._today) == wanted), born + self._by)


def _unmovable(text: str) -> bool:
    """A range such as "2 to 15 March" may need two months once moved, and "March 2026" alone has no day to move."""
    return bool(_WORDED_RANGE.search(text) or _MONTH_ALONE.search(text))


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _or_empty(make: Callable[[], str]) -> str:
    """Empty where the days are no days, or would leave the calendar."""
    try:
        return make()
    except (ValueError, OverflowError):
        return ""
