"""The CSVs themselves: shape, check digits, codes that exist, and no code on two sides."""

import csv
import importlib
import re
import warnings
from collections import Counter
from pathlib import Path

import pytest

from cds_service.record import Concept
from cds_service.terminology.drugs import identify
from cds_service.terminology.systems import ATC, ICD10, ICD10CM, LOINC, RXNORM, SNOMED

FOLDER = Path(__file__).parents[2] / "cds_service" / "terminology"
CODED = [
    "allergies.csv",
    "anticoagulants.csv",
    "conditions.csv",
    "first_line.csv",
    "naltrexone.csv",
    "observations.csv",
    "opioids.csv",
    "procedures.csv",
    "routes.csv",
]
WORDED = {
    "allergy_words.csv": "phrase",
    "condition_words.csv": "phrase",
    "drug_words.csv": "word",
    "first_line_words.csv": "word",
    "observation_words.csv": "text",
    "route_words.csv": "phrase",
    "procedure_words.csv": "phrase",
    "units.csv": "spelled",
}

Rows = list[dict[str, str]]

# The dihedral group D5 and the permutation of Verhoeff's check digit, as SNOMED CT uses it.
D5 = [[(i + j) % 5 if j < 5 else 5 + (i + j) % 5 for j in range(10)] for i in range(5)] + [
    [5 + (i - j) % 5 if j < 5 else (i - j) % 5 for j in range(10)] for i in range(5, 10)
]
PERMUTATION = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]


def rows(name: str) -> Rows:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def verhoeff(code: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(code)):
        value = int(digit)
        for _ in range(place % 8):
            value = PERMUTATION[value]
        total = D5[total][value]
    return total == 0


def luhn(code: str) -> bool:
    """LOINC: mod 10 over the number before the hyphen, every second digit from the right doubled."""
    number, check = code.split("-")
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 - place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return (10 - total % 10) % 10 == int(check)


def all_codes(system: str) -> set[str]:
    return {row["code"] for name in CODED for row in rows(name) if row["system"] == system}


def codes_where(name: str, **wanted: str) -> set[tuple[str, str]]:
    return {
        (row["system"], row["code"])
        for row in rows(name)
        if all(value in row[column].split(";") for column, value in wanted.items())
    }


def test_the_check_digit_functions_know_right_from_wrong() -> None:
    assert verhoeff("373546002")
    assert not verhoeff("373546005")
    assert luhn("1742-6")
    assert not luhn("1742-5")


@pytest.mark.parametrize("name", CODED)
def test_every_line_has_system_code_and_display_and_all_its_cells(name: str) -> None:
    for row in rows(name):
        assert row["system"].startswith("http")
        assert row["code"] == row["code"].strip() != ""
        assert row["display"] == row["display"].strip() != ""
        assert None not in row
        assert None not in row.values()


@pytest.mark.parametrize("name", CODED)
def test_a_code_stands_on_one_line(name: str) -> None:
    counted = Counter((row["system"], row["code"], row.get("kind", "")) for row in rows(name))
    assert [key for key, count in counted.items() if count > 1] == []


@pytest.mark.parametrize("name", [*CODED, *WORDED])
def test_the_lines_are_sorted(name: str) -> None:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))[1:]
    assert lines == sorted(lines)


@pytest.mark.parametrize(("name", "column"), WORDED.items())
def test_words_are_written_as_they_are_matched(name: str, column: str) -> None:
    for row in rows(name):
        assert row[column] == row[column].casefold().strip() != ""


def test_every_snomed_code_passes_its_check_digit() -> None:
    codes = all_codes(SNOMED)
    assert len(codes) > 1000
    assert [code for code in sorted(codes) if not verhoeff(code)] == []


def test_every_loinc_code_passes_its_check_digit() -> None:
    """Answer codes (LA...) do not reckon their digit from the number alone: of those only the shape."""
    codes = {code for code in all_codes(LOINC) if not code.startswith("LA")}
    assert len(codes) > 100
    assert all(re.fullmatch(r"LA\d{4,5}-\d", code) for code in all_codes(LOINC) - codes)
    assert [code for code in sorted(codes) if not luhn(code)] == []


def test_rxnorm_codes_are_numbers_and_atc_codes_have_seven_characters() -> None:
    assert all(code.isdigit() for code in all_codes(RXNORM))
    assert all(len(code) == 7 and code.isalnum() and code == code.upper() for code in all_codes(ATC))


def test_every_icd_10_cm_code_exists_with_its_official_name() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the package's own resource reading
        icd = importlib.import_module("simple_icd_10_cm")
    ours = [row for row in rows("conditions.csv") if row["system"] == ICD10CM]
    assert len(ours) > 300
    for row in ours:
        assert icd.is_valid_item(row["code"]), row
        assert icd.get_description(row["code"]) == row["display"]
        if row["match"] == "exact":
            assert icd.is_leaf(row["code"]), row
        else:
            assert icd.is_category(row["code"]) or icd.is_subcategory(row["code"]), row


def test_conditions_are_matched_exactly_or_by_icd_prefix() -> None:
    for row in rows("conditions.csv"):
        assert row["match"] == "exact" or (row["match"] == "prefix" and row["system"] in (ICD10CM, ICD10))


def test_no_drug_code_is_on_two_sides() -> None:
    opioids, naltrexone = codes_where("opioids.csv"), codes_where("naltrexone.csv")
    anticoagulants = codes_where("anticoagulants.csv")
    assert not opioids & naltrexone
    assert not anticoagulants & (opioids | naltrexone)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pregnancy", "pregnancy-ended-delivery"),
        ("pregnancy", "pregnancy-ended-abortive"),
        ("pregnancy", "not-pregnant"),
        ("pregnancy", "pregnancy-test-positive"),
        ("pregnancy", "pregnancy-possible"),
        ("pregnancy", "pregnancy-planning"),
        ("pregnancy", "postpartum"),
        ("pregnancy-ended-delivery", "pregnancy-ended-abortive"),
        ("cirrhosis", "primary-biliary-cholangitis"),
        ("cirrhosis", "liver-disease-other"),
        ("cirrhosis", "liver-transplant"),
        ("acute-liver-injury", "chronic-hepatitis"),
        ("acute-liver-injury", "decompensation-standalone"),
        ("opioid-use-disorder", "opioid-use-disorder-remission"),
        ("alcohol-use-disorder", "alcohol-use-disorder-remission"),
        ("opioid-withdrawal", "naloxone-challenge-failed"),
        ("other-ldn-use", "ibd"),
    ],
)
def test_no_condition_code_is_in_two_sets_that_exclude_each_other(one: str, other: str) -> None:
    first, second = codes_where("conditions.csv", group=one), codes_where("conditions.csv", group=other)
    assert first
    assert second
    assert not first & second


def test_no_answer_code_says_two_things() -> None:
    counted = Counter((row["system"], row["code"]) for row in rows("observations.csv") if row["kind"] == "answer")
    assert set(counted.values()) == {1}


def test_a_denied_word_is_never_a_drug() -> None:
    meanings: dict[str, set[str]] = {}
    for row in rows("drug_words.csv"):
        meanings.setdefault(row["word"], set()).add(row["means"])
    refused = {"denied", "no-drug"}
    assert [word for word, means in meanings.items() if means & refused and len(means) > 1] == []


def test_every_brand_of_the_opioid_products_is_a_word_but_for_those_left_out_on_purpose() -> None:
    """The names in brackets of `opioids.csv`: 780 in 2026, of which 12 would match by accident."""
    branded = [row for row in rows("opioids.csv") if row["washout"] != "not-counted" and "[" in row["display"]]
    brands = {brand for row in branded for brand in re.findall(r"\[([^\]]+)\]", row["display"])}
    assert len(brands) > 600
    unknown = {brand for brand in brands if identify(Concept((), brand)) is None}
    assert {brand.partition(" Reformulated")[0].casefold().replace("-", " ") for brand in unknown} <= {
        "allay", "c tussin", "coldcough", "hist plus", "m clear", "m end", "max hc", "protex", "rid a pain", "rms",
        "rolatuss", "vanacof", "vortex",
    }  # fmt: skip


def test_every_washout_is_one_that_the_rulebook_names() -> None:
    washouts = {"short-acting", "long-acting", "two-week", "depot", "kind-unknown"}
    assert {row["washout"] for row in rows("opioids.csv")} <= washouts | {"not-counted"}
    assert {row["washout"] for row in rows("drug_words.csv") if row["means"].startswith("opioid")} <= washouts


def test_every_product_of_methadone_and_buprenorphine_takes_two_weeks_or_more() -> None:
    for row in rows("opioids.csv"):
        if row["name"] in ("methadone", "buprenorphine"):
            assert row["washout"] in ("two-week", "depot")


def test_no_extended_release_product_is_short_acting() -> None:
    for row in rows("opioids.csv"):
        if "extended release" in row["display"].casefold() or "transdermal system" in row["display"].casefold():
            assert row["washout"] != "short-acting", row
