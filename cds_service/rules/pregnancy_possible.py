"""Rule 10: a pregnancy is possible, and one test would tell (S29)."""

from cds_service.definitions.case import Case
from cds_service.definitions.pregnancy_signs import planning_signs
from cds_service.record import Finding, Indicator, Proposal


def detect(case: Case) -> Finding | None:
    """Warning; trying to conceive is a line before you start."""
    if not case.naltrexone_judged or case.pregnancy.positive:
        return None
    signs = case.possible_pregnancy
    indicator = Indicator.WARNING if signs else Indicator.INFO
    signs = signs or planning_signs(case.record, case.thresholds)
    if not signs:
        return None
    lead = signs[0]
    proposals = (
        Proposal("pregnancy-test", recommended=True),
        Proposal("delete-draft", case.naltrexone_judged),
    )
    return Finding(
        rule="pregnancy-possible",
        indicator=indicator,
        evidence=tuple(dict.fromkeys(sign.reference for sign in signs)),
        wording=lead.kind,
        values={"on": lead.on.isoformat() if lead.on else ""},
        proposals=proposals if indicator is Indicator.WARNING else (),
        family="" if indicator is Indicator.WARNING else "before-you-start",
    )
