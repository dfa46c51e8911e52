"""The exposure model (rulebook b.2): from records of a drug to what the patient may have in the body, and since when.

Each record is read on its own first (`readings.py`); here the readings of one ingredient are weighed against each
other. The same serves opioids, naltrexone and anticoagulants; only the washout row differs.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from cds_service.definitions.readings import Reading, State, read
from cds_service.definitions.thresholds import Thresholds
from cds_service.record import Medication


@dataclass(frozen=True, slots=True)
class Exposure:
    """All readings of one ingredient, weighed.

    `current` is empty where later explicit statements contradict all of it: those readings then stand in `uncertain`
    and the contradicting ones in `denials` (a conflict downgrades, it never silences). `ended` also holds lapsed
    active requests, whose supply end rule 2 must judge too.
    """

    ingredient: str
    name: str
    current: tuple[Reading, ...]
    ended: tuple[Reading, ...]
    uncertain: tuple[Reading, ...]
    old: tuple[Reading, ...]
    fills: tuple[date, ...]
    denials: tuple[Reading, ...] = ()

    @property
    def conflicted(self) -> bool:
        return bool(self.denials)

    @property
    def since(self) -> date | None:
        """Since when it is certainly taken: uncertain records do not count."""
        starts = [reading.since for reading in self.current if reading.since]
        return min(starts) if starts else None

    @property
    def last(self) -> date | None:
        days = [reading.last for reading in self.ended if reading.last]
        return max(days) if days else None


def weigh(
    records: Iterable[Medication],
    parts: Callable[[Medication], Iterable[tuple[str, str, str]]],
    today: date,
    thresholds: Thresholds,
) -> tuple[Exposure, ...]:
    """Weigh all records by ingredient. `parts` names what of a record counts: (ingredient, name, washout row)."""
    grouped: dict[str, list[tuple[str, str, Medication]]] = {}
    for record in records:
        for ingredient, name, row in parts(record):
            grouped.setdefault(ingredient, []).append((name, row, record))
    return tuple(_exposure(ingredient, members, today, thresholds) for ingredient, members in sorted(grouped.items()))


def _exposure(
    ingredient: str, members: list[tuple[str, str, Medication]], today: date, thresholds: Thresholds
) -> Exposure:
    records = [record for _, _, record in members]
    readings = [read(record, row, records, today, thresholds) for _, row, record in members]
    current = [reading for reading in readings if reading.state is State.CURRENT]
    uncertain = [reading for reading in readings if reading.state is State.UNCERTAIN]
    ended = [reading for reading in readings if reading.state is State.ENDED]
    denials = _denials(current, readings)
    if denials:
        uncertain = [replace(reading, why="conflict") for reading in current] + uncertain
        current = []
    lapsed = [reading for reading in uncertain if reading.last]
    if not current and not denials and _denied_after_supply(readings, today, thresholds):
        uncertain = []
    fills = {
        record.handed_over or record.prepared
        for record in records
        if record.kind == "dispense" and record.status in ("completed", "in-progress")
    }
    return Exposure(
        ingredient=ingredient,
        name=members[0][0],
        current=tuple(current),
        ended=tuple(ended + lapsed),
        uncertain=tuple(uncertain),
        old=tuple(reading for reading in readings if reading.state is State.OLD),
        fills=tuple(sorted(fill for fill in fills if fill)),
        denials=tuple(denials),
    )


def _denials(current: list[Reading], readings: list[Reading]) -> list[Reading]:
    """The readings that outdate every current record, where there are any: the latest explicit statement wins (b.2)."""
    found: dict[str, Reading] = {}
    for reading in current:
        against = [one for one in readings if one.not_taking_said is not None and _denies(one, reading)]
        if not against:
            return []
        found |= {one.medication.reference: one for one in against}
    return list(found.values())


def _denies(denial: Reading, current: Reading) -> bool:
    """Does a record that says "not taking" speak of this course, and later than it?

    An ended course, or a stop of another prescription, says nothing about what was begun after it; a "not taken" does.
    """
    said, taking, since = denial.not_taking_said, current.taking_said, current.since
    assert said is not None  # nosec B101  # for mypy: made sure of by the caller
    if taking is not None and said <= taking:
        return False
    if denial.medication.status == "not-taken" or since is None:
        return True
    if denial.medication.kind == "request":
        if denial.medication.reference in current.medication.based_on:
            return True
        authored = denial.medication.authored
        return authored is not None and since <= authored
    return denial.last is not None and since <= denial.last


def _denied_after_supply(readings: list[Reading], today: date, thresholds: Thresholds) -> bool:
    """Rule 3, near-miss 5: an explicit not-taken newer than every fill, with all supply long gone."""
    denials = [
        reading.not_taking_said
        for reading in readings
        if reading.medication.status == "not-taken" and reading.not_taking_said
    ]
    others = [reading for reading in readings if reading.medication.status != "not-taken"]
    if not denials or any(reading.last is None for reading in others if reading.state is State.UNCERTAIN):
        return False
    gone = today - timedelta(days=thresholds.exposure.not_taken_after_supply_days)
    fills = [reading.since for reading in others if reading.since]
    return all(fill < max(denials) for fill in fills) and all(
        reading.last < gone for reading in others if reading.last is not None
    )
