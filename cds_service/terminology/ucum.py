"""UCUM codes that `units.csv` does not spell out (`cg`, `10*-3.g`, `mg{total}`), asked of a UCUM library.

Building its registry takes about two seconds, so nothing here happens before an order comes with such a unit, and only
doses ask: laboratories write hundreds of units that no rule wants.
"""

import re
from functools import cache, lru_cache
from typing import Any

_ANNOTATION = re.compile(r"{[^{}]*}")
_UCUM = re.compile(r"[A-Za-z0-9.*/^()\[\]'_+-]{1,40}")
_MASS_OR_VOLUME = re.compile(r"[gGlL]|\[")
"""Every unit of mass or volume has a g, an l or a bracketed customary unit; without one the library is not asked."""
_LONG_NUMBER = re.compile(r"\d{4}")
"""No unit needs one, and `10*99999999` would keep the library reckoning for minutes."""
_BASES = {"mass": "mg", "volume": "mL"}


def without_annotation(code: str) -> str:
    """`mg{total}` is `mg`: an annotation says nothing about the amount."""
    return _ANNOTATION.sub("", code)


@lru_cache(maxsize=256)
def measure(code: str) -> tuple[str, float] | None:
    """(`mass` or `volume`, factor to mg or mL) of a UCUM code in its exact letter case; None for anything else."""
    plain = without_annotation(code.strip())
    if not _UCUM.fullmatch(plain) or not _MASS_OR_VOLUME.search(plain) or _LONG_NUMBER.search(plain):
        return None
    try:
        amount = _registry().from_ucum(plain)
        for dimension, base in _BASES.items():
            if amount.is_compatible_with(base):
                return dimension, float(amount.to(base).magnitude)
    except Exception:  # the grammar, the registry and pint each have errors of their own; none of them is a unit
        return None
    return None


@cache
def _registry() -> Any:
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()
