"""Rule 19: an unticked ESR beside other lines, since one small pilot measured it (S17 S33 S48, D5)."""

from cds_service.definitions.case import Case
from cds_service.definitions.usable import is_on_file
from cds_service.record import DraftOrder, Finding, Indicator, Proposal


def detect(case: Case) -> Finding | None:
    """An item of the before-you-start card: never a card and never a finding of its own."""
    if not any(_is_meant(case, order) for order in case.new_starts):
        return None
    if any(shortfall.data == "labs" for shortfall in case.record.shortfalls):
        return None
    if is_on_file(case.record, case.thresholds.esr.on_file_days, "ESR"):
        return None
    return Finding(
        rule="esr-baseline-optional",
        indicator=Indicator.INFO,
        proposals=(Proposal("esr"),),
        item=True,
    )


def _is_meant(case: Case, order: DraftOrder) -> bool:
    found = case.order_class(order)
    return found.name == "ldn" and "fibromyalgia" in found.reasons
