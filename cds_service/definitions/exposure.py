"""The exposure model (rulebook b.2): from records of a drug to what the patient may have in the body, and since when.

Each record is read on its own first (`Reading`), then the readings of one ingredient are weighed against each other
(`Exposure`). The same reading serves opioids, naltrexone and anticoagulants; only the washout row differs.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum

from cds_service.definitions.dose import times_a_day
from cds_service.definitions.thresholds import Interval, Thresholds
from cds_service.record import Medication
from cds_service.terminology.units import dimension

NALTREXONE_ROWS = frozenset({"naltrexone-oral", "naltrexone-injection"})
NOT_TREATMENT = frozenset({"proposal", "plan", "option"})


class State(Enum):
    CURRENT = "current"
    ENDED = "ended"
    UNCERTAIN = "uncertain"
    OLD = "old"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one record says on its own.

    `last` is the last calendar day the patient may have taken the drug. `days` is the length of the course (supply or
    period). `taking_said` and `not_taking_said` date what the record asserts, for settling conflicts. `why` is a key
    of the `[reasons]` table of the opioid-status-uncertain card.
    """

    medication: Medication
    washout: str
    state: State
    last: date | None = None
    assumed: bool = False
    days: int | None = None
    taking_said: date | None = None
    not_taking_said: date | None = None
    why: str = ""

    @property
    def since(self) -> date | None:
        """The first day of use; a prescription is used neither before it is written nor before its own start."""
        record = self.medication
        if record.kind == "request":
            return max((day for day in (record.authored, record.starts) if day), default=None)
        return record.starts or record.at or record.handed_over or record.prepared

    @property
    def closed(self) -> date | None:
        """The last day, where the use is over or its known supply has run out."""
        return self.last if self.state in (State.ENDED, State.UNCERTAIN) else None


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


def read(record: Medication, row: str, others: Iterable[Medication], today: date, thresholds: Thresholds) -> Reading:
    """Read one record by the table of b.2. `others` are the records of the same ingredient (fills of a request)."""
    base = Reading(record, row, State.NONE)
    if record.status == "entered-in-error":
        return base
    if record.kind == "statement":
        return _statement(base, record, today, thresholds)
    if record.kind == "request":
        return _from_last_injection(_request(base, record, list(others), today, thresholds))
    if record.kind == "dispense":
        return _from_last_injection(_dispense(base, record, today, thresholds))
    return _administration(base, record, today)


def _from_last_injection(reading: Reading) -> Reading:
    """The month of a naltrexone injection counts once: from the day it was given, not again after its "supply"."""
    if reading.washout != "naltrexone-injection" or reading.last is None or reading.days is None:
        return reading
    return replace(reading, last=reading.last - timedelta(days=reading.days - 1))


def _statement(base: Reading, record: Medication, today: date, thresholds: Thresholds) -> Reading:
    limits = thresholds.exposure
    start = record.starts or record.at
    if record.status == "not-taken":
        return replace(base, not_taking_said=record.asserted or record.ends or start)
    if record.status in ("intended", "draft"):
        return base
    if record.status in ("completed", "stopped"):
        last = record.ends or record.at or record.asserted
        if last is not None:
            return replace(
                base,
                state=State.ENDED,
                last=min(last, today),
                assumed=not (record.ends or record.at),
                days=_length(record.starts, record.ends),
                not_taking_said=record.asserted or last,
            )
        if record.starts is not None:
            recent = (today - record.starts).days <= limits.start_only_uncertain_days
            return replace(base, state=State.UNCERTAIN if recent else State.OLD, why="no-end-date")
        return replace(base, state=State.UNCERTAIN, why="undated")
    if record.status != "active":
        return replace(base, state=State.UNCERTAIN, why="status-unclear", taking_said=record.asserted or start)
    if record.ends is not None and record.ends < today and not (record.asserted and record.asserted > record.ends):
        return replace(
            base,
            state=State.ENDED,
            last=record.ends,
            days=_length(record.starts, record.ends),
            not_taking_said=record.ends,
        )
    if record.asserted is None and start is None:
        return replace(base, state=State.UNCERTAIN, why="undated")
    if record.asserted is not None and (today - record.asserted).days > limits.assertion_stale_days:
        return replace(base, state=State.UNCERTAIN, why="old-entry", taking_said=record.asserted)
    return replace(base, state=State.CURRENT, taking_said=record.asserted or start)


def _request(
    base: Reading, record: Medication, others: list[Medication], today: date, thresholds: Thresholds
) -> Reading:
    limits = thresholds.exposure
    if record.do_not_perform or record.intent in NOT_TREATMENT or record.status in ("cancelled", "draft"):
        return base
    if base.washout in NALTREXONE_ROWS and record.starts is not None and record.starts > today + timedelta(days=1):
        return base  # naltrexone that is to start later blocks nothing yet (an opioid so planned stays in view)
    if record.status not in ("active", "completed", "stopped"):
        return replace(base, state=State.UNCERTAIN, why="status-unclear", taking_said=record.authored)
    end, days, known = _supply_end(record, others, thresholds)
    if record.status == "active":
        if end is None:
            return replace(base, state=State.UNCERTAIN, why="undated")
        if end >= today:
            return replace(base, state=State.CURRENT, assumed=True, days=days, taking_said=record.authored)
        gone, clear = (today - end).days, _clear_days(base.washout, thresholds)
        if not known and record.authored is not None:
            recent = (today - record.authored).days <= limits.no_supply_uncertain_days
        elif record.repeats == 0 and known:
            recent = gone <= clear + limits.no_repeat_slack_days
        else:
            recent = gone <= limits.lapsed_request_uncertain_days
        if not recent and gone > clear:
            return replace(base, state=State.OLD, last=end)
        return replace(base, state=State.UNCERTAIN, last=end, assumed=True, days=days, why="lapsed")
    said = None
    if record.status == "stopped":
        said = _stop_sign(record, others)
        end = min((day for day in (end, said) if day is not None), default=None)
    if end is None:
        return replace(base, state=State.UNCERTAIN, why="undated")
    return replace(base, state=State.ENDED, last=min(end, today), assumed=True, days=days, not_taking_said=said)


def supply_end(record: Medication, others: Iterable[Medication], thresholds: Thresholds) -> date | None:
    """The last day that a record's supply covers, or its stated end; None where nothing tells."""
    if record.kind == "request":
        same = [other for other in others if other.kind != "dispense" or other.drug.name == record.drug.name]
        return _supply_end(record, same, thresholds)[0]
    handed = record.handed_over or record.prepared
    if record.kind == "dispense" and handed is not None:
        return _last_day(handed, _supply_days(record) or thresholds.exposure.assumed_supply_days)
    return record.ends


def _clear_days(row: str, thresholds: Thresholds) -> int:
    """How long rule 2 has to look at a lapsed order: its clear interval, a year for a depot (no interval is known)."""
    if row == "depot":
        return thresholds.exposure.depot_months_days
    return thresholds.washout[row].clear_days if row in thresholds.washout else 0


def _stop_sign(record: Medication, others: list[Medication]) -> date | None:
    """The first dated sign that a request was stopped: R4 has no stop date, so several signs are looked for."""
    signs = [record.status_changed, record.updated]
    signs += [
        other.asserted or other.ends or other.at
        for other in others
        if other.kind == "statement" and other.status in ("stopped", "completed", "not-taken")
    ]
    return min((sign for sign in signs if sign and not (record.authored and sign < record.authored)), default=None)


def _supply_end(
    record: Medication, others: list[Medication], thresholds: Thresholds
) -> tuple[date | None, int | None, bool]:
    """(last day of supply, days of one fill, whether anything but the 30-day assumption says so)."""
    fills = [
        other
        for other in others
        if other.kind == "dispense"
        and other.status in ("completed", "in-progress")
        and (other.handed_over or other.prepared)
        and (
            record.reference in other.based_on
            or (
                not other.based_on
                and record.authored
                and (other.handed_over or other.prepared or record.authored) >= record.authored
            )
        )
    ]
    if fills:
        latest = max(fills, key=lambda fill: fill.handed_over or fill.prepared or date.min)
        handed = latest.handed_over or latest.prepared
        assert handed is not None  # nosec B101  # for mypy: made sure of by the caller
        days = _supply_days(latest) or _supply_days(record)
        return _last_day(handed, days or thresholds.exposure.assumed_supply_days), days, True
    days = _supply_days(record)
    bound = max((dosage.ends for dosage in record.dosages if dosage.ends), default=None)
    if days is None and bound is not None:
        return bound, _length(record.authored, bound), True
    if record.authored is None:
        return None, days, False
    days = days or max((line.duration_days for line in record.dosages if line.duration_days), default=None)
    each = days or thresholds.exposure.assumed_supply_days
    return _last_day(record.authored, each * (1 + (record.repeats or 0))), each, days is not None


def _supply_days(record: Medication) -> int | None:
    """daysSupply, else quantity divided by the daily maximum (b.2)."""
    if record.supply_days:
        return record.supply_days
    if record.supply is None or not record.dosages:
        return None
    kind = dimension(record.supply.spelled)
    daily = 0.0
    for dosage in record.dosages:
        dose = dosage.dose_high or dosage.dose
        if dose is None or (dimension(dose.spelled) or "count") != (kind or "count"):
            return None
        daily += dose.value * times_a_day(dosage)
    return int(record.supply.value // daily) if daily > 0 and record.supply.value >= daily else None


def _dispense(base: Reading, record: Medication, today: date, thresholds: Thresholds) -> Reading:
    if record.status in ("cancelled", "declined", "preparation"):
        return base
    if record.status == "stopped" and record.handed_over is None:
        return base
    if record.status not in ("completed", "in-progress", "stopped"):
        return replace(base, state=State.UNCERTAIN, why="status-unclear")
    handed = record.handed_over or record.prepared
    if handed is None:
        return replace(base, state=State.UNCERTAIN, why="undated")
    days = _supply_days(record) or thresholds.exposure.assumed_supply_days
    end = _last_day(handed, days)
    if end >= today:
        return replace(base, state=State.CURRENT, assumed=True, days=days, taking_said=handed)
    return replace(base, state=State.ENDED, last=end, assumed=True, days=days)


def _administration(base: Reading, record: Medication, today: date) -> Reading:
    if record.status == "not-done":
        return base
    if record.status == "in-progress" and record.starts is not None and record.ends is None:
        return replace(base, state=State.CURRENT, taking_said=record.starts)
    last = record.ends or record.at or record.starts
    if last is None:
        return replace(base, state=State.UNCERTAIN, why="undated")
    return replace(base, state=State.ENDED, last=min(last, today), days=_length(record.starts, record.ends))


def _last_day(first: date, days: int) -> date:
    return first + timedelta(days=max(days, 1) - 1)


def _length(first: date | None, last: date | None) -> int | None:
    """Calendar days from first to last, both counted."""
    return (last - first).days + 1 if first is not None and last is not None and last >= first else None


def interval(thresholds: Thresholds, row: str) -> Interval:
    """The washout row, the careful one for a row that is not in the table."""
    return thresholds.washout.get(row) or thresholds.washout["kind-unknown"]
