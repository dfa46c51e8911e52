"""Every case, changed in a way that must not change the answer, or only in one direction (issue of the whole rulebook).

The findings of a case are compared as (rule, indicator, evidence); words and ids may follow the change.
"""

import copy
import random
from collections.abc import Iterator
from datetime import UTC, timedelta
from functools import cache
from typing import Any

import pytest

from cds_service.cli.cases import Case, case_folders, read_case
from cds_service.cli.moved_dates import moved
from cds_service.content import cards_dir, fixtures_dir
from cds_service.hooks.request import read_request
from cds_service.present.knowledge import Knowledge, read_knowledge
from cds_service.service import Answer, Place, respond

Findings = list[tuple[str, str, frozenset[str]]]

PLACE = Place("https://cds.example.test", UTC, strict=False)
WORSE = {"info": 0, "warning": 1, "critical": 2}
MEDICATIONS = ("MedicationStatement", "MedicationRequest", "MedicationOrder", "MedicationDispense", "MedicationUsage")
RECORDS = (*MEDICATIONS, "MedicationAdministration", "Condition", "Observation", "AllergyIntolerance")
UNRELATED = {"resource": {"resourceType": "Basic", "id": "unrelated", "code": {"text": "oxycodone"}}}
# The draft is their evidence. The reason it was ordered for may come from the problem list.
FOR_A_REASON = frozenset({"standard-dose-for-pain", "naltrexone-bupropion-for-pain", "er-injectable-for-pain"})
# Without their record these say less, or nothing is offered any more: they answer to what is absent.
ABOUT_ABSENCE = frozenset({"data-not-checked", "titration-order-set"})


def _cases() -> list[Case]:
    return [case for folder in case_folders(fixtures_dir()) if (case := read_case(folder)).server is None]


CASES = _cases()
each_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


@cache
def knowledge() -> Knowledge:
    return read_knowledge(cards_dir())


def answered(request: dict[str, Any], case: Case, days: int = 0) -> Answer:
    read = read_request(request, request["hook"])
    return respond(read, None, case.as_of + timedelta(days=days), knowledge(), PLACE)


def findings(answer: Answer) -> Findings:
    return [
        (one["rule"], one["indicator"], frozenset(one.get("evidence", ())))
        for card in answer.cards
        for one in card["extension"]["org.ldn-cds"]["findings"]
    ]


_AS_THEY_ARE: dict[str, Findings] = {}


def as_it_is(case: Case) -> Findings:
    """The findings of the unchanged case, worked out once for all tests."""
    if case.name not in _AS_THEY_ARE:
        _AS_THEY_ARE[case.name] = findings(answered(copied(case), case))
    return _AS_THEY_ARE[case.name]


def copied(case: Case) -> dict[str, Any]:
    return copy.deepcopy(dict(case.request))


def bundles(request: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    for name, value in (request.get("prefetch") or {}).items():
        if isinstance(value, dict) and isinstance(value.get("entry"), list):
            yield name, value["entry"]


def resources(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for _, entries in bundles(request):
        for entry in entries:
            if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
                yield entry["resource"]


@each_case
def test_the_order_of_the_entries_does_not_matter(case: Case) -> None:
    before = as_it_is(case)
    request = copied(case)
    for name, entries in bundles(request):
        random.Random(name).shuffle(entries)
    after = findings(answered(request, case))
    assert [one[:2] for one in after] == [one[:2] for one in before]


@each_case
def test_extensions_that_nobody_knows_do_not_matter(case: Case) -> None:
    before = as_it_is(case)
    request = copied(case)
    for resource in resources(request):
        known = resource.get("extension")
        strange = {"url": "https://example.test/unknown", "valueString": "oxycodone, pregnant, cirrhosis"}
        resource["extension"] = [*(known if isinstance(known, list) else []), strange]
    assert findings(answered(request, case)) == before


@each_case
def test_unrelated_records_do_not_matter(case: Case) -> None:
    before = as_it_is(case)
    request = copied(case)
    for _, entries in bundles(request):
        kinds = {resource.get("resourceType") for entry in entries if (resource := _resource_of(entry))}
        if kinds - {"OperationOutcome"}:  # a list of nothing but strange things is not the list that was asked for
            entries.append(UNRELATED)
    for value in (request.get("prefetch") or {}).values():
        if (
            isinstance(value, dict)
            and isinstance(value.get("total"), int)
            and (value.get("entry") or [])[-1:] == [UNRELATED]
        ):
            value["total"] += 1
    assert findings(answered(request, case)) == before


def _resource_of(entry: Any) -> dict[str, Any]:
    found = entry.get("resource") if isinstance(entry, dict) else None
    return found if isinstance(found, dict) else {}


@each_case
def test_what_was_entered_in_error_is_evidence_of_nothing(case: Case) -> None:
    request = copied(case)
    erased = set()
    for resource in resources(request):
        kind = resource.get("resourceType")
        if kind in RECORDS:
            erased.add(f"{kind}/{resource.get('id')}")
            resource["status" if kind not in ("Condition", "AllergyIntolerance") else "verificationStatus"] = (
                "entered-in-error"
            )
            if kind == "AllergyIntolerance":
                resource["status"] = "entered-in-error"
    for rule, _, evidence in findings(answered(request, case)):
        assert not evidence & erased, rule


@each_case
def test_records_of_another_patient_are_evidence_of_nothing(case: Case) -> None:
    request = copied(case)
    strangers = set()
    for resource in resources(request):
        kind = resource.get("resourceType")
        if kind in RECORDS:
            strangers.add(f"{kind}/{resource.get('id')}")
            resource.pop("subject", None)
            resource.pop("patient", None)
            resource["patient" if kind == "AllergyIntolerance" else "subject"] = {"reference": "Patient/somebody-else"}
            if kind == "MedicationOrder":
                resource["patient"] = resource["subject"]
    for rule, _, evidence in findings(answered(request, case)):
        assert not evidence & strangers, rule


@each_case
def test_a_list_that_fails_takes_away_no_finding_that_rests_on_another(case: Case) -> None:
    before = as_it_is(case)
    for name, value in list((case.request.get("prefetch") or {}).items()):
        if not isinstance(value, dict) or name in ("patient", "encounter"):
            continue
        request = copied(case)
        lost = {f"{one.get('resourceType')}/{one.get('id')}" for one in map(_resource_of, value.get("entry") or ())}
        failed = {"severity": "error", "code": "exception"}
        request["prefetch"][name] = {"resourceType": "OperationOutcome", "issue": [failed]}
        after = {rule: indicator for rule, indicator, _ in findings(answered(request, case))}
        for rule, indicator, evidence in before:
            if rule in ABOUT_ABSENCE or not evidence or evidence & lost or not WORSE[indicator]:
                continue
            if rule in FOR_A_REASON and any(one.startswith("Condition/") for one in lost):
                continue
            # An INR counts for more where nothing shows that warfarin raised it: worse may take the place of bad.
            worse = any(WORSE[one] > WORSE[indicator] for one in after.values())
            assert rule in after or worse, f"{rule} without {name}"


@each_case
def test_another_day_with_all_dates_moved_changes_no_finding(case: Case) -> None:
    days = 371  # another month, another day of the week
    there, unmovable = moved(case, case.as_of + timedelta(days=days))
    if unmovable:
        return
    before = as_it_is(case)
    assert findings(answered(copy.deepcopy(dict(there.request)), case, days)) == before


@each_case
def test_an_opioid_on_the_list_never_makes_an_answer_milder(case: Case) -> None:
    before = as_it_is(case)
    request = copied(case)
    patient = str(request["context"].get("patientId", "")).removeprefix("Patient/")
    drafts = case.expected.get("cards") and request["context"].get("draftOrders")
    statement = {
        "resourceType": "MedicationStatement",
        "id": "added-oxycodone",
        "status": "active",
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "7804"}],
            "text": "oxycodone",
        },
        "effectiveDateTime": case.as_of.isoformat(),
    }
    statement["patient" if "MedicationOrder" in str(drafts) else "subject"] = {"reference": f"Patient/{patient}"}
    for name, entries in bundles(request):
        if name == "medStatements":
            entries.append({"resource": statement})
            request["prefetch"][name].pop("total", None)
            break
    else:
        return
    after = findings(answered(request, case))
    worst = max((WORSE[indicator] for _, indicator, _ in before), default=0)
    assert max((WORSE[indicator] for _, indicator, _ in after), default=0) >= worst
