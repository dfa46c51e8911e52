"""Rule 7: an opioid draft for a patient who takes naltrexone (S27 S31 S77 S78; label)."""

from datetime import timedelta

from cds_service.definitions.case import Case
from cds_service.definitions.dose import daily_dose
from cds_service.definitions.exposure import Exposure
from cds_service.definitions.readings import Reading
from cds_service.definitions.thresholds import interval
from cds_service.record import DraftOrder, Finding, Indicator, Proposal

_INJECTION = "naltrexone-injection"
_HOME = frozenset({"AMB", "VR", "HH"})
_HOSPITAL = frozenset({"EMER", "ACUTE", "IMP", "NONAC", "OBSENC", "SS", "PRENC"})


def detect(case: Case) -> Finding | None:
    """Critical while naltrexone is current or injected within 30 days; warning within three days or when uncertain."""
    if not case.opioid_judged or case.naltrexone is None:
        return None
    certain, doubtful = _blocking(case, case.naltrexone)
    blocking = certain or doubtful
    drafts = tuple(draft for draft in case.opioid_judged if not _starts_after(case, draft, blocking))
    if not blocking or not drafts:
        return None
    indicator = Indicator.CRITICAL if certain else Indicator.WARNING
    lead = blocking[0]
    dose = daily_dose(lead.medication.dosages, lead.medication.drug.naltrexone).mg
    setting = case.record.encounter.setting if case.record.encounter else ""
    return Finding(
        rule="opioid-ordered-on-naltrexone",
        indicator=indicator,
        evidence=tuple(dict.fromkeys(reading.medication.reference for reading in blocking)),
        subjects=frozenset(part.ingredient for draft in drafts if draft.drug for part in draft.drug.opioids),
        wording=_wording(lead, indicator, setting),
        values={
            "dose": f"{dose:g} mg" if dose else "",
            "opioid": drafts[0].drug.name if drafts[0].drug else "",
            "record": lead.medication.drug.label,
            "also": ", ".join(dict.fromkeys(one.medication.drug.label for one in blocking[1:])),
            "last": lead.last.isoformat() if lead.last and not lead.assumed else "",
            "supplied": lead.last.isoformat() if lead.last and lead.assumed else "",
            "hold_days": str(interval(case.thresholds, "naltrexone-oral").clear_days),
            "injection_days": str(interval(case.thresholds, "naltrexone-injection").clear_days),
        },
        proposals=(Proposal("delete-opioid", drafts, recommended=setting in _HOME),),
    )


def _blocking(case: Case, naltrexone: Exposure) -> tuple[list[Reading], list[Reading]]:
    """(what blocks for certain, what may block), injections first: their block is the longer one."""
    recent = [
        reading
        for reading in naltrexone.ended
        if reading.last is not None
        and (case.today - reading.last).days <= interval(case.thresholds, reading.washout).clear_days
    ]
    injected = [reading for reading in (*naltrexone.current, *recent) if reading.washout == _INJECTION]
    oral = [reading for reading in naltrexone.current if reading.washout != _INJECTION]
    doubtful = [reading for reading in (*recent, *naltrexone.uncertain) if reading not in injected]
    return injected + oral, list(dict.fromkeys(doubtful))


def _starts_after(case: Case, draft: DraftOrder, blocking: list[Reading]) -> bool:
    """Near-miss 8: the opioid is to start more than three days after a documented stop of naltrexone."""
    return draft.starts is not None and all(
        reading.last is not None
        and (reading.not_taking_said is not None or not reading.assumed)
        and draft.starts > reading.last + timedelta(days=interval(case.thresholds, reading.washout).clear_days)
        for reading in blocking
    )


def _wording(reading: Reading, indicator: Indicator, setting: str) -> str:
    if reading.washout == _INJECTION:
        return "injection"
    if indicator is Indicator.WARNING:
        return "recent" if reading.last and not reading.why else "uncertain"
    return "hospital" if setting in _HOSPITAL else "default"
