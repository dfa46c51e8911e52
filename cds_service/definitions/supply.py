"""How long what was prescribed or handed over lasts (rulebook b.2)."""

from collections.abc import Iterable
from datetime import date, timedelta

from cds_service.definitions.dose import times_a_day
from cds_service.definitions.thresholds import Thresholds
from cds_service.record import Medication
from cds_service.terminology.units import dimension


def supply_end(record: Medication, others: Iterable[Medication], thresholds: Thresholds) -> date | None:
    """The last day that a record's supply covers, or its stated end; None where nothing tells."""
    if record.kind == "request":
        same = [other for other in others if other.kind != "dispense" or other.drug.name == record.drug.name]
        return fills_end(record, same, thresholds)[0]
    handed = record.handed_over or record.prepared
    if record.kind == "dispense" and handed is not None:
        return last_day(handed, supply_days(record) or thresholds.exposure.assumed_supply_days)
    return record.ends


def fills_end(
    record: Medication, others: list[Medication], thresholds: Thresholds
) -> tuple[date | None, int | None, bool]:
    """(last day of supply, days of one fill, whether anything but the 30-day assumption says so)."""
    fills = [
        other
        for other in others
        if other.kind == "dispense"
        and other.status in ("completed", "in-progress")
        and (other.handed_over or other.prepared)
        and (
            record.reference in other.based_on
            or (
                not other.based_on
                and record.authored
                and (other.handed_over or other.prepared or record.authored) >= record.authored
            )
        )
    ]
    if fills:
        latest = max(fills, key=lambda fill: fill.handed_over or fill.prepared or date.min)
        handed = latest.handed_over or latest.prepared
        assert handed is not None  # nosec B101  # for mypy: made sure of by the caller
        days = supply_days(latest) or supply_days(record)
        return last_day(handed, days or thresholds.exposure.assumed_supply_days), days, True
    days = supply_days(record)
    bound = max((dosage.ends for dosage in record.dosages if dosage.ends), default=None)
    if days is None and bound is not None:
        return bound, length(record.authored, bound), True
    if record.authored is None:
        return None, days, False
    days = days or max((line.duration_days for line in record.dosages if line.duration_days), default=None)
    each = days or thresholds.exposure.assumed_supply_days
    return last_day(record.authored, each * (1 + (record.repeats or 0))), each, days is not None


def supply_days(record: Medication) -> int | None:
    """daysSupply, else quantity divided by the daily maximum (b.2)."""
    if record.supply_days:
        return record.supply_days
    if record.supply is None or not record.dosages:
        return None
    kind = dimension(record.supply.spelled)
    daily = 0.0
    for dosage in record.dosages:
        dose = dosage.dose_high or dosage.dose
        if dose is None or (dimension(dose.spelled) or "count") != (kind or "count"):
            return None
        daily += dose.value * times_a_day(dosage)
    return int(record.supply.value // daily) if daily > 0 and record.supply.value >= daily else None


def last_day(first: date, days: int) -> date:
    return first + timedelta(days=max(days, 1) - 1)


def length(first: date | None, last: date | None) -> int | None:
    """Calendar days from first to last, both counted."""
    return (last - first).days + 1 if first is not None and last is not None and last >= first else None
