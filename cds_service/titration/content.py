"""cards/order-set/titration.toml read, and refused with file and field where it cannot be right.

The arithmetic of a titration is written twice on purpose: a clinician writes steps and prescriptions, and the loader
checks that the one is the other (rulebook c.1). So a slip of the keyboard stops the service from starting and never
reaches a prescription.
"""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from cds_service.content import cards_dir
from cds_service.errors import BadContent
from cds_service.record import Coding, Concept
from cds_service.titration.table import FILE, Table
from cds_service.titration.variants import (
    Band,
    Form,
    Instruction,
    LabRule,
    LineRule,
    OrderSet,
    PrescriptionRule,
    ReviewRule,
    Sentences,
    StepRule,
    Variant,
)

_LEAST_STEP_DOWN_DAYS, _MOST_STEP_DOWN_DAYS = 7, 14
"""How long "briefly" may be (rulebook c.1, V4)."""
_SLIVER_MG = Decimal("0.001")


@cache
def shipped() -> OrderSet:
    """The order set of the cards that came with the service."""
    return load(cards_dir())


def load(cards: Path) -> OrderSet:
    """The order set of a folder of cards; raises BadContent, which names the file and the field."""
    try:
        text = (cards / FILE).read_text(encoding="utf-8")
        content = tomllib.loads(text, parse_float=Decimal)
    except (OSError, ValueError) as error:
        raise BadContent(f"{FILE}: cannot be read.", diagnostics=str(error)) from error
    return parse(content)


def parse(content: Mapping[str, Any]) -> OrderSet:
    """The order set of a parsed file (decimals as Decimal)."""
    top = Table(content, "")
    order_set, medication = top.table("order_set"), top.table("medication")
    forms = {name: _form(table) for name, table in top.table("forms").tables()}
    reviews = dict(top.table("reviews").tables())
    parsed = OrderSet(
        default=order_set.text("default"),
        identifier_system=order_set.text("identifier_system"),
        medication=_coding(medication),
        route=_concept(top.table("route")),
        lab_category=_concept(top.table("lab_category")),
        sentences=Sentences(
            dosage=top.table("dosage").texts(),
            suggestion=top.table("suggestion").texts(),
            note=_sentences(top, "note", ("compounding", "fillers_unknown", "fillers_recorded")),
            definition=top.table("definition").texts(),
        ),
        moments=top.table("moments").texts(),
        labs=tuple(_lab(table) for table in top.list_of_tables("labs")),
        instruction=_instruction(top.table("patient_instruction")),
        fillers=top.table("fillers").texts(),
        variants=tuple(_variant(name, table, forms, reviews) for name, table in top.table("variants").tables()),
    )
    _check_bands(parsed, top.table("variants"))
    if parsed.default not in {variant.id for variant in parsed.offered}:
        raise order_set.wrong("default", "is not an enabled variant")
    return parsed


def _coding(table: Table) -> Coding:
    return Coding(table.text("system"), table.text("code"), table.text("display"))


def _concept(table: Table) -> Concept:
    coding = _coding(table)
    return Concept((coding,), coding.display)


def _named_concept(table: Table) -> Concept:
    return Concept(tuple(_coding(code) for code in table.list_of_tables("codes")), table.text("text"))


def _form(table: Table) -> Form:
    return Form(
        unit=table.text("unit"),
        units=table.text("units"),
        code=table.text("code"),
        medication=table.text("medication"),
        strength=table.text("strength"),
    )


def _sentences(top: Table, name: str, needed: tuple[str, ...]) -> dict[str, str]:
    table = top.table(name)
    return {sentence: table.text(sentence) for sentence in needed}


def _instruction(table: Table) -> Instruction:
    sentences = tuple(table.table("sentences").texts().values())
    if not sentences:
        raise table.wrong("sentences", "is empty")
    return Instruction(sentences, table.text("category"), table.text("description"))


def _lab(table: Table) -> LabRule:
    first, last = (table.count(name) if name in table else 0 for name in ("from_day", "to_day"))
    if first > last or (last and not first):
        raise table.wrong("to_day", "does not end a window that from_day begins")
    return LabRule(
        id=table.text("id"),
        when=table.text("when"),
        code=_named_concept(table),
        note=table.text("note"),
        description=table.text("description"),
        from_day=first,
        to_day=last,
    )


def _band(table: Table) -> Band:
    known = ("from_mg", "above_mg", "below_mg")
    if not any(name in table for name in known):
        raise table.wrong(known[0], "is missing")
    return Band(*(table.amount(name) if name in table else None for name in known))


def _variant(name: str, table: Table, forms: Mapping[str, Form], reviews: Mapping[str, Table]) -> Variant:
    variant = Variant(
        id=name,
        name=table.text("name"),
        enabled=table.flag("enabled"),
        recommended_with=table.words("recommended_with"),
        sources=table.words("sources"),
        decision_day=table.count("decision_day"),
        steps=tuple(
            StepRule(step.count("from_day"), step.count("to_day"), step.amount("dose_mg"))
            for step in table.list_of_tables("steps")
        ),
        prescriptions=tuple(_prescription(row, forms) for row in table.list_of_tables("prescriptions")),
        reviews=tuple(_review(row, reviews) for row in table.list_of_tables("reviews")),
        kind=table.text("kind") if "kind" in table else name,
        step_down=_band(table.table("step_down")) if "step_down" in table else None,
    )
    _check(variant, table)
    return variant


def _prescription(table: Table, forms: Mapping[str, Form]) -> PrescriptionRule:
    if table.text("form") not in forms:
        raise table.wrong("form", "is not one of [forms]")
    return PrescriptionRule(
        id=table.text("id"),
        form=forms[table.text("form")],
        strength_mg=table.amount("strength_mg"),
        quantity=table.amount("quantity"),
        days=table.count("days"),
        repeats=table.count("repeats", least=0),
        valid_from_day=table.count("valid_from_day"),
        lines=tuple(
            LineRule(line.count("from_day"), line.count("to_day"), line.amount("units"), line.text("wording"))
            for line in table.list_of_tables("lines")
        ),
        note=table.text("note") if "note" in table else "",
    )


def _review(table: Table, reviews: Mapping[str, Table]) -> ReviewRule:
    identity = table.text("id")
    if identity not in reviews:
        raise table.wrong("id", "is not one of [reviews]")
    words = reviews[identity]
    return ReviewRule(
        id=identity,
        from_day=table.count("from_day"),
        to_day=table.count("to_day"),
        code=_named_concept(words),
        note=words.text("note"),
        description=words.text("description"),
        point=table.text("point"),
    )


def _check(variant: Variant, table: Table) -> None:
    """Steps without gap or overlap; lines that give each step's dose; supplies that last exactly to the decision."""
    _check_days([(s.from_day, s.to_day) for s in variant.steps], variant.decision_day, table, "steps")
    lines = [(line, rule) for rule in variant.prescriptions for line in rule.lines]
    _check_days([(line.from_day, line.to_day) for line, _ in lines], variant.decision_day, table, "prescriptions")
    for line, rule in lines:
        doses = {s.dose_mg for s in variant.steps if s.from_day <= line.to_day and line.from_day <= s.to_day}
        if doses != {line.units * rule.strength_mg}:
            raise table.wrong(f"prescriptions {rule.id}", f"does not give the dose of day {line.from_day}")
    for rule in variant.prescriptions:
        fills = 1 + rule.repeats
        if rule.days * fills != sum(line.to_day - line.from_day + 1 for line in rule.lines):
            raise table.wrong(f"prescriptions {rule.id}.days", "does not cover its lines")
        if rule.quantity * fills != sum(line.units * (line.to_day - line.from_day + 1) for line in rule.lines):
            raise table.wrong(f"prescriptions {rule.id}.quantity", "is not what its lines take")
        if rule.valid_from_day > rule.lines[0].from_day:
            raise table.wrong(f"prescriptions {rule.id}.valid_from_day", "is after its first dose")
    if variant.prescriptions[0].valid_from_day != 1:
        raise table.wrong(f"prescriptions {variant.prescriptions[0].id}.valid_from_day", "is not day 1")
    for review in variant.reviews:
        if not review.from_day <= review.to_day <= variant.decision_day:
            raise table.wrong(f"reviews {review.id}", "is not a window of days up to the decision")

    if variant.step_down is not None:
        first = variant.steps[0]
        if not _LEAST_STEP_DOWN_DAYS <= first.to_day - first.from_day + 1 <= _MOST_STEP_DOWN_DAYS:
            raise table.wrong("steps[1]", f"does not last {_LEAST_STEP_DOWN_DAYS} to {_MOST_STEP_DOWN_DAYS} days")
        if variant.step_down.holds(first.dose_mg):
            raise table.wrong("step_down", "holds the dose that it steps down to")


def _check_bands(parsed: OrderSet, table: Table) -> None:
    """No current dose may have two step-downs: looked at where a band begins and just above it."""
    bands = [(variant.id, variant.step_down) for variant in parsed.variants if variant.enabled and variant.step_down]
    edges = [edge for _, band in bands for edge in (band.from_mg, band.above_mg, band.below_mg) if edge is not None]
    for dose in (edge + slip for edge in edges for slip in (-_SLIVER_MG, Decimal(0), _SLIVER_MG)):
        held = [name for name, band in bands if band.holds(dose)]
        if len(held) > 1:
            raise table.wrong(f"{held[1]}.step_down", f"overlaps that of {held[0]}")


def _check_days(stretches: list[tuple[int, int]], last_day: int, table: Table, name: str) -> None:
    whole = stretches[0][0] == 1 and stretches[-1][1] == last_day
    joined = all(after[0] == before[1] + 1 for before, after in pairwise(stretches))
    if not whole or not joined or any(to_day < from_day for from_day, to_day in stretches):
        raise table.wrong(name, f"does not cover days 1 to {last_day} without gap or overlap")
