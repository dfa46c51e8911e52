"""The gathered resources as one PatientRecord, with what could not be read said beside it."""

from collections.abc import Callable, Mapping
from datetime import date, tzinfo
from functools import cached_property
from typing import Any, NamedTuple

import orjson

from cds_service.fhir.answers import key_of_kind, key_of_resource
from cds_service.fhir.elements import code_of, concept, items, text_of
from cds_service.fhir.fetch import Late, never
from cds_service.fhir.gather import Gathered
from cds_service.fhir.medication import Find, medication_concept, names_drug
from cds_service.fhir.read.allergies import may_matter as allergy_may_matter
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
from cds_service.fhir.read.orders import reason_references
from cds_service.fhir.read.procedures import APPOINTMENT, PROCEDURE, may_matter, read_procedure
from cds_service.fhir.read.shapes import has_real_dates, shapes
from cds_service.fhir.references import doubt, own
from cds_service.hooks.request import HookRequest
from cds_service.record import (
    OTHER_PATIENT,
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
from cds_service.terminology.glance import Glance, condition_glance, drug_glance, observation_glance
from cds_service.terminology.memory import Memory
from cds_service.terminology.observations import observation_group

_STRIDE = 64
"""Resources between two looks at the clock: about a millisecond's work."""
LAB_ORDERS = frozenset({"ServiceRequest", "ProcedureRequest", "DiagnosticOrder"})
_OWN_OF_A_PART = ("code", "component", "value", "interpretation", "referenceRange", "dataAbsentReason")
"""Beginnings of the elements that a part of a panel does not take from the whole."""


def read_record(
    request: HookRequest, gathered: Gathered, as_of: date, zone: tzinfo, late: Late = never
) -> PatientRecord:
    """Every resource that some rule looks at. Unreadable ones and medications without a name become shortfalls, and so
    does what is still unread when it is `late`.
    """
    reader = _Reader(request, gathered, zone)
    for start in range(0, len(gathered.resources), _STRIDE):
        read = reader.leave if start and late() else reader.take
        for resource in gathered.resources[start : start + _STRIDE]:
            read(resource)
    for entry in request.drafts:
        if str(entry.resource.get("resourceType")) not in LAB_ORDERS:
            continue
        if doubt(entry.resource, gathered.person) == OTHER_PATIENT:
            reader.strangers += 1
        else:
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
        self.reasons = {one for entry in request.drafts for one in reason_references(entry.resource)}
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
        self.strangers = 0
        self._answers = gathered.answers
        self._faults: dict[tuple[str, str], int] = {}
        self._shapes = shapes()
        # A record says the same few things again and again: the yearly panel, the drug of every refill. What a concept
        # means is therefore kept by its bytes, for this one record.
        self._measured: dict[bytes, tuple[Concept, str]] = {}
        self._diagnosed: dict[bytes, frozenset[str]] = {}
        self._meant: dict[bytes, _Meaning] = {}
        self._other_drugs: dict[bytes, bool] = {}
        self._other_problems: dict[bytes, bool] = {}
        self._repeated = Repeated()

    def take(self, resource: Mapping[str, Any]) -> None:
        """One resource. What cannot be read is counted: it must neither crash the rest nor pass for "nothing there".

        A drug or problem that no value set could know needs no reading, and so no shape either.
        """
        kind = resource["resourceType"]
        if kind in KINDS and "medication" not in resource:
            if _is_settled(resource.get("medicationCodeableConcept"), drug_glance, self._other_drugs):
                return
        elif (
            kind == "Condition"
            and not self.reasons
            and _is_settled(resource.get("code"), condition_glance, self._other_problems)
        ):
            return
        shape = self._shapes.get(kind)
        if shape is not None and not shape.is_valid(resource):
            self._fault(resource, "unreadable")
            return
        read = _READERS.get(kind)
        if read is None:
            return
        try:
            read(self, kind, resource)
        except (TypeError, ValueError, AttributeError, KeyError, OverflowError):
            self._fault(resource, "unreadable")

    def leave(self, resource: Mapping[str, Any]) -> None:
        """One resource for which there is no time. Without the patient's own nothing could be judged: it is read."""
        kind = resource["resourceType"]
        if kind in _ALWAYS_READ:
            self.take(resource)
        elif kind in _READERS:
            self._count(key_of_kind(kind, self._lists_of(resource)), "unread")

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
        if not allergy_may_matter(resource):
            return
        allergy = read_allergy(resource, self.zone)
        if allergy.groups or (allergy.of_drug and allergy.kind == "intolerance"):
            self.allergies.append(allergy)

    def _planned(self, _: str, resource: Mapping[str, Any]) -> None:
        self._procedure(resource)

    def _procedure(self, resource: Mapping[str, Any]) -> None:
        """Appointments are few and may be linked to an operation without naming it, so they are all read."""
        if resource.get("resourceType") == APPOINTMENT or may_matter(resource):
            self.procedures.append(read_procedure(resource, self.zone))

    def _observation(self, _: str, resource: Mapping[str, Any]) -> None:
        """A result, and those inside a panel: each part has its own code and value, and the day of the whole."""
        self._result(resource)
        if "component" not in resource:
            return
        whole = {name: value for name, value in resource.items() if not name.startswith(_OWN_OF_A_PART)}
        for part in items(resource["component"]):
            if isinstance(part.get("code"), dict):
                own_of_it = {name: value for name, value in part.items() if name.startswith(_OWN_OF_A_PART)}
                self._part({**whole, **own_of_it}, resource)

    def _part(self, part: Mapping[str, Any], panel: Mapping[str, Any]) -> None:
        """Its shape matters only where its code is known: a quirk in a blood pressure voids no laboratory check."""
        if self._shapes["Observation"].is_valid(part):
            self._result(part)
        elif observation_group(concept(part["code"])):
            self._fault(panel, "unreadable")

    def _result(self, resource: Mapping[str, Any]) -> None:
        code = resource["code"]
        key = orjson.dumps(code)
        found = self._measured.get(key)
        if found is None:
            found = self._measured[key] = _what_is_measured(code, key)
        named, group = found
        if not group:
            return
        self.observations.append(read_observation(resource, named, group, self.zone, self._repeated))

    def _condition(self, _: str, resource: Mapping[str, Any]) -> None:
        code: Any = resource.get("code")
        is_reason = bool(self.reasons) and own(resource) in self.reasons
        if not isinstance(code, dict) or not _says_anything(code):
            if not is_reason:
                if code_of(resource.get("verificationStatus")) != "entered-in-error":
                    self._fault(resource, "unreadable")
                return
            code = {}
        key = orjson.dumps(code)
        groups = self._diagnosed.get(key)
        if groups is None:
            groups = self._diagnosed[key] = _DIAGNOSED.meaning(key, lambda: _groups_of(code))
        if not groups and not is_reason:
            return
        if not has_real_dates(resource):
            self._fault(resource, "unreadable")
            return
        self.conditions.append(read_condition(resource, concept(code), groups, self.zone))

    def _medication(self, kind: str, resource: Mapping[str, Any]) -> None:
        if own(resource) in self.own_orders:
            return
        whole = resource.get("medicationCodeableConcept")
        if "medication" in resource:  # R5 wraps the code once more
            whole = resource["medication"].get("concept")
        if isinstance(whole, dict) and (whole.get("coding") or whole.get("text")):
            key = orjson.dumps(whole)
            meaning = self._meant.get(key)
            if meaning is None:
                meaning = self._meant[key] = _meaning(concept(whole))
        else:
            named, unresolved = medication_concept(resource, self.find)
            meaning = _UNNAMED if unresolved else _meaning(named)
        if not meaning.is_named:
            if resource.get("status") != "entered-in-error":
                self._fault(resource, "unresolved-medication")
            return
        if meaning.tried is not None:
            self._tried(kind, resource, meaning.tried)
        if meaning.drug is None:
            return
        if not has_real_dates(resource):
            self._fault(resource, "unreadable")
            return
        self.medications.append(read_medication(resource, meaning.drug, self.zone))

    def _tried(self, kind: str, resource: Mapping[str, Any], name: str) -> None:
        status = status_of(KINDS[kind], resource)
        barred = resource.get("doNotPerform") is True
        self.first_line.append(FirstLineDrug(own(resource) or kind, name, status, barred))

    def _fault(self, resource: Mapping[str, Any], cause: str) -> None:
        self._count(key_of_resource(resource, self._lists_of(resource)), cause)

    def _count(self, data: str, cause: str) -> None:
        self._faults[data, cause] = self._faults.get((data, cause), 0) + 1

    def _lists_of(self, resource: Mapping[str, Any]) -> frozenset[str]:
        """The keys of the list that a resource came in; of none, where it was made here or stands alone."""
        return self._came_in.get(id(resource), frozenset())

    @cached_property
    def _came_in(self) -> Mapping[int, frozenset[str]]:
        """Every resource -> the keys of the list that it came in; seldom asked for."""
        return {id(one): answer.keys for answer in self._answers for _, one in answer.resources}

    def shortfalls(self) -> tuple[Shortfall, ...]:
        found = [Shortfall(data, cause, count) for (data, cause), count in self._faults.items()]
        return (*found, *([Shortfall("orders", OTHER_PATIENT, self.strangers)] if self.strangers else []))


def _says_anything(concept: Mapping[str, Any]) -> bool:
    """A code or a word: a concept without either names nothing that could be checked."""
    if text_of(concept.get("text")):
        return True
    return any(text_of(coding.get("code")) or text_of(coding.get("display")) for coding in items(concept.get("coding")))


_ALWAYS_READ = frozenset({"Patient", "Encounter"})
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


_MEASURED: Memory[str] = Memory()
_DIAGNOSED: Memory[frozenset[str]] = Memory()
_SEEN: Mapping[Callable[[], Glance], Memory[bool]] = {drug_glance: Memory(), condition_glance: Memory()}


def _is_settled(said: Any, glance: Callable[[], Glance], known: dict[bytes, bool]) -> bool:
    """Whether a CodeableConcept has words, and none that a value set could know. `known` are those of this record."""
    if not isinstance(said, dict) or not text_of(said.get("text")):
        return False
    key = orjson.dumps(said)
    settled = known.get(key)
    if settled is None:
        settled = known[key] = not _SEEN[glance].meaning(key, lambda: glance().sees(said))
    return settled


def _what_is_measured(code: Mapping[str, Any], said: bytes) -> tuple[Concept, str]:
    group = _MEASURED.meaning(said, lambda: _group_measured(code))
    return (concept(code) if group else Concept()), group


def _group_measured(code: Mapping[str, Any]) -> str:
    return observation_group(concept(code)) if observation_glance().sees(code) else ""


def _groups_of(code: Mapping[str, Any]) -> frozenset[str]:
    return condition_groups(concept(code)) if condition_glance().sees(code) else frozenset()


class _Meaning(NamedTuple):
    """What a medication's words and codes say. `tried` is the name of a first-line drug."""

    is_named: bool
    drug: Drug | None = None
    tried: str | None = None


_UNNAMED = _Meaning(False)


def _meaning(named: Concept) -> _Meaning:
    if not names_drug(named):
        return _UNNAMED
    found = first_line_drug(named)
    return _Meaning(True, identify(named), found[0] if found else None)
