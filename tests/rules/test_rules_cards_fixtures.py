"""Rules, cards and fixture folders are the same list, held together by file names alone."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
from definitions.chart import ago, case, statement

from cds_service import rules as room
from cds_service.content import cards_dir, fixtures_dir
from cds_service.definitions.case import Case
from cds_service.present.wording import read_cards
from cds_service.rules import detect_all, rules

MODULES = sorted(path.stem for path in Path(room.__path__[0]).glob("*.py") if path.stem != "__init__")
RULES = [module.replace("_", "-") for module in MODULES]
CARDS = read_cards(cards_dir())

NUMBERS = {
    "opioid-active": 1,
    "opioid-recent-washout": 2,
    "opioid-status-uncertain": 3,
    "opioid-ordered-on-naltrexone": 7,
    "opioid-naltrexone-same-session": 8,
    "opioid-tox-positive": 4,
    "oud-agonist-therapy": 5,
    "oud-history-unverified": 6,
    "pregnancy-current": 9,
    "pregnancy-possible": 10,
    "pregnancy-unknown": 11,
    "pregnancy-ended": 12,
    "breastfeeding": 13,
    "acute-liver-injury": 16,
    "alt-ast-elevated": 17,
    "baseline-lft-missing": 18,
    "esr-baseline-optional": 19,
    "surgery-upcoming": 31,
    "naltrexone-allergy": 32,
    "prior-intolerance-step-down": 33,
    "first-line-not-documented": 34,
    "ldn-followup-due": 37,
    "ldn-stop-continue": 38,
    "cirrhosis-decompensated": 14,
    "cirrhosis-compensated": 15,
    "standard-dose-for-pain": 20,
    "dose-unit-error": 21,
    "dose-above-ldn-range": 22,
    "dosing-frequency": 23,
    "titration-missing": 24,
    "product-strength-mismatch": 25,
    "compounding-required": 26,
    "naltrexone-bupropion-for-pain": 27,
    "er-injectable-for-pain": 28,
    "duplicate-naltrexone": 29,
    "dose-not-checkable": 30,
    "age-under-18": 35,
    "titration-order-set": 36,
    "data-not-checked": 39,
    "opioid-withdrawal": 40,
    "titration-step-too-fast": 41,
}


def test_every_module_is_found_as_a_rule() -> None:
    assert sorted(rules()) == RULES


def test_every_rule_has_a_card_and_every_card_a_rule() -> None:
    assert sorted(CARDS) == RULES


def test_every_rule_has_a_folder_of_cases_and_every_folder_a_rule() -> None:
    folders = sorted(path.name for path in fixtures_dir().iterdir() if path.is_dir() and path.name != "no-rule")
    assert folders == RULES


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_a_case_that_fires_and_a_near_miss_that_stays_silent(rule: str) -> None:
    starts = {path.name.split("-")[0] for path in (fixtures_dir() / rule).iterdir() if path.is_dir()}
    assert starts == {"fires", "silent"}


@pytest.mark.parametrize("module", MODULES)
def test_a_rule_names_its_rulebook_number_and_its_card_has_the_same(module: str) -> None:
    doc = import_module(f"cds_service.rules.{module}").__doc__ or ""
    named = re.match(r"Rule (\d+):", doc)
    assert named, f"{module} must begin with its number in the rulebook"
    assert int(named.group(1)) == CARDS[module.replace("_", "-")].number


def test_the_numbers_are_the_rulebooks() -> None:
    assert {rule: card.number for rule, card in CARDS.items() if rule in NUMBERS} == NUMBERS


def test_no_two_cards_share_a_number() -> None:
    numbers = [card.number for card in CARDS.values()]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_one_function_of_one_case(rule: str) -> None:
    parameters = list(inspect.signature(rules()[rule]).parameters.values())
    assert [parameter.annotation for parameter in parameters] == [Case]


@pytest.mark.parametrize("module", MODULES)
def test_a_rule_finds_only_under_its_own_name(module: str) -> None:
    source = Path(room.__path__[0], f"{module}.py").read_text("utf-8")
    assert re.findall(r'rule="([^"]+)"', source)
    assert set(re.findall(r'rule="([^"]+)"', source)) == {module.replace("_", "-")}


@pytest.mark.parametrize("module", MODULES)
def test_rules_do_not_know_each_other(module: str) -> None:
    source = Path(room.__path__[0], f"{module}.py").read_text("utf-8")
    assert "cds_service.rules" not in source


def test_a_rule_that_breaks_is_named_and_silences_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Case) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(room, "rules", lambda: {**rules(), "opioid-withdrawal": broken})
    findings, faults = detect_all(case(medications=[statement(starts=ago(5))]))
    assert faults == ("opioid-withdrawal",)
    assert "opioid-active" in {finding.rule for finding in findings}
