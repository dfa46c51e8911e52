"""Rule 36: the titration order set, offered for a new start or restart of LDN (S4 S5 S23 S57-S60 S73)."""

from cds_service.definitions.case import ORDER_SIGN, Case
from cds_service.definitions.titration import first_day, is_low_dose_start, starts_too_high, steps_too_fast, titration
from cds_service.record import DraftOrder, Finding, Indicator


def detect(case: Case) -> Finding | None:
    """Info. What hides it (a critical finding, an unread medication list, ...) stands in the b.4 table of `present`."""
    if len(case.naltrexone_drafts) != 1 or not case.naltrexone_judged:
        return None  # beside another naltrexone draft the set would leave two orders behind
    order = case.naltrexone_judged[0]
    if not is_low_dose_start(case, order) or not _is_wanted(case, order):
        return None
    start = first_day(case, order)
    old = sum(len(exposure.old) for exposure in case.opioids)
    return Finding(
        rule="titration-order-set",
        indicator=Indicator.INFO,
        evidence=(order.reference,) if order.reference else (),
        values={
            "start": start.isoformat(),
            "old_entries": str(old) if old > 1 else "",
            "microgram": "yes" if case.order_class(order).dose.microgram else "",
            "without_id": "" if order.reference else "yes",
        },
        proposals=(titration(case, order, recommended=True),),
    )


def _is_wanted(case: Case, order: DraftOrder) -> bool:
    """A sequenced draft needs none unless it climbs too fast; at order-sign only what rules 24 and 41 find is said."""
    if case.order_class(order).dose.is_stepped:
        return steps_too_fast(case, order)
    return case.hook != ORDER_SIGN or starts_too_high(case, order)
