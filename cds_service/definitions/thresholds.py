"""The clinical numbers marked [CFG] in the rulebook, read from `cards/thresholds.toml`.

The dataclasses below are the list of what must be there: a missing, misspelt or ill-typed entry stops the start with
the file, table and field named, because a service with half its numbers is worse than none.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from cds_service.errors import BadContent

FILE = "thresholds.toml"
Section = TypeVar("Section")


@dataclass(frozen=True, slots=True)
class Interval:
    """Days that must lie between the last dose and the next drug: the label's floor and what we recommend."""

    minimum_days: int
    clear_days: int


@dataclass(frozen=True, slots=True)
class ExposureLimits:
    depot_months_days: int
    assumed_supply_days: int
    lapsed_request_uncertain_days: int
    no_repeat_slack_days: int
    no_supply_uncertain_days: int
    start_only_uncertain_days: int
    assertion_stale_days: int
    not_taken_after_supply_days: int
    regular_use_days: int
    regular_use_fills: int
    regular_use_window_days: int


@dataclass(frozen=True, slots=True)
class ConditionLimits:
    unstated_status_months_days: int


@dataclass(frozen=True, slots=True)
class TreatmentLimits:
    new_start_days: int
    renewal_gap_days: int


@dataclass(frozen=True, slots=True)
class OrderClassLimits:
    low_dose_max_mg: float
    standard_min_mg: float
    standard_max_mg: float
    injection_mg: float
    ultra_low_mg: float


@dataclass(frozen=True, slots=True)
class DoseLimits:
    """Pairs are ranges, both ends included."""

    start_mg: float
    target_mg: float
    step_mg: float
    step_days: int
    tenfold: int
    concentrated_mg_per_ml: float
    liquid_error_ml: tuple[float, float]
    microgram_error_ug: tuple[float, float]
    undivided_tablet_mg: float
    divisible_from_mg: float
    duplicate_supply_days: int
    weight_bmi: float
    adult_years: int


@dataclass(frozen=True, slots=True)
class PregnancyLimits:
    condition_days: int
    status_days: int
    edd_past_days: int
    edd_ahead_days: int
    edd_lapsed_days: int
    longest_days: int
    hcg_days: int
    hcg_positive_iu_l: float
    age_from: int
    age_to: int
    possible_days: int
    hcg_unanswered_days: int
    known_days: int
    test_order_days: int
    ask_age_from: int
    ask_age_to: int
    ended_days: int
    breastfeeding_days: int


@dataclass(frozen=True, slots=True)
class LiverLimits:
    marker_days: int
    lab_days: int
    recorded_class_days: int
    baseline_panel_days: int
    lab_order_days: int
    acute_days: int
    severe_times: float
    raised_times: float
    bilirubin_times: float
    bilirubin_pair_days: int
    muscle_times: float
    assumed_uln_u_l: float
    assumed_bilirubin_uln_mg_dl: float
    assumed_ck_uln_u_l: float


@dataclass(frozen=True, slots=True)
class ChildPughLimits:
    """Band edges: two points lie between the two numbers, both included."""

    bilirubin_mg_dl: tuple[float, float]
    albumin_g_dl: tuple[float, float]
    inr: tuple[float, float]
    class_b_from: int
    class_c_from: int


@dataclass(frozen=True, slots=True)
class ToxicologyLimits:
    critical_days: int
    positive_days: int


@dataclass(frozen=True, slots=True)
class OpioidHistoryLimits:
    poisoning_days: int
    unspecified_use_months_days: int


@dataclass(frozen=True, slots=True)
class EsrLimits:
    on_file_days: int


@dataclass(frozen=True, slots=True)
class SurgeryLimits:
    ahead_days: int
    injection_ahead_days: int
    near_days: int
    injection_near_days: int
    hold_days: int
    start_after_days: int


@dataclass(frozen=True, slots=True)
class FollowUpLimits:
    first_days: int
    second_days: int
    score_from_day: int
    decision_day: int
    slow_decision_day: int
    slow_first_dose_mg: float
    lead_days: int
    settled_days: int
    response_months_days: int
    pain_fall_percent: float


@dataclass(frozen=True, slots=True)
class WithdrawalLimits:
    days: int


@dataclass(frozen=True, slots=True)
class SlowStartLimits:
    age_years: int
    intolerances: int


@dataclass(frozen=True, slots=True)
class ShowLimits:
    info_at_sign: bool


@dataclass(frozen=True, slots=True)
class Thresholds:
    washout: Mapping[str, Interval]
    exposure: ExposureLimits
    condition: ConditionLimits
    treatment: TreatmentLimits
    order_class: OrderClassLimits
    dose: DoseLimits
    pregnancy: PregnancyLimits
    liver: LiverLimits
    child_pugh: ChildPughLimits
    toxicology: ToxicologyLimits
    opioid_history: OpioidHistoryLimits
    esr: EsrLimits
    surgery: SurgeryLimits
    follow_up: FollowUpLimits
    withdrawal: WithdrawalLimits
    slow_start: SlowStartLimits
    show: ShowLimits


WASHOUT_ROWS = (
    "short-acting",
    "long-acting",
    "two-week",
    "kind-unknown",
    "naltrexone-oral",
    "naltrexone-injection",
    "anticoagulant",
)


def read_thresholds(data: Mapping[str, Any]) -> Thresholds:
    """Build the thresholds from the parsed TOML file. Raises BadContent naming the table and field at fault."""
    washout = _table(data, "washout")
    liver = _table(data, "liver")
    return Thresholds(
        washout={row: _interval(washout, row) for row in WASHOUT_ROWS},
        exposure=_section(ExposureLimits, data, "exposure"),
        condition=_section(ConditionLimits, data, "condition"),
        treatment=_section(TreatmentLimits, data, "treatment"),
        order_class=_section(OrderClassLimits, data, "order_class"),
        dose=_section(DoseLimits, data, "dose"),
        pregnancy=_section(PregnancyLimits, data, "pregnancy"),
        liver=_section(LiverLimits, data, "liver", also={"child_pugh"}),
        child_pugh=_section(ChildPughLimits, liver, "child_pugh"),
        toxicology=_section(ToxicologyLimits, data, "toxicology"),
        opioid_history=_section(OpioidHistoryLimits, data, "opioid_history"),
        esr=_section(EsrLimits, data, "esr"),
        surgery=_section(SurgeryLimits, data, "surgery"),
        follow_up=_section(FollowUpLimits, data, "follow_up"),
        withdrawal=_section(WithdrawalLimits, data, "withdrawal"),
        slow_start=_section(SlowStartLimits, data, "slow_start"),
        show=_section(ShowLimits, data, "show"),
    )


def _bad(where: str, problem: str) -> BadContent:
    return BadContent(f"{FILE}: {where}: {problem}", expression=where)


def _table(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = data.get(name)
    if not isinstance(table, Mapping):
        raise _bad(name, "the table is missing")
    return table


def _interval(washout: Mapping[str, Any], row: str) -> Interval:
    table = _table(washout, row)
    days = [table.get(field) for field in ("minimum_days", "clear_days")]
    minimum, clear = (day if type(day) is int and day >= 0 else None for day in days)
    if minimum is None or clear is None:
        raise _bad(f"washout.{row}", "minimum_days and clear_days must be whole numbers of days")
    if minimum > clear:
        raise _bad(f"washout.{row}", "minimum_days must not be more than clear_days")
    return Interval(minimum, clear)


def _section(kind: type[Section], data: Mapping[str, Any], name: str, also: Set[str] = frozenset()) -> Section:
    """One table as its dataclass; each field is `{ value = …, unit = …, source = …, decided_by = … }`."""
    table = _table(data, name)
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    unknown = set(table) - names - also
    if unknown:
        raise _bad(f"{name}.{min(unknown)}", "nothing reads this entry: is it misspelt?")
    return kind(**{field.name: _value(table, name, field.name, str(field.type)) for field in fields(kind)})  # type: ignore[arg-type]


def _value(table: Mapping[str, Any], section: str, field: str, kind: str) -> Any:
    entry = table.get(field)
    where = f"{section}.{field}"
    if not isinstance(entry, Mapping) or "value" not in entry:
        raise _bad(where, "must be { value = …, unit = …, source = …, decided_by = … }")
    if not isinstance(entry.get("source"), str) or not entry["source"].strip():
        raise _bad(where, "names no source")
    value = entry["value"]
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    if "tuple" in kind:
        if (
            isinstance(value, list)
            and len(value) == 2
            and all(type(x) in (int, float) for x in value)
            and value[0] < value[1]
        ):
            return tuple(float(x) for x in value)
        raise _bad(where, "must be two rising numbers")
    if "bool" in kind:
        if isinstance(value, bool):
            return value
        raise _bad(where, "must be true or false")
    if "int" in kind and not (number and float(value).is_integer()):
        raise _bad(where, "must be a whole number, not negative")
    if not number:
        raise _bad(where, "must be a number, not negative")
    return int(value) if "int" in kind else float(value)


def interval(thresholds: Thresholds, row: str) -> Interval:
    """The washout row, the careful one for a row that is not in the table."""
    return thresholds.washout.get(row) or thresholds.washout["kind-unknown"]
