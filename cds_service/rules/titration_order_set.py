"""Rule 36: the titration order set, offered for a new start or restart of LDN (S4 S5 S23 S57-S60 S73).

With LDN current and not borne well (rule 33) it is a step down instead (S24).
"""

from datetime import date

from cds_service.definitions.case import ORDER_SIGN, Case
from cds_service.definitions.dose import daily_dose
from cds_service.definitions.readings import Reading
from cds_service.definitions.slow_start import slow_start
from cds_service.definitions.titration import (
    first_day,
    is_low_dose_start,
    is_own_step,
    starts_too_high,
    steps_too_fast,
    titration,
)
from cds_service.record import DraftOrder, Finding, Indicator, Proposal

_NOT_LOW_DOSE = frozenset({"er-injectable", "implant", "nb-combo"})
_ORDERS = ("MedicationRequest/", "MedicationOrder/")


def detect(case: Case) -> Finding | None:
    """Info. What hides it (a critical finding, an unread medication list, ...) stands in the b.4 table of `present`."""
    if len(case.naltrexone_drafts) != 1 or not case.naltrexone_judged:
        return None  # beside another naltrexone draft the set would leave two orders behind
    order = case.naltrexone_judged[0]
    if _calls_for_step_down(case, order):
        return _step_down(case, order)
    if not is_low_dose_start(case, order) or not _is_wanted(case, order):
        return None
    start = first_day(case, order)
    old = sum(len(exposure.old) for exposure in case.opioids)
    slow = slow_start(case)
    return Finding(
        rule="titration-order-set",
        indicator=Indicator.INFO,
        evidence=(order.reference,) if order.reference else (),
        values={
            "start": start.isoformat(),
            "old_entries": str(old) if old > 1 else "",
            "microgram": "yes" if case.order_class(order).dose.microgram else "",
            "without_id": "" if order.reference else "yes",
            "fibromyalgia": "yes" if "fibromyalgia" in case.order_class(order).reasons else "",
            "slow_age": str(slow.age or ""),
            "slow_intolerances": str(slow.intolerances or ""),
        },
        proposals=(titration(case, order, recommended=True),),
    )


def _is_wanted(case: Case, order: DraftOrder) -> bool:
    """A sequenced draft needs none unless it climbs too fast; at order-sign only what rules 24 and 41 find is said."""
    if case.order_class(order).dose.is_stepped:
        return steps_too_fast(case, order)
    return case.hook != ORDER_SIGN or starts_too_high(case, order)


def _calls_for_step_down(case: Case, order: DraftOrder) -> bool:
    """LDN is taken and not borne well, and the draft goes on with it as one plain dose."""
    found = case.order_class(order)
    return (
        found.name == "ldn"
        and not found.ultra_low
        and not found.dose.is_stepped
        and case.hook != ORDER_SIGN
        and not is_own_step(order)
        and case.intolerance is not None
        and case.intolerance.ongoing
    )


def _step_down(case: Case, order: DraftOrder) -> Finding:
    """Which step down there is for the current dose stands in the order set's file: 1 mg or less has none."""
    taken = _taken(case, order)
    dose = _dose_on(taken, case.today) if taken else None
    current = f"{dose:g}" if dose is not None else ""
    start = first_day(case, order).isoformat()
    prior = _order_of(taken) if taken else ""
    values = {"start": start, "include": "", "current_mg": current, "prior": prior}
    references = [taken.medication.reference] if taken else []
    return Finding(
        rule="titration-order-set",
        indicator=Indicator.INFO,
        evidence=tuple(filter(None, [order.reference, *references])),
        wording="step-down",
        values={
            "start": start,
            "current": current,
            "current_order": taken.medication.drug.label if taken else "",
            "without_id": "" if order.reference else "yes",
        },
        proposals=(Proposal("titration", (order,), recommended=True, values=values),),
    )


def _taken(case: Case, order: DraftOrder) -> Reading | None:
    """The record of LDN that is being taken: the one that the draft follows, else the latest with a readable dose."""
    readings = case.naltrexone.current if case.naltrexone else ()
    low = [one for one in readings if (drug := one.medication.drug.naltrexone) and drug.product not in _NOT_LOW_DOSE]

    def fitness(reading: Reading) -> tuple[bool, bool, date, bool]:
        linked = bool(order.prior) and order.prior in (reading.medication.reference, *reading.medication.based_on)
        known = _dose_on(reading, case.today) is not None
        return known, linked, reading.since or date.min, bool(_order_of(reading))

    return max(low, key=fitness, default=None)


def _dose_on(reading: Reading, today: date) -> float | None:
    """The dose of the day: of a dated schedule the step that has begun last, else the highest."""
    dose = daily_dose(reading.medication.dosages, reading.medication.drug.naltrexone)
    begun = [step.mg for step in dose.plan if step.starts is not None and step.starts <= today]
    return begun[-1] if begun else dose.mg


def _order_of(reading: Reading) -> str:
    """The prescription behind a record, which alone an order can name as its prior one."""
    record = reading.medication
    named = (record.reference if record.kind == "request" else "", *record.based_on)
    return next((one for one in named if one.startswith(_ORDERS)), "")
