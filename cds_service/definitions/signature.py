"""The words of a signature: which dose, how often, when needed, in which steps.

Read where the structure of an order gives no dose, and held against the structure where it does (rulebook b.1, rule 21
d and g). A sentence that can be read in two ways is not read: None is a fact that rules can act on, a guess is not.
"""

import re
from dataclasses import dataclass, replace
from datetime import timedelta

from cds_service.record import Dosage, Naltrexone, Quantity
from cds_service.terminology.memory import Memory
from cds_service.terminology.units import convert

_LONGEST = 2000
_NUMBER = r"(?<![\w.,])(?:\d{1,5}(?:\.\d{1,4})?|\.\d{1,4})"
_MASS_WORD = r"(?:mg|mcg|µg|μg|ug|micrograms?|milligrams?|g|grams?)"
_MASS_UNIT = rf"{_MASS_WORD}(?![\w/])"
_FORM = r"(?:tab(?:let)?s?|caps?(?:ule)?s?|pills?|troches?|lozenges?)\b"
_COUNT = rf"(?:{_NUMBER}(?:\s?/\s?\d{{1,2}})?|\b(?:one[- ]half|half|a half|one|two|three|four|five|six)\b|½)"
_RANGE = r"(?:\s?(?:-|–|to|or)\s?)"

_ANY_MASS = re.compile(rf"\d\s?-?\s?{_MASS_WORD}", re.I)
_FROM_LOW = re.compile(rf"({_NUMBER})\s?(?:{_MASS_UNIT})?{_RANGE}(?={_NUMBER}\s?-?\s?({_MASS_UNIT}))", re.I)
_MASS = re.compile(rf"({_NUMBER})\s?-?\s?({_MASS_UNIT})(?!\s?(?:/|per)\s?(?:\d+\s?)?m?l\b)", re.I)
_PER_ML = re.compile(rf"({_NUMBER})\s?({_MASS_WORD})\s?(?:/|per)\s?(\d+(?:\.\d+)?)?\s?ml\b", re.I)
_VOLUME = re.compile(rf"({_NUMBER})\s?(?:ml|millilit(?:er|re)s?|cc)\b", re.I)
_COUNTED = re.compile(rf"(?:{_COUNT}{_RANGE})?({_COUNT})\s?(?:of\s)?(?:an?\s)?{_FORM}", re.I)
_COUNT_OF_STRENGTH = re.compile(
    rf"(?:{_COUNT}{_RANGE})?({_COUNT})\s?(?:x|×|of)?\s?(?:an?\s)?({_NUMBER})\s?-?\s?({_MASS_UNIT})\s?-?\s?{_FORM}", re.I
)
_COUNTED_EACH = re.compile(
    rf"(?:{_COUNT}{_RANGE})?({_COUNT})\s?{_FORM}\s?(?:\(|of\s|,|=|x|×)?\s?({_NUMBER})\s?({_MASS_UNIT})\s?(each|per)?",
    re.I,
)
_BESIDE_FORM = re.compile(rf"\s?-?\s?(?:oral\s)?{_FORM}", re.I)
_UNIT_FORGOTTEN = re.compile(
    rf"\b(?:take|give|use|dose:?)\s({_NUMBER})\s(?:by mouth|po|orally|at|nightly|every|each|once|daily|q?hs|in the)\b",
    re.I,
)
_HISTORY = re.compile(
    r"\b(?:was|were|previous(?:ly)?|prior|former(?:ly)?|old(?: dose)?|from|instead of|replac\w+|stop(?:ped)?|up from|"
    rf"down from|last dose|before)\b:?\s(?:(?:on|of|dose|the|taking|naltrexone|at)\s){{0,3}}{_NUMBER}\s?{_MASS_UNIT}"
    rf"(?!\s?-?\s?{_FORM})",
    re.I,
)
_WORDS = {"one half": 0.5, "half": 0.5, "a half": 0.5, "½": 0.5, "one": 1.0, "two": 2.0, "three": 3.0}
_WORDS |= {"four": 4.0, "five": 5.0, "six": 6.0}

_EVERY = re.compile(r"\b(?:every|q)\s?(\d{1,2})\s?(hours?|hrs?|h|days?|d|weeks?|wks?)\b", re.I)
_TIMES = re.compile(
    r"\b(once|twice|one time|two times|three times|four times|thrice|(\d)\s?(?:x|times?))\s?"
    r"(?:(?:a|per|each|every|/)\s?)?(day|daily|week|weekly)\b",
    re.I,
)
_ONCE_A_WEEK = 1 / 7
_SPOKEN = (
    (
        re.compile(r"\b(?:every other (?:day|night)|alternate (?:day|night)s?|alternating days|qod|q\.o\.d\.)", re.I),
        0.5,
    ),
    (re.compile(r"\b(?:bid|b\.i\.d\.|morning and (?:evening|night|bedtime)|q12h)", re.I), 2.0),
    (re.compile(r"\b(?:tid|t\.i\.d\.|q8h)", re.I), 3.0),
    (re.compile(r"\b(?:qid|q\.i\.d\.|q6h)", re.I), 4.0),
    (re.compile(r"\b(?:weekly|every week|each week)\b", re.I), _ONCE_A_WEEK),
)
_ONCE_AND = {"once": 1, "one time": 1, "twice": 2, "two times": 2, "three times": 3, "thrice": 3, "four times": 4}
_AS_NEEDED = re.compile(r"\b(?:as needed|as required|when needed|if needed|prn|p\.r\.n\.)", re.I)
_TAPER = re.compile(r"\b(?:taper|wean|step(?:ping)? down|titrat\w+)", re.I)

_NEXT_STEP = re.compile(
    r"[;,.]?\s(?:and\s)?(?:then|thereafter|followed by|after that|afterwards)\b(?:\s(?:increase|go up|raise)(?:\sto)?)?"
    r"|;|[,.]\s(?=(?:on\s|from\s)?(?:days?|weeks?|wks?)\s\d)|\n",
    re.I,
)
_LASTING = re.compile(
    r"\b(?:for|x|×)\s?(?:the\s)?(?:first\s|next\s|another\s)?(\d{1,3}|one|two|three|four)?\s?(days?|nights?|weeks?|wks?)\b",
    re.I,
)
_FROM_TO = re.compile(r"\b(days?|weeks?|wks?)\s(\d{1,3})\s?(?:-|–|to|through)\s?(\d{1,3})\b", re.I)
_RISING = re.compile(
    rf"\b(?:increas\w+|titrat\w+|rais\w+|go(?:ing)? up)\s(?:the dose\s)?by\s({_NUMBER})\s?({_MASS_UNIT})\s"
    r"(?:every|each|per)\s(?:(\d{1,2}|one|two|three|four)\s)?(days?|weeks?|wks?)\b.{0,30}?"
    rf"\b(?:to|until|maximum|max\.?|target)\b.{{0,20}}?({_NUMBER})\s?({_MASS_UNIT})",
    re.I,
)
_FEWEST_STEPS = 2
_MOST_STEPS = 20


@dataclass(frozen=True, slots=True)
class Worded:
    """What the words say of one dose: `mg` where they say one, `all_mg` every dose they could mean."""

    mg: float | None = None
    all_mg: frozenset[float] = frozenset()
    microgram: bool = False


_SAYS_NOTHING = Worded()
_DOSES: Memory[Worded] = Memory()
_SCHEDULES: Memory[bool] = Memory()


def worded_dose(text: str, product: Naltrexone | None = None) -> Worded:
    """The dose that a signature says in words, of one administration, in mg.

    "Take 2 capsules (3 mg)" is 3 mg, "2 capsules of 1.5 mg" and "3 x 1.5 mg capsules" are counted, "1 tablet" takes
    the strength of the product and "4.5 mL" its concentration, or the one that the words state. Of a range the upper
    end counts. What was taken before ("was 6 mg") is no dose.
    """
    if not text:
        return _SAYS_NOTHING
    said = f"{product and (product.strength_mg, product.strength_mg_per_ml)} {text[:_LONGEST]}"
    return _DOSES.meaning(said.encode("utf-8", "surrogatepass"), lambda: _worded_dose(text, product))


def _worded_dose(text: str, product: Naltrexone | None) -> Worded:
    if _ANY_MASS.search(text, 0, _LONGEST) is None:  # "1 capsule at bedtime"
        return _reckoned(text[:_LONGEST], product)
    said = _HISTORY.sub(" ", text[:_LONGEST])
    lows = {_mass(found[1], found[2]) for found in _FROM_LOW.finditer(said)}
    said = _FROM_LOW.sub(" ", said) if lows else said
    masses = [(_mass(found[1], found[2]), found) for found in _MASS.finditer(said)]
    micro = any(_is_microgram(found[2]) for _, found in masses)
    free = {mg for mg, found in masses if not _BESIDE_FORM.match(said, found.end())}
    counted = {round(_counted(n) * mass, 6) for n, mass in _counts_of_strength(said, len(free) < len(masses))}
    if len(counted) == 1:
        return Worded(*_one(counted), microgram=micro)
    if counted:
        return Worded(None, frozenset(counted), microgram=micro)
    stated = free or {mg for mg, _ in masses}
    if stated:
        one = stated if len(stated) == 1 else set()
        return Worded(next(iter(one), None), frozenset({mg for mg, _ in masses} | lows), micro)
    return _reckoned(said, product)


def worded_volume_ml(text: str) -> float | None:
    """The one volume that the words say."""
    return _volume(text[:_LONGEST], None)[0]


def worded_count(text: str) -> float | None:
    """The one number of pieces that the words say."""
    return _count(text[:_LONGEST])


def _reckoned(said: str, product: Naltrexone | None) -> Worded:
    """A dose of words that name no mass: from the volume or the number of pieces."""
    reckoned = {mg for mg in (_volume(said, product)[1], _pieces(_count(said), product)) if mg is not None}
    return Worded(*_one(reckoned))


def _one(doses: set[float]) -> tuple[float | None, frozenset[float]]:
    return (next(iter(doses)) if len(doses) == 1 else None, frozenset(doses))


def _mass(number: str, unit: str) -> float:
    unit = "mg" if unit.lower().startswith(("mg", "milli")) else "ug" if _is_microgram(unit) else "g"
    return round(convert(float(number), unit, "mg") or 0.0, 9)


def _is_microgram(unit: str) -> bool:
    return unit.lower().startswith(("u", "µ", "μ", "mc", "mic"))


def _counts_of_strength(said: str, beside_form: bool) -> list[tuple[str, float]]:
    """(count, mg of one piece) for "3 x 1.5 mg capsules" and "3 capsules of 1.5 mg"; a total in brackets is one.

    `beside_form` tells whether any mass stands before a form at all, which the first spelling needs.
    """
    found = []
    if beside_form:
        found = [(one[1], _mass(one[2], one[3])) for one in _COUNT_OF_STRENGTH.finditer(said)]
    for one in _COUNTED_EACH.finditer(said):
        count, mass, unit, each = one.groups()
        total = each is None and ("(" in one[0] or "=" in one[0])
        found.append(("1" if total else count, _mass(mass, unit)))
    return found


def _counted(number: str) -> float:
    plain = number.lower().replace("-", " ").strip()
    if plain in _WORDS:
        return _WORDS[plain]
    top, _, bottom = plain.partition("/")
    return float(top) / float(bottom) if bottom and float(bottom) else float(top)


def _count(said: str) -> float | None:
    counts = {_counted(found[1]) for found in _COUNTED.finditer(said)}
    return counts.pop() if len(counts) == 1 else None


def _pieces(count: float | None, product: Naltrexone | None) -> float | None:
    strength = product.strength_mg if product else None
    return None if count is None or strength is None else round(count * strength, 6)


def _volume(said: str, product: Naltrexone | None) -> tuple[float | None, float | None]:
    """(mL, mg) where the words say a volume; the concentration is theirs, else the product's."""
    stated = [_mass(one[1], one[2]) / (float(one[3] or 1) or 1) for one in _PER_ML.finditer(said)]
    volumes = {float(one[1]) for one in _VOLUME.finditer(_PER_ML.sub(" ", said))}
    if len(volumes) != 1:
        return None, None
    volume = volumes.pop()
    per_ml = stated[0] if stated else product.strength_mg_per_ml if product else None
    return volume, None if per_ml is None else round(volume * per_ml, 6)


def forgets_the_unit(text: str) -> bool:
    """ "Take 4.5 at bedtime": a number where a dose belongs and nothing that says of what (rule 21 f)."""
    found = _UNIT_FORGOTTEN.search(text[:_LONGEST])
    return found is not None and not worded_dose(text).all_mg


def worded_times(text: str) -> float | None:
    """Administrations a day as the words say it; None where they say nothing about it."""
    said = text[:_LONGEST]
    spoken = next((times for pattern, times in _SPOKEN if pattern.search(said)), None)
    if spoken is not None and spoken != _ONCE_A_WEEK:
        return spoken
    every = _EVERY.search(said)
    if every:
        number, unit = float(every[1]) or 1.0, every[2].lower()
        return 24 / number if unit.startswith("h") else 1 / (number * (7 if unit.startswith("w") else 1))
    times = _TIMES.search(said)
    if times:
        count = float(times[2]) if times[2] else float(_ONCE_AND[times[1].lower()])
        return count / 7 if times[3].lower().startswith("week") else count
    return spoken


def says_as_needed(text: str) -> bool:
    return _AS_NEEDED.search(text[:_LONGEST]) is not None


def says_taper(text: str) -> bool:
    return _TAPER.search(text[:_LONGEST]) is not None


def worded_steps(line: Dosage, product: Naltrexone | None) -> tuple[Dosage, ...]:
    """A line whose words hold a whole schedule, as one line for each step; empty where they hold none.

    "1.5 mg nightly for 14 days, then 3 mg for 14 days, then 4.5 mg", "days 1-14: 1.5 mg; days 15-28: 3 mg", and
    "1.5 mg at bedtime, increase by 1.5 mg every 2 weeks to 4.5 mg". Each step but the last says how long it lasts.
    """
    text = line.text[:_LONGEST]
    if not _SCHEDULES.meaning(text.encode("utf-8", "surrogatepass"), lambda: _may_hold_steps(text)):
        return ()
    rising = _rising(text, product)
    if rising:
        return _lines(line, rising)
    parts = [part for part in _NEXT_STEP.split(text) if part.strip()]
    if len(parts) < _FEWEST_STEPS:
        return ()
    read = [(worded_dose(part, product).mg, _lasts(part), part) for part in parts]
    steps = [(mg, days) for mg, days, _ in read if mg is not None]
    if not _FEWEST_STEPS <= len(steps) <= _MOST_STEPS or any(days is None for _, days in steps[:-1]):
        return ()
    return _lines(line, [(mg, days) for mg, days in steps])


def _may_hold_steps(text: str) -> bool:
    return _RISING.search(text) is not None or _NEXT_STEP.search(text) is not None


def _lines(line: Dosage, steps: list[tuple[float, int | None]]) -> tuple[Dosage, ...]:
    made = []
    starts = line.starts
    for place, (mg, days) in enumerate(steps, start=1):
        made.append(
            replace(
                line, text="", sequence=place, dose=Quantity(mg, "mg", "mg"), dose_high=None, starts=starts, ends=None,
                duration_days=days,
            )
        )  # fmt: skip
        starts = starts + timedelta(days=days) if starts and days else None
    return tuple(made)


def _rising(text: str, product: Naltrexone | None) -> list[tuple[float, int | None]]:
    found = _RISING.search(text)
    first = worded_dose(text[: found.start()], product).mg if found else None
    if not found or first is None:
        return []
    by, top = _mass(found[1], found[2]), _mass(found[5], found[6])
    days = _days(found[3], found[4])
    if by <= 0 or top <= first or (top - first) / by > _MOST_STEPS:
        return []
    steps: list[tuple[float, int | None]] = []
    dose = first
    while dose < top - 0.001:
        steps.append((round(dose, 6), days))
        dose += by
    return [*steps, (top, None)]


def _lasts(part: str) -> int | None:
    spans = _FROM_TO.search(part)
    if spans:
        days = int(spans[3]) - int(spans[2]) + 1
        return days * (7 if spans[1].lower().startswith("w") else 1) if days > 0 else None
    lasting = _LASTING.search(part)
    return _days(lasting[1], lasting[2]) if lasting else None


def _days(number: str | None, unit: str) -> int:
    count = int(number) if number and number.isdigit() else int(_WORDS.get((number or "one").lower(), 1))
    return max(count, 1) * (7 if unit.lower().startswith("w") else 1)
