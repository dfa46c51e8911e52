"""Rule 1: a naltrexone draft for a patient whose record shows a current opioid (S27 S28 S34 S44 S64 S65 S75; label)."""

from cds_service.definitions.case import Case
from cds_service.definitions.exposure import Exposure
from cds_service.definitions.readings import Reading
from cds_service.record import Finding, Indicator, Proposal


def detect(case: Case) -> Finding | None:
    """Critical for any class of naltrexone order and any current opioid, certain or assumed."""
    if not case.naltrexone_judged:
        return None
    current = sorted((exposure for exposure in case.opioids if exposure.current), key=_certain_first)
    if not current:
        return None
    lead = current[0]
    reading = lead.current[0]
    since = lead.since
    return Finding(
        rule="opioid-active",
        indicator=Indicator.CRITICAL,
        evidence=tuple(
            dict.fromkeys(reading.medication.reference for exposure in current for reading in exposure.current)
        ),
        wording=_wording(case, reading),
        subjects=frozenset(exposure.ingredient for exposure in current),
        values={
            "drug": lead.name,
            "status": reading.medication.status,
            "record": reading.medication.drug.label,
            "source": reading.medication.kind,
            "since": since.isoformat() if since else "",
            "assumed": "yes" if all(one.assumed for one in lead.current) else "",
            "others": ", ".join(exposure.name for exposure in current[1:]),
            "disagreeing": reading.medication.drug.disagreeing_text,
        },
        proposals=(
            Proposal("delete-draft", case.naltrexone_judged, recommended=True),
            Proposal("taper-review", case.naltrexone_judged),
        ),
    )


def _wording(case: Case, reading: Reading) -> str:
    """A depot changes what may be promised; else the kind of record changes how the fact is put."""
    if any(one.washout == "depot" for exposure in case.opioids for one in exposure.current):
        return "depot"
    return {"dispense": "dispensed", "administration": "administered"}.get(reading.medication.kind, "default")


def _certain_first(exposure: Exposure) -> tuple[bool, str]:
    return (all(reading.assumed for reading in exposure.current), exposure.name)
