"""References as FHIR writes them: relative, absolute, versioned, urn, contained; and whose resource one is."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from cds_service.fhir.elements import items
from cds_service.outbound import tail_below
from cds_service.record import OTHER_PATIENT, UNVERIFIED

_OF_A_PATIENT = frozenset((
    "MedicationStatement", "MedicationRequest", "MedicationOrder", "MedicationDispense", "MedicationAdministration",
    "Condition", "AllergyIntolerance", "Observation", "Procedure", "ServiceRequest", "ProcedureRequest",
    "DiagnosticOrder", "Appointment",
))  # fmt: skip
"""Kinds that have to say whose they are. An Encounter need not in FHIR: it is the one that the call names by its id."""
_MERGED = frozenset({"replaces", "replaced-by", "replace"})
"""Links between two records of one person of which only one goes on (`replace` is DSTU2's word)."""
_ELSEWHERE = re.compile(r"//|(?!urn:)[A-Za-z][A-Za-z0-9+.-]*:")
_ID = re.compile(r"(?!\.+$)[A-Za-z0-9_.-]{1,128}")


def relative(reference: Any) -> str:
    """`Type/id` of a reference in any spelling; a urn or a contained reference stays as it is; empty for none."""
    if isinstance(reference, dict):
        reference = reference.get("reference")
    if not isinstance(reference, str):
        return ""
    text = reference.strip()
    if text.count("/") == 1 and "?" not in text and not text.startswith("#"):
        return text
    if not text or text.startswith(("#", "urn:")):
        return text
    parts = text.split("?", 1)[0].rstrip("/").split("/")
    if "_history" in parts:
        parts = parts[: parts.index("_history")]
    return "/".join(parts[-2:])


def at_home(reference: Any, server: str) -> str:
    """`Type/id` of a reference for looking it up in the record at `server`; empty where it says that it lies elsewhere.

    `https://other.example/Medication/1` is not this record's `Medication/1`. Where no server is known nothing tells
    the two apart, and nothing is read either.
    """
    name = relative(reference)
    text = reference.get("reference") if isinstance(reference, dict) else reference
    if not server or not isinstance(text, str) or _ELSEWHERE.match(text.strip()) is None:
        return name
    tail = tail_below(server, text.strip().partition("?")[0]) or ""
    return name if tail.partition("/_history")[0].rstrip("/") == name else ""


def own(resource: Mapping[str, Any]) -> str:
    """`Type/id` of a resource, or empty where it has no id that a reference could carry.

    A little wider than FHIR's own pattern, since real servers write underscores and longer ids; never a path, a space
    or a control character, because the reference goes out again in suggestions and evidence.
    """
    kind, name = resource.get("resourceType"), resource.get("id")
    if not isinstance(kind, str) or not isinstance(name, str) or _ID.fullmatch(name) is None:
        return ""
    return f"{kind}/{name}"


class Person:
    """The patient of a call, by every name under which a resource may speak of them.

    `pairs` gives (fullUrl, resource) of what came along; it is asked only where a reference is not simply
    `Patient/id`. The patient's own resource there adds its fullUrl, its identifiers and the ids it was merged with.
    """

    def __init__(self, patient_id: str, pairs: Callable[[], Iterable[tuple[str, Mapping[str, Any]]]] = tuple) -> None:
        self.reference = f"Patient/{patient_id}"
        self.id = patient_id
        self._pairs = pairs

    @cached_property
    def _own(self) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        return tuple(
            (full_url, resource)
            for full_url, resource in self._pairs()
            if resource.get("resourceType") == "Patient" and own(resource) == self.reference
        )

    @cached_property
    def _names(self) -> frozenset[str]:
        urls = (full_url for full_url, _ in self._own if full_url)
        merged = (
            relative(link.get("other"))
            for _, resource in self._own
            for link in items(resource.get("link"))
            if link.get("type") in _MERGED
        )
        return frozenset((self.reference, self.id, *urls, *(name for name in merged if name)))

    @cached_property
    def _identifiers(self) -> frozenset[tuple[str, str]]:
        return frozenset(
            identifier for _, resource in self._own for one in items(resource.get("identifier"))
            if all(identifier := _identifier(one))
        )  # fmt: skip

    def doubt(self, reference: Any) -> str:
        """Empty where the reference names this patient, else OTHER_PATIENT or UNVERIFIED."""
        if not isinstance(reference, dict):
            return UNVERIFIED
        target = reference.get("reference")
        if not isinstance(target, str) or not target.strip() or target.startswith("#"):
            return self._doubt_of_identifier(reference.get("identifier"))
        if target.startswith("urn:"):
            return "" if target in self._names or target.rsplit(":", 1)[-1] == self.id else OTHER_PATIENT
        name = relative(target)
        return "" if name == self.reference or name in self._names else OTHER_PATIENT

    def _doubt_of_identifier(self, identifier: Any) -> str:
        """A number of the patient's own settles it; another number of the same kind is somebody else's."""
        asked = _identifier(identifier) if isinstance(identifier, dict) else ("", "")
        if not all(asked):
            return UNVERIFIED
        if asked in self._identifiers:
            return ""
        return OTHER_PATIENT if any(system == asked[0] for system, _ in self._identifiers) else UNVERIFIED


def doubt(resource: Mapping[str, Any], person: Person) -> str:
    """Whether a resource is the patient's: empty, OTHER_PATIENT, or UNVERIFIED where nothing there can tell."""
    kind = resource.get("resourceType")
    if kind == "Patient":
        return "" if own(resource) == person.reference else OTHER_PATIENT if "id" in resource else UNVERIFIED
    named = [resource[name] for name in ("subject", "patient") if name in resource]
    if not named and kind == "Appointment":
        actors = _actors(resource)
        if any(not person.doubt(actor) for actor in actors):
            return ""
        return OTHER_PATIENT if any(map(_is_patient, actors)) else UNVERIFIED
    if not named:
        return UNVERIFIED if kind in _OF_A_PATIENT else ""
    doubts = {person.doubt(one) for one in named}
    return OTHER_PATIENT if OTHER_PATIENT in doubts else UNVERIFIED if UNVERIFIED in doubts else ""


def _actors(appointment: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Who takes part: an appointment names its patient among them, and before R5 nowhere else."""
    return [actor for one in items(appointment.get("participant")) if isinstance(actor := one.get("actor"), dict)]


def _is_patient(actor: Mapping[str, Any]) -> bool:
    reference = actor.get("reference")
    return isinstance(reference, str) and relative(reference).startswith("Patient/")


def _identifier(one: Mapping[str, Any]) -> tuple[str, str]:
    system, value = one.get("system"), one.get("value")
    return (system if isinstance(system, str) else "", value if isinstance(value, str) else "")
