"""Rule 31: an operation lies ahead, and naltrexone would block its opioids (S31; D7; label)."""

from datetime import timedelta

from cds_service.definitions.case import Case
from cds_service.definitions.surgery import Surgery, last_dose_before
from cds_service.record import Finding, Indicator, Proposal


def detect(case: Case) -> Finding | None:
    """Info while it is more than three days away; warning when near, beside an injection and for a new start."""
    found = case.surgery
    if not case.naltrexone_judged or found is None:
        return None
    limits = case.thresholds.surgery
    wording = _wording(case, found)
    near = (found.on - case.today).days <= limits.near_days or wording in ("injection", "new-start")
    last = last_dose_before(found.on, limits.hold_days)
    start = case.after_surgery
    proposals: tuple[Proposal, ...] = (Proposal("tell-anaesthesia", values={"on": found.on.isoformat()}),)
    if wording == "new-start" and start is not None:
        later = max(start, case.earliest_clear or start)
        moved = Proposal("set-start", case.naltrexone_judged, True, {"start": later.isoformat()})
        proposals = (moved, *proposals)
    return Finding(
        rule="surgery-upcoming",
        indicator=Indicator.WARNING if near else Indicator.INFO,
        evidence=found.references,
        wording=wording,
        values={
            "on": found.on.isoformat(),
            "last": last.isoformat() if last >= case.today else "",
            "after": start.isoformat() if start else "",
            "hold_days": str(limits.hold_days),
            "injection_days": str(limits.injection_near_days),
        },
        proposals=proposals,
        silent=wording == "new-start"
        and start is not None
        and all(order.starts is not None and order.starts >= start for order in case.naltrexone_judged),
    )


def _wording(case: Case, found: Surgery) -> str:
    """An injection that still blocks on the day; a start that can wait; else a hold."""
    block = timedelta(days=case.thresholds.surgery.injection_near_days)
    if any(found.on <= given + block for given in case.injected):
        return "injection"
    if case.injected:
        return "after-injection"
    return "new-start" if case.after_surgery else "default"
