"""cards/order-set/titration.toml as frozen data; `content.py` reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from cds_service.record import Coding, Concept


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
