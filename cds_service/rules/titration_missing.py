"""Rule 24: a new start at more than the usual first dose (S4 S5 S23 S57 S58)."""

from cds_service.definitions.case import Case
from cds_service.definitions.schedule import is_one_schedule
from cds_service.definitions.titration import starts_too_high
from cds_service.record import Finding, Indicator


def detect(case: Case) -> Finding | None:
    """Info: tolerability, not harm. It lives on the order-set card, whose variants are the answer."""
    if is_one_schedule(case.naltrexone_drafts):
        return None
    high = [order for order in case.naltrexone_judged if starts_too_high(case, order)]
    if not high:
        return None
    first = max(case.order_class(order).dose.first_mg or 0.0 for order in high)
    target = case.thresholds.dose.target_mg
    return Finding(
        rule="titration-missing",
        indicator=Indicator.INFO,
        evidence=tuple(order.reference for order in high if order.reference),
        wording="full" if abs(first - target) < 0.01 else "default",
        values={"dose": f"{first:g} mg", "usual": f"{case.thresholds.dose.start_mg:g} mg"},
        family="order-set",
    )
