"""Calls as each kind of client sends them, and the whole answer, through the command that a tester would use."""

import json
from pathlib import Path
from typing import Any

import pytest

from cds_service.cli import main
from cds_service.profiles import profile_names

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path for path in GOLDEN.iterdir() if path.is_dir())


def answered(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    profile = folder.name.split("-", 1)[0]
    assert main(["call", str(folder), "--profile", profile, "--today", "2026-03-02", "--json"]) == 0
    body: dict[str, Any] = json.loads(capsys.readouterr().out)
    return body


def without_version(body: dict[str, Any]) -> dict[str, Any]:
    """The digest changes with every word of every card."""
    for card in body["cards"]:
        card["extension"]["org.ldn-cds"]["knowledgeVersion"] = ""
    return body


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_the_answer_is_the_one_on_file(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("CDS_PROFILE", "CDS_BASE_URL", "CDS_PORT", "CDS_TIMEZONE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("CDS_PATIENT_VIEW", "on")
    expected = json.loads((folder / "answer.json").read_text("utf-8"))
    assert without_version(answered(folder, capsys)) == without_version(expected)


def test_every_profile_has_a_golden_call() -> None:
    assert {folder.name.split("-", 1)[0] for folder in CASES} == set(profile_names())


def test_an_unknown_profile_is_named_with_those_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", str(CASES[0]), "--profile", "nobody"]) == 2
    assert "standard" in capsys.readouterr().err
