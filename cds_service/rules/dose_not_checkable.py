"""Rule 30: a naltrexone order about to be signed whose dose nobody can read (S43)."""

from cds_service.definitions.case import ORDER_SELECT, Case
from cds_service.definitions.order_class import has_cue
from cds_service.record import DraftOrder, Finding, Indicator


def detect(case: Case) -> Finding | None:
    """Info, warning with an LDN cue. While an order is being written (order-select) a missing dose is normal."""
    if case.hook == ORDER_SELECT:
        return None
    unread = [order for order in case.naltrexone_judged if _is_unread(case, order)]
    if not unread:
        return None
    cued = any(has_cue(order, case.thresholds) for order in unread)
    said = next((line.text for order in unread for line in order.dosages if line.text), "")
    return Finding(
        rule="dose-not-checkable",
        indicator=Indicator.WARNING if cued else Indicator.INFO,
        evidence=tuple(order.reference for order in unread if order.reference),
        values={"text": said},
    )


def _is_unread(case: Case, order: DraftOrder) -> bool:
    """Injection and combination have one strength each and are other rules' matter."""
    found = case.order_class(order)
    return found.name not in ("er-injectable", "nb-combo") and found.dose.mg is None
