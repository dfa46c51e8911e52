"""Rules 1, 2, 3, 7, 8 and 40: an opioid and naltrexone, in either direction."""

from dataclasses import replace

import pytest
from definitions.chart import (
    CODEINE,
    COMBINATION,
    DEPOT,
    INJECTION,
    LDN,
    METHADONE,
    OXYCODONE_ER,
    T0,
    TABLET,
    administration,
    ago,
    ahead,
    case,
    condition,
    dispense,
    draft,
    mg,
    naltrexone_drug,
    opioid_draft,
    request,
    result,
    statement,
)
from firing import fired

from cds_service.definitions.case import ORDER_SELECT, Case
from cds_service.record import Drug, Encounter, Finding, Indicator, Medication, Naltrexone
from cds_service.rules import opioid_active, opioid_naltrexone_same_session, opioid_ordered_on_naltrexone

from cds_service.rules import opioid_recent_washout, opioid_status_uncertain, opioid_withdrawal  # isort: skip

INFO, WARNING, CRITICAL = Indicator.INFO, Indicator.WARNING, Indicator.CRITICAL
TAKEN = statement(starts=ago(60))


def kinds(finding: Finding) -> list[str]:
    return [proposal.kind for proposal in finding.proposals]


def recommended(finding: Finding) -> list[str]:
    return [proposal.kind for proposal in finding.proposals if proposal.recommended]


# Rule 1


def active(*drafts: object, **facts: object) -> Finding | None:
    return opioid_active.detect(case(*drafts, **facts))


@pytest.mark.parametrize("product", [Naltrexone("oral", strength_mg=1.5), TABLET, INJECTION, COMBINATION])
def test_a_current_opioid_is_critical_for_every_naltrexone_product(product: Naltrexone) -> None:
    found = fired(active(draft(naltrexone_drug(product)), medications=[TAKEN]))
    assert (found.indicator, found.evidence) == (CRITICAL, ("MedicationStatement/codeine",))


def test_removing_the_naltrexone_draft_is_recommended_and_the_opioid_is_left_alone() -> None:
    found = fired(active(medications=[TAKEN]))
    assert (kinds(found), recommended(found)) == (["delete-draft", "taper-review"], ["delete-draft"])
    assert {order.reference for proposal in found.proposals for order in proposal.orders} == {"MedicationRequest/draft"}


def test_no_naltrexone_draft_no_warning() -> None:
    assert active(opioid_draft(), medications=[TAKEN]) is None


def test_a_draft_that_was_not_selected_is_not_judged() -> None:
    assert active(draft(selected=False), medications=[TAKEN]) is None


def test_no_opioid_on_record_no_warning() -> None:
    assert active(medications=[statement(LDN, starts=ago(60))]) is None


def test_a_certain_exposure_leads_before_an_assumed_one() -> None:
    assumed = dispense(CODEINE, handed_over=ago(3), supply_days=20)
    found = fired(active(medications=[assumed, statement(OXYCODONE_ER, starts=ago(60))]))
    assert (found.values["drug"], found.values["others"]) == ("oxycodone", "codeine")
    assert found.subjects == {"codeine", "oxycodone"}


def test_two_naltrexone_drafts_are_both_to_be_removed() -> None:
    found = fired(active(draft(), draft(reference="MedicationRequest/two"), medications=[TAKEN]))
    assert [order.reference for order in found.proposals[0].orders] == [
        "MedicationRequest/draft",
        "MedicationRequest/two",
    ]


# Rule 2


def recent(*drafts: object, **facts: object) -> Finding | None:
    return opioid_recent_washout.detect(case(*drafts, **facts))


def ended(drug: Drug, days: int, length: int = 30) -> Medication:
    return statement(drug, status="completed", starts=ago(days + length - 1), ends=ago(days))


@pytest.mark.parametrize(
    ("record", "indicator"),
    [
        (ended(CODEINE, 6), CRITICAL),
        (ended(CODEINE, 6, length=5), WARNING),
        (ended(CODEINE, 7), INFO),
        (ended(CODEINE, 9), INFO),
        (ended(CODEINE, 10), None),
        (ended(METHADONE, 12), CRITICAL),
        (ended(DEPOT, 200), CRITICAL),
        (ended(CODEINE, 60), None),
    ],
)
def test_the_days_since_the_last_dose_decide_how_loud_it_is(record: Medication, indicator: Indicator | None) -> None:
    found = recent(medications=[record])
    assert (found.indicator if found else None) is indicator


def test_while_another_opioid_is_current_the_washout_says_nothing() -> None:
    assert recent(medications=[ended(CODEINE, 3), statement(OXYCODONE_ER, starts=ago(60))]) is None


def test_the_new_start_is_the_latest_clear_date_and_recommended() -> None:
    found = fired(recent(medications=[ended(CODEINE, 3), ended(METHADONE, 5)]))
    assert recommended(found) == ["set-start"]
    assert found.proposals[0].values["start"] == ahead(9).isoformat()
    assert found.values["clear"] == ahead(9).isoformat()


def test_after_a_depot_no_start_is_proposed() -> None:
    found = fired(recent(medications=[ended(DEPOT, 100), ended(CODEINE, 3)]))
    assert "set-start" not in kinds(found)
    assert (recommended(found), found.values["clear"], found.wording) == (
        ["delete-draft"],
        ahead(7).isoformat(),
        "depot",
    )


@pytest.mark.parametrize(("starts", "silent"), [(6, False), (7, True), (8, True)])
def test_a_draft_that_starts_on_the_clear_date_is_recorded_and_not_shown(starts: int, silent: bool) -> None:
    found = fired(recent(draft(starts=ahead(starts)), medications=[ended(CODEINE, 3)]))
    assert found.silent is silent


def test_one_draft_of_two_that_starts_too_early_is_shown() -> None:
    late, early = draft(starts=ahead(30)), draft(reference="MedicationRequest/two")
    assert not fired(recent(late, early, medications=[ended(CODEINE, 3)])).silent


def test_a_patient_on_naltrexone_since_before_the_opioid_ended_renews_and_washes_nothing_out() -> None:
    on_it = statement(LDN, starts=ago(60), dosages=(mg(1.5),))
    assert recent(medications=[ended(CODEINE, 3), on_it]) is None
    since = statement(LDN, starts=ago(2), dosages=(mg(1.5),))
    assert recent(medications=[ended(CODEINE, 3), since]) is not None


def test_where_a_record_is_also_uncertain_the_graver_of_washout_and_doubt_stands() -> None:
    lapsed = request(CODEINE, authored=ago(9), supply_days=2)
    assert recent(medications=[lapsed]) is None
    assert fired(opioid_status_uncertain.detect(case(medications=[lapsed]))).indicator is WARNING
    fresh = request(CODEINE, authored=ago(12), supply_days=10)
    assert fired(recent(medications=[fresh])).indicator is CRITICAL
    assert opioid_status_uncertain.detect(case(medications=[fresh])) is None


# Rule 3


def doubt(*drafts: object, **facts: object) -> Finding | None:
    return opioid_status_uncertain.detect(case(*drafts, **facts))


def test_an_opioid_of_unclear_status_is_a_warning_that_names_it() -> None:
    found = fired(doubt(medications=[statement(OXYCODONE_ER, status="unknown", starts=ago(50))]))
    assert (found.indicator, found.values["drug"], found.wording) == (WARNING, "oxycodone", "status-unclear")


def test_doubt_about_a_drug_that_is_surely_taken_is_no_news() -> None:
    assert doubt(medications=[TAKEN, request(CODEINE, status="unknown", authored=ago(50))]) is None


def test_doubt_about_one_drug_stands_beside_another_that_is_surely_taken() -> None:
    records = [TAKEN, statement(OXYCODONE_ER, status="unknown", starts=ago(50))]
    assert fired(doubt(medications=records)).values["drug"] == "oxycodone"


def test_an_old_order_is_ignored() -> None:
    assert doubt(medications=[request(authored=ago(730), supply_days=5)]) is None


def test_doubt_proposes_nothing_that_guesses() -> None:
    found = fired(doubt(medications=[statement()]))
    assert (kinds(found), recommended(found)) == (["opioid-screen"], [])


def test_several_doubtful_drugs_make_one_finding() -> None:
    found = fired(doubt(medications=[statement(), statement(OXYCODONE_ER), statement(METHADONE)]))
    assert (found.values["drug"], found.values["others"]) == ("codeine", "methadone, oxycodone")


# Rule 7


def reverse(*drafts: object, **facts: object) -> Finding | None:
    return opioid_ordered_on_naltrexone.detect(case(*(drafts or (opioid_draft(),)), **facts))


def naltrexone_ended(days: int) -> Medication:
    return statement(LDN, status="completed", starts=ago(60), ends=ago(days))


@pytest.mark.parametrize("product", [Naltrexone("oral", strength_mg=1.5), TABLET, COMBINATION, INJECTION])
def test_an_opioid_for_a_patient_on_any_naltrexone_is_critical(product: Naltrexone) -> None:
    on_it = statement(naltrexone_drug(product), starts=ago(60))
    found = fired(reverse(medications=[on_it]))
    assert (found.indicator, found.evidence) == (CRITICAL, ("MedicationStatement/naltrexone",))


@pytest.mark.parametrize(("days", "indicator"), [(0, WARNING), (3, WARNING), (4, None), (5, None)])
def test_naltrexone_that_ended_warns_for_three_days(days: int, indicator: Indicator | None) -> None:
    found = reverse(medications=[naltrexone_ended(days)])
    assert (found.indicator if found else None) is indicator


@pytest.mark.parametrize(("days", "indicator"), [(0, CRITICAL), (30, CRITICAL), (31, None), (45, None)])
def test_an_injection_blocks_for_thirty_days(days: int, indicator: Indicator | None) -> None:
    found = reverse(medications=[administration(naltrexone_drug(INJECTION), at=ago(days))])
    assert (found.indicator if found else None) is indicator


def test_an_uncertain_naltrexone_warns() -> None:
    found = fired(reverse(medications=[statement(LDN, status="unknown", starts=ago(60))]))
    assert (found.indicator, found.wording) == (WARNING, "uncertain")


def test_intended_or_cancelled_naltrexone_is_no_reason_to_warn() -> None:
    records = [statement(LDN, status="intended"), request(LDN, status="cancelled", authored=ago(5))]
    assert reverse(medications=records) is None


def test_a_product_that_holds_an_opioid_is_never_naltrexone() -> None:
    embeda = replace(opioid_drug := OXYCODONE_ER, naltrexone=TABLET)
    assert opioid_drug.naltrexone is None
    assert reverse(medications=[statement(embeda, starts=ago(60))]) is None


@pytest.mark.parametrize(("starts", "shown"), [(1, True), (2, True), (3, False)])
def test_an_opioid_that_starts_more_than_three_days_after_a_documented_stop_is_no_news(
    starts: int, shown: bool
) -> None:
    later = opioid_draft(starts=ahead(starts))
    assert (reverse(later, medications=[naltrexone_ended(1)]) is not None) is shown


@pytest.mark.parametrize(
    ("setting", "recommend"),
    [("AMB", True), ("VR", True), ("HH", True), ("EMER", False), ("ACUTE", False), ("IMP", False), ("", False)],
)
def test_removing_the_opioid_is_recommended_only_outside_the_hospital(setting: str, recommend: bool) -> None:
    on_it = statement(LDN, starts=ago(60))
    found = fired(reverse(medications=[on_it], encounter=Encounter("Encounter/1", setting)))
    assert (kinds(found), bool(recommended(found))) == (["delete-opioid"], recommend)


def test_the_dose_on_record_is_told() -> None:
    on_it = statement(LDN, starts=ago(60), dosages=(mg(4.5),))
    assert fired(reverse(medications=[on_it])).values["dose"] == "4.5 mg"


# Rule 8


def together(*drafts: object, **facts: object) -> Finding | None:
    return opioid_naltrexone_same_session.detect(case(*drafts, **facts))


def test_an_opioid_and_naltrexone_in_one_session_are_critical_without_any_record() -> None:
    found = fired(together(draft(), opioid_draft(), patient=None))
    assert (found.indicator, kinds(found), recommended(found)) == (CRITICAL, ["delete-draft", "delete-opioid"], [])
    assert found.evidence == ("MedicationRequest/draft", "MedicationRequest/opioid")


@pytest.mark.parametrize("drafts", [(draft(),), (opioid_draft(),)])
def test_one_of_the_two_alone_is_no_pair(drafts: tuple[object, ...]) -> None:
    assert together(*drafts) is None


def test_a_product_of_an_opioid_and_naltrexone_is_no_pair_with_itself() -> None:
    embeda = opioid_draft(replace(OXYCODONE_ER, naltrexone=TABLET))
    assert together(embeda) is None
    assert together(embeda, draft()) is not None


def test_it_is_enough_that_one_of_the_pair_is_selected() -> None:
    assert together(draft(), opioid_draft(selected=False), hook=ORDER_SELECT) is not None
    assert together(draft(selected=False), opioid_draft(), hook=ORDER_SELECT) is not None
    assert together(draft(selected=False), opioid_draft(selected=False), hook=ORDER_SELECT) is None


@pytest.mark.parametrize(("starts", "indicator"), [(14, CRITICAL), (15, INFO), (16, INFO)])
def test_naltrexone_planned_after_the_opioid_has_cleared_is_understood(starts: int, indicator: Indicator) -> None:
    found = fired(together(draft(starts=ahead(starts)), opioid_draft(ends=ahead(5))))
    assert found.indicator is indicator


def test_nothing_is_understood_after_a_depot() -> None:
    found = fired(together(draft(starts=ahead(300)), opioid_draft(DEPOT, ends=ahead(5))))
    assert found.indicator is CRITICAL


def test_every_pair_has_to_be_in_sequence() -> None:
    open_ended = opioid_draft(OXYCODONE_ER, reference="MedicationRequest/other")
    found = fired(together(draft(starts=ahead(15)), opioid_draft(ends=ahead(5)), open_ended))
    assert (found.indicator, found.subjects) == (CRITICAL, {"codeine", "oxycodone"})


# Rule 40


def withdrawal(**facts: object) -> Finding | None:
    return opioid_withdrawal.detect(case(**facts))


@pytest.mark.parametrize(("days", "fires"), [(0, True), (14, True), (15, False)])
def test_current_withdrawal_counts_for_a_fortnight(days: int, fires: bool) -> None:
    found = withdrawal(conditions=[condition("opioid-withdrawal", onset=ago(days))])
    assert (found is not None) is fires
    assert found is None or (found.indicator, recommended(found)) == (CRITICAL, ["delete-draft"])


@pytest.mark.parametrize(
    "facts",
    [{"verification": "refuted"}, {"clinical": "resolved", "abated": ago(3)}, {"verification": "entered-in-error"}],
)
def test_withdrawal_that_is_over_or_refuted_is_no_news(facts: dict[str, object]) -> None:
    assert withdrawal(conditions=[condition("opioid-withdrawal", onset=ago(5), **facts)]) is None


@pytest.mark.parametrize(("days", "fires"), [(14, True), (15, False)])
def test_a_failed_challenge_counts_for_a_fortnight(days: int, fires: bool) -> None:
    failed = result("naloxone-challenge", ago(days), answers={"naloxone-challenge-failed"})
    assert (withdrawal(observations=[failed]) is not None) is fires


def test_a_later_passed_challenge_settles_a_failed_one() -> None:
    failed = result("naloxone-challenge", ago(8), answers={"naloxone-challenge-failed"})
    passed = result("naloxone-challenge", ago(2), answers={"negative"})
    assert withdrawal(observations=[failed, passed]) is None
    earlier = result("naloxone-challenge", ago(9), answers={"negative"})
    assert withdrawal(observations=[earlier, failed]) is not None


def test_a_passed_challenge_alone_is_no_news() -> None:
    assert withdrawal(observations=[result("naloxone-challenge", T0, answers={"negative"})]) is None


def test_a_case_without_drafts_finds_nothing() -> None:
    nothing = Case("order-sign", case(medications=[TAKEN]).record, (), case().thresholds)
    for rule in (opioid_active, opioid_recent_washout, opioid_status_uncertain, opioid_withdrawal):
        assert rule.detect(nothing) is None
