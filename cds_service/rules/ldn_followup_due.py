"""Rule 37: LDN has been taken for four weeks, or twelve, and no score tells how it goes (S35)."""

from datetime import timedelta

from cds_service.definitions.case import PATIENT_VIEW, Case
from cds_service.definitions.follow_up import SCORES, scored_since
from cds_service.record import Finding, Indicator


def detect(case: Case) -> Finding | None:
    """Information on a renewal, or when the chart is opened. An unread list of outcomes says nothing."""
    if not _is_asked(case) or any(shortfall.data == "outcomes" for shortfall in case.record.shortfalls):
        return None
    limits = case.thresholds.follow_up
    course = case.course
    if course is None or course.days < limits.first_days:
        return None
    if scored_since(case.record, course.since + timedelta(days=limits.score_from_day - 1)) is not None:
        return None
    if any(order.draft and order.groups & set(SCORES) for order in case.record.lab_orders):
        return None
    return Finding(
        rule="ldn-followup-due",
        indicator=Indicator.INFO,
        evidence=course.evidence,
        wording="default" if course.days < limits.second_days else "late",
        values={"since": course.since.isoformat(), "weeks": str(course.days // 7)},
    )


def _is_asked(case: Case) -> bool:
    if case.hook == PATIENT_VIEW:
        return case.takes_low_dose
    return bool(case.ldn_renewals)
