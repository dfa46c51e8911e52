"""The priority table says not only what is shown but what hid the rest."""

import pytest

from cds_service.present.priority import WHY, shown, sifted, withholding
from cds_service.record import Finding, Indicator, Shortfall

INFO, WARNING, CRITICAL = Indicator.INFO, Indicator.WARNING, Indicator.CRITICAL
FREE = {"medication_unchecked": False, "info_at_sign": True, "at_sign": False}


def reasons(*findings: Finding, **asked: object) -> dict[str, tuple[str, tuple[str, ...]]]:
    _, hidden = sifted(findings, **{**FREE, **asked})  # type: ignore[arg-type]
    return {one.finding.rule: (one.why, one.by) for one in hidden}


def test_a_row_of_the_table_names_the_rule_that_hides() -> None:
    found = reasons(Finding("pregnancy-current", CRITICAL), Finding("pregnancy-possible", WARNING))
    assert found == {"pregnancy-possible": ("table", ("pregnancy-current",))}


def test_information_beside_a_critical_finding_names_it() -> None:
    found = reasons(Finding("opioid-active", CRITICAL), Finding("breastfeeding", INFO))
    assert found == {"breastfeeding": ("critical", ("opioid-active",))}


def test_a_silent_finding_is_said_and_hides_nothing() -> None:
    found = reasons(Finding("pregnancy-current", CRITICAL, silent=True), Finding("pregnancy-possible", WARNING))
    assert found == {"pregnancy-current": ("silent", ())}


def test_at_signing_information_is_not_shown_and_that_is_said() -> None:
    assert reasons(Finding("breastfeeding", INFO), at_sign=True) == {"breastfeeding": ("at-sign", ())}


def test_the_order_set_names_what_keeps_it_back() -> None:
    order_set, step = Finding("titration-order-set", INFO), Finding("titration-missing", INFO)
    assert reasons(order_set, step, medication_unchecked=True) == {
        "titration-order-set": ("medication-unchecked", ("data-not-checked",)),
        "titration-missing": ("order-set", ()),
    }
    assert reasons(order_set, withheld_by=("opioid-active",)) == {"titration-order-set": ("site", ("opioid-active",))}


def test_liver_tests_that_nobody_asks_for_beside_a_critical_finding_are_said() -> None:
    unchecked = Finding("data-not-checked", WARNING, shortfalls=(Shortfall("labs", "timeout"),))
    assert reasons(Finding("opioid-active", CRITICAL), unchecked) == {"data-not-checked": ("labs", ("opioid-active",))}


def test_what_is_shown_and_what_is_hidden_together_are_everything() -> None:
    findings = [
        Finding("opioid-active", CRITICAL),
        Finding("pregnancy-possible", WARNING),
        Finding("breastfeeding", INFO),
        Finding("titration-order-set", INFO),
    ]
    kept, hidden = sifted(findings, **FREE)
    assert kept == shown(findings, **FREE)
    assert {one.rule for one in kept} | {one.finding.rule for one in hidden} == {one.rule for one in findings}
    assert {one.why for one in hidden} <= set(WHY)


@pytest.mark.parametrize(
    ("finding", "withholds"),
    [
        (Finding("opioid-active", CRITICAL), True),
        (Finding("opioid-recent-washout", WARNING), True),
        (Finding("opioid-recent-washout", INFO), False),
        (Finding("alt-ast-elevated", WARNING), False),
    ],
)
def test_rules_that_keep_the_order_set_back_do_so_at_their_urgency(finding: Finding, withholds: bool) -> None:
    assert (withholding([finding]) == (finding.rule,)) is withholds
