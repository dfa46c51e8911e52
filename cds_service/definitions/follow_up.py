"""How long low-dose naltrexone has been taken, and whether it helps (rulebook rules 37 and 38)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from cds_service.definitions.dose import daily_dose
from cds_service.definitions.exposure import Exposure
from cds_service.definitions.readings import Reading, State
from cds_service.definitions.thresholds import Thresholds
from cds_service.definitions.usable import age_days, usable_observations
from cds_service.record import Observation, PatientRecord

SCORES = ("pain-score", "fibromyalgia-impact")
PAIN, IMPRESSION = "pain-score", "global-impression"


@dataclass(frozen=True, slots=True)
class Course:
    """One unbroken course of LDN, gaps of at most 14 days counted in.

    `days` are days with a dose, `since` its first day, `same_dose_since` the first day of the present dose,
    `first_mg` the dose it began with.
    """

    since: date
    days: int
    same_dose_since: date
    first_mg: float | None
    evidence: tuple[str, ...]


def course(naltrexone: Exposure | None, today: date, thresholds: Thresholds) -> Course | None:
    """The course that is going on, or has just ended; None where LDN is not taken or its start is not known."""
    if naltrexone is None:
        return None
    if any(reading.since is None for reading in naltrexone.current):
        return None  # started elsewhere: nobody can count its days
    readings = [one for one in (*naltrexone.current, *naltrexone.ended) if one.since and _is_low_dose(one, thresholds)]
    spans = sorted(((_end(one, today), one) for one in readings), key=lambda span: span[0], reverse=True)
    gap = timedelta(days=thresholds.treatment.renewal_gap_days)
    if not spans or spans[0][0] < today - gap:
        return None
    taken: list[tuple[date, date, Reading]] = []
    first = spans[0][0]
    for end, reading in spans:
        assert reading.since is not None  # nosec B101  # for mypy: made sure of by the caller
        if reading.since <= today and end >= first - gap - timedelta(days=1):
            taken.append((reading.since, end, reading))
            first = min(first, reading.since)
    if not taken:
        return None
    taken.sort(key=lambda span: span[:2])
    return Course(
        since=taken[0][0],
        days=_covered(taken),
        same_dose_since=_same_dose_since(taken),
        first_mg=_first_mg(taken[0][2]),
        evidence=tuple(dict.fromkeys(reading.medication.reference for _, _, reading in taken)),
    )


def _is_low_dose(reading: Reading, thresholds: Thresholds) -> bool:
    product = reading.medication.drug.naltrexone
    if product is None or product.product in ("er-injectable", "implant", "nb-combo"):
        return False
    dose = daily_dose(reading.medication.dosages, product).mg
    most = thresholds.order_class.low_dose_max_mg
    if dose is not None:
        return dose <= most
    return product.low_dose_cue or (product.strength_mg is not None and product.strength_mg <= most)


def _end(reading: Reading, today: date) -> date:
    return today if reading.state is State.CURRENT else min(reading.last or today, today)


def _covered(taken: Iterable[tuple[date, date, Reading]]) -> int:
    """Days inside at least one record: a hold for surgery or an opioid does not count as exposure."""
    days: set[date] = set()
    for first, last, _ in taken:
        days.update(first + timedelta(days=number) for number in range((last - first).days + 1))
    return len(days)


def _dose(reading: Reading) -> float | None:
    return daily_dose(reading.medication.dosages, reading.medication.drug.naltrexone).mg


def _first_mg(reading: Reading) -> float | None:
    return daily_dose(reading.medication.dosages, reading.medication.drug.naltrexone).first_mg


def _same_dose_since(taken: list[tuple[date, date, Reading]]) -> date:
    """The first day of the dose that is taken now, going back through records of the same dose."""
    last = taken[-1][2]
    steps = [line for line in last.medication.dosages if line.starts and line.starts <= taken[-1][1]]
    since = max([taken[-1][0], *(line.starts for line in steps if line.starts)])
    if len(steps) > 1:
        return since
    for first, _, reading in reversed(taken[:-1]):
        if _dose(reading) != _dose(last) or len(reading.medication.dosages) > 1:
            break
        since = min(since, first)
    return since


def scored_since(record: PatientRecord, first: date) -> Observation | None:
    """The latest pain or fibromyalgia score taken on or after a day."""
    results = usable_observations(record, *SCORES)
    return next((one for one in results if _has_value(one) and one.taken and one.taken >= first), None)


def has_responded(record: PatientRecord, since: date, thresholds: Thresholds) -> bool:
    """Pain at least 30 % below its value before LDN, or "improved" said, after day 21 and within 12 months."""
    limits = thresholds.follow_up
    counted_from = since + timedelta(days=limits.score_from_day - 1)

    def counts(result: Observation) -> bool:
        age = age_days(result.taken, record.as_of)
        recent = age is not None and age <= limits.response_months_days
        return recent and result.taken is not None and result.taken >= counted_from

    if any("improved" in one.answers and counts(one) for one in usable_observations(record, IMPRESSION)):
        return True
    scores = [one for one in usable_observations(record, PAIN) if _has_value(one)]
    before = next((one for one in scores if one.taken and one.taken <= since), None)
    if before is None or before.value is None or before.value.value <= 0:
        return False
    enough = before.value.value * (1 - limits.pain_fall_percent / 100)
    return any(one.value is not None and one.value.value <= enough and counts(one) for one in scores)


def _has_value(result: Observation) -> bool:
    return result.value is not None
