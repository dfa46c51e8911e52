"""Moves the start of a draft to a date (rulebook rule 2, suggestion A; rule 31)."""

import calendar
import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from cds_service.errors import UnwritableOrder
from cds_service.fhir.write.spelling import Resource, Spelling, copied, spelling_of

_DAYS = {"d": 1, "day": 1, "days": 1, "wk": 7, "week": 7, "weeks": 7}
_SHORTER_THAN_A_DAY = frozenset({"s", "min", "h"})
_EARLY = timedelta(days=14)
"""No prescription is meant to be dispensed longer before its first dose than that; an older date is just old."""
_MONTH_NAMES = ["", *(name.lower() for name in calendar.month_name[1:])]
_NAMED_DATE = re.compile(
    r"(?P<iso>\b\d{4}-\d{2}-\d{2}\b)|\b(?P<day>\d{1,2})\s+(?P<month>"
    + "|".join(_MONTH_NAMES[1:])
    + r")(?:\s+(?P<year>\d{4}))?\b",
    re.IGNORECASE,
)
_MONTHS = {"mo": 1, "month": 1, "months": 1, "a": 12, "year": 12, "years": 12}


def with_start_date(release: str, resource: Mapping[str, Any], start: date) -> Resource:
    """The order, beginning on `start`: every dosage line and the validity of the prescription.

    `resource` has to be valid (see `repaired`). Lines that carry dates move together, so that the steps of a
    schedule keep their order and length. A line that says only how long it lasts gets dates of its own; lines of a
    later `sequence` begin when those of the one before end. A line that says neither gets a start and no end.
    Dates that the instructions name in words or digits move along: the label must not tell the patient another day.
    Raises UnwritableOrder for a date that cannot be read, for an end that would lie before the start although nothing
    tells how far to move it, and for a text that names a date where nothing tells how far that is to move.
    """
    return begun_on(release, copied(dict(resource)), start)


def begun_on(release: str, order: Resource, start: date) -> Resource:
    """`with_start_date` of an order that is nobody else's: it is changed in place."""
    spelling = spelling_of(release)
    lines = order.get("dosageInstruction", [])
    validity = order.setdefault("dispenseRequest", {}).setdefault("validityPeriod", {})
    repeats = [line.setdefault("timing", {}).setdefault("repeat", {}) for line in lines]

    anchor = _anchor(repeats, validity)
    shift = start - anchor if anchor else None
    place, begins, following = 0, start, start
    for line, repeat in sorted(zip(lines, repeats, strict=True), key=lambda pair: _place(pair[0])):
        if "boundsPeriod" in repeat:
            _move(repeat["boundsPeriod"], start, shift)
            continue
        if _place(line) != place:
            place, begins = _place(line), following
        repeat["boundsPeriod"] = period = {"start": begins.isoformat()}
        last = _last_day(_taken_length(spelling, repeat), begins)
        if last:
            period["end"] = last.isoformat()
            following = max(following, last + timedelta(days=1))
    _revalidate(validity, start, shift, anchor)
    for line in lines:
        for name in ("text", "patientInstruction"):
            if isinstance(line.get(name), str):
                line[name] = _moved_words(line[name], start, shift)
    return order


def _moved_words(text: str, start: date, shift: timedelta | None) -> str:
    """The text with its dates moved; a worded date without a year is read as the one nearest to the order's start."""
    if _NAMED_DATE.search(text) is None:
        return text
    if shift is None:
        raise UnwritableOrder("The instructions name a date, and nothing tells how far to move it.")
    anchor = start - shift

    def moved(found: re.Match[str]) -> str:
        if found["iso"]:
            return (_day(found["iso"]) + shift).isoformat()
        year = int(found["year"]) if found["year"] else _nearest_year(anchor, found)
        when = _named(int(found["day"]), found["month"], year) + shift
        return f"{when.day} {when:%B}" + (f" {when.year}" if found["year"] or when.year != year else "")

    return _NAMED_DATE.sub(moved, text)


def _nearest_year(anchor: date, found: re.Match[str]) -> int:
    years = (anchor.year - 1, anchor.year, anchor.year + 1)
    return min(years, key=lambda year: abs((_named(int(found["day"]), found["month"], year) - anchor).days))


def _named(day: int, month: str, year: int) -> date:
    try:
        return date(year, _MONTH_NAMES.index(month.lower()), day)
    except ValueError:
        if day == 29 and month.lower() == "february":
            return date(year, 3, 1)
        raise UnwritableOrder("A date of the instructions cannot be read.") from None


def _revalidate(validity: Resource, start: date, shift: timedelta | None, anchor: date | None) -> None:
    """The prescription is valid from the new start; an end that would lie before it moves as far as its start did.

    One that may be dispensed some days before its first dose keeps these days.
    """
    begins = start
    if anchor is not None and shift is not None and validity.get("start"):
        begins = min(start, max(_day(validity["start"]), anchor - _EARLY) + shift)
    ends = _end(validity)
    if ends and ends < start:
        moved = start - _day(validity["start"]) if validity.get("start") else _known(shift)
        validity["end"] = _shifted(validity["end"], moved, last=True)
        if _day(validity["end"]) < start:
            raise UnwritableOrder("The prescription would end before the new start.")
    validity["start"] = begins.isoformat()


def _place(line: Mapping[str, Any]) -> int:
    """The place of a step in its schedule; 0 for lines that stand beside each other."""
    sequence = line.get("sequence", 0)
    return sequence if isinstance(sequence, int) else 0


def _anchor(repeats: list[Resource], validity: Mapping[str, Any]) -> date | None:
    """The day on which the order begins as it stands: the first line's, else the prescription's."""
    starts = [_day(r["boundsPeriod"]["start"]) for r in repeats if r.get("boundsPeriod", {}).get("start")]
    if starts:
        return min(starts)
    return _day(validity["start"]) if validity.get("start") else None


def _move(period: Resource, start: date, shift: timedelta | None) -> None:
    if "start" in period:
        moved = _known(shift)
        period["start"] = _shifted(period["start"], moved)
        if "end" in period:
            period["end"] = _shifted(period["end"], moved, last=True)
        return
    period["start"] = start.isoformat()
    if "end" in period and shift is not None:
        period["end"] = _shifted(period["end"], shift, last=True)
    ends = _end(period)
    if ends and ends < start:
        raise UnwritableOrder("A dosage ends before the new start, and nothing tells how long it was to last.")


def _known(shift: timedelta | None) -> timedelta:
    if shift is None:
        raise UnwritableOrder("The order has an end before the new start and no start to reckon from.")
    return shift


def _end(period: Mapping[str, Any]) -> date | None:
    return _day(period["end"], last=True) if period.get("end") else None


def _taken_length(spelling: Spelling, repeat: Resource) -> Mapping[str, Any] | None:
    """Takes the length of a line out of it: the duration, or the upper (else lower) end of a range of durations."""
    span = repeat.pop("boundsRange", None)
    length = repeat.pop(spelling.bounds_length, None)
    if isinstance(span, Mapping):
        length = span.get("high") or span.get("low")
    return length if isinstance(length, Mapping) else None


def _last_day(length: Mapping[str, Any] | None, first: date) -> date | None:
    """The last day of a line that begins on `first`; None where its length is not said in a unit of time."""
    if not length or not isinstance(length.get("value"), int | float):
        return None
    unit = str(length.get("code") or length.get("unit") or "")
    value = length["value"]
    if unit in _SHORTER_THAN_A_DAY:
        return first
    try:
        if unit in _DAYS:
            return first + timedelta(days=max(round(value * _DAYS[unit]), 1) - 1)
        if unit in _MONTHS:
            return _months_later(first, max(round(value * _MONTHS[unit]), 1)) - timedelta(days=1)
    except (OverflowError, ValueError):
        raise UnwritableOrder("A length of the draft lies outside the calendar.") from None
    return None


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _day(written: Any, last: bool = False) -> date:
    """The day of a FHIR date or dateTime; a year or a month means its first day, or its last where it is an end."""
    text = str(written)
    try:
        if len(text) == 4:
            return date(int(text), 12, 31) if last else date(int(text), 1, 1)
        if len(text) == 7:
            year, month = int(text[:4]), int(text[5:])
            return date(year, month, calendar.monthrange(year, month)[1] if last else 1)
        return date.fromisoformat(text[:10])
    except (ValueError, calendar.IllegalMonthError):
        raise UnwritableOrder("A date of the draft cannot be read.") from None


def _shifted(written: Any, shift: timedelta, last: bool = False) -> str:
    """The date moved by whole days; a time of day behind it stays as it was written."""
    text = str(written)
    try:
        return (_day(text, last) + shift).isoformat() + (text[10:] if len(text) > 10 else "")
    except OverflowError:
        raise UnwritableOrder("A date of the draft lies outside the calendar.") from None
