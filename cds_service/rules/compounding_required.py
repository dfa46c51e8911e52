"""Rule 26: an LDN order that does not say that it has to be compounded (S8 S37 S38 S68)."""

from cds_service.definitions.case import ORDER_SIGN, Case
from cds_service.definitions.treatment import RENEWAL
from cds_service.record import DraftOrder, Finding, Indicator


def detect(case: Case) -> Finding | None:
    """A line on the order-set card, never a finding of its own: the pharmacy note is part of every variant."""
    if case.hook == ORDER_SIGN:
        return None
    unsaid = [order for order in case.naltrexone_judged if _is_unsaid(case, order)]
    if not unsaid:
        return None
    return Finding(rule="compounding-required", indicator=Indicator.INFO, family="order-set", item=True)


def _is_unsaid(case: Case, order: DraftOrder) -> bool:
    product = order.drug.naltrexone if order.drug else None
    if product is None or case.order_class(order).name != "ldn" or case.treatment(order) == RENEWAL:
        return False
    words = [order.note, order.label, *(line.text for line in order.dosages)]
    said = any("compound" in word.casefold() for word in words)
    low = product.strength_mg is not None and product.strength_mg <= case.thresholds.order_class.low_dose_max_mg
    return not (product.compounded or said or (product.strength_coded and low))
