"""Rule 29: a second naltrexone beside one that the patient takes, or two of them in one session (S43 S45)."""

from datetime import date, timedelta

from cds_service.definitions.case import Case
from cds_service.definitions.dose import daily_dose
from cds_service.definitions.readings import Reading
from cds_service.definitions.schedule import is_one_schedule, overlap
from cds_service.definitions.supply import supply_end
from cds_service.definitions.thresholds import interval
from cds_service.definitions.titration import is_own_step
from cds_service.record import DraftOrder, Finding, Indicator, Naltrexone, Proposal

_INJECTION = "naltrexone-injection"
_ALIKE = 0.01


def detect(case: Case) -> Finding | None:
    """Warning. A renewal, a linked order and the steps of one set are no duplicates, unless steps share days."""
    if not case.naltrexone_judged:
        return None
    taken = _taken(case)
    doubled = [
        (reading, order)
        for order in case.naltrexone_judged
        for reading in taken
        if not _is_linked(reading, order) and not _is_renewed(case, reading, order)
    ]
    if doubled:
        reading, _ = doubled[0]
        return Finding(
            rule="duplicate-naltrexone",
            indicator=Indicator.WARNING,
            evidence=tuple(dict.fromkeys(one.medication.reference for one, _ in doubled)),
            wording="injection" if reading.washout == _INJECTION else "default",
            values={
                "other": reading.medication.drug.name,
                "record": reading.medication.drug.label,
                "dose": _amount(reading),
                "since": reading.since.isoformat() if reading.since else "",
                "last": reading.last.isoformat() if reading.last and reading.washout == _INJECTION else "",
            },
            proposals=(Proposal("delete-draft", tuple(dict.fromkeys(order for _, order in doubled))),),
        )
    drafts = case.naltrexone_drafts
    if len(drafts) < 2:
        return None
    grouped, shared = _is_one_group(drafts), overlap(drafts)
    if (grouped and shared is None) or is_one_schedule(drafts):
        return None
    values = {"first": drafts[0].label, "second": drafts[1].label}
    if grouped and shared is not None:
        values |= {"from": shared[0].isoformat(), "until": shared[1].isoformat()}
    return Finding(
        rule="duplicate-naltrexone",
        indicator=Indicator.WARNING,
        evidence=tuple(order.reference for order in drafts if order.reference),
        wording="overlap" if grouped else "drafts",
        values=values,
        proposals=(Proposal("delete-draft", drafts[-1:]),),
    )


def _taken(case: Case) -> list[Reading]:
    """What is current, and an injection that still works."""
    if case.naltrexone is None:
        return []
    lasting = [
        one
        for one in case.naltrexone.ended
        if one.washout == _INJECTION and (ends := _supply_ends(case, one)) is not None and ends >= case.today
    ]
    return [*case.naltrexone.current, *lasting]


def _is_linked(reading: Reading, order: DraftOrder) -> bool:
    record = reading.medication
    if is_own_step(order) and reading.washout != _INJECTION and _is_same_kind(reading, order):
        return True
    if order.prior and (order.prior == record.reference or order.prior in record.based_on):
        return True
    return bool(order.group) and order.group == record.group


def _is_renewed(case: Case, reading: Reading, order: DraftOrder) -> bool:
    """The same product at the same daily dose whose supply runs out soon, or of which no supply is known (b.1)."""
    record, limit = reading.medication, case.thresholds.dose.duplicate_supply_days
    if not _is_same_kind(reading, order):
        return False
    before = daily_dose(record.dosages, record.drug.naltrexone).mg
    after = case.order_class(order).dose.mg
    injection = reading.washout == _INJECTION
    if not injection and before is not None and after is not None and abs(before - after) >= _ALIKE:
        return False
    ends = _supply_ends(case, reading)
    return ends is None or (ends - case.today).days <= limit


def _supply_ends(case: Case, reading: Reading) -> date | None:
    if reading.washout == _INJECTION:
        given = reading.last if reading.medication.kind in ("administration", "statement") else reading.since
        days = interval(case.thresholds, _INJECTION).clear_days
        return given + timedelta(days=days) if given else None
    return supply_end(reading.medication, case.record.medications, case.thresholds)


def _is_same_kind(reading: Reading, order: DraftOrder) -> bool:
    return _kind(reading.medication.drug.naltrexone) == _kind(order.drug.naltrexone if order.drug else None)


def _kind(product: Naltrexone | None) -> str:
    """The combination and the injection are products of their own; how a plain one is named makes no difference."""
    name = product.product if product else ""
    return name if name in ("nb-combo", "er-injectable") else "plain"


def _amount(reading: Reading) -> str:
    dose = daily_dose(reading.medication.dosages, reading.medication.drug.naltrexone).mg
    return f"{dose:g} mg" if dose and reading.washout != _INJECTION else ""


def _is_one_group(drafts: tuple[DraftOrder, ...]) -> bool:
    groups = {draft.group for draft in drafts}
    return len(groups) == 1 and "" not in groups
