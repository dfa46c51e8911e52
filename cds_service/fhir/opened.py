"""What came with a call, opened when somebody asks: prefetch judged, and every resource by the names it goes by."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from cds_service.fhir.answers import Answer, judge
from cds_service.fhir.fetch import Fetch
from cds_service.fhir.medication import is_otherwise_unknown
from cds_service.fhir.missing import NOT_AS_ASKED, medications
from cds_service.fhir.references import Person, at_home, own, relative
from cds_service.fhir.searched import is_of_another
from cds_service.hooks.request import HookRequest

_MEDICATION = re.compile(r"Medication/(?!\.+$)[A-Za-z0-9_.-]{1,128}")


class Shelf:
    """Every resource of the request by the references others may use for it. `server` is the base they are of."""

    def __init__(self, server: str = "") -> None:
        self.server = server
        self._waiting: list[tuple[str, Mapping[str, Any]]] = []
        self._by_reference: dict[str, Mapping[str, Any]] = {}

    def add(self, full_url: str, resource: Mapping[str, Any]) -> None:
        self._waiting.append((full_url, resource))

    def add_all(self, resources: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """(fullUrl, resource) each; of two with one name the first is found."""
        self._waiting.extend(resources)

    def find(self, reference: str) -> Mapping[str, Any] | None:
        """Most records name their drugs in place and never look here: names are worked out when one is asked for."""
        for full_url, resource in self._waiting:
            for name in (own(resource), full_url, relative(full_url)):
                if name:
                    self._by_reference.setdefault(name, resource)
        self._waiting.clear()
        if not reference:
            return None
        found = self._by_reference.get(reference)
        return found if found is not None else self._by_reference.get(at_home(reference, self.server))


class Opened:
    """The prefetch of one request, judged once and only if somebody asks: an unrelated order never does."""

    def __init__(self, request: HookRequest, fetch: Fetch | None) -> None:
        self._request = request
        self._fetch = fetch
        self._looked_up: set[str] = set()

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        return tuple(self._judged(name, value) for name, value in self._request.prefetch.items())

    def _judged(self, name: str, value: Any) -> Answer:
        """One value. A search for somebody else that brought nothing says nothing of this patient; where it brought
        something, each record tells whose it is.
        """
        answer = judge(name, value)
        if answer.cause or answer.resources or not is_of_another(value, Person(self._request.patient_id)):
            return answer
        return replace(answer, cause=NOT_AS_ASKED)

    @cached_property
    def shelf(self) -> Shelf:
        shelf = Shelf(self._request.fhir_server)
        for entry in self._request.drafts:
            shelf.add(entry.full_url, entry.resource)
        for answer in self.answers:
            shelf.add_all(answer.resources)
        return shelf

    @property
    def person(self) -> Person:
        """The patient, as far as prefetch tells. Not kept: it looks into this, and a circle of two would keep the whole
        request in memory until somebody looks for circles.
        """
        return Person(self._request.patient_id, lambda: [pair for one in self.answers for pair in one.resources])

    def find(self, reference: str) -> Mapping[str, Any] | None:
        """What a draft refers to: in its own Bundle, in prefetch, then on the server, asked for all at once.

        The server is not asked for what is known well enough without it: an unrelated order costs it nothing.
        """
        found = self.shelf.find(reference)
        if found is not None or self._fetch is None:
            return found
        missing = self._unknown - self._looked_up
        self._looked_up |= missing
        if missing:
            self.shelf.add_all(medications(missing, self._fetch).items())
        return self.shelf.find(reference)

    @property
    def _unknown(self) -> set[str]:
        """The Medications that alone can tell what drafts are of."""
        drafts = (entry.resource for entry in self._request.drafts)
        targets = {target_of(draft, self.shelf) for draft in drafts if _is_unknown(draft)}
        return {target for target in targets if target and self.shelf.find(target) is None}


def _is_unknown(draft: Mapping[str, Any]) -> bool:
    """A draft that nobody can read is not looked up; that it cannot be read is said elsewhere."""
    try:
        return is_otherwise_unknown(draft)
    except (TypeError, ValueError, AttributeError, KeyError):
        return False


def target_of(resource: Mapping[str, Any], shelf: Shelf) -> str:
    """The Medication that a resource refers to, as the server can be asked for it; empty where it has no such one."""
    target = at_home(reference_of(resource), shelf.server)
    return target if _MEDICATION.fullmatch(target) else ""


def reference_of(resource: Mapping[str, Any]) -> Any:
    reference = resource.get("medicationReference")
    if reference is None and isinstance(resource.get("medication"), dict):  # R5
        reference = None if "concept" in resource["medication"] else resource["medication"].get("reference")
    return reference
