"""The walk of adding a rule: `make rule` lays down what belongs together, and the tests name what is missing."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from project_script import script

CHECKOUT = Path(__file__).resolve().parents[2]
NEW = "grapefruit-juice"
ANSWERS = """
import json
from cds_service.cli.cases import case_folders, read_case
from cds_service.content import cards_dir, fixtures_dir
from cds_service.present.knowledge import read_knowledge
from cds_service.present.wording import read_cards
from cds_service.rules import rules

read_knowledge(cards_dir())
cases = [read_case(folder) for folder in case_folders(fixtures_dir() / "%s")]
card = read_cards(cards_dir())["%s"]
print(json.dumps([sorted(rules()), [card.family, card.number], [case.name for case in cases]]))
"""


new_rule = script("new_rule")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with all code, all cards, and one case of each kind for each rule."""
    here = tmp_path_factory.mktemp("walk") / "a checkout"
    junk = shutil.ignore_patterns("__pycache__")
    for name in ("cds_service", "cards", "scripts"):
        shutil.copytree(CHECKOUT / name, here / name, ignore=junk)
    for path in ("setup.cfg", "tests/conftest.py", "tests/rules/test_rules_cards_fixtures.py"):
        (here / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / path, here / path)
    shutil.copytree(CHECKOUT / "tests" / "definitions", here / "tests" / "definitions", ignore=junk)
    for rule in (path for path in (CHECKOUT / "fhir_fixtures").iterdir() if path.is_dir()):
        for kind in ("fires", "silent"):
            for case in sorted(rule.glob(f"{kind}-*"))[:1]:
                shutil.copytree(case, here / "fhir_fixtures" / rule.name / case.name)
    for schema in (CHECKOUT / "fhir_fixtures").glob("*.json"):
        shutil.copy(schema, here / "fhir_fixtures")
    return here


@pytest.fixture
def checkout(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "a checkout"))


def _run(checkout: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_", "CDS_"))}
    environment = {**kept, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *words],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def _laid(checkout: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return _run(checkout, "scripts/new_rule.py", NEW, *options)


def _found(checkout: Path) -> Any:
    done = _run(checkout, "-c", ANSWERS % (NEW, NEW))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _tests(checkout: Path) -> "subprocess.CompletedProcess[str]":
    return _run(checkout, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/rules/test_rules_cards_fixtures.py")


def test_rule_card_and_cases_are_laid_down_and_found_by_the_service(checkout: Path) -> None:
    done = _laid(checkout)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:6] == [
        "cds_service/rules/grapefruit_juice.py",
        "cards/before-you-start/grapefruit-juice.md",
        "fhir_fixtures/grapefruit-juice/fires-example/request.json",
        "fhir_fixtures/grapefruit-juice/fires-example/expected.json",
        "fhir_fixtures/grapefruit-juice/silent-example/request.json",
        "fhir_fixtures/grapefruit-juice/silent-example/expected.json",
    ]
    rules, (family, number), cases = _found(checkout)
    assert NEW in rules
    assert family == "before-you-start"
    assert number == len(rules)
    assert cases == [f"{NEW}/fires-example", f"{NEW}/silent-example"]


def test_family_and_number_can_be_chosen(checkout: Path) -> None:
    assert _laid(checkout, "--family=dose", "--number=77").returncode == 0
    _, card, _ = _found(checkout)
    assert card == ["dose", 77]
    assert "Rule 77:" in (checkout / "cds_service" / "rules" / "grapefruit_juice.py").read_text("utf-8")


def test_a_rule_with_all_three_is_sound_but_for_what_is_to_be_filled_in(checkout: Path) -> None:
    """The three agree at once; what is still to be written is named by the FILL IN marks and by the first case."""
    _laid(checkout)
    done = _tests(checkout)
    assert done.returncode == 0, done.stdout
    marks = [mark for mark in _marks(checkout) if NEW in mark.replace("_", "-")]
    assert {re.sub(r":\d+$", "", mark) for mark in marks} == {
        "cds_service/rules/grapefruit_juice.py",
        "cards/before-you-start/grapefruit-juice.md",
        "fhir_fixtures/grapefruit-juice/fires-example/expected.json",
        "fhir_fixtures/grapefruit-juice/silent-example/expected.json",
    }


@pytest.mark.parametrize(
    ("gone", "test"),
    [
        ("cds_service/rules/grapefruit_juice.py", "test_every_rule_has_a_card_and_every_card_a_rule"),
        ("cards/before-you-start/grapefruit-juice.md", "test_every_rule_has_a_card_and_every_card_a_rule"),
        ("fhir_fixtures/grapefruit-juice", "test_every_rule_has_a_folder_of_cases_and_every_folder_a_rule"),
        ("fhir_fixtures/grapefruit-juice/silent-example", f"stays_silent[{NEW}]"),
    ],
)
def test_a_rule_that_lacks_one_of_the_three_is_named(checkout: Path, gone: str, test: str) -> None:
    _laid(checkout)
    path = checkout / gone
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    done = _tests(checkout)
    assert done.returncode == 1
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert any(test in line for line in failed), done.stdout
    assert NEW in done.stdout


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["opioid-active"], "cds_service/rules/opioid_active.py is there already"),
        ([NEW, "--number=1"], "number 1 belongs to opioid-active"),
        ([NEW, "--family=food"], "there is no family food"),
        (["Grapefruit"], "small letters with hyphens"),
        ([""], "small letters with hyphens"),
    ],
)
def test_what_cannot_be_laid_down_is_refused_and_nothing_is_written(
    checkout: Path, words: list[str], refusal: str
) -> None:
    before = sorted(checkout.rglob("*"))
    done = _run(checkout, "scripts/new_rule.py", *words)
    assert done.returncode == 1
    assert refusal in done.stderr
    assert sorted(checkout.rglob("*")) == before


def test_a_second_time_is_refused(checkout: Path) -> None:
    _laid(checkout)
    again = _laid(checkout)
    assert (again.returncode, "is there already" in again.stderr) == (1, True)


def _marks(checkout: Path) -> list[str]:
    """`path:line` of every place that still has to be written."""
    places = ("cds_service/rules/*.py", "cards/*/*.md", "fhir_fixtures/*/*/expected.json")
    paths = [path for place in places for path in sorted(checkout.glob(place))]
    return [
        f"{path.relative_to(checkout)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if "FILL IN" in line
    ]


def test_nothing_is_left_to_be_filled_in() -> None:
    assert _marks(CHECKOUT) == []


def test_the_shared_patient_of_the_template_is_the_one_of_the_cases() -> None:
    baseline = CHECKOUT / "fhir_fixtures" / "opioid-active" / "silent-c01-baseline" / "request.json"
    template = (new_rule.TEMPLATES / "request.json").read_text("utf-8")
    instance = json.loads(baseline.read_text("utf-8"))["hookInstance"]
    assert json.loads(template.replace("@INSTANCE@", instance)) == json.loads(baseline.read_text("utf-8"))
