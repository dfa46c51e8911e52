"""Any resource against the model of its release, with the place of everything that is wrong.

For testers, not for the answering of calls: there, a model's dislike of one element must not cost a patient a warning.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cds_service.fhir.release import DSTU2, release_of
from cds_service.fhir.write.check import Complaint, against_model, complaints, empty_places, has_model
from cds_service.fhir.write.spelling import spelling_of

_WORDS = {
    "missing": "is required",
    "model_field_validation.missing": "is required",
    "json_invalid": "must be an object",
    "greater_than_equal": "is smaller than it may be",
    "less_than_equal": "is larger than it may be",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "extra_forbidden": "is no element of this type",
    "string_pattern_mismatch": "is not spelled as this type is",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "bool_type": "must be true or false",
    "string_type": "must be a string",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A resource and where in a document it stands."""

    path: tuple[str | int, ...]
    resource: Mapping[str, Any]


def placed(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[Placed]:
    """Every resource inside a value; those in a Bundle come one by one, and the Bundle without them."""
    if isinstance(value, list):
        for position, part in enumerate(value):
            yield from placed(part, (*path, position))
    elif isinstance(value, Mapping):
        if isinstance(value.get("resourceType"), str):
            yield Placed(path, value)
            if value["resourceType"] != "Bundle":
                return
        for name, part in value.items():
            yield from placed(part, (*path, name))


def releases_of(resources: list[Placed]) -> str:
    """The release that all of them together look like."""
    orders = ("MedicationRequest", "MedicationOrder")
    drafts = [one.resource for one in resources if one.resource["resourceType"] in orders]
    return release_of(drafts, [one.resource for one in resources])


def faults_of(one: Placed, release: str) -> list[Complaint]:
    """What is wrong with a resource, each with its place in the document; empty also where there is no model."""
    kind = str(one.resource["resourceType"])
    resource = _without_entries(one.resource) if kind == "Bundle" else one.resource
    if release == DSTU2:
        found = list(complaints(release, resource)) if kind in _dstu2() else list(empty_places(resource, ()))
    elif has_model(release, kind):
        found = [*empty_places(resource, ()), *against_model(release, kind, resource)]
    else:
        found = [Complaint(("resourceType",), f"is no resource type of {release}")]
    return [Complaint((*one.path, *fault.path), _worded(fault.reason)) for fault in _once(found)]


def _worded(reason: str) -> str:
    """The names that the models' library gives to faults, as words."""
    if reason in _WORDS or " " in reason:
        return _WORDS.get(reason, reason)
    return f"is not valid ({reason.replace('_', ' ')})"


def is_judged(kind: str, release: str) -> bool:
    """Whether more than emptiness can be judged: there is no model of DSTU2, but a schema of its orders."""
    return kind in _dstu2() if release == DSTU2 else has_model(release, kind)


def _dstu2() -> tuple[str, ...]:
    spelling = spelling_of(DSTU2)
    return (spelling.order, spelling.service, "CommunicationRequest")


def _without_entries(bundle: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entries' resources are judged by themselves, each at its place."""
    entries = bundle.get("entry")
    if not isinstance(entries, list):
        return bundle
    bare = [
        {name: part for name, part in entry.items() if name != "resource"} if isinstance(entry, Mapping) else entry
        for entry in entries
    ]
    return {**bundle, "entry": [entry for entry in bare if entry != {}]} if any(bare) else _but_entry(bundle)


def _but_entry(bundle: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: part for name, part in bundle.items() if name != "entry"}


def _once(found: list[Complaint]) -> list[Complaint]:
    """One complaint a place: an empty element is disliked by the model too."""
    return list({fault.path: fault for fault in reversed(found)}.values())[::-1]
