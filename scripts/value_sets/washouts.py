"""Washout classes of opioids, by ingredient, form and brand (rulebook b.2)."""

import re
from collections.abc import Iterable

from value_sets.tables import Row, listed, plain

# Shortest first: where a product holds two opioids, or code and table differ, the longer interval is kept.
WASHOUTS = ("not-counted", "short-acting", "kind-unknown", "long-acting", "two-week", "depot")
# Drugs that exist in extended-release form. With the formulation unknown they are long-acting, whatever the table says.
ER_CAPABLE = frozenset(
    {
        "fentanyl",
        "hydrocodone",
        "hydromorphone",
        "morphine",
        "oxycodone",
        "oxymorphone",
        "tapentadol",
        "tramadol",
    }
)
TWO_WEEK = frozenset({"buprenorphine", "levomethadone", "levomethadyl", "methadone"})
LONG_BY_NATURE = frozenset({"levorphanol"})
# Term types that name a dose form. The others (IN, PIN, MIN, BN, SCDC, SBDC, and the groupers SCDG and SBDG such as
# "Oral Product") leave the formulation unknown.
FORM_STATED = frozenset({"SCD", "SBD", "SCDF", "SBDF", "GPCK", "BPCK"})
# A combination with one of these is an immediate-release tablet unless the product says extended release.
COMBINATION = re.compile(r"\b(acetaminophen|apap|paracetamol|aspirin|asa|acetylsalicylic|ibuprofen)\b", re.IGNORECASE)
# Released over two days from the epidural space: extended-release, though the table says short-acting.
LIPOSOMAL = re.compile(r"\b(liposomal|depodur)\b", re.IGNORECASE)
# Grouper names end like this; what comes before is the brand.
GROUPER_ENDING = re.compile(r"( (Oral|Liquid|Injectable|Rectal|Topical|Mucosal|Nasal|Product|Pill|Disintegrating))+$")
# Fentanyl brands that are injections or nasal sprays, the two forms that the rulebook names short-acting.
SHORT_FENTANYL_WORDS = ("lazanda", "sublimaze")


def longest(washouts: Iterable[str]) -> str:
    return max(washouts, key=WASHOUTS.index)


def washout_of_unknown_form(name: str, *, combination: bool, injected: bool) -> str:
    """The class of a drug whose dose form is not known (rulebook b.2, the text under the table)."""
    if name in TWO_WEEK:
        return "two-week"
    if name in LONG_BY_NATURE:
        return "long-acting"
    if name in ER_CAPABLE and not combination and not (name == "fentanyl" and injected):
        return "long-acting"
    return "short-acting"


class Brands:
    """Which brand names are combinations with acetaminophen, aspirin or ibuprofen, read off the product names."""

    def __init__(self, products: Iterable[Row]) -> None:
        self._seen: dict[str, list[bool]] = {}
        for row in products:
            for brand in re.findall(r"\[([^\]]+)\]", row["display"]):
                plain_tablet = bool(COMBINATION.search(row["display"])) and row["duration"] == "short-acting"
                self._seen.setdefault(plain(brand), []).append(plain_tablet)

    def combination(self, name: str) -> bool:
        """True where every product of the brand is such a combination and none of them is extended-release."""
        return all(self._seen.get(plain(name), [False]))


def product_washout(row: Row, brands: Brands) -> tuple[str, str]:
    """Washout class of one product row, and `stated` where its code names the dose form."""
    if not row["counts_as_opioid"].startswith("yes"):
        return "not-counted", ""
    stated = row["tty_inferred"] in FORM_STATED
    if row["duration"] == "depot":
        return "depot", "stated"
    names = listed(row["ingredient_name"])
    if any(name in TWO_WEEK for name in names):
        return "two-week", "stated" if stated else ""
    display = row["display"]
    if LIPOSOMAL.search(display):
        return "long-acting", "stated"
    if stated:
        return row["duration"], "stated"
    combination = bool(COMBINATION.search(display)) or brands.combination(GROUPER_ENDING.sub("", display))
    injected = (
        row["route"] in ("injection", "nasal")
        or "/ML" in display.upper()
        or plain(GROUPER_ENDING.sub("", display)) in SHORT_FENTANYL_WORDS
    )
    unknown = [washout_of_unknown_form(name, combination=combination, injected=injected) for name in names]
    return longest([row["duration"], *unknown]), ""
