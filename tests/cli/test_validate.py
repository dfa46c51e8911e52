"""`validate`: what is wrong with a file is found, all of it, and its place is named."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.cli import main
from cds_service.cli.asking import here
from cds_service.cli.cases import located, read_case
from cds_service.cli.validation import Judged, judge, judge_file
from cds_service.content import fixtures_dir
from cds_service.hooks.services import discovery
from cds_service.settings import Settings

OXYCODONE = "opioid-active/fires-c02-oxycodone-statement-active"
REQUEST = read_case(located(OXYCODONE)).request


def request(**changes: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(REQUEST))
    return {**copy, **changes}


def places(value: Any, kind: str = "", release: str = "") -> dict[str, str]:
    judged = judge(value, "x.json", kind or "request", release)
    return {problem.path: problem.text for problem in judged.problems if problem.severity == "error"}


def test_a_shipped_case_is_valid_with_all_its_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(fixtures_dir() / OXYCODONE)]) == 0
    assert capsys.readouterr().out.endswith("2 valid, 0 not valid\n")


def test_every_answer_and_the_discovery_of_this_service_are_valid() -> None:
    ask = here(Settings())
    answer = {"cards": list(ask(read_case(located(OXYCODONE))).cards)}
    assert judge(answer, "x", "response").problems == ()
    assert judge(discovery(), "x", "discovery").problems == ()


@pytest.mark.parametrize(
    ("value", "place", "words"),
    [
        (request(hookInstance="1"), "hookInstance", "must be a UUID"),
        ({"hook": "order-sign"}, "hookInstance", "is required"),
        (request(fhirServer="ftp://x"), "fhirServer", "http"),
        (request(context={"patientId": "a"}), "context.userId", "is required"),
        (
            request(fhirAuthorization={"access_token": "a b", "token_type": "x"}),
            "fhirAuthorization.token_type",
            "Bearer",
        ),
        (request(context={**REQUEST["context"], "draftOrders": 7}), "context.draftOrders", "must be a Bundle"),
    ],
)
def test_a_slip_in_a_call_is_named_with_its_place(value: Any, place: str, words: str) -> None:
    found = places(value)
    assert words in found[place]


def test_all_slips_are_named_not_only_the_first() -> None:
    assert set(places({"hook": 7, "hookInstance": "1", "context": []})) == {"hook", "hookInstance", "context"}


def test_a_resource_is_held_against_the_model_of_its_release() -> None:
    call = request()
    order = call["context"]["draftOrders"]["entry"][0]["resource"]
    order["intent"] = "wish"
    order["unheardOf"] = True
    del order["subject"]
    call["prefetch"]["patient"]["birthDate"] = "yesterday"
    found = places(call)
    start = "context.draftOrders.entry[0].resource"
    assert set(found) == {f"{start}.intent", f"{start}.unheardOf", f"{start}.subject", "prefetch.patient.birthDate"}
    assert found[f"{start}.subject"] == "is required"


@pytest.mark.parametrize("release", ["R4", "STU3", "R5", "DSTU2"])
def test_the_release_may_be_told(release: str) -> None:
    order = {"resourceType": "MedicationOrder", "patient": {"reference": "Patient/x"}, "status": "draft"}
    order["medicationCodeableConcept"] = {"text": "x"}  # type: ignore[assignment]
    wrong = places(order, "resource", release)
    assert (wrong == {}) is (release == "DSTU2")


def test_what_dstu2_has_no_model_for_is_told_not_passed_over() -> None:
    call = read_case(next(iter(fixtures_dir().glob("*/*dstu2*")))).request
    judged = judge(call, "x", "request")
    assert judged.release == "DSTU2"
    assert "Patient" in judged.unjudged


def test_feedback_is_judged_entry_by_entry() -> None:
    good = {"card": "a", "outcome": "overridden", "outcomeTimestamp": "2026-03-02T10:00:00Z"}
    assert places({"feedback": [good]}, "feedback") == {}
    bad = [good, {**good, "outcome": "ignored", "card": 7}, {**good, "outcomeTimestamp": "2026-02-30T10:00:00Z"}]
    found = places({"feedback": bad}, "feedback")
    assert set(found) == {"feedback[1].card", "feedback[1].outcome", "feedback[2].outcomeTimestamp"}
    assert set(places({"feedback": []}, "feedback")) == {"feedback"}


def test_what_only_this_project_asks_of_an_answer_is_a_warning() -> None:
    card = {"summary": "x", "indicator": "info", "source": {"label": "x"}}
    judged = judge({"cards": [card], "systemActions": []}, "x", "response")
    assert judged.valid
    assert {problem.path for problem in judged.problems} == {"", "cards[0].uuid", "cards[0].source.topic"}
    wrong = judge({"cards": [{**card, "indicator": "fatal", "summary": "x" * 140}]}, "x", "response")
    errors = {problem.path for problem in wrong.problems if problem.severity == "error"}
    assert errors == {"cards[0].indicator", "cards[0].summary"}


def test_resources_in_the_suggestions_of_an_answer_are_judged() -> None:
    action = {"type": "create", "description": "x", "resource": {"resourceType": "ServiceRequest", "intent": "order"}}
    card = {"summary": "x", "indicator": "info", "source": {"label": "x"}, "selectionBehavior": "any"}
    found = places({"cards": [{**card, "suggestions": [{"label": "x", "actions": [action]}]}]}, "response")
    start = "cards[0].suggestions[0].actions[0].resource"
    assert set(found) == {f"{start}.subject"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "not strict JSON"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b"{}", "nothing that CDS Hooks or FHIR sends"),
        (b"[]", "nothing that CDS Hooks or FHIR sends"),
        (b'{"resourceType": "Nonsense"}', "is no resource type of R4"),
        (b'{"resourceType": "os.path"}', "is no resource type of R4"),
    ],
)
def test_what_is_no_file_of_any_kind_ends_with_1(
    content: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file.json"
    file.write_bytes(content)
    assert main(["validate", str(file)]) == 1
    assert words in capsys.readouterr().out


def test_a_folder_without_files_or_none_at_all_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(tmp_path)]) == 2
    assert main(["validate", str(tmp_path / "nowhere")]) == 2
    assert "no JSON file is in" in capsys.readouterr().err


def test_the_result_as_json_names_file_kind_release_and_places(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "call.json"
    file.write_text(json.dumps(request(hookInstance="1")), "utf-8")
    assert main(["validate", str(file), "--json"]) == 1
    told = json.loads(capfdbinary.readouterr().out)
    assert (told["valid"], told["invalid"]) == (0, 1)
    [row] = told["files"]
    assert (row["kind"], row["release"], row["valid"]) == ("request", "R4", False)
    assert row["problems"] == [
        {"path": "hookInstance", "text": "hookInstance must be a UUID.", "by": "wire", "severity": "error"}
    ]


def test_the_case_files_of_every_rule_are_of_their_shapes() -> None:
    for file in sorted(fixtures_dir().glob("*/*/expected.json"))[::25]:
        assert judge_file(file).valid, file


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "resourceType",
                    "entry",
                    "resource",
                    "cards",
                    "feedback",
                    "context",
                    "prefetch",
                    "status",
                    "code",
                    "type",
                ]
            )
            | st.text(max_size=4),
            parts,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(json_values, st.sampled_from(["request", "response", "feedback", "discovery", "expected", "server", "resource"]))
def test_whatever_stands_in_a_file_is_judged_without_a_crash(value: Any, kind: str) -> None:
    assert isinstance(judge(value, "x", kind), Judged)
