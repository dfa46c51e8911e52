"""Who is to be brought up to the target slowly though no rule fires (rulebook c.2, the site rule)."""

from dataclasses import dataclass

from cds_service.definitions.case import Case
from cds_service.definitions.hypersensitivity import live_intolerances

CAUTIOUS_START = "cautious-start"
"""What a variant of the order set names in `recommended_with` to be recommended for these patients."""


@dataclass(frozen=True, slots=True)
class SlowStart:
    """`age` in years, or `intolerances` to as many drugs; nothing where it is no reason."""

    age: int | None = None
    intolerances: int | None = None

    def __bool__(self) -> bool:
        return self.age is not None or self.intolerances is not None


def slow_start(case: Case) -> SlowStart:
    """Of a birth date that is only a year the older reading counts: going slowly is the safe side."""
    limits = case.thresholds.slow_start
    age = case.age_span[0] if case.age_span else None
    count = live_intolerances(case.record.allergies)
    return SlowStart(
        age if age is not None and age >= limits.age_years else None,
        count if count >= limits.intolerances else None,
    )
