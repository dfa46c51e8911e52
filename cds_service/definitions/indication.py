"""Why naltrexone is ordered: the order's own reason, else the encounter's, else the problem list (rulebook b.1)."""

from cds_service.definitions.thresholds import Thresholds
from cds_service.definitions.usable import is_current, is_usable
from cds_service.record import DraftOrder, PatientRecord
from cds_service.terminology.conditions import condition_groups

ADDICTION = frozenset({"alcohol-use-disorder", "opioid-use-disorder"})
LDN = "ldn-indication"


def reasons(order: DraftOrder, record: PatientRecord, thresholds: Thresholds) -> frozenset[str]:
    """Value-set groups of the first source that names any reason at all."""
    stated: set[str] = set()
    for concept in order.reasons:
        stated |= condition_groups(concept)
    referenced = [condition for condition in record.conditions if condition.reference in order.reason_references]
    for condition in referenced:
        stated |= condition.groups
    if order.reasons or referenced:
        return frozenset(stated)
    if record.encounter is not None and record.encounter.reasons:
        for concept in record.encounter.reasons:
            stated |= condition_groups(concept)
        return frozenset(stated)
    for condition in record.conditions:
        if is_usable(condition) and is_current(condition, record.as_of, thresholds):
            stated |= condition.groups
    return frozenset(stated)
