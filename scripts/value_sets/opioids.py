"""Codes of opioids: ingredients, products and groups, each with its washout class."""

import re
from collections.abc import Iterable, Iterator, Sequence

from cds_service.terminology.systems import ATC, RXNORM, SNOMED
from value_sets.tables import Line, Row, ValueSet, listed
from value_sets.washouts import Brands, product_washout, washout_of_unknown_form

# ATC codes of such combinations (N02AJ13 tramadol, 17-19 oxycodone, 22 and 23 hydrocodone).
ATC_COMBINATION = frozenset({"N02AJ13", "N02AJ17", "N02AJ18", "N02AJ19", "N02AJ22", "N02AJ23"})
# ATC code of an opioid with naltrexone (the others have RxNorm codes and say so in the table).
ATC_WITH_NALTREXONE = frozenset({"N02AA56"})
# ATC files anaesthetics under N01A: fentanyl there is an injection, which the rulebook names short-acting.
ATC_INJECTION = "N01A"


def opioid_lines(ingredients: Sequence[Row], products: Sequence[Row]) -> Iterator[Line]:
    brands = Brands(products)
    code_of = ingredient_codes(ingredients)
    for row in ingredients:
        parent = re.search(r"salt/ester of (.+) \((\d+)\)", row["synonyms_brands"])
        name, ingredient = (parent[1], parent[2]) if parent else (row["name"], code_of[row["name"]])
        counted = row["counts_as_opioid"].startswith("yes")
        washout = washout_of_unknown_form(name, combination=False, injected=False) if counted else "not-counted"
        if row["rxcui"]:
            yield RXNORM, row["rxcui"], row["name"], ingredient, name, washout, "", ""
        if parent:
            continue
        for code in listed(row["atc"]):
            by_code = washout_of_unknown_form(
                name, combination=code in ATC_COMBINATION, injected=code.startswith(ATC_INJECTION)
            )
            by_code = by_code if counted else washout
            naltrexone = "yes" if code in ATC_WITH_NALTREXONE else ""
            yield ATC, code, f"{name} (ATC)", ingredient, name, by_code, "", naltrexone
        for code in listed(row["snomed_substance"]):
            yield SNOMED, code, f"{name} (substance)", ingredient, name, washout, "", ""
    for row in products:
        washout, form = product_washout(row, brands)
        names = listed(row["ingredient_name"])
        codes = [code_of[name] for name in names]
        naltrexone = "yes" if row["contains_naltrexone"] == "yes" else ""
        yield RXNORM, row["rxcui"], row["display"], ";".join(codes), ";".join(names), washout, form, naltrexone


def ingredient_codes(ingredients: Iterable[Row]) -> dict[str, str]:
    """Ingredient name -> RxNorm ingredient code, or the name where the tables have no code."""
    return {row["name"]: row["rxcui"] or row["name"] for row in ingredients if row["tty"] != "PIN"}


FILES = {
    "opioids.csv": ValueSet(
        ("system", "code", "display", "ingredient", "name", "washout", "form", "naltrexone"),
        lambda tables: opioid_lines(tables.rows("opioid_ingredients.csv"), tables.rows("opioid_products.csv")),
    ),
}
