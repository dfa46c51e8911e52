"""Codes of observations (rulebook b.5)."""

import re
from collections.abc import Iterable, Iterator
from html import unescape

from cds_service.terminology.systems import LOINC, SNOMED
from value_sets.tables import Line, Row, ValueSet

OBSERVATION_GROUPS = frozenset(
    {
        "ALT",
        "AST",
        "ESR",
        "INR",
        "albumin",
        "bilirubin-total",
        "breastfeeding-status",
        "estimated-delivery-date",
        "fibromyalgia-impact",
        "hCG-qualitative",
        "hCG-quantitative",
        "pain-score",
        "panel-CMP",
        "panel-hepatic",
        "pregnancy-status",
    }
)
OBSERVATION_GROUP_PREFIX = "urine-drug-screen-"
# Among its `exclude` rows (cutoffs, names of methods, deprecated codes) the table has the screens themselves, caught by
# the word "method" in their names. A presence or an amount found *by* a method is a result (rule 4; decision 85).
RESULT_BY_METHOD = re.compile(r"^(?!Deprecated ).* \[(Presence|Mass/volume)\] in Urine by \S.* method")
OBSERVATIONS_ADDED = (
    # Named by the rulebook; this display stands in the FHIR diagnostic request value set (DSTU2 to STU3).
    (LOINC, "24325-3", "Hepatic function 2000 panel - Serum or Plasma", "panel-hepatic", "observation", ""),
    # Asked for by b.5; tells muscle from liver (rule 16, near-miss 6).
    (
        LOINC,
        "2157-6",
        "Creatine kinase [Enzymatic activity/volume] in Serum or Plasma",
        "creatine-kinase",
        "observation",
        "U/L",
    ),
    # Weight for height, where it comes along (rule 27, near-miss 3).
    (LOINC, "39156-5", "Body mass index (BMI) [Ratio]", "body-mass-index", "observation", "kg/m2"),
    # Child-Pugh as recorded: seen with these names in two independent public projects.
    (SNOMED, "3191000175106", "Child-Pugh score (assessment scale)", "child-pugh-score", "observation", "{score}"),
    (SNOMED, "710065009", "Child-Pugh score class A (finding)", "child-pugh-a", "answer", ""),
    (SNOMED, "710066005", "Child-Pugh score class B (finding)", "child-pugh-b", "answer", ""),
    (SNOMED, "710067001", "Child-Pugh score class C (finding)", "child-pugh-c", "answer", ""),
    # Whether she breastfeeds (rule 13): seen with this name as a code and as a value in public profiles.
    *(
        (SNOMED, "413712001", "Breastfeeding (mother) (observable entity)", group, kind, "")
        for group, kind in (("breastfeeding-status", "observation"), ("breastfeeding", "answer"))
    ),
    # A failed naloxone challenge (rule 40), as an answer and as the finding itself.
    *(
        (
            SNOMED,
            "1264554000",
            "Signs of opioid withdrawal on naloxone challenge test (finding)",
            "naloxone-challenge-failed",
            kind,
            "",
        )
        for kind in ("answer", "observation")
    ),
)


def observation_lines(rows: Iterable[Row]) -> Iterator[Line]:
    added = {(system, code) for system, code, *_ in OBSERVATIONS_ADDED}
    for row in rows:
        group = row["group"]
        if row["system"] == "text" or (row["system"], row["code"]) in added:
            continue
        if row["kind"] == "answer":
            yield row["system"], row["code"], row["display"], group.removeprefix("answer-"), "answer", ""
        elif row["kind"] == "observation" and (
            group in OBSERVATION_GROUPS or group.startswith(OBSERVATION_GROUP_PREFIX)
        ):
            yield row["system"], row["code"], row["display"], group, "observation", row["ucum_unit"]
        elif group.startswith(OBSERVATION_GROUP_PREFIX) and RESULT_BY_METHOD.match(row["display"]):
            yield row["system"], row["code"], unescape(row["display"]), group, "observation", row["ucum_unit"]
    yield from OBSERVATIONS_ADDED


FILES = {
    "observations.csv": ValueSet(
        ("system", "code", "display", "group", "kind", "unit"),
        lambda tables: observation_lines(tables.rows("observations.csv")),
    ),
}
