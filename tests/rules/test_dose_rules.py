"""Rules 20 to 30, 35 and 41 at their edges: dose, product, frequency, duplicates, age, titration."""

from datetime import date

import pytest
from definitions.chart import (
    CAPSULE,
    COMBINATION,
    INJECTION,
    LDN,
    T0,
    TABLET,
    UNSPECIFIED,
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
    value,
)
from firing import fired

from cds_service.definitions.case import MEDICATION_PRESCRIBE, ORDER_SELECT, ORDER_SIGN, Case
from cds_service.definitions.titration import is_tenfold
from cds_service.record import Concept, Dosage, DraftOrder, Finding, Indicator, Naltrexone, Patient, Quantity
from cds_service.rules import (
    age_under_18,
    compounding_required,
    dose_above_ldn_range,
    dose_not_checkable,
    dose_unit_error,
    dosing_frequency,
    duplicate_naltrexone,
    er_injectable_for_pain,
    naltrexone_bupropion_for_pain,
    product_strength_mismatch,
    standard_dose_for_pain,
    titration_missing,
    titration_order_set,
    titration_step_too_fast,
)

INFO, WARNING, CRITICAL = Indicator.INFO, Indicator.WARNING, Indicator.CRITICAL
FIBROMYALGIA, ALCOHOL, OBESITY = (
    (Concept((), "Fibromyalgia"),),
    (Concept((), "Alcohol dependence"),),
    (Concept((), "Obesity"),),
)
PLAIN = naltrexone_drug(UNSPECIFIED)
FIFTY = naltrexone_drug(TABLET)
PAIN = condition("ldn-indication", "fibromyalgia")


def level(finding: Finding | None) -> Indicator | None:
    return finding.indicator if finding else None


def ordered(*lines: Dosage, drug: object = PLAIN, why: tuple[Concept, ...] = FIBROMYALGIA, **facts: object) -> Case:
    return case(draft(drug, *lines, reasons=why, **facts))  # type: ignore[arg-type]


# Rule 20


@pytest.mark.parametrize(
    ("daily", "expected"), [(24.9, None), (25, WARNING), (50, WARNING), (150, WARNING), (150.1, None), (45, None)]
)
def test_the_addiction_dose_begins_at_25_and_ends_at_150_mg(daily: float, expected: Indicator | None) -> None:
    assert level(standard_dose_for_pain.detect(ordered(mg(daily)))) is expected


def test_an_addiction_among_the_stated_reasons_makes_a_line_of_it_and_alone_silence() -> None:
    both = fired(standard_dose_for_pain.detect(ordered(mg(50), why=(*FIBROMYALGIA, *ALCOHOL))))
    assert (both.indicator, both.family, both.proposals) == (INFO, "before-you-start", ())
    assert standard_dose_for_pain.detect(ordered(mg(50), why=ALCOHOL)) is None


def test_low_dose_words_do_not_outweigh_an_addiction_that_the_order_names() -> None:
    assert standard_dose_for_pain.detect(ordered(mg(50, text="LDN 50 mg"), why=ALCOHOL)) is None


@pytest.mark.parametrize("product", [COMBINATION, INJECTION])
def test_combination_and_injection_are_not_judged_as_tablets(product: Naltrexone) -> None:
    assert standard_dose_for_pain.detect(ordered(mg(50), drug=naltrexone_drug(product))) is None


def test_the_graver_of_two_drafts_leads() -> None:
    addiction = draft(FIFTY, mg(50), reasons=(*FIBROMYALGIA, *ALCOHOL), reference="MedicationRequest/one")
    pain = draft(FIFTY, mg(50), reasons=FIBROMYALGIA, reference="MedicationRequest/two")
    found = fired(standard_dose_for_pain.detect(case(addiction, pain)))
    assert found.indicator is WARNING
    assert found.proposals[0].orders == (pain,)
    assert found.evidence == ("MedicationRequest/one", "MedicationRequest/two")


# Rule 21


@pytest.mark.parametrize("daily", [15, 30, 45])
def test_ten_times_a_titration_dose_is_critical(daily: float) -> None:
    found = fired(dose_unit_error.detect(ordered(mg(daily))))
    assert (found.indicator, found.wording) == (CRITICAL, "default")
    assert found.values["usual"] == f"{daily / 10:g} mg"


@pytest.mark.parametrize("daily", [0.0, 1.5, 4.5, 5, 6, 12, 14.9, 15.1, 20, 25, 40, 50, 60, 150])
def test_other_doses_are_no_slip(daily: float) -> None:
    assert dose_unit_error.detect(ordered(mg(daily))) is None
    assert not is_tenfold(case(), daily)


def test_ten_times_a_dose_needs_a_reason_or_a_word_that_it_is_low_dose() -> None:
    assert dose_unit_error.detect(ordered(mg(45), why=ALCOHOL)) is None
    assert level(dose_unit_error.detect(ordered(mg(45), why=ALCOHOL, label="LDN 45 mg"))) is CRITICAL


@pytest.mark.parametrize(("daily", "expected"), [(150, None), (150.1, CRITICAL), (4500, CRITICAL)])
def test_more_than_150_mg_by_mouth_is_critical_whatever_the_reason(daily: float, expected: Indicator | None) -> None:
    assert level(dose_unit_error.detect(ordered(mg(daily), why=ALCOHOL))) is expected
    assert level(dose_unit_error.detect(ordered(mg(daily), why=OBESITY, drug=naltrexone_drug(COMBINATION)))) is expected


def test_alternate_days_are_reckoned_by_the_day() -> None:
    assert dose_unit_error.detect(ordered(mg(150, frequency=1, period=2, period_unit="d"), why=ALCOHOL)) is None


def test_the_injection_has_another_scale() -> None:
    assert dose_unit_error.detect(ordered(mg(380), drug=naltrexone_drug(INJECTION))) is None


@pytest.mark.parametrize(
    ("volume", "per_ml", "expected"),
    [(0.9, 10, None), (1, 10, CRITICAL), (2, 10, CRITICAL), (5, 10, CRITICAL), (5.1, 10, None), (4, 9.9, None)],
)
def test_millilitres_that_look_like_milligrams(volume: float, per_ml: float, expected: Indicator | None) -> None:
    liquid = naltrexone_drug(Naltrexone("oral", strength_mg_per_ml=per_ml))
    line = Dosage(text=f"{volume} mL at bedtime", dose=value(volume, "mL"))
    assert level(dose_unit_error.detect(ordered(line, drug=liquid))) is expected


def test_a_volume_whose_words_give_another_mass_is_a_disagreement() -> None:
    liquid = naltrexone_drug(Naltrexone("oral", strength_mg_per_ml=10.0))
    line = Dosage(text="4 mL (4 mg) at bedtime", dose=value(4, "mL"))
    assert fired(dose_unit_error.detect(ordered(line, drug=liquid))).wording == "disagree"


@pytest.mark.parametrize(("strength", "expected"), [(1.0, None), (1.5, None), (1.6, "count"), (50, "count")])
def test_four_and_a_half_pieces_are_a_slip_where_the_piece_is_stronger_than_the_first_dose(
    strength: float, expected: str | None
) -> None:
    line = Dosage(dose=value(4.5, "{capsule}"))
    found = dose_unit_error.detect(ordered(line, drug=naltrexone_drug(Naltrexone("oral", strength_mg=strength))))
    assert (found.wording if found else None) == expected


@pytest.mark.parametrize(
    ("dose", "text", "expected"),
    [
        (50, "Take 4.5 mg at bedtime", CRITICAL),
        (4.5, "Take 1 tablet (50 mg) daily", CRITICAL),
        (3, "Take 1.5 mg at bedtime", WARNING),
        (6, "Take 4.5 mg at bedtime", WARNING),
        (4.5, "Take 4.5 mg at bedtime", None),
        (4.5, "Take 3 capsules (1.5 mg each)", None),
        (4.5, "as directed", None),
        (1.5, "Take 1.5-4.5 mg", None),
        (1.5, "1.5 mg for 14 days, then 3 mg for 14 days, then 4.5 mg", None),
    ],
)
def test_structure_and_words_have_to_agree(dose: float, text: str, expected: Indicator | None) -> None:
    assert level(dose_unit_error.detect(ordered(mg(dose, text=text)))) is expected


def test_a_total_of_the_day_in_words_agrees_with_its_parts() -> None:
    line = mg(1.5, text="4.5 mg a day in three doses", frequency=3, period=1, period_unit="d")
    assert dose_unit_error.detect(ordered(line)) is None


def test_a_low_dose_in_words_is_reason_enough_to_compare() -> None:
    found = fired(dose_unit_error.detect(ordered(mg(50, text="Take 4.5 mg"), why=())))
    assert (found.indicator, found.values["said"], found.values["usual"]) == (CRITICAL, "50 mg", "4.5 mg")


@pytest.mark.parametrize(
    ("micrograms", "expected"), [(0.9, None), (1, WARNING), (4.5, WARNING), (10, WARNING), (11, None), (4500, None)]
)
def test_micrograms_that_look_like_milligrams(micrograms: float, expected: Indicator | None) -> None:
    assert level(dose_unit_error.detect(ordered(Dosage(dose=value(micrograms, "ug"))))) is expected
    worded = Dosage(text=f"Take {micrograms} mcg at bedtime")
    assert level(dose_unit_error.detect(ordered(worded))) is expected
    assert dose_unit_error.detect(ordered(Dosage(dose=value(micrograms, "ug"), text="ultra-low dose"))) is None


def test_a_number_without_a_unit_is_a_warning_in_structure_and_in_words() -> None:
    written = fired(dose_unit_error.detect(ordered(Dosage(dose=Quantity(4.5)))))
    worded = fired(dose_unit_error.detect(ordered(Dosage(text="Take 4.5 at bedtime"))))
    assert [(one.indicator, one.wording, one.values["said"]) for one in (written, worded)] == [
        (WARNING, "unitless", "4.5"),
        (WARNING, "unitless", ""),
    ]
    assert dose_unit_error.detect(ordered(Dosage(dose=Quantity(4.5)), why=ALCOHOL)) is None


def test_the_answer_to_a_slip_is_the_first_dose_and_deletion() -> None:
    found = fired(dose_unit_error.detect(ordered(mg(45))))
    assert [(one.kind, one.recommended) for one in found.proposals] == [
        ("correct-draft", True),
        ("delete-draft", False),
    ]
    assert (found.proposals[0].values["mg"], found.proposals[0].values["strength"]) == ("1.5", "1.5")


# Rule 22


@pytest.mark.parametrize(
    ("daily", "expected"),
    [
        (4.5, None),
        (4.5000001, None),
        (4.6, INFO),
        (5, INFO),
        (6, INFO),
        (6.1, WARNING),
        (12, WARNING),
        (24.9, WARNING),
        (25, None),
        (15, None),
    ],
)
def test_the_low_dose_range_ends_at_four_and_a_half(daily: float, expected: Indicator | None) -> None:
    assert level(dose_above_ldn_range.detect(ordered(mg(daily)))) is expected


def test_a_high_dose_with_low_dose_words_is_not_above_the_range_but_another_rules_matter() -> None:
    assert dose_above_ldn_range.detect(ordered(mg(50), label="LDN")) is None


def test_the_morning_is_kept_and_a_schedule_is_left_alone() -> None:
    (one,) = fired(dose_above_ldn_range.detect(ordered(mg(9, when=("MORN",))))).proposals
    assert (one.values["mg"], one.values["moment"]) == ("4.5", "MORN")
    (other,) = fired(dose_above_ldn_range.detect(ordered(mg(9)))).proposals
    assert other.values["moment"] == "HS"
    assert fired(dose_above_ldn_range.detect(ordered(mg(1.5, sequence=1), mg(6, sequence=2)))).proposals == ()


# Rule 23


@pytest.mark.parametrize(
    ("line", "how"),
    [
        (mg(1.5, frequency=2, period=1, period_unit="d"), "often"),
        (mg(1.5, frequency=1, period=12, period_unit="h"), "often"),
        (mg(1.5, when=("MORN", "HS")), "often"),
        (mg(1.5, frequency=1, period=1, period_unit="d", when=("MORN", "HS")), "often"),
        (mg(1.5, frequency=1, period=1, period_unit="d", times_of_day=2), "often"),
        (mg(1.5, text="1.5 mg twice daily"), "often"),
        (mg(1.5, frequency=1, period=2, period_unit="d"), "seldom"),
        (mg(1.5, frequency=1, period=1, period_unit="d", days_of_week=3), "seldom"),
        (mg(1.5, frequency=1, period=1, period_unit="wk"), "seldom"),
        (mg(1.5, as_needed=True), "as-needed"),
        (mg(1.5, text="at bedtime prn"), "as-needed"),
        (mg(1.5), ""),
        (mg(1.5, when=("HS",)), ""),
        (mg(1.5, frequency=1, period=24, period_unit="h"), ""),
        (mg(1.5, frequency=7, period=1, period_unit="wk"), ""),
        (mg(1.5, frequency=1, period=1, period_unit="d", days_of_week=7), ""),
        (mg(1.5, frequency=1, period=2, period_unit="d", text="taper"), ""),
    ],
)
def test_once_a_day_every_day_is_the_studied_schedule(line: Dosage, how: str) -> None:
    found = dosing_frequency.detect(ordered(line))
    assert (found.wording if found else "") == how


@pytest.mark.parametrize(("one", "expected"), [(3, INFO), (3.1, WARNING), (4.5, WARNING)])
def test_the_frequency_is_a_warning_where_the_total_is_above_six_mg(one: float, expected: Indicator) -> None:
    found = fired(dosing_frequency.detect(ordered(mg(one, frequency=2, period=1, period_unit="d"))))
    assert found.indicator is expected


def test_lines_beside_each_other_are_two_doses_a_day_and_lines_after_each_other_are_not() -> None:
    assert fired(dosing_frequency.detect(ordered(mg(1.5, when=("MORN",)), mg(3, when=("HS",))))).wording == "often"
    assert dosing_frequency.detect(ordered(mg(1.5, duration_days=14), mg(3, duration_days=14))) is None
    apart = (mg(1.5, when=("MORN",), duration_days=14), mg(3, when=("HS",), duration_days=14))
    assert fired(dosing_frequency.detect(ordered(*apart))).wording == "often"


def test_once_a_day_never_raises_what_is_taken_at_one_time() -> None:
    (low,) = fired(dosing_frequency.detect(ordered(mg(1.5, frequency=2, period=1, period_unit="d")))).proposals
    (high,) = fired(dosing_frequency.detect(ordered(mg(9, frequency=2, period=1, period_unit="d")))).proposals
    assert (low.values["mg"], high.values["mg"]) == ("1.5", "4.5")


# Rules 24, 41 and 36


@pytest.mark.parametrize(("first", "fires"), [(1.5, False), (1.5000001, False), (1.6, True), (3, True), (4.5, True)])
def test_a_first_dose_above_one_and_a_half_is_no_titration(first: float, fires: bool) -> None:
    assert (titration_missing.detect(ordered(mg(first))) is not None) is fires
    at_sign = case(draft(PLAIN, mg(first), reasons=FIBROMYALGIA), hook=ORDER_SIGN)
    assert (titration_order_set.detect(at_sign) is not None) is fires


def test_a_restart_is_no_new_start() -> None:
    before = statement(LDN, status="completed", starts=ago(200), ends=ago(40), dosages=(mg(4.5),))
    restarted = case(draft(LDN, mg(4.5)), medications=[before])
    assert titration_missing.detect(restarted) is None
    assert titration_order_set.detect(restarted) is not None


def test_two_prescriptions_of_one_schedule_are_a_titration() -> None:
    first = draft(LDN, mg(3, starts=ahead(0), ends=ahead(27)), reference="MedicationRequest/a")
    second = draft(LDN, mg(4.5, starts=ahead(28), ends=ahead(83)), reference="MedicationRequest/b")
    assert titration_missing.detect(case(first, second)) is None
    assert duplicate_naltrexone.detect(case(first, second)) is None


@pytest.mark.parametrize(("begins", "shared"), [(28, None), (27, (27, 27)), (23, (23, 27)), (-1, (0, 27))])
def test_steps_of_one_group_that_share_a_day_are_no_steps(begins: int, shared: tuple[int, int] | None) -> None:
    first = draft(LDN, mg(3, starts=ahead(0), ends=ahead(27)), reference="MedicationRequest/a", group="set")
    second = draft(LDN, mg(4.5, starts=ahead(begins), ends=ahead(83)), reference="MedicationRequest/b", group="set")
    found = duplicate_naltrexone.detect(case(first, second))
    days = shared and tuple(ahead(day).isoformat() for day in shared)
    assert (found and (found.values["from"], found.values["until"])) == days
    assert found is None or found.wording == "overlap"


def test_orders_of_one_group_without_dates_are_taken_for_steps() -> None:
    first = draft(LDN, mg(3), reference="MedicationRequest/a", group="set")
    second = draft(LDN, mg(4.5, starts=ahead(28), ends=ahead(83)), reference="MedicationRequest/b", group="set")
    assert duplicate_naltrexone.detect(case(first, second)) is None


def climb(*doses: tuple[float, int]) -> tuple[Dosage, ...]:
    lines, day = [], 0
    for place, (dose, days) in enumerate(doses, start=1):
        lines.append(mg(dose, sequence=place, starts=ahead(day), ends=ahead(day + days - 1)))
        day += days
    return tuple(lines)


@pytest.mark.parametrize(
    ("lines", "wording"),
    [
        (climb((1.5, 14), (3, 14), (4.5, 56)), None),
        (climb((1.5, 7), (3, 7), (4.5, 70)), None),
        (climb((1, 14), (2, 14), (3, 14), (4, 14), (4.5, 56)), None),
        (climb((1.5, 14), (3.1, 14)), "default"),
        (climb((1.5, 14), (3, 6), (4.5, 56)), "soon"),
        (climb((1.5, 6), (3, 14)), "soon"),
        (climb((4.5, 3), (3, 3), (1.5, 14)), None),
        ((mg(1.5, sequence=1), mg(3, sequence=2)), None),
        ((mg(1.5, sequence=1), mg(4.5, sequence=2)), "default"),
        ((mg(1.5, duration_days=6), mg(3)), "soon"),
    ],
)
def test_a_schedule_climbs_by_at_most_one_and_a_half_mg_a_week(lines: tuple[Dosage, ...], wording: str | None) -> None:
    judged = ordered(*lines)
    found = titration_step_too_fast.detect(judged)
    assert (found.wording if found else None) == wording
    assert (titration_order_set.detect(judged) is not None) is (wording is not None)


def test_a_hole_in_a_schedule_counts_as_time() -> None:
    lines = (mg(1.5, sequence=1, starts=ahead(0), ends=ahead(3)), mg(3, sequence=2, starts=ahead(7)))
    assert titration_step_too_fast.detect(ordered(*lines)) is None


# Rule 25


@pytest.mark.parametrize(
    ("dose", "strength", "fires"),
    [(4.5, 50, True), (12.4, 50, True), (12.5, 50, False), (4.5, 49, False), (4.5, 100, True)],
)
def test_a_tablet_gives_no_less_than_a_quarter(dose: float, strength: float, fires: bool) -> None:
    judged = ordered(mg(dose), drug=naltrexone_drug(Naltrexone("oral", strength_mg=strength)))
    assert (product_strength_mismatch.detect(judged) is not None) is fires


def test_the_smallest_step_decides_and_a_schedule_keeps_its_lines() -> None:
    found = fired(product_strength_mismatch.detect(ordered(mg(1.5, sequence=1), mg(25, sequence=2), drug=FIFTY)))
    assert found.values["dose"] == "1.5 mg"
    assert (found.proposals[0].values["mg"], found.proposals[0].values["strength"]) == ("", "1.5")


# Rule 26


def test_compounding_is_a_line_without_a_finding_and_not_said_when_signing() -> None:
    plain = naltrexone_drug(Naltrexone("oral", strength_mg=1.5))
    line = fired(compounding_required.detect(case(draft(plain))))
    assert (line.item, line.family) == (True, "order-set")
    assert compounding_required.detect(case(draft(plain), hook=ORDER_SIGN)) is None
    assert compounding_required.detect(case(draft(plain, note="Please compound"))) is None
    coded = naltrexone_drug(Naltrexone("oral", strength_mg=1.5, strength_coded=True))
    assert compounding_required.detect(case(draft(coded))) is None
    assert compounding_required.detect(case(draft(LDN))) is None


# Rules 27 and 28


@pytest.mark.parametrize(
    ("why", "conditions", "expected"),
    [
        (FIBROMYALGIA, [], WARNING),
        ((*FIBROMYALGIA, *OBESITY), [], INFO),
        (OBESITY, [PAIN], None),
        ((), [PAIN], WARNING),
        ((), [PAIN, condition("obesity")], INFO),
        ((), [PAIN, condition("bmi-27-or-more")], INFO),
        ((), [condition("obesity")], None),
        ((), [], None),
    ],
)
def test_the_weight_product_for_pain(why: tuple[Concept, ...], conditions: list[object], expected: object) -> None:
    order = draft(naltrexone_drug(COMBINATION), Dosage(dose=value(1, "{tablet}")), reasons=why)
    found = naltrexone_bupropion_for_pain.detect(case(order, conditions=conditions))  # type: ignore[arg-type]
    assert level(found) is expected


@pytest.mark.parametrize(("index", "expected"), [(26.9, WARNING), (27, INFO)])
def test_the_body_mass_index_counts_from_27(index: float, expected: Indicator) -> None:
    order = draft(naltrexone_drug(COMBINATION), Dosage(dose=value(1, "{tablet}")))
    weight = result("body-mass-index", ago(30), value=value(index, "kg/m2"))
    found = naltrexone_bupropion_for_pain.detect(case(order, conditions=[PAIN], observations=[weight]))
    assert level(found) is expected


def test_a_seizure_disorder_is_named_even_where_it_is_resolved_and_not_where_it_is_refuted() -> None:
    order = draft(naltrexone_drug(COMBINATION), Dosage(dose=value(1, "{tablet}")), reasons=FIBROMYALGIA)
    past = condition("seizure-disorder", clinical="resolved")
    assert fired(naltrexone_bupropion_for_pain.detect(case(order, conditions=[past]))).values["against"]
    never = condition("seizure-disorder", verification="refuted")
    assert not fired(naltrexone_bupropion_for_pain.detect(case(order, conditions=[never]))).values["against"]


def test_low_dose_words_on_the_injection_are_reason_enough() -> None:
    shot = naltrexone_drug(INJECTION)
    assert level(er_injectable_for_pain.detect(ordered(mg(380, text="LDN"), drug=shot, why=()))) is WARNING
    assert er_injectable_for_pain.detect(ordered(mg(380), drug=shot, why=())) is None
    assert er_injectable_for_pain.detect(ordered(mg(380), drug=shot, why=(*FIBROMYALGIA, *ALCOHOL))) is None


# Rule 29


def supplied(days_left: int, dose: float = 4.5, **facts: object) -> object:
    """An active order of thirty days whose supply ends in `days_left` days."""
    return request(LDN, authored=ahead(days_left - 29), supply_days=30, dosages=(mg(dose),), **facts)


@pytest.mark.parametrize(("left", "fires"), [(0, False), (13, False), (14, False), (15, True), (29, True)])
def test_the_same_dose_is_a_renewal_while_its_supply_ends_within_two_weeks(left: int, fires: bool) -> None:
    judged = case(draft(LDN, mg(4.5)), medications=[supplied(left)])  # type: ignore[list-item]
    assert (duplicate_naltrexone.detect(judged) is not None) is fires


def test_another_dose_is_a_duplicate_unless_the_orders_are_linked() -> None:
    before = supplied(5, 3)
    assert level(duplicate_naltrexone.detect(case(draft(LDN, mg(4.5)), medications=[before]))) is WARNING  # type: ignore[list-item]
    linked = draft(LDN, mg(4.5), prior="MedicationRequest/naltrexone")
    assert duplicate_naltrexone.detect(case(linked, medications=[before])) is None  # type: ignore[list-item]
    own = statement(LDN, starts=ago(60), dosages=(mg(3),), based_on=("MedicationRequest/naltrexone",))
    assert duplicate_naltrexone.detect(case(linked, medications=[own])) is None
    other = statement(LDN, starts=ago(60), dosages=(mg(3),))
    assert duplicate_naltrexone.detect(case(linked, medications=[other])) is not None


def test_a_statement_of_the_same_dose_is_the_treatment_that_goes_on() -> None:
    taken = statement(LDN, starts=ago(60), dosages=(mg(4.5),))
    assert duplicate_naltrexone.detect(case(draft(LDN, mg(4.5)), medications=[taken])) is None


def test_a_fill_of_the_same_dose_counts_by_its_own_supply() -> None:
    filled = dispense(LDN, handed_over=ago(1), supply_days=90, dosages=(mg(4.5),))
    assert duplicate_naltrexone.detect(case(draft(LDN, mg(4.5)), medications=[filled])) is not None


@pytest.mark.parametrize(("days", "fires"), [(0, True), (29, True), (30, True), (31, False)])
def test_an_injection_is_doubled_for_thirty_days(days: int, fires: bool) -> None:
    given = administration(naltrexone_drug(INJECTION), at=ago(days))
    assert (duplicate_naltrexone.detect(case(draft(), medications=[given])) is not None) is fires


@pytest.mark.parametrize(("days", "fires"), [(5, True), (15, True), (16, False), (28, False)])
def test_the_next_injection_is_due_when_the_last_one_runs_out(days: int, fires: bool) -> None:
    given = administration(naltrexone_drug(INJECTION), at=ago(days))
    following = draft(naltrexone_drug(INJECTION), mg(380))
    assert (duplicate_naltrexone.detect(case(following, medications=[given])) is not None) is fires


def test_two_drafts_of_one_group_are_one_set_and_without_a_group_they_are_two() -> None:
    pair = [draft(LDN, mg(4.5), reference=f"MedicationRequest/{name}", group="urn:x|1") for name in "ab"]
    assert duplicate_naltrexone.detect(case(*pair)) is None
    loose = [draft(LDN, mg(4.5), reference=f"MedicationRequest/{name}") for name in "ab"]
    found = fired(duplicate_naltrexone.detect(case(*loose)))
    assert (found.wording, found.proposals[0].orders) == ("drafts", (loose[1],))


def test_an_uncertain_record_is_no_duplicate() -> None:
    assert duplicate_naltrexone.detect(case(draft(), medications=[statement(LDN, status="unknown")])) is None


# Rules 30 and 35


@pytest.mark.parametrize(("hook", "expected"), [(ORDER_SELECT, None), (ORDER_SIGN, INFO), (MEDICATION_PRESCRIBE, INFO)])
def test_an_unreadable_dose_matters_when_the_order_is_ready(hook: str, expected: Indicator | None) -> None:
    judged = case(draft(PLAIN, Dosage(text="as directed"), reasons=FIBROMYALGIA), hook=hook)
    assert level(dose_not_checkable.detect(judged)) is expected


def test_an_unreadable_dose_is_a_warning_with_an_ldn_cue_and_nothing_for_fixed_products() -> None:
    unread = Dosage(text="as directed")
    assert level(dose_not_checkable.detect(ordered(unread, label="LDN"))) is WARNING
    assert level(dose_not_checkable.detect(ordered(unread, drug=naltrexone_drug(CAPSULE)))) is WARNING
    assert dose_not_checkable.detect(ordered(unread, drug=naltrexone_drug(INJECTION))) is None
    assert dose_not_checkable.detect(ordered(unread, drug=naltrexone_drug(COMBINATION))) is None


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2008, 3, 2), date(2008, 3, 2), None),
        (date(2008, 3, 3), date(2008, 3, 3), WARNING),
        (date(2008, 1, 1), date(2008, 12, 31), INFO),
        (date(2007, 1, 1), date(2007, 12, 31), None),
        (date(2009, 1, 1), date(2009, 12, 31), WARNING),
    ],
)
def test_of_age_is_who_is_18_today(first: date, last: date, expected: Indicator | None) -> None:
    patient = Patient("female", first, last)
    assert level(age_under_18.detect(case(draft(), patient=patient))) is expected
    assert age_under_18.detect(case(opioid_draft(), patient=patient)) is None


def test_no_rule_of_the_dose_speaks_of_a_draft_that_is_not_judged() -> None:
    rules = (
        age_under_18, compounding_required, dose_above_ldn_range, dose_not_checkable, dose_unit_error,
        dosing_frequency, duplicate_naltrexone, er_injectable_for_pain, naltrexone_bupropion_for_pain,
        product_strength_mismatch, standard_dose_for_pain, titration_missing, titration_step_too_fast,
    )  # fmt: skip
    child = Patient("female", date(2015, 1, 1), date(2015, 1, 1))
    orders: list[DraftOrder] = [
        draft(FIFTY, mg(dose), reasons=FIBROMYALGIA, selected=False, reference=f"MedicationRequest/{dose}")
        for dose in (4.5, 45, 50)
    ]
    judged = case(*orders, patient=child, as_of=T0)
    assert [rule.__name__ for rule in rules if rule.detect(judged) is not None] == []
