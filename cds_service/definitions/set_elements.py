"""Which optional elements of the order set this patient gets in it (rulebook c.3).

A test is in the set only where it is missing; one that is in the set is created nowhere else in the answer (b.3).
"""

from cds_service.definitions.case import Case
from cds_service.definitions.hypersensitivity import is_live
from cds_service.definitions.liver_tests import ENZYMES, is_ordered, upper_limit
from cds_service.definitions.titration import CHILD_PUGH, CHILD_PUGH_TOGETHER, baseline_labs, is_more
from cds_service.definitions.toxicology import SCREEN
from cds_service.definitions.usable import age_days, in_groups, is_current, is_on_file, is_usable, usable_observations
from cds_service.record import DraftOrder, Observation
from cds_service.terminology.units import convert

PANEL, REPEAT, SCREENING = "hepatic-panel", "hepatic-panel-repeat", "opioid-screen"
_REMISSION = "opioid-use-disorder-remission"
_LIVER_DISEASE = (
    "cirrhosis",
    "chronic-hepatitis",
    "liver-disease-other",
    "primary-biliary-cholangitis",
    "portal-hypertension",
    "acute-liver-injury",
    "liver-failure",
    "liver-transplant",
)
_FILLER = "filler-"


def set_elements(case: Case, order: DraftOrder) -> frozenset[str]:
    """Ids of the laboratory tests that the set is to order beside the prescriptions."""
    wanted = set(baseline_labs(case))
    if CHILD_PUGH_TOGETHER in wanted:
        wanted.remove(CHILD_PUGH_TOGETHER)
        wanted |= {lab for lab, group in CHILD_PUGH.items() if not _on_file(case, group)}
    if _wants_repeat(case, order):
        wanted.add(REPEAT)
    if _wants_screen(case):
        wanted.add(SCREENING)
    return frozenset(wanted)


def recorded_fillers(case: Case) -> tuple[str, ...]:
    """Fillers of capsules that the allergy list names, `filler-lactose` and so on, in alphabetical order."""
    return tuple(
        sorted(
            {
                group
                for one in case.record.allergies
                if is_live(one)
                for group in one.groups
                if group.startswith(_FILLER)
            }
        )
    )


def _wants_repeat(case: Case, order: DraftOrder) -> bool:
    """An abnormal baseline, a liver disease, or an LDN order above the usual target (S36, D3)."""
    found = case.order_class(order)
    if found.name == "ldn" and is_more(found.dose.mg, case.thresholds.dose.target_mg):
        return True
    diseases = in_groups(case.record.conditions, *_LIVER_DISEASE)
    if any(is_usable(one) and is_current(one, case.today, case.thresholds) for one in diseases):
        return True
    return any(_is_abnormal(case, enzyme) for enzyme in ENZYMES)


def _is_abnormal(case: Case, enzyme: str) -> bool:
    """Whether the latest usable value of the last 90 days is above its upper limit, assumed where none came."""
    limits = case.thresholds.liver
    for result in usable_observations(case.record, enzyme):
        value = _units(result)
        if value is None:
            continue
        age = age_days(result.taken, case.today)
        below = result.value is not None and result.value.comparator.startswith("<")
        return age is not None and age <= limits.lab_days and not below and value > _limit(case, result)
    return False


def _units(result: Observation) -> float | None:
    return convert(result.value.value, result.value.spelled, "U/L") if result.value is not None else None


def _limit(case: Case, result: Observation) -> float:
    high = upper_limit(result, "U/L")
    return case.thresholds.liver.assumed_uln_u_l if high is None else high


def _wants_screen(case: Case) -> bool:
    """Opioid use disorder in remission (rule 6), and no urine screen on file or ordered."""
    if not any(is_usable(one) for one in in_groups(case.record.conditions, _REMISSION)):
        return False
    found = case.record.result_groups(SCREEN)
    screened = any(_on_file(case, group, case.thresholds.toxicology.positive_days) for group in found)
    orders = case.record.lab_orders
    screens = frozenset(group for one in orders for group in one.groups if group.startswith(SCREEN))
    return not screened and not is_ordered(orders, screens, case.today, case.thresholds.liver.lab_order_days)


def _on_file(case: Case, group: str, days: int | None = None) -> bool:
    most = case.thresholds.liver.baseline_panel_days if days is None else days
    return is_on_file(case.record, most, group)
