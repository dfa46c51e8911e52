"""Who hides whom, and in what order cards stand: the tables of rulebook b.4, as data."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cds_service.record import Finding, Indicator, Shortfall

ORDER_SET, NOT_CHECKED = "titration-order-set", "data-not-checked"
LEADERS = ("opioid-naltrexone-same-session", "oud-agonist-therapy")
"""Rules that lead their card whatever else stands on it."""

FAMILIES = (
    "opioid",
    "pregnancy",
    "liver",
    "allergy",
    "dose",
    "surgery",
    "follow-up",
    "before-you-start",
    "order-set",
    "not-checked",
)
SHOWN_AT_SIGN = frozenset(
    {
        ORDER_SET,
        NOT_CHECKED,
        "titration-missing",
        "titration-step-too-fast",
        "dose-not-checkable",
        "surgery-upcoming",
    }
)
"""Info findings that order-sign shows; all others show while the order is being written."""


@dataclass(frozen=True, slots=True)
class Hides:
    """`leader` at `at_least` hides `rules`; `same_pair` only where it speaks of the same ingredients."""

    leader: str
    rules: frozenset[str]
    at_least: Indicator = Indicator.INFO
    same_pair: bool = False


_WARNING, _CRITICAL = Indicator.WARNING, Indicator.CRITICAL
_ORDER_SET = frozenset({ORDER_SET})
_DOSE = frozenset(
    {
        "standard-dose-for-pain",
        "dose-unit-error",
        "dose-above-ldn-range",
        "dosing-frequency",
        "titration-missing",
        "titration-step-too-fast",
        "product-strength-mismatch",
        "compounding-required",
    }
)
REPLACING = frozenset({"standard-dose-for-pain", "naltrexone-bupropion-for-pain"})
"""Rules that offer the variants on their own card, in place of the order set."""
FOLDED = frozenset({"titration-missing", "prior-intolerance-step-down", "titration-step-too-fast"})
"""Findings that live on the order-set card and go with it."""

TABLE = (
    Hides(
        "opioid-naltrexone-same-session",
        frozenset({"opioid-active", "opioid-ordered-on-naltrexone"}),
        at_least=_CRITICAL,
        same_pair=True,
    ),
    Hides(
        "oud-agonist-therapy",
        frozenset({"opioid-active", "opioid-recent-washout", "opioid-status-uncertain", "oud-history-unverified"}),
    ),
    Hides(
        "pregnancy-current",
        frozenset({"pregnancy-possible", "pregnancy-unknown", "pregnancy-ended", "breastfeeding"}),
    ),
    Hides(
        "cirrhosis-decompensated",
        frozenset({"cirrhosis-compensated", "alt-ast-elevated", "baseline-lft-missing"}),
    ),
    Hides("acute-liver-injury", frozenset({"cirrhosis-compensated", "alt-ast-elevated", "baseline-lft-missing"})),
    Hides("dose-unit-error", _DOSE - {"dose-unit-error", "compounding-required"}),
    Hides("standard-dose-for-pain", frozenset({"dose-above-ldn-range", "titration-missing", "compounding-required"})),
    Hides("standard-dose-for-pain", _ORDER_SET, at_least=_WARNING),
    Hides("naltrexone-bupropion-for-pain", _DOSE | _ORDER_SET),
    Hides("er-injectable-for-pain", _DOSE | _ORDER_SET),
    Hides("naltrexone-allergy", frozenset({"prior-intolerance-step-down"}) | _ORDER_SET, at_least=_CRITICAL),
    Hides("ldn-stop-continue", frozenset({"ldn-followup-due"})),
    *(
        Hides(rule, _ORDER_SET, at_least=_WARNING)
        for rule in (
            "opioid-recent-washout",
            "opioid-status-uncertain",
            "opioid-tox-positive",
            "oud-history-unverified",
            "pregnancy-possible",
            "duplicate-naltrexone",
            "naltrexone-allergy",
            "age-under-18",
        )
    ),
)


def shown(findings: Iterable[Finding], medication_unchecked: bool, info_at_sign: bool, at_sign: bool) -> list[Finding]:
    """What of the findings may be shown. The not-checked finding is never suppressed."""
    live = [finding for finding in findings if not finding.silent]
    critical = any(finding.indicator is Indicator.CRITICAL for finding in live)
    if critical:
        live = _without_labs(live)
    kept = [finding for finding in live if finding.rule == NOT_CHECKED or not _is_hidden(finding, live)]
    kept = [f for f in kept if f.rule == NOT_CHECKED or not (critical and f.indicator is Indicator.INFO)]
    if medication_unchecked:
        kept = [finding for finding in kept if finding.rule != ORDER_SET]
    if at_sign:
        visible = SHOWN_AT_SIGN if info_at_sign else frozenset()
        kept = [f for f in kept if f.indicator > Indicator.INFO or f.rule in visible]
    if not any(finding.rule == ORDER_SET for finding in kept):
        kept = [finding for finding in kept if finding.rule not in FOLDED]
    return kept


def forbids_titration(visible: Iterable[Finding]) -> bool:
    """Whether what is shown would hide the order set: then no other card offers the variants either (b.4)."""
    live = list(visible)
    if any(finding.indicator is Indicator.CRITICAL for finding in live):
        return True
    rows = [row for row in TABLE if ORDER_SET in row.rules and row.leader not in REPLACING]
    return any(one.rule == row.leader and one.indicator >= row.at_least for row in rows for one in live)


def _is_hidden(finding: Finding, live: list[Finding]) -> bool:
    return any(
        finding.rule in row.rules
        and leader.rule == row.leader
        and leader.indicator >= row.at_least
        and (not row.same_pair or finding.subjects <= leader.subjects)
        for row in TABLE
        for leader in live
    )


def _without_labs(findings: list[Finding]) -> list[Finding]:
    """Liver labs are a safety input only if the order proceeds (rule 39): not beside a critical finding."""
    trimmed = []
    for finding in findings:
        if finding.rule == NOT_CHECKED:
            left = tuple(s for s in finding.shortfalls if not _is_absent_lab(s))
            if not left:
                continue
            if left != finding.shortfalls:
                finding = replace(finding, shortfalls=left)
        trimmed.append(finding)
    return trimmed


def _is_absent_lab(shortfall: Shortfall) -> bool:
    return shortfall.data == "labs" and shortfall.cause != "other-patient"


def card_order(indicator: Indicator, family: str) -> tuple[int, int]:
    """Sort key: critical by family, warning, could-not-check, info (b.4)."""
    place = FAMILIES.index(family)
    if family == "not-checked":
        return (2, place)
    return ({Indicator.CRITICAL: 0, Indicator.WARNING: 1, Indicator.INFO: 3}[indicator], place)


def leading(findings: list[Finding], numbers: dict[str, int]) -> list[Finding]:
    """The findings of one card, leader first: by the table, then the highest indicator, then the lowest number."""

    def key(finding: Finding) -> tuple[int, int, int]:
        led = LEADERS.index(finding.rule) if finding.rule in LEADERS else len(LEADERS)
        first = -1 if finding.rule == ORDER_SET else led
        return (first, -finding.indicator, numbers.get(finding.rule, 999))

    return sorted(findings, key=key)
