"""The first glance may say yes in vain; it must never say no to what the value sets would name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.record import Coding, Concept
from cds_service.terminology import tables
from cds_service.terminology.allergies import allergy_groups
from cds_service.terminology.conditions import condition_groups
from cds_service.terminology.drugs import identify
from cds_service.terminology.first_line import first_line_drug
from cds_service.terminology.glance import (
    allergy_glance,
    condition_glance,
    drug_glance,
    observation_glance,
    procedure_glance,
)
from cds_service.terminology.observations import observation_group
from cds_service.terminology.procedures import procedure_groups

GLANCES = {
    "drug": (drug_glance, identify),
    "allergy": (allergy_glance, allergy_groups),
    "condition": (condition_glance, condition_groups),
    "observation": (observation_glance, observation_group),
    "first line": (drug_glance, first_line_drug),
    "procedure": (procedure_glance, procedure_groups),
}
TABLES = {
    "drug": ("opioids.csv", "naltrexone.csv", "anticoagulants.csv"),
    "allergy": ("allergies.csv", "opioids.csv", "naltrexone.csv", "first_line.csv"),
    "condition": ("conditions.csv",),
    "observation": ("observations.csv",),
    "first line": ("first_line.csv",),
    "procedure": ("procedures.csv",),
}
WORDS = {
    "drug": "drug_words.csv",
    "allergy": "allergy_words.csv",
    "condition": "condition_words.csv",
    "observation": "observation_words.csv",
    "first line": "first_line_words.csv",
    "procedure": "procedure_words.csv",
}


ALONE_NO_DRUG = frozenset({"cue", "denied", "no-drug"})
QUALIFIERS = sorted(phrase for phrase, means, *_ in tables.rows("drug_words.csv") if means in ALONE_NO_DRUG)


def as_json(concept: Concept) -> dict[str, object]:
    return {
        "coding": [{"system": one.system, "code": one.code, "display": one.display} for one in concept.codings],
        "text": concept.text,
    }


@pytest.mark.parametrize("kind", GLANCES)
def test_every_code_of_a_value_set_is_seen(kind: str) -> None:
    glance, named = GLANCES[kind][0](), GLANCES[kind][1]
    for name in TABLES[kind]:
        for system, code, *_ in tables.rows(name):
            concept = Concept((Coding(system, code),))
            assert glance.sees(as_json(concept)) or not named(concept), code


@pytest.mark.parametrize("kind", GLANCES)
def test_every_phrase_of_a_value_set_is_seen_in_capitals_and_inside_a_sentence(kind: str) -> None:
    glance = GLANCES[kind][0]()
    for phrase, means, *_ in tables.rows(WORDS[kind]):
        if means not in ALONE_NO_DRUG:
            assert glance.sees({"text": f"Takes {phrase.upper()} daily"}), phrase


@pytest.mark.parametrize("kind", GLANCES)
def test_every_phrase_that_names_something_by_itself_is_seen(kind: str) -> None:
    glance, named = GLANCES[kind][0](), GLANCES[kind][1]
    for phrase, *_ in tables.rows(WORDS[kind]):
        for text in (phrase, f"{phrase} 5 mg oral tablet"):
            assert glance.sees({"text": text}) or not named(Concept((), text)), text


@given(st.lists(st.sampled_from(QUALIFIERS), min_size=1, max_size=5).map(" ".join))
def test_words_that_only_qualify_or_deny_name_no_drug_however_they_are_put_together(text: str) -> None:
    assert identify(Concept((), text)) is None or drug_glance().sees({"text": text})


def test_the_commonest_words_of_a_medication_list_cost_no_reading() -> None:
    assert not drug_glance().sees({"text": "lisinopril 10 mg extended release oral tablet"})
    assert not drug_glance().sees({"text": "acetaminophen 500 mg capsule"})


@pytest.mark.parametrize("code", ["n02aa01", " N02AA01 ", "N02AA01"])
def test_atc_codes_are_seen_in_every_spelling(code: str) -> None:
    coding = Coding("http://www.whocc.no/atc", code)
    assert identify(Concept((coding,))) is not None
    assert drug_glance().sees(as_json(Concept((coding,))))


@pytest.mark.parametrize("code", ["k7460", "K74.60", " K74.60 ", "O09.93", "F11.2"])
def test_icd_codes_are_seen_in_every_spelling(code: str) -> None:
    assert condition_glance().sees({"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]})


@pytest.mark.parametrize("kind", GLANCES)
def test_an_unrelated_concept_is_not_read(kind: str) -> None:
    concept = {
        "coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}],
        "text": "Heart rate",
    }
    assert not GLANCES[kind][0]().sees(concept)


WILD = (
    "naltrexone", "methyl-naltrexone", "Oxycodone", "ER", "pregnant", "cirrhosis", "liver", "naloxone", "challenge",
    "fibromyalgia", "opioid", "withdrawal", "of", "the", "5 mg", "/", "not", "history", "duloxetine", "knee",
    "replacement", "surgery", "follow", "up",
)  # fmt: skip


@given(kind=st.sampled_from(sorted(GLANCES)), text=st.lists(st.sampled_from(WILD), max_size=6).map(" ".join))
def test_whatever_a_text_names_is_seen(kind: str, text: str) -> None:
    glance, named = GLANCES[kind][0](), GLANCES[kind][1]
    for concept in (Concept((), text), Concept((Coding("urn:x", "zzz", text),))):
        assert glance.sees(as_json(concept)) or not named(concept)
