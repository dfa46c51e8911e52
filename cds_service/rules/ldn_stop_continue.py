"""Rule 38: the time to stop or to continue, and nothing says that LDN helps (S9 S46 S60 S70, D13)."""

from datetime import date, timedelta

from cds_service.definitions.case import PATIENT_VIEW, Case
from cds_service.definitions.follow_up import Course, has_responded
from cds_service.record import DraftOrder, Finding, Indicator, Proposal


def detect(case: Case) -> Finding | None:
    """Information on a renewal beyond day 84 (slow: 112), or when the chart is opened from two weeks before it."""
    if any(shortfall.data == "outcomes" for shortfall in case.record.shortfalls):
        return None
    course, limits = case.course, case.thresholds.follow_up
    if course is None or not _is_asked(case):
        return None
    slow = course.first_mg is not None and course.first_mg <= limits.slow_first_dose_mg
    decision = limits.slow_decision_day if slow else limits.decision_day
    if course.days < decision - limits.lead_days or _changed_lately(case, course, decision):
        return None
    if case.hook != PATIENT_VIEW and not any(
        _goes_beyond(case, order, course, decision) for order in case.ldn_renewals
    ):
        return None
    if has_responded(case.record, course.since, case.thresholds):
        return None
    ahead = timedelta(days=max(decision - course.days, 0))
    proposals: tuple[Proposal, ...] = (Proposal("pain-score"),)
    if case.hook != PATIENT_VIEW:
        proposals = (*proposals, Proposal("delete-draft", case.ldn_renewals))
    return Finding(
        rule="ldn-stop-continue",
        indicator=Indicator.INFO,
        evidence=course.evidence,
        values={
            "since": course.since.isoformat(),
            "weeks": str(round(max(course.days, decision) / 7)),
            "due": (case.today + ahead).isoformat() if ahead else "",
        },
        proposals=proposals,
    )


def _is_asked(case: Case) -> bool:
    return case.takes_low_dose if case.hook == PATIENT_VIEW else bool(case.ldn_renewals)


def _changed_lately(case: Case, course: Course, decision: int) -> bool:
    """Near-miss 4: another dose for less than 8 weeks. The last step of a planned climb is no such change."""
    settled = case.thresholds.follow_up.settled_days
    planned = course.since + timedelta(days=decision - settled)
    return course.same_dose_since > planned and (case.today - course.same_dose_since).days < settled


def _goes_beyond(case: Case, order: DraftOrder, course: Course, decision: int) -> bool:
    """Would the renewal's supply carry the treatment past the day of the decision?"""
    supply = timedelta(days=case.thresholds.exposure.assumed_supply_days - 1)
    end: date = order.ends or max(order.starts or case.today, case.today) + supply
    return course.days + (end - case.today).days > decision
