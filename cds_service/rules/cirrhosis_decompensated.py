"""Rule 14: decompensated cirrhosis, by problem list or by Child-Pugh class C (S13 S30; label)."""

from cds_service.definitions.case import Case
from cds_service.record import Finding, Indicator, Proposal


def detect(case: Case) -> Finding | None:
    """Critical on any class of naltrexone order."""
    if not case.naltrexone_judged or case.liver.state != "decompensated":
        return None
    found = case.liver
    markers = [*found.markers, *([found.recorded_class_c] if found.recorded_class_c else [])]
    score = found.child_pugh
    scored = score.evidence if score is not None and score.grade == "C" else ()
    lead = markers[0] if markers else None
    return Finding(
        rule="cirrhosis-decompensated",
        indicator=Indicator.CRITICAL,
        evidence=tuple(dict.fromkeys((*(marker.reference for marker in markers), *found.cirrhosis, *scored))),
        wording="scored" if lead is None else "default" if found.cirrhosis else "alone",
        values={
            "marker": lead.name if lead else "",
            "on": lead.on.isoformat() if lead and lead.on else "",
            "others": ", ".join(dict.fromkeys(one.name for one in markers[1:] if lead and one.name != lead.name)),
            "tested": score.on.isoformat() if score else "",
            "grade": score.grade if score else "",
            "preliminary": "yes" if score and score.preliminary else "",
            "points": str(score.points) if score and not score.at_least else "",
            "least": str(score.points) if score and score.at_least else "",
        },
        proposals=(Proposal("delete-draft", case.naltrexone_judged, recommended=True),),
    )
