"""A draft with another dose or product (rulebook rules 21, 22, 23, 25)."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from cds_service.fhir.write.facts import Correction
from cds_service.fhir.write.medication import ORDERED
from cds_service.fhir.write.repair import drop_contained_medication
from cds_service.fhir.write.spelling import Resource, Spelling, code, quantity, spelling_of

_MEDICATION = ("medicationCodeableConcept", "medicationReference", "medication")
_OF_THE_OLD_DOSE = ("text", "renderedDosageInstruction", "effectiveDosePeriod")
_OLD_SUPPLY = ("quantity", "expectedSupplyDuration", "initialFill", "dispenseInterval", *_MEDICATION)
_BOUNDS = ("boundsPeriod", "boundsRange")


def corrected_order(release: str, resource: Mapping[str, Any], correction: Correction) -> Resource:
    """The order with what the correction names written anew; all else stays.

    `resource` has to be valid (see `repaired`). A new dose becomes one line, once a day, within the bounds that the
    first line had. Quantity and days' supply belonged to the old dose or product and are left out, for the prescriber
    to fill in: a number that no longer fits would be dispensed.
    """
    spelling = spelling_of(release)
    order: Resource = deepcopy(dict(resource))
    for name in _OF_THE_OLD_DOSE:
        order.pop(name, None)
        order.pop(f"_{name}", None)
    if correction.medication is not None:
        drop_contained_medication(order)
        for name in _MEDICATION:
            order.pop(name, None)
        order[spelling.medication] = code(spelling, correction.medication)
    if correction.dose is not None:
        order["dosageInstruction"] = [_line(spelling, _first(order), correction)]
    dispense = {name: part for name, part in order.pop("dispenseRequest", {}).items() if name not in _OLD_SUPPLY}
    if dispense:
        order["dispenseRequest"] = dispense
    return order


def _first(order: Mapping[str, Any]) -> Mapping[str, Any]:
    lines = order.get("dosageInstruction") or [{}]
    return min(lines, key=lambda line: line.get("sequence", 0))


def _line(spelling: Spelling, before: Mapping[str, Any], correction: Correction) -> Resource:
    assert correction.dose is not None  # nosec B101  # for mypy: made sure of by the caller
    old = before.get("timing", {}).get("repeat", {})
    repeat: Resource = {name: old[name] for name in (*_BOUNDS, spelling.bounds_length) if name in old}
    repeat |= {"frequency": 1, "period": 1, spelling.period_unit: "d"}
    if spelling.when_beside_frequency:
        repeat["when"] = [correction.when]
    line: Resource = {"text": correction.text, "timing": {"repeat": repeat}}
    if "route" in before:
        line["route"] = before["route"]
    if spelling.release in ("DSTU2", "STU3"):
        line["doseQuantity"] = quantity(correction.dose)
    else:
        line["doseAndRate"] = [{"type": ORDERED, "doseQuantity": quantity(correction.dose)}]
    return line
