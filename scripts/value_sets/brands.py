"""Brand names of opioids that may be taken as words, and those that may not."""

import re
from collections.abc import Iterator, Sequence

from value_sets.tables import Row, listed, plain
from value_sets.washouts import SHORT_FENTANYL_WORDS, Brands, product_washout, washout_of_unknown_form

# Names that the table writes beside a brand, or that are no word of their own.
NOT_A_BRAND = frozenset({"", "7 hydroxymitragynine", "7 oh", "b o", "dhc"})
# Brands that no product of the tables carries: (brand, ingredient, washout class of all its products).
BRANDS_ADDED = (
    ("butec", "buprenorphine", "two-week"),
    ("durogesic", "fentanyl", "long-acting"),
    ("instanyl", "fentanyl", "short-acting"),  # nasal spray
    ("kapake", "codeine", "short-acting"),
    ("longtec", "oxycodone", "long-acting"),
    ("norspan", "buprenorphine", "two-week"),
    ("pecfent", "fentanyl", "short-acting"),  # nasal spray
    ("paramol", "dihydrocodeine", "short-acting"),
    ("remedeine", "dihydrocodeine", "short-acting"),
    ("shortec", "oxycodone", "short-acting"),
    ("solpadeine", "codeine", "short-acting"),
    ("solpadol", "codeine", "short-acting"),
    ("targinact", "oxycodone", "long-acting"),
    ("tramacet", "tramadol", "short-acting"),
    ("transtec", "buprenorphine", "two-week"),
    ("zamadol 24 hr", "tramadol", "long-acting"),
    ("zamadol 24hr", "tramadol", "long-acting"),
    ("zapain", "codeine", "short-acting"),
)
# Brand names of the product table that are not taken as words: what they say by accident is likelier than the drug.
# The codes of these products stay in opioids.csv.
AMBIGUOUS_BRANDS = frozenset(
    {
        "allay",  # the verb
        "c tussin",  # "vitamin C, Tussin"
        "coldcough",  # any cold and cough remedy; with EXP, PD or XP it is the brand
        "hist plus",
        "m clear",  # "until 10 p.m. clear liquids"
        "m end",  # "5 p.m., end on Friday"
        "max hc",  # strength of hydrocortisone creams
        "protex",  # disinfectants and soaps
        "rid a pain",  # a rub without codeine; "with codeine" is found by that word
        "rms",  # the suppository is found by the word beside it (below)
        "rolatuss",  # "Plain" has no opioid; "with hydrocodone" is found by that word
        "vanacof",  # today's Vanacof has no opioid
        "vortex",  # an inhaler spacer
    }
)
# Their longer names, where these are safe.
BRANDS_SPELLED_OUT = (
    ("rms suppositories", "morphine", "short-acting"),
    ("rms suppository", "morphine", "short-acting"),
    ("rms uniserts", "morphine", "short-acting"),
)
# What RxNorm writes behind the name of a brand whose formula changed.
REFORMULATED = re.compile(r" (Reformulated \w+ \d{4}|Discontinued)$", re.IGNORECASE)


def inner_phrases(phrase: str) -> Iterator[str]:
    """The shorter phrases inside: `lortab` in `lortab elixir`, `tuxarin` in `tuxarin er`."""
    words = phrase.split()
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            if end - start < len(words):
                yield " ".join(words[start:end])


def brand_names(row: Row) -> Iterator[str]:
    """The brands that a product row names: in brackets, or as a whole where the row is a brand."""
    names = re.findall(r"\[([^\]]+)\]", row["display"])
    if row["tty_inferred"] == "BN":
        names.append(row["display"])
    for name in names:
        yield REFORMULATED.sub("", name)


def brand_words(products: Sequence[Row], brands: Brands) -> Iterator[tuple[str, str, str, str]]:
    """(brand, ingredient name, washout, form) of every brand that counts as an opioid.

    A brand states the form where all its products that name a dose form have one class, or where it is a combination
    with acetaminophen, aspirin or ibuprofen; otherwise the formulation is unknown.
    """
    names: dict[str, set[str]] = {}
    classes: dict[str, set[str]] = {}
    for row in products:
        if not row["counts_as_opioid"].startswith("yes"):
            continue
        washout, form = product_washout(row, brands)
        for brand in {plain(name) for name in brand_names(row)}:
            names.setdefault(brand, set()).update(listed(row["ingredient_name"]))
            if form:
                classes.setdefault(brand, set()).add(washout)
    for brand, ingredients in names.items():
        combination = brands.combination(brand)
        stated = {"short-acting"} if combination else classes.get(brand, set())
        for name in ingredients:
            if len(stated) == 1:
                yield brand, name, next(iter(stated)), "stated"
            else:
                injected = brand in SHORT_FENTANYL_WORDS
                yield brand, name, washout_of_unknown_form(name, combination=combination, injected=injected), ""
