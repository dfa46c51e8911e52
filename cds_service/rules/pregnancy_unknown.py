"""Rule 11: nobody has recorded whether the patient is pregnant (S13 S29)."""

from cds_service.definitions.case import Case
from cds_service.definitions.liver_tests import is_ordered
from cds_service.definitions.pregnancy import HCG, lapsed_due_date
from cds_service.definitions.pregnancy_signs import conception_is_unlikely, stale_problems, status_is_known
from cds_service.record import Finding, Indicator, Proposal

_NEEDED = frozenset({"pregnancyObs", "conditions"})


def detect(case: Case) -> Finding | None:
    """Information on a new start; what could not be read is no reason to call the status unknown (rule 39)."""
    if not case.new_starts or any(shortfall.data in _NEEDED for shortfall in case.record.shortfalls):
        return None
    if case.pregnancy.positive or case.possible_pregnancy:
        return None
    if conception_is_unlikely(case.record, case.thresholds) or status_is_known(case.record, case.thresholds):
        return None
    if is_ordered(case.record.lab_orders, frozenset(HCG), case.today, case.thresholds.pregnancy.test_order_days):
        return None
    stale = [one.reference for one in stale_problems(case.record, case.thresholds)]
    overdue = lapsed_due_date(case.record, case.thresholds)
    old = [*stale, *([overdue[1]] if overdue else [])]
    if not old and not _is_asked(case):
        return None
    return Finding(
        rule="pregnancy-unknown",
        indicator=Indicator.INFO,
        evidence=tuple(old),
        wording="stale" if old else "default",
        proposals=(Proposal("pregnancy-test"),),
    )


def _is_asked(case: Case) -> bool:
    """Whoever is not recorded as male and may be 12 to 50; without a birth date rule 39 speaks instead."""
    limits = case.thresholds.pregnancy
    if case.age_span is None or (case.record.patient and case.record.patient.gender == "male"):
        return False
    oldest, youngest = case.age_span
    return oldest >= limits.ask_age_from and youngest <= limits.ask_age_to
