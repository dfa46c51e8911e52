"""The tables that value sets are made from, and what all of them share.

UTF-8 CSV files with a header row. Columns used (others are ignored):

    opioid_ingredients.csv   rxcui, tty (IN or PIN), name, synonyms_brands (`;` list; a PIN says
                             `salt/ester of NAME (RXCUI)`), atc (`;` list), snomed_substance, counts_as_opioid, verified
    opioid_products.csv      rxcui, display, tty_inferred, ingredient_name (`;` list), route, duration (short-acting,
                             long-acting, depot), counts_as_opioid, contains_naltrexone (yes or no), verified
    naltrexone_products.csv  code (an RxCUI, or `ATC:` or `SNOMED:` and a code), display, tty_inferred, product_class,
                             strength_mg, verified
    conditions.csv           system, code, display, match_type (exact, ICD prefix, SNOMED with descendants,
                             text-regex), group, subgroup, verified
    observations.csv         system, code, display, group, kind (observation, answer, exclude), ucum_unit, verified
    dose_units.csv           unit, dimension, factor (to mg, mL, mg/mL), verified
    procedures.csv           system, code, display, match_type, group, verified
    allergy.csv              system, code, display, group, verified
    first_line_drugs.csv     rxcui, display, tty_inferred, ingredient_name, atc, snomed_substance, brands, verified

Rows whose `verified` is `no` are left out, unless a constant of a module says where the code was checked. Rows of
kind `text-regex` are left out: the words stand in the modules of words in plain spelling (`drug_words.csv`,
`condition_words.csv`).
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

Row = Mapping[str, str]
Line = tuple[str, ...]


def kept(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows that may be used: not `verified=no`, and not a pattern."""
    for row in rows:
        kind = row.get("match_type") or row.get("tty_inferred") or ""
        if row["verified"] != "no" and kind != "text-regex":
            yield row


def listed(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def plain(phrase: str) -> str:
    """A phrase as it is matched: lower case, words parted by one space."""
    return " ".join(re.findall(r"[^\W_]+", phrase.casefold()))


class Tables:
    """The folder of tables."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def rows(self, name: str) -> list[Row]:
        """The rows of one table that may be used."""
        with (self._folder / name).open(encoding="utf-8", newline="") as file:
            return list(kept(csv.DictReader(file)))


class ValueSet(NamedTuple):
    """One file of value sets: its header, and how its lines come from the tables."""

    header: tuple[str, ...]
    lines: Callable[[Tables], Iterable[Line]]
