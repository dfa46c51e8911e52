"""Units as records spell them, and conversion between them.

UCUM tells `mg` from `MG`; order entry systems do not, so letter case is ignored. The spellings that would collide
(`u`, `unit`) are never converted.
"""

from functools import cache, lru_cache

from cds_service.terminology import tables

# Bilirubin: micromoles per litre in one mg/dL (rulebook rule 14). The only substance here that is reported in moles.
_UMOL_PER_L_IN_ONE_MG_PER_DL = 17.1
_MG_PER_ML_IN_ONE_MG_PER_DL = 0.01
# What laboratories write for a value that has no unit.
_CALENDAR_UNITS = "d day days wk week weeks mo month months a year years h hour hours min minute minutes s"
_CALENDAR = frozenset(_CALENDAR_UNITS.split())
_UNITLESS = frozenset({"", "1", "(inr)"})


@cache
def _units() -> dict[str, tuple[str, float]]:
    return {spelled: (dimension, float(factor)) for spelled, dimension, factor in tables.rows("units.csv")}


def dimension(spelled: str) -> str:
    """`mass`, `volume`, `count`, `concentration`, for laboratory values `activity`, `molar` or `ratio`, or empty."""
    known = _look_up(spelled)
    return known[0] if known else ""


def is_unit(spelled: str) -> bool:
    """Whether this is a unit that records use and this service reads, a calendar one included."""
    return _look_up(spelled) is not None or spelled.strip("{}").casefold() in _CALENDAR


def convert(value: float, spelled: str, to: str) -> float | None:
    """The value in another unit, or None where the two do not measure the same thing.

    Moles become mass as if the substance were bilirubin, and only between umol/L and mg/dL: do not ask it for others.
    An INR is a bare number, so `1` and no unit at all are accepted for `{INR}`.
    """
    target = _look_up(to)
    source = _look_up(spelled)
    if target is not None and target[0] == "ratio" and spelled.strip().casefold() in _UNITLESS:
        return value
    if source is None or target is None:
        return None
    if source[0] == target[0]:
        return value if source[1] == target[1] else _tidy(value * source[1] / target[1])
    if (source[0], target[0]) == ("molar", "concentration") and target[1] == _MG_PER_ML_IN_ONE_MG_PER_DL:
        return _tidy(value * source[1] / _UMOL_PER_L_IN_ONE_MG_PER_DL)
    if (source[0], target[0]) == ("concentration", "molar") and source[1] == _MG_PER_ML_IN_ONE_MG_PER_DL:
        return _tidy(value * _UMOL_PER_L_IN_ONE_MG_PER_DL / target[1])
    return None


@lru_cache(maxsize=512)
def _look_up(spelled: str) -> tuple[str, float] | None:
    plain = spelled.strip().casefold().replace("μ", "u").rstrip(".").removesuffix("(s)")
    units = _units()
    return units.get(plain) or units.get(plain.strip("{}"))


def _tidy(value: float) -> float:
    """Without the noise of binary fractions: 4500 ug are 4.5 mg, not 4.499999."""
    return float(f"{value:.12g}")
