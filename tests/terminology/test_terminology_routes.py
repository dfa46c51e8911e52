"""By which route a drug is given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.record import Coding, Concept
from cds_service.terminology import tables
from cds_service.terminology.routes import route_group
from cds_service.terminology.systems import ROUTE, SNOMED

GROUPS = {
    "intramuscular", "intravenous", "subcutaneous", "nasal", "transdermal", "oral", "sublingual-buccal",
    "epidural-intrathecal", "rectal",
}  # fmt: skip


@pytest.mark.parametrize(
    ("system", "code", "group"),
    [
        (SNOMED, "78421000", "intramuscular"),
        (SNOMED, "47625008", "intravenous"),
        (SNOMED, "34206005", "subcutaneous"),
        (SNOMED, "46713006", "nasal"),
        (SNOMED, "26643006", "oral"),
        (SNOMED, "45890007", "transdermal"),
        (SNOMED, "37839007", "sublingual-buccal"),
        (SNOMED, "54471007", "sublingual-buccal"),
        (SNOMED, "404820008", "epidural-intrathecal"),
        (SNOMED, "72607000", "epidural-intrathecal"),
        (SNOMED, "37161004", "rectal"),
        (SNOMED, "6064005", ""),  # topical
        (ROUTE, "IM", "intramuscular"),
        (ROUTE, "IVPUSH", "intravenous"),
        (ROUTE, "SQ", "subcutaneous"),
        (ROUTE, "NASINHL", "nasal"),
        (ROUTE, "TRNSDERM", "transdermal"),
        (ROUTE, "BUC", "sublingual-buccal"),
        (ROUTE, "EPIDURINJ", "epidural-intrathecal"),
        ("http://hl7.org/fhir/v3/RouteOfAdministration", "po", "oral"),
        ("http://terminology.hl7.org/CodeSystem/v2-0162", "SC", "subcutaneous"),
        ("", "IT", "epidural-intrathecal"),
    ],
)
def test_a_route_is_known_by_its_code(system: str, code: str, group: str) -> None:
    assert route_group(Concept((Coding(system, code),))) == group


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("IM", "intramuscular"),
        ("Intramuscular route (qualifier value)", "intramuscular"),
        ("i.v.", "intravenous"),
        ("by mouth", "oral"),
        ("po", "oral"),
        ("P.O. with food", "oral"),
        ("sc", "subcutaneous"),
        ("subcut", "subcutaneous"),
        ("each nostril", "nasal"),
        ("patch to skin", "transdermal"),
        ("under the tongue", "sublingual-buccal"),
        ("per rectum", "rectal"),
        ("oral inhalation", ""),
        ("IV or IM", ""),
        ("take it in the morning", ""),
        ("topical", ""),
        ("", ""),
    ],
)
def test_a_route_is_known_by_its_words(text: str, group: str) -> None:
    assert route_group(Concept((), text)) == group


def test_the_code_decides_where_the_words_say_another_route() -> None:
    assert route_group(Concept((Coding(SNOMED, "78421000"),), "oral")) == "intramuscular"


def test_the_text_comes_before_a_display_and_a_text_that_says_nothing_leaves_it_to_the_display() -> None:
    local = (Coding("urn:local", "17", "Intravenous"),)
    assert route_group(Concept(local, "by mouth")) == "oral"
    assert route_group(Concept(local, "see instructions")) == "intravenous"


def test_every_group_has_a_code_of_both_systems_and_a_word() -> None:
    for system in (SNOMED, ROUTE):
        assert {group for coded, _, _, group in tables.rows("routes.csv") if coded == system} == GROUPS
    assert {group for _, group, _ in tables.rows("route_words.csv")} == GROUPS | {""}


@given(st.text(max_size=20), st.text(max_size=40))
def test_whatever_is_written_the_answer_is_a_group_or_nothing(code: str, text: str) -> None:
    assert route_group(Concept((Coding(ROUTE, code),), text)) in GROUPS | {""}
