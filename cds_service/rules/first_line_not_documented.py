"""Rule 34: no first-line drug for fibromyalgia or neuropathic pain is on record (S39 S51 S61 S62 S84, D14)."""

from cds_service.definitions.case import Case
from cds_service.definitions.hypersensitivity import live
from cds_service.record import DraftOrder, Finding, Indicator
from cds_service.terminology.first_line import CLASSES

_PAIN = frozenset({"fibromyalgia", "neuropathy"})
_OTHER_PLACE = frozenset({"corneal-neuropathic-pain", "multiple-sclerosis", "crohn", "ibd"})
_NEVER_TAKEN = frozenset({"entered-in-error", "cancelled", "not-taken"})


def detect(case: Case) -> Finding | None:
    """Information on a new start: "none found here", never "not tried"; an unread list finds nothing."""
    if case.unanswered_lists or not any(_is_meant(case, order) for order in case.new_starts):
        return None
    if any(one.status not in _NEVER_TAKEN and not one.do_not_perform for one in case.record.first_line):
        return None
    barred = {group for allergy in live(case.record.allergies, *CLASSES) for group in allergy.groups}
    if barred >= CLASSES:
        return None
    return Finding(rule="first-line-not-documented", indicator=Indicator.INFO)


def _is_meant(case: Case, order: DraftOrder) -> bool:
    """MS, Crohn's and corneal pain have another place in therapy, unless fibromyalgia is the reason too."""
    found = case.order_class(order)
    if found.name != "ldn" or not found.reasons & _PAIN:
        return False
    return "fibromyalgia" in found.reasons or not found.reasons & _OTHER_PLACE
