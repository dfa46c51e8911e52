"""MedicationStatement, MedicationRequest/MedicationOrder, MedicationDispense, MedicationAdministration as facts."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from cds_service.fhir.dates import first_day, last_day
from cds_service.fhir.elements import (
    code_of,
    dosages,
    items,
    period,
    planned_start,
    quantity,
    supply_days,
    text_of,
    whole,
    written_dosage,
)
from cds_service.fhir.references import own, relative
from cds_service.record import Drug, Medication

KINDS = {
    "MedicationStatement": "statement",
    "MedicationRequest": "request",
    "MedicationOrder": "request",
    "MedicationDispense": "dispense",
    "MedicationAdministration": "administration",
}
_TAKEN = {"n": "not-taken", "unk": "unknown"}
_ADHERENCE = {
    "taking": "active", "taking-as-directed": "active", "taking-not-as-directed": "active",
    "not-taking": "not-taken", "on-hold": "on-hold", "on-hold-as-directed": "on-hold",
    "on-hold-not-as-directed": "on-hold", "stopped": "stopped", "stopped-as-directed": "stopped",
    "stopped-not-as-directed": "stopped", "unknown": "unknown",
}  # fmt: skip

# R5's status speaks of the writing down, not of the taking, and HL7's own map makes a draft of what was active in R4.
_SAID_BY_ADHERENCE = {"recorded": "active", "draft": "unknown"}


def read_medication(resource: Mapping[str, Any], drug: Drug, zone: tzinfo) -> Medication:
    """One record of a drug that matters. `resource` has a readable shape; `drug` was identified beforehand."""
    kind = KINDS[resource["resourceType"]]
    supply = _object(resource.get("dispenseRequest")) if kind == "request" else resource
    lines = dosages(written_dosage(resource), zone)
    starts, ends = _effective(resource, zone)
    if kind == "request":
        starts = planned_start(lines, supply, zone)
    return Medication(
        reference=own(resource) or str(resource["resourceType"]),
        kind=kind,
        drug=drug,
        status=status_of(kind, resource),
        intent=text_of(resource.get("intent")) or "order",
        do_not_perform=resource.get("doNotPerform") is True,
        starts=starts,
        ends=ends,
        at=_at(resource, zone),
        authored=first_day(resource.get("authoredOn") or resource.get("dateWritten"), zone),
        asserted=last_day(resource.get("dateAsserted"), zone) if kind == "statement" else None,
        handed_over=last_day(resource.get("whenHandedOver"), zone),
        prepared=last_day(resource.get("whenPrepared"), zone),
        status_changed=last_day(resource.get("statusChanged"), zone),
        updated=last_day(_object(resource.get("meta")).get("lastUpdated"), zone),
        supply_days=supply_days(supply.get("expectedSupplyDuration") or supply.get("daysSupply")),
        supply=quantity(supply.get("quantity")),
        repeats=whole(supply.get("numberOfRepeatsAllowed")),
        dosages=lines,
        based_on=tuple(_based_on(resource)),
        group=_group(resource),
    )


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def status_of(kind: str, resource: Mapping[str, Any]) -> str:
    """R4's word for the status; a record without one says nothing about it: unknown."""
    status = code_of(resource.get("status")) or "unknown"
    if status == "entered-in-error":
        return status
    if kind == "statement":
        if resource.get("wasNotTaken") is True:
            return "not-taken"
        if code_of(resource.get("taken")) in _TAKEN:
            return _TAKEN[code_of(resource["taken"])]
        if status in _SAID_BY_ADHERENCE:
            adherence = code_of(_object(resource.get("adherence")).get("code"))
            return _ADHERENCE.get(adherence, _SAID_BY_ADHERENCE[status])
    if kind == "administration" and (resource.get("notGiven") is True or resource.get("wasNotGiven") is True):
        return "not-done"
    if kind == "dispense" and resource.get("notDone") is True:
        return "declined"
    return "stopped" if status == "ended" else status


def _effective(resource: Mapping[str, Any], zone: tzinfo) -> tuple[Any, Any]:
    for name in ("effectivePeriod", "effectiveTimePeriod", "occurencePeriod", "occurrencePeriod"):
        if isinstance(resource.get(name), dict):
            return period(resource[name], zone)
    return None, None


def _at(resource: Mapping[str, Any], zone: tzinfo) -> Any:
    for name in ("effectiveDateTime", "effectiveTimeDateTime", "occurenceDateTime", "occurrenceDateTime"):
        if resource.get(name):
            return last_day(resource[name], zone)
    return None


def _based_on(resource: Mapping[str, Any]) -> list[str]:
    named = [*items(resource.get("authorizingPrescription")), *items(resource.get("basedOn"))]
    named += [
        *items(resource.get("request")),
        *items(resource.get("prescription")),
        *items(resource.get("derivedFrom")),
    ]
    return [target for one in named if (target := relative(one))]


def _group(resource: Mapping[str, Any]) -> str:
    group = _object(resource.get("groupIdentifier"))
    return f"{text_of(group.get('system'))}|{text_of(group.get('value'))}" if group else ""
