"""Rule 13: the patient breastfeeds (label advises caution; LactMed: low levels in milk)."""

from cds_service.definitions.case import Case
from cds_service.definitions.pregnancy_signs import breastfeeding
from cds_service.record import Finding, Indicator


def detect(case: Case) -> Finding | None:
    """Information, not on a stable renewal."""
    if not case.naltrexone_judged or case.all_renewals:
        return None
    sign = breastfeeding(case.record, case.thresholds)
    if sign is None or sign.on is None:
        return None
    return Finding(
        rule="breastfeeding",
        indicator=Indicator.INFO,
        evidence=(sign.reference,),
        values={"on": sign.on.isoformat()},
    )
