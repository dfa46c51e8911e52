"""First-line drugs for fibromyalgia and neuropathic pain (rule 34): ingredient -> class."""

from collections.abc import Iterable, Iterator

from cds_service.terminology.systems import ATC, RXNORM, SNOMED
from value_sets.tables import Line, Row, ValueSet, listed, plain

FIRST_LINE = {
    "amitriptyline": "tricyclic",
    "carbamazepine": "anticonvulsant",
    "cyclobenzaprine": "tricyclic",
    "duloxetine": "SNRI",
    "gabapentin": "anticonvulsant",
    "milnacipran": "SNRI",
    "nortriptyline": "tricyclic",
    "pregabalin": "anticonvulsant",
    "venlafaxine": "SNRI",
}
# Brand names that the table leaves out.
FIRST_LINE_SPELLINGS = {
    "amitriptyline": ("endep", "tryptizol"),
    "duloxetine": ("yentreve",),
    "nortriptyline": ("aventyl",),
    "pregabalin": ("alzain",),
    "carbamazepine": ("carbatrol", "equetro"),
}


def first_line_lines(rows: Iterable[Row]) -> Iterator[Line]:
    """Codes of products too: a product code that is not known by its ingredient would read as "none found here"."""
    for row in rows:
        name = row["ingredient_name"]
        if name not in FIRST_LINE:
            continue
        if row["rxcui"]:
            yield RXNORM, row["rxcui"], row["display"], name, FIRST_LINE[name]
        if row["tty_inferred"] == "IN":
            for code in listed(row["atc"]):
                yield ATC, code, f"{name} (ATC)", name, FIRST_LINE[name]
            for code in listed(row["snomed_substance"]):
                yield SNOMED, code, f"{name} (substance)", name, FIRST_LINE[name]


def first_line_word_lines(rows: Iterable[Row]) -> Iterator[Line]:
    for row in rows:
        name = row["ingredient_name"]
        if name in FIRST_LINE and row["tty_inferred"] == "IN":
            for word in (name, *listed(row["brands"]), *FIRST_LINE_SPELLINGS.get(name, ())):
                yield plain(word), name, FIRST_LINE[name]


FILES = {
    "first_line.csv": ValueSet(
        ("system", "code", "display", "name", "class"),
        lambda tables: first_line_lines(tables.rows("first_line_drugs.csv")),
    ),
    "first_line_words.csv": ValueSet(
        ("word", "name", "class"), lambda tables: first_line_word_lines(tables.rows("first_line_drugs.csv"))
    ),
}
