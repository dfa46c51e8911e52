"""Rule 39: a safety input could not be obtained or trusted. Absent data is a fact, never an empty list."""

from collections.abc import Iterable

from cds_service.definitions.case import ORDER_SELECT, Case
from cds_service.definitions.pregnancy import is_plausible_age
from cds_service.record import MIXED_UP, DraftOrder, Finding, Indicator, Shortfall

_SAFETY = ("conditions", "pregnancyObs", "labs", "allergies", "patient")
_TAINTED = MIXED_UP | {"unreadable", "unread", "unresolved-medication"}
_READ = frozenset((*_SAFETY, "medStatements", "medRequests", "medDispenses", "medAdministrations", "encounter",
                   "toxLabs", "outcomes", "procedures", "serviceRequests", "appointments"))  # fmt: skip
"""A record of somebody else among these is said whatever was asked for: where one is wrong, more may be."""
_QUIET = frozenset({"medDispenses", "medAdministrations", "toxLabs"})
"""Nobody misses these lists where they did not come; a record in them that cannot be read may be of an opioid."""


def detect(case: Case) -> Finding | None:
    """Warning; info where only the birth date or the FHIR release is missing.

    An opioid-only draft needs the naltrexone history alone.
    """
    orders = tuple(_orders(case))
    data = tuple(_data(case)) if case.naltrexone_judged or case.opioid_judged else ()
    if not orders and not data:
        return None
    minor = not orders and all(shortfall.cause == "no-birth-date" or shortfall.data == "release" for shortfall in data)
    return Finding(
        rule="data-not-checked",
        indicator=Indicator.INFO if minor else Indicator.WARNING,
        wording="reverse" if case.opioid_judged and not case.naltrexone_judged else "default",
        evidence=tuple(draft.reference for draft in _unnamed(case) if draft.reference),
        shortfalls=(*orders, *data),
    )


def _data(case: Case) -> Iterable[Shortfall]:
    needed = [*case.medication_lists, *((*_SAFETY, "release") if case.naltrexone_judged else ())]
    if "pregnancyObs" in needed and not _pregnancy_applies(case):
        needed.remove("pregnancyObs")
    for shortfall in case.record.shortfalls:
        tainted = shortfall.data in _QUIET and shortfall.cause in _TAINTED
        mixed_up = shortfall.data in _READ and shortfall.cause in MIXED_UP
        if shortfall.data in needed or shortfall.data.startswith("rule ") or tainted or mixed_up:
            yield shortfall
    known = case.record.patient
    asked = not any(shortfall.data == "patient" for shortfall in case.record.shortfalls)
    if case.naltrexone_judged and asked and (known is None or known.born_first is None):
        yield Shortfall("patient", "no-birth-date")


def _pregnancy_applies(case: Case) -> bool:
    """Not for a man and not outside the age band, as far as either is known (near-miss 4)."""
    patient = case.record.patient
    if patient is not None and patient.gender == "male":
        return False
    return is_plausible_age(patient, case.today, case.thresholds)


def _orders(case: Case) -> Iterable[Shortfall]:
    if not case.orders_sent:
        yield Shortfall("orders", "none-sent")
    for shortfall in case.record.shortfalls:
        if shortfall.data == "orders":
            yield shortfall
    unnamed = _unnamed(case)
    unresolved = [draft for draft in unnamed if draft.unresolved]
    if unresolved:
        yield Shortfall("orders", "unresolved-medication", len(unresolved))
    if len(unnamed) > len(unresolved):
        yield Shortfall("orders", "no-drug", len(unnamed) - len(unresolved))


def _unnamed(case: Case) -> list[DraftOrder]:
    """Orders whose drug nobody can tell. One that names nothing yet is normal while it is being written."""
    return [
        draft
        for draft in case.drafts
        if draft.selected and not draft.names_drug and (draft.unresolved or case.hook != ORDER_SELECT)
    ]
