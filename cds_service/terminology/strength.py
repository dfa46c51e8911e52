"""The strength that a naltrexone product's name states: `4.5 MG Oral Capsule`, `1 mg/mL`, `50 mg/50 mL`."""

import re
from dataclasses import dataclass

_NUMBER = r"(?<![\w.,])(?<!\d[-–/])(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?|\.\d+)"
_MASS = re.compile(_NUMBER + r"\s*-?\s*(mgs?|milligrams?|mcg|micrograms?|ug|µg|μg)\b\.?", re.IGNORECASE)
_PER_VOLUME = re.compile(r"\s*(?:/|per)\s*(\d+(?:[.,]\d+)?)?\s*(ml|milliliters?|millilitres?|cc)\b", re.IGNORECASE)
_RANGE_BEFORE = re.compile(r"\d\s*(?:mg)?\s*(?:-|–|to|/)\s*$", re.IGNORECASE)
_RANGE_AFTER = re.compile(r"^\s*(?:-|–|to|/)\s*\d", re.IGNORECASE)
_FORM = re.compile(
    r"^[^\d]{0,30}?\b(tab|tabs|tablets?|caps?|capsules?|troches?|lozenges?|pills?|injection|vial|implant|film)\b",
    re.IGNORECASE,
)
_LONGEST = 2000  # characters; each strength is looked at together with what stands around it
_OTHER_DRUG = re.compile(r"\b(bupropion|triamcinolone)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Strength:
    """`mg` for one tablet, capsule or injection; `mg_per_ml` for a liquid. None where the words do not say."""

    mg: float | None = None
    mg_per_ml: float | None = None


def _number(digits: str) -> float:
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits):
        return float(digits.replace(",", ""))
    return float(digits.replace(",", "."))


def stated_strength(text: str) -> Strength:
    """The one strength that the text states, else nothing.

    Two different strengths are an answer to nothing, unless just one of them is followed by its dosage form
    (`4.5 mg from a 50 mg tablet` is a 50 mg tablet). A range (`1.5-4.5 mg`) is a schedule, not a strength. Of a
    combination only the naltrexone part is read. No product has a name of thousands of characters: such a text states
    nothing.
    """
    if len(text) > _LONGEST:
        return Strength()
    own = _naltrexone_part(text)
    masses: list[tuple[float, bool]] = []
    concentrations: list[float] = []
    for found in _MASS.finditer(own):
        value = _number(found[1]) * (1.0 if found[2].lower().startswith(("mg", "milli")) else 0.001)
        rest = own[found.end() :]
        volume = _PER_VOLUME.match(rest)
        if volume:
            millilitres = _number(volume[1]) if volume[1] else 1.0
            if millilitres:
                concentrations.append(round(value / millilitres, 9))
        elif not (_RANGE_BEFORE.search(own[: found.start(1)]) or _RANGE_AFTER.search(rest)):
            masses.append((round(value, 9), bool(_FORM.match(rest))))
    return Strength(_single(masses), concentrations[0] if len(set(concentrations)) == 1 else None)


def _single(masses: list[tuple[float, bool]]) -> float | None:
    for candidates in ({mg for mg, with_form in masses if with_form}, {mg for mg, _ in masses}):
        if len(candidates) == 1:
            return candidates.pop()
        if candidates:
            return None
    return None


def _naltrexone_part(text: str) -> str:
    """Of `bupropion 90 MG / naltrexone 8 MG` the second half: what stands between naltrexone and the other drug."""
    if not _OTHER_DRUG.search(text):
        return text
    parts = [part for part in re.split(r"\s/\s|\band\b|\+|;", text) if re.search("naltrexone", part, re.IGNORECASE)]
    return parts[0] if len(parts) == 1 and not _OTHER_DRUG.search(parts[0]) else ""
