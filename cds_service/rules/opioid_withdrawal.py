"""Rule 40: opioid withdrawal or a failed naloxone challenge within 14 days (S65; labelled contraindications)."""

from datetime import date

from cds_service.definitions.case import Case
from cds_service.definitions.usable import age_days, dated, in_groups, is_current, is_usable, usable_observations
from cds_service.record import Finding, Indicator, Proposal

CHALLENGE = "naloxone-challenge"


def detect(case: Case) -> Finding | None:
    if not case.naltrexone_judged:
        return None
    seen = sorted(_withdrawal(case) + _failed_challenge(case), key=lambda sign: sign[1] or date.min, reverse=True)
    if not seen:
        return None
    kind, on, _ = seen[0]
    return Finding(
        rule="opioid-withdrawal",
        indicator=Indicator.CRITICAL,
        evidence=tuple(dict.fromkeys(reference for _, _, reference in seen)),
        wording=kind,
        values={"on": on.isoformat() if on else ""},
        proposals=(Proposal("delete-draft", case.naltrexone_judged, recommended=True),),
    )


def _withdrawal(case: Case) -> list[tuple[str, date | None, str]]:
    """Current withdrawal; an undated active one is taken as current, since withdrawal is acute by nature."""
    found = []
    for condition in in_groups(case.record.conditions, "opioid-withdrawal"):
        if "naloxone-challenge-failed" in condition.groups or not is_usable(condition):
            continue
        age = age_days(dated(condition), case.today)
        if is_current(condition, case.today, case.thresholds) and (
            age is None or age <= case.thresholds.withdrawal.days
        ):
            found.append(("default", dated(condition), condition.reference))
    return found


def _failed_challenge(case: Case) -> list[tuple[str, date | None, str]]:
    """A failed challenge that no later passed one has answered."""
    failed: list[tuple[str, date | None, str]] = [
        ("challenge", dated(condition), condition.reference)
        for condition in in_groups(case.record.conditions, "naloxone-challenge-failed")
        if is_usable(condition)
    ]
    passed = []
    for result in usable_observations(case.record, CHALLENGE, "naloxone-challenge-failed"):
        if (
            (result.group == "naloxone-challenge-failed" and "negative" not in result.answers)
            or "positive" in result.answers
            or "naloxone-challenge-failed" in result.answers
        ):
            failed.append(("challenge", result.taken, result.reference))
        elif "negative" in result.answers and result.taken:
            passed.append(result.taken)
    recent = []
    for kind, on, reference in failed:
        age = age_days(on, case.today)
        answered = on is not None and any(day >= on for day in passed)
        if age is not None and age <= case.thresholds.withdrawal.days and not answered:
            recent.append((kind, on, reference))
    return recent
