"""The gathered resources as one PatientRecord, with what could not be read said beside it."""

from collections.abc import Mapping
from datetime import date, tzinfo
from typing import Any

from cds_service.fhir.answers import key_of_kind
from cds_service.fhir.elements import concept
from cds_service.fhir.gather import Gathered
from cds_service.fhir.medication import Find, medication_concept, names_drug
from cds_service.fhir.read.allergies import read_allergy
from cds_service.fhir.read.findings import (
    read_condition,
    read_encounter,
    read_lab_order,
    read_observation,
    read_patient,
)
from cds_service.fhir.read.medications import KINDS, read_medication, status_of
from cds_service.fhir.read.procedures import APPOINTMENT, PROCEDURE, may_matter, read_procedure
from cds_service.fhir.read.shapes import is_readable
from cds_service.fhir.references import own, relative
from cds_service.hooks.request import HookRequest
from cds_service.record import (
    Allergy,
    Concept,
    Condition,
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
from cds_service.terminology.drugs import identify
from cds_service.terminology.first_line import first_line_drug
from cds_service.terminology.glance import (
    Glance,
    condition_glance,
    drug_glance,
    first_line_glance,
    observation_glance,
)
from cds_service.terminology.observations import observation_group

LAB_ORDERS = frozenset({"ServiceRequest", "ProcedureRequest", "DiagnosticOrder"})


def read_record(request: HookRequest, gathered: Gathered, as_of: date, zone: tzinfo) -> PatientRecord:
    """Every resource that some rule looks at. Unreadable ones and medications without a name become shortfalls."""
    reader = _Reader(request, gathered, zone)
    for resource in gathered.resources:
        reader.take(resource)
    for entry in request.drafts:
        if entry.resource.get("resourceType") in LAB_ORDERS:
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
        self.find: Find = gathered.shelf.get
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

    def take(self, resource: Mapping[str, Any]) -> None:
        kind = resource.get("resourceType")
        if not isinstance(kind, str):
            return
        if not is_readable(resource):
            self._fault(kind, "unreadable")
        elif kind in KINDS:
            self._medication(kind, resource)
        elif kind == "Condition":
            if own(resource) in self.reasons or _may_matter(resource.get("code"), condition_glance()):
                self._condition(resource)
        elif kind == "Observation":
            if not _may_matter(resource.get("code"), observation_glance()):
                return
            named = concept(resource.get("code"))
            group = observation_group(named)
            if group:
                self.observations.append(read_observation(resource, named, group, self.zone))
        elif kind == "Patient":
            self.patient = read_patient(resource, self.zone)
        elif kind == "Encounter":
            if self.encounter is None and resource.get("id") in (None, self.encounter_id):
                self.encounter = read_encounter(resource)
        elif kind == "AllergyIntolerance":
            self._allergy(resource)
        elif kind in (PROCEDURE, APPOINTMENT):
            self._procedure(resource)
        elif kind in LAB_ORDERS and own(resource) not in self.own_orders:
            self.lab_orders.append(read_lab_order(resource, False, self.zone))
            self._procedure(resource)

    def _allergy(self, resource: Mapping[str, Any]) -> None:
        allergy = read_allergy(resource, self.zone)
        if allergy.groups:
            self.allergies.append(allergy)

    def _procedure(self, resource: Mapping[str, Any]) -> None:
        """Appointments are few and may be linked to an operation without naming it, so they are all read."""
        if resource.get("resourceType") == APPOINTMENT or may_matter(resource):
            self.procedures.append(read_procedure(resource, self.zone))

    def _condition(self, resource: Mapping[str, Any]) -> None:
        condition = read_condition(resource, self.zone)
        if condition.groups or condition.reference in self.reasons:
            self.conditions.append(condition)

    def _medication(self, kind: str, resource: Mapping[str, Any]) -> None:
        whole = resource.get("medicationCodeableConcept")
        tried = _may_matter(whole, first_line_glance())
        spelled_out = isinstance(whole, dict) and bool(whole.get("coding") or whole.get("text"))
        if spelled_out and not tried and not _may_matter(whole, drug_glance()):
            return
        if own(resource) in self.own_orders:
            return
        named, unresolved = medication_concept(resource, self.find)
        if unresolved or not names_drug(named):
            if resource.get("status") != "entered-in-error":
                self._fault(kind, "unresolved-medication")
            return
        if tried or not spelled_out:
            self._tried(kind, resource, named)
        drug = identify(named)
        if drug is not None:
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


def _may_matter(value: Any, glance: Glance) -> bool:
    return isinstance(value, dict) and glance.sees(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
