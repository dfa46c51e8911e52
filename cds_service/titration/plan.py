"""A variant laid on the calendar, and which variant is recommended. Pure: dates, doses and counts, no wording."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from cds_service.titration.variants import LineRule, OrderSet, PrescriptionRule, ReviewRule, Variant


@dataclass(frozen=True, slots=True)
class Step:
    """`dose_mg` a day from `first` to `last`, both inclusive."""

    first: date
    last: date
    dose_mg: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """A step as one prescription gives it: `rule.units` of its form a day."""

    first: date
    last: date
    dose_mg: Decimal
    rule: LineRule


@dataclass(frozen=True, slots=True)
class Prescribed:
    """A prescription on the calendar; it may be dispensed from `valid_from`, before its first dose."""

    valid_from: date
    lines: tuple[Line, ...]
    rule: PrescriptionRule

    @property
    def first_dose(self) -> date:
        return self.lines[0].first

    @property
    def last_dose(self) -> date:
        return self.lines[-1].last


@dataclass(frozen=True, slots=True)
class Review:
    """A review that is due between two days, both inclusive."""

    first: date
    last: date
    rule: ReviewRule


@dataclass(frozen=True, slots=True)
class Plan:
    """A variant from a start date. `decision` is the day of stop or continue, on which the supply ends (D13)."""

    variant: Variant
    start: date
    steps: tuple[Step, ...]
    prescriptions: tuple[Prescribed, ...]
    reviews: tuple[Review, ...]
    decision: date

    @property
    def target_mg(self) -> Decimal:
        return self.steps[-1].dose_mg

    @property
    def target_from(self) -> date:
        return self.steps[-1].first

    def on(self, day: int) -> date:
        """The date of a day of the plan; day 1 is the day of the first dose."""
        return self.start + timedelta(days=day - 1)

    def step_after(self, day: date) -> Step | None:
        """The next change of dose after a day, if one is still to come."""
        return next((step for step in self.steps if step.first > day), None)


def plan(variant: Variant, start: date) -> Plan:
    """The dates of a variant whose first dose is taken on `start` (rulebook c.1)."""

    def on(day: int) -> date:
        return start + timedelta(days=day - 1)

    return Plan(
        variant=variant,
        start=start,
        steps=tuple(Step(on(step.from_day), on(step.to_day), step.dose_mg) for step in variant.steps),
        prescriptions=tuple(
            Prescribed(
                valid_from=on(rule.valid_from_day),
                lines=tuple(
                    Line(on(line.from_day), on(line.to_day), line.units * rule.strength_mg, line) for line in rule.lines
                ),
                rule=rule,
            )
            for rule in variant.prescriptions
        ),
        reviews=tuple(Review(on(rule.from_day), on(rule.to_day), rule) for rule in variant.reviews),
        decision=on(variant.decision_day),
    )


def recommend(order_set: OrderSet, rules: Collection[str]) -> str:
    """The id of the one variant to recommend, given the ids of the rules that fired (rulebook c.2).

    The first offered variant that names one of them, else the default; a variant that names none is only offered.
    """
    return next(
        (variant.id for variant in order_set.offered if set(variant.recommended_with) & set(rules)),
        order_set.default,
    )
