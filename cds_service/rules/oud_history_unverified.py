"""Rule 6: opioid dependence on the problem list and no opioid on any list (S13 S34; label)."""

from cds_service.definitions.case import Case
from cds_service.definitions.usable import age_days, dated, in_groups, is_current, is_usable
from cds_service.record import Condition, Finding, Indicator, Proposal

_DISORDER, _REMISSION = "opioid-use-disorder", "opioid-use-disorder-remission"
_LONG_TERM, _UNSPECIFIED, _POISONING = "opioid-long-term-use", "opioid-use-unspecified", "opioid-poisoning"
_OWN_USE = frozenset({"standard", "er-injectable"})


def detect(case: Case) -> Finding | None:
    """Warning; remission alone is a line before you start."""
    if not case.naltrexone_judged or _treats_it(case) or _is_on_a_list(case):
        return None
    for wording, found in (
        ("default", _current(case, _DISORDER)),
        ("long-term", _current(case, _LONG_TERM)),
        ("poisoning", _lately(case, _POISONING, case.thresholds.opioid_history.poisoning_days)),
        ("use", _lately(case, _UNSPECIFIED, case.thresholds.opioid_history.unspecified_use_months_days)),
    ):
        if found:
            return _finding(found, wording, Indicator.WARNING)
    remission = [one for one in in_groups(case.record.conditions, _REMISSION) if is_usable(one)]
    return _finding(remission, "remission", Indicator.INFO) if remission else None


def _finding(found: list[Condition], wording: str, indicator: Indicator) -> Finding:
    day = dated(found[0])
    return Finding(
        rule="oud-history-unverified",
        indicator=indicator,
        evidence=tuple(one.reference for one in found),
        wording=wording,
        values={"on": day.isoformat() if day else ""},
        proposals=(Proposal("opioid-screen"),),
        family="before-you-start" if indicator is Indicator.INFO else "",
    )


def _current(case: Case, group: str) -> list[Condition]:
    return [
        one
        for one in in_groups(case.record.conditions, group)
        if is_usable(one) and is_current(one, case.today, case.thresholds)
    ]


def _lately(case: Case, group: str, most_days: int) -> list[Condition]:
    """Recorded within so many days: neither use nor a poisoning lasts, so an undated one says nothing."""
    found = []
    for one in in_groups(case.record.conditions, group):
        age = age_days(max((day for day in (one.onset, one.recorded) if day), default=None), case.today)
        if is_usable(one) and age is not None and age <= most_days and is_current(one, case.today, case.thresholds):
            found.append(one)
    return found


def _treats_it(case: Case) -> bool:
    """Near-miss 4: naltrexone at a standard dose or as an injection, ordered for the dependence itself."""
    classes = [case.order_class(order) for order in case.naltrexone_judged]
    return all(found.name in _OWN_USE and _DISORDER in found.reasons for found in classes)


def _is_on_a_list(case: Case) -> bool:
    """An opioid of which rules 1 to 3 or 5 speak already; one that is past its washout verifies nothing."""
    spoken = any(one.indicator >= Indicator.WARNING for one in case.washouts)
    return spoken or any(exposure.current or exposure.uncertain for exposure in case.opioids)
