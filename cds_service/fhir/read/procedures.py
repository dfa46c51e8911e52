"""Procedure, ServiceRequest or its forerunners, and Appointment as one kind of fact: something that is (to be) done."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, tzinfo
from typing import Any

from cds_service.fhir.dates import first_day, last_day
from cds_service.fhir.elements import code_of, concept, items, period, text_of
from cds_service.fhir.references import own, relative
from cds_service.record import Concept, Procedure
from cds_service.terminology.glance import procedure_glance
from cds_service.terminology.procedures import procedure_groups

PROCEDURE, APPOINTMENT = "Procedure", "Appointment"
_NAMES = {
    PROCEDURE: ("code", "category"),
    # Specialties say nothing by themselves, so serviceCategory and specialty are left out.
    APPOINTMENT: ("serviceType", "appointmentType", "reasonCode", "reason", "type"),
}
_REQUEST_NAMES = ("code", "category")
_DAYS = ("performed", "occurrence", "scheduled")
# One word for every release: DSTU2 and STU3 have other names for a request that stands.
_STATUS = {"requested": "active", "received": "active", "accepted": "active", "in-progress": "active"}


def may_matter(resource: Mapping[str, Any]) -> bool:
    """A first glance at the codes and words, before anything is built. R5 wraps the code of a request once more."""
    glance = procedure_glance()
    return any(
        glance.sees(one["concept"] if isinstance(one.get("concept"), dict) else one)
        for name in _REQUEST_NAMES
        for one in items(resource.get(name))
    )


def read_procedure(resource: Mapping[str, Any], zone: tzinfo) -> Procedure:
    kind = str(resource["resourceType"])
    sort = {PROCEDURE: "procedure", APPOINTMENT: "appointment"}.get(kind, "request")
    first, last = _days(resource, zone)
    status = code_of(resource.get("status"))
    return Procedure(
        reference=own(resource) or kind,
        kind=sort,
        groups=frozenset().union(*(procedure_groups(one) for one in _names(kind, resource))),
        status=_STATUS.get(status, status) if sort == "request" else status,
        intent=text_of(resource.get("intent")),
        first=first,
        last=last,
        do_not_perform=resource.get("doNotPerform") is True,
        based_on=tuple(_links(resource)),
    )


def _names(kind: str, resource: Mapping[str, Any]) -> Iterator[Concept]:
    for name in _NAMES.get(kind, _REQUEST_NAMES):
        for one in items(resource.get(name)):
            yield concept(one)
    if kind == APPOINTMENT:
        yield Concept((), text_of(resource.get("description")))


def _days(resource: Mapping[str, Any], zone: tzinfo) -> tuple[date | None, date | None]:
    """(first, last) day; an appointment has a start, the others a date, a period or a timing with events."""
    if resource.get("start"):
        return first_day(resource["start"], zone), last_day(resource.get("end") or resource["start"], zone)
    for name in _DAYS:
        if resource.get(f"{name}DateTime"):
            value = resource[f"{name}DateTime"]
            return first_day(value, zone), last_day(value, zone)
        if isinstance(resource.get(f"{name}Period"), dict):
            return period(resource[f"{name}Period"], zone)
        timing = resource.get(f"{name}Timing")
        events = timing.get("event") if isinstance(timing, dict) else None
        if isinstance(events, list) and events:
            return first_day(events[0], zone), last_day(events[-1], zone)
    return None, None


def _links(resource: Mapping[str, Any]) -> Iterable[str]:
    for name in ("basedOn", "incomingReferral", "supportingInformation"):
        for one in items(resource.get(name)):
            target = relative(one)
            if target:
                yield target
