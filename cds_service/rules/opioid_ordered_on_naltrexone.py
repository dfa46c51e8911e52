"""Rule 7: an opioid draft for a patient who takes naltrexone (S27 S31 S77 S78; label)."""

from datetime import timedelta

from cds_service.definitions.case import Case
from cds_service.definitions.dose import daily_dose
from cds_service.definitions.exposure import Exposure, Reading, interval
from cds_service.record import DraftOrder, Finding, Indicator, Proposal

_HOME = frozenset({"AMB", "VR", "HH"})
_HOSPITAL = frozenset({"EMER", "ACUTE", "IMP", "NONAC", "OBSENC", "SS", "PRENC"})


def detect(case: Case) -> Finding | None:
    """Critical while naltrexone is current or injected within 30 days; warning within three days or when uncertain."""
    if not case.opioid_judged or case.naltrexone is None:
        return None
    naltrexone = case.naltrexone
    reading, indicator = _blocking(case, naltrexone)
    if reading is None:
        return None
    drafts = tuple(draft for draft in case.opioid_judged if not _starts_after(case, draft, reading))
    if not drafts:
        return None
    dose = daily_dose(reading.medication.dosages, reading.medication.drug.naltrexone).mg
    setting = case.record.encounter.setting if case.record.encounter else ""
    return Finding(
        rule="opioid-ordered-on-naltrexone",
        indicator=indicator,
        evidence=(reading.medication.reference,),
        subjects=frozenset(part.ingredient for draft in drafts if draft.drug for part in draft.drug.opioids),
        wording=_wording(reading, indicator, setting),
        values={
            "dose": f"{dose:g} mg" if dose else "",
            "opioid": drafts[0].drug.name if drafts[0].drug else "",
            "record": reading.medication.drug.label,
            "last": reading.last.isoformat() if reading.last else "",
            "hold_days": str(interval(case.thresholds, "naltrexone-oral").clear_days),
            "injection_days": str(interval(case.thresholds, "naltrexone-injection").clear_days),
        },
        proposals=(Proposal("delete-opioid", drafts, recommended=setting in _HOME),),
    )


def _blocking(case: Case, naltrexone: Exposure) -> tuple[Reading | None, Indicator]:
    if naltrexone.current:
        return naltrexone.current[0], Indicator.CRITICAL
    injected: list[Reading] = []
    oral: list[Reading] = []
    for reading in naltrexone.ended:
        if (
            reading.last is None
            or (case.today - reading.last).days > interval(case.thresholds, reading.washout).clear_days
        ):
            continue
        (injected if reading.washout == "naltrexone-injection" else oral).append(reading)
    if injected:
        return injected[0], Indicator.CRITICAL
    candidates = oral + list(naltrexone.uncertain)
    return (candidates[0], Indicator.WARNING) if candidates else (None, Indicator.WARNING)


def _starts_after(case: Case, draft: DraftOrder, reading: Reading) -> bool:
    """Near-miss 8: the opioid is to start more than three days after a documented stop of naltrexone."""
    stopped = reading.not_taking_said or (reading.last if not reading.assumed else None)
    days = interval(case.thresholds, reading.washout).clear_days
    return (
        draft.starts is not None
        and stopped is not None
        and reading.last is not None
        and draft.starts > reading.last + timedelta(days=days)
    )


def _wording(reading: Reading, indicator: Indicator, setting: str) -> str:
    if reading.washout == "naltrexone-injection":
        return "injection"
    if indicator is Indicator.WARNING:
        return "recent" if reading.last and not reading.why else "uncertain"
    return "hospital" if setting in _HOSPITAL else "default"
