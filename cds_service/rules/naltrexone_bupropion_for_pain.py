"""Rule 27: the weight-loss combination ordered for pain (S45)."""

from cds_service.definitions.case import Case
from cds_service.definitions.indication import LDN, stated_reasons
from cds_service.definitions.order_class import says_low_dose
from cds_service.definitions.titration import titration
from cds_service.definitions.usable import in_groups, is_current, is_usable, usable_observations
from cds_service.record import DraftOrder, Finding, Indicator, Proposal
from cds_service.terminology.conditions import LDN_INDICATIONS

_CONTRAINDICATED = ("seizure-disorder", "bulimia")


def detect(case: Case) -> Finding | None:
    """Warning; info where weight is a reason beside pain (near-miss 2)."""
    judged = [(found, order) for order in case.naltrexone_judged if (found := _judge(case, order)) is not None]
    if not judged:
        return None
    indicator, order = max(judged, key=lambda one: one[0])
    warns = indicator is Indicator.WARNING
    against = [one for one in in_groups(case.record.conditions, *_CONTRAINDICATED) if is_usable(one)]
    kinds = [kind for kind in _CONTRAINDICATED if any(kind in one.groups for one in against)]
    return Finding(
        rule="naltrexone-bupropion-for-pain",
        indicator=indicator,
        evidence=(
            *(order.reference for _, order in judged if order.reference),
            *(condition.reference for condition in against),
        ),
        wording="default" if warns else "confirm",
        values={
            "reason": next(iter(sorted(case.order_class(order).reasons & LDN_INDICATIONS)), ""),
            "against": ", ".join(kinds),
        },
        proposals=(
            Proposal("delete-draft", tuple(order for _, order in judged)),
            titration(case, order, recommended=False),
        )
        if warns
        else (),
        family="" if warns else "before-you-start",
    )


def _judge(case: Case, order: DraftOrder) -> Indicator | None:
    found = case.order_class(order)
    if found.name != "nb-combo":
        return None
    stated = stated_reasons(order, case.record)
    named = stated or frozenset()
    if says_low_dose(order) and "obesity" not in named:
        return Indicator.WARNING
    if stated is not None:
        return _weighed(LDN in named, "obesity" in named)
    if case.naltrexone is not None and any(
        product.product == "nb-combo"
        for reading in case.naltrexone.current
        if (product := reading.medication.drug.naltrexone) is not None
    ):
        return None  # taken already: a renewal, and nothing says that it is for pain (near-miss 5)
    return _weighed(LDN in found.reasons, "obesity" in found.reasons or _is_heavy(case))


def _weighed(pain: bool, weight: bool) -> Indicator | None:
    if not pain:
        return None
    return Indicator.INFO if weight else Indicator.WARNING


def _is_heavy(case: Case) -> bool:
    """A body mass index of 27 or more: the latest measured, else one that is coded."""
    measured = [one for one in usable_observations(case.record, "body-mass-index") if one.value]
    if measured and measured[0].value:
        return measured[0].value.value >= case.thresholds.dose.weight_bmi
    coded = in_groups(case.record.conditions, "bmi-27-or-more")
    return any(is_usable(one) and is_current(one, case.today, case.thresholds) for one in coded)
