"""Allergies (rules 32 and 33): what the record says somebody does not bear. Drugs are told by their own value sets."""

from collections.abc import Iterable, Iterator

from value_sets.tables import Line, Row, ValueSet

ALLERGY_GROUPS = {
    "naltrexone-allergy": "naltrexone",
    "naloxone-allergy": "naloxone",
    "naloxone-substance": "naloxone",
    "no-known-allergy": "none-known",
    "opioid-allergy": "opioid",
    # A record of the whole class names naltrexone too.
    "opioid-antagonist-allergy": "naltrexone",
    "opioid-antagonist-substance": "naltrexone",
    "peripheral-antagonist-substance": "methylnaltrexone",
}
ALLERGY_WORDS = (
    ("azo dye", "filler-dye"),
    ("blue dye", "filler-dye"),
    ("cellulose", "filler-cellulose"),
    ("corn starch", "filler-starch"),
    ("cornstarch", "filler-starch"),
    ("food coloring", "filler-dye"),
    ("food colouring", "filler-dye"),
    ("food dye", "filler-dye"),
    ("gelatin", "filler-gelatin"),
    ("gelatine", "filler-gelatin"),
    ("gluten", "filler-gluten"),
    ("lactose", "filler-lactose"),
    ("macrogol", "filler-peg"),
    ("maize starch", "filler-starch"),
    ("mannitol", "filler-mannitol"),
    ("methyl naltrexone", "methylnaltrexone"),
    ("methylcellulose", "filler-cellulose"),
    ("methylnaltrexone", "methylnaltrexone"),
    ("methylparaben", "filler-paraben"),
    ("naloxone", "naloxone"),
    ("narcan", "naloxone"),
    ("nka", "none-known"),
    ("nkda", "none-known"),
    ("no known", "none-known"),
    ("opioid antagonist", "naltrexone"),
    ("paraben", "filler-paraben"),
    ("parabens", "filler-paraben"),
    ("polyethylene glycol", "filler-peg"),
    ("red dye", "filler-dye"),
    ("starch", "filler-starch"),
    ("stearate", "filler-stearate"),
    ("sucrose", "filler-sucrose"),
    ("tartrazine", "filler-dye"),
    ("yellow dye", "filler-dye"),
)


def allergy_lines(rows: Iterable[Row]) -> Iterator[Line]:
    for row in rows:
        group = ALLERGY_GROUPS.get(row["group"])
        if group is not None:
            yield row["system"], row["code"], row["display"], group


FILES = {
    "allergies.csv": ValueSet(
        ("system", "code", "display", "group"), lambda tables: allergy_lines(tables.rows("allergy.csv"))
    ),
    "allergy_words.csv": ValueSet(("phrase", "group"), lambda _: ALLERGY_WORDS),
}
