"""Renewal, new start, dose change or restart (rulebook b.1), read from the naltrexone exposure."""

from datetime import date

from cds_service.definitions.dose import DailyDose, daily_dose
from cds_service.definitions.exposure import Exposure, Reading
from cds_service.definitions.thresholds import Thresholds

RENEWAL, NEW_START, DOSE_CHANGE, RESTART = "renewal", "new-start", "dose-change", "restart"


def treatment(dose: DailyDose, prior: str, naltrexone: Exposure | None, today: date, thresholds: Thresholds) -> str:
    """One of the four words above. A draft linked to a prior order is a renewal whatever its dose says."""
    limits = thresholds.treatment
    if naltrexone is None:
        return RENEWAL if prior else NEW_START
    if naltrexone.current:
        same = any(_same_dose(dose, reading) for reading in naltrexone.current)
        return RENEWAL if same else DOSE_CHANGE
    closed = [reading for reading in naltrexone.ended + naltrexone.uncertain if reading.closed]
    if not closed:
        return RESTART if naltrexone.uncertain else NEW_START
    latest = max(closed, key=lambda reading: reading.closed or date.min)
    gap = (today - (latest.closed or today)).days
    if gap <= limits.renewal_gap_days:
        return RENEWAL if _same_dose(dose, latest) else DOSE_CHANGE
    return RESTART if gap <= limits.new_start_days else NEW_START


def _same_dose(dose: DailyDose, reading: Reading) -> bool:
    """Same daily dose; a history without a readable dose is taken as the same, so that no titration is pushed."""
    before = daily_dose(reading.medication.dosages, reading.medication.drug.naltrexone)
    if before.mg is None or dose.mg is None:
        return True
    return abs(before.mg - dose.mg) < 0.01
