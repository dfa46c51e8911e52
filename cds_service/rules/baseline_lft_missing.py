"""Rule 18: no liver test within 90 days before a new start (S32 against S66, D3)."""

from cds_service.definitions.case import Case
from cds_service.definitions.liver_tests import ENZYMES, PANEL, has_baseline, is_ordered, last_enzyme
from cds_service.definitions.usable import usable_observations
from cds_service.record import Finding, Indicator, Proposal

_CLASSES = frozenset({"ldn", "unknown"})


def detect(case: Case) -> Finding | None:
    """Information on a new start of LDN or of an unreadable dose; an unread list is rule 39's, never "missing"."""
    if not any(case.order_class(order).name in _CLASSES for order in case.new_starts):
        return None
    if any(shortfall.data == "labs" for shortfall in case.record.shortfalls):
        return None
    if has_baseline(case.record, case.thresholds):
        return None
    if is_ordered(case.record.lab_orders, PANEL, case.today, case.thresholds.liver.lab_order_days):
        return None
    last = last_enzyme(case.record)
    results = usable_observations(case.record, *ENZYMES)
    unitless = bool(results) and results[0] is not last and results[0].value is not None
    return Finding(
        rule="baseline-lft-missing",
        indicator=Indicator.INFO,
        evidence=(last.reference,) if last else (),
        values={
            "last": last.taken.isoformat() if last and last.taken else "",
            "unitless": results[0].group if unitless else "",
        },
        proposals=(Proposal("liver-panel"),),
    )
