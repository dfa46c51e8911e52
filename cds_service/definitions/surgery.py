"""Operations that lie ahead (rulebook rule 31)."""

from dataclasses import dataclass
from datetime import date, timedelta

from cds_service.record import PatientRecord, Procedure

_LIVE = {
    "procedure": frozenset({"preparation"}),
    "request": frozenset({"active"}),
    "appointment": frozenset({"booked", "pending", "arrived"}),
}
_NO_ORDER = frozenset({"proposal", "option"})
_NO_OPERATION = frozenset({"minor", "aside"})


@dataclass(frozen=True, slots=True)
class Surgery:
    """The next operation, and every record that names its day."""

    on: date
    references: tuple[str, ...]


def upcoming(record: PatientRecord, most_days: int) -> Surgery | None:
    """The nearest operation from today on, at most `most_days` ahead."""
    by_reference = {one.reference: one for one in record.procedures}
    planned = [
        (day, one.reference)
        for one in record.procedures
        if _is_live(one) and _is_surgical(one, by_reference) and (day := one.first or one.last) is not None
    ]
    ahead = sorted((day, name) for day, name in planned if 0 <= (day - record.as_of).days <= most_days)
    if not ahead:
        return None
    first = ahead[0][0]
    return Surgery(first, tuple(name for day, name in ahead if day == first))


def last_dose_before(on: date, hold_days: int) -> date:
    """The day of the last bedtime dose that leaves `hold_days` whole days without a dose before the day of surgery."""
    return on - timedelta(days=hold_days + 1)


def _is_live(one: Procedure) -> bool:
    return one.status in _LIVE[one.kind] and not one.do_not_perform and one.intent not in _NO_ORDER


def _is_surgical(one: Procedure, by_reference: dict[str, Procedure]) -> bool:
    """By its own words or codes, or those of the request that an appointment carries out."""
    linked = [by_reference[target].groups for target in one.based_on if target in by_reference]
    groups = one.groups.union(*linked) if one.kind == "appointment" else one.groups
    return "surgery" in groups and not groups & _NO_OPERATION
