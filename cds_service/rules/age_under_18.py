"""Rule 35: naltrexone ordered for somebody who is not of age (S13; the trials are in adults only)."""

from cds_service.definitions.case import Case
from cds_service.record import Finding, Indicator


def detect(case: Case) -> Finding | None:
    """Warning; info where a birth date without day or month leaves room for 18 (near-miss 3)."""
    if not case.naltrexone_judged or case.age_span is None:
        return None
    oldest, youngest = case.age_span
    adult = case.thresholds.dose.adult_years
    if youngest >= adult:
        return None
    certain = oldest < adult
    return Finding(
        rule="age-under-18",
        indicator=Indicator.WARNING if certain else Indicator.INFO,
        wording="default" if certain else "perhaps",
        values={"age": str(max(oldest, 0)), "adult": str(adult)},
        family="" if certain else "before-you-start",
    )
