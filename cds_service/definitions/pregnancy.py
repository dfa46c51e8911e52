"""What the record says about pregnancy, weighed by date (rulebook rule 9).

Recorded pregnancy counts whatever `Patient.gender` says. Staleness matters as much as the rule: published pregnancy
alerts failed mainly on false status.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from cds_service.definitions.thresholds import Thresholds
from cds_service.definitions.usable import age_days, dated, in_groups, is_current, is_usable, usable_observations
from cds_service.record import Observation, Patient, PatientRecord
from cds_service.terminology.units import convert

STATUS, DUE_DATE = "pregnancy-status", "estimated-delivery-date"
HCG = ("hCG-qualitative", "hCG-quantitative")
ENDED = ("pregnancy-ended-delivery", "pregnancy-ended-abortive")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of positive evidence; `kind` is `problem`, `status`, `due-date` or `hcg`.

    `preliminary` results count, and are labelled (b.1).
    """

    kind: str
    reference: str
    on: date | None
    due: date | None = None
    preliminary: bool = False


@dataclass(frozen=True, slots=True)
class PregnancyStatus:
    """`positive` stands; `doubtful` was outweighed by age, a lapsed due date or a later negative test."""

    positive: tuple[Evidence, ...] = ()
    doubtful: tuple[Evidence, ...] = ()

    @property
    def due(self) -> date | None:
        dates = [evidence.due for evidence in self.positive if evidence.due]
        return dates[0] if dates else None


def pregnancy_status(record: PatientRecord, thresholds: Thresholds) -> PregnancyStatus:
    """Weigh all evidence for and against a current pregnancy on `record.as_of`."""
    today = record.as_of
    if not is_plausible_age(record.patient, today, thresholds):
        return PregnancyStatus()
    due_dates = _with_dates(record)
    found = [
        *_problems(record, thresholds),
        *_due_dates(due_dates[:1], today, thresholds),
        *_statuses(record, due_dates, thresholds),
        *_tests(record, thresholds),
    ]
    standing = [evidence for evidence in found if not _is_ended(evidence, record, thresholds)]
    lapsed = _past_due(due_dates, record, thresholds)
    if lapsed is not None:
        older = [evidence for evidence in standing if evidence.on is None or evidence.on <= lapsed]
        return PregnancyStatus(tuple(e for e in standing if e not in older), tuple(older))
    if (
        standing
        and all(evidence.kind == "hcg" for evidence in standing)
        and _later_negative(standing, record, thresholds)
    ):
        return PregnancyStatus((), tuple(standing))
    return PregnancyStatus(tuple(standing))


def is_plausible_age(patient: Patient | None, today: date, thresholds: Thresholds) -> bool:
    """False only where a known birth date puts the patient surely outside the age band of rule 9."""
    if patient is None or patient.born_first is None or patient.born_last is None:
        return True
    oldest, youngest = years(patient.born_first, today), years(patient.born_last, today)
    return oldest >= thresholds.pregnancy.age_from and youngest <= thresholds.pregnancy.age_to


def years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _problems(record: PatientRecord, thresholds: Thresholds) -> Iterable[Evidence]:
    limits = thresholds.pregnancy
    for condition in in_groups(record.conditions, "pregnancy", "pregnancy-test-positive"):
        if not is_usable(condition) or not is_current(condition, record.as_of, thresholds):
            continue
        on = dated(condition)
        age = age_days(on, record.as_of)
        if age is None:
            continue
        if "pregnancy" in condition.groups and age <= limits.condition_days:
            yield Evidence("problem", condition.reference, on)
        elif "pregnancy" not in condition.groups and age <= limits.hcg_days:
            yield Evidence("hcg", condition.reference, on)


def _due_dates(due_dates: list[Observation], today: date, thresholds: Thresholds) -> Iterable[Evidence]:
    limits = thresholds.pregnancy
    for result in due_dates:
        due = result.date_value
        assert due is not None  # nosec B101  # for mypy: made sure of by the caller
        if today - timedelta(days=limits.edd_past_days) <= due <= today + timedelta(days=limits.edd_ahead_days):
            on = result.taken or due - timedelta(days=limits.longest_days)
            yield Evidence("due-date", result.reference, on, due, _is_preliminary(result))


def _statuses(record: PatientRecord, due_dates: list[Observation], thresholds: Thresholds) -> Iterable[Evidence]:
    limits = thresholds.pregnancy
    due = next((e.due for e in _due_dates(due_dates[:1], record.as_of, thresholds)), None)
    for result in usable_observations(record, STATUS):
        if "pregnant" not in result.answers or result.taken is None:
            continue
        age = age_days(result.taken, record.as_of) or 0
        before, after = timedelta(days=limits.longest_days), timedelta(days=limits.edd_past_days)
        within = due is not None and due - before <= result.taken <= due + after
        if age <= limits.status_days or within:
            yield Evidence("status", result.reference, result.taken, None, _is_preliminary(result))


def _tests(record: PatientRecord, thresholds: Thresholds) -> Iterable[Evidence]:
    for result in usable_observations(record, *HCG):
        age = age_days(result.taken, record.as_of)
        if age is not None and age <= thresholds.pregnancy.hcg_days and is_positive_test(result, thresholds):
            yield Evidence("hcg", result.reference, result.taken, None, _is_preliminary(result))


def _is_preliminary(result: Observation) -> bool:
    return result.status == "preliminary"


def is_positive_test(result: Observation, thresholds: Thresholds) -> bool:
    """A number decides by its reference range, else by 25 IU/L; without a number the coded or written answer does."""
    if result.value is not None and result.group == "hCG-quantitative":
        if result.value.comparator.startswith("<"):
            return False
        if result.high is not None and result.high.spelled == result.value.spelled:
            return result.value.value > result.high.value
        units = convert(result.value.value, result.value.spelled, "[IU]/L")
        return units is not None and units >= thresholds.pregnancy.hcg_positive_iu_l
    return "positive" in result.answers or "pregnant" in result.answers


def is_negative_test(result: Observation, thresholds: Thresholds) -> bool:
    if result.value is not None and result.group == "hCG-quantitative":
        return bool(result.value.spelled) and not is_positive_test(result, thresholds)
    return "negative" in result.answers or "not-pregnant" in result.answers


def _is_ended(evidence: Evidence, record: PatientRecord, thresholds: Thresholds) -> bool:
    """End evidence cancels what is dated before it; a delivery or loss also what is dated the same day."""
    if evidence.on is None:
        return False
    outcomes = [
        day
        for condition in in_groups(record.conditions, *ENDED)
        if is_usable(condition) and (day := dated(condition)) is not None and day <= record.as_of + timedelta(days=1)
    ]
    if any(day >= evidence.on for day in outcomes):
        return True
    denials = [
        result.taken
        for result in usable_observations(record, STATUS)
        if "not-pregnant" in result.answers and result.taken
    ]
    denials += [
        day
        for condition in in_groups(record.conditions, "not-pregnant")
        if is_usable(condition) and (day := dated(condition)) is not None
    ]
    denials += [
        condition.abated
        for condition in in_groups(record.conditions, "pregnancy")
        if is_usable(condition) and condition.abated is not None and condition.abated <= record.as_of
    ]
    return any(day > evidence.on for day in denials)


def lapsed_due_date(record: PatientRecord, thresholds: Thresholds) -> tuple[date, str] | None:
    """(due date, reference) where the latest due date is more than 14 days past and no end of it is on record."""
    due_dates = _with_dates(record)
    due = _past_due(due_dates, record, thresholds)
    if due is None:
        return None
    taken = due_dates[0].taken or due - timedelta(days=thresholds.pregnancy.longest_days)
    gone = _is_ended(Evidence("due-date", due_dates[0].reference, taken), record, thresholds)
    return None if gone else (due, due_dates[0].reference)


def _with_dates(record: PatientRecord) -> list[Observation]:
    found = usable_observations(record, DUE_DATE)
    return [result for result in found if result.date_value]


def _past_due(due_dates: list[Observation], record: PatientRecord, thresholds: Thresholds) -> date | None:
    """A due date more than 14 days past: without a recorded delivery everything older is doubtful (rule 10)."""
    if not due_dates or due_dates[0].date_value is None:
        return None
    past = (record.as_of - due_dates[0].date_value).days
    limits = thresholds.pregnancy
    return due_dates[0].date_value if limits.edd_past_days < past else None


def _later_negative(standing: list[Evidence], record: PatientRecord, thresholds: Thresholds) -> bool:
    latest = max((evidence.on for evidence in standing if evidence.on), default=None)
    return latest is not None and any(
        is_negative_test(result, thresholds) and result.taken is not None and result.taken > latest
        for result in usable_observations(record, *HCG)
    )
