"""One patient's record as a FHIR server holds it: resources by type and id, searched by patient and code."""

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

Resource = dict[str, Any]

_FHIR_VERSIONS = {"DSTU2": "1.0.2", "STU3": "3.0.2", "R4": "4.0.1", "R5": "5.0.0"}
_OWNERS = ("patient", "subject")
_UNDERSTOOD = (*_OWNERS, "code", "_id", "_count", "_page")
_REFERENCE = re.compile(r"(?:^|/)([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?$")
_MOST_ON_A_PAGE = 10_000


class Records:
    """Resources of one or several patients. `patient_id` is the patient whom the case is about."""

    def __init__(self, resources: Iterable[Mapping[str, Any]], patient_id: str, release: str = "R4") -> None:
        self.patient_id = patient_id
        self.release = release
        self._by_type: dict[str, list[Resource]] = {}
        for resource in resources:
            self._keep(dict(resource))

    @classmethod
    def of_case(
        cls, request: Mapping[str, Any], server: Mapping[str, Any] | None = None, release: str = "R4"
    ) -> "Records":
        """Everything that a case says of the record: what its request prefetched, and what its record server holds."""
        said = [*_values(request.get("prefetch"))]
        said += [one["body"] for one in _values((server or {}).get("answers")) if "body" in one]
        pairs = [pair for value in said for pair in _resources(value)]
        names = {url: f"{one['resourceType']}/{one['id']}" for url, one in pairs if url.startswith("urn:")}
        patient_id = str(request.get("context", {}).get("patientId", ""))
        return cls((_renamed(resource, names) for _, resource in pairs), patient_id, release)

    def _keep(self, resource: Resource) -> None:
        kept = self._by_type.setdefault(resource["resourceType"], [])
        if all(one["id"] != resource["id"] for one in kept):
            kept.append(resource)

    def resources(self) -> Iterator[Resource]:
        for kept in self._by_type.values():
            yield from kept

    def read(self, kind: str, name: str) -> Resource | None:
        return next((one for one in self._by_type.get(kind, ()) if one["id"] == name), None)

    def search(self, kind: str, asked: Mapping[str, list[str]]) -> list[Resource]:
        """Resources of a type that meet every parameter understood here; others are ignored, as lenient servers do."""
        found = self._by_type.get(kind, [])
        for values in (asked[name] for name in _OWNERS if name in asked):
            owners = {f"Patient/{value.removeprefix('Patient/')}" for value in values}
            found = [one for one in found if owners & set(owners_of(one))]
        for values in (asked[name] for name in ("code",) if name in asked):
            wanted = {code for value in values for code in value.split(",")}
            found = [one for one in found if any(_has_code(one, token) for token in wanted)]
        for values in (asked[name] for name in ("_id",) if name in asked):
            found = [one for one in found if one["id"] in values]
        return found

    def answer(self, base: str, query: str) -> tuple[int, Resource]:
        """(status, body) of a query relative to the base, the way an honest server answers."""
        parts = urlsplit(query)
        kind, _, name = parts.path.partition("/")
        if kind == "metadata":
            return 200, self.capability()
        if name:
            found = self.read(kind, name)
            return (200, copy.deepcopy(found)) if found else (404, outcome("error", "not-found", "No such resource"))
        asked = parse_qs(parts.query)
        return 200, self.page(base, kind, asked, self.search(kind, asked))

    def page(self, base: str, kind: str, asked: Mapping[str, list[str]], found: list[Resource]) -> Resource:
        size = max(int(asked.get("_count", [str(_MOST_ON_A_PAGE)])[0]), 1)
        number = int(asked.get("_page", ["1"])[0])
        understood = {name: values for name, values in asked.items() if name in _UNDERSTOOD}
        links = {"self": understood}
        if number * size < len(found):
            links["next"] = {**understood, "_page": [str(number + 1)]}
        chosen = found[(number - 1) * size : number * size]
        return searchset(
            base, chosen, len(found), {name: f"{base}/{kind}?{encoded(query)}" for name, query in links.items()}
        )

    def capability(self) -> Resource:
        kind = "Conformance" if self.release == "DSTU2" else "CapabilityStatement"
        return {
            "resourceType": kind,
            "status": "active",
            "kind": "instance",
            "fhirVersion": _FHIR_VERSIONS.get(self.release, self.release),
            "format": ["json"],
            "rest": [{"mode": "server", "resource": [{"type": name} for name in sorted(self._by_type)]}],
        }


def encoded(query: Mapping[str, list[str]]) -> str:
    return urlencode(query, doseq=True, safe=",|:/")


def searchset(base: str, resources: Iterable[Resource], total: int, links: Mapping[str, str]) -> Resource:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": total,
        "link": [{"relation": relation, "url": url} for relation, url in links.items()],
        "entry": [
            {
                "fullUrl": f"{base}/{one['resourceType']}/{one['id']}",
                "resource": copy.deepcopy(one),
                "search": {"mode": "match"},
            }
            for one in resources
        ],
    }


def outcome(severity: str, code: str, text: str, detail: str = "") -> Resource:
    details: dict[str, Any] = {"text": text}
    if detail:
        details["coding"] = [{"system": "urn:oid:1.2.840.114350.1.13.0.1.7.2.657369", "code": detail, "display": text}]
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code, "details": details}]}


def owners_of(resource: Mapping[str, Any]) -> Iterator[str]:
    """Whom a resource is about, as `Patient/id`, however its reference is written."""
    holders = [resource.get(name) for name in _OWNERS]
    holders += [one.get("actor") for one in _objects(resource.get("participant"))]
    for holder in _objects(holders):
        found = _REFERENCE.search(str(holder.get("reference", "")))
        if found:
            yield found[1]


def _has_code(resource: Mapping[str, Any], token: str) -> bool:
    system, bar, code = token.rpartition("|")
    concept = resource.get("code")
    for coding in _objects(concept.get("coding") if isinstance(concept, Mapping) else None):
        if coding.get("code") == code and (not bar or coding.get("system", "") == system):
            return True
    return False


def _values(block: Any) -> Iterator[Any]:
    yield from block.values() if isinstance(block, Mapping) else ()


def _objects(listed: Any) -> Iterator[Mapping[str, Any]]:
    yield from (one for one in listed if isinstance(one, Mapping)) if isinstance(listed, list) else ()


def _resources(value: Any) -> Iterator[tuple[str, Resource]]:
    """(fullUrl, resource) of everything in a value that a server could hold: it has a type and an id."""
    if isinstance(value, list):
        for one in value:
            yield from _resources(one)
    elif isinstance(value, dict) and value.get("resourceType") == "Bundle":
        for entry in _objects(value.get("entry")):
            url = entry.get("fullUrl")
            for _, resource in _resources(entry.get("resource")):
                yield (url if isinstance(url, str) else ""), resource
    elif isinstance(value, dict) and isinstance(value.get("id"), str):
        kind = value.get("resourceType")
        if isinstance(kind, str) and kind != "OperationOutcome":
            yield "", value


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """References by urn become references by type and id, as they do when a server takes a Bundle in."""
    if isinstance(value, dict):
        return {
            name: names.get(part, part) if name == "reference" and isinstance(part, str) else _renamed(part, names)
            for name, part in value.items()
        }
    return [_renamed(one, names) for one in value] if isinstance(value, list) else value
