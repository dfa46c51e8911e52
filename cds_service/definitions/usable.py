"""Which Conditions and Observations may be used, and as what (rulebook b.1)."""

from collections.abc import Iterable
from datetime import date, timedelta

from cds_service.definitions.thresholds import Thresholds
from cds_service.record import Condition, Observation

_CURRENT = frozenset({"active", "recurrence", "relapse"})
_PAST = frozenset({"inactive", "remission", "resolved"})
_POSSIBLE = frozenset({"unconfirmed", "provisional", "differential"})
_NEVER = frozenset({"entered-in-error", "refuted"})
_FINAL = frozenset({"final", "amended", "corrected", "preliminary"})


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


def usable_observations(observations: Iterable[Observation], today: date, *groups: str) -> list[Observation]:
    """Usable results of these groups, the latest first; a result dated tomorrow counts as today's."""
    wanted = frozenset(groups)
    tomorrow = today + timedelta(days=1)
    found = [
        observation
        for observation in observations
        if observation.group in wanted
        and observation.status in _FINAL
        and (observation.taken is None or observation.taken <= tomorrow)
    ]
    return sorted(found, key=lambda result: result.taken_order, reverse=True)


def is_on_file(observations: Iterable[Observation], today: date, days: int, *groups: str) -> bool:
    """Whether one of these groups has a usable, dated result of the last `days` days."""
    ages = (age_days(result.taken, today) for result in usable_observations(observations, today, *groups))
    return any(age is not None and age <= days for age in ages)


def age_days(day: date | None, today: date) -> int | None:
    """Whole days since `day`; a record dated tomorrow is today's (b.1)."""
    return None if day is None else max((today - day).days, 0)
