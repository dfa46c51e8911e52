"""FHIR dates as calendar days. A partial end means its last day, a partial start its first (rulebook b.1)."""

from calendar import monthrange
from datetime import date, datetime, tzinfo
from typing import Any


def first_day(value: Any, zone: tzinfo) -> date | None:
    """The first day a FHIR date, dateTime or instant can mean, in the client's time zone; None if it is no date."""
    return _day(value, zone, last=False)


def last_day(value: Any, zone: tzinfo) -> date | None:
    """The last day a FHIR date, dateTime or instant can mean, in the client's time zone; None if it is no date."""
    return _day(value, zone, last=True)


def moment(value: Any, zone: tzinfo) -> str:
    """A text that sorts by time: the local dateTime, or the day where no time was given. Empty for no date."""
    if isinstance(value, str) and len(value) > 10:
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            return ""
        return str(when if when.tzinfo is None else when.astimezone(zone))
    day = first_day(value, zone)
    return day.isoformat() if day else ""


def day_and_moment(value: Any, zone: tzinfo) -> tuple[date | None, str]:
    """`last_day` and `moment` of one value, which is parsed once. Raises OverflowError outside the calendar."""
    if isinstance(value, str) and len(value) > 10:
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            return None, ""
        local = when if when.tzinfo is None else when.astimezone(zone)
        return local.date(), str(local)
    if value is None:
        return None, ""
    return last_day(value, zone), moment(value, zone)


def _day(value: Any, zone: tzinfo, last: bool) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        if len(value) == 10:
            return date.fromisoformat(value)
        if len(value) > 10:
            when = datetime.fromisoformat(value)
            return (when if when.tzinfo is None else when.astimezone(zone)).date()
        if len(value) == 7 and value[4] == "-":
            year, month = int(value[:4]), int(value[5:])
            return date(year, month, monthrange(year, month)[1] if last else 1)
        if len(value) == 4 and value.isdigit():
            return date(int(value), 12, 31) if last else date(int(value), 1, 1)
    except (ValueError, OverflowError):
        return None
    return None
