"""Units of doses."""

from collections.abc import Iterable, Iterator

from value_sets.tables import Line, Row, ValueSet

BASE_UNITS = {"mass": "mg", "volume": "mL", "concentration": "mg/mL", "count": "1"}
# "u" and "unit" are ambiguous and never converted; the size of a drop depends on the device.
UNITS_LEFT_OUT = frozenset({"u", "unit", "units", "[drp]", "drop", "drops", "gtt"})
UNITS_ADDED = (
    # What EHRs and the public sandbox send for a count.
    ("{pill}", "count", "1"),
    ("pill", "count", "1"),
    ("pills", "count", "1"),
    ("{tab}", "count", "1"),
    ("{cap}", "count", "1"),
    ("{lozenge}", "count", "1"),
    ("{troche}", "count", "1"),
    ("tbl", "count", "1"),
    ("{mL}", "volume", "1"),
    ("mg/1 mL", "concentration", "1"),
    ("ug/L", "concentration", "0.000001"),
    ("ng/mL", "concentration", "0.000001"),
    ("mg/100 mL", "concentration", "0.01"),
    # Laboratory: enzyme activity and arbitrary units of hormones, in U/L. 1 microkatal is 60 U.
    ("U/L", "activity", "1"),
    ("[U]/L", "activity", "1"),
    ("IU/L", "activity", "1"),
    ("[IU]/L", "activity", "1"),
    ("units/L", "activity", "1"),
    ("unit/L", "activity", "1"),
    ("mU/mL", "activity", "1"),
    ("mIU/mL", "activity", "1"),
    ("m[IU]/mL", "activity", "1"),
    ("mIU/L", "activity", "0.001"),
    ("m[IU]/L", "activity", "0.001"),
    ("IU/mL", "activity", "1000"),
    ("[IU]/mL", "activity", "1000"),
    ("U/mL", "activity", "1000"),
    ("ukat/L", "activity", "60"),
    # Bilirubin: micromoles have their own row, since only with the substance known do they become mass (units.py).
    ("umol/L", "molar", "1"),
    ("mcmol/L", "molar", "1"),
    ("micromol/L", "molar", "1"),
    ("mmol/L", "molar", "1000"),
    ("{INR}", "ratio", "1"),
    ("INR", "ratio", "1"),
    ("{ratio}", "ratio", "1"),
    ("ratio", "ratio", "1"),
)


def unit_lines(rows: Iterable[Row]) -> Iterator[Line]:
    """One spelling a line, case-folded (EHRs write MG and mg for the same thing), with its factor to the base unit."""
    seen: dict[str, Line] = {}
    from_table = ((row["unit"], row["dimension"], row["factor"] or "1") for row in rows)
    for unit, dimension, factor in (*from_table, *UNITS_ADDED):
        spelled = unit.casefold().rstrip(".").replace("μ", "u")
        if spelled in UNITS_LEFT_OUT:
            continue
        line = (spelled, dimension, factor)
        if seen.setdefault(spelled, line) != line:
            raise SystemExit(f"two meanings of the unit {unit}")
    yield from seen.values()


FILES = {
    "units.csv": ValueSet(("spelled", "dimension", "factor"), lambda tables: unit_lines(tables.rows("dose_units.csv"))),
}
