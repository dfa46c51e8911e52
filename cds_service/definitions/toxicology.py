"""Opioid screens (rulebook rule 4): which substance was found, and whether a later test no longer found it."""

from dataclasses import dataclass
from datetime import date

from cds_service.definitions.thresholds import Thresholds
from cds_service.definitions.usable import age_days, usable_observations
from cds_service.record import Observation, PatientRecord
from cds_service.terminology.observations import analyte
from cds_service.terminology.units import convert

SCREEN = "urine-drug-screen-"


@dataclass(frozen=True, slots=True)
class PositiveScreen:
    """`substance` is a key of the card's `[words]` table: the group of the test without its common beginning."""

    substance: str
    on: date
    age: int
    reference: str
    preliminary: bool


def positive_screens(record: PatientRecord, thresholds: Thresholds) -> list[PositiveScreen]:
    """Positive within 14 days and no later negative for the same substance, the latest first."""
    results = usable_observations(record, *record.result_groups(SCREEN))
    found = []
    for position, result in enumerate(results):
        age = age_days(result.taken, record.as_of)
        if age is None or result.taken is None or age > thresholds.toxicology.positive_days:
            continue
        later = [one for one in results[:position] if one.taken_order > result.taken_order]
        if _says(result) == "positive" and not any(_same(one, result) and _says(one) == "negative" for one in later):
            substance = result.group.removeprefix(SCREEN)
            found.append(PositiveScreen(substance, result.taken, age, result.reference, result.status == "preliminary"))
    return found


def _same(one: Observation, other: Observation) -> bool:
    """The same substance; a morphine test says nothing of codeine though both are specific opiate tests."""
    return one.group == other.group and analyte(one.concept) == analyte(other.concept)


def _says(result: Observation) -> str:
    """`positive`, `negative` or nothing; a number decides by its range, else any amount above nothing is a find."""
    for answer in ("positive", "negative"):
        if answer in result.answers:
            return answer
    if result.value is None or result.answers:
        return ""
    if result.value.comparator.startswith("<"):
        return "negative"
    limit = 0.0
    if result.high is not None:
        same = convert(result.high.value, result.high.spelled, result.value.spelled)
        limit = result.high.value if same is None else same
    return "positive" if result.value.value > limit else "negative"
