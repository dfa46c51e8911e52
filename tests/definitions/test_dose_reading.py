"""How many milligrams of naltrexone a day a signature asks for (rulebook b.1), in the spellings that orders use."""

import pytest
from definitions.chart import CAPSULE, TABLET, UNSPECIFIED, ahead, mg, value
from hypothesis import given
from hypothesis import strategies as st

from cds_service.definitions.dose import DailyDose, daily_dose, times_a_day
from cds_service.record import Dosage, Naltrexone, Quantity

ORAL_LIQUID = Naltrexone("oral", strength_mg_per_ml=1.0)


def read(*lines: Dosage, product: Naltrexone | None = UNSPECIFIED) -> DailyDose:
    return daily_dose(lines, product)


def written(text: str) -> float | None:
    return read(Dosage(text=text)).mg


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        (value(4.5, "mg"), 4.5),
        (value(4500, "ug"), 4.5),
        (value(4500, "mcg"), 4.5),
        (value(0.0045, "g"), 4.5),
        (value(4.5, "MG"), 4.5),
        (Quantity(4.5, "milligram", ""), 4.5),
        (Quantity(4.5, "mg", "258684004"), 4.5),
        (value(4.5, "g"), 4500.0),
    ],
)
def test_a_mass_is_read_in_milligrams(quantity: Quantity, expected: float) -> None:
    assert read(Dosage(dose=quantity)).mg == expected


@pytest.mark.parametrize(
    ("quantity", "product", "expected"),
    [
        (value(1, "{pill}"), TABLET, 50.0),
        (value(0.5, "{tablet}"), TABLET, 25.0),
        (value(3, "{capsule}"), CAPSULE, 4.5),
        (Quantity(1, "tablet", ""), TABLET, 50.0),
        (Quantity(2, "capsules", "385049006"), CAPSULE, 3.0),
        (value(4.5, "mL"), ORAL_LIQUID, 4.5),
        (Quantity(4.5, "mL", "258773002"), ORAL_LIQUID, 4.5),
        (value(1, "mL"), Naltrexone("oral", strength_mg_per_ml=10.0), 10.0),
    ],
)
def test_tablets_count_by_strength_and_volumes_by_concentration(
    quantity: Quantity, product: Naltrexone, expected: float
) -> None:
    assert read(Dosage(dose=quantity), product=product).mg == expected


@pytest.mark.parametrize(
    ("quantity", "product"),
    [
        (value(1, "{tablet}"), UNSPECIFIED),
        (value(1, "{tablet}"), None),
        (value(4.5, "mL"), TABLET),
        (value(1, "{tablet}"), ORAL_LIQUID),
        (Quantity(4.5), UNSPECIFIED),
        (value(4.5, "[iU]"), UNSPECIFIED),
    ],
)
def test_what_cannot_be_reckoned_is_unknown_and_never_a_guess(quantity: Quantity, product: Naltrexone | None) -> None:
    assert read(Dosage(dose=quantity), product=product).mg is None


def test_the_upper_end_of_a_range_counts() -> None:
    assert read(Dosage(dose=value(1.5, "mg"), dose_high=value(4.5, "mg"))).mg == 4.5


@pytest.mark.parametrize(
    ("line", "times"),
    [
        (mg(1, frequency=1, period=1, period_unit="d"), 1),
        (mg(1, frequency=2, period=1, period_unit="d"), 2),
        (mg(1, frequency=3, period=1, period_unit="d"), 3),
        (mg(1, frequency=1, period=2, period_unit="d"), 0.5),
        (mg(1, frequency=1, period=12, period_unit="h"), 2),
        (mg(1, frequency=1, period=1, period_unit="wk"), 1 / 7),
        (mg(1, frequency=2), 2),
        (mg(1, timing_code="BID"), 2),
        (mg(1, timing_code="tid"), 3),
        (mg(1, timing_code="QOD"), 0.5),
        (mg(1, timing_code="Q12H"), 2),
        (mg(1, timing_code="BED"), 1),
        (mg(1, when=("HS",)), 1),
        (mg(1, when=("MORN", "HS")), 2),
        (mg(1), 1),
        (mg(1, text="1 mg twice daily"), 2),
        (mg(1, text="1 mg every other day"), 0.5),
        (mg(1, text="1 mg three times a day"), 3),
        (mg(1, text="1 mg nightly"), 1),
    ],
)
def test_how_often_a_day_is_read_from_timing_or_words(line: Dosage, times: float) -> None:
    assert times_a_day(line) == pytest.approx(times)


def test_the_daily_dose_is_dose_times_frequency() -> None:
    assert read(mg(3, frequency=2, period=1, period_unit="d")).mg == 6
    assert read(mg(4.5, frequency=1, period=2, period_unit="d")).mg == 2.25


def test_parallel_lines_add_up() -> None:
    assert read(mg(1.5, when=("MORN",)), mg(3, when=("HS",))).mg == 4.5


def test_lines_with_one_sequence_number_add_up() -> None:
    assert read(mg(1.5, sequence=1), mg(3, sequence=1)).mg == 4.5


def test_steps_of_a_sequence_do_not_add_up_the_highest_counts() -> None:
    stepped = read(mg(1.5, sequence=1), mg(3, sequence=2), mg(4.5, sequence=3))
    assert (stepped.mg, stepped.first_mg, stepped.is_stepped) == (4.5, 1.5, True)


def test_the_first_step_is_the_first_in_sequence_whatever_the_order_of_the_lines() -> None:
    assert read(mg(4.5, sequence=3), mg(1.5, sequence=1), mg(3, sequence=2)).first_mg == 1.5


def test_lines_bounded_one_after_the_other_are_steps() -> None:
    stepped = read(mg(1.5, starts=ahead(0), ends=ahead(13)), mg(3, starts=ahead(14), ends=ahead(27)))
    assert (stepped.mg, stepped.first_mg, stepped.is_stepped) == (3, 1.5, True)


def test_one_unreadable_step_leaves_the_highest_dose_unknown() -> None:
    assert read(mg(1.5, sequence=1), Dosage(text="as directed", sequence=2)).mg is None


def test_one_unreadable_parallel_line_leaves_the_sum_unknown() -> None:
    assert read(mg(1.5), Dosage(text="more if needed")).mg is None


def test_an_order_without_dosage_has_no_dose() -> None:
    assert read() == DailyDose(None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Take 4.5 mg by mouth at bedtime", 4.5),
        ("4.5mg nocte", 4.5),
        ("take .5 mg at night", 0.5),
        ("1.5 mg twice daily", 3.0),
        ("50 mg once daily", 50.0),
        ("100 mg every other day", 50.0),
        ("4500 mcg at bedtime", 4.5),
        ("4500 µg at bedtime", 4.5),
        ("Take 1 capsule (1.5 mg) by mouth at bedtime", 1.5),
    ],
)
def test_a_signature_in_words_is_read_where_the_structure_gives_no_dose(text: str, expected: float) -> None:
    assert written(text) == expected


@pytest.mark.parametrize(
    "text",
    ["as directed", "1.5 mg, then 3 mg", "take 4.5", "4.5 mL at bedtime", "2026-03-02", "", "1,5 mg"],
)
def test_words_that_do_not_say_one_dose_are_not_read(text: str) -> None:
    assert written(text) is None


def test_the_structure_goes_before_the_words() -> None:
    assert read(mg(4.5, text="50 mg daily", frequency=1, period=1)).mg == 4.5


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (Dosage(dose=value(4500, "ug")), True),
        (Dosage(text="4500 mcg at bedtime"), True),
        (Dosage(text="4500 µg at bedtime"), True),
        (mg(4.5), False),
        (Dosage(text="4.5 mg at bedtime"), False),
        (Dosage(dose=value(1, "{tablet}")), False),
        (Dosage(dose=value(1, "g")), False),
    ],
)
def test_an_order_written_in_micrograms_is_known_as_such(line: Dosage, expected: bool) -> None:
    assert read(line).microgram is expected


@given(st.floats(0.1, 500), st.integers(1, 6))
def test_the_unit_makes_no_difference_to_the_dose(amount: float, times: int) -> None:
    timing = {"frequency": float(times), "period": 1.0, "period_unit": "d"}
    in_mg = read(Dosage(dose=value(amount, "mg"), **timing)).mg
    in_ug = read(Dosage(dose=value(amount * 1000, "ug"), **timing)).mg
    assert in_mg == pytest.approx(in_ug)


@given(st.text(max_size=300))
def test_no_text_can_break_the_reading_of_a_signature(text: str) -> None:
    dose = written(text)
    assert dose is None or dose >= 0
