"""Rule 32: an allergy to naltrexone on the list (label)."""

from cds_service.definitions.case import Case
from cds_service.definitions.hypersensitivity import NALTREXONE, is_mild, is_severe, live
from cds_service.record import Allergy, Finding, Indicator, Proposal

_RELATED = ("naloxone", "methylnaltrexone", "opioid")


def detect(case: Case) -> Finding | None:
    """Critical where it was or may be severe, else warning; an allergy to a relative is a line before you start."""
    if not case.naltrexone_judged:
        return None
    own = [one for one in live(case.record.allergies, NALTREXONE) if not is_mild(one)]
    if own:
        own.sort(key=is_severe, reverse=True)
        severe = is_severe(own[0])
        return Finding(
            rule="naltrexone-allergy",
            indicator=Indicator.CRITICAL if severe else Indicator.WARNING,
            evidence=tuple(one.reference for one in own),
            values=_values(own[0]),
            proposals=(Proposal("delete-draft", case.naltrexone_judged, recommended=severe),),
        )
    related = [one for one in live(case.record.allergies, *_RELATED) if one.kind != "intolerance" and not is_mild(one)]
    if not related or case.all_renewals:
        return None
    return Finding(
        rule="naltrexone-allergy",
        indicator=Indicator.INFO,
        evidence=tuple(one.reference for one in related),
        wording="related",
        values=_values(related[0]),
        family="before-you-start",
    )


def _values(allergy: Allergy) -> dict[str, str]:
    return {
        "record": allergy.concept.words,
        "on": allergy.recorded.isoformat() if allergy.recorded else "",
        "severe": "yes" if is_severe(allergy) else "",
    }
