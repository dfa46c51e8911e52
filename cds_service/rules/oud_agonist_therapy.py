"""Rule 5: methadone or buprenorphine is taken, or agonist therapy is on the problem list (S27 S64 S65 S75; label)."""

from cds_service.definitions.case import Case
from cds_service.definitions.usable import dated, in_groups, is_current, is_usable
from cds_service.record import Condition, Finding, Indicator, Proposal

_AGONISTS = frozenset({"methadone", "buprenorphine", "levomethadone"})
_THERAPY, _DISORDER = "opioid-agonist-therapy", "opioid-use-disorder"


def detect(case: Case) -> Finding | None:
    """Critical for any class of order. The disorder is named only where a problem says so: patches treat pain too."""
    if not case.naltrexone_judged:
        return None
    taken = [one for one in case.opioids if one.name in _AGONISTS and one.current]
    therapy, disorder = _current(case, _THERAPY), _current(case, _DISORDER)
    if not taken and not therapy:
        return None
    others = [one.name for one in case.opioids if one.current and one not in taken]
    records = [reading for exposure in taken for reading in exposure.current]
    named = records[0].medication if records else None
    return Finding(
        rule="oud-agonist-therapy",
        indicator=Indicator.CRITICAL,
        evidence=tuple(
            dict.fromkeys(
                (
                    *(reading.medication.reference for reading in records),
                    *(one.reference for one in (*therapy, *disorder)),
                )
            )
        ),
        wording="default" if taken and (therapy or disorder) else "drug" if taken else "therapy",
        subjects=frozenset(one.ingredient for one in case.opioids if one.current),
        values={
            "drug": " and ".join(one.name for one in taken),
            "record": named.drug.label if named else "",
            "source": named.kind if named else "",
            "since": taken[0].since.isoformat() if taken and taken[0].since else "",
            "on": _on(therapy),
            "depot": "yes" if any(reading.washout == "depot" for reading in records) else "",
            "others": ", ".join(others),
            "disagreeing": named.drug.disagreeing_text if named else "",
        },
        proposals=(Proposal("delete-draft", case.naltrexone_judged, recommended=True),),
    )


def _current(case: Case, group: str) -> list[Condition]:
    return [
        one
        for one in in_groups(case.record.conditions, group)
        if is_usable(one) and is_current(one, case.today, case.thresholds)
    ]


def _on(conditions: list[Condition]) -> str:
    day = dated(conditions[0]) if conditions else None
    return day.isoformat() if day else ""
