"""Rule 33: naltrexone was not borne well before, or is not borne well now (S6 S24 S63 S74)."""

from cds_service.definitions.case import Case
from cds_service.record import Finding, Indicator


def detect(case: Case) -> Finding | None:
    """Information, folded into the order-set card: slow steps for a start, a step down while LDN is taken."""
    if not any(case.order_class(order).name == "ldn" for order in case.naltrexone_judged):
        return None
    found = case.intolerance
    if found is None:
        return None
    return Finding(
        rule="prior-intolerance-step-down",
        indicator=Indicator.INFO,
        evidence=found.evidence,
        wording="ongoing" if found.ongoing else "default",
        values={"effect": found.effect, "on": found.on.isoformat() if found.on else ""},
    )
