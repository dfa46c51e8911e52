"""Rule 3: an opioid on the list of which nobody can say whether it is still taken (S34 S65)."""

from cds_service.definitions.case import Case
from cds_service.record import Finding, Indicator, Proposal


def detect(case: Case) -> Finding | None:
    """Warning for each ingredient with an uncertain record and nothing current; one finding for all of them."""
    if not case.naltrexone_judged:
        return None
    judged = {one.ingredient: one for one in case.washouts}
    uncertain = [
        exposure
        for exposure in case.opioids
        if exposure.uncertain
        and not exposure.current
        and not (exposure.ingredient in judged and judged[exposure.ingredient].indicator >= Indicator.WARNING)
    ]
    if not uncertain:
        return None
    lead = uncertain[0]
    reading = lead.uncertain[0]
    return Finding(
        rule="opioid-status-uncertain",
        indicator=Indicator.WARNING,
        evidence=tuple(
            dict.fromkeys(
                one.medication.reference for exposure in uncertain for one in (*exposure.uncertain, *exposure.denials)
            )
        ),
        wording=reading.why or "default",
        values={
            "drug": lead.name,
            "record": reading.medication.drug.label,
            "source": reading.medication.kind,
            "status": reading.medication.status,
            "since": reading.since.isoformat() if reading.since else "",
            "last": reading.last.isoformat() if reading.last else "",
            "others": ", ".join(exposure.name for exposure in uncertain[1:]),
        },
        proposals=(Proposal("opioid-screen"),),
    )
