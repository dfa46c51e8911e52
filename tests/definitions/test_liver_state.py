"""Cirrhosis, its decompensation and Child-Pugh at every edge of its bands (rulebook rules 14 and 15)."""

from typing import Any

import pytest
from definitions.chart import (
    THRESHOLDS,
    WARFARIN,
    ago,
    case,
    chart,
    condition,
    request,
    result,
    value,
)

from cds_service.definitions.cirrhosis import ChildPugh, Liver, liver
from cds_service.record import Condition, Observation, Quantity

CIRRHOSIS = condition("cirrhosis", onset=ago(700))


def state(*facts: Condition | Observation) -> Liver:
    conditions = [fact for fact in facts if isinstance(fact, Condition)]
    observations = [fact for fact in facts if isinstance(fact, Observation)]
    return liver(chart(conditions=conditions, observations=observations), (), THRESHOLDS)


def labs(
    bilirubin: float | Quantity = 1.0, albumin: float | Quantity = 4.0, inr: float | Quantity = 1.0, days: int = 15
) -> list[Observation]:
    def of(group: str, amount: float | Quantity, unit: str) -> Observation:
        return result(group, ago(days), value=amount if isinstance(amount, Quantity) else value(amount, unit))

    return [of("bilirubin-total", bilirubin, "mg/dL"), of("albumin", albumin, "g/dL"), of("INR", inr, "{INR}")]


def score(*conditions: Condition, **values: Any) -> ChildPugh:
    found = state(CIRRHOSIS, *conditions, *labs(**values)).child_pugh
    assert found is not None
    return found


# Child-Pugh


@pytest.mark.parametrize(
    ("bilirubin", "points"), [(0.2, 5), (1.99, 5), (2.0, 6), (2.5, 6), (3.0, 6), (3.01, 7), (30, 7)]
)
def test_bilirubin_scores_one_below_2_two_to_3_and_three_above(bilirubin: float, points: int) -> None:
    assert score(bilirubin=bilirubin).points == points


@pytest.mark.parametrize(
    ("albumin", "points"), [(4.4, 5), (3.51, 5), (3.5, 6), (3.0, 6), (2.8, 6), (2.79, 7), (1.5, 7)]
)
def test_albumin_scores_one_above_3_5_two_to_2_8_and_three_below(albumin: float, points: int) -> None:
    assert score(albumin=albumin).points == points


@pytest.mark.parametrize(("inr", "points"), [(0.9, 5), (1.69, 5), (1.7, 6), (2.0, 6), (2.3, 6), (2.31, 7), (5, 7)])
def test_inr_scores_one_below_1_7_two_to_2_3_and_three_above(inr: float, points: int) -> None:
    assert score(inr=inr).points == points


@pytest.mark.parametrize(
    ("values", "points"),
    [
        ({"bilirubin": value(34, "umol/L")}, 5),
        ({"bilirubin": value(34.2, "umol/L")}, 6),
        ({"bilirubin": value(51.3, "umol/L")}, 6),
        ({"bilirubin": value(51.4, "umol/L")}, 7),
        ({"albumin": value(35.1, "g/L")}, 5),
        ({"albumin": value(35, "g/L")}, 6),
        ({"albumin": value(28, "g/L")}, 6),
        ({"albumin": value(27.9, "g/L")}, 7),
        ({"inr": value(1.7, "1")}, 6),
        ({"inr": value(1.7, "")}, 6),
    ],
)
def test_units_are_converted_before_scoring(values: dict[str, Quantity], points: int) -> None:
    assert score(**values).points == points


@pytest.mark.parametrize(
    ("groups", "points"),
    [
        (("ascites",), 6),
        (("ascites", "ascites-severe"), 7),
        (("encephalopathy",), 6),
        (("encephalopathy", "encephalopathy-coma"), 7),
    ],
)
def test_ascites_and_encephalopathy_score_by_their_grade(groups: tuple[str, ...], points: int) -> None:
    assert score(condition(*groups)).points == points


def test_ascites_and_encephalopathy_that_are_not_recorded_score_one_each() -> None:
    assert score().points == 5


@pytest.mark.parametrize(
    ("values", "grade"),
    [
        ({}, "A"),
        ({"bilirubin": 2.5}, "A"),
        ({"bilirubin": 3.5}, "B"),
        ({"bilirubin": 3.5, "albumin": 2.0}, "B"),
        ({"bilirubin": 3.5, "albumin": 2.0, "inr": 2.0}, "C"),
    ],
)
def test_the_classes_begin_at_seven_and_at_ten_points(values: dict[str, float], grade: str) -> None:
    assert score(**values).grade == grade


@pytest.mark.parametrize("missing", ["bilirubin-total", "albumin", "INR"])
def test_without_one_of_the_three_tests_there_is_no_score(missing: str) -> None:
    found = state(CIRRHOSIS, *(one for one in labs() if one.group != missing))
    assert (found.state, found.child_pugh) == ("compensated", None)


@pytest.mark.parametrize(("days", "scored"), [(90, True), (91, False)])
def test_tests_count_for_ninety_days(days: int, scored: bool) -> None:
    assert (state(CIRRHOSIS, *labs(days=days)).child_pugh is not None) is scored


def test_a_value_without_a_unit_is_not_used() -> None:
    assert state(CIRRHOSIS, *labs(bilirubin=value(1.0, ""))).child_pugh is None


def test_the_latest_test_counts() -> None:
    old = result("bilirubin-total", ago(60), value=value(9.0, "mg/dL"))
    found = state(CIRRHOSIS, old, *labs()).child_pugh
    assert found is not None
    assert found.points == 5


def test_on_an_anticoagulant_the_inr_is_not_scored_and_the_score_is_a_minimum() -> None:
    anticoagulated = case(
        medications=[request(WARFARIN, authored=ago(5), supply_days=30)],
        conditions=[CIRRHOSIS],
        observations=labs(inr=3.0),
    ).liver
    assert anticoagulated.child_pugh is not None
    assert (anticoagulated.child_pugh.points, anticoagulated.child_pugh.at_least) == (5, True)


def test_an_anticoagulant_that_has_ended_spoils_no_inr() -> None:
    ended = request(WARFARIN, status="stopped", authored=ago(100), supply_days=30)
    found = case(medications=[ended], conditions=[CIRRHOSIS], observations=labs(inr=3.0)).liver.child_pugh
    assert found is not None
    assert (found.points, found.at_least) == (7, False)


def test_class_c_alone_is_decompensation() -> None:
    assert state(CIRRHOSIS, *labs(bilirubin=3.5, albumin=2.0, inr=2.5)).state == "decompensated"


def test_class_b_is_not() -> None:
    assert state(CIRRHOSIS, *labs(bilirubin=3.5, albumin=2.0)).state == "compensated"


def test_without_cirrhosis_nothing_is_scored() -> None:
    assert state(*labs(bilirubin=9.0, albumin=1.0, inr=4.0)) == Liver("none")


# Problem list


def test_a_patient_without_liver_disease_has_none() -> None:
    assert state() == Liver("none")


def test_cirrhosis_alone_is_compensated() -> None:
    assert state(CIRRHOSIS).state == "compensated"


@pytest.mark.parametrize(
    "marker",
    [
        condition("decompensated-cirrhosis"),
        condition("ascites", "decompensation"),
        condition("encephalopathy", "decompensation", "decompensation-standalone"),
        condition("hepatorenal-syndrome", "decompensation"),
    ],
)
def test_a_current_sign_of_decompensation_makes_cirrhosis_decompensated(marker: Condition) -> None:
    assert state(CIRRHOSIS, marker).state == "decompensated"


def test_a_current_sign_counts_however_old_it_is() -> None:
    assert state(CIRRHOSIS, condition("ascites", "decompensation", onset=ago(900))).state == "decompensated"


@pytest.mark.parametrize(("days", "expected"), [(180, "decompensated"), (181, "compensated")])
def test_a_sign_that_is_over_counts_for_180_days(days: int, expected: str) -> None:
    over = condition("ascites", "decompensation", clinical="resolved", onset=ago(900), abated=ago(days))
    assert state(CIRRHOSIS, over).state == expected


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error", "differential"])
def test_a_sign_that_was_refuted_or_only_suspected_does_not_count(verification: str) -> None:
    doubtful = condition("ascites", "decompensation", verification=verification)
    assert state(CIRRHOSIS, doubtful).state == "compensated"


def test_ascites_without_cirrhosis_says_nothing_about_the_liver() -> None:
    assert state(condition("ascites", "decompensation")).state == "none"


def test_signs_that_only_a_failing_liver_gives_need_no_cirrhosis_code() -> None:
    assert state(condition("encephalopathy", "decompensation-standalone")).state == "decompensated"


def test_but_they_must_be_current() -> None:
    over = condition("encephalopathy", "decompensation-standalone", clinical="resolved", abated=ago(20))
    assert state(over).state == "none"


@pytest.mark.parametrize("facts", [{"clinical": "resolved"}, {"verification": "refuted"}, {"abated": ago(20)}])
def test_cirrhosis_that_is_over_or_refuted_does_not_count(facts: dict[str, Any]) -> None:
    assert state(condition("cirrhosis", **facts)).state == "none"


@pytest.mark.parametrize("verification", ["differential", "provisional", "unconfirmed"])
def test_suspected_cirrhosis_is_at_most_possible(verification: str) -> None:
    assert state(condition("cirrhosis", verification=verification)).state == "possible"


@pytest.mark.parametrize(("days", "expected"), [(90, "decompensated"), (91, "compensated")])
def test_a_recorded_class_c_counts_for_ninety_days(days: int, expected: str) -> None:
    assert state(CIRRHOSIS, result("child-pugh-class", ago(days), answers={"child-pugh-c"})).state == expected


@pytest.mark.parametrize(("points", "expected"), [(9, "compensated"), (10, "decompensated")])
def test_a_recorded_score_of_ten_is_class_c(points: int, expected: str) -> None:
    assert state(CIRRHOSIS, result("child-pugh-score", ago(3), value=Quantity(points))).state == expected


def test_a_later_class_b_replaces_an_earlier_class_c() -> None:
    earlier = result("child-pugh-class", ago(60), answers={"child-pugh-c"})
    later = result("child-pugh-class", ago(3), answers={"child-pugh-b"})
    assert state(CIRRHOSIS, earlier, later).state == "compensated"


@pytest.mark.parametrize(("days", "transplanted"), [(100, True), (800, False)])
def test_a_liver_transplant_after_the_cirrhosis_makes_old_signs_moot(days: int, transplanted: bool) -> None:
    before = condition("ascites", "decompensation", onset=ago(400))
    found = state(CIRRHOSIS, before, condition("liver-transplant", onset=ago(days)))
    assert (found.transplant is not None) is transplanted
    assert found.state == ("compensated" if transplanted else "decompensated")


def test_a_sign_that_came_after_the_transplant_speaks_of_the_new_liver() -> None:
    after = condition("ascites", "decompensation", onset=ago(20))
    assert state(CIRRHOSIS, after, condition("liver-transplant", onset=ago(100))).state == "decompensated"


def test_the_latest_sign_comes_first() -> None:
    found = state(
        CIRRHOSIS,
        condition("ascites", "decompensation", onset=ago(100)),
        condition("encephalopathy", "decompensation", onset=ago(10)),
    )
    assert [marker.name for marker in found.markers] == ["encephalopathy", "ascites"]
