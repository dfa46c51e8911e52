"""Codes of procedures (rules 10 to 12 and 31). Specialties and statuses say nothing by themselves."""

import re
from collections.abc import Iterable, Iterator

from cds_service.terminology.systems import SNOMED
from value_sets.tables import Line, Row, ValueSet

PROCEDURE_GROUPS = {
    "anaesthesia": "surgery",  # an anaesthetic is planned for an operation
    "anaesthesia-monitored": "surgery",
    "surgery": "surgery",
    "surgery-eye-local": "minor",
    "surgery-gynaecological": "surgery",
    "surgery-major": "surgery",
    "surgery-orthopaedic": "surgery",
    "surgery-urological": "surgery",
    "preoperative": "minor",
}
# The names of operations that say more than "surgery" (rules 10 to 12).
HYSTERECTOMY = re.compile(r"hysterectomy", re.I)
STERILISATION = re.compile(r"bilateral (fallopian|tubal)|for sterilization|both (tubes|fallopian)", re.I)
CAESAREAN = re.compile(r"\bc(a)?esarean\b", re.I)
ECTOPIC = re.compile(r"\bectopic\b.*\bpregnancy\b", re.I)
# Near-miss 3 of rule 31: nobody needs an opioid afterwards. These win over a surgical category on the same request.
MINOR_PROCEDURES = (
    # Seen with these names in public FHIR examples.
    (SNOMED, "73761001", "Colonoscopy (procedure)"),
    (SNOMED, "113091000", "Magnetic resonance imaging (procedure)"),
    (SNOMED, "77477000", "Computed tomography (procedure)"),
    (SNOMED, "71651007", "Mammography (procedure)"),
)
PROCEDURES_ADDED = (
    # Seen with these names in public FHIR examples and procedure lists; the tables hold their descendants.
    (SNOMED, "236886002", "Hysterectomy (procedure)", ("conception-unlikely", "surgery", "uterus-absent")),
    (SNOMED, "287664005", "Bilateral tubal ligation (procedure)", ("conception-unlikely", "surgery")),
    (SNOMED, "11466000", "Cesarean section (procedure)", ("pregnancy-ended-delivery", "surgery")),
)


def procedure_lines(rows: Iterable[Row]) -> Iterator[Line]:
    added = {(system, code) for system, code, *_ in (*PROCEDURES_ADDED, *MINOR_PROCEDURES)}
    for row in rows:
        group = PROCEDURE_GROUPS.get(row["group"])
        if group is None or (row["system"], row["code"]) in added:
            continue
        groups = {group}
        if HYSTERECTOMY.search(row["display"]):
            groups |= {"conception-unlikely", "uterus-absent"}
        if STERILISATION.search(row["display"]):
            groups.add("conception-unlikely")
        if CAESAREAN.search(row["display"]):
            groups.add("pregnancy-ended-delivery")
        if ECTOPIC.search(row["display"]):
            groups.add("pregnancy-ended-abortive")
        yield row["system"], row["code"], row["display"], ";".join(sorted(groups))
    for system, code, display, named in PROCEDURES_ADDED:
        yield system, code, display, ";".join(named)
    for system, code, display in MINOR_PROCEDURES:
        yield system, code, display, "minor"


FILES = {
    "procedures.csv": ValueSet(
        ("system", "code", "display", "group"), lambda tables: procedure_lines(tables.rows("procedures.csv"))
    ),
}
