"""A fact says only what is known: where an element was absent, it claims nothing."""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from cds_service import record
from cds_service.record import Coding, Concept, Indicator, Observation, PatientRecord, Quantity

FACTS = [fact for name in record.__all__ if isinstance(fact := getattr(record, name), type) and fact is not Indicator]
# What is assumed of an order or a finding that does not say otherwise.
ASSUMED = {
    ("DraftOrder", "status"): "draft",
    ("DraftOrder", "selected"): True,
    ("DraftOrder", "names_drug"): True,
    ("Drug", "by"): "code",
    ("Finding", "wording"): "default",
    ("Medication", "intent"): "order",
}


def defaults(fact: Any) -> Mapping[str, Any]:
    """Field -> its default, made where it is made anew each time."""
    if not is_dataclass(fact):
        return dict(fact._field_defaults)
    made = {one.name: one.default_factory() for one in fields(fact) if one.default_factory is not MISSING}
    return {one.name: one.default for one in fields(fact) if one.default is not MISSING} | made


def nothing(kind: Any) -> Any:
    """What says nothing, of a type."""
    if get_origin(kind) is UnionType:
        assert type(None) in get_args(kind)
        return None
    plain = get_origin(kind) or kind
    return {} if plain is Mapping else plain()


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_an_element_that_was_absent_claims_nothing(fact: Any) -> None:
    kinds = get_type_hints(fact)
    found = defaults(fact)
    expected = {name: ASSUMED.get((fact.__name__, name), nothing(kinds[name])) for name in found}
    assert found == expected
    assert [type(value) for value in found.values()] == [type(value) for value in expected.values()]


def test_a_concept_reads_as_its_text_else_as_the_first_display_that_is_there() -> None:
    codings = (Coding("s", "1"), Coding("s", "2", "oxycodone"), Coding("s", "3", "opioid"))
    assert Concept(codings, "Oxy 5").words == "Oxy 5"
    assert Concept(codings).words == "oxycodone"
    assert Concept(codings[:1]).words == ""


def test_a_quantity_is_spelled_by_its_code_and_by_its_unit_where_it_has_none() -> None:
    assert Quantity(5.0, "milligram", "mg").spelled == "mg"
    assert Quantity(5.0, "milligram").spelled == "milligram"


def test_concepts_that_differ_anywhere_are_told_apart_as_bytes() -> None:
    some = [
        Concept((Coding("s", "1"),)),
        Concept((Coding("s1", ""),)),
        Concept((Coding("s", "1", "x"),)),
        Concept((Coding("s", "1"),), "x"),
        Concept((Coding("s", "1"), Coding("s", "2"))),
        Concept((Coding("s", "1\x1fs"), Coding("2", ""))),
        Concept(),
    ]
    assert len({one.as_bytes() for one in some}) == len(some)


def test_a_more_urgent_indicator_is_the_greater_one_and_says_its_word() -> None:
    assert sorted(Indicator, reverse=True) == [Indicator.CRITICAL, Indicator.WARNING, Indicator.INFO]
    assert [one.word for one in Indicator] == ["info", "warning", "critical"]
    assert [int(one) for one in Indicator] == [1, 2, 3]


def test_results_are_found_by_their_group_in_the_order_of_the_record() -> None:
    found = [
        Observation("Observation/a", "inr", "final"),
        Observation("Observation/b", "alt", "final"),
        Observation("Observation/c", "inr", "final"),
        Observation("Observation/d", "urine-drug-screen-b", "final"),
        Observation("Observation/e", "urine-drug-screen-a", "final"),
    ]
    there = PatientRecord(date(2026, 3, 2), observations=tuple(found))
    assert list(there.results("inr")) == [found[0], found[2]]
    assert list(there.results("ast")) == []
    assert there.result_groups("urine-drug-screen-") == ["urine-drug-screen-a", "urine-drug-screen-b"]
    assert there.result_groups("x") == []
