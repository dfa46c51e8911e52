"""Which tests and notes this patient gets in the order set (rulebook c.3)."""

from dataclasses import replace

import pytest
from definitions.chart import CAPSULE, T0, ago, case, condition, draft, mg, naltrexone_drug, result, value

from cds_service.definitions.case import Case
from cds_service.definitions.set_elements import recorded_fillers, set_elements
from cds_service.record import Allergy, LabOrder, Observation

CIRRHOSIS = condition("cirrhosis", onset=ago(900))
REMISSION = condition("opioid-use-disorder-remission", onset=ago(900))


def alt(number: float, days: int = 20, high: float | None = 40, **facts: object) -> Observation:
    limit = value(high, "U/L") if high is not None else None
    return result("ALT", ago(days), value=value(number, "U/L"), high=limit, **facts)


def elements(found: Case) -> frozenset[str]:
    return set_elements(found, found.naltrexone_judged[0])


def with_allergies(*allergies: Allergy) -> Case:
    found = case()
    return replace(found, record=replace(found.record, allergies=allergies))


def test_a_healthy_patient_with_a_baseline_gets_no_test() -> None:
    assert elements(case(observations=[alt(22)])) == set()


def test_the_baseline_panel_is_there_where_it_is_missing() -> None:
    assert elements(case()) == {"hepatic-panel"}


@pytest.mark.parametrize(
    ("on_file", "missing"),
    [
        ((), {"inr", "albumin", "bilirubin"}),
        (("INR",), {"albumin", "bilirubin"}),
        (("INR", "albumin"), {"bilirubin"}),
        (("bilirubin-total", "albumin"), {"inr"}),
        (("INR", "albumin", "bilirubin-total"), set()),
    ],
)
def test_with_cirrhosis_only_the_tests_that_are_missing_are_ordered(
    on_file: tuple[str, ...], missing: set[str]
) -> None:
    results = [alt(22), *(result(group, ago(90), value=value(1, "1")) for group in on_file)]
    found = elements(case(conditions=[CIRRHOSIS], observations=results))
    assert found == missing | {"hepatic-panel-repeat"}


def test_a_test_of_more_than_90_days_ago_is_missing() -> None:
    results = [alt(22), *(result(group, ago(91)) for group in ("INR", "albumin", "bilirubin-total"))]
    assert {"inr", "albumin", "bilirubin"} <= elements(case(conditions=[CIRRHOSIS], observations=results))


@pytest.mark.parametrize(
    ("number", "high", "repeat"),
    [(40, 40, False), (41, 40, True), (50, 55, False), (41, None, True), (39, None, False), (119, 40, True)],
)
def test_an_abnormal_baseline_asks_for_a_repeat(number: float, high: float | None, repeat: bool) -> None:
    assert ("hepatic-panel-repeat" in elements(case(observations=[alt(number, high=high)]))) is repeat


def test_only_the_latest_value_of_the_last_90_days_counts_as_baseline() -> None:
    assert "hepatic-panel-repeat" not in elements(case(observations=[alt(80, days=60), alt(22, days=10)]))
    assert "hepatic-panel-repeat" not in elements(case(observations=[alt(80, days=91)]))
    assert "hepatic-panel-repeat" in elements(case(observations=[alt(80, days=90)]))


def test_a_raised_ast_beside_a_normal_alt_counts_too() -> None:
    ast = result("AST", ago(20), value=value(60, "U/L"), high=value(40, "U/L"))
    assert "hepatic-panel-repeat" in elements(case(observations=[alt(22), ast]))


@pytest.mark.parametrize(
    "group", ["cirrhosis", "chronic-hepatitis", "liver-disease-other", "primary-biliary-cholangitis"]
)
def test_a_liver_disease_asks_for_a_repeat(group: str) -> None:
    assert "hepatic-panel-repeat" in elements(case(conditions=[condition(group)], observations=[alt(22)]))


@pytest.mark.parametrize("facts", [{"verification": "refuted"}, {"clinical": "resolved"}])
def test_a_liver_disease_that_is_over_or_refuted_does_not(facts: dict[str, str]) -> None:
    found = elements(case(conditions=[condition("chronic-hepatitis", **facts)], observations=[alt(22)]))
    assert found == set()


@pytest.mark.parametrize(("dose", "repeat"), [(4.5, False), (4.5001, False), (5, True), (6, True)])
def test_more_than_the_usual_target_asks_for_a_repeat(dose: float, repeat: bool) -> None:
    order = draft(naltrexone_drug(CAPSULE, "LDN"), mg(dose))
    assert ("hepatic-panel-repeat" in elements(case(order, observations=[alt(22)]))) is repeat


def test_a_dose_of_fifty_milligrams_that_the_set_replaces_is_no_higher_dose() -> None:
    order = draft(naltrexone_drug(), mg(50))
    assert elements(case(order, observations=[alt(22)])) == set()


def test_opioid_use_disorder_in_remission_asks_for_a_urine_screen() -> None:
    assert elements(case(conditions=[REMISSION], observations=[alt(22)])) == {"opioid-screen"}


@pytest.mark.parametrize(("days", "screen"), [(14, False), (15, True)])
def test_a_urine_screen_of_the_last_14_days_is_enough(days: int, screen: bool) -> None:
    test = result("urine-drug-screen-opiates", ago(days), answers=["negative"])
    assert ("opioid-screen" in elements(case(conditions=[REMISSION], observations=[alt(22), test]))) is screen


@pytest.mark.parametrize(
    ("status", "days", "is_draft", "screen"),
    [("active", 3, False, False), ("active", 31, False, True), ("revoked", 3, False, True), ("draft", 0, True, False)],
)
def test_a_urine_screen_that_is_ordered_is_not_ordered_again(
    status: str, days: int, is_draft: bool, screen: bool
) -> None:
    order = LabOrder("ServiceRequest/u", frozenset({"urine-drug-screen-opiates"}), status, ago(days), is_draft)
    found = elements(case(conditions=[REMISSION], observations=[alt(22)], lab_orders=[order]))
    assert ("opioid-screen" in found) is screen


def test_a_remission_that_is_refuted_asks_for_nothing() -> None:
    refuted = condition("opioid-use-disorder-remission", verification="refuted")
    assert elements(case(conditions=[refuted], observations=[alt(22)])) == set()


def test_recorded_fillers_are_named_once_and_in_order() -> None:
    found = with_allergies(
        Allergy("AllergyIntolerance/1", frozenset({"filler-lactose"}), clinical="active", recorded=T0),
        Allergy("AllergyIntolerance/2", frozenset({"filler-dye", "filler-lactose"})),
        Allergy("AllergyIntolerance/3", frozenset({"naloxone"})),
    )
    assert recorded_fillers(found) == ("filler-dye", "filler-lactose")


@pytest.mark.parametrize(
    "facts", [{"verification": "refuted"}, {"verification": "entered-in-error"}, {"clinical": "resolved"}]
)
def test_an_allergy_that_does_not_hold_names_no_filler(facts: dict[str, str]) -> None:
    assert recorded_fillers(with_allergies(Allergy("a", frozenset({"filler-lactose"}), **facts))) == ()
