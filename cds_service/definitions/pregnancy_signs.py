"""What surrounds a pregnancy: possible, not known, just over, breastfeeding (rulebook rules 10 to 13)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from cds_service.definitions.pregnancy import (
    ENDED,
    HCG,
    STATUS,
    PregnancyStatus,
    is_negative_test,
    is_plausible_age,
    is_positive_test,
    lapsed_due_date,
)
from cds_service.definitions.thresholds import Thresholds
from cds_service.definitions.usable import (
    age_days,
    dated,
    in_groups,
    is_current,
    is_possible,
    is_usable,
    usable_observations,
)
from cds_service.record import Condition, Observation, PatientRecord

_POSSIBLE = ("pregnancy", "pregnancy-possible")
_DONE = frozenset({"completed"})


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign; `kind` is the wording of the card that speaks of it."""

    kind: str
    reference: str
    on: date | None


def has_no_uterus(record: PatientRecord) -> bool:
    """A hysterectomy among the problems or the procedures done."""
    said = any(is_usable(one) for one in in_groups(record.conditions, "uterus-absent"))
    return said or _was_done(record, "uterus-absent")


def conception_is_unlikely(record: PatientRecord, thresholds: Thresholds) -> bool:
    """Sterilised, after menopause, with a long-acting contraceptive, or without a uterus."""
    said = any(
        is_usable(one) and ("uterus-absent" in one.groups or is_current(one, record.as_of, thresholds))
        for one in in_groups(record.conditions, "conception-unlikely")
    )
    return said or _was_done(record, "conception-unlikely")


def _was_done(record: PatientRecord, group: str) -> bool:
    return any(one.kind == "procedure" and one.status in _DONE and group in one.groups for one in record.procedures)


def possible_signs(record: PatientRecord, weighed: PregnancyStatus, thresholds: Thresholds) -> list[Sign]:
    """Why a pregnancy is possible though rule 9 does not take it for certain; what weighs most comes first."""
    if weighed.positive or has_no_uterus(record) or not is_plausible_age(record.patient, record.as_of, thresholds):
        return []
    return [
        *_lapsed(record, thresholds),
        *_contradicted(record, weighed, thresholds),
        *_unanswered(record, thresholds),
        *_stated(record, thresholds),
        *_unconfirmed(record, thresholds),
        *_undated(record, thresholds),
    ]


def planning_signs(record: PatientRecord, thresholds: Thresholds) -> list[Sign]:
    """Trying to conceive: information only."""
    return [
        Sign("planning", one.reference, dated(one))
        for one in in_groups(record.conditions, "pregnancy-planning")
        if is_usable(one) and is_current(one, record.as_of, thresholds)
    ]


def _lapsed(record: PatientRecord, thresholds: Thresholds) -> Iterable[Sign]:
    found = lapsed_due_date(record, thresholds)
    if found is not None and (record.as_of - found[0]).days <= thresholds.pregnancy.edd_lapsed_days:
        yield Sign("due-date", found[1], found[0])


def _contradicted(record: PatientRecord, weighed: PregnancyStatus, thresholds: Thresholds) -> Iterable[Sign]:
    """A positive test that a later negative one contradicts, and nothing else."""
    if lapsed_due_date(record, thresholds) is not None:
        return
    for evidence in weighed.doubtful:
        yield Sign("conflict", evidence.reference, evidence.on)


def _unanswered(record: PatientRecord, thresholds: Thresholds) -> Iterable[Sign]:
    """A positive test 43 to 90 days old that nothing has followed up."""
    limits = thresholds.pregnancy
    for result in usable_observations(record, *HCG):
        age = age_days(result.taken, record.as_of)
        if age is None or not limits.hcg_days < age <= limits.hcg_unanswered_days:
            continue
        if is_positive_test(result, thresholds) and not _followed_up(record, result):
            yield Sign("unanswered", result.reference, result.taken)


def _followed_up(record: PatientRecord, test: Observation) -> bool:
    assert test.taken is not None  # nosec B101  # for mypy: made sure of by the caller
    later = [
        one
        for one in usable_observations(record, *HCG, STATUS, "estimated-delivery-date")
        if one.taken and one.taken > test.taken
    ]
    outcomes = [
        day
        for condition in in_groups(record.conditions, "pregnancy", "not-pregnant", *ENDED)
        if is_usable(condition) and (day := condition.abated or dated(condition))
    ]
    return bool(later) or any(day >= test.taken for day in outcomes)


def _stated(record: PatientRecord, thresholds: Thresholds) -> Iterable[Sign]:
    """A status of "possible" that is the latest status, with no test after it."""
    limits = thresholds.pregnancy
    latest = next(iter(usable_observations(record, STATUS)), None)
    if latest is not None and "possible-pregnancy" in latest.answers:
        age = age_days(latest.taken, record.as_of)
        if age is not None and age <= limits.possible_days and not _negative_since(record, latest.taken, thresholds):
            yield Sign("default", latest.reference, latest.taken)


def _unconfirmed(record: PatientRecord, thresholds: Thresholds) -> Iterable[Sign]:
    """An unconfirmed pregnancy, or one recorded as merely possible; a later negative test answers both."""
    limits = thresholds.pregnancy
    for condition in in_groups(record.conditions, *_POSSIBLE):
        merely = "pregnancy-possible" in condition.groups
        if not (is_possible(condition) or (merely and is_usable(condition))):
            continue
        age = age_days(dated(condition), record.as_of)
        most = limits.possible_days if merely else limits.condition_days
        stands = is_current(condition, record.as_of, thresholds) and (age is None or age <= most)
        if stands and not _negative_since(record, dated(condition), thresholds):
            yield Sign("default", condition.reference, dated(condition))


def _undated(record: PatientRecord, thresholds: Thresholds) -> Iterable[Sign]:
    for condition in in_groups(record.conditions, "pregnancy"):
        if is_usable(condition) and dated(condition) is None and is_current(condition, record.as_of, thresholds):
            yield Sign("undated", condition.reference, None)


def _negative_since(record: PatientRecord, day: date | None, thresholds: Thresholds) -> bool:
    """A negative test after that day; after an undated record any recent one."""
    since = day or record.as_of - timedelta(days=thresholds.pregnancy.known_days)
    return any(
        is_negative_test(result, thresholds) and result.taken is not None and result.taken >= since
        for result in usable_observations(record, *HCG)
    )


def stale_problems(record: PatientRecord, thresholds: Thresholds) -> list[Condition]:
    """Pregnancies still active on the list that are too old to be true (rule 9, near-miss 3)."""
    return [
        condition
        for condition in in_groups(record.conditions, "pregnancy")
        if is_usable(condition)
        and is_current(condition, record.as_of, thresholds)
        and (age_days(dated(condition), record.as_of) or 0) > thresholds.pregnancy.condition_days
    ]


def status_is_known(record: PatientRecord, thresholds: Thresholds) -> bool:
    """A test, a status other than "unknown", or the end of a pregnancy within 30 days."""
    limits = thresholds.pregnancy
    for result in usable_observations(record, STATUS, *HCG):
        age = age_days(result.taken, record.as_of)
        answered = bool(result.answers - {"unknown", "indeterminate"}) or result.value is not None
        if age is not None and age <= limits.known_days and answered:
            return True
    for condition in in_groups(record.conditions, "not-pregnant", "pregnancy-test-negative", *ENDED):
        age = age_days(dated(condition), record.as_of)
        if is_usable(condition) and age is not None and age <= limits.known_days:
            return True
    return False


def recent_end(record: PatientRecord, thresholds: Thresholds) -> Sign | None:
    """The latest birth or loss of the last 42 days, as a problem or a procedure; `kind` tells which."""
    found = []
    for group, kind in zip(ENDED, ("default", "loss"), strict=True):
        for condition in in_groups(record.conditions, group):
            if is_usable(condition):
                found.append(Sign(kind, condition.reference, dated(condition)))
        for one in record.procedures:
            if one.kind == "procedure" and one.status in _DONE and group in one.groups:
                found.append(Sign(kind, one.reference, one.last or one.first))
    limit = thresholds.pregnancy.ended_days
    tomorrow = record.as_of + timedelta(days=1)
    recent = [
        sign for sign in found if sign.on and sign.on <= tomorrow and (age_days(sign.on, record.as_of) or 0) <= limit
    ]
    return max(recent, key=lambda sign: (sign.on or date.min, sign.kind == "loss"), default=None)


def breastfeeding(record: PatientRecord, thresholds: Thresholds) -> Sign | None:
    """The latest word on breastfeeding is yes, within 180 days; not in a child's own record."""
    if not is_plausible_age(record.patient, record.as_of, thresholds):
        return None
    said: list[tuple[date, bool, str]] = []
    for result in usable_observations(record, "breastfeeding-status"):
        answer = _breastfeeds(result)
        if result.taken is not None and answer is not None:
            said.append((result.taken, answer, result.reference))
    for condition in in_groups(record.conditions, "breastfeeding"):
        on = dated(condition)
        if on is not None and is_usable(condition) and is_current(condition, record.as_of, thresholds):
            said.append((on, True, condition.reference))
    if not said:
        return None
    on, yes, reference = max(said, key=lambda one: one[0])
    age = age_days(on, record.as_of) or 0
    return Sign("default", reference, on) if yes and age <= thresholds.pregnancy.breastfeeding_days else None


def _breastfeeds(result: Observation) -> bool | None:
    if result.answers & {"breastfeeding", "positive"}:
        return True
    if result.answers & {"not-breastfeeding", "negative"}:
        return False
    return None
