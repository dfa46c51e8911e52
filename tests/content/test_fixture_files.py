"""The fixtures themselves: shape, spelling and honesty of every case, whoever wrote it.

Nothing here judges what the service answers. It keeps the cases readable and comparable, so that a failing case means a
disagreement about medicine and not a slip of the pen.
"""

import csv
import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

CHECKOUT = Path(__file__).resolve().parents[2]
FIXTURES = CHECKOUT / "fhir_fixtures"
VALUE_SETS = CHECKOUT / "cds_service" / "terminology"

CASES = sorted(folder for folder in FIXTURES.glob("*/*") if folder.is_dir())
RULES = sorted(folder.name for folder in FIXTURES.iterdir() if folder.is_dir() and folder.name != "no-rule")

each_case = pytest.mark.parametrize("case", CASES, ids=lambda folder: f"{folder.parent.name}/{folder.name}")

# What a release does not have. Resource types first, then elements by resource type ("*": any of ours).
FOREIGN_TYPES = {
    "R4": {"MedicationOrder", "ProcedureRequest"},
    "STU3": {"MedicationOrder", "ServiceRequest"},
    "DSTU2": {"MedicationRequest", "ServiceRequest"},
    "R5": {"MedicationOrder", "ProcedureRequest", "DiagnosticOrder"},
}
FOREIGN_ELEMENTS = {
    "R4": {"wasNotTaken", "wasNotGiven", "taken", "dateWritten", "reasonCodeableConcept", "effectiveTimeDateTime"},
    "STU3": {"wasNotTaken", "wasNotGiven", "dateWritten", "reasonCodeableConcept", "effectiveTimeDateTime"},
    "DSTU2": {"taken", "authoredOn", "reasonCode", "recordedDate"},
    "R5": {"wasNotTaken", "taken", "dateWritten", "reasonCode", "medicationCodeableConcept", "medicationReference"},
}
FOREIGN_DOSE_WORDS = {
    "R4": {"periodUnits", "quantityQuantity"},
    "STU3": {"periodUnits", "quantityQuantity", "doseAndRate"},
    "DSTU2": {"periodUnit", "doseAndRate"},
    "R5": {"periodUnits", "quantityQuantity", "asNeededBoolean", "asNeededCodeableConcept"},
}
MEDICATION_RECORDS = {
    "MedicationStatement",
    "MedicationRequest",
    "MedicationOrder",
    "MedicationDispense",
    "MedicationAdministration",
}
# Lines on another rule's card: never findings of their own (rulebook b.3).
ITEMS = {"compounding-required", "esr-baseline-optional"}
# Answers that are wrong on purpose live here, so release spelling and names of drugs are not asked of them.
BROKEN_ON_PURPOSE = "data-not-checked"


def load(case: Path, name: str) -> Any:
    return json.loads((case / name).read_text(encoding="utf-8"))


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object inside a value, the value itself included."""
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from walk(part)
    elif isinstance(value, list):
        for part in value:
            yield from walk(part)


def resources(value: Any) -> Iterator[dict[str, Any]]:
    return (part for part in walk(value) if isinstance(part.get("resourceType"), str))


def everything(case: Path) -> Iterator[dict[str, Any]]:
    """Every resource of a case: in the request, and in what its record server would answer."""
    yield from resources(load(case, "request.json"))
    if (case / "server.json").exists():
        yield from resources(load(case, "server.json"))


@cache
def known_codes() -> frozenset[str]:
    """Codes of the project's own value sets."""
    codes: set[str] = set()
    for path in VALUE_SETS.rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            codes.update(row["code"] for row in csv.DictReader(lines) if row.get("code"))
    return frozenset(codes)


def schema(name: str) -> Draft202012Validator:
    definition = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(definition)
    return Draft202012Validator(definition)


EXPECTED = schema("expected.schema.json")
SERVER = schema("server.schema.json")


@each_case
def test_a_case_is_a_request_and_what_is_expected_and_nothing_else(case: Path) -> None:
    names = {path.name for path in case.iterdir()}
    assert {"request.json", "expected.json"} <= names <= {"request.json", "expected.json", "server.json"}


@each_case
def test_the_expectation_has_the_agreed_shape(case: Path) -> None:
    assert [error.message for error in EXPECTED.iter_errors(load(case, "expected.json"))] == []


@each_case
def test_the_server_answers_have_the_agreed_shape(case: Path) -> None:
    if (case / "server.json").exists():
        answers = load(case, "server.json")
        assert [error.message for error in SERVER.iter_errors(answers)] == []
        assert answers["base"] == load(case, "request.json")["fhirServer"].rstrip("/")


@each_case
def test_the_name_of_a_case_says_fires_or_silent(case: Path) -> None:
    assert re.fullmatch(r"(fires|silent)-[a-z0-9]+(-[a-z0-9]+)*", case.name)
    assert case.parent.name != "no-rule" or case.name.startswith("silent-")


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_case_that_fires_and_one_that_stays_silent(rule: str) -> None:
    starts = {folder.name.split("-", 1)[0] for folder in (FIXTURES / rule).iterdir()}
    assert {"fires", "silent"} <= starts


@each_case
def test_a_case_that_fires_shows_its_rule_and_a_silent_one_does_not(case: Path) -> None:
    shown = [
        f for card in load(case, "expected.json")["cards"] for f in card["findings"] if f["rule"] == case.parent.name
    ]
    if case.parent.name in ITEMS:
        cards = load(case, "expected.json")["cards"]
        assert shown == []
        assert case.name.startswith("silent-") or any("says" in card or "suggestions" in card for card in cards)
    elif case.name.startswith("fires-"):
        assert shown
    elif case.parent.name == "titration-order-set":
        assert shown == []
    else:  # a near-miss may leave a line of information under its rule's name (rulebook b.3)
        assert [finding for finding in shown if finding["indicator"] != "info"] == []


@each_case
def test_an_unrelated_patient_gets_no_card_at_all(case: Path) -> None:
    if case.parent.name == "no-rule":
        assert load(case, "expected.json")["cards"] == []


@each_case
def test_every_rule_that_is_expected_has_a_folder_of_cases(case: Path) -> None:
    expected = load(case, "expected.json")
    assert {finding["rule"] for card in expected["cards"] for finding in card["findings"]} <= set(RULES)


@each_case
def test_a_card_leads_with_its_first_finding_and_takes_the_highest_indicator(case: Path) -> None:
    ladder = ["info", "warning", "critical"]
    for card in load(case, "expected.json")["cards"]:
        assert card["leader"] == card["findings"][0]["rule"]
        assert card["indicator"] == max((finding["indicator"] for finding in card["findings"]), key=ladder.index)


@each_case
def test_an_expectation_does_not_contradict_itself(case: Path) -> None:
    expected = load(case, "expected.json")
    shown = {finding["rule"] for card in expected["cards"] for finding in card["findings"]}
    assert shown.isdisjoint(expected["never"])
    for card in expected["cards"]:
        assert card.get("recommended") in [None, *card.get("suggestions", [card.get("recommended")])]
        if "override_reasons" in card:
            assert card["override_reasons"][-1:] == ["other"]
            assert card["indicator"] != "info"


@each_case
def test_evidence_names_a_record_that_the_case_holds(case: Path) -> None:
    held = {f"{resource['resourceType']}/{resource.get('id')}" for resource in everything(case)}
    for card in load(case, "expected.json")["cards"]:
        for finding in card["findings"]:
            assert set(finding.get("evidence", [])) <= held


@each_case
def test_the_day_of_a_case_exists(case: Path) -> None:
    assert date.fromisoformat(load(case, "expected.json")["as_of"])


@each_case
def test_a_request_is_a_call_of_one_of_the_order_hooks(case: Path) -> None:
    request = load(case, "request.json")
    assert request["hook"] in {"order-select", "order-sign", "medication-prescribe"}
    assert str(uuid.UUID(request["hookInstance"])) == request["hookInstance"]
    assert {"userId", "patientId"} <= request["context"].keys()


def test_no_two_cases_share_a_hook_instance() -> None:
    instances = Counter(load(case, "request.json")["hookInstance"] for case in CASES)
    assert [instance for instance, times in instances.items() if times > 1] == []


def test_no_two_cases_share_a_title() -> None:
    titles = Counter(load(case, "expected.json")["title"] for case in CASES)
    assert [title for title, times in titles.items() if times > 1] == []


@each_case
def test_every_patient_is_marked_as_test_data(case: Path) -> None:
    for resource in everything(case):
        if resource["resourceType"] == "Patient":
            tags = {tag.get("code") for tag in resource.get("meta", {}).get("tag", [])}
            assert "HTEST" in tags, resource.get("id")


@each_case
def test_resources_are_spelled_as_their_release_spells_them(case: Path) -> None:
    if case.parent.name == BROKEN_ON_PURPOSE:
        return
    release = load(case, "expected.json")["release"]
    for resource in everything(case):
        kind = resource["resourceType"]
        assert kind not in FOREIGN_TYPES[release], kind
        assert FOREIGN_ELEMENTS[release].isdisjoint(resource) or kind not in MEDICATION_RECORDS, resource.get("id")
        if kind in MEDICATION_RECORDS:
            written = {word for part in walk(resource) for word in part}
            assert FOREIGN_DOSE_WORDS[release].isdisjoint(written), resource.get("id")
            assert ("patient" in resource) == (release == "DSTU2"), resource.get("id")
            assert ("subject" in resource) == (release != "DSTU2"), resource.get("id")
        if kind == "MedicationStatement" and release == "STU3":
            assert resource.get("taken") in {"y", "n", "unk", "na"}, resource.get("id")
        if kind == "Condition" and "clinicalStatus" in resource:
            coded = isinstance(resource["clinicalStatus"], dict)
            assert coded == (release in ("R4", "R5")), resource.get("id")
        if kind == "MedicationStatement" and release == "R5":
            assert resource["status"] in {"recorded", "entered-in-error", "draft"}, resource.get("id")


@each_case
def test_every_code_has_its_name_beside_it_or_is_in_a_value_set(case: Path) -> None:
    if case.parent.name == BROKEN_ON_PURPOSE:
        return
    known = known_codes()
    named = MEDICATION_RECORDS | {"Condition", "Observation", "Medication"}
    for resource in everything(case):
        if resource["resourceType"] not in named:
            continue
        for element in ("code", "medicationCodeableConcept", "medication"):
            concept = resource.get(element)
            if element == "medication" and isinstance(concept, dict):
                concept = concept.get("concept")
            for coding in concept.get("coding", []) if isinstance(concept, dict) else []:
                spoken = coding.get("display") or concept.get("text")
                assert spoken or coding.get("code") in known, (resource.get("id"), coding)


@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.json")), ids=lambda path: str(path.relative_to(FIXTURES)))
def test_json_files_are_plain_and_tidy(path: Path) -> None:
    text = path.read_bytes().decode("utf-8")
    assert text.endswith("}\n")
    assert "\r" not in text
    assert "\t" not in text
    assert [line for line in text.split("\n") if line != line.rstrip()] == []
    assert text.startswith('{\n  "')
