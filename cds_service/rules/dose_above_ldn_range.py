"""Rule 22: a low-dose order above the usual maximum of 4.5 mg a day (S1 S14 S59 S72 S80; D12)."""

from cds_service.definitions.case import Case
from cds_service.definitions.titration import is_more, is_tenfold, moment
from cds_service.record import DraftOrder, Finding, Indicator, Proposal


def detect(case: Case) -> Finding | None:
    """Info up to 6 mg, warning above; from 25 mg on it is rule 20's, ten times a usual dose is rule 21's."""
    above = [(daily, order) for order in case.naltrexone_judged if (daily := _above(case, order)) is not None]
    if not above:
        return None
    daily, order = max(above, key=lambda one: one[0])
    warns = is_more(daily, case.thresholds.order_class.low_dose_max_mg)
    target = f"{case.thresholds.dose.target_mg:g}"
    values = {"mg": target, "strength": target, "moment": moment(order)}
    stepped = case.order_class(order).dose.is_stepped
    return Finding(
        rule="dose-above-ldn-range",
        indicator=Indicator.WARNING if warns else Indicator.INFO,
        evidence=tuple(order.reference for _, order in above if order.reference),
        values={"dose": f"{daily:g} mg", "target": f"{target} mg"},
        proposals=() if stepped else (Proposal("correct-draft", (order,), values=values),),
    )


def _above(case: Case, order: DraftOrder) -> float | None:
    found, limits = case.order_class(order), case.thresholds
    daily = found.dose.mg
    if found.name != "ldn" or daily is None or is_tenfold(case, daily) or daily >= limits.order_class.standard_min_mg:
        return None
    return daily if is_more(daily, limits.dose.target_mg) else None
