"""Rule 4: an opioid screen was positive and nothing later says otherwise (S34; labelled contraindication)."""

from cds_service.definitions.case import Case
from cds_service.definitions.toxicology import positive_screens
from cds_service.record import Finding, Indicator, Proposal


def detect(case: Case) -> Finding | None:
    """Critical within 7 days; warning from day 8 to 14, and where all that is recent is preliminary."""
    if not case.naltrexone_judged:
        return None
    found = positive_screens(case.record, case.thresholds)
    if not found:
        return None
    recent = [one for one in found if one.age <= case.thresholds.toxicology.critical_days and not one.preliminary]
    lead = (recent or found)[0]
    others = dict.fromkeys(one.substance for one in found if one.substance != lead.substance)
    return Finding(
        rule="opioid-tox-positive",
        indicator=Indicator.CRITICAL if recent else Indicator.WARNING,
        evidence=tuple(dict.fromkeys((lead.reference, *(one.reference for one in found)))),
        values={
            "substance": lead.substance,
            "on": lead.on.isoformat(),
            "others": ", ".join(others),
            "preliminary": "yes" if lead.preliminary else "",
        },
        proposals=(
            Proposal("delete-draft", case.naltrexone_judged, recommended=bool(recent)),
            Proposal("opioid-screen"),
        ),
    )
