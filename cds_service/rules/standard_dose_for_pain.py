"""Rule 20: a dose of 25 to 150 mg where the order speaks of low dose or of pain (S22 S38 S43 S50 S53)."""

from cds_service.definitions.case import Case
from cds_service.definitions.indication import ADDICTION_TREATED, LDN, stated_reasons
from cds_service.definitions.order_class import has_cue
from cds_service.definitions.titration import is_tenfold, titration
from cds_service.record import DraftOrder, Finding, Indicator, Proposal
from cds_service.terminology.conditions import LDN_INDICATIONS


def detect(case: Case) -> Finding | None:
    """Warning; info where pain and addiction are both on the list and the order names no reason (near-miss 4)."""
    judged = [(found, order) for order in case.naltrexone_judged if (found := _judge(case, order)) is not None]
    if not judged:
        return None
    indicator, order = max(judged, key=lambda one: one[0])
    why = case.order_class(order).reasons
    warns = indicator is Indicator.WARNING
    return Finding(
        rule="standard-dose-for-pain",
        indicator=indicator,
        evidence=tuple(order.reference for _, order in judged if order.reference),
        wording="default" if warns else "confirm",
        values={
            "dose": f"{case.order_class(order).dose.mg:g} mg",
            "reason": next(iter(sorted(why & LDN_INDICATIONS)), ""),
            "target": f"{case.thresholds.dose.target_mg:g} mg",
        },
        proposals=(
            titration(case, order, recommended=True),
            Proposal("delete-draft", tuple(order for _, order in judged)),
        )
        if warns
        else (),
        family="" if warns else "before-you-start",
    )


def _judge(case: Case, order: DraftOrder) -> Indicator | None:
    found, limits = case.order_class(order), case.thresholds.order_class
    daily = found.dose.mg
    if found.name in ("er-injectable", "nb-combo") or daily is None:
        return None
    if not limits.standard_min_mg <= daily <= limits.standard_max_mg or is_tenfold(case, daily):
        return None
    low_dose = LDN in found.reasons or has_cue(order, case.thresholds)
    if not low_dose:
        return None
    if not found.reasons & ADDICTION_TREATED:
        return Indicator.WARNING
    stated = stated_reasons(order, case.record)
    return Indicator.INFO if stated is None or stated & {LDN} else None
