"""The sentences of an order set with their blanks filled. The sentences are the clinicians'; here are only numbers."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from cds_service.errors import BadContent
from cds_service.titration.plan import Line, Plan, Prescribed, Review
from cds_service.titration.table import FILE
from cds_service.titration.variants import Form, LabRule, OrderSet, PrescriptionRule

_BLANK = re.compile(r"\{\{(\w+)\}\}")


def fill(sentence: str, values: Mapping[str, str]) -> str:
    """The sentence with every {{blank}} filled; raises BadContent for a blank that has no value here."""

    def value(blank: re.Match[str]) -> str:
        try:
            return values[blank[1]]
        except KeyError:
            raise BadContent(f"{FILE}: the blank {blank[0]} cannot be filled in {sentence!r}.") from None

    return _BLANK.sub(value, sentence)


def number(value: Decimal) -> str:
    """ "3", "1.5", "0.5": no trailing zero, always a leading one (safe-writing rules, rulebook c)."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def day(when: date, known_year: int) -> str:
    """ "2 March"; with the year where it is not the one that the reader is in."""
    text = f"{when.day} {when:%B}"
    return text if when.year == known_year else f"{text} {when.year}"


def days(first: date, last: date, known_year: int) -> str:
    """ "2 March to 15 March", "22 December 2026 to 4 January 2027"."""
    if first.year != last.year:
        return f"{first.day} {first:%B} {first.year} to {last.day} {last:%B} {last.year}"
    return f"{first.day} {first:%B} to {day(last, known_year)}"


def amount(units: Decimal, form: Form) -> str:
    """ "1 capsule", "2 capsules", "1.5 mL"."""
    return f"{number(units)} {form.unit if units == 1 else form.units}"


def steps(order_set: OrderSet, plan: Plan) -> str:
    """The schedule in one line: "1.5 mg from 2 March, 3 mg from 16 March, 4.5 mg from 30 March to 24 May"."""
    sentences = order_set.sentences.suggestion
    return ", ".join(
        fill(
            sentences["last_step"] if step is plan.steps[-1] else sentences["step"],
            {
                "dose": number(step.dose_mg),
                "from": day(step.first, plan.start.year),
                "to": day(step.last, plan.start.year),
            },
        )
        for step in plan.steps
    )


def label(order_set: OrderSet, plan: Plan) -> str:
    """What the button of a variant says."""
    return fill(order_set.sentences.suggestion["label"], {"name": plan.variant.name, "steps": steps(order_set, plan)})


def dosage(order_set: OrderSet, plan: Plan, prescribed: Prescribed, line: Line) -> str:
    """The instruction of one line."""
    sentence = order_set.sentences.dosage.get(line.rule.wording)
    if sentence is None:
        raise BadContent(f"{FILE}: dosage.{line.rule.wording} is missing.")
    values = _line_values(plan, prescribed, line)
    return fill(sentence, {**values, "from_day": str(line.rule.from_day), "to_day": str(line.rule.to_day)})


def medication(prescribed: Prescribed) -> str:
    """ "naltrexone 1.5 mg capsule, compounded"."""
    return fill(prescribed.rule.form.medication, {"strength": number(prescribed.rule.strength_mg)})


def compounding_note(order_set: OrderSet, plan: Plan, prescribed: Prescribed, fillers: tuple[str, ...] = ()) -> str:
    """What the pharmacy has to know: the strengths of the whole set in their order, and allergies to `fillers`.

    `fillers` are keys of the file's [fillers] that the allergy list names; without any, the pharmacy is asked to look.
    """
    sentences = order_set.sentences.note
    names = ", ".join(order_set.fillers[filler] for filler in fillers if filler in order_set.fillers)
    allergies = fill(sentences["fillers_recorded"], {"names": names}) if names else sentences["fillers_unknown"]
    strengths = dict.fromkeys(_strength(other) for other in plan.prescriptions)
    note = fill(
        sentences["compounding"],
        {
            "fillers": allergies,
            "strength": _strength(prescribed),
            "strengths": order_set.sentences.suggestion["between_lines"].join(strengths),
        },
    )
    climb_end = day(plan.steps[-2].last, plan.start.year) if len(plan.steps) > 1 else ""
    own = fill(prescribed.rule.note, {"climb_end": climb_end})
    return f"{note} {own}" if own else note


def prescribing(order_set: OrderSet, plan: Plan, prescribed: Prescribed, sentence: str) -> str:
    """What an action does, in words: `sentence` is a key of [suggestion]. Some clients show nothing else."""
    sentences = order_set.sentences.suggestion
    lines = (fill(sentences["line"], _line_values(plan, prescribed, line)) for line in prescribed.lines)
    return fill(
        sentences[sentence],
        {
            "medication": medication(prescribed),
            "lines": sentences["between_lines"].join(lines),
            "supply": supply(order_set, prescribed.rule),
            "valid_from": day(prescribed.valid_from, plan.start.year),
        },
    )


def supply(order_set: OrderSet, rule: PrescriptionRule) -> str:
    """ "42 capsules, 28 days, no refills"."""
    refills = {0: "refills_none", 1: "refills_one"}.get(rule.repeats, "refills_many")
    values = {"amount": amount(rule.quantity, rule.form), "days": str(rule.days), "repeats": str(rule.repeats)}
    return fill(order_set.sentences.suggestion[refills], values)


def not_kept(order_set: OrderSet, elements: tuple[str, ...]) -> str:
    """Names what of the draft an update leaves out."""
    return fill(order_set.sentences.suggestion["not_kept"], {"elements": ", ".join(elements)})


def lab(rule: LabRule, sentence: str, plan: Plan) -> str:
    """A sentence of a laboratory test; only one that is due between two days has {{dates}}."""
    values = {"start": day(plan.start, plan.start.year)}
    if rule.from_day:
        values["dates"] = days(plan.on(rule.from_day), plan.on(rule.to_day), plan.start.year)
    return fill(sentence, values)


def review(review: Review, sentence: str, plan: Plan) -> str:
    """A sentence of a review, with its point filled in first."""
    year = plan.start.year
    values = {
        "dates": days(review.first, review.last, year),
        "end": day(plan.decision, year),
        "target": number(plan.target_mg),
    }
    following = plan.step_after(review.last)
    if following:
        values |= {"next_dose": number(following.dose_mg), "next_from": day(following.first, year)}
    return fill(sentence, {**values, "point": fill(review.rule.point, values)})


def _strength(prescribed: Prescribed) -> str:
    return fill(prescribed.rule.form.strength, {"strength": number(prescribed.rule.strength_mg)})


def _line_values(plan: Plan, prescribed: Prescribed, line: Line) -> dict[str, str]:
    return {
        "amount": amount(line.rule.units, prescribed.rule.form),
        "dose": number(line.dose_mg),
        "dates": days(line.first, line.last, plan.start.year),
        "from": day(line.first, plan.start.year),
        "to": day(line.last, plan.start.year),
    }
