"""Renewal, new start, dose change or restart (rulebook b.1), read from the naltrexone exposure."""

from datetime import date, timedelta

from cds_service.definitions.dose import DailyDose, daily_dose
from cds_service.definitions.exposure import Exposure
from cds_service.definitions.readings import Reading
from cds_service.definitions.thresholds import Thresholds, interval

RENEWAL, NEW_START, DOSE_CHANGE, RESTART = "renewal", "new-start", "dose-change", "restart"


def treatment(dose: DailyDose, naltrexone: Exposure | None, today: date, thresholds: Thresholds) -> str:
    """One of the four words above; a link to a prior order does not matter, the exposure does."""
    limits = thresholds.treatment
    if naltrexone is None:
        return NEW_START
    if naltrexone.current:
        same = any(_same_dose(dose, reading) for reading in naltrexone.current)
        return RENEWAL if same else DOSE_CHANGE
    closed = [
        (end, reading) for reading in naltrexone.ended + naltrexone.uncertain if (end := _end(reading, thresholds))
    ]
    if not closed:
        return RESTART if naltrexone.uncertain else NEW_START
    end, latest = max(closed, key=lambda one: one[0])
    gap = (today - end).days
    if gap <= limits.renewal_gap_days:
        return RENEWAL if _same_dose(dose, latest) else DOSE_CHANGE
    return RESTART if gap <= limits.new_start_days else NEW_START


def _end(reading: Reading, thresholds: Thresholds) -> date | None:
    """The last day of use; an injection goes on for about a month after it was given."""
    if reading.closed is None or reading.washout != "naltrexone-injection":
        return reading.closed
    return reading.closed + timedelta(days=interval(thresholds, reading.washout).clear_days)


def _same_dose(dose: DailyDose, reading: Reading) -> bool:
    """Same daily dose; a history without a readable dose is taken as the same, so that no titration is pushed."""
    before = daily_dose(reading.medication.dosages, reading.medication.drug.naltrexone)
    if before.mg is None or dose.mg is None:
        return True
    return abs(before.mg - dose.mg) < 0.01
