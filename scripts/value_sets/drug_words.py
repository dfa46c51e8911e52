"""Words in medication text, of all drugs together (rulebook b.1)."""

from collections.abc import Iterator, Sequence

from value_sets.anticoagulants import ANTICOAGULANT_WORDS
from value_sets.denied_words import DENIED_WORDS, NO_DRUG_WORDS
from value_sets.naltrexone_words import CUE_WORDS, NALTREXONE_WORDS
from value_sets.opioid_words import CLASS_WORDS, KRATOM_WORDS, SEQUESTERED_WORDS, opioid_words
from value_sets.opioids import ingredient_codes
from value_sets.tables import Line, Row, ValueSet, plain


def drug_word_lines(ingredients: Sequence[Row], products: Sequence[Row]) -> Iterator[Line]:
    """(word, means, drug, ingredient, washout, form, source): what each word of a medication text stands for."""
    code_of = ingredient_codes(ingredients)
    for word, name, washout, form, source in opioid_words(ingredients, products).lines():
        means = "opioid-with-naltrexone" if word in SEQUESTERED_WORDS else "opioid"
        yield word, means, name, code_of.get(name, name), washout, form, source
    for word in KRATOM_WORDS:
        yield plain(word), "opioid", "kratom", "kratom", "kind-unknown", "", "script"
    for word in CLASS_WORDS:
        yield plain(word), "opioid-class", "opioid", "opioid", "kind-unknown", "", "script"
    for word in DENIED_WORDS:
        yield plain(word), "denied", "", "", "", "", "script"
    for word in NO_DRUG_WORDS:
        yield plain(word), "no-drug", "", "", "", "", "script"
    for word, product in NALTREXONE_WORDS.items():
        yield plain(word), "naltrexone", product, "", "", "", "script"
    for cue, cue_words in CUE_WORDS.items():
        for word in cue_words:
            yield plain(word), "cue", cue, "", "", "", "script"
    for word, name in ANTICOAGULANT_WORDS.items():
        yield plain(word), "anticoagulant", name, "", "", "", "script"


FILES = {
    "drug_words.csv": ValueSet(
        ("word", "means", "drug", "ingredient", "washout", "form", "source"),
        lambda tables: drug_word_lines(tables.rows("opioid_ingredients.csv"), tables.rows("opioid_products.csv")),
    ),
}
