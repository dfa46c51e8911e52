"""Codes of naltrexone: what the product classes of the table are called here."""

from collections.abc import Iterable, Iterator

from cds_service.terminology.systems import ATC, RXNORM, SNOMED
from value_sets.tables import Line, Row, ValueSet

NALTREXONE_PRODUCTS = {
    "ER-injection-380mg": "er-injectable",
    "bulk-powder-compounding": "unspecified",
    "bupropion-combination": "nb-combo",
    "central-antagonist-not-naltrexone": "not-naltrexone",
    "implant": "implant",
    "ingredient": "unspecified",
    "low-dose-oral": "oral",
    "not-an-antagonist": "not-naltrexone",
    "oral-tablet": "oral",
    "other": "unspecified",
    "peripheral-antagonist": "not-naltrexone",
    "salt": "unspecified",
}
# Opioid with sequestered naltrexone: those codes stand in opioids.csv only, so that they never count as naltrexone.
OPIOID_WITH_NALTREXONE = "abuse-deterrent-opioid-combination"
# Bupropion alone is nothing to us; beside a naltrexone coding it makes the weight product.
NALTREXONE_CORRECTIONS = {(SNOMED, "387564004"): "bupropion"}
# Bupropion's RxNorm ingredient (rulebook b.1) seen as 42347 in public medication value sets.
NALTREXONE_ADDED = ((RXNORM, "42347", "bupropion", "bupropion"),)


def naltrexone_lines(rows: Iterable[Row]) -> Iterator[Line]:
    for row in rows:
        if row["product_class"] == OPIOID_WITH_NALTREXONE:
            continue
        kind, _, code = row["code"].rpartition(":")
        system = {"": RXNORM, "ATC": ATC, "SNOMED": SNOMED}[kind]
        product = NALTREXONE_CORRECTIONS.get((system, code)) or NALTREXONE_PRODUCTS[row["product_class"]]
        cue = "low-dose" if row["product_class"] == "low-dose-oral" else ""
        strength = row["strength_mg"] if product not in ("bupropion", "not-naltrexone") else ""
        yield system, code, row["display"], product, strength, cue
    for system, code, display, product in NALTREXONE_ADDED:
        yield system, code, display, product, "", ""


FILES = {
    "naltrexone.csv": ValueSet(
        ("system", "code", "display", "product", "strength_mg", "cue"),
        lambda tables: naltrexone_lines(tables.rows("naltrexone_products.csv")),
    ),
}
