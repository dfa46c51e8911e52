"""Rule 41: a schedule that climbs by more than 1.5 mg or within less than a week (S4 S5 S23 S58)."""

from cds_service.definitions.case import Case
from cds_service.definitions.titration import is_more, steps_too_fast, too_fast_steps
from cds_service.record import Finding, Indicator


def detect(case: Case) -> Finding | None:
    """Info, folded into the order-set card like rule 24."""
    fast = [order for order in case.naltrexone_judged if steps_too_fast(case, order)]
    if not fast:
        return None
    before, after = too_fast_steps(case, fast[0])[0]
    rise = (after.mg or 0.0) - (before.mg or 0.0)
    return Finding(
        rule="titration-step-too-fast",
        indicator=Indicator.INFO,
        evidence=tuple(order.reference for order in fast if order.reference),
        wording="default" if is_more(rise, case.thresholds.dose.step_mg) else "soon",
        values={
            "before": f"{before.mg:g} mg",
            "after": f"{after.mg:g} mg",
            "days": str(before.days) if before.days is not None else "",
        },
        family="order-set",
    )
