"""Words for opioids, from the tables and beside them."""

import re
from collections.abc import Iterator, Mapping, Sequence

from value_sets.brands import (
    AMBIGUOUS_BRANDS,
    BRANDS_ADDED,
    BRANDS_SPELLED_OUT,
    NOT_A_BRAND,
    brand_words,
    inner_phrases,
)
from value_sets.denied_words import DENIED_WORDS, NO_DRUG_WORDS
from value_sets.naltrexone_words import NALTREXONE_WORDS
from value_sets.tables import Row, listed, plain
from value_sets.washouts import SHORT_FENTANYL_WORDS, Brands, washout_of_unknown_form

# Class words count only where no other drug is recognised.
CLASS_WORDS = ("narcotic", "narcotic analgesic", "narcotics", "opiate", "opiates", "opioid", "opioids")
# No code and no label interval (rulebook b.2: opioid, kind unknown). "7-OH" is what its strongest alkaloid is sold as.
KRATOM_WORDS = (
    "7 hydroxymitragynine",
    "7 oh",
    "7oh",
    "hydroxymitragynine",
    "ketum",
    "kratom",
    "mitragyna",
    "mitragynine",
)
# Buprenorphine that is released for weeks or months. An implant too: it releases for six months after insertion.
DEPOT_WORDS = ("brixadi", "buvidal", "probuphine", "sublocade")
# An opioid with sequestered naltrexone: never naltrexone, whatever code stands beside the name (rulebook b.1).
SEQUESTERED_WORDS = ("embeda", "troxyca")
# Other spellings prescribers use: everyday names, and the drug names of German, the Romance languages and Latin.
OPIOID_SPELLINGS = {
    "buprenorphine": ("buprenorfina", "buprenorphin", "buprenorphinum"),
    "codeine": (
        "codein",
        "codeina",
        "codeína",
        "codeinum",
        "codéine",
        "kodein",
        "tylenol 2",
        "tylenol 3",
        "tylenol 4",
        "tylenol no 3",
    ),
    "dihydrocodeine": ("dihidrocodeina", "dihidrocodeína", "dihydrocodein", "dihydrocodeinum", "drocode"),
    "fentanyl": ("fentanil", "fentanilo", "fentanylum"),
    "heroin": ("diacetylmorphine", "diamorphin", "diamorphine"),
    "hydrocodone": ("hidrocodona", "hydrocodon", "hydrocodonum"),
    "hydromorphone": ("hidromorfona", "hydromorphon", "hydromorphonum", "idromorfone"),
    "levomethadone": ("levomethadon",),
    "meperidine": ("pethidin", "pethidine", "petidina"),
    "methadone": ("metadona", "metadone", "methadon", "methadonum"),
    "morphine": ("morfin", "morfina", "morphin", "morphinum"),
    "oxycodone": ("ossicodone", "oxicodona", "oxycodon", "oxycodonum", "oxyir"),
    "oxymorphone": ("oxymorphon",),
    "pentazocine": ("pentazocin",),
    "piritramide": ("piritramid",),
    "tapentadol": ("tapentadolum",),
    "tilidine": ("tilidin", "tilidinum"),
    "tramadol": ("tramadolo", "tramadolum"),
}


class WordBook:
    """The words for opioids: word -> ingredient name -> (washout, form, source); the first source of a word stays."""

    def __init__(self) -> None:
        self._meanings: dict[str, dict[str, tuple[str, str, str]]] = {}
        self._refused = {plain(word) for word in (*DENIED_WORDS, *NO_DRUG_WORDS, *NALTREXONE_WORDS)}
        self._refused |= NOT_A_BRAND | AMBIGUOUS_BRANDS

    def add(self, word: str, name: str, washout: str, form: str, source: str) -> None:
        word = plain(word)
        if word not in self._refused:
            self._meanings.setdefault(word, {}).setdefault(name, (washout, form, source))

    def lines(self) -> Iterator[tuple[str, str, str, str, str]]:
        for word, meanings in self._meanings.items():
            if not any(self._says_the_same(inner, meanings) for inner in inner_phrases(word)):
                for name, (washout, form, source) in meanings.items():
                    yield word, name, washout, form, source

    def _says_the_same(self, inner: str, meanings: Mapping[str, tuple[str, str, str]]) -> bool:
        """Such a longer phrase is left out, so that the words beside the shorter one (`er`) are read as well."""
        shorter = self._meanings.get(inner, {})
        return shorter.keys() == meanings.keys() and all(
            not form or shorter[name][0] == washout for name, (washout, form, _) in meanings.items()
        )


def opioid_words(ingredients: Sequence[Row], products: Sequence[Row]) -> WordBook:
    brands = Brands(products)
    branded = {(brand, name): (washout, form) for brand, name, washout, form in brand_words(products, brands)}
    book = WordBook()
    for word in DEPOT_WORDS:
        book.add(word, "buprenorphine", "depot", "stated", "script")
    for word in SHORT_FENTANYL_WORDS:
        book.add(word, "fentanyl", "short-acting", "stated", "script")
    for row in ingredients:
        if row["tty"] == "PIN" or not row["counts_as_opioid"].startswith("yes"):
            continue
        name = row["name"]
        unknown = (washout_of_unknown_form(name, combination=False, injected=False), "")
        names = [re.sub(r"\(.*?\)", "", part) for part in listed(row["synonyms_brands"])]
        split = [piece for part in names for piece in part.split("/")] if name == "oxycodone" else names
        for word in (name, *split):
            book.add(word, name, *branded.get((plain(word), name), unknown), "ingredient")
        for word in OPIOID_SPELLINGS.get(name, ()):
            book.add(word, name, *branded.get((plain(word), name), unknown), "spelling")
    for (brand, name), (washout, form) in branded.items():
        book.add(brand, name, washout, form, "product")
    for brand, name, washout in (*BRANDS_ADDED, *BRANDS_SPELLED_OUT):
        book.add(brand, name, washout, "stated", "script")
    return book
