"""Why naltrexone is ordered: the order's own reason, else the encounter's, else the problem list (rulebook b.1)."""

from cds_service.definitions.thresholds import Thresholds
from cds_service.definitions.usable import is_current, is_possible, is_usable
from cds_service.record import DraftOrder, PatientRecord
from cds_service.terminology.conditions import condition_groups

ADDICTION = frozenset({"alcohol-use-disorder", "opioid-use-disorder"})
ADDICTION_TREATED = ADDICTION | {"alcohol-use-disorder-remission", "opioid-use-disorder-remission"}
"""The addiction set with its remissions: naltrexone at the standard dose keeps them so (rule 20, near-miss 2)."""
LDN = "ldn-indication"


def reasons(order: DraftOrder, record: PatientRecord, thresholds: Thresholds) -> frozenset[str]:
    """Value-set groups of the first source that names any reason at all."""
    stated = stated_reasons(order, record)
    if stated is not None:
        return stated
    found: set[str] = set()
    for condition in record.conditions:
        if is_usable(condition) and is_current(condition, record.as_of, thresholds):
            found |= condition.groups
    return frozenset(found)


def stated_reasons(order: DraftOrder, record: PatientRecord) -> frozenset[str] | None:
    """Groups of the reason that the order, else the encounter names; None where neither names one."""
    stated: set[str] = set()
    for concept in order.reasons:
        stated |= condition_groups(concept)
    referenced = [
        condition
        for condition in record.conditions
        if condition.reference in order.reason_references and (is_usable(condition) or is_possible(condition))
    ]
    for condition in referenced:
        stated |= condition.groups
    if order.reasons or referenced:
        return frozenset(stated)
    if record.encounter is not None and record.encounter.reasons:
        for concept in record.encounter.reasons:
            stated |= condition_groups(concept)
        return frozenset(stated)
    return None
