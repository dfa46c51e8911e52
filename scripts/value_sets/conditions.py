"""Codes of conditions, corrected as the rulebook asks for."""

import re
from collections.abc import Iterable, Iterator

from cds_service.terminology.systems import SNOMED
from value_sets.condition_corrections import condition_corrections
from value_sets.condition_groups import ACUTE_COMA, ACUTE_FAILURE, CONDITION_GROUPS, FAILURE, FAILURE_WITH_COMA
from value_sets.tables import Line, Row, ValueSet

# SNOMED rows that the table sorted by words are sorted once more, by these.
# Counts of pregnancies (gravida 3) outlive the pregnancy: no evidence of one now.
COUNTED_PREGNANCIES = re.compile(r"^(finding of gravida|gravida (\d+|more than \d+)|primigravida|multigravida) \(")
HISTORY = re.compile(r"\bprevious induced|\bnumber of previous|\bat risk of|^recurrent miscarriage|^habitual aborter")
FAILED_ATTEMPT = re.compile(r"^failed (attempted )?(medical )?(abortion|termination)")
BORN = re.compile(r"\b(delivered|deliver(y|ies)|childbirth|birth|born|liveborn|newborn|stillb\w+)\b")
NOT_BORN_YET = re.compile(
    r"not delivered|\bfailed\b|\bonset\b|\bbefore\b|\btrial\b|\bfinding of\b|not adequate|\bplanned\b|\brate of\b"
    r"|^delivery finding|\bbook(ed|ing)\b|^indication for|\bcondition affecting\b"
)
DELIVERED = re.compile(r"- delivered\b")
AFTER_BIRTH = re.compile(
    r"postnatal|post-? ?natal|postpartum|puerper|after delivery|following (labor and |normal |obstetric )?delivery"
)
ULCERATIVE_COLITIS = re.compile(r"ulcerative colitis")
# She breastfeeds, said plainly; disorders of the breast and how well it goes do not say that she still does.
BREASTFEEDS = re.compile(r"\b(maternal (exclusive )?|currently |partial maternal )breast-?feeding|\blactating mother\b")


def ended_groups(row: Row) -> tuple[str, ...]:
    """A row of the table's `pregnancy-ended`: does it say that the pregnancy ended, and how?"""
    display = row["display"].casefold()
    if HISTORY.search(display):
        return ("obstetric-other",)
    if FAILED_ATTEMPT.search(display):
        return ("pregnancy-possible",)
    if display.startswith("continuing pregnancy"):
        return ("pregnancy",)
    if row["subgroup"] == "abortive-outcome":
        return ("pregnancy-ended-abortive",)
    if DELIVERED.search(display) and not NOT_BORN_YET.match(display):
        return ("pregnancy-ended-delivery",)
    if AFTER_BIRTH.search(display) or row["subgroup"] == "postpartum":
        return ("postpartum",)
    if BORN.search(display) and not NOT_BORN_YET.search(display):
        return ("pregnancy-ended-delivery",)
    return ("obstetric-other",)


def decompensation_groups(row: Row) -> tuple[str, ...]:
    """A row of the table's `cirrhosis-decompensated` that no correction names."""
    display = row["display"].casefold()
    acute = bool(re.search(r"\b(sub)?acute\b|fulminant|viral hepatitis a\b|necrosis", display))
    if "coma" in display:
        return ACUTE_COMA if acute else FAILURE_WITH_COMA
    if "failure" in display or "necrosis" in display:
        return ACUTE_FAILURE if acute else FAILURE
    if "bleeding" in display:
        return ("decompensation",)
    raise SystemExit(f"no group for {row['code']} {row['display']}: add it to condition_corrections")


def groups_of(row: Row) -> tuple[str, ...]:
    """Our groups for one row of the conditions table."""
    group = row["group"]
    if group == "pregnancy-ended":
        return ended_groups(row)
    if group == "breastfeeding":
        plain_words = BREASTFEEDS.search(row["display"].casefold())
        return ("breastfeeding",) if plain_words and not row["subgroup"] else ()
    if group == "opioid-poisoning-or-adverse-effect":
        return ("opioid-poisoning",) if row["system"] == SNOMED else ()
    if group == "cirrhosis-decompensated":
        return decompensation_groups(row)
    if group == "pregnancy" and COUNTED_PREGNANCIES.search(row["display"].casefold()):
        return ("obstetric-other",)
    if group == "other-ldn-use" and ULCERATIVE_COLITIS.search(row["display"].casefold()):
        return ("ibd",)
    return CONDITION_GROUPS[group]


def condition_lines(rows: Iterable[Row]) -> Iterator[Line]:
    corrections = condition_corrections()
    corrected = {(system, code) for system, code, _ in corrections}
    for row in rows:
        if row["group"] not in CONDITION_GROUPS:
            continue
        if (row["system"], row["code"]) in corrected:
            continue
        match = "prefix" if row["match_type"] == "ICD prefix" else "exact"
        groups = groups_of(row)
        if groups:
            yield row["system"], row["code"], row["display"], match, ";".join(sorted(groups))
    for (system, code, match), (display, groups) in corrections.items():
        if groups:
            yield system, code, display, match, ";".join(sorted(groups))


FILES = {
    "conditions.csv": ValueSet(
        ("system", "code", "display", "match", "group"), lambda tables: condition_lines(tables.rows("conditions.csv"))
    ),
}
