"""Rule 25: a low dose ordered as a tablet that cannot be divided into it (S37 S38)."""

from cds_service.definitions.case import Case
from cds_service.definitions.titration import moment
from cds_service.record import DraftOrder, Finding, Indicator, Proposal


def detect(case: Case) -> Finding | None:
    """Warning for a dose below 12.5 mg from a tablet of 50 mg."""
    wrong = [(dose, order) for order in case.naltrexone_judged if (dose := _undivided(case, order)) is not None]
    if not wrong:
        return None
    dose, order = wrong[0]
    assert order.drug is not None  # nosec B101  # for mypy: made sure of by the caller
    assert order.drug.naltrexone is not None  # nosec B101  # for mypy: made sure of by the caller
    stepped = case.order_class(order).dose.is_stepped
    amount = f"{dose:g}"
    values = {"dose": f"{amount} mg", "mg": "" if stepped else amount, "strength": amount}
    return Finding(
        rule="product-strength-mismatch",
        indicator=Indicator.WARNING,
        evidence=tuple(order.reference for _, order in wrong if order.reference),
        values={"dose": f"{amount} mg", "strength": f"{order.drug.naltrexone.strength_mg:g} mg"},
        proposals=(Proposal("correct-draft", (order,), values={**values, "moment": moment(order)}),),
    )


def _undivided(case: Case, order: DraftOrder) -> float | None:
    """The smallest single dose of the order, in mg, where the tablet cannot give it."""
    product = order.drug.naltrexone if order.drug else None
    limits = case.thresholds.dose
    if product is None or product.product not in ("oral", "unspecified") or product.strength_mg is None:
        return None
    if product.strength_mg < limits.undivided_tablet_mg:
        return None
    doses = [step.single_mg for step in case.order_class(order).dose.plan if step.single_mg]
    smallest = min(doses, default=None)
    return smallest if smallest is not None and smallest < limits.divisible_from_mg else None
