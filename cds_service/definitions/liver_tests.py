"""Liver enzymes against their upper limit of normal (rulebook rules 16 to 18)."""

from dataclasses import dataclass
from datetime import date

from cds_service.definitions.thresholds import Thresholds
from cds_service.definitions.usable import age_days, usable_observations
from cds_service.record import LabOrder, Observation, PatientRecord
from cds_service.terminology.units import convert

PANELS = ("panel-hepatic", "panel-CMP")
ENZYMES = ("ALT", "AST")
PANEL = frozenset({*ENZYMES, *PANELS})


@dataclass(frozen=True, slots=True)
class LiverTest:
    """One result as a multiple of its upper limit (`times`); `limit_assumed` where the result brought none."""

    name: str
    value: float
    times: float
    on: date
    reference: str
    limit_assumed: bool
    preliminary: bool


@dataclass(frozen=True, slots=True)
class LiverTests:
    """`severe` is what rule 16 speaks of, `raised` what rule 17 does; never both.

    `bilirubin` is set where it made a threefold enzyme severe. `muscle` is true where a high AST beside a normal ALT
    and a very high creatine kinase points to muscle.
    """

    severe: LiverTest | None = None
    raised: LiverTest | None = None
    bilirubin: LiverTest | None = None
    muscle: bool = False


def liver_tests(record: PatientRecord, thresholds: Thresholds) -> LiverTests:
    """Judge the latest ALT and the latest AST of the last 90 days."""
    limits = thresholds.liver
    latest = {name: _latest(record, name, "U/L", limits.assumed_uln_u_l, thresholds) for name in ENZYMES}
    enzymes = sorted((test for test in latest.values() if test), key=lambda test: test.times, reverse=True)
    for test in enzymes:
        bilirubin = _bilirubin_beside(record, test, thresholds)
        if test.times > limits.severe_times or (test.times > limits.raised_times and bilirubin):
            paired = bilirubin if test.times <= limits.severe_times else None
            return LiverTests(severe=test, bilirubin=paired, muscle=_is_muscle(record, latest, thresholds))
    raised = next((test for test in enzymes if test.times > limits.raised_times), None)
    return LiverTests(raised=raised)


def last_enzyme(record: PatientRecord) -> Observation | None:
    """The latest ALT, AST or panel that can be used, however old: a number without a unit cannot (b.1)."""
    results = usable_observations(record, *ENZYMES, *PANELS)
    return next((result for result in results if result.taken and _is_usable(result)), None)


def has_baseline(record: PatientRecord, thresholds: Thresholds) -> bool:
    """A usable liver test within 90 days (rule 18); a preliminary one counts as present."""
    last = last_enzyme(record)
    age = age_days(last.taken, record.as_of) if last else None
    return age is not None and age <= thresholds.liver.baseline_panel_days


def is_ordered(orders: tuple[LabOrder, ...], groups: frozenset[str], today: date, most_days: int) -> bool:
    """Asked for in this session, or by an active order that is not too old."""
    return any(
        order.groups & groups
        and (order.draft or (order.status == "active" and (age_days(order.authored, today) or 0) <= most_days))
        for order in orders
    )


def _is_usable(result: Observation) -> bool:
    return result.group in PANELS or (result.value is not None and bool(result.value.spelled))


def _latest(
    record: PatientRecord, group: str, unit: str, assumed: float, thresholds: Thresholds, near: date | None = None
) -> LiverTest | None:
    """The latest usable value of the last 90 days; with `near`, of the days around that day."""
    for result in usable_observations(record, group):
        age = age_days(result.taken, record.as_of)
        if result.value is None or result.taken is None or age is None:
            continue
        if near is None and age > thresholds.liver.lab_days:
            return None
        if near is not None and abs((result.taken - near).days) > thresholds.liver.bilirubin_pair_days:
            continue
        value = convert(result.value.value, result.value.spelled, unit)
        if value is None:
            continue
        high = upper_limit(result, unit)
        times = 0.0 if result.value.comparator.startswith("<") else round(value / (high or assumed), 6)
        return LiverTest(
            group, value, times, result.taken, result.reference, high is None, result.status == "preliminary"
        )
    return None


def upper_limit(result: Observation, unit: str) -> float | None:
    """The upper limit in `unit`; a range without a unit of its own has that of the value."""
    if result.high is None or result.value is None or result.high.value <= 0:
        return None
    return convert(result.high.value, result.high.spelled or result.value.spelled, unit)


def _bilirubin_beside(record: PatientRecord, enzyme: LiverTest, thresholds: Thresholds) -> LiverTest | None:
    limits = thresholds.liver
    found = _latest(record, "bilirubin-total", "mg/dL", limits.assumed_bilirubin_uln_mg_dl, thresholds, near=enzyme.on)
    return found if found is not None and found.times > limits.bilirubin_times else None


def _is_muscle(record: PatientRecord, latest: dict[str, LiverTest | None], thresholds: Thresholds) -> bool:
    limits = thresholds.liver
    alt = latest["ALT"]
    kinase = _latest(record, "creatine-kinase", "U/L", limits.assumed_ck_uln_u_l, thresholds)
    return alt is not None and alt.times <= 1 and kinase is not None and kinase.times > limits.muscle_times
