"""Condition, Observation, Patient, Encounter and laboratory requests as facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo
from typing import Any

import orjson

from cds_service.fhir.dates import day_and_moment, first_day, last_day
from cds_service.fhir.elements import code_of, concept, items, period, quantity, text_of
from cds_service.fhir.references import own
from cds_service.record import Concept, Condition, Encounter, LabOrder, Observation, Patient, Quantity
from cds_service.terminology.observations import answer_groups, observation_group

_NOTHING: frozenset[str] = frozenset()
_SETTINGS = {
    "ambulatory": "AMB", "outpatient": "AMB", "virtual": "VR", "home": "HH", "emergency": "EMER", "inpatient": "IMP",
    "daytime": "AMB", "field": "FLD",
}  # fmt: skip


def read_patient(resource: Mapping[str, Any], zone: tzinfo) -> Patient:
    born = resource.get("birthDate")
    return Patient(text_of(resource.get("gender")).lower(), first_day(born, zone), last_day(born, zone))


def read_encounter(resource: Mapping[str, Any]) -> Encounter:
    """`class` is a code in DSTU2, a Coding in STU3 and R4, a list of concepts in R5, where reasons have `value`s."""
    setting = code_of(resource.get("class"))
    named = [
        part
        for name in ("reasonCode", "reason")
        for one in items(resource.get(name))
        for part in (items(one["value"]) if "value" in one else (one,))
    ]
    reasons = [concept(one) for one in named if "coding" in one or "text" in one or "concept" in one]
    return Encounter(own(resource), _SETTINGS.get(setting.lower(), setting.upper()), tuple(reasons))


def read_condition(resource: Mapping[str, Any], named: Concept, groups: frozenset[str], zone: tzinfo) -> Condition:
    onset, _ = period(resource.get("onsetPeriod"), zone)
    _, abated = period(resource.get("abatementPeriod"), zone)
    abated = abated or last_day(resource.get("abatementDateTime") or resource.get("abatementDate"), zone)
    recorded = resource.get("recordedDate") or resource.get("assertedDate") or resource.get("dateRecorded")
    return Condition(
        reference=own(resource) or "Condition",
        concept=named,
        groups=groups,
        clinical=code_of(resource.get("clinicalStatus")).lower(),
        verification=code_of(resource.get("verificationStatus")).lower(),
        onset=onset or first_day(resource.get("onsetDateTime"), zone),
        recorded=first_day(recorded, zone),
        abated=abated,
        has_abatement=any(
            name.startswith("abatement") and resource[name] is not False and name != "abatementPeriod"
            for name in resource
        )
        or abated is not None,
    )


@dataclass(frozen=True, slots=True)
class Repeated:
    """What results of one record say again and again, by its bytes: `Normal`, and the range beside it."""

    answers: dict[bytes, frozenset[str]] = field(default_factory=dict)
    highs: dict[bytes, Quantity | None] = field(default_factory=dict)


def read_observation(
    resource: Mapping[str, Any], named: Concept, group: str, zone: tzinfo, repeated: Repeated
) -> Observation:
    """A result of a group that some rule reads. A value with dataAbsentReason is no value (rulebook b.1).

    Raises ValueError where a date has the form of one and no such day exists: it would read as undated.
    """
    absent = "dataAbsentReason" in resource
    if absent:
        value = None
    elif "valueQuantity" in resource:
        value = quantity(resource["valueQuantity"])
    else:
        value = _bare_number(resource)
    taken, order = _effective(resource, zone)
    dated = resource.get("valueDateTime") or resource.get("valueDate")
    return Observation(
        own(resource) or "Observation",
        group,
        text_of(resource.get("status")),
        taken,
        order,
        value,
        _NOTHING if absent else _answers(resource, repeated) or _said_by_code(resource, named),
        None if dated is None else _real(last_day(dated, zone)),
        _high(resource, repeated) if "referenceRange" in resource else None,
        named,
    )


def read_lab_order(resource: Mapping[str, Any], draft: bool, zone: tzinfo) -> LabOrder:
    """A ServiceRequest, ProcedureRequest or DiagnosticOrder: what it asks for, where we know the code."""
    codes = [resource.get("code"), *(item.get("code") for item in items(resource.get("item")))]
    groups = {group for code in codes if (group := observation_group(concept(code)))}
    authored = resource.get("authoredOn") or resource.get("orderedOn") or resource.get("occurrenceDateTime")
    return LabOrder(own(resource), frozenset(groups), text_of(resource.get("status")), first_day(authored, zone), draft)


def _effective(resource: Mapping[str, Any], zone: tzinfo) -> tuple[date | None, str]:
    when = resource.get("effectiveDateTime")
    if when:
        found = day_and_moment(when, zone)
        _real(found[0])
        return found
    when = resource.get("effectiveInstant")
    if when:
        return day_and_moment(when, zone)
    span = resource.get("effectivePeriod")
    if isinstance(span, dict):
        for end in ("start", "end"):
            if end in span:
                _real(first_day(span[end], zone))
        return day_and_moment(span.get("end") or span.get("start"), zone)
    return day_and_moment(resource.get("issued"), zone)


def _real(day: date | None) -> date:
    if day is None:
        raise ValueError("no such day")
    return day


def _bare_number(resource: Mapping[str, Any]) -> Quantity | None:
    number = resource.get("valueInteger")
    return Quantity(float(number)) if isinstance(number, int) and not isinstance(number, bool) else None


def _answers(resource: Mapping[str, Any], repeated: Repeated) -> frozenset[str]:
    """Coded value, else its words, else the interpretation; a boolean answers yes or no."""
    if "valueCodeableConcept" in resource and isinstance(resource["valueCodeableConcept"], dict):
        found = answer_groups(concept(resource["valueCodeableConcept"]))
        if found:
            return found
    if "valueString" in resource and (words := text_of(resource["valueString"])):
        return answer_groups(Concept((), words))
    if "valueBoolean" in resource and isinstance(resource["valueBoolean"], bool):
        return frozenset({"positive" if resource["valueBoolean"] else "negative"})
    interpretation = resource.get("interpretation")
    if not interpretation:
        return _NOTHING
    key = orjson.dumps(interpretation)
    known = repeated.answers.get(key)
    if known is None:
        known = frozenset(group for one in items(interpretation) for group in answer_groups(concept(one)))
        repeated.answers[key] = known
    return known


def _said_by_code(resource: Mapping[str, Any], named: Concept) -> frozenset[str]:
    """Some profiles record a finding with the code of the observation alone and no value (breastfeeding)."""
    if "valueQuantity" in resource or "interpretation" in resource:  # what nearly every result has
        return _NOTHING
    if any(name.startswith("value") for name in resource):
        return _NOTHING
    return answer_groups(Concept(named.codings))


def _high(resource: Mapping[str, Any], repeated: Repeated) -> Quantity | None:
    key = orjson.dumps(resource["referenceRange"])
    if key not in repeated.highs:
        highs = (quantity(one.get("high")) for one in items(resource["referenceRange"]))
        repeated.highs[key] = next((high for high in highs if high is not None), None)
    return repeated.highs[key]
