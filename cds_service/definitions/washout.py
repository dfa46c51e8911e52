"""How long an opioid that has ended still forbids naltrexone (rulebook rule 2 and the washout table of b.2)."""

from dataclasses import dataclass
from datetime import date, timedelta

from cds_service.definitions.exposure import Exposure
from cds_service.definitions.readings import Reading
from cds_service.definitions.thresholds import Thresholds, interval
from cds_service.record import Indicator

REGULAR_ROWS = frozenset({"long-acting", "two-week", "depot"})


@dataclass(frozen=True, slots=True)
class Washout:
    """One ended opioid that is not yet clear. Dates are None for a depot: no date can be computed for it."""

    ingredient: str
    name: str
    row: str
    indicator: Indicator
    last: date
    assumed: bool
    minimum_days: int
    clear_days: int
    earliest_minimum: date | None
    earliest_clear: date | None
    evidence: tuple[str, ...]


def washout(exposure: Exposure, today: date, thresholds: Thresholds) -> Washout | None:
    """The most severe washout of one ingredient, with the latest dates over its records; None when all is clear."""
    judged = [found for reading in exposure.ended if (found := _one(exposure, reading, today, thresholds)) is not None]
    if not judged:
        return None
    worst = max(judged, key=lambda found: (found.indicator, found.earliest_clear or date.max, found.last))
    if worst.earliest_clear is None:
        return worst
    latest = max(judged, key=lambda found: found.earliest_clear or date.min)
    minimum = max(found.earliest_minimum for found in judged if found.earliest_minimum)
    evidence = dict.fromkeys(reference for found in (worst, *judged) for reference in found.evidence)
    return Washout(
        ingredient=worst.ingredient,
        name=worst.name,
        row=latest.row,
        indicator=worst.indicator,
        last=latest.last,
        assumed=latest.assumed,
        minimum_days=latest.minimum_days,
        clear_days=latest.clear_days,
        earliest_minimum=minimum,
        earliest_clear=latest.earliest_clear,
        evidence=tuple(evidence),
    )


def _one(exposure: Exposure, reading: Reading, today: date, thresholds: Thresholds) -> Washout | None:
    if reading.last is None:
        return None
    gone = (today - reading.last).days
    reference = (reading.medication.reference,)
    if reading.washout == "depot":
        if gone > thresholds.exposure.depot_months_days:
            return None
        return Washout(
            exposure.ingredient, exposure.name, "depot", Indicator.CRITICAL, reading.last, reading.assumed,
            0, 0, None, None, reference,
        )  # fmt: skip
    days = interval(thresholds, reading.washout)
    if gone >= days.clear_days:
        return None
    if gone >= days.minimum_days:
        indicator = Indicator.INFO
    else:
        indicator = Indicator.CRITICAL if _regular(exposure, reading, thresholds) else Indicator.WARNING
    return Washout(
        exposure.ingredient,
        exposure.name,
        reading.washout,
        indicator,
        reading.last,
        reading.assumed,
        days.minimum_days,
        days.clear_days,
        reading.last + timedelta(days=days.minimum_days),
        reading.last + timedelta(days=days.clear_days),
        reference,
    )


def _regular(exposure: Exposure, reading: Reading, thresholds: Thresholds) -> bool:
    """Regular use: a week's supply or period, two fills in 60 days, or a long-acting opioid (rule 2)."""
    limits = thresholds.exposure
    if reading.washout in REGULAR_ROWS or (reading.days or 0) >= limits.regular_use_days:
        return True
    window = timedelta(days=limits.regular_use_window_days)
    fills = exposure.fills
    needed = limits.regular_use_fills
    return any(
        fills[later] - fills[later - needed + 1] <= window and fills[later] >= reading.last - window
        for later in range(needed - 1, len(fills))
        if reading.last is not None
    )
