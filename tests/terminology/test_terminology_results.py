"""Observations, their answers, and the units of doses and laboratory values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.record import Coding, Concept
from cds_service.terminology.observations import answer_groups, codes_in, observation_group
from cds_service.terminology.systems import INTERPRETATION, LOINC, SNOMED
from cds_service.terminology.units import convert, dimension


def coded(system: str, code: str, text: str = "") -> Concept:
    return Concept((Coding(system, code),), text)


@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("1742-6", "ALT"),
        ("1920-8", "AST"),
        ("24325-3", "panel-hepatic"),
        ("24323-8", "panel-CMP"),
        ("1975-2", "bilirubin-total"),
        ("1751-7", "albumin"),
        ("6301-6", "INR"),
        ("2157-6", "creatine-kinase"),
        ("2106-3", "hCG-qualitative"),
        ("2118-8", "hCG-qualitative"),
        ("19080-1", "hCG-quantitative"),
        ("82810-3", "pregnancy-status"),
        ("11778-8", "estimated-delivery-date"),
        ("11779-6", "estimated-delivery-date"),
        ("11780-4", "estimated-delivery-date"),
        ("63895-7", "breastfeeding-status"),
        ("4537-7", "ESR"),
        ("72514-3", "pain-score"),
        ("2345-7", ""),
    ],
)
def test_the_loinc_codes_that_the_rulebook_names_are_known(code: str, group: str) -> None:
    assert observation_group(coded(LOINC, code)) == group


def test_child_pugh_is_known_by_code_and_by_name() -> None:
    assert observation_group(coded(SNOMED, "3191000175106")) == "child-pugh-score"
    assert observation_group(Concept((), "Child-Pugh class")) == "child-pugh-class"
    assert answer_groups(coded(SNOMED, "710067001")) == {"child-pugh-c"}
    assert answer_groups(Concept((), "Class C")) == {"child-pugh-c"}


def test_a_naloxone_challenge_is_known_by_its_name_and_its_result() -> None:
    assert observation_group(Concept((), "Naloxone challenge test")) == "naloxone-challenge"
    assert observation_group(coded(SNOMED, "1264554000")) == "naloxone-challenge-failed"
    assert answer_groups(Concept((), "signs of withdrawal")) == {"naloxone-challenge-failed"}
    assert answer_groups(Concept((), "passed")) == {"negative"}


def test_the_text_of_an_observation_counts_only_without_a_known_code_and_only_as_a_whole() -> None:
    assert observation_group(Concept((), "ALT (SGPT)")) == "ALT"
    assert observation_group(Concept((), "ALT ordered elsewhere")) == ""
    assert observation_group(coded(LOINC, "1920-8", "ALT")) == "AST"


@pytest.mark.parametrize(
    ("concept", "expected"),
    [
        (coded(LOINC, "LA15173-0"), {"pregnant"}),
        (coded(SNOMED, "77386006"), {"pregnant"}),
        (coded(LOINC, "LA26683-5"), {"not-pregnant"}),
        (coded(SNOMED, "60001007"), {"not-pregnant"}),
        (coded(SNOMED, "146799005"), {"possible-pregnancy"}),
        (coded(LOINC, "LA4489-6"), {"unknown"}),
        (coded(LOINC, "LA6576-8"), {"positive"}),
        (coded(SNOMED, "260385009"), {"negative"}),
        (coded(INTERPRETATION, "POS"), {"positive"}),
        (coded("http://hl7.org/fhir/v2/0078", "NEG"), {"negative"}),
        (coded(LOINC, "LA11884-6"), {"indeterminate"}),
        (Concept((), "POSITIVE"), {"positive"}),
        *((Concept((), text), {"positive"}) for text in ("Weakly positive", "weak positive", "trace positive")),
        *((Concept((), text), {"positive"}) for text in ("faintly positive", "+", "++", "(+)", " + + ", "2+", "Pos +")),
        *((Concept((), text), {"indeterminate"}) for text in ("Borderline", "equivocal", "borderline positive")),
        *((Concept((), text), {"indeterminate"}) for text in ("+/-", "±")),
        (Concept((), "Not detected"), {"negative"}),
        (Concept((), "Non-reactive"), {"negative"}),
        (Concept((), "Detected"), {"positive"}),
        (Concept((), "Pregnant"), {"pregnant"}),
        (Concept((), "Not pregnant"), {"not-pregnant"}),
        (Concept((), "positive for benzodiazepines"), set()),
        (Concept(), set()),
    ],
)
def test_answers_are_read_by_code_else_by_their_exact_words(concept: Concept, expected: set[str]) -> None:
    assert answer_groups(concept) == expected


def test_a_code_decides_where_the_words_beside_it_differ() -> None:
    assert answer_groups(coded(SNOMED, "260385009", "positive")) == {"negative"}


def test_codes_for_prefetch_are_sorted_loinc_codes_of_the_groups_asked_for() -> None:
    assert codes_in("creatine-kinase", "panel-hepatic", "panel-CMP") == ("2157-6", "24323-8", "24325-3")
    assert list(codes_in("ALT", "AST")) == sorted(codes_in("AST", "ALT"))
    assert "1742-6" in codes_in("ALT")
    assert codes_in("naloxone-challenge", "child-pugh-score", "no-such-group") == ()


def test_a_star_stands_for_all_groups_that_begin_so() -> None:
    screens = codes_in("urine-drug-screen-*")
    assert set(codes_in("urine-drug-screen-fentanyl", "urine-drug-screen-opiates")) < set(screens)
    assert not set(screens) & set(codes_in("ALT", "hCG-qualitative"))


def test_the_quick_screens_of_common_opioids_are_known_and_asked_for() -> None:
    assert {"19295-5", "19550-3", "19642-8", "59673-4", "93494-3"} < set(codes_in("urine-drug-screen-*"))


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (4500, "ug", "mg", 4.5),
        (4500, "mcg", "mg", 4.5),
        (4500, "µg", "mg", 4.5),
        (4500, "μg", "mg", 4.5),
        (4.5, "MG", "mg", 4.5),
        (4.5, "mg.", "mg", 4.5),
        (4.5, "g", "mg", 4500),
        (0.0045, "G", "mg", 4.5),
        (2, "ML", "mL", 2),
        (2, "{mL}", "mL", 2),
        (1, "tsp", "mL", 5),
        (3, "{pill}", "{tablet}", 3),
        (3, "{tbl}", "1", 3),
        (3, "TAB", "1", 3),
        (3, "tablet(s)", "1", 3),
        (3, "Capsules", "{capsule}", 3),
        (1, "mg/5 mL", "mg/mL", 0.2),
        (17.1, "umol/L", "mg/dL", 1),
        (1, "mg/dL", "umol/L", 17.1),
        (40, "g/L", "g/dL", 4),
        (3.5, "g/dL", "g/L", 35),
        (268, "IU/L", "U/L", 268),
        (268, "[IU]/L", "U/L", 268),
        (25, "mIU/mL", "[IU]/L", 25),
        (25, "m[IU]/mL", "IU/L", 25),
        (2, "ukat/L", "U/L", 120),
        (1.1, "{INR}", "{INR}", 1.1),
        (1.1, "", "{INR}", 1.1),
        (1.1, "1", "{INR}", 1.1),
        (1.1, "{ratio}", "{INR}", 1.1),
    ],
)
def test_units_are_read_as_records_spell_them(value: float, unit: str, to: str, expected: float) -> None:
    assert convert(value, unit, to) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("unit", "to"),
    [
        ("u", "mg"),
        ("unit", "mg"),
        ("units", "1"),
        ("U", "{tablet}"),
        ("", "mg"),
        ("", "1"),
        ("mg", "mL"),
        ("{tablet}", "mg"),
        ("drops", "mL"),
        ("umol/L", "g/dL"),
        ("mg/dL", "U/L"),
        ("no such unit", "mg"),
        ("mg", "no such unit"),
    ],
)
def test_what_cannot_be_compared_is_not_converted(unit: str, to: str) -> None:
    assert convert(1, unit, to) is None


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("MG", "mass"), ("mL", "volume"), ("{Capsule}", "count"), ("mg/mL", "concentration"), ("u", ""), ("", "")],
)
def test_the_dimension_of_a_unit(unit: str, expected: str) -> None:
    assert dimension(unit) == expected


UNITS = st.sampled_from(
    ["mg", "ug", "g", "mL", "L", "mg/mL", "g/dL", "g/L", "mg/dL", "umol/L", "U/L", "mIU/mL", "{tbl}", "u"]
)


@given(st.floats(1e-6, 1e6), UNITS, UNITS)
def test_a_conversion_can_be_undone(value: float, one: str, other: str) -> None:
    there = convert(value, one, other)
    back = None if there is None else convert(there, other, one)
    assert (there is None) == (back is None)
    assert back is None or back == pytest.approx(value)


@given(st.text(max_size=20))
def test_any_spelling_can_be_asked(spelled: str) -> None:
    assert convert(1, spelled, spelled) in (None, 1)
