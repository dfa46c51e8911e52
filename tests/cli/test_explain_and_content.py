"""`call --explain` and `check-content` as a person meets them."""

import json
from pathlib import Path

import pytest

from cds_service.cli import main
from cds_service.content import cards_dir
from cds_service.hooks.response import check_response
from cds_service.rules import rules

OXYCODONE = "opioid-active/fires-c02-oxycodone-statement-active"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CDS_CARDS_DIR", "CDS_SITE_FILE", "CDS_EXPLAIN", "CDS_TIMEZONE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "110")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    file = tmp_path / "site.toml"
    file.write_text('[rules]\nopioid-active = { mode = "off", reason = "trial run" }\n', "utf-8")
    return file


def test_explain_names_every_rule_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", OXYCODONE, "--explain"]) == 0
    shown = capsys.readouterr().out
    assert [rule for rule in rules() if f" {rule} " not in shown] == []
    assert "MedicationStatement/oxycodone (starts 2025-08-14)" in shown
    assert "no opioid draft judged" in shown
    assert "hidden info" in shown


def test_without_explain_nothing_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", OXYCODONE]) == 0
    assert "no opioid draft judged" not in capsys.readouterr().out


def test_explain_as_json_is_the_answer_with_its_extension(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["call", OXYCODONE, "--explain", "--json"]) == 0
    answer = json.loads(capfdbinary.readouterr().out)
    check_response(answer)
    assert {one["id"] for one in answer["extension"]["org.ldn-cds"]["explain"]["rules"]} == set(rules())


def test_explain_says_so_where_nothing_concerns_this_service(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", "no-rule/silent-imaging", "--explain"]) == 0
    assert "the record was not read" in " ".join(capsys.readouterr().out.split())


def test_check_content_of_what_was_shipped_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-content"]) == 0
    shown = capsys.readouterr().out
    assert f"{len(rules())} cards (0 signed)" in shown
    assert "Knowledge version" in shown


def test_check_content_tells_what_a_site_changes(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-content", "--site", str(site)]) == 0
    assert "site, lowers an opioid check: rule opioid-active is off (trial run)" in capsys.readouterr().out


def test_check_content_of_a_slip_ends_with_2_and_names_the_place(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write_text('[rules]\nopioid-active = { mode = "of", reason = "trial run" }\n', "utf-8")
    assert main(["check-content", "--site", str(site)]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("cds-service check-content: site.toml: line 2: rules.opioid-active.mode: must be")
    assert said.out == ""


def test_check_content_looks_at_another_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-content", "--cards", str(tmp_path / "nowhere")]) == 2
    assert "the cards folder does not exist" in capsys.readouterr().err
    assert main(["check-content", "--cards", str(cards_dir())]) == 0


def test_the_site_file_of_the_settings_is_used_by_a_call(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CDS_SITE_FILE", str(site))
    assert main(["call", OXYCODONE]) == 0
    assert "opioid-active" not in capsys.readouterr().out
