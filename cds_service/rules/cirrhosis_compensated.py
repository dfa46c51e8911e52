"""Rule 15: cirrhosis without a sign of decompensation, or a liver transplant after it (S30 S32 S36)."""

from cds_service.definitions.case import Case
from cds_service.record import Finding, Indicator, Proposal


def detect(case: Case) -> Finding | None:
    """Warning; info where cirrhosis is only suspected (near-miss 5)."""
    if not case.naltrexone_judged or case.liver.state not in ("compensated", "possible"):
        return None
    found = case.liver
    on = found.cirrhosis_on.isoformat() if found.cirrhosis_on else ""
    if found.state == "possible":
        return Finding(
            rule="cirrhosis-compensated",
            indicator=Indicator.INFO,
            evidence=found.cirrhosis,
            wording="possible",
            values={"on": on},
            family="before-you-start",
        )
    score = found.child_pugh
    labs_unread = any(shortfall.data == "labs" for shortfall in case.record.shortfalls)
    transplant = (found.transplant.reference,) if found.transplant else ()
    return Finding(
        rule="cirrhosis-compensated",
        indicator=Indicator.WARNING,
        evidence=(*found.cirrhosis, *transplant, *(score.evidence if score else ())),
        wording="transplant" if found.transplant else "scored" if score else "default",
        values={
            "on": on,
            "grade": score.grade if score else "",
            "preliminary": "yes" if score and score.preliminary else "",
            "points": str(score.points) if score and not score.at_least else "",
            "least": str(score.points) if score and score.at_least else "",
            "untested": ", ".join(test for test in found.untested if test not in found.unitless)
            if not labs_unread
            else "",
            "unitless": ", ".join(found.unitless),
            "unread": "yes" if labs_unread else "",
        },
        proposals=(
            Proposal("liver-panel", recommended=True),
            Proposal("delete-draft", case.naltrexone_judged),
        ),
    )
