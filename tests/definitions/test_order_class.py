"""The naltrexone order class (rulebook b.1): classes are tried in their order, the first that fits wins."""

import pytest
from definitions.chart import (
    CAPSULE,
    COMBINATION,
    INJECTION,
    TABLET,
    THRESHOLDS,
    UNSPECIFIED,
    ago,
    chart,
    condition,
    draft,
    mg,
    naltrexone_drug,
    value,
)

from cds_service.definitions.indication import reasons
from cds_service.definitions.order_class import OrderClass, order_class
from cds_service.record import Concept, Dosage, DraftOrder, Encounter, Naltrexone
from cds_service.record.patient import PatientRecord

FIBROMYALGIA, ALCOHOL, PRURITUS = (
    (Concept((), "Fibromyalgia"),),
    (Concept((), "Alcohol dependence"),),
    (Concept((), "Pruritus"),),
)


def classed(order: DraftOrder, record: PatientRecord | None = None) -> OrderClass:
    return order_class(order, record or chart(), THRESHOLDS)


def name(*dosages: Dosage, product: Naltrexone = UNSPECIFIED, why: tuple[Concept, ...] = (), **facts: str) -> str:
    return classed(draft(naltrexone_drug(product), *dosages, reasons=why, **facts)).name


@pytest.mark.parametrize(
    ("daily", "why", "expected"),
    [
        (0.5, (), "ldn"),
        (4.5, (), "ldn"),
        (6, (), "ldn"),
        (6, ALCOHOL, "ldn"),
        (6.1, (), "unknown"),
        (6.1, FIBROMYALGIA, "ldn"),
        (6.1, ALCOHOL, "unknown"),
        (24.9, FIBROMYALGIA, "ldn"),
        (24.9, PRURITUS, "unknown"),
        (25, (), "standard"),
        (25, FIBROMYALGIA, "standard"),
        (50, ALCOHOL, "standard"),
        (150, (), "standard"),
        (150.1, (), "unknown"),
        (4500, FIBROMYALGIA, "unknown"),
    ],
)
def test_the_daily_dose_and_the_reason_decide(daily: float, why: tuple[Concept, ...], expected: str) -> None:
    assert name(mg(daily), why=why) == expected


@pytest.mark.parametrize(
    ("why", "expected"), [((), "unknown"), (FIBROMYALGIA, "ldn"), (ALCOHOL, "unknown"), (PRURITUS, "unknown")]
)
def test_without_a_readable_dose_an_ldn_reason_makes_it_ldn(why: tuple[Concept, ...], expected: str) -> None:
    assert name(Dosage(text="as directed"), why=why) == expected


def test_an_addiction_reason_beside_an_ldn_reason_leaves_the_dose_between_unknown() -> None:
    assert name(mg(12), why=(*FIBROMYALGIA, *ALCOHOL)) == "unknown"


@pytest.mark.parametrize(
    "facts",
    [
        {"label": "LDN 45 mg capsule"},
        {"label": "Low-dose naltrexone"},
        {"note": "compounded LDN"},
    ],
)
def test_the_words_low_dose_naltrexone_make_any_dose_ldn(facts: dict[str, str]) -> None:
    assert name(mg(45), **facts) == "ldn"


def test_the_cue_counts_in_the_signature_too() -> None:
    assert name(mg(45, text="LDN at bedtime")) == "ldn"


@pytest.mark.parametrize("word", ["LDNX", "goldnaltrexone", "lowdose"])
def test_a_cue_is_a_whole_word(word: str) -> None:
    assert name(mg(45), label=word) == "standard"


@pytest.mark.parametrize(("strength", "expected"), [(6.0, "ldn"), (6.1, "standard")])
def test_a_product_of_low_strength_is_a_cue(strength: float, expected: str) -> None:
    assert name(mg(45), product=Naltrexone("oral", strength_mg=strength)) == expected


def test_the_cue_of_the_product_itself_counts() -> None:
    assert name(Dosage(text="as directed"), product=Naltrexone("unspecified", low_dose_cue=True)) == "ldn"


@pytest.mark.parametrize(("product", "expected"), [(INJECTION, "er-injectable"), (COMBINATION, "nb-combo")])
def test_injection_and_combination_win_over_every_dose_and_cue(product: Naltrexone, expected: str) -> None:
    assert name(mg(4.5), product=product, label="LDN", why=FIBROMYALGIA) == expected


def test_tablets_count_by_their_strength() -> None:
    assert name(Dosage(dose=value(1, "{pill}")), product=TABLET) == "standard"
    assert name(Dosage(dose=value(3, "{pill}")), product=CAPSULE) == "ldn"


def test_a_reason_never_turns_a_standard_dose_into_ldn() -> None:
    assert name(mg(50), why=FIBROMYALGIA) == "standard"


def test_an_order_for_an_addiction_is_known_as_such() -> None:
    assert classed(draft(naltrexone_drug(TABLET), mg(50), reasons=ALCOHOL)).for_addiction
    assert not classed(draft(naltrexone_drug(TABLET), mg(50), reasons=FIBROMYALGIA)).for_addiction


@pytest.mark.parametrize(
    ("dosage", "label", "expected"),
    [
        (Dosage(dose=value(4, "ug")), "naltrexone", True),
        (Dosage(text="ultra-low-dose naltrexone 4 mcg"), "naltrexone", True),
        (mg(1.5), "ULDN", True),
        (Dosage(dose=value(4500, "ug")), "naltrexone", False),
        (mg(1.5), "LDN", False),
    ],
)
def test_ultra_low_doses_are_told_from_low_doses_in_micrograms(dosage: Dosage, label: str, expected: bool) -> None:
    assert classed(draft(naltrexone_drug(), dosage, label=label)).ultra_low is expected


# Where the reason comes from: order, then encounter, then active Conditions


def why(order: DraftOrder, record: PatientRecord) -> frozenset[str]:
    return reasons(order, record, THRESHOLDS)


PAIN, DRINKING = condition("ldn-indication", "fibromyalgia"), condition("alcohol-use-disorder")
VISIT = Encounter("Encounter/1", reasons=ALCOHOL)


def test_the_reason_of_the_order_goes_before_encounter_and_conditions() -> None:
    found = why(draft(reasons=FIBROMYALGIA), chart(conditions=[DRINKING], encounter=VISIT))
    assert "ldn-indication" in found
    assert "alcohol-use-disorder" not in found


def test_a_reason_that_names_nothing_we_know_is_still_the_reason() -> None:
    assert why(draft(reasons=PRURITUS), chart(conditions=[PAIN], encounter=VISIT)) == frozenset()


def test_a_reason_reference_is_looked_up_in_the_conditions() -> None:
    order = draft(reason_references=(DRINKING.reference,))
    assert why(order, chart(conditions=[PAIN, DRINKING])) == frozenset({"alcohol-use-disorder"})


def test_without_a_reason_on_the_order_the_encounter_tells() -> None:
    assert why(draft(), chart(conditions=[PAIN], encounter=VISIT)) == frozenset({"alcohol-use-disorder"})


def test_without_a_reason_anywhere_the_active_conditions_tell() -> None:
    assert why(draft(), chart(conditions=[PAIN], encounter=Encounter("Encounter/1"))) == PAIN.groups


@pytest.mark.parametrize(
    "facts",
    [{"verification": "refuted"}, {"verification": "provisional"}, {"clinical": "resolved"}, {"abated": ago(30)}],
)
def test_only_usable_and_current_conditions_are_a_reason(facts: dict[str, object]) -> None:
    assert why(draft(), chart(conditions=[condition("ldn-indication", **facts)])) == frozenset()
