"""Rule 23: low-dose naltrexone that is not taken once a day, every day (S4 S14 S57). Bedtime is never asked for."""

from cds_service.definitions.case import Case
from cds_service.definitions.dose import DailyDose, is_as_needed, lines_of
from cds_service.definitions.signature import says_taper
from cds_service.definitions.titration import is_more
from cds_service.record import DraftOrder, Finding, Indicator, Proposal

_ROUNDING = 0.01


def detect(case: Case) -> Finding | None:
    """Info; warning where the total of the day is above the low-dose range too."""
    odd = [(how, order) for order in case.naltrexone_judged if (how := _oddity(case, order))]
    if not odd:
        return None
    order_set_limit = case.thresholds.order_class.low_dose_max_mg
    how, order = max(odd, key=lambda one: case.order_class(one[1]).dose.mg or 0.0)
    dose = case.order_class(order).dose
    return Finding(
        rule="dosing-frequency",
        indicator=Indicator.WARNING if is_more(dose.mg, order_set_limit) else Indicator.INFO,
        evidence=tuple(order.reference for _, order in odd if order.reference),
        wording=how,
        values={"times": f"{max(step.times for step in dose.plan):g}"},
        proposals=_once_daily(case, order, dose),
    )


def _oddity(case: Case, order: DraftOrder) -> str:
    """`as-needed`, `often`, `seldom`, or nothing."""
    found = case.order_class(order)
    if found.name != "ldn" or order.drug is None:
        return ""
    lines = lines_of(order.dosages, order.drug.naltrexone)
    if any(is_as_needed(line) for line in order.dosages):
        return "as-needed"
    if any(step.times > 1 + _ROUNDING for step in found.dose.plan):
        return "often"
    tapers = any(says_taper(line.text) for line in order.dosages)
    if lines and not tapers and any(step.times < 1 - _ROUNDING for step in found.dose.plan):
        return "seldom"
    return ""


def _once_daily(case: Case, order: DraftOrder, dose: DailyDose) -> tuple[Proposal, ...]:
    """The dose of one administration once a day, and no more than the usual maximum; a schedule is left alone."""
    if dose.is_stepped or dose.single_mg is None:
        return ()
    once = f"{min(dose.single_mg, case.thresholds.dose.target_mg):g}"
    return (Proposal("correct-draft", (order,), values={"once": f"{once} mg", "mg": once}),)
