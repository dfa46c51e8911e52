"""cards/order-set/titration.toml as frozen data, refused with file and field where it cannot be right.

The arithmetic of a titration is written twice on purpose: a clinician writes steps and prescriptions, and the loader
checks that the one is the other (rulebook c.1). So a slip of the keyboard stops the service from starting and never
reaches a prescription.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from cds_service.content import cards_dir
from cds_service.errors import BadContent
from cds_service.record import Coding, Concept

FILE = "order-set/titration.toml"
_LEAST_STEP_DOWN_DAYS, _MOST_STEP_DOWN_DAYS = 7, 14
"""How long "briefly" may be (rulebook c.1, V4)."""
_SLIVER_MG = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class StepRule:
    """The dose of a stretch of days, both ends inclusive; day 1 is the day of the first dose."""

    from_day: int
    to_day: int
    dose_mg: Decimal


@dataclass(frozen=True, slots=True)
class LineRule:
    """One line of a prescription: `units` capsules (or mL) a day; `wording` is a key of the file's [dosage]."""

    from_day: int
    to_day: int
    units: Decimal
    wording: str


@dataclass(frozen=True, slots=True)
class Form:
    """A dosage form: how one and many of its units are called, their UCUM code, and its sentences."""

    unit: str
    units: str
    code: str
    medication: str
    strength: str


@dataclass(frozen=True, slots=True)
class PrescriptionRule:
    """`quantity` (units) and `days` are those of one fill; `strength_mg` is mg in one unit."""

    id: str
    form: Form
    strength_mg: Decimal
    quantity: Decimal
    days: int
    repeats: int
    valid_from_day: int
    lines: tuple[LineRule, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReviewRule:
    """A review in a window of days; its sentences, `point` being what is to be decided."""

    id: str
    from_day: int
    to_day: int
    code: Concept
    note: str
    description: str
    point: str


@dataclass(frozen=True, slots=True)
class LabRule:
    """A test, named by `id`; `when` tells a reader for whom it is meant.

    `from_day` and `to_day` are the days between which it is due; zero for a baseline before the first dose.
    """

    id: str
    when: str
    code: Concept
    note: str
    description: str
    from_day: int = 0
    to_day: int = 0


@dataclass(frozen=True, slots=True)
class Band:
    """The current daily doses, in mg, from which a step-down starts; a None leaves its side open."""

    from_mg: Decimal | None = None
    above_mg: Decimal | None = None
    below_mg: Decimal | None = None

    def holds(self, dose_mg: Decimal) -> bool:
        return (
            (self.from_mg is None or dose_mg >= self.from_mg)
            and (self.above_mg is None or dose_mg > self.above_mg)
            and (self.below_mg is None or dose_mg < self.below_mg)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """One way to climb, or (with a `step_down` band) to go back and climb again.

    `recommended_with` are ids of rules that make it the recommended one (rulebook c.2). `kind` is what several bands
    of one variant are called together. Compared by identity, as is the order set, so that what was worked out for a
    day can be kept by them.
    """

    id: str
    name: str
    enabled: bool
    recommended_with: tuple[str, ...]
    sources: tuple[str, ...]
    decision_day: int
    steps: tuple[StepRule, ...]
    prescriptions: tuple[PrescriptionRule, ...]
    reviews: tuple[ReviewRule, ...]
    kind: str
    step_down: Band | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """Every sentence that is not tied to one variant; `dosage` by the key that a line names.

    `note` are the pharmacy's, `definition` those of the set as a FHIR PlanDefinition.
    """

    dosage: Mapping[str, str]
    suggestion: Mapping[str, str]
    note: Mapping[str, str]
    definition: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Instruction:
    """The message to the patient: its sentences in their order, whom it concerns, and what the action does."""

    sentences: tuple[str, ...]
    category: str
    description: str


@dataclass(frozen=True, slots=True, eq=False)
class OrderSet:
    """The whole file. `variants` holds all, `offered` those for a start, `fillers` words by group of allergy."""

    default: str
    identifier_system: str
    medication: Coding
    route: Concept
    lab_category: Concept
    sentences: Sentences
    labs: tuple[LabRule, ...]
    variants: tuple[Variant, ...]
    moments: Mapping[str, str]
    instruction: Instruction
    fillers: Mapping[str, str]

    @property
    def offered(self) -> tuple[Variant, ...]:
        return tuple(variant for variant in self.variants if variant.enabled and variant.step_down is None)

    def step_down(self, current_mg: Decimal) -> Variant | None:
        """The step-down from a daily dose; None where there is none to propose (1 mg or less)."""
        bands = (variant for variant in self.variants if variant.enabled and variant.step_down is not None)
        return next((variant for variant in bands if variant.step_down and variant.step_down.holds(current_mg)), None)

    def variant(self, identity: str) -> Variant:
        """One variant by its id; KeyError for one that the file does not hold."""
        return {variant.id: variant for variant in self.variants}[identity]


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
    top = _Table(content, "")
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


class _Table:
    """A TOML table that knows where it stands, so that every complaint can say so."""

    def __init__(self, content: Mapping[str, Any], place: str) -> None:
        self._content = content
        self._place = place

    def wrong(self, name: str, reason: str) -> BadContent:
        return BadContent(f"{FILE}: {self._at(name)} {reason}.")

    def _at(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name

    def _get(self, name: str, wanted: str, fits: Callable[[Any], bool]) -> Any:
        if name not in self._content:
            raise self.wrong(name, "is missing")
        if not fits(self._content[name]):
            raise self.wrong(name, f"is not {wanted}")
        return self._content[name]

    def __contains__(self, name: str) -> bool:
        return name in self._content

    def text(self, name: str) -> str:
        return str(self._get(name, "a sentence", lambda value: isinstance(value, str) and bool(value.strip())))

    def texts(self) -> dict[str, str]:
        return {name: self.text(name) for name in self._content}

    def flag(self, name: str) -> bool:
        return bool(self._get(name, "true or false", lambda value: isinstance(value, bool)))

    def count(self, name: str, least: int = 1) -> int:
        def fits(value: Any) -> bool:
            return isinstance(value, int) and not isinstance(value, bool) and value >= least

        return int(self._get(name, f"a whole number from {least} up", fits))

    def amount(self, name: str) -> Decimal:
        def fits(value: Any) -> bool:
            return isinstance(value, int | Decimal) and not isinstance(value, bool) and value > 0

        return Decimal(self._get(name, "a number above zero", fits))

    def words(self, name: str) -> tuple[str, ...]:
        def fits(value: Any) -> bool:
            return isinstance(value, list) and all(isinstance(word, str) for word in value)

        return tuple(self._get(name, "a list of words", fits))

    def table(self, name: str) -> "_Table":
        return _Table(self._get(name, "a table", lambda value: isinstance(value, dict)), self._at(name))

    def tables(self) -> list[tuple[str, "_Table"]]:
        return [(name, self.table(name)) for name in self._content]

    def list_of_tables(self, name: str) -> list["_Table"]:
        def fits(value: Any) -> bool:
            return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)

        rows = self._get(name, "a list of tables", fits)
        return [_Table(row, f"{self._at(name)}[{position}]") for position, row in enumerate(rows, start=1)]


def _coding(table: _Table) -> Coding:
    return Coding(table.text("system"), table.text("code"), table.text("display"))


def _concept(table: _Table) -> Concept:
    coding = _coding(table)
    return Concept((coding,), coding.display)


def _named_concept(table: _Table) -> Concept:
    return Concept(tuple(_coding(code) for code in table.list_of_tables("codes")), table.text("text"))


def _form(table: _Table) -> Form:
    return Form(
        unit=table.text("unit"),
        units=table.text("units"),
        code=table.text("code"),
        medication=table.text("medication"),
        strength=table.text("strength"),
    )


def _sentences(top: _Table, name: str, needed: tuple[str, ...]) -> dict[str, str]:
    table = top.table(name)
    return {sentence: table.text(sentence) for sentence in needed}


def _instruction(table: _Table) -> Instruction:
    sentences = tuple(table.table("sentences").texts().values())
    if not sentences:
        raise table.wrong("sentences", "is empty")
    return Instruction(sentences, table.text("category"), table.text("description"))


def _lab(table: _Table) -> LabRule:
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


def _band(table: _Table) -> Band:
    known = ("from_mg", "above_mg", "below_mg")
    if not any(name in table for name in known):
        raise table.wrong(known[0], "is missing")
    return Band(*(table.amount(name) if name in table else None for name in known))


def _variant(name: str, table: _Table, forms: Mapping[str, Form], reviews: Mapping[str, _Table]) -> Variant:
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


def _prescription(table: _Table, forms: Mapping[str, Form]) -> PrescriptionRule:
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


def _review(table: _Table, reviews: Mapping[str, _Table]) -> ReviewRule:
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


def _check(variant: Variant, table: _Table) -> None:
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


def _check_bands(parsed: OrderSet, table: _Table) -> None:
    """No current dose may have two step-downs: looked at where a band begins and just above it."""
    bands = [(variant.id, variant.step_down) for variant in parsed.variants if variant.enabled and variant.step_down]
    edges = [edge for _, band in bands for edge in (band.from_mg, band.above_mg, band.below_mg) if edge is not None]
    for dose in (edge + slip for edge in edges for slip in (-_SLIVER_MG, Decimal(0), _SLIVER_MG)):
        held = [name for name, band in bands if band.holds(dose)]
        if len(held) > 1:
            raise table.wrong(f"{held[1]}.step_down", f"overlaps that of {held[0]}")


def _check_days(stretches: list[tuple[int, int]], last_day: int, table: _Table, name: str) -> None:
    whole = stretches[0][0] == 1 and stretches[-1][1] == last_day
    joined = all(after[0] == before[1] + 1 for before, after in pairwise(stretches))
    if not whole or not joined or any(to_day < from_day for from_day, to_day in stretches):
        raise table.wrong(name, f"does not cover days 1 to {last_day} without gap or overlap")
