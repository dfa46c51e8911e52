"""Which Conditions and Observations may be used, and as what (rulebook b.1)."""

from collections.abc import Iterable
from datetime import date, timedelta
from operator import attrgetter

from cds_service.definitions.thresholds import Thresholds
from cds_service.record import Condition, Observation, PatientRecord

_CURRENT = frozenset({"active", "recurrence", "relapse"})
_PAST = frozenset({"inactive", "remission", "resolved"})
_POSSIBLE = frozenset({"unconfirmed", "provisional", "differential"})
_NEVER = frozenset({"entered-in-error", "refuted"})
_FINAL = frozenset({"final", "amended", "corrected", "preliminary"})
_MOMENT = attrgetter("taken_order")


def is_usable(condition: Condition) -> bool:
    """Neither refuted nor entered in error, and confirmed or silent about it."""
    return condition.verification not in _NEVER and condition.verification not in _POSSIBLE


def is_possible(condition: Condition) -> bool:
    """Unconfirmed, provisional or differential: at most "possible"."""
    return condition.verification in _POSSIBLE


def dated(condition: Condition) -> date | None:
    """Onset, else the day it was recorded."""
    return condition.onset or condition.recorded


def is_current(condition: Condition, today: date, thresholds: Thresholds) -> bool:
    """Active, recurring or relapsed and not abated; without a status, or with
    one that FHIR does not know, only while recorded within 12 months."""
    if condition.has_abatement and (condition.abated is None or condition.abated <= today):
        return False
    if condition.clinical in _CURRENT or condition.clinical in _PAST:
        return condition.clinical in _CURRENT
    seen = max((day for day in (condition.recorded, condition.onset) if day), default=None)
    return seen is not None and (today - seen).days <= thresholds.condition.unstated_status_months_days


def in_groups(conditions: Iterable[Condition], *groups: str) -> list[Condition]:
    wanted = frozenset(groups)
    return [condition for condition in conditions if condition.groups & wanted]


def usable_observations(record: PatientRecord, *groups: str) -> list[Observation]:
    """Usable results of these groups, the latest first; a result dated tomorrow counts as today's."""
    found = [result for group in groups for result in record.results(group)]
    if not found:
        return found
    tomorrow = record.as_of + timedelta(days=1)
    usable = [
        result for result in found if result.status in _FINAL and (result.taken is None or result.taken <= tomorrow)
    ]
    return sorted(usable, key=_MOMENT, reverse=True)


def is_on_file(record: PatientRecord, days: int, *groups: str) -> bool:
    """Whether one of these groups has a usable, dated result of the last `days` days."""
    ages = (age_days(result.taken, record.as_of) for result in usable_observations(record, *groups))
    return any(age is not None and age <= days for age in ages)


def age_days(day: date | None, today: date) -> int | None:
    """Whole days since `day`; a record dated tomorrow is today's (b.1)."""
    return None if day is None else max((today - day).days, 0)
