"""Rule 9: naltrexone drafted for a patient who is recorded as pregnant (S13 S29; label)."""

from cds_service.definitions.case import Case
from cds_service.record import Finding, Indicator, Proposal


def detect(case: Case) -> Finding | None:
    """Critical on any class of naltrexone order; the words differ where the order treats an addiction."""
    if not case.naltrexone_judged or not case.pregnancy.positive:
        return None
    positive = case.pregnancy.positive
    due = case.pregnancy.due
    lead = next((one for one in positive if one.kind == "due-date"), positive[0])
    addiction = all(case.order_class(order).for_addiction for order in case.naltrexone_judged)
    return Finding(
        rule="pregnancy-current",
        indicator=Indicator.CRITICAL,
        evidence=tuple(dict.fromkeys(one.reference for one in (lead, *positive))),
        wording="addiction" if addiction else "default",
        values={
            "preliminary": "yes" if lead.preliminary else "",
            "due": due.isoformat() if due else "",
            **{lead.kind: lead.on.isoformat() for lead in reversed(positive) if lead.on and lead.kind != "due-date"},
        },
        proposals=(Proposal("delete-draft", case.naltrexone_judged, recommended=True),),
    )
