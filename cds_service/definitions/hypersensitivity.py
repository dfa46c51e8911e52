"""What the patient does not bear: allergy to naltrexone, and its listed mild effects (rulebook rules 32 and 33)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from cds_service.definitions.exposure import Exposure
from cds_service.definitions.thresholds import Thresholds
from cds_service.definitions.usable import dated, in_groups, is_current, is_usable
from cds_service.record import Allergy, PatientRecord
from cds_service.terminology.allergies import EFFECT, SEVERE

NALTREXONE = "naltrexone"
_NEVER = frozenset({"refuted", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class Intolerance:
    """A mild effect of naltrexone: recorded from an earlier course, or (`ongoing`) while LDN is being taken."""

    effect: str
    on: date | None
    evidence: tuple[str, ...]
    ongoing: bool


def live(allergies: Iterable[Allergy], *groups: str) -> list[Allergy]:
    """Those of these groups that are to be reckoned with."""
    wanted = frozenset(groups)
    return [one for one in allergies if one.groups & wanted and is_live(one)]


def is_live(allergy: Allergy) -> bool:
    """Neither refuted, entered in error, inactive nor resolved; an unconfirmed one counts."""
    return allergy.verification not in _NEVER and allergy.clinical in ("active", "")


def live_intolerances(allergies: Iterable[Allergy]) -> int:
    """To how many different drugs an intolerance is recorded; two records of one drug count once (rulebook c.2)."""
    return len(
        {
            (one.concept.words or one.reference).casefold()
            for one in allergies
            if one.of_drug and one.kind == "intolerance" and is_live(one)
        }
    )


def is_mild(allergy: Allergy) -> bool:
    """Only effects that naltrexone is known for: no allergy (rule 33), unless it is called one or was severe."""
    if EFFECT not in allergy.reactions or is_severe(allergy) or allergy.kind == "allergy":
        return False
    return allergy.kind == "intolerance" or not allergy.other_reactions


def is_severe(allergy: Allergy) -> bool:
    return allergy.criticality == "high" or allergy.severe or SEVERE in allergy.reactions


def intolerance(
    record: PatientRecord, naltrexone: Exposure | None, takes_low_dose: bool, thresholds: Thresholds
) -> Intolerance | None:
    """The intolerance to step down for, if there is one. `takes_low_dose`: LDN is current."""
    since = naltrexone.since if naltrexone is not None and takes_low_dose else None
    for one in live(record.allergies, NALTREXONE):
        if is_mild(one):
            return Intolerance(one.effect, one.recorded, (one.reference,), takes_low_dose)
    if since is None:
        return None
    for condition in in_groups(record.conditions, EFFECT):
        on = dated(condition)
        if is_usable(condition) and is_current(condition, record.as_of, thresholds) and on is not None and on >= since:
            return Intolerance(condition.concept.words, on, (condition.reference,), True)
    return None
