"""Rule 36 with LDN current and not borne well (rule 33), and how later calls know our own steps (rules 24, 29)."""

from dataclasses import replace
from typing import Any

import pytest
from definitions.chart import (
    CAPSULE,
    LDN,
    TABLET,
    ago,
    ahead,
    case,
    draft,
    mg,
    naltrexone_drug,
    opioid_draft,
    request,
    statement,
)

from cds_service.definitions.case import ORDER_SELECT, ORDER_SIGN, Case
from cds_service.record import Allergy, DraftOrder, Finding, Medication
from cds_service.rules import rules

BEFORE = "MedicationRequest/before"
GROUP = "urn:ldn-cds:order-set|b0a4"
DREAMS = Allergy(
    "AllergyIntolerance/naltrexone",
    frozenset({"naltrexone"}),
    clinical="active",
    verification="confirmed",
    kind="intolerance",
    reactions=frozenset({"naltrexone-effect"}),
    effect="Vivid dreams",
    recorded=ago(10),
)


def taken(dose: float, **facts: Any) -> Medication:
    facts = {"reference": BEFORE, "authored": ago(40), "supply_days": 90, "dosages": (mg(dose),)} | facts
    return request(LDN, **facts)


def renewal(dose: float = 4.5, **facts: Any) -> DraftOrder:
    return draft(LDN, *facts.pop("lines", (mg(dose),)), prior=BEFORE, **facts)


def judged(order: DraftOrder, *medications: Medication, hook: str = ORDER_SELECT, borne: bool = False) -> Case:
    found = case(order, hook=hook, medications=medications)
    return found if borne else replace(found, record=replace(found.record, allergies=(DREAMS,)))


def order_set(found: Case) -> Finding | None:
    return rules()["titration-order-set"](found)


def values(found: Case) -> dict[str, str]:
    finding = order_set(found)
    assert finding is not None
    assert finding.wording == "step-down"
    return dict(finding.proposals[0].values)


@pytest.mark.parametrize(("dose", "said"), [(4.5, "4.5"), (3, "3"), (2, "2"), (1, "1"), (0.5, "0.5")])
def test_a_step_down_reckons_from_the_dose_that_is_taken_not_from_the_draft(dose: float, said: str) -> None:
    found = values(judged(renewal(4.5), taken(dose)))
    assert found["current_mg"] == said
    assert found["prior"] == BEFORE


def test_without_an_intolerance_a_renewal_brings_no_order_set() -> None:
    assert order_set(judged(renewal(), taken(4.5), borne=True)) is None


def test_an_intolerance_of_an_earlier_course_brings_the_variants_for_a_start() -> None:
    finding = order_set(judged(draft()))
    assert finding is not None
    assert finding.wording == "default"
    assert "current_mg" not in finding.proposals[0].values


def test_order_sign_brings_no_step_down() -> None:
    assert order_set(judged(renewal(), taken(4.5), hook=ORDER_SIGN)) is None


def test_a_second_naltrexone_draft_brings_no_step_down() -> None:
    both = judged(renewal(), taken(4.5))
    assert order_set(replace(both, drafts=(*both.drafts, draft(reference="MedicationRequest/other")))) is None


def test_a_draft_that_is_not_selected_brings_no_step_down() -> None:
    assert order_set(judged(renewal(selected=False), taken(4.5))) is None


def test_a_standard_dose_brings_no_step_down() -> None:
    tablet = naltrexone_drug(TABLET)
    order = draft(tablet, mg(50), prior=BEFORE)
    before = request(tablet, reference=BEFORE, authored=ago(40), supply_days=90, dosages=(mg(50),))
    assert order_set(judged(order, before)) is None


def test_the_step_down_starts_with_the_draft_and_never_before_today() -> None:
    assert values(judged(renewal(starts=ahead(7)), taken(4.5)))["start"] == ahead(7).isoformat()
    assert values(judged(renewal(starts=ago(7)), taken(4.5)))["start"] == ago(0).isoformat()


def test_of_a_dated_schedule_the_step_of_today_is_what_is_taken() -> None:
    lines = (
        mg(1.5, sequence=1, starts=ago(20), ends=ago(7)),
        mg(3, sequence=2, starts=ago(6), ends=ahead(7)),
        mg(4.5, sequence=3, starts=ahead(8), ends=ahead(60)),
    )
    assert values(judged(renewal(), taken(4.5, dosages=lines, authored=ago(20))))["current_mg"] == "3"


def test_a_statement_has_a_dose_and_is_no_order_to_name() -> None:
    listed = statement(LDN, reference="MedicationStatement/ldn", starts=ago(40), dosages=(mg(4.5),))
    found = values(judged(draft(LDN, mg(4.5)), listed))
    assert found["current_mg"] == "4.5"
    assert found["prior"] == ""


def test_a_statement_that_names_its_order_leads_to_it() -> None:
    listed = statement(LDN, reference="MedicationStatement/ldn", starts=ago(40), dosages=(mg(4.5),), based_on=(BEFORE,))
    assert values(judged(draft(LDN, mg(4.5)), listed))["prior"] == BEFORE


def test_the_order_that_the_draft_follows_decides_over_a_later_one() -> None:
    other = taken(2, reference="MedicationRequest/other", authored=ago(5))
    assert values(judged(renewal(), taken(4.5), other))["current_mg"] == "4.5"


def test_a_record_without_a_dose_gives_way_to_one_with_a_dose() -> None:
    silent = request(naltrexone_drug(CAPSULE), reference="MedicationRequest/silent", authored=ago(2), supply_days=30)
    listed = statement(LDN, reference="MedicationStatement/ldn", starts=ago(40), dosages=(mg(2),))
    assert values(judged(draft(LDN, mg(2)), silent, listed))["current_mg"] == "2"


def test_a_dose_that_nobody_can_read_is_left_open() -> None:
    silent = request(naltrexone_drug(CAPSULE), reference=BEFORE, authored=ago(40), supply_days=90)
    assert values(judged(renewal(), silent))["current_mg"] == ""


OWN_STEPS = (
    mg(1.5, sequence=1, starts=ago(0), ends=ahead(13)),
    mg(3, sequence=2, starts=ahead(14), ends=ahead(27)),
)


@pytest.mark.parametrize("hook", [ORDER_SELECT, ORDER_SIGN])
@pytest.mark.parametrize("group", [GROUP, ""], ids=["known by its group", "known by its steps"])
def test_our_own_step_down_is_not_offered_again_nor_called_a_duplicate(hook: str, group: str) -> None:
    found = judged(renewal(lines=OWN_STEPS, group=group), taken(4.5), hook=hook)
    assert order_set(found) is None
    assert rules()["duplicate-naltrexone"](found) is None
    assert rules()["titration-missing"](found) is None


def test_two_prescriptions_of_one_set_are_no_duplicate_and_need_no_titration() -> None:
    first = draft(LDN, *OWN_STEPS, group=GROUP)
    second = draft(LDN, mg(4.5, starts=ahead(28), ends=ahead(83)), reference="MedicationRequest/b", group=GROUP)
    both = case(first, second, hook=ORDER_SIGN)
    for rule in ("titration-order-set", "titration-missing", "titration-step-too-fast", "duplicate-naltrexone"):
        assert rules()[rule](both) is None, rule


def test_the_second_prescription_alone_is_known_by_its_group() -> None:
    second = draft(LDN, mg(4.5), group=GROUP)
    alone = case(second, hook=ORDER_SELECT)
    for rule in ("titration-order-set", "titration-missing"):
        assert rules()[rule](alone) is None, rule
    stranger = case(draft(LDN, mg(4.5), group="urn:somebody-else|1"), hook=ORDER_SELECT)
    assert rules()["titration-missing"](stranger) is not None


def test_two_drafts_of_two_groups_are_a_duplicate() -> None:
    first = draft(LDN, mg(1.5), group=GROUP)
    second = draft(LDN, mg(4.5), reference="MedicationRequest/b", group="urn:ldn-cds:order-set|other")
    assert rules()["duplicate-naltrexone"](case(first, second, hook=ORDER_SIGN)) is not None


def test_an_opioid_draft_beside_it_changes_nothing_here() -> None:
    found = judged(renewal(), taken(4.5))
    assert order_set(replace(found, drafts=(*found.drafts, opioid_draft()))) is not None
