"""A case moved through time: its request, and what is expected of the answer.

What is expected is written for reading, with dates in words, so it takes more than the dates of the record do.
"""

import calendar
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from cds_service.cli.cases import Case
from cds_service.content.shifted_dates import Shift

_MONTHS = "|".join(calendar.month_name[1:])
_WORDED = re.compile(rf"\b(\d{{1,2}}) ({_MONTHS})\b(?: (\d{{4}})\b)?")
_WORDED_RANGE = re.compile(rf"\b\d{{1,2}} ?(?:to|and|or|-|–) ?\d{{1,2}} (?:{_MONTHS})\b")
_MONTH_ALONE = re.compile(rf"(?<!\d )\b(?:{_MONTHS}) \d{{4}}\b")


def moved(case: Case, today: date) -> tuple[Case, tuple[str, ...]]:
    """The case as it would stand if its day were `today`, and notes on what can no longer be compared."""
    if today == case.as_of:
        return case, ()
    shift = _CaseShift(case.as_of, today)
    expected, notes = shift.expectation(case.expected)
    request = shift.value(case.request)
    server = shift.value(case.server) if case.server is not None else None
    return replace(case, request=request, expected=expected, server=server), tuple(notes)


class _CaseShift(Shift):
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

    def _worded(self, text: str) -> str:
        def one(found: re.Match[str]) -> str:
            number, month, year = int(found[1]), list(calendar.month_name).index(found[2]), found[3]
            years = [int(year)] if year else [self._as_of.year + step for step in (-1, 0, 1)]
            days = [day for when in years if (day := _date(when, month, number))]
            if not days:
                return found[0]
            there = min(days, key=lambda day: abs(day - self._as_of)) + self.by
            return f"{there.day} {there:%B}" + (f" {there.year}" if year else "")

        return _WORDED.sub(one, text)


def _unmovable(text: str) -> bool:
    """A range such as "2 to 15 March" may need two months once moved, and "March 2026" alone has no day to move."""
    return bool(_WORDED_RANGE.search(text) or _MONTH_ALONE.search(text))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
