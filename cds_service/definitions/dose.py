"""How many milligrams of naltrexone a day an order asks for (rulebook b.1, "Naltrexone order class").

Structure first; the words of the signature only where the structure gives no dose. What cannot be reckoned is None,
never a guess: a dose that is not computable is a fact that rules can act on.
"""

from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise

from cds_service.definitions.signature import says_as_needed, worded_dose, worded_steps, worded_times
from cds_service.record import Dosage, Naltrexone, Quantity
from cds_service.terminology import ucum
from cds_service.terminology.units import convert, dimension

_DAYS = {"h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 30.0, "a": 365.0, "min": 1 / 1440, "s": 1 / 86400}
_DAYS_OF_A_WEEK = _DAYS["wk"]
_TIMING_CODES = {
    "QD": 1.0, "AM": 1.0, "PM": 1.0, "HS": 1.0, "BED": 1.0, "BID": 2.0, "TID": 3.0, "QID": 4.0, "QOD": 0.5,
    "Q4H": 6.0, "Q6H": 4.0, "Q8H": 3.0, "Q12H": 2.0, "WK": 1 / 7, "MO": 1 / 30,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One stretch of an order: `mg` a day in `times` administrations, of which the largest is `single_mg`.

    `days` is how long it lasts until the next step, None where nothing says so.
    """

    mg: float | None
    single_mg: float | None
    times: float
    starts: date | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class DailyDose:
    """`mg` is the highest planned daily dose; `first_mg` and `steps` describe a stepwise order in its own sequence.

    `plan` is the same in full. `microgram` tells that the order is written in micrograms.
    """

    mg: float | None
    first_mg: float | None = None
    steps: tuple[float | None, ...] = ()
    microgram: bool = False
    plan: tuple[Step, ...] = ()

    @property
    def is_stepped(self) -> bool:
        return len(self.steps) > 1

    @property
    def single_mg(self) -> float | None:
        """The largest amount taken at one time; None where a step cannot be reckoned."""
        doses = [step.single_mg for step in self.plan]
        known = [dose for dose in doses if dose is not None]
        return max(known) if known and len(known) == len(doses) else None


def times_a_day(dosage: Dosage) -> float:
    """Administrations a day as written; once a day where nothing is said."""
    if dosage.frequency is not None or dosage.period is not None:
        days = (dosage.period or 1.0) * _DAYS.get(dosage.period_unit or "d", 1.0)
        times = (dosage.frequency or 1.0) / days if days else 1.0
        # "Once a day, in the morning and at bedtime" is twice: the moments named are the administrations.
        moments = max(len(dosage.when), dosage.times_of_day)
        return (max(times, float(moments)) if days == 1.0 else times) * _week_part(dosage)
    if dosage.timing_code.upper() in _TIMING_CODES:
        return _TIMING_CODES[dosage.timing_code.upper()]
    moments = max(len(dosage.when), dosage.times_of_day)
    if moments > 1 or dosage.days_of_week:
        return max(float(moments), 1.0) * _week_part(dosage)
    said = worded_times(dosage.timing_code)
    if said is None and not dosage.when:
        said = worded_times(dosage.text)
    return 1.0 if said is None else said


def _week_part(dosage: Dosage) -> float:
    return dosage.days_of_week / _DAYS_OF_A_WEEK if 0 < dosage.days_of_week < _DAYS_OF_A_WEEK else 1.0


def is_as_needed(dosage: Dosage) -> bool:
    return dosage.as_needed or says_as_needed(dosage.text)


def milligrams(quantity: Quantity, product: Naltrexone | None) -> float | None:
    """One dose in mg: mass directly, volume by the concentration, tablets and capsules by the strength."""
    found = measure(quantity)
    if found is None:
        return None
    kind, amount = found
    if kind == "mass":
        return amount
    if product is None:
        return None
    if kind == "volume" and product.strength_mg_per_ml is not None:
        return amount * product.strength_mg_per_ml
    if kind == "count" and product.strength_mg is not None:
        return amount * product.strength_mg
    return None


def measure(quantity: Quantity) -> tuple[str, float] | None:
    """(`mass`, mg), (`volume`, mL) or (`count`, pieces); None where the unit is none of these, or missing.

    The spellings of `units.csv` first; a UCUM library for codes that stand nowhere in it.
    """
    for spelled in dict.fromkeys((quantity.spelled, quantity.unit)):
        kind = dimension(spelled)
        base = {"mass": "mg", "volume": "mL", "count": "1"}.get(kind)
        amount = convert(quantity.value, spelled, base) if base else None
        if amount is not None:
            return kind, amount
    code = quantity.code.strip()
    plain = ucum.without_annotation(code)
    if plain and plain != code and dimension(plain) == "mass":
        amount = convert(quantity.value, plain, "mg")
        return None if amount is None else ("mass", amount)
    found = ucum.measure(code) if plain else None
    return (found[0], float(f"{quantity.value * found[1]:.12g}")) if found else None


def lines_of(dosages: tuple[Dosage, ...], product: Naltrexone | None) -> tuple[Dosage, ...]:
    """The lines of an order; a single line whose words hold a whole schedule is taken apart into its steps.

    A structured dose beside such words is one of the steps, else the structure stands.
    """
    if len(dosages) != 1 or not dosages[0].text:
        return dosages
    line = dosages[0]
    steps = worded_steps(line, product)
    if not steps:
        return dosages
    written = milligrams(line.dose, product) if line.dose else None
    if line.dose is not None and written not in [step.dose.value for step in steps if step.dose]:
        return dosages
    return steps


def daily_dose(dosages: tuple[Dosage, ...], product: Naltrexone | None) -> DailyDose:
    """Sum over the lines, or the highest step where the lines follow one another by sequence, dates or lengths."""
    lines = lines_of(dosages, product)
    if not lines:
        return DailyDose(None)
    keys = _places(lines)
    placed = sorted(zip(keys, lines, strict=True), key=lambda one: one[0])
    plan = [_step([line for _, line in group], product) for _, group in groupby(placed, key=lambda one: one[0])]
    plan = [_until(step, after) for step, after in pairwise(plan)] + plan[-1:]
    steps = tuple(step.mg for step in plan)
    known = [step for step in steps if step is not None]
    highest = max(known) if known and len(known) == len(steps) else None
    return DailyDose(highest, steps[0], steps, any(_is_microgram(line, product) for line in dosages), tuple(plan))


def _places(lines: tuple[Dosage, ...]) -> list[tuple[int, str]]:
    """Where each line stands in time; lines of one place are taken side by side.

    Lines that say only how long they last follow one another (rule 23, near-miss 5), unless they name different times
    of the day.
    """
    dated = any(line.sequence or line.starts for line in lines)
    moments = [line.when for line in lines]
    if not dated and len(lines) > 1 and all(line.duration_days for line in lines[:-1]) and len(set(moments)) == 1:
        return [(place, "") for place in range(len(lines))]
    return [(line.sequence or 0, line.starts.isoformat() if line.starts else "") for line in lines]


def _step(lines: list[Dosage], product: Naltrexone | None) -> Step:
    doses = [_single_mg(line, product) for line in lines]
    daily = [None if dose is None else dose * times_a_day(line) for dose, line in zip(doses, lines, strict=True)]
    known = [dose for dose in doses if dose is not None]
    starts = min((line.starts for line in lines if line.starts), default=None)
    ends = max((line.ends for line in lines if line.ends), default=None)
    days = max((line.duration_days for line in lines if line.duration_days), default=None)
    if days is None and starts and ends and ends >= starts:
        days = (ends - starts).days + 1
    single = max(known) if known and len(known) == len(doses) else None
    return Step(_total(daily), single, sum(map(times_a_day, lines)), starts, days)


def _until(step: Step, after: Step) -> Step:
    """How long a step lasts: until the next one begins, where both are dated."""
    if step.starts and after.starts:
        return Step(step.mg, step.single_mg, step.times, step.starts, (after.starts - step.starts).days)
    return step


def _total(doses: list[float | None]) -> float | None:
    known = [dose for dose in doses if dose is not None]
    return round(sum(known), 6) if known and len(known) == len(doses) else None


def _single_mg(line: Dosage, product: Naltrexone | None) -> float | None:
    quantity = line.dose_high or line.dose
    one = milligrams(quantity, product) if quantity is not None else None
    return worded_dose(line.text, product).mg if one is None else one


def _is_microgram(line: Dosage, product: Naltrexone | None) -> bool:
    if line.dose is not None and (found := measure(line.dose)) is not None:
        return found[0] == "mass" and (convert(1, line.dose.spelled, "mg") or 1) < 0.5
    return worded_dose(line.text, product).microgram
