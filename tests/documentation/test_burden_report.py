"""The burden on ordinary patients stays within the target, and the report says what it counts (rulebook e.4)."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from project_script import script

from cds_service.running import Service
from cds_service.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[2]
SEED = 20260302


rates, patients = script("ordinary_rates"), script("ordinary_patients")
report = script("burden_report")


@pytest.fixture(scope="module")
def service() -> Service:
    return Service.from_settings(Settings())


@pytest.fixture(scope="module")
def measured(service: Service) -> Any:
    return report.measure(service, 300, SEED)


def test_a_naltrexone_order_brings_few_interruptive_cards(measured: Any) -> None:
    assert measured.naltrexone.orders == 330
    assert measured.naltrexone.interruptive <= report.TARGET, measured.missed()
    assert measured.ldn.interruptive <= report.TARGET, measured.missed()


def test_the_population_is_one_in_which_rules_have_something_to_say(measured: Any) -> None:
    """A target that is met because nothing was ever wrong would say nothing."""
    urgent = {rule for rule, indicator in measured.naltrexone.cards if indicator != "info"}
    assert {"opioid-active", "opioid-status-uncertain", "pregnancy-current", "product-strength-mismatch"} <= urgent
    assert measured.naltrexone.count("critical") > 0


def test_an_order_without_naltrexone_brings_no_card(measured: Any) -> None:
    assert measured.unrelated.orders == 60
    assert measured.unrelated.cards == Counter()


def test_an_opioid_for_somebody_on_low_dose_naltrexone_always_brings_an_interruptive_card(measured: Any) -> None:
    rules = {rule for rule, indicator in measured.overlap.cards if indicator != "info"}
    assert measured.overlap.interruptive >= 1
    assert rules == {"opioid-ordered-on-naltrexone"}


def test_more_opioids_among_the_patients_bring_more_critical_cards(measured: Any) -> None:
    assert measured.often.an_order("critical") > measured.ldn.an_order("critical")


def test_the_same_seed_gives_the_same_patients_and_another_one_others() -> None:
    assert patients.ldn_orders(5, SEED) == patients.ldn_orders(5, SEED)
    assert patients.ldn_orders(5, SEED) != patients.ldn_orders(5, SEED + 1)


def test_every_patient_that_is_made_up_is_marked_as_test_data() -> None:
    for order in (*patients.ldn_orders(20, SEED), *patients.unrelated_orders(5, SEED)):
        tags = order.calls["order-sign"]["prefetch"]["patient"]["meta"]["tag"]
        assert [tag["code"] for tag in tags] == ["HTEST"]


def test_a_card_that_comes_at_both_hooks_is_counted_once_and_met_twice(service: Service) -> None:
    certain = patients.shares(opioid_current=1, opioid_as_statement=0, new=1, lists_missing=0, agonist=0)
    found = report.burden(patients.ldn_orders(1, SEED, certain), service)
    assert found.cards["opioid-active", "critical"] == 1
    assert found.met["opioid-active", "critical"] == 2


def test_a_target_that_is_missed_is_named_with_the_rules_that_cause_it(measured: Any) -> None:
    loud = report.Burden(10, Counter({("opioid-active", "critical"): 3}), Counter())
    missed = report.Measured(loud, loud, loud, loud, loud).missed()
    assert "0.300 interruptive cards a naltrexone order: opioid-active 6" in missed
    assert "cards on orders that do not concern naltrexone: opioid-active 3" in missed
    assert measured.missed() == []


def test_the_page_gives_command_seed_and_every_assumption() -> None:
    page = report.PAGE.read_text("utf-8")
    assert "scripts/burden_report.py --orders 2000 --seed 20260302" in page
    assert [rate.what for rate in rates.RATES.values() if f"| {rate.what} |" not in page] == []
    assert "no measurement" in page


def test_a_rate_has_a_source_or_says_that_it_is_assumed() -> None:
    assert [name for name, rate in rates.RATES.items() if not rate.source or not 0 <= rate.share <= 1] == []
