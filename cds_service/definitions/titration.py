"""When an LDN order calls for titration, from which day, and with which baseline labs (rulebook rules 24, 36, 41, c).

Rules 20, 24, 26, 27, 36 and 41 ask the same questions and may not ask each other.
"""

from datetime import date
from itertools import pairwise

from cds_service.definitions.case import Case
from cds_service.definitions.dose import Step
from cds_service.definitions.liver_tests import PANEL, has_baseline, is_ordered
from cds_service.definitions.treatment import NEW_START, RESTART
from cds_service.definitions.usable import is_on_file
from cds_service.record import DraftOrder, Proposal

GROUP_SYSTEM = "urn:ldn-cds:order-set"
CHILD_PUGH = {"inr": "INR", "albumin": "albumin", "bilirubin": "bilirubin-total"}
"""Test of the set -> group of the results that make it needless."""
CHILD_PUGH_TOGETHER = "inr-albumin-bilirubin"
_MORNING = frozenset({"MORN", "CM", "ACM", "PCM", "WAKE"})
_ALMOST = 0.005
"""mg: 4.5000001 is 4.5 (rule 22, near-miss 2)."""


def is_more(mg: float | None, limit_mg: float) -> bool:
    """More than the limit by more than a rounding."""
    return mg is not None and mg > limit_mg + _ALMOST


def is_tenfold(case: Case, daily_mg: float) -> bool:
    """Ten times a dose of the titration: 15, 30 or 45 mg (rule 21 a)."""
    limits = case.thresholds.dose
    steps = daily_mg / (limits.tenfold * limits.start_mg)
    most = round(limits.target_mg / limits.start_mg)
    return 1 <= round(steps) <= most and abs(steps - round(steps)) < _ALMOST


def moment(order: DraftOrder) -> str:
    """Morning where the order says so (accepted for vivid dreams), else bedtime, as an HL7 EventTiming code."""
    moments = [line.when for line in order.dosages]
    return "MORN" if moments and all(named and set(named) <= _MORNING for named in moments) else "HS"


def is_own_step(order: DraftOrder) -> bool:
    """A prescription of our own order set, offered in view of what the patient takes (rule 29, near-miss 3)."""
    return order.group.startswith(GROUP_SYSTEM)


def is_low_dose_start(case: Case, order: DraftOrder) -> bool:
    """An LDN order that begins or begins again, that is meant in milligrams and is no step of our own set."""
    found = case.order_class(order)
    return (
        found.name == "ldn"
        and not found.ultra_low
        and not is_own_step(order)
        and case.treatment(order) in (NEW_START, RESTART)
    )


def starts_too_high(case: Case, order: DraftOrder) -> bool:
    """Rule 24: a new start whose first step is above the usual first dose."""
    return (
        is_low_dose_start(case, order)
        and case.treatment(order) == NEW_START
        and is_more(case.order_class(order).dose.first_mg, case.thresholds.dose.start_mg)
    )


def steps_too_fast(case: Case, order: DraftOrder) -> bool:
    """Rule 41: a step upwards by more than 1.5 mg, or one that comes before seven days are over."""
    return is_low_dose_start(case, order) and any(too_fast_steps(case, order))


def too_fast_steps(case: Case, order: DraftOrder) -> list[tuple[Step, Step]]:
    """The pairs of steps of a sequenced order that climb too fast."""
    limits = case.thresholds.dose
    return [
        (before, after)
        for before, after in pairwise(case.order_class(order).dose.plan)
        if before.mg is not None
        and after.mg is not None
        and is_more(after.mg, before.mg)
        and (
            is_more(after.mg - before.mg, limits.step_mg)
            or (before.days is not None and before.days < limits.step_days)
        )
    ]


def first_day(case: Case, order: DraftOrder) -> date:
    """The latest of today, the draft's own start, the end of a washout and two weeks after an operation (c)."""
    return max(day for day in (case.today, order.starts, case.earliest_clear, case.after_surgery) if day is not None)


def titration(case: Case, order: DraftOrder, *, recommended: bool) -> Proposal:
    """The titration variants in place of this draft."""
    values = {"start": first_day(case, order).isoformat(), "include": " ".join(baseline_labs(case))}
    return Proposal("titration", (order,), recommended=recommended, values=values)


def baseline_labs(case: Case) -> list[str]:
    """Baseline labs of c.3 that are neither on file nor ordered; an unread laboratory list is no reason to order."""
    if any(shortfall.data == "labs" for shortfall in case.record.shortfalls):
        return []
    days = case.thresholds.liver.baseline_panel_days
    wanted = []
    # Raised enzymes are to be repeated (rule 17), so what is on file is no reason to leave the panel out.
    needed = not has_baseline(case.record, case.thresholds) or case.liver_tests.raised or case.liver_tests.severe
    if needed and not _ordered(case):
        wanted.append("hepatic-panel")
    if case.liver.state == "compensated":
        missing = [group for group in CHILD_PUGH.values() if not is_on_file(case.record, days, group)]
        wanted += [CHILD_PUGH_TOGETHER] if missing else []
    return wanted


def _ordered(case: Case) -> bool:
    return is_ordered(case.record.lab_orders, PANEL, case.today, case.thresholds.liver.lab_order_days)
