"""What one record of a drug says on its own: taken now, ended, uncertain, long ago (the table of rulebook b.2)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum

from cds_service.definitions.supply import fills_end, last_day, length, supply_days
from cds_service.definitions.thresholds import Thresholds
from cds_service.record import Medication

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
                days=length(record.starts, record.ends),
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
            days=length(record.starts, record.ends),
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
    end, days, known = fills_end(record, others, thresholds)
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
    days = supply_days(record) or thresholds.exposure.assumed_supply_days
    end = last_day(handed, days)
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
    return replace(base, state=State.ENDED, last=min(last, today), days=length(record.starts, record.ends))
