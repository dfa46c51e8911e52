"""The schedule itself: the table of rulebook c.1, and what has to hold for any start date."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.titration import plan, recommend, shipped

T0 = date(2026, 3, 2)
STARTS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
VARIANTS = st.sampled_from([variant.id for variant in shipped().variants])

STEPS = {
    "V1": [("2026-03-02", "2026-03-15", "1.5"), ("2026-03-16", "2026-03-29", "3"), ("2026-03-30", "2026-05-24", "4.5")],
    "V2": [("2026-03-02", "2026-03-08", "1.5"), ("2026-03-09", "2026-03-15", "3"), ("2026-03-16", "2026-05-24", "4.5")],
    "V3": [
        ("2026-03-02", "2026-03-15", "1"),
        ("2026-03-16", "2026-03-29", "2"),
        ("2026-03-30", "2026-04-12", "3"),
        ("2026-04-13", "2026-04-26", "4"),
        ("2026-04-27", "2026-06-21", "4.5"),
    ],
    "V3b": [
        ("2026-03-02", "2026-03-15", "1"),
        ("2026-03-16", "2026-03-29", "1.5"),
        ("2026-03-30", "2026-04-12", "2"),
        ("2026-04-13", "2026-04-26", "2.5"),
        ("2026-04-27", "2026-05-10", "3"),
        ("2026-05-11", "2026-05-24", "3.5"),
        ("2026-05-25", "2026-06-07", "4"),
        ("2026-06-08", "2026-08-02", "4.5"),
    ],
    "V4": [("2026-03-02", "2026-03-15", "1.5"), ("2026-03-16", "2026-03-29", "3")],
    "V4-middle": [("2026-03-02", "2026-03-15", "1"), ("2026-03-16", "2026-03-29", "1.5")],
}
# id, strength mg, quantity, days, repeats, valid from, first dose, last dose
PRESCRIPTIONS = {
    "V1": [
        ("A", "1.5", "42", 28, 0, "2026-03-02", "2026-03-02", "2026-03-29"),
        ("B", "4.5", "28", 28, 1, "2026-03-23", "2026-03-30", "2026-05-24"),
    ],
    "V2": [
        ("A", "1.5", "21", 14, 0, "2026-03-02", "2026-03-02", "2026-03-15"),
        ("B", "4.5", "35", 35, 1, "2026-03-09", "2026-03-16", "2026-05-24"),
    ],
    "V3": [
        ("A1", "1", "42", 28, 0, "2026-03-02", "2026-03-02", "2026-03-29"),
        ("A2", "1", "98", 28, 0, "2026-03-23", "2026-03-30", "2026-04-26"),
        ("B", "4.5", "28", 28, 1, "2026-04-20", "2026-04-27", "2026-06-21"),
    ],
    "V4": [("A", "1.5", "42", 28, 0, "2026-03-02", "2026-03-02", "2026-03-29")],
    "V4-middle": [("L", "1", "35", 28, 0, "2026-03-02", "2026-03-02", "2026-03-29")],
}
REVIEWS = {
    "V1": [("week-4", "2026-03-25", "2026-03-29"), ("week-12", "2026-05-18", "2026-05-24")],
    "V2": [("week-4", "2026-03-25", "2026-03-29"), ("week-12", "2026-05-18", "2026-05-24")],
    "V3": [
        ("week-4", "2026-03-25", "2026-03-29"),
        ("week-12-check", "2026-05-18", "2026-05-24"),
        ("decision", "2026-06-15", "2026-06-21"),
    ],
    "V4": [("step-down", "2026-03-25", "2026-03-29")],
    "V4-middle": [("step-down", "2026-03-25", "2026-03-29")],
}


@pytest.mark.parametrize("variant", STEPS)
def test_steps_are_those_of_the_rulebook_table(variant: str) -> None:
    planned = plan(shipped().variant(variant), T0)
    assert [(s.first.isoformat(), s.last.isoformat(), s.dose_mg) for s in planned.steps] == [
        (first, last, Decimal(dose)) for first, last, dose in STEPS[variant]
    ]


@pytest.mark.parametrize("variant", PRESCRIPTIONS)
def test_prescriptions_are_those_of_the_rulebook_table(variant: str) -> None:
    planned = plan(shipped().variant(variant), T0)
    assert [
        (
            p.rule.id,
            p.rule.strength_mg,
            p.rule.quantity,
            p.rule.days,
            p.rule.repeats,
            p.valid_from.isoformat(),
            p.first_dose.isoformat(),
            p.last_dose.isoformat(),
        )
        for p in planned.prescriptions
    ] == [(i, Decimal(mg), Decimal(n), days, r, *dates) for i, mg, n, days, r, *dates in PRESCRIPTIONS[variant]]


@pytest.mark.parametrize("variant", REVIEWS)
def test_reviews_are_due_in_the_windows_of_the_rulebook_table(variant: str) -> None:
    planned = plan(shipped().variant(variant), T0)
    assert [(r.rule.id, r.first.isoformat(), r.last.isoformat()) for r in planned.reviews] == REVIEWS[variant]


@pytest.mark.parametrize(
    ("variant", "decision"), [("V1", date(2026, 5, 24)), ("V3", date(2026, 6, 21)), ("V3b", date(2026, 8, 2))]
)
def test_the_decision_falls_on_day_84_112_or_154(variant: str, decision: date) -> None:
    assert plan(shipped().variant(variant), T0).decision == decision


def test_the_very_slow_liquid_needs_245_ml_to_day_98_in_fills_of_at_most_28_days() -> None:
    planned = plan(shipped().variant("V3b"), T0)
    liquid = [p.rule for p in planned.prescriptions if p.rule.form.unit == "mL"]
    assert sum(rule.quantity for rule in liquid) == 245
    assert max(rule.days for rule in liquid) == 28
    assert planned.target_from == T0 + timedelta(days=98)


def test_the_liquid_alternative_of_the_slow_variant_is_140_ml() -> None:
    slow = shipped().variant("V3")
    milligrams = sum(s.dose_mg * (s.to_day - s.from_day + 1) for s in slow.steps[:-1])
    assert milligrams == 140
    assert "140 mL" in slow.prescriptions[0].note


@given(VARIANTS, STARTS)
def test_every_day_has_exactly_one_dose_until_the_day_of_the_decision(variant: str, start: date) -> None:
    planned = plan(shipped().variant(variant), start)
    lines = [line for prescribed in planned.prescriptions for line in prescribed.lines]
    for stretches in (planned.steps, lines):
        assert stretches[0].first == start
        assert all(after.first == before.last + timedelta(days=1) for before, after in pairwise(stretches))
        assert stretches[-1].last == planned.decision


@given(VARIANTS, STARTS)
def test_capsules_times_strength_are_the_dose_of_the_day(variant: str, start: date) -> None:
    planned = plan(shipped().variant(variant), start)
    for prescribed in planned.prescriptions:
        for line in prescribed.lines:
            step = next(s for s in planned.steps if s.first <= line.first <= s.last)
            assert line.rule.units * prescribed.rule.strength_mg == step.dose_mg == line.dose_mg


@given(VARIANTS, STARTS)
def test_what_is_dispensed_is_what_is_taken(variant: str, start: date) -> None:
    planned = plan(shipped().variant(variant), start)
    dispensed = sum(p.rule.quantity * (1 + p.rule.repeats) * p.rule.strength_mg for p in planned.prescriptions)
    taken = sum(s.dose_mg * ((s.last - s.first).days + 1) for s in planned.steps)
    assert dispensed == taken


@given(VARIANTS, STARTS)
def test_each_prescription_can_be_fetched_before_its_first_dose(variant: str, start: date) -> None:
    planned = plan(shipped().variant(variant), start)
    assert planned.prescriptions[0].valid_from == start
    assert all(p.valid_from <= p.first_dose for p in planned.prescriptions)
    assert all(later.valid_from > earlier.first_dose for earlier, later in pairwise(planned.prescriptions))


@given(VARIANTS)
def test_no_step_climbs_by_more_than_one_and_a_half_milligrams_or_sooner_than_a_week(variant: str) -> None:
    rules = shipped().variant(variant)
    steps = rules.steps
    assert steps[0].dose_mg <= Decimal("1.5")
    assert all(after.dose_mg - before.dose_mg <= Decimal("1.5") for before, after in pairwise(steps))
    assert all(s.to_day - s.from_day + 1 >= 7 for s in steps)
    assert rules.step_down or steps[-1].dose_mg == Decimal("4.5")
    assert steps[-1].dose_mg <= Decimal("4.5")


@pytest.mark.parametrize(
    ("rules", "variant"),
    [
        ([], "V1"),
        (["baseline-lft-missing", "titration-missing"], "V1"),
        (["prior-intolerance-step-down"], "V3"),
        (["cirrhosis-compensated"], "V3"),
        (["titration-order-set", "alt-ast-elevated"], "V3"),
    ],
)
def test_the_slow_variant_is_recommended_after_intolerance_or_with_liver_caution(
    rules: list[str], variant: str
) -> None:
    assert recommend(shipped(), rules) == variant


@pytest.mark.parametrize(
    ("current", "variant"),
    [
        ("0.5", None),
        ("1", None),
        ("1.01", "V4-middle"),
        ("1.5", "V4-middle"),
        ("2.99", "V4-middle"),
        ("3", "V4"),
        ("4.5", "V4"),
        ("6", "V4"),
    ],
)
def test_the_step_down_is_chosen_by_the_dose_that_is_taken(current: str, variant: str | None) -> None:
    found = shipped().step_down(Decimal(current))
    assert (found.id if found else None) == variant


@given(st.decimals(Decimal("1.001"), Decimal(6), places=3))
def test_a_step_down_is_lower_at_first_and_never_above_what_was_taken_by_more_than_was_begun_with(
    current: Decimal,
) -> None:
    found = shipped().step_down(current)
    assert found is not None
    assert found.steps[0].dose_mg < current
    assert found.steps[-1].dose_mg <= max(current, Decimal("1.5"))


def test_a_step_down_is_never_among_the_variants_for_a_start() -> None:
    assert all(variant.step_down is None for variant in shipped().offered)


def test_the_weekly_variant_is_offered_and_recommended_by_nothing() -> None:
    assert [variant.id for variant in shipped().offered] == ["V1", "V2", "V3"]
    assert shipped().variant("V2").recommended_with == ()
