"""Rule 2: an opioid that ended too recently for naltrexone (S28 S44 S65; label intervals, D4)."""

from datetime import date

from cds_service.definitions.case import Case
from cds_service.record import DraftOrder, Finding, Indicator, Proposal

_WORDING = {"two-week": "two-week", "long-acting": "long-acting", "kind-unknown": "long-acting"}


def detect(case: Case) -> Finding | None:
    """Critical, warning or info by days since the last dose; the latest date over all opioids decides the start."""
    if not case.naltrexone_judged or any(exposure.current for exposure in case.opioids):
        return None
    pending = [one for one in case.washouts if not _on_naltrexone_throughout(case, one.last)]
    # Where a record is also uncertain, the more severe of rules 2 and 3 stands (b.2); rule 3 is a warning.
    doubted = {exposure.ingredient for exposure in case.opioids if exposure.uncertain}
    pending = [one for one in pending if one.ingredient not in doubted or one.indicator >= Indicator.WARNING]
    if not pending:
        return None
    worst = max(one.indicator for one in pending)
    pending.sort(key=lambda one: one.earliest_clear or date.max, reverse=True)
    lead = pending[0]
    undated = any(one.earliest_clear is None for one in pending)
    clear = max((one.earliest_clear for one in pending if one.earliest_clear), default=None)
    minimum = max((one.earliest_minimum for one in pending if one.earliest_minimum), default=None)
    starts_late = clear is not None and not undated and all(_starts(d, clear) for d in case.naltrexone_judged)
    proposals: tuple[Proposal, ...] = (Proposal("delete-draft", case.naltrexone_judged, recommended=undated),)
    if clear is not None and not undated:
        values = {"start": max(clear, case.after_surgery or clear).isoformat()}
        proposals = (Proposal("set-start", case.naltrexone_judged, True, values), *proposals)
    return Finding(
        rule="opioid-recent-washout",
        indicator=worst,
        evidence=tuple(dict.fromkeys(reference for one in pending for reference in one.evidence)),
        wording="depot" if undated else _WORDING.get(lead.row, "default"),
        values={
            "drug": lead.name,
            "last": lead.last.isoformat(),
            "minimum": minimum.isoformat() if minimum else "",
            "clear": clear.isoformat() if clear else "",
            "minimum_days": str(lead.minimum_days),
            "clear_days": str(lead.clear_days),
            "assumed": "yes" if lead.assumed else "",
            "others": ", ".join(one.name for one in pending[1:]),
        },
        proposals=(*proposals, Proposal("opioid-screen")),
        silent=starts_late,
    )


def _starts(order: DraftOrder, clear: date) -> bool:
    return order.starts is not None and order.starts >= clear


def _on_naltrexone_throughout(case: Case, last: date) -> bool:
    """Near-miss 7: already on naltrexone since before the exposure ended: a renewal, not a washout."""
    naltrexone = case.naltrexone
    return (
        naltrexone is not None
        and bool(naltrexone.current)
        and naltrexone.since is not None
        and naltrexone.since <= last
    )
