"""Rules 9, 14, 15, 36 and 39: pregnancy, the liver, the order set, and what could not be checked."""

import pytest
from definitions.chart import (
    CODEINE,
    COMBINATION,
    INJECTION,
    LDN,
    MAN,
    T0,
    TABLET,
    UNSPECIFIED,
    ago,
    ahead,
    case,
    condition,
    draft,
    mg,
    naltrexone_drug,
    opioid_draft,
    request,
    result,
    statement,
    value,
)
from firing import fired

from cds_service.definitions.case import MEDICATION_PRESCRIBE, ORDER_SELECT, ORDER_SIGN
from cds_service.record import Concept, Dosage, Finding, Indicator, LabOrder, Naltrexone, Patient, Shortfall
from cds_service.rules import (
    cirrhosis_compensated,
    cirrhosis_decompensated,
    data_not_checked,
    pregnancy_current,
    titration_order_set,
)

INFO, WARNING, CRITICAL = Indicator.INFO, Indicator.WARNING, Indicator.CRITICAL
CIRRHOSIS, ASCITES = condition("cirrhosis", onset=ago(700)), condition("ascites", "decompensation", onset=ago(40))
PREGNANCY = condition("pregnancy", onset=ago(90))
ALCOHOL = (Concept((), "Alcohol dependence"),)


# Rule 9


@pytest.mark.parametrize("product", [Naltrexone("oral", strength_mg=1.5), TABLET, INJECTION, COMBINATION])
def test_pregnancy_is_critical_for_every_naltrexone_product(product: Naltrexone) -> None:
    found = fired(pregnancy_current.detect(case(draft(naltrexone_drug(product)), conditions=[PREGNANCY])))
    assert (found.indicator, found.evidence, found.wording) == (CRITICAL, ("Condition/pregnancy",), "default")


def test_pregnancy_is_no_matter_of_an_opioid_draft() -> None:
    assert pregnancy_current.detect(case(opioid_draft(), conditions=[PREGNANCY])) is None


def test_the_due_date_leads_the_evidence() -> None:
    due = result("estimated-delivery-date", ago(30), date_value=ahead(165))
    found = fired(pregnancy_current.detect(case(conditions=[PREGNANCY], observations=[due])))
    assert (found.values["due"], found.evidence[0]) == ("2026-08-14", "Observation/estimated-delivery-date")


def test_the_words_differ_where_the_order_treats_an_addiction() -> None:
    order = draft(naltrexone_drug(TABLET), mg(50), reasons=ALCOHOL)
    assert fired(pregnancy_current.detect(case(order, conditions=[PREGNANCY]))).wording == "addiction"
    both = (order, draft(reference="MedicationRequest/ldn"))
    assert fired(pregnancy_current.detect(case(*both, conditions=[PREGNANCY]))).wording == "default"


# Rules 14 and 15


def test_decompensated_cirrhosis_is_critical_and_compensated_a_warning() -> None:
    worse, better = case(conditions=[CIRRHOSIS, ASCITES]), case(conditions=[CIRRHOSIS])
    assert fired(cirrhosis_decompensated.detect(worse)).indicator is CRITICAL
    assert fired(cirrhosis_compensated.detect(better)).indicator is WARNING


def test_tests_of_a_list_that_could_not_be_read_are_not_called_missing() -> None:
    read = fired(cirrhosis_compensated.detect(case(conditions=[CIRRHOSIS])))
    unread = fired(
        cirrhosis_compensated.detect(case(conditions=[CIRRHOSIS], shortfalls=[Shortfall("labs", "timeout")]))
    )
    assert (read.values["untested"] != "", read.values["unread"]) == (True, "")
    assert (unread.values["untested"], unread.values["unread"]) == ("", "yes")


def test_only_one_of_the_two_liver_rules_fires() -> None:
    assert cirrhosis_compensated.detect(case(conditions=[CIRRHOSIS, ASCITES])) is None
    assert cirrhosis_decompensated.detect(case(conditions=[CIRRHOSIS])) is None


def test_suspected_cirrhosis_is_a_line_before_you_start() -> None:
    found = fired(cirrhosis_compensated.detect(case(conditions=[condition("cirrhosis", verification="differential")])))
    assert (found.indicator, found.family) == (INFO, "before-you-start")


def test_a_transplant_turns_decompensation_into_a_warning() -> None:
    call = case(conditions=[CIRRHOSIS, ASCITES, condition("liver-transplant", onset=ago(30))])
    assert cirrhosis_decompensated.detect(call) is None
    assert fired(cirrhosis_compensated.detect(call)).wording == "transplant"


@pytest.mark.parametrize("rule", [cirrhosis_compensated, cirrhosis_decompensated, pregnancy_current])
def test_without_the_condition_nothing_is_said(rule: object) -> None:
    assert rule.detect(case()) is None


# Rule 36


def offered(*drafts: object, **facts: object) -> Finding | None:
    return titration_order_set.detect(case(*drafts, **facts))


@pytest.mark.parametrize("hook", [ORDER_SELECT, MEDICATION_PRESCRIBE])
def test_a_new_start_of_ldn_is_offered_the_order_set(hook: str) -> None:
    found = fired(offered(hook=hook))
    assert (found.indicator, found.values["start"]) == (INFO, "2026-03-02")


def test_nothing_is_offered_when_signing() -> None:
    assert offered(hook=ORDER_SIGN) is None


@pytest.mark.parametrize(
    "order",
    [
        draft(naltrexone_drug(TABLET), mg(50), reasons=ALCOHOL),
        draft(naltrexone_drug(COMBINATION), mg(4.5)),
        draft(naltrexone_drug(INJECTION), mg(380)),
        draft(naltrexone_drug(UNSPECIFIED), Dosage(text="as directed")),
        draft(LDN, mg(1.5, sequence=1), mg(3, sequence=2)),
        draft(LDN, Dosage(dose=value(4, "ug"))),
        draft(LDN, mg(1.5), group="urn:ldn-cds:order-set|6f1c"),
        draft(selected=False),
    ],
)
def test_other_classes_and_orders_already_stepped_are_offered_nothing(order: object) -> None:
    assert offered(order) is None


@pytest.mark.parametrize(("days", "expected"), [(14, False), (15, True), (90, True), (91, True)])
def test_a_restart_is_offered_the_order_set_and_a_renewal_is_not(days: int, expected: bool) -> None:
    before = statement(LDN, status="completed", starts=ago(200), ends=ago(days), dosages=(mg(1.5),))
    assert (offered(medications=[before]) is not None) is expected


@pytest.mark.parametrize("dose", [1.5, 3])
def test_a_renewal_and_a_dose_change_are_offered_nothing(dose: float) -> None:
    assert offered(medications=[statement(LDN, starts=ago(60), dosages=(mg(dose),))]) is None


def test_the_set_starts_when_the_washout_is_over_and_never_before_the_draft() -> None:
    codeine = statement(CODEINE, status="completed", starts=ago(12), ends=ago(8))
    assert fired(offered(medications=[codeine])).values["start"] == "2026-03-04"
    assert fired(offered(draft(starts=ahead(9)), medications=[codeine])).values["start"] == "2026-03-11"
    assert fired(offered(draft(starts=ago(9)))).values["start"] == "2026-03-02"


def labs(**facts: object) -> set[str]:
    return set(fired(offered(**facts)).proposals[0].values["include"].split())


@pytest.mark.parametrize(("days", "wanted"), [(90, set()), (91, {"hepatic-panel"})])
def test_a_liver_panel_is_included_unless_one_is_on_file_within_ninety_days(days: int, wanted: set[str]) -> None:
    assert labs(observations=[result("ALT", ago(days), value=value(22, "U/L"))]) == wanted


@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        (LabOrder("ServiceRequest/a", frozenset({"panel-hepatic"}), "active", ago(30)), set()),
        (LabOrder("ServiceRequest/a", frozenset({"panel-hepatic"}), "active", ago(31)), {"hepatic-panel"}),
        (LabOrder("ServiceRequest/a", frozenset({"panel-hepatic"}), "revoked", ago(3)), {"hepatic-panel"}),
        (LabOrder("ServiceRequest/a", frozenset({"panel-hepatic"}), "draft", T0, draft=True), set()),
    ],
)
def test_a_panel_that_is_already_ordered_is_not_ordered_again(order: LabOrder, wanted: set[str]) -> None:
    assert labs(lab_orders=[order]) == wanted


def test_an_unread_laboratory_list_is_no_reason_to_order_tests() -> None:
    assert labs(shortfalls=[Shortfall("labs", "timeout")]) == set()


def test_cirrhosis_asks_for_inr_albumin_and_bilirubin_too() -> None:
    assert labs(conditions=[CIRRHOSIS]) == {"hepatic-panel", "inr-albumin-bilirubin"}


# Rule 39


def unchecked(*drafts: object, **facts: object) -> Finding | None:
    return data_not_checked.detect(case(*drafts, **facts))


def named(finding: Finding | None) -> list[tuple[str, str]]:
    return [] if finding is None else [(shortfall.data, shortfall.cause) for shortfall in finding.shortfalls]


@pytest.mark.parametrize(
    "data", ["medStatements", "medRequests", "conditions", "pregnancyObs", "labs", "allergies", "patient"]
)
def test_every_safety_input_that_is_missing_is_named(data: str) -> None:
    found = fired(unchecked(shortfalls=[Shortfall(data, "timeout")]))
    assert (found.indicator, named(found)) == (WARNING, [(data, "timeout")])


@pytest.mark.parametrize(
    "data", ["medDispenses", "medAdministrations", "toxLabs", "outcomes", "procedures", "encounter", "serviceRequests"]
)
def test_data_that_no_safety_check_rests_on_is_no_card(data: str) -> None:
    assert unchecked(shortfalls=[Shortfall(data, "timeout")]) is None


@pytest.mark.parametrize("cause", ["other-patient", "unreadable", "unresolved-medication"])
def test_a_dispensing_list_with_a_tainted_entry_is_named(cause: str) -> None:
    assert named(unchecked(shortfalls=[Shortfall("medDispenses", cause, 1)])) == [("medDispenses", cause)]


def test_an_opioid_draft_needs_the_naltrexone_history_alone() -> None:
    shortfalls = [Shortfall("conditions", "timeout"), Shortfall("medRequests", "timeout")]
    found = fired(unchecked(opioid_draft(), shortfalls=shortfalls))
    assert (named(found), found.wording) == ([("medRequests", "timeout")], "reverse")


@pytest.mark.parametrize(
    ("patient", "applies"),
    [
        (Patient("female", T0.replace(year=1980), T0.replace(year=1980)), True),
        (Patient("female", T0.replace(year=1956), T0.replace(year=1956)), False),
        (MAN, False),
        (Patient("unknown", T0.replace(year=1990), T0.replace(year=1990)), True),
    ],
)
def test_the_pregnancy_query_matters_only_where_pregnancy_is_possible(patient: Patient, applies: bool) -> None:
    found = unchecked(patient=patient, shortfalls=[Shortfall("pregnancyObs", "timeout")])
    assert (found is not None) is applies


def test_only_a_missing_birth_date_is_information() -> None:
    found = fired(unchecked(patient=Patient("female")))
    assert (found.indicator, named(found)) == (INFO, [("patient", "no-birth-date")])


def test_a_missing_birth_date_beside_a_missing_list_is_a_warning() -> None:
    found = fired(unchecked(patient=Patient("female"), shortfalls=[Shortfall("medRequests", "timeout")]))
    assert found.indicator is WARNING


def test_a_whole_record_leaves_nothing_to_say() -> None:
    assert unchecked() is None


def test_orders_that_were_not_sent_are_named() -> None:
    assert named(data_not_checked.detect(case(opioid_draft(), orders_sent=False))) == [("orders", "none-sent")]


@pytest.mark.parametrize(
    ("hook", "unresolved", "expected"),
    [
        (ORDER_SELECT, "", []),
        (ORDER_SIGN, "", [("orders", "no-drug")]),
        (MEDICATION_PRESCRIBE, "", [("orders", "no-drug")]),
        (ORDER_SELECT, "Medication/gone", [("orders", "unresolved-medication")]),
        (ORDER_SIGN, "Medication/gone", [("orders", "unresolved-medication")]),
    ],
)
def test_an_order_that_names_no_drug_is_named_except_while_it_is_being_written(
    hook: str, unresolved: str, expected: list[tuple[str, str]]
) -> None:
    nameless = draft(None, names_drug=False, unresolved=unresolved)
    assert named(unchecked(nameless, hook=hook)) == expected


def test_an_unreadable_order_that_was_not_selected_is_not_named() -> None:
    other = draft(None, names_drug=False, unresolved="Medication/gone", selected=False)
    assert unchecked(draft(), other, hook=ORDER_SELECT) is None


def test_nothing_is_missed_where_no_naltrexone_and_no_opioid_is_ordered() -> None:
    nothing = draft(None, names_drug=True)
    assert unchecked(nothing, shortfalls=[Shortfall("medRequests", "timeout")]) is None


def test_an_active_order_in_the_chart_is_no_draft() -> None:
    assert offered(opioid_draft(), medications=[request(LDN, authored=ago(3))]) is None
