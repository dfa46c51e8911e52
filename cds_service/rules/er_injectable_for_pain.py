"""Rule 28: the monthly injection ordered for pain (S43 by extension; Vivitrol label)."""

from cds_service.definitions.case import Case
from cds_service.definitions.indication import ADDICTION_TREATED, LDN
from cds_service.definitions.order_class import says_low_dose
from cds_service.record import DraftOrder, Finding, Indicator, Proposal
from cds_service.terminology.conditions import LDN_INDICATIONS


def detect(case: Case) -> Finding | None:
    """Warning where pain or low dose is the reason and no addiction is."""
    orders = tuple(order for order in case.naltrexone_judged if _is_for_pain(case, order))
    if not orders:
        return None
    why = case.order_class(orders[0]).reasons & LDN_INDICATIONS
    return Finding(
        rule="er-injectable-for-pain",
        indicator=Indicator.WARNING,
        evidence=tuple(order.reference for order in orders if order.reference),
        values={"reason": next(iter(sorted(why)), "")},
        proposals=(Proposal("delete-draft", orders),),
    )


def _is_for_pain(case: Case, order: DraftOrder) -> bool:
    found = case.order_class(order)
    if found.name != "er-injectable" or found.reasons & ADDICTION_TREATED:
        return False
    return LDN in found.reasons or says_low_dose(order)
