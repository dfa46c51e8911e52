"""Whose record is it? In every case one resource after the other is made somebody else's: that is always noticed.

Noticed means that a card says so. What is no longer known can then never pass for an all-clear.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC
from functools import cache
from typing import Any

import pytest

from cds_service.cli.cases import Case, case_folders, read_case
from cds_service.cli.record_server import in_process
from cds_service.content import cards_dir, fixtures_dir
from cds_service.fhir.answers import KEY_TYPES
from cds_service.hooks.request import read_request
from cds_service.present.knowledge import Knowledge, read_knowledge
from cds_service.record import MIXED_UP, OTHER_PATIENT
from cds_service.service import Answer, Place, respond

Resource = dict[str, Any]

PLACE = Place("https://cds.example.test", UTC)
STRANGERS = (
    {"reference": "Patient/somebody-else"},
    {"reference": "https://ehr.example.test/fhir/Patient/somebody-else"},
    {"reference": "Patient/somebody-else/_history/3"},
    {"reference": "urn:uuid:6f1b1f0e-3a57-4d0c-9f3b-6a0f5d3f4a11"},
    {"reference": "Patient/somebody-else", "display": "Ada Synthetic"},
)
UNSAID = ({"identifier": {"value": "0815"}}, {"display": "Ada Synthetic"}, {})
"""Nothing there tells whose the record is."""
SEVERE = frozenset({"opioid-active", "oud-agonist-therapy", "pregnancy-current", "cirrhosis-decompensated"})
# Of other kinds (a relative's history) nothing is read.
READ = frozenset(kind for kinds in KEY_TYPES.values() for kind in kinds)
# Drafts that nothing is read from: whoever they are for, no check rests on them.
READ_DRAFTS = frozenset(
    ("MedicationRequest", "MedicationOrder", "ServiceRequest", "ProcedureRequest", "DiagnosticOrder")
)
CASES = [read_case(folder) for folder in case_folders(fixtures_dir())]
each_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


@cache
def knowledge() -> Knowledge:
    return read_knowledge(cards_dir())


def answered(case: Case) -> Answer:
    request = read_request(case.request, case.request["hook"])
    fetch = in_process(case.server) if request.token else None
    return respond(request, fetch, case.as_of, knowledge(), PLACE)


def held(value: Any) -> Iterator[Resource]:
    """The resources of prefetch or of a server's answers, those contained in another aside."""
    if isinstance(value, list):
        for one in value:
            yield from held(one)
    elif isinstance(value, dict):
        if isinstance(value.get("resourceType"), str) and value["resourceType"] != "Bundle":
            yield value
        else:
            for inner in value.values():
                yield from held(inner)


def named(resource: Resource) -> Iterator[tuple[Resource, str]]:
    """Where a resource names its patient: the object and the element."""
    for name in ("subject", "patient"):
        if isinstance(resource.get(name), dict):
            yield resource, name
    for one in resource.get("participant") or [] if resource["resourceType"] == "Appointment" else []:
        actor = one.get("actor") or {}
        if actor.get("reference", "").startswith("Patient/"):
            yield one, "actor"


def strayed(case: Case, whose: tuple[Resource, ...], part: str) -> Iterator[tuple[Case, str]]:
    """The case again and again, each time with another one of its resources given away, and given back afterwards."""
    changed = replace(case, request=deepcopy(dict(case.request)), server=deepcopy(case.server))
    for position, resource in enumerate([*held(_part(changed, part))]):
        places = [*named(resource)]
        if resource["resourceType"] not in READ or not (places or resource["resourceType"] == "Patient"):
            continue
        before = [holder[name] for holder, name in places]
        for holder, name in places:
            holder[name] = whose[position % len(whose)]
        if resource["resourceType"] == "Patient":
            before.append(resource.get("id", "ada-synthetic"))
            places.append((resource, "id"))
            resource["id"] = "somebody-else"
        yield changed, f"{resource['resourceType']}/{resource.get('id')}"
        for (holder, name), old in zip(places, before, strict=True):
            holder[name] = old


def _part(case: Case, part: str) -> Any:
    if part == "server":
        return (case.server or {}).get("answers")
    if part == "prefetch":
        return case.request.get("prefetch")
    return {name: case.request["context"].get(name) for name in ("draftOrders", "medications")}


def leading(answer: Answer) -> set[str]:
    return {finding["rule"] for card in answer.cards for finding in card["extension"]["org.ldn-cds"]["findings"]}


@each_case
def test_a_record_that_becomes_somebody_elses_is_said_on_a_card(case: Case) -> None:
    for changed, which in strayed(case, STRANGERS, "prefetch"):
        answer = answered(changed)
        if not answer.log:  # nobody asked for this record: the orders concern neither naltrexone nor an opioid
            assert answer.cards == answered(case).cards == []
            continue
        doubts = {one.split(":")[1] for one in answer.log["not_checked"]}
        if case.name == "data-not-checked/fires-entry-object-in-place-of-a-list":  # not read at all, and that is said
            assert doubts & {OTHER_PATIENT, "malformed"}
        else:
            # Whom a urn stands for among those who take part in an appointment, nobody can tell.
            assert doubts & (MIXED_UP if which.startswith("Appointment/") else {OTHER_PATIENT}), which
        assert "data-not-checked" in leading(answer), which


@each_case
def test_a_server_that_answers_with_somebody_elses_record_is_found_out(case: Case) -> None:
    usual = answered(case)
    for changed, which in strayed(case, STRANGERS, "server"):
        answer = answered(changed)
        if answer.cards != usual.cards:  # it was among what was asked for
            assert "data-not-checked" in leading(answer), which


@each_case
def test_a_draft_for_somebody_else_is_said_on_a_card_and_never_judged(case: Case) -> None:
    for changed, which in strayed(case, STRANGERS, "drafts"):
        if which.split("/")[0] not in READ_DRAFTS:
            continue
        answer = answered(changed)
        if not answer.log:
            assert answer.cards == answered(case).cards == []
            continue
        assert "orders:other-patient" in answer.log["not_checked"], which
        assert "data-not-checked" in leading(answer), which
        named_in_actions = [
            action.get("resourceId") or action.get("resource", {}).get("id")
            for card in answer.cards
            for suggestion in card.get("suggestions", ())
            for action in suggestion["actions"]
        ]
        assert which not in named_in_actions
        assert which.split("/")[1] not in named_in_actions


@pytest.mark.parametrize("case", CASES[::3], ids=[case.name for case in CASES[::3]])
def test_a_record_that_no_longer_says_whose_it_is_still_counts_and_is_doubted_on_a_card(case: Case) -> None:
    before = leading(answered(case)) & SEVERE
    for changed, which in strayed(case, UNSAID, "prefetch"):
        if which.startswith(("Patient/", "Encounter/")):
            continue
        answer = answered(changed)
        if not answer.log:
            assert answer.cards == []
            continue
        assert "data-not-checked" in leading(answer), which
        assert before <= leading(answer), which
