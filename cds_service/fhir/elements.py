"""FHIR data types read into facts, whatever release spelled them. Anything misshapen reads as absent."""

from collections.abc import Mapping, Sequence
from datetime import date, tzinfo
from typing import Any

from cds_service.fhir.dates import first_day, last_day
from cds_service.record import Coding, Concept, Dosage, Quantity
from cds_service.terminology.routes import route_group
from cds_service.terminology.systems import canonical_system

_SUPPLY_DAYS = {"d": 1, "day": 1, "days": 1, "wk": 7, "week": 7, "weeks": 7, "mo": 30, "month": 30, "months": 30}


def text_of(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def items(value: Any) -> Sequence[Mapping[str, Any]]:
    """The objects of a list, or the one object that stands where a list belongs."""
    if isinstance(value, list):
        return [item for item in value if isinstance(item, dict)]
    return (value,) if isinstance(value, dict) else ()


def concept(value: Any) -> Concept:
    """CodeableConcept, CodeableReference's concept, or a bare string, as a Concept."""
    if isinstance(value, str):
        return Concept((), value.strip())
    if not isinstance(value, dict):
        return Concept()
    if "concept" in value:
        return concept(value["concept"])
    codings = [
        Coding(
            canonical_system(text_of(coding.get("system"))), text_of(coding.get("code")), text_of(coding.get("display"))
        )
        for coding in items(value.get("coding"))
    ]
    return Concept(tuple(codings), text_of(value.get("text")))


def code_of(value: Any) -> str:
    """The code of a code, a Coding or a CodeableConcept: the releases differ in which they use for a status."""
    if isinstance(value, str):
        return value.strip()
    for one in items(value):
        if isinstance(one.get("code"), str):
            return text_of(one["code"])
        for coding in items(one.get("coding")):
            if text_of(coding.get("code")):
                return text_of(coding["code"])
        if text_of(one.get("text")):
            return text_of(one["text"]).lower()
    return ""


def quantity(value: Any) -> Quantity | None:
    if not isinstance(value, dict):
        return None
    number = value.get("value")
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        return None
    unit, code, comparator = value.get("unit"), value.get("code"), value.get("comparator")
    return Quantity(
        float(number),
        unit.strip() if isinstance(unit, str) else "",
        code.strip() if isinstance(code, str) else "",
        comparator.strip() if isinstance(comparator, str) else "",
    )


def whole(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def supply_days(value: Any) -> int | None:
    """A supply duration in days, where its unit is a calendar one."""
    amount = quantity(value)
    if amount is None or amount.value <= 0 or amount.value > 3660:
        return None
    unit = (amount.spelled or "d").strip("{}").lower()
    factor = _SUPPLY_DAYS.get(unit)
    return int(amount.value * factor) if factor else None


def period(value: Any, zone: tzinfo) -> tuple[date | None, date | None]:
    """(first day, last day) of a Period; (None, None) where there is none."""
    if not isinstance(value, dict):
        return None, None
    return first_day(value.get("start"), zone), last_day(value.get("end"), zone)


def planned_start(lines: tuple[Dosage, ...], dispense: Mapping[str, Any], zone: tzinfo) -> date | None:
    """The first planned day of an order: neither dosing nor dispensing can be earlier than the other allows."""
    valid_from, _ = period(dispense.get("validityPeriod"), zone)
    first = min((line.starts for line in lines if line.starts), default=None)
    return max((day for day in (first, valid_from) if day), default=None)


def written_dosage(resource: Mapping[str, Any]) -> Any:
    """The dosage lines of a medication record; where it has none, the one text that R5 may have in their place."""
    lines = resource.get("dosageInstruction") or resource.get("dosage")
    rendered = text_of(resource.get("renderedDosageInstruction"))
    return lines or ({"text": rendered} if rendered else None)


def dosages(value: Any, zone: tzinfo) -> tuple[Dosage, ...]:
    return tuple(_dosage(item, zone) for item in items(value))


def _dosage(item: Mapping[str, Any], zone: tzinfo) -> Dosage:
    timing = item.get("timing")
    timing = timing if isinstance(timing, dict) else {}
    repeat = timing.get("repeat")
    repeat = repeat if isinstance(repeat, dict) else {}
    starts, ends = period(repeat.get("boundsPeriod"), zone)
    dose, high = _dose(item)
    when = repeat.get("when")
    span = repeat.get("boundsRange")
    upper = (span.get("high") or span.get("low")) if isinstance(span, dict) else None
    return Dosage(
        text=text_of(item.get("text")) or text_of(item.get("patientInstruction")),
        sequence=whole(item.get("sequence")),
        dose=dose,
        dose_high=high,
        frequency=_number(repeat.get("frequencyMax")) or _number(repeat.get("frequency")),
        period=_number(repeat.get("period")),
        period_unit=text_of(repeat.get("periodUnit")) or text_of(repeat.get("periodUnits")),
        timing_code=code_of(timing.get("code")),
        when=tuple(
            text_of(one) for one in ([when] if isinstance(when, str) else when if isinstance(when, list) else ())
        ),
        as_needed=item.get("asNeededBoolean") is True
        or item.get("asNeeded") is True
        or "asNeededCodeableConcept" in item
        or "asNeededFor" in item,
        starts=starts,
        ends=ends,
        duration_days=supply_days(repeat.get("boundsDuration") or repeat.get("boundsQuantity") or upper),
        route=route_group(concept(item.get("route"))) if "route" in item else "",
        times_of_day=_distinct(repeat.get("timeOfDay")),
        days_of_week=_distinct(repeat.get("dayOfWeek")),
    )


def _distinct(value: Any) -> int:
    """How many different words a list holds, or the one word that stands where a list belongs."""
    return len({word for word in (value if isinstance(value, list) else [value]) if isinstance(word, str)})


def _dose(item: Mapping[str, Any]) -> tuple[Quantity | None, Quantity | None]:
    """(dose, upper end of a range). R4 and R5 put it into doseAndRate, STU3 and DSTU2 beside the timing.

    A DSTU2 MedicationStatement calls it `quantity[x]`.
    """
    for holder in (*items(item.get("doseAndRate")), item):
        for name in ("doseQuantity", "doseSimpleQuantity", "dose", "quantityQuantity", "quantity"):
            found = quantity(holder.get(name))
            if found is not None:
                return found, None
        span = holder.get("doseRange") or holder.get("quantityRange")
        if isinstance(span, dict):
            low, high = quantity(span.get("low")), quantity(span.get("high"))
            if low is not None or high is not None:
                return low or high, high
    return None, None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        return None
    return float(value)
