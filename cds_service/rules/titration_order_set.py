"""Rule 36: the titration order set, offered for a new start or restart of LDN (S4 S5 S23 S57-S60 S73)."""

from datetime import date

from cds_service.definitions.case import ORDER_SIGN, Case
from cds_service.definitions.usable import age_days, usable_observations
from cds_service.record import DraftOrder, Finding, Indicator, Proposal

GROUP_SYSTEM = "urn:ldn-cds:order-set"
_PANEL = frozenset({"ALT", "AST", "panel-hepatic", "panel-CMP"})


def detect(case: Case) -> Finding | None:
    """Info. What hides it (a critical finding, an unread medication list, ...) stands in the b.4 table of `present`."""
    if case.hook == ORDER_SIGN:
        return None
    if len(case.naltrexone_drafts) != 1 or not case.naltrexone_judged:
        return None  # beside another naltrexone draft the set would leave two orders behind
    order = case.naltrexone_judged[0]
    if not _wants_titration(case, order):
        return None
    start = _start(case, order)
    old = sum(len(exposure.old) for exposure in case.opioids)
    return Finding(
        rule="titration-order-set",
        indicator=Indicator.INFO,
        evidence=(order.reference,) if order.reference else (),
        values={
            "start": start.isoformat(),
            "old_entries": str(old) if old > 1 else "",
            "microgram": "yes" if case.order_class(order).dose.microgram else "",
            "without_id": "" if order.reference else "yes",
        },
        proposals=(
            Proposal(
                "titration",
                (order,),
                recommended=True,
                values={"start": start.isoformat(), "include": " ".join(_labs(case))},
            ),
        ),
    )


def _wants_titration(case: Case, order: DraftOrder) -> bool:
    found = case.order_class(order)
    return (
        found.name == "ldn"
        and not found.ultra_low
        and not found.dose.is_stepped
        and not order.group.startswith(GROUP_SYSTEM)
        and case.treatment(order) in ("new-start", "restart")
    )


def _start(case: Case, order: DraftOrder) -> date:
    """The latest of today, the draft's own start and the end of a washout; never before the draft's own start."""
    return max(day for day in (case.today, order.starts, case.earliest_clear) if day is not None)


def _labs(case: Case) -> list[str]:
    """Baseline labs of c.3 that are neither on file nor ordered; an unread laboratory list is no reason to order."""
    if any(shortfall.data == "labs" for shortfall in case.record.shortfalls):
        return []
    days = case.thresholds.liver.baseline_panel_days
    wanted = []
    if not _on_file(case, days, "ALT", "AST", "panel-hepatic", "panel-CMP") and not _ordered(case):
        wanted.append("hepatic-panel")
    if case.liver.state == "compensated":
        missing = [group for group in ("INR", "albumin", "bilirubin-total") if not _on_file(case, days, group)]
        wanted += ["inr-albumin-bilirubin"] if missing else []
    return wanted


def _on_file(case: Case, days: int, *groups: str) -> bool:
    results = usable_observations(case.record.observations, case.today, *groups)
    return any((age := age_days(result.taken, case.today)) is not None and age <= days for result in results)


def _ordered(case: Case) -> bool:
    limit = case.thresholds.liver.lab_order_days
    return any(
        order.groups & _PANEL
        and (order.draft or (order.status == "active" and (age_days(order.authored, case.today) or 0) <= limit))
        for order in case.record.lab_orders
    )
