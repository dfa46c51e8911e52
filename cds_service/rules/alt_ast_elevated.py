"""Rule 17: ALT or AST above three and up to five times its limit (S30 S32 S36; thresholds are practice)."""

from cds_service.definitions.case import Case
from cds_service.record import Finding, Indicator, Proposal


def detect(case: Case) -> Finding | None:
    """Warning; the order set, where offered, goes slowly and brings the repeat panel."""
    if not case.naltrexone_judged or case.liver_tests.raised is None:
        return None
    found = case.liver_tests.raised
    return Finding(
        rule="alt-ast-elevated",
        indicator=Indicator.WARNING,
        evidence=(found.reference,),
        values={
            "test": found.name,
            "value": f"{found.value:g}",
            "times": f"{found.times:.1f}",
            "on": found.on.isoformat(),
            "assumed": "yes" if found.limit_assumed else "",
            "preliminary": "yes" if found.preliminary else "",
        },
        proposals=(Proposal("liver-panel", recommended=True),),
    )
