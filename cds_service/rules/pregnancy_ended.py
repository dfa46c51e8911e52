"""Rule 12: a birth or a loss within six weeks (S29 S34). Never a pregnancy warning."""

from cds_service.definitions.case import Case
from cds_service.definitions.pregnancy_signs import recent_end
from cds_service.record import Finding, Indicator


def detect(case: Case) -> Finding | None:
    """Information: opioids may have been given, and after a birth the patient may be breastfeeding."""
    if not case.naltrexone_judged or case.all_renewals:
        return None
    ended = recent_end(case.record, case.thresholds)
    if ended is None or ended.on is None:
        return None
    return Finding(
        rule="pregnancy-ended",
        indicator=Indicator.INFO,
        evidence=(ended.reference,),
        wording=ended.kind,
        values={"on": ended.on.isoformat()},
    )
