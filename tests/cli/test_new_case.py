"""`new-case`: a Bundle and a few answers become a case that replays, and a wrong expectation is not written."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from cds_service.cli import main
from cds_service.cli.cases import read_case
from cds_service.cli.validation import judge

SUBJECT = {"reference": "urn:uuid:ada"}
OXYCODONE = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "7804"}], "text": "oxycodone"}


def bundle(*resources: dict[str, Any], patient: dict[str, Any] | None = None) -> dict[str, Any]:
    """A synthetic patient as generators write one: references by urn."""
    ada = patient or {"resourceType": "Patient", "id": "ada", "gender": "female", "birthDate": "1980-06-15"}
    entries = [{"fullUrl": f"urn:uuid:{one.get('id')}", "resource": one} for one in (ada, *resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def taking(kind: str = "MedicationStatement", **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": "oxy", "status": "active", "subject": SUBJECT, **more}


SINCE = {"effectivePeriod": {"start": "2026-02-01"}}
OPIOID = taking(medicationCodeableConcept=OXYCODONE, **SINCE)
LAB = {
    "resourceType": "Observation",
    "id": "alt",
    "status": "final",
    "subject": SUBJECT,
    "code": {"coding": [{"system": "http://loinc.org", "code": "1742-6"}]},
    "effectiveDateTime": "2026-02-10",
    "valueQuantity": {"value": 22, "unit": "U/L", "system": "http://unitsofmeasure.org", "code": "U/L"},
}
FIRES = ["--rule", "opioid-active", "--fires", "--drug", "naltrexone 1.5 mg capsule", "--as-of", "2026-03-02"]


@pytest.fixture
def make(tmp_path: Path) -> Any:
    def made(value: Any, *arguments: str) -> tuple[int, Path]:
        file = tmp_path / "Ada on oxycodone.json"
        file.write_text(json.dumps(value), "utf-8")
        code = main(["new-case", str(file), "--out", str(tmp_path / "cases"), *arguments])
        return code, tmp_path / "cases"

    return made


@pytest.mark.parametrize("hook", ["order-sign", "order-select", "medication-prescribe"])
def test_a_case_is_written_that_replays_and_is_valid(make: Any, hook: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, cases = make(bundle(OPIOID, LAB), *FIRES, "--hook", hook, "--dose", "1 capsule (1.5 mg) at bedtime")
    assert code == 0
    assert "Patient is on oxycodone" in " ".join(capsys.readouterr().out.split())
    folder = cases / "opioid-active" / "fires-ada-on-oxycodone"
    case = read_case(folder)
    assert case.expected["cards"][0]["leader"] == "opioid-active"
    assert case.expected["cards"][0]["findings"][0]["evidence"] == ["MedicationStatement/oxy"]
    assert case.expected["rulebook"] == "1 fires"
    assert judge(case.request, "request.json", "request").problems == ()
    assert main(["replay", str(cases)]) == 0


def test_lists_that_the_bundle_says_nothing_of_are_empty_and_medications_come_along(make: Any) -> None:
    drug = {"resourceType": "Medication", "id": "pill", "code": OXYCODONE}
    order = taking(
        "MedicationRequest", intent="order", authoredOn="2026-02-25", medicationReference={"reference": "urn:uuid:pill"}
    )
    code, cases = make(bundle(order, drug, LAB), *FIRES, "--name", "By Reference!")
    assert code == 0
    prefetch = read_case(cases / "opioid-active" / "fires-by-reference").request["prefetch"]
    assert [entry["search"]["mode"] for entry in prefetch["medRequests"]["entry"]] == ["match", "include"]
    assert prefetch["medStatements"] == {"resourceType": "Bundle", "type": "searchset", "total": 0}
    assert [entry["resource"]["id"] for entry in prefetch["labs"]["entry"]] == ["alt"]
    assert prefetch["toxLabs"]["total"] == 0
    assert prefetch["patient"]["meta"]["tag"][0]["code"] == "HTEST"


@pytest.mark.parametrize(
    ("resource", "release", "kind"),
    [
        (taking(medicationCodeableConcept=OXYCODONE, taken="y", **SINCE), "STU3", "MedicationRequest"),
        (
            {
                **taking("MedicationOrder", medicationCodeableConcept=OXYCODONE, dateWritten="2026-02-25"),
                "patient": SUBJECT,
                "subject": None,
            },
            "DSTU2",
            "MedicationOrder",
        ),
    ],
)
def test_the_draft_is_of_the_release_of_the_bundle(make: Any, resource: Any, release: str, kind: str) -> None:
    resource = {name: value for name, value in resource.items() if value is not None}
    code, cases = make(bundle(resource), *FIRES)
    assert code == 0
    case = read_case(cases / "opioid-active" / "fires-ada-on-oxycodone")
    assert case.expected["release"] == release
    assert case.request["context"]["draftOrders"]["entry"][0]["resource"]["resourceType"] == kind


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["--rule", "opioid-active", "--silent"], "opioid-active spoke"),
        (["--rule", "pregnancy-current", "--fires"], "pregnancy-current did not speak"),
        (["--rule", "no-rule", "--silent"], "no rule was to"),
    ],
)
def test_what_the_service_does_not_say_is_not_written_as_expected(
    make: Any, changes: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, cases = make(bundle(OPIOID), *FIRES[3:], *changes)
    assert code == 1
    assert not cases.exists()
    assert words in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("value", "arguments", "words"),
    [
        (bundle(OPIOID), FIRES[:2], "not said: --fires or --silent, --drug"),
        (bundle(OPIOID), ["--rule", "no-such-rule", *FIRES[2:]], "there is no rule no-such-rule"),
        (bundle(OPIOID), [*FIRES, "--title", "Too short."], "the title must be a sentence"),
        (bundle(OPIOID), [*FIRES, "--name", "!!!"], "gives no name of a folder"),
        (bundle(OPIOID), [*FIRES, "--patient", "eve"], "no single patient eve"),
        (bundle(OPIOID, {"resourceType": "Patient", "id": "eve"}), FIRES, "2 patients"),
        ({"resourceType": "Bundle"}, FIRES, "0 patients"),
        ([], FIRES, "must hold a JSON object"),
        (bundle(OPIOID), ["--rule", "no-rule", *FIRES[2:]], "a case of no-rule is silent"),
    ],
)
def test_what_cannot_become_a_case_ends_with_2(
    make: Any, value: Any, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, cases = make(value, *arguments)
    assert code == 2
    assert words in capsys.readouterr().err
    assert not cases.exists()


def test_a_case_is_not_overwritten(make: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert make(bundle(OPIOID), *FIRES)[0] == 0
    assert make(bundle(OPIOID), *FIRES)[0] == 2
    assert "is there already" in capsys.readouterr().err


def test_a_bundle_without_its_patient_needs_the_id_and_says_that_there_is_none(make: Any) -> None:
    value = {"resourceType": "Bundle", "entry": [{"resource": {**OPIOID, "subject": {"reference": "Patient/eve"}}}]}
    assert make(value, *FIRES, "--patient", "eve")[0] == 0


def test_what_is_not_given_is_asked_for_at_a_terminal(
    make: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    said = ["opioid-active", "fires", "", "naltrexone 1.5 mg capsule", "at bedtime", "asked", "", "y"]
    monkeypatch.setattr(sys, "stdin", Terminal("\n".join(said) + "\n"))
    code, cases = make(bundle(OPIOID), "--as-of", "2026-03-02")
    assert code == 0
    assert read_case(cases / "opioid-active" / "fires-asked").expected["title"].startswith("An order of naltrexone")
    monkeypatch.setattr(sys, "stdin", Terminal("\n".join([*said[:5], "again", "", "n"]) + "\n"))
    assert make(bundle(OPIOID), "--as-of", "2026-03-02")[0] == 0
    assert not (cases / "opioid-active" / "fires-again").exists()
