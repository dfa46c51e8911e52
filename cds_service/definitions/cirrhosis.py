"""How bad the liver is: cirrhosis, its decompensation, and Child-Pugh where the laboratory allows (rules 14 and 15)."""

from dataclasses import dataclass
from datetime import date, timedelta

from cds_service.definitions.exposure import Exposure
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
from cds_service.terminology.units import convert

_TESTS = (("bilirubin-total", "mg/dL"), ("albumin", "g/dL"), ("INR", "{INR}"))
_NAMED = ("ascites", "encephalopathy", "liver-failure")
CIRRHOSIS, SUFFICIENT, STANDALONE, MARKER = (
    "cirrhosis",
    "decompensated-cirrhosis",
    "decompensation-standalone",
    "decompensation",
)


@dataclass(frozen=True, slots=True)
class ChildPugh:
    """`points` is a minimum where an anticoagulant spoils the INR (`at_least`)."""

    points: int
    grade: str
    at_least: bool
    evidence: tuple[str, ...]
    on: date
    preliminary: bool = False


@dataclass(frozen=True, slots=True)
class Marker:
    """A sign of decompensation. `name` is a key of the card's `[words]` or the record's words.

    `alone` marks a current one that speaks even where no cirrhosis is on the list (rule 14).
    """

    name: str
    on: date | None
    reference: str
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Liver:
    """`state` is `none`, `possible`, `compensated` or `decompensated`.

    `untested` are the Child-Pugh tests without a usable result of the last 90 days, `unitless` those whose latest
    result has no unit and so cannot be used (b.1).
    """

    state: str
    cirrhosis: tuple[str, ...] = ()
    cirrhosis_on: date | None = None
    markers: tuple[Marker, ...] = ()
    child_pugh: ChildPugh | None = None
    recorded_class_c: Marker | None = None
    transplant: Marker | None = None
    untested: tuple[str, ...] = ()
    unitless: tuple[str, ...] = ()


def liver(record: PatientRecord, anticoagulants: tuple[Exposure, ...], thresholds: Thresholds) -> Liver:
    """Weigh problem list and laboratory into one of the four states."""
    today = record.as_of
    known = [
        condition
        for condition in in_groups(record.conditions, CIRRHOSIS, SUFFICIENT)
        if is_usable(condition) and is_current(condition, today, thresholds)
    ]
    references = tuple(condition.reference for condition in known)
    since = min((day for condition in known if (day := dated(condition))), default=None)
    transplant = _transplant(record, known)
    markers = _markers(record, bool(known), thresholds)
    if transplant is not None and transplant.on is not None:
        # The new liver has none of the old one's complications; what came after it, and what stands alone, remains.
        markers = [one for one in markers if one.on is None or one.on >= transplant.on or one.alone]
    recorded = None if transplant else _recorded_class_c(record, thresholds)
    score = _child_pugh(record, anticoagulants, thresholds) if known and not transplant else None
    if markers or recorded is not None or (score is not None and score.grade == "C"):
        return Liver("decompensated", references, since, tuple(markers), score, recorded)
    if transplant is not None:
        return Liver("compensated", references, since, (), None, None, transplant)
    if known:
        return Liver(
            "compensated",
            references,
            since,
            (),
            score,
            untested=tuple(group for group, unit in _TESTS if _latest(record, group, unit, thresholds) is None),
            unitless=tuple(group for group, _ in _TESTS if _lacks_unit(record, group, thresholds)),
        )
    doubtful = [
        condition
        for condition in in_groups(record.conditions, CIRRHOSIS, SUFFICIENT)
        if is_possible(condition) and is_current(condition, today, thresholds)
    ]
    if doubtful:
        return Liver("possible", tuple(c.reference for c in doubtful), dated(doubtful[0]))
    return Liver("none")


def _markers(record: PatientRecord, has_cirrhosis: bool, thresholds: Thresholds) -> list[Marker]:
    """Decompensation current or within 180 days, the latest first."""
    groups = (SUFFICIENT, STANDALONE, MARKER) if has_cirrhosis else (SUFFICIENT, STANDALONE)
    found = []
    for condition in in_groups(record.conditions, *groups):
        if not is_usable(condition):
            continue
        current = is_current(condition, record.as_of, thresholds)
        alone = bool(condition.groups & {SUFFICIENT, STANDALONE})
        if not current and ((alone and not has_cirrhosis) or not _ended_lately(condition, record.as_of, thresholds)):
            continue
        standing = current and STANDALONE in condition.groups
        found.append(Marker(_marker_name(condition), dated(condition), condition.reference, standing))
    return sorted(found, key=lambda marker: marker.on or date.min, reverse=True)


def _marker_name(condition: Condition) -> str:
    """A key of the card's `[words]` table, else what the record itself calls it."""
    named = next((name for name in _NAMED if name in condition.groups), condition.concept.words)
    return named or (SUFFICIENT if SUFFICIENT in condition.groups else MARKER)


def _ended_lately(condition: Condition, today: date, thresholds: Thresholds) -> bool:
    age = age_days(condition.abated or dated(condition), today)
    return age is not None and age <= thresholds.liver.marker_days


def _transplant(record: PatientRecord, known: list[Condition]) -> Marker | None:
    """A liver transplant dated later than the cirrhosis; without both dates nobody can say that it was later."""
    starts = [day for cirrhosis in known if (day := dated(cirrhosis))]
    for condition in in_groups(record.conditions, "liver-transplant"):
        on = dated(condition)
        if is_usable(condition) and on is not None and len(starts) == len(known) > 0 and on > max(starts):
            return Marker("liver-transplant", on, condition.reference)
    return None


def _recorded_class_c(record: PatientRecord, thresholds: Thresholds) -> Marker | None:
    for result in usable_observations(record, "child-pugh-class", "child-pugh-score"):
        age = age_days(result.taken, record.as_of)
        if age is None or age > thresholds.liver.recorded_class_days:
            continue
        by_score = (
            result.group == "child-pugh-score"
            and result.value is not None
            and result.value.value >= thresholds.child_pugh.class_c_from
        )
        is_c = "child-pugh-c" in result.answers or by_score
        return Marker("child-pugh-c", result.taken, result.reference) if is_c else None
    for condition in in_groups(record.conditions, "child-pugh-c"):
        age = age_days(condition.recorded or condition.onset, record.as_of)
        if is_usable(condition) and age is not None and age <= thresholds.liver.recorded_class_days:
            return Marker("child-pugh-c", condition.recorded or condition.onset, condition.reference)
    return None


def _child_pugh(
    record: PatientRecord, anticoagulants: tuple[Exposure, ...], thresholds: Thresholds
) -> ChildPugh | None:
    """Score A, B or C, only where bilirubin, albumin and INR are all at most 90 days old (rule 14)."""
    bands = thresholds.child_pugh
    bilirubin, albumin, inr = (_latest(record, group, unit, thresholds) for group, unit in _TESTS)
    if bilirubin is None or albumin is None or inr is None:
        return None
    spoiled = any(_covers(exposure, inr[1].taken) for exposure in anticoagulants)
    points = _rising(bilirubin[0], bands.bilirubin_mg_dl)
    points += 4 - _rising(albumin[0], bands.albumin_g_dl)
    points += 1 if spoiled else _rising(inr[0], bands.inr)
    points += _grade(record, "ascites", "ascites-severe", thresholds)
    points += _grade(record, "encephalopathy", "encephalopathy-coma", thresholds)
    grade = "C" if points >= bands.class_c_from else "B" if points >= bands.class_b_from else "A"
    results = (bilirubin[1], albumin[1], inr[1])
    days = [result.taken for result in results if result.taken]
    draft = any(result.status == "preliminary" for result in results)
    return ChildPugh(points, grade, spoiled, tuple(result.reference for result in results), max(days), draft)


def _covers(exposure: Exposure, day: date | None) -> bool:
    """Was the anticoagulant taken when the INR was measured, as far as anybody can tell?"""
    if exposure.current:
        return True
    return day is not None and any(reading.last is not None and reading.last >= day for reading in exposure.ended)


def _rising(value: float, band: tuple[float, float]) -> int:
    low, high = band
    return 1 if value < low else 2 if value <= high else 3


def _grade(record: PatientRecord, group: str, severe: str, thresholds: Thresholds) -> int:
    """1 point where nothing is recorded (assumed absent), 2 for a record, 3 for a severe one."""
    present = [
        condition
        for condition in in_groups(record.conditions, group, severe)
        if is_usable(condition) and is_current(condition, record.as_of, thresholds)
    ]
    return 3 if any(severe in condition.groups for condition in present) else 2 if present else 1


def _lacks_unit(record: PatientRecord, group: str, thresholds: Thresholds) -> bool:
    """The latest result has a number and no unit: it is not used, and that is said."""
    if group == "INR":
        return False
    latest = next(iter(usable_observations(record, group)), None)
    age = age_days(latest.taken, record.as_of) if latest else None
    recent = age is not None and age <= thresholds.liver.lab_days
    return latest is not None and recent and latest.value is not None and not latest.value.spelled


def _latest(record: PatientRecord, group: str, unit: str, thresholds: Thresholds) -> tuple[float, Observation] | None:
    for result in usable_observations(record, group):
        if result.value is None:
            continue
        if result.taken is None or record.as_of - result.taken > timedelta(days=thresholds.liver.lab_days):
            continue
        value = convert(result.value.value, result.value.spelled, unit)
        if value is None and unit == "{INR}" and not result.value.spelled:
            value = result.value.value
        if value is not None:
            return value, result
    return None
