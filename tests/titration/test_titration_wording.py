"""Doses and dates in words."""

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import BadContent
from cds_service.titration import plan, shipped, wording

T0 = date(2026, 3, 2)
STARTS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
VARIANTS = st.sampled_from([variant.id for variant in shipped().variants])


@pytest.mark.parametrize(
    ("value", "text"), [("3.0", "3"), ("1.50", "1.5"), ("0.5", "0.5"), ("10", "10"), ("42", "42"), ("4.5", "4.5")]
)
def test_a_number_has_no_trailing_zero_and_always_a_leading_one(value: str, text: str) -> None:
    assert wording.number(Decimal(value)) == text


@pytest.mark.parametrize(
    ("first", "last", "year", "text"),
    [
        (date(2026, 3, 2), date(2026, 3, 15), 2026, "2 March to 15 March"),
        (date(2026, 12, 22), date(2027, 1, 4), 2026, "22 December 2026 to 4 January 2027"),
        (date(2027, 1, 5), date(2027, 1, 18), 2026, "5 January to 18 January 2027"),
        (date(2028, 2, 20), date(2028, 3, 4), 2028, "20 February to 4 March"),
    ],
)
def test_a_range_names_the_year_where_it_is_not_the_one_of_the_start(
    first: date, last: date, year: int, text: str
) -> None:
    assert wording.days(first, last, year) == text


def test_the_dosage_texts_of_the_usual_variant_are_those_of_the_rulebook() -> None:
    planned = plan(shipped().variant("V1"), T0)
    texts = [wording.dosage(shipped(), planned, p, line) for p in planned.prescriptions for line in p.lines]
    assert texts == [
        "Take 1 capsule (1.5 mg) by mouth at bedtime on days 1 to 14 (2 March to 15 March)",
        "Take 2 capsules (3 mg) by mouth at bedtime on days 15 to 28 (16 March to 29 March)",
        "Take 1 capsule (4.5 mg) by mouth at bedtime from 30 March. "
        "Do not start if side effects are troublesome: call first.",
    ]


@given(VARIANTS, STARTS)
def test_every_change_of_dose_is_spelled_out_with_its_date_in_label_and_instruction(variant: str, start: date) -> None:
    order_set = shipped()
    planned = plan(order_set.variant(variant), start)
    label = wording.label(order_set, planned)
    for step in planned.steps:
        assert f"{wording.number(step.dose_mg)} mg from {wording.day(step.first, start.year)}" in label
    for prescribed in planned.prescriptions:
        for line in prescribed.lines:
            text = wording.dosage(order_set, planned, prescribed, line)
            assert f"{line.first.day} {line.first:%B}" in text
            assert f"({wording.number(line.dose_mg)} mg)" in text
            if line.first.year != start.year or (line.rule.wording == "climb" and line.last.year != start.year):
                assert str(line.last.year) in text


@given(VARIANTS, STARTS)
def test_no_text_can_be_misread_by_ten(variant: str, start: date) -> None:
    order_set = shipped()
    planned = plan(order_set.variant(variant), start)
    texts = [wording.label(order_set, planned)]
    for prescribed in planned.prescriptions:
        texts.append(wording.medication(prescribed))
        texts.append(wording.compounding_note(order_set, planned, prescribed))
        texts.append(wording.prescribing(order_set, planned, prescribed, "create"))
        texts.extend(wording.dosage(order_set, planned, prescribed, line) for line in prescribed.lines)
    for text in texts:
        assert not re.search(r"\d\.0\b|(?<!\d)\.\d|\{\{", text), text


def test_the_pharmacy_learns_the_sequence_of_strengths_and_that_tablets_will_not_do() -> None:
    planned = plan(shipped().variant("V3"), T0)
    note = wording.compounding_note(shipped(), planned, planned.prescriptions[0])
    assert "1 mg capsules, then 4.5 mg capsules" in note
    assert "50 mg tablet is not suitable" in note
    assert "140 mL up to 26 April" in note


def test_the_first_review_names_the_dose_that_waits_for_it() -> None:
    for variant, point in [
        ("V1", "before 4.5 mg starts on 30 March"),
        ("V2", "the dose is 4.5 mg"),
        ("V3", "before 3 mg starts on 30 March"),
    ]:
        planned = plan(shipped().variant(variant), T0)
        review = planned.reviews[0]
        assert point in wording.review(review, review.rule.note, planned)


def test_a_blank_without_a_value_is_refused_with_its_sentence() -> None:
    with pytest.raises(BadContent, match=r"\{\{dosis\}\}.*Take"):
        wording.fill("Take {{dosis}} mg", {"dose": "3"})
