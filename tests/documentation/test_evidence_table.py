"""docs/reference/evidence.md: every statement has an answer, and the page is what the script writes today."""

import copy
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from project_script import script

CHECKOUT = Path(__file__).resolve().parents[2]


evidence = script("write_evidence")
TABLE = evidence.read_table()


def _with(statement: str, **fields: Any) -> Any:
    """The table with some fields of one statement changed; a field that is None is taken away."""
    statements = copy.deepcopy(dict(TABLE.statements))
    changed = {**statements[statement], **fields}
    statements[statement] = {name: value for name, value in changed.items() if value is not None}
    return replace(TABLE, statements=statements)


def test_every_statement_has_an_answer() -> None:
    assert evidence.complaints(TABLE) == []


def test_the_page_is_what_the_script_writes_today() -> None:
    assert evidence.PAGE.read_text("utf-8") == evidence.page(TABLE), "run scripts/write_evidence.py"


def test_all_numbers_of_the_rulebook_are_on_the_page() -> None:
    text = evidence.PAGE.read_text("utf-8")
    assert re.findall(r"^\| (S\d+) \(", text, re.MULTILINE) == [f"S{number}" for number in range(1, 86)]
    assert re.findall(r"^\| (D\d+) \|", text, re.MULTILINE) == [f"D{number}" for number in range(1, 16)]


def test_the_negative_trials_are_on_the_page_with_their_sizes() -> None:
    rows = [line for line in evidence.PAGE.read_text("utf-8").splitlines() if "no benefit over placebo shown" in line]
    assert [re.search(r"\| (\d+) \|", row).group(1) for row in rows[:2]] == ["99", "98"]  # type: ignore[union-attr]


def test_a_statement_that_no_rule_answers_any_more_is_named() -> None:
    cards = {rule: replace(card, statements=()) for rule, card in TABLE.cards.items()}
    assert "S27: says RULE and nothing answers it" in evidence.complaints(replace(TABLE, cards=cards))


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"why_no_rule": None}, "S42: says NONE and nothing answers it"),
        ({"why_no_rule": " "}, "S42: no rule answers it, and why_no_rule does not say why"),
        ({"behaviour": []}, "S42: has no behaviour"),
        ({"behaviour": ["OS"]}, "S42: says OS and nothing answers it"),
        ({"behaviour": ["MON"]}, "S42: says MON and nothing answers it"),
        ({"behaviour": ["TEXT"]}, "S42: says TEXT and nothing answers it"),
        ({"behaviour": ["RULES"]}, "S42: behaviour RULES is unknown"),
        ({"rules": ["opioid-activ"]}, "S42: rule opioid-activ has no card"),
        ({"elements": ["reviews.week-5"]}, "S42: the order set has no reviews.week-5"),
        ({"decisions": ["D16"]}, "S42: decision D16 is unknown"),
        ({"trials": ["younger"]}, "S42: trial younger is unknown"),
        ({"why_no_rules": "x"}, "S42: unknown field why_no_rules"),
        (
            {"wording": [{"file": "wording.toml", "text": "words that nobody wrote"}]},
            "S42: wording.toml does not say 'words that nobody wrote'",
        ),
    ],
)
def test_a_statement_without_its_answer_is_named(fields: dict[str, Any], complaint: str) -> None:
    assert complaint in evidence.complaints(_with("S42", **fields))


def test_a_statement_that_is_left_out_is_named() -> None:
    statements = {name: one for name, one in TABLE.statements.items() if name != "S31"}
    assert "S31 is missing" in evidence.complaints(replace(TABLE, statements=statements))


def test_a_card_that_names_an_unknown_statement_is_named_with_its_file() -> None:
    card = TABLE.cards["age-under-18"]
    cards = {**TABLE.cards, "age-under-18": replace(card, statements=("S13", "S99"))}
    assert "dose/age-under-18.md: statements: S99 is unknown" in evidence.complaints(replace(TABLE, cards=cards))


def test_a_variant_that_names_an_unknown_source_is_named() -> None:
    order_set = copy.deepcopy(dict(TABLE.order_set))
    order_set["variants"]["V1"]["sources"].append("D77")
    found = evidence.complaints(replace(TABLE, order_set=order_set))
    assert "order-set/titration.toml: variants.V1: D77 is unknown" in found


def test_a_statement_that_a_card_names_has_to_say_so() -> None:
    card = TABLE.cards["age-under-18"]
    cards = {**TABLE.cards, "age-under-18": replace(card, statements=("S13", "S42"))}
    found = evidence.complaints(replace(TABLE, cards=cards))
    assert "S42: is named by the rule age-under-18 and does not say RULE" in found


def test_nothing_is_written_while_a_statement_lacks_its_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "cards"
    shutil.copytree(CHECKOUT / "cards", folder)
    (folder / "dose" / "naltrexone-bupropion-for-pain.md").unlink()
    (folder / "dose" / "duplicate-naltrexone.md").unlink()
    monkeypatch.setattr(evidence, "PAGE", tmp_path / "evidence.md")
    whole = evidence.read_table
    monkeypatch.setattr(evidence, "read_table", lambda: whole(folder))
    assert evidence.main() == 1
    assert not (tmp_path / "evidence.md").exists()
    assert "S45: says RULE and nothing answers it" in capsys.readouterr().err
