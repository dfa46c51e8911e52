"""Records of one ingredient weighed against each other (rulebook b.2): a conflict downgrades, it never silences."""

from collections.abc import Iterable

from definitions.chart import (
    CODEINE,
    OXYCODONE_ER,
    T0,
    THRESHOLDS,
    ago,
    case,
    dispense,
    request,
    statement,
)

from cds_service.definitions.exposure import Exposure, weigh
from cds_service.definitions.readings import State
from cds_service.definitions.washout import washout
from cds_service.record import Drug, Indicator, Medication


def exposure(*records: Medication) -> Exposure:
    (found,) = weigh(records, _parts, T0, THRESHOLDS)
    return found


def _parts(record: Medication) -> Iterable[tuple[str, str, str]]:
    return [(part.ingredient, part.name, part.washout) for part in record.drug.opioids]


def test_records_of_the_same_ingredient_make_one_exposure() -> None:
    found = exposure(statement(starts=ago(30)), request(authored=ago(3), supply_days=5), dispense(handed_over=ago(3)))
    assert len(found.current) == 3


def test_records_of_different_ingredients_stay_apart() -> None:
    names = [one.ingredient for one in case(medications=[statement(starts=ago(30)), statement(OXYCODONE_ER)]).opioids]
    assert names == ["codeine", "oxycodone"]


def test_a_product_of_two_opioids_is_an_exposure_to_both() -> None:
    both = Drug("codeine and oxycodone", "both", opioids=(*CODEINE.opioids, *OXYCODONE_ER.opioids))
    found = case(medications=[statement(both, starts=ago(3))]).opioids
    assert [one.ingredient for one in found] == ["codeine", "oxycodone"]


def test_a_later_not_taken_downgrades_a_current_record_to_uncertain() -> None:
    found = exposure(statement(starts=ago(60), asserted=ago(40)), statement(status="not-taken", asserted=ago(2)))
    assert (found.current, len(found.denials)) == ((), 1)
    assert [reading.why for reading in found.uncertain] == ["conflict"]


def test_an_earlier_not_taken_changes_nothing() -> None:
    found = exposure(statement(starts=ago(60), asserted=ago(2)), statement(status="not-taken", asserted=ago(40)))
    assert (len(found.current), found.denials) == (1, ())


def test_a_not_taken_of_the_same_day_changes_nothing() -> None:
    found = exposure(statement(starts=ago(60), asserted=ago(2)), statement(status="not-taken", asserted=ago(2)))
    assert (len(found.current), found.denials) == (1, ())


def test_an_undated_not_taken_changes_nothing() -> None:
    found = exposure(statement(starts=ago(60)), statement(status="not-taken"))
    assert (len(found.current), found.denials) == (1, ())


def test_a_fill_after_the_not_taken_keeps_the_opioid_current() -> None:
    found = exposure(dispense(handed_over=ago(3), supply_days=10), statement(status="not-taken", asserted=ago(5)))
    assert (len(found.current), found.denials) == (1, ())


def test_a_statement_that_ended_later_than_the_order_was_written_is_a_conflict() -> None:
    found = exposure(
        request(authored=ago(20), supply_days=30), statement(status="stopped", starts=ago(40), ends=ago(6))
    )
    assert (found.current, len(found.denials)) == ((), 1)
    assert [reading.last for reading in found.ended] == [ago(6)]


def test_an_ended_course_says_nothing_about_a_later_one() -> None:
    found = exposure(
        statement(status="completed", starts=ago(90), ends=ago(60)), statement(starts=ago(30), asserted=ago(30))
    )
    assert (len(found.current), found.denials) == (1, ())


def test_a_conflict_needs_every_current_record_to_be_contradicted() -> None:
    found = exposure(
        statement(starts=ago(60), asserted=ago(40)),
        dispense(handed_over=ago(1), supply_days=10),
        statement(status="not-taken", asserted=ago(5)),
    )
    assert (len(found.current), found.denials) == (2, ())


def test_an_explicit_end_inside_the_washout_still_counts_in_a_conflict() -> None:
    found = exposure(
        request(authored=ago(20), supply_days=30), statement(status="stopped", starts=ago(40), ends=ago(6))
    )
    judged = washout(found, T0, THRESHOLDS)
    assert judged is not None
    assert (judged.indicator, judged.last) == (Indicator.CRITICAL, ago(6))


def test_a_lapsed_order_still_counts_for_the_washout_in_a_conflict() -> None:
    lapsed = request(authored=ago(32), supply_days=30)
    found = exposure(lapsed, statement(starts=ago(200)), statement(status="completed", starts=ago(300), ends=ago(100)))
    assert (found.current, len(found.denials)) == ((), 1)
    judged = washout(found, T0, THRESHOLDS)
    assert judged is not None
    assert (judged.indicator, judged.last) == (Indicator.CRITICAL, ago(3))


def test_a_lapsed_order_is_uncertain_and_counts_for_the_washout_too() -> None:
    found = exposure(request(authored=ago(12), supply_days=10))
    assert [reading.state for reading in found.uncertain] == [State.UNCERTAIN]
    assert [reading.last for reading in found.ended] == [ago(3)]


def test_an_explicit_not_taken_with_all_supply_long_gone_settles_an_uncertain_record() -> None:
    gone = request(authored=ago(350))
    assert exposure(gone).uncertain != ()
    assert exposure(gone, statement(status="not-taken", asserted=ago(30))).uncertain == ()


def test_an_explicit_not_taken_settles_nothing_while_the_supply_ended_within_ninety_days() -> None:
    lapsed = request(authored=ago(99), supply_days=10)
    assert exposure(lapsed, statement(status="not-taken", asserted=ago(30))).uncertain != ()


def test_an_explicit_not_taken_settles_nothing_when_a_fill_came_after_it() -> None:
    order, refused = request(authored=ago(350)), statement(status="not-taken", asserted=ago(250))
    fill = dispense(handed_over=ago(240), supply_days=30, based_on=("MedicationRequest/another",))
    assert exposure(order, refused).uncertain == ()
    assert exposure(order, refused, fill).uncertain != ()


def test_an_explicit_not_taken_does_not_settle_a_record_of_unclear_status() -> None:
    found = exposure(statement(status="unknown", starts=ago(400)), statement(status="not-taken", asserted=ago(30)))
    assert found.uncertain != ()


def test_old_entries_are_kept_apart_so_that_they_can_be_listed() -> None:
    found = exposure(request(authored=ago(730), supply_days=5))
    assert (found.current, found.ended, found.uncertain, len(found.old)) == ((), (), (), 1)


def test_two_fills_of_one_day_are_one_fill() -> None:
    records = [dispense(handed_over=ago(40), supply_days=3), dispense(handed_over=ago(40), supply_days=3)]
    assert exposure(*records).fills == (ago(40),)
