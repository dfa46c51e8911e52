"""How many milligrams of naltrexone a day an order asks for (rulebook b.1, "Naltrexone order class").

Structure first; the words of the signature only where the structure gives no dose. What cannot be reckoned is None,
never a guess: a dose that is not computable is a fact that rules can act on.
"""

import re
from dataclasses import dataclass
from itertools import groupby

from cds_service.record import Dosage, Naltrexone, Quantity
from cds_service.terminology.units import convert, dimension

_DAYS = {"h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 30.0, "a": 365.0, "min": 1 / 1440, "s": 1 / 86400}
_TIMING_CODES = {
    "QD": 1.0, "AM": 1.0, "PM": 1.0, "HS": 1.0, "BED": 1.0, "BID": 2.0, "TID": 3.0, "QID": 4.0, "QOD": 0.5,
    "Q4H": 6.0, "Q6H": 4.0, "Q8H": 3.0, "Q12H": 2.0, "WK": 1 / 7, "MO": 1 / 30,
}  # fmt: skip
_SIG_DOSE = re.compile(
    r"(?<![\d.,])(\d{1,5}(?:\.\d{1,4})?|\.\d{1,4})\s*(mg|mcg|µg|μg|ug|micrograms?|milligrams?|g)\b", re.I
)
_SIG_TIMES = (
    (re.compile(r"\b(?:every other day|alternate days?|qod)\b", re.I), 0.5),
    (
        re.compile(r"\b(?:twice (?:a day|daily)|two times (?:a day|daily)|bid|b\.i\.d\.|every 12 hours|q12h)\b", re.I),
        2.0,
    ),
    (re.compile(r"\b(?:three times (?:a day|daily)|tid|t\.i\.d\.|every 8 hours|q8h)\b", re.I), 3.0),
    (re.compile(r"\b(?:four times (?:a day|daily)|qid|q\.i\.d\.|every 6 hours|q6h)\b", re.I), 4.0),
    (re.compile(r"\b(?:once (?:a|per) week|once weekly|weekly)\b", re.I), 1 / 7),
)
_LONGEST_SIG = 2000


@dataclass(frozen=True, slots=True)
class DailyDose:
    """`mg` is the highest planned daily dose; `first_mg` and `steps` describe a stepwise order in its own sequence."""

    mg: float | None
    first_mg: float | None = None
    steps: tuple[float | None, ...] = ()
    microgram: bool = False

    @property
    def is_stepped(self) -> bool:
        return len(self.steps) > 1


def times_a_day(dosage: Dosage) -> float:
    """Administrations a day as written; once a day where nothing is said."""
    if dosage.frequency is not None or dosage.period is not None:
        days = (dosage.period or 1.0) * _DAYS.get(dosage.period_unit or "d", 1.0)
        return (dosage.frequency or 1.0) / days if days else 1.0
    if dosage.timing_code.upper() in _TIMING_CODES:
        return _TIMING_CODES[dosage.timing_code.upper()]
    if len(dosage.when) > 1:
        return float(len(dosage.when))
    if not dosage.when and not dosage.timing_code:
        return _times_in_words(dosage.text)
    return 1.0


def milligrams(quantity: Quantity, product: Naltrexone | None) -> float | None:
    """One dose in mg: mass directly, volume by the concentration, tablets and capsules by the strength."""
    kind = dimension(quantity.spelled) or dimension(quantity.unit)
    if kind == "mass":
        return convert(quantity.value, quantity.spelled, "mg") or convert(quantity.value, quantity.unit, "mg")
    if product is None:
        return None
    if kind == "volume" and product.strength_mg_per_ml is not None:
        volume = convert(quantity.value, quantity.spelled, "mL") or convert(quantity.value, quantity.unit, "mL")
        return None if volume is None else volume * product.strength_mg_per_ml
    if kind == "count" and product.strength_mg is not None:
        return quantity.value * product.strength_mg
    return None


def daily_dose(dosages: tuple[Dosage, ...], product: Naltrexone | None) -> DailyDose:
    """Sum over the lines, or the highest step where the lines follow one another by sequence or by dates."""
    lines = [(dosage, _line_mg(dosage, product)) for dosage in dosages]
    if not lines:
        return DailyDose(None)
    stepped = sorted(lines, key=lambda line: _step_key(line[0]))
    steps = tuple(_total([mg for _, mg in step]) for _, step in groupby(stepped, key=lambda line: _step_key(line[0])))
    known = [step for step in steps if step is not None]
    highest = max(known) if known and len(known) == len(steps) else None
    return DailyDose(highest, steps[0], steps, any(_is_microgram(dosage) for dosage, _ in lines))


def _total(doses: list[float | None]) -> float | None:
    known = [dose for dose in doses if dose is not None]
    return round(sum(known), 6) if known and len(known) == len(doses) else None


def _step_key(dosage: Dosage) -> tuple[int, str]:
    return (dosage.sequence or 0, dosage.starts.isoformat() if dosage.starts else "")


def _line_mg(dosage: Dosage, product: Naltrexone | None) -> float | None:
    quantity = dosage.dose_high or dosage.dose
    one = milligrams(quantity, product) if quantity is not None else dose_in_words(dosage.text)
    return None if one is None else round(one * times_a_day(dosage), 6)


def _is_microgram(dosage: Dosage) -> bool:
    spelled = dosage.dose.spelled if dosage.dose else ""
    if spelled:
        return dimension(spelled) == "mass" and (convert(1, spelled, "mg") or 1) < 0.5
    found = _SIG_DOSE.search(dosage.text[:_LONGEST_SIG])
    return found is not None and found.group(2).lower().startswith(("u", "µ", "μ", "mc", "mic"))


def dose_in_words(text: str) -> float | None:
    """The one dose in mg that a signature names; None where it names none or several."""
    found = {
        round(mg, 6)
        for number, unit in _SIG_DOSE.findall(text[:_LONGEST_SIG])
        if (mg := convert(float(number), unit.lower(), "mg")) is not None
    }
    return found.pop() if len(found) == 1 else None


def _times_in_words(text: str) -> float:
    return next((times for pattern, times in _SIG_TIMES if pattern.search(text[:_LONGEST_SIG])), 1.0)
