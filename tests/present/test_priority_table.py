"""Who hides whom, who leads, and in what order cards stand (rulebook b.4)."""

import pytest

from cds_service.present.priority import FAMILIES, card_order, leading, shown
from cds_service.record import Finding, Indicator, Shortfall

INFO, WARNING, CRITICAL = Indicator.INFO, Indicator.WARNING, Indicator.CRITICAL
NUMBERS = {
    "opioid-active": 1,
    "opioid-recent-washout": 2,
    "opioid-status-uncertain": 3,
    "opioid-ordered-on-naltrexone": 7,
    "opioid-naltrexone-same-session": 8,
    "pregnancy-current": 9,
    "cirrhosis-decompensated": 14,
    "cirrhosis-compensated": 15,
    "titration-order-set": 36,
    "data-not-checked": 39,
    "opioid-withdrawal": 40,
}


def finding(rule: str, indicator: Indicator = CRITICAL, *drugs: str, silent: bool = False) -> Finding:
    return Finding(rule, indicator, subjects=frozenset(drugs), silent=silent)


def not_checked(*lapses: Shortfall, indicator: Indicator = WARNING) -> Finding:
    return Finding("data-not-checked", indicator, shortfalls=lapses or (Shortfall("conditions", "timeout"),))


def seen(*findings: Finding, unchecked: bool = False, info_at_sign: bool = True, at_sign: bool = False) -> list[str]:
    return [one.rule for one in shown(findings, unchecked, info_at_sign, at_sign)]


ORDER_SET = finding("titration-order-set", INFO)


def test_a_pair_in_one_session_hides_the_same_pair_in_the_record() -> None:
    pair = finding("opioid-naltrexone-same-session", CRITICAL, "tramadol")
    assert seen(finding("opioid-active", CRITICAL, "tramadol"), pair) == [pair.rule]
    assert seen(finding("opioid-ordered-on-naltrexone", CRITICAL, "tramadol"), pair) == [pair.rule]


def test_a_pair_in_one_session_does_not_hide_another_drug() -> None:
    pair = finding("opioid-naltrexone-same-session", CRITICAL, "tramadol")
    other = finding("opioid-active", CRITICAL, "tramadol", "oxycodone")
    assert seen(other, pair) == ["opioid-active", "opioid-naltrexone-same-session"]


def test_a_pair_that_is_understood_as_a_sequence_hides_no_opioid() -> None:
    pair = finding("opioid-naltrexone-same-session", INFO, "tramadol")
    assert "opioid-active" in seen(finding("opioid-active", CRITICAL, "tramadol"), pair)


@pytest.mark.parametrize("rule", ["opioid-active", "pregnancy-current", "cirrhosis-decompensated", "opioid-withdrawal"])
def test_a_critical_finding_hides_every_info_finding_and_the_order_set(rule: str) -> None:
    info = finding("opioid-recent-washout", INFO)
    assert seen(finding(rule), info, ORDER_SET, not_checked()) == [rule, "data-not-checked"]


def test_what_could_not_be_checked_is_shown_even_as_information_beside_a_critical_finding() -> None:
    lapse = not_checked(Shortfall("patient", "no-birth-date"), indicator=INFO)
    assert seen(finding("opioid-active"), lapse) == ["opioid-active", "data-not-checked"]


@pytest.mark.parametrize(
    ("other", "offered"),
    [
        (finding("opioid-recent-washout", WARNING), False),
        (finding("opioid-recent-washout", INFO), True),
        (finding("opioid-status-uncertain", WARNING), False),
        (finding("cirrhosis-compensated", WARNING), True),
        (not_checked(), True),
    ],
)
def test_the_order_set_is_hidden_by_what_has_to_be_found_out_first(other: Finding, offered: bool) -> None:
    assert ("titration-order-set" in seen(other, ORDER_SET)) is offered


def test_the_order_set_is_hidden_while_the_medication_lists_are_unchecked() -> None:
    assert seen(ORDER_SET, not_checked(), unchecked=True) == ["data-not-checked"]


def test_a_silent_finding_is_neither_shown_nor_hides_anything() -> None:
    assert seen(finding("opioid-recent-washout", CRITICAL, silent=True), ORDER_SET) == ["titration-order-set"]


def test_when_signing_information_is_shown_only_where_it_is_meant_for_signing() -> None:
    info = [finding("opioid-recent-washout", INFO), finding("cirrhosis-compensated", INFO), not_checked(indicator=INFO)]
    assert seen(*info, at_sign=True) == ["data-not-checked"]
    assert len(seen(*info)) == 3


def test_warnings_are_repeated_when_signing() -> None:
    warning = finding("cirrhosis-compensated", WARNING)
    assert seen(warning, at_sign=True) == ["cirrhosis-compensated"]
    assert seen(warning, at_sign=True, info_at_sign=False) == ["cirrhosis-compensated"]


def test_unread_liver_tests_do_not_matter_where_the_order_should_not_proceed() -> None:
    labs = not_checked(Shortfall("labs", "timeout"))
    assert seen(finding("opioid-active"), labs) == ["opioid-active"]
    assert seen(labs) == ["data-not-checked"]
    both = not_checked(Shortfall("labs", "timeout"), Shortfall("conditions", "timeout"))
    (_, kept) = shown([finding("opioid-active"), both], False, True, False)
    assert [lapse.data for lapse in kept.shortfalls] == ["conditions"]


def test_a_strangers_laboratory_result_matters_even_then() -> None:
    assert "data-not-checked" in seen(finding("opioid-active"), not_checked(Shortfall("labs", "other-patient", 1)))


# Leaders


def led_by(*findings: Finding) -> str:
    return leading(list(findings), NUMBERS)[0].rule


def test_the_higher_indicator_leads() -> None:
    assert led_by(finding("opioid-active", WARNING), finding("opioid-withdrawal", CRITICAL)) == "opioid-withdrawal"


def test_of_equal_indicators_the_lower_number_leads() -> None:
    assert led_by(finding("opioid-withdrawal"), finding("opioid-active")) == "opioid-active"


def test_the_pair_in_one_session_leads_whatever_stands_beside_it() -> None:
    assert led_by(finding("opioid-active"), finding("opioid-naltrexone-same-session")) == (
        "opioid-naltrexone-same-session"
    )


def test_the_order_set_always_leads_its_card() -> None:
    assert led_by(finding("opioid-active", INFO), ORDER_SET) == "titration-order-set"


# Order of cards


def test_cards_stand_critical_by_family_then_warnings_then_what_was_not_checked_then_information() -> None:
    given = [
        (INFO, "order-set"),
        (WARNING, "not-checked"),
        (WARNING, "liver"),
        (CRITICAL, "liver"),
        (CRITICAL, "opioid"),
        (INFO, "before-you-start"),
        (CRITICAL, "pregnancy"),
        (WARNING, "opioid"),
    ]
    assert sorted(given, key=lambda one: card_order(*one)) == [
        (CRITICAL, "opioid"),
        (CRITICAL, "pregnancy"),
        (CRITICAL, "liver"),
        (WARNING, "opioid"),
        (WARNING, "liver"),
        (WARNING, "not-checked"),
        (INFO, "before-you-start"),
        (INFO, "order-set"),
    ]


def test_critical_families_stand_in_the_rulebooks_order() -> None:
    assert FAMILIES[:5] == ("opioid", "pregnancy", "liver", "allergy", "dose")
    assert len(set(FAMILIES)) == 10
