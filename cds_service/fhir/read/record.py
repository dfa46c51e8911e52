"""The gathered resources as one PatientRecord, with what could not be read said beside it."""

from collections.abc import Callable, Mapping
from datetime import date, tzinfo
from typing import Any

import orjson

from cds_service.fhir.answers import key_of_kind
from cds_service.fhir.elements import code_of, concept, items, text_of
from cds_service.fhir.gather import Gathered
from cds_service.fhir.medication import Find, medication_concept, names_drug
from cds_service.fhir.read.allergies import read_allergy
from cds_service.fhir.read.findings import (
    Repeated,
    read_condition,
    read_encounter,
    read_lab_order,
    read_observation,
    read_patient,
)
from cds_service.fhir.read.medications import KINDS, read_medication, status_of
from cds_service.fhir.read.procedures import APPOINTMENT, PROCEDURE, may_matter, read_procedure
from cds_service.fhir.read.shapes import has_real_dates, shapes
from cds_service.fhir.references import own, relative
from cds_service.hooks.request import HookRequest
from cds_service.record import (
    Allergy,
    Concept,
    Condition,
    Drug,
    Encounter,
    FirstLineDrug,
    LabOrder,
    Medication,
    Observation,
    Patient,
    PatientRecord,
    Procedure,
    Shortfall,
)
from cds_service.terminology.conditions import condition_groups
from cds_service.terminology.drugs import identify
from cds_service.terminology.first_line import first_line_drug
from cds_service.terminology.glance import condition_glance, drug_glance, first_line_glance, observation_glance
from cds_service.terminology.observations import observation_group

LAB_ORDERS = frozenset({"ServiceRequest", "ProcedureRequest", "DiagnosticOrder"})


def read_record(request: HookRequest, gathered: Gathered, as_of: date, zone: tzinfo) -> PatientRecord:
    """Every resource that some rule looks at. Unreadable ones and medications without a name become shortfalls."""
    reader = _Reader(request, gathered, zone)
    for resource in gathered.resources:
        reader.take(resource)
    for entry in request.drafts:
        if str(entry.resource.get("resourceType")) in LAB_ORDERS:
            reader.lab_orders.append(read_lab_order(entry.resource, True, zone))
    return PatientRecord(
        as_of=as_of,
        patient=reader.patient,
        encounter=reader.encounter,
        medications=tuple(reader.medications),
        conditions=tuple(reader.conditions),
        observations=tuple(reader.observations),
        lab_orders=tuple(reader.lab_orders),
        shortfalls=(*gathered.shortfalls, *reader.shortfalls()),
        allergies=tuple(reader.allergies),
        procedures=tuple(reader.procedures),
        first_line=tuple(reader.first_line),
    )


class _Reader:
    def __init__(self, request: HookRequest, gathered: Gathered, zone: tzinfo) -> None:
        self.zone = zone
        self.find: Find = gathered.shelf.find
        self.own_orders = {name for entry in request.drafts if (name := own(entry.resource))}
        self.reasons = {
            relative(one)
            for entry in request.drafts
            for one in _list(entry.resource.get("reasonReference"))
            if isinstance(one, dict)
        }
        self.encounter_id = request.encounter_id
        self.patient: Patient | None = None
        self.encounter: Encounter | None = None
        self.medications: list[Medication] = []
        self.conditions: list[Condition] = []
        self.observations: list[Observation] = []
        self.lab_orders: list[LabOrder] = []
        self.allergies: list[Allergy] = []
        self.procedures: list[Procedure] = []
        self.first_line: list[FirstLineDrug] = []
        self._faults: dict[tuple[str, str], int] = {}
        self._shapes = shapes()
        # A record says the same few things again and again: the yearly panel, the drug of every refill. What a concept
        # means is therefore kept by its bytes, for this one record.
        self._measured: dict[bytes, tuple[Concept, str]] = {}
        self._diagnosed: dict[bytes, frozenset[str]] = {}
        self._ordinary: dict[bytes, bool] = {}
        self._repeated = Repeated()
        self._drugs: dict[Concept, Drug | None] = {}

    def take(self, resource: Mapping[str, Any]) -> None:
        """One resource. What cannot be read is counted: it must neither crash the rest nor pass for "nothing there"."""
        kind = str(resource.get("resourceType"))
        shape = self._shapes.get(kind)
        if shape is not None and not shape.is_valid(resource):
            self._fault(kind, "unreadable")
            return
        read = _READERS.get(kind)
        if read is None:
            return
        try:
            read(self, kind, resource)
        except (TypeError, ValueError, AttributeError, KeyError, OverflowError):
            self._fault(kind, "unreadable")

    def _patient(self, _: str, resource: Mapping[str, Any]) -> None:
        self.patient = read_patient(resource, self.zone)

    def _encounter(self, _: str, resource: Mapping[str, Any]) -> None:
        if self.encounter is None and resource.get("id") in (None, self.encounter_id):
            self.encounter = read_encounter(resource)

    def _lab_order(self, _: str, resource: Mapping[str, Any]) -> None:
        if own(resource) not in self.own_orders:
            self.lab_orders.append(read_lab_order(resource, False, self.zone))
            self._procedure(resource)

    def _allergy(self, _: str, resource: Mapping[str, Any]) -> None:
        allergy = read_allergy(resource, self.zone)
        if allergy.groups:
            self.allergies.append(allergy)

    def _planned(self, _: str, resource: Mapping[str, Any]) -> None:
        self._procedure(resource)

    def _procedure(self, resource: Mapping[str, Any]) -> None:
        """Appointments are few and may be linked to an operation without naming it, so they are all read."""
        if resource.get("resourceType") == APPOINTMENT or may_matter(resource):
            self.procedures.append(read_procedure(resource, self.zone))

    def _observation(self, _: str, resource: Mapping[str, Any]) -> None:
        code = resource["code"]
        key = orjson.dumps(code)
        found = self._measured.get(key)
        if found is None:
            found = self._measured[key] = _what_is_measured(code)
        named, group = found
        if not group:
            return
        if not has_real_dates(resource):
            self._fault("Observation", "unreadable")
            return
        self.observations.append(read_observation(resource, named, group, self.zone, self._repeated))

    def _condition(self, _: str, resource: Mapping[str, Any]) -> None:
        code: Any = resource.get("code")
        is_reason = bool(self.reasons) and own(resource) in self.reasons
        if not isinstance(code, dict) or not _says_anything(code):
            if not is_reason:
                if code_of(resource.get("verificationStatus")) != "entered-in-error":
                    self._fault("Condition", "unreadable")
                return
            code = {}
        key = orjson.dumps(code)
        groups = self._diagnosed.get(key)
        if groups is None:
            groups = self._diagnosed[key] = _groups_of(code)
        if not groups and not is_reason:
            return
        if not has_real_dates(resource):
            self._fault("Condition", "unreadable")
            return
        self.conditions.append(read_condition(resource, concept(code), groups, self.zone))

    def _medication(self, kind: str, resource: Mapping[str, Any]) -> None:
        whole = resource.get("medicationCodeableConcept")
        if isinstance(whole, dict) and "concept" not in whole:
            key = orjson.dumps(whole)
            ordinary = self._ordinary.get(key)
            if ordinary is None:
                seen = drug_glance().sees(whole) or first_line_glance().sees(whole)
                ordinary = self._ordinary[key] = not seen and _names_drug(whole)
            if ordinary:
                return
        if own(resource) in self.own_orders:
            return
        named, unresolved = medication_concept(resource, self.find)
        if unresolved or not names_drug(named):
            if resource.get("status") != "entered-in-error":
                self._fault(kind, "unresolved-medication")
            return
        if not isinstance(whole, dict) or first_line_glance().sees(whole):
            self._tried(kind, resource, named)
        if named not in self._drugs:
            self._drugs[named] = identify(named)
        drug = self._drugs[named]
        if drug is None:
            return
        if not has_real_dates(resource):
            self._fault(kind, "unreadable")
            return
        self.medications.append(read_medication(resource, drug, self.zone))

    def _tried(self, kind: str, resource: Mapping[str, Any], named: Concept) -> None:
        found = first_line_drug(named)
        if found is not None:
            status = status_of(KINDS[kind], resource)
            barred = resource.get("doNotPerform") is True
            self.first_line.append(FirstLineDrug(own(resource) or kind, found[0], status, barred))

    def _fault(self, kind: str, cause: str) -> None:
        self._faults[kind, cause] = self._faults.get((kind, cause), 0) + 1

    def shortfalls(self) -> tuple[Shortfall, ...]:
        return tuple(Shortfall(key_of_kind(kind), cause, count) for (kind, cause), count in self._faults.items())


def _says_anything(concept: Mapping[str, Any]) -> bool:
    """A code or a word: a concept without either names nothing that could be checked."""
    if text_of(concept.get("text")):
        return True
    return any(text_of(coding.get("code")) or text_of(coding.get("display")) for coding in items(concept.get("coding")))


_READERS: Mapping[str, Callable[[_Reader, str, Mapping[str, Any]], None]] = {
    **dict.fromkeys(KINDS, _Reader._medication),
    **dict.fromkeys(LAB_ORDERS, _Reader._lab_order),
    "Condition": _Reader._condition,
    "Observation": _Reader._observation,
    "Patient": _Reader._patient,
    "Encounter": _Reader._encounter,
    "AllergyIntolerance": _Reader._allergy,
    PROCEDURE: _Reader._planned,
    APPOINTMENT: _Reader._planned,
}


def _what_is_measured(code: Mapping[str, Any]) -> tuple[Concept, str]:
    if not observation_glance().sees(code):
        return Concept(), ""
    named = concept(code)
    return named, observation_group(named)


def _groups_of(code: Mapping[str, Any]) -> frozenset[str]:
    return condition_groups(concept(code)) if condition_glance().sees(code) else frozenset()


def _names_drug(whole: Mapping[str, Any]) -> bool:
    """`names_drug` of what is still JSON; nearly always there is a text, and nothing else has to be looked at."""
    return bool(text_of(whole.get("text"))) or names_drug(concept(whole))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
