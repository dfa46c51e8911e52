"""Rule 8: an opioid and naltrexone drafted in one session (S27 S64 S75). Needs nothing but the drafts."""

from datetime import date, timedelta

from cds_service.definitions.case import Case
from cds_service.definitions.thresholds import interval
from cds_service.record import DraftOrder, Finding, Indicator, Proposal


def detect(case: Case) -> Finding | None:
    """Critical; info where naltrexone starts only after the opioid course and its clear interval (near-miss 3)."""
    naltrexone, opioids = case.naltrexone_drafts, case.opioid_drafts
    if not naltrexone or not opioids or not (case.naltrexone_judged or case.opioid_judged):
        return None
    understood = all(_sequenced(case, later, earlier) for later in naltrexone for earlier in opioids)
    drafts = (*naltrexone, *opioids)
    return Finding(
        rule="opioid-naltrexone-same-session",
        indicator=Indicator.INFO if understood else Indicator.CRITICAL,
        evidence=tuple(draft.reference for draft in drafts if draft.reference),
        subjects=frozenset(part.ingredient for draft in opioids if draft.drug for part in draft.drug.opioids),
        wording="sequenced" if understood else "depot" if _has_depot(opioids) else "default",
        values={
            "opioid": opioids[0].drug.name if opioids[0].drug else "",
            "others": ", ".join(draft.drug.name for draft in opioids[1:] if draft.drug),
            "start": min(draft.starts for draft in naltrexone if draft.starts).isoformat() if understood else "",
        },
        proposals=() if understood else (Proposal("delete-draft", naltrexone), Proposal("delete-opioid", opioids)),
        family="before-you-start" if understood else "",
    )


def _has_depot(opioids: tuple[DraftOrder, ...]) -> bool:
    return any(part.washout == "depot" for draft in opioids if draft.drug for part in draft.drug.opioids)


def _sequenced(case: Case, naltrexone: DraftOrder, opioid: DraftOrder) -> bool:
    if naltrexone.starts is None or opioid.ends is None or opioid.drug is None:
        return False
    clear = max(interval(case.thresholds, part.washout).clear_days for part in opioid.drug.opioids)
    return not _has_depot((opioid,)) and naltrexone.starts >= _after(opioid.ends, clear)


def _after(day: date, days: int) -> date:
    return day + timedelta(days=days)
