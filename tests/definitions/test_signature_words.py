"""What a signature says in words: one dose, how often, as needed, in steps (rulebook b.1, rules 21 to 23, 41)."""

import pytest
from definitions.chart import CAPSULE, TABLET, UNSPECIFIED, ahead
from hypothesis import given
from hypothesis import strategies as st

from cds_service.definitions.signature import (
    forgets_the_unit,
    says_as_needed,
    says_taper,
    worded_dose,
    worded_steps,
    worded_times,
)
from cds_service.record import Dosage, Naltrexone, Quantity

LIQUID = Naltrexone("oral", strength_mg_per_ml=1.0)


@pytest.mark.parametrize(
    ("text", "product", "expected"),
    [
        ("Take 4.5 mg by mouth at bedtime", UNSPECIFIED, 4.5),
        ("Take 2 capsules (3 mg) at bedtime", CAPSULE, 3.0),
        ("Take 3 x 1.5 mg capsules", UNSPECIFIED, 4.5),
        ("Take 3 capsules of 1.5 mg", UNSPECIFIED, 4.5),
        ("Take 2 capsules (1.5 mg each)", UNSPECIFIED, 3.0),
        ("Take two 1.5 mg capsules", UNSPECIFIED, 3.0),
        ("One 4.5 mg capsule nightly", UNSPECIFIED, 4.5),
        ("4.5 mg capsule at bedtime", UNSPECIFIED, 4.5),
        ("Take 1/2 of a 50 mg tablet", UNSPECIFIED, 25.0),
        ("half a tablet daily", TABLET, 25.0),
        ("Take 1 tablet daily", TABLET, 50.0),
        ("1 tab 50 mg daily", UNSPECIFIED, 50.0),
        ("1-2 capsules at night", CAPSULE, 3.0),
        ("Take 4.5 mL at bedtime", LIQUID, 4.5),
        ("Take 0.45 mL (10 mg/mL) at bedtime", UNSPECIFIED, 4.5),
        ("5 mL of 50 mg/50 mL", UNSPECIFIED, 5.0),
        ("1.5 mg to 4.5 mg nightly", UNSPECIFIED, 4.5),
        ("4500 micrograms", UNSPECIFIED, 4.5),
        ("4.5 mg (from a 50 mg tablet)", TABLET, 4.5),
        ("Take 4.5 mg nightly (was 6 mg)", UNSPECIFIED, 4.5),
        ("increased from 3 mg; take 4.5 mg", UNSPECIFIED, 4.5),
        ("0.0045 g", UNSPECIFIED, 4.5),
    ],
)
def test_one_dose_is_read(text: str, product: Naltrexone, expected: float) -> None:
    assert worded_dose(text, product).mg == pytest.approx(expected)


@pytest.mark.parametrize(
    "text", ["", "as directed", "1.5 mg, then 3 mg", "take 4.5 at bedtime", "1,5 mg", "one tablet", "4.5 mL", "2 mg/mL"]
)
def test_what_says_no_dose_or_two_is_not_read(text: str) -> None:
    assert worded_dose(text, UNSPECIFIED).mg is None


def test_all_doses_that_words_could_mean_are_kept_for_comparison() -> None:
    assert worded_dose("1.5-4.5 mg at bedtime").all_mg == {1.5, 4.5}
    assert worded_dose("1.5 mg, then 3 mg").all_mg == {1.5, 3.0}
    assert worded_dose("was 6 mg").all_mg == frozenset()


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("once daily", 1), ("twice daily", 2), ("2 times a day", 2), ("2x/day", 2), ("three times daily", 3),
        ("every 12 hours", 2), ("q8h", 3), ("q6h prn", 4), ("BID", 2), ("t.i.d.", 3), ("morning and bedtime", 2),
        ("every other day", 0.5), ("alternate nights", 0.5), ("every 3 days", 1 / 3), ("3 times a week", 3 / 7),
        ("once weekly", 1 / 7), ("every week", 1 / 7), ("every 2 weeks", 1 / 14),
    ],
)  # fmt: skip
def test_how_often_is_read(text: str, times: float) -> None:
    assert worded_times(text) == pytest.approx(times)


@pytest.mark.parametrize("text", ["at bedtime", "nightly", "every night", "as directed", ""])
def test_where_nothing_is_said_about_how_often_nothing_is_read(text: str) -> None:
    assert worded_times(text) is None


def test_as_needed_and_taper_are_heard() -> None:
    assert says_as_needed("at bedtime as needed for pain")
    assert says_as_needed("q6h PRN")
    assert not says_as_needed("at bedtime")
    assert says_taper("taper: every other day")
    assert not says_taper("every other day")


def test_a_number_without_a_unit_is_noticed_and_a_dose_or_a_count_is_not() -> None:
    assert forgets_the_unit("Take 4.5 by mouth at bedtime")
    assert forgets_the_unit("take 4.5 nightly")
    assert not forgets_the_unit("Take 4.5 mg by mouth at bedtime")
    assert not forgets_the_unit("Take 1 capsule by mouth at bedtime")
    assert not forgets_the_unit("Take 1 by mouth: 4.5 mg")


def steps(text: str, **facts: object) -> list[tuple[float, int | None]]:
    found = worded_steps(Dosage(text=text, **facts), CAPSULE)  # type: ignore[arg-type]
    return [(step.dose.value, step.duration_days) for step in found if step.dose]


CLIMB = [(1.5, 14), (3.0, 14), (4.5, None)]


@pytest.mark.parametrize(
    "text",
    [
        "1.5 mg nightly for 14 days, then 3 mg nightly for 14 days, then 4.5 mg nightly",
        "Take 1 capsule (1.5 mg) for two weeks then 2 capsules (3 mg) for 2 weeks then 3 capsules (4.5 mg)",
        "days 1-14: 1.5 mg; days 15-28: 3 mg; then 4.5 mg",
        "Weeks 1-2: 1.5 mg, weeks 3-4: 3 mg, then 4.5 mg",
        "1.5 mg at bedtime, increase by 1.5 mg every 2 weeks to 4.5 mg",
        "1.5 mg x 14 days, thereafter 3 mg x 14 days, thereafter 4.5 mg",
    ],
)
def test_a_schedule_in_words_is_read_step_by_step(text: str) -> None:
    assert steps(text) == CLIMB


@pytest.mark.parametrize(
    "text",
    [
        "1.5 mg, then 3 mg",
        "4.5 mg at bedtime; call if headache",
        "4.5 mg for 28 days",
        "1.5 mg at bedtime, increase by 0.001 mg every day to 4.5 mg",
        "4.5 mg at bedtime, increase by 1.5 mg every week to 3 mg",
        "increase by 1.5 mg every week to 4.5 mg",
    ],
)
def test_words_that_do_not_say_how_long_each_step_lasts_are_no_schedule(text: str) -> None:
    assert steps(text) == []


def test_the_steps_are_dated_from_the_start_of_the_line() -> None:
    found = worded_steps(Dosage(text="1.5 mg for 7 days, then 3 mg", starts=ahead(0)), CAPSULE)
    assert [step.starts for step in found] == [ahead(0), ahead(7)]
    assert [step.dose for step in found] == [Quantity(1.5, "mg", "mg"), Quantity(3.0, "mg", "mg")]


@given(
    st.decimals("0.5", "100", places=1),
    st.sampled_from(["mg", "mcg", "micrograms", "milligrams", "g"]),
    st.sampled_from(["at bedtime", "nightly", "by mouth", "", "once daily"]),
)
def test_a_mass_is_read_whatever_stands_around_it(amount: object, unit: str, rest: str) -> None:
    factor = {"mg": 1, "milligrams": 1, "g": 1000}.get(unit, 0.001)
    assert worded_dose(f"Take {amount} {unit} {rest}").mg == pytest.approx(float(str(amount)) * factor)


@given(st.integers(1, 6), st.sampled_from([0.5, 1.0, 1.5, 3.0, 4.5]), st.sampled_from(["capsule", "tablet"]))
def test_a_count_of_a_strength_is_their_product(count: int, strength: float, form: str) -> None:
    text = f"Take {count} {form}s of {strength:g} mg at bedtime"
    assert worded_dose(text).mg == pytest.approx(count * strength)
    product = Naltrexone("oral", strength_mg=strength)
    assert worded_dose(f"Take {count} {form}s at bedtime", product).mg == pytest.approx(count * strength)


@given(st.text(max_size=400) | st.text("0123456789 mgMLcaptsule./-,;()xthen", max_size=200))
def test_no_words_can_break_the_reading(text: str) -> None:
    said = worded_dose(text, CAPSULE)
    assert said.mg is None or said.mg >= 0
    assert all(mg >= 0 for mg in said.all_mg)
    times = worded_times(text)
    assert times is None or times > 0
    forgets_the_unit(text)
    worded_steps(Dosage(text=text), CAPSULE)


def test_a_hostile_signature_is_read_in_no_time() -> None:
    for piece in ("1 ", "1 x 1 ", "1-1-", "from 1 ", "increase by 1 mg every day to ", "then ", "1/1 tab ", "9"):
        worded_dose(piece * 2000, CAPSULE)
        worded_steps(Dosage(text=piece * 2000), CAPSULE)
        worded_times(piece * 2000)
        forgets_the_unit(piece * 2000)
