"""Is this resource valid in its release? fhir.resources says so for R4, STU3 and R5, a schema of ours for DSTU2.

R4 is checked with the R4B models: the resources that this service writes are the same in both. A model class takes a
fifth of a second to import, so each is imported when first needed and then kept; `titration.selfcheck` needs them all
at start, hence no request waits for one. Asking one takes a quarter of a millisecond, as long as all rules together,
so a client's draft is first held against `common-drafts.json`, which is narrower than any model (`objections`).

Complaints name elements and rules and never quote a value; a `note` repeats no name either that is none of FHIR's, so
that it may be logged and shown.
"""

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import jsonschema_rs

from cds_service.fhir.write.spelling import spelling_of

_MODELS = {
    ("R4", "MedicationRequest"): "fhir.resources.R4B.medicationrequest",
    ("R4", "ServiceRequest"): "fhir.resources.R4B.servicerequest",
    ("R4", "CommunicationRequest"): "fhir.resources.R4B.communicationrequest",
    ("R4", "PlanDefinition"): "fhir.resources.R4B.plandefinition",
    ("R4", "ActivityDefinition"): "fhir.resources.R4B.activitydefinition",
    ("STU3", "MedicationRequest"): "fhir.resources.STU3.medicationrequest",
    ("STU3", "ProcedureRequest"): "fhir.resources.STU3.procedurerequest",
    ("STU3", "CommunicationRequest"): "fhir.resources.STU3.communicationrequest",
    ("R5", "MedicationRequest"): "fhir.resources.medicationrequest",
    ("R5", "ServiceRequest"): "fhir.resources.servicerequest",
    ("R5", "CommunicationRequest"): "fhir.resources.communicationrequest",
}
_PACKAGES = {"R4": "fhir.resources.R4B", "STU3": "fhir.resources.STU3", "R5": "fhir.resources"}
_DSTU2_SCHEMAS = "dstu2-orders.json"
_COMMON_DRAFTS = "common-drafts.json"
_ELEMENT_NAMES = "element-names.json"


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong and where. `wants_list` is set where one thing stands in the place of a list of them."""

    path: tuple[str | int, ...]
    reason: str
    wants_list: bool = False

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path)) or 'resource'}: {self.reason}"

    @property
    def note(self) -> str:
        """The same without a name that is none of FHIR's."""
        return f"{'.'.join(map(plain_name, self.path)) or 'resource'}: {self.reason}"


def plain_name(name: str | int) -> str:
    """An element's name that can be shown and logged; of a key that no order of any release has, nothing is repeated.

    Whoever sends an order may give its members any name, one that a patient is called by too.
    """
    known = isinstance(name, int) or name.removeprefix("_") in _element_names()
    return str(name) if known else "unknown element"


@cache
def _element_names() -> frozenset[str]:
    return frozenset(json.loads(resources.files("cds_service.fhir.write").joinpath(_ELEMENT_NAMES).read_text("utf-8")))


def validate(release: str, resource: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with a resource of ours, as sentences; an empty list for a valid one.

    Always by the model: this is the proof that what we make is valid.
    """
    return [str(complaint) for complaint in complaints(release, resource)]


def judge_notes(release: str, resource: Mapping[str, Any]) -> tuple[str, ...]:
    """What the model dislikes about an order that is being judged: a note beside the judgement, never a refusal."""
    return tuple(complaint.note for complaint in objections(release, resource))


def objections(release: str, resource: Mapping[str, Any]) -> tuple[Complaint, ...]:
    """`complaints` about a client's draft. One that looks like nearly all drafts do is known to have none."""
    return () if is_common(release, resource) else complaints(release, resource)


def is_common(release: str, resource: Mapping[str, Any]) -> bool:
    """Whether a draft fits `common-drafts.json`; False says nothing about whether it is valid."""
    common = _common_drafts().get(release)
    return common is not None and bool(common.is_valid(resource))


def complaints(release: str, resource: Mapping[str, Any]) -> tuple[Complaint, ...]:
    """What is wrong with a resource, one entry a place; raises UnwritableRelease for a release that is not known."""
    spelling = spelling_of(release)
    kind = resource.get("resourceType")
    known = (spelling.order, spelling.service, "CommunicationRequest")
    if kind not in known and (release, kind) not in _MODELS:
        return (Complaint(("resourceType",), f"is not an order of {release}"),)
    found = [*empty_places(resource, ())]
    if release == "DSTU2":
        found += _against_schema(str(kind), resource)
    else:
        found += against_model(release, str(kind), resource)
    return tuple(found)


def has_model(release: str, kind: str) -> bool:
    """Whether there is a model of that resource type in that release; DSTU2 has none."""
    if release not in _PACKAGES or not re.fullmatch(r"[A-Z][A-Za-z]{2,60}", kind):
        return False
    try:
        return hasattr(importlib.import_module(_module(release, kind)), kind)
    except ModuleNotFoundError:
        return False


def _module(release: str, kind: str) -> str:
    return _MODELS.get((release, kind)) or f"{_PACKAGES[release]}.{kind.lower()}"


def empty_places(value: Any, path: tuple[str | int, ...]) -> Iterator[Complaint]:
    """FHIR JSON has no nulls, empty strings, empty lists or empty objects; the models let some of them through."""
    if value is None or value == "" or value == [] or value == {}:
        yield Complaint(path, "is empty")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from empty_places(inner, (*path, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from empty_places(inner, (*path, position))


def against_model(release: str, kind: str, resource: Mapping[str, Any]) -> Iterator[Complaint]:
    """What the model of a resource type dislikes; `has_model` says whether there is one."""
    model, codes = _model(release, kind)
    for name, allowed in codes.items():
        if name in resource and resource[name] not in allowed:
            yield Complaint((name,), "is not a code of its value set")
    try:
        model.model_validate(dict(resource))
    except Exception as error:  # a model may raise anything at all on a client's data: a complaint, not a crash
        details = error.errors() if hasattr(error, "errors") else ()
        for detail in details:
            path = tuple(part for part in detail["loc"] if part != "root")
            yield Complaint(path, detail["type"], wants_list=detail["type"] == "list_type")
        if not details:
            yield Complaint((), type(error).__name__)


@cache
def _model(release: str, kind: str) -> tuple[Any, dict[str, list[str]]]:
    """A model class, and the codes of its own required value sets, which it knows and does not check.

    (STU3's ProcedureRequest lists "+" for the children of `order`; this service writes `order` itself.)
    """
    model = getattr(importlib.import_module(_module(release, kind)), kind)
    codes = {
        name: list(field.json_schema_extra["enum_values"])
        for name, field in model.model_fields.items()
        if field.json_schema_extra and "enum_values" in field.json_schema_extra
    }
    return model, codes


def _against_schema(kind: str, resource: Mapping[str, Any]) -> Iterator[Complaint]:
    for error in _schema(kind).iter_errors(resource):
        path = tuple(error.instance_path)
        rule = str(error.schema_path[-1])
        unexpected = getattr(error.kind, "unexpected", None) or ()
        for name in unexpected:
            yield Complaint((*path, name), "is not an element of this release")
        if not unexpected:
            wants_list = rule == "type" and getattr(error.kind, "types", None) == ["array"]
            yield Complaint(path, f"breaks the schema's {rule!r}", wants_list=wants_list)


@cache
def _schema(kind: str) -> Any:
    return _compiled(_DSTU2_SCHEMAS, kind)


@cache
def _common_drafts() -> Mapping[str, Any]:
    """By release. R5 and DSTU2 are rare, and the schema of DSTU2 is quick by itself."""
    return {release: _compiled(_COMMON_DRAFTS, release) for release in ("R4", "STU3")}


def _compiled(name: str, definition: str) -> Any:
    text = resources.files("cds_service.fhir.write").joinpath(name).read_text(encoding="utf-8")
    return jsonschema_rs.validator_for({**json.loads(text), "$ref": f"#/$defs/{definition}"})
