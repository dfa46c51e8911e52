"""Who hides whom, and in what order cards stand: the tables of rulebook b.4, as data."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from cds_service.record import MIXED_UP, Finding, Indicator, Shortfall

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
_HIDING = {
    hidden: tuple(row for row in TABLE if hidden in row.rules)
    for hidden in frozenset().union(*(r.rules for r in TABLE))
}
_WITHHOLDING = tuple(row for row in TABLE if ORDER_SET in row.rules and row.leader not in REPLACING)


@dataclass(frozen=True, slots=True)
class Hidden:
    """A finding that is not shown: `why` is a key of `WHY`, `by` the rules that hide it, where rules do."""

    finding: Finding
    why: str
    by: tuple[str, ...] = ()


WHY = {
    "silent": "recorded and not shown",
    "table": "hidden by a rule that says more",
    "critical": "no information beside a critical finding",
    "labs": "liver tests are not asked for beside a critical finding",
    "medication-unchecked": "no titration while the medication check is undone",
    "site": "no titration: a rule that the site lowered or silenced would withhold it",
    "at-sign": "shown while the order is written, not when it is signed",
    "order-set": "lives on the order-set card, which is not shown",
}


def shown(
    findings: Iterable[Finding],
    medication_unchecked: bool,
    info_at_sign: bool,
    at_sign: bool,
    withheld_by: tuple[str, ...] = (),
) -> list[Finding]:
    """What of the findings may be shown. The not-checked finding is never suppressed."""
    return sifted(findings, medication_unchecked, info_at_sign, at_sign, withheld_by)[0]


def sifted(
    findings: Iterable[Finding],
    medication_unchecked: bool,
    info_at_sign: bool,
    at_sign: bool,
    withheld_by: tuple[str, ...] = (),
) -> tuple[list[Finding], list[Hidden]]:
    """What may be shown, and of everything else what hid it.

    `withheld_by` are rules that would withhold the order set had the site not lowered or silenced them.
    """
    hidden: list[Hidden] = []

    def keep(found: list[Finding], judge: Callable[[Finding], Hidden | None]) -> list[Finding]:
        kept = []
        for finding in found:
            verdict = judge(finding)
            if verdict is None:
                kept.append(finding)
            else:
                hidden.append(verdict)
        return kept

    live = keep(list(findings), lambda f: Hidden(f, "silent") if f.silent else None)
    critical = tuple(finding.rule for finding in live if finding.indicator is Indicator.CRITICAL)
    if critical:
        trimmed = _without_labs(live)
        left = {finding.rule for finding in trimmed}
        hidden += [Hidden(finding, "labs", critical) for finding in live if finding.rule not in left]
        live = trimmed

    def by_table(finding: Finding) -> Hidden | None:
        by = () if finding.rule == NOT_CHECKED else _hidden_by(finding, live)
        return Hidden(finding, "table", by) if by else None

    def by_critical(finding: Finding) -> Hidden | None:
        quiet = critical and finding.indicator is Indicator.INFO and finding.rule != NOT_CHECKED
        return Hidden(finding, "critical", critical) if quiet else None

    kept = keep(keep(live, by_table), by_critical)
    if medication_unchecked:
        kept = keep(kept, lambda f: Hidden(f, "medication-unchecked", (NOT_CHECKED,)) if f.rule == ORDER_SET else None)
    if withheld_by:
        kept = keep(kept, lambda f: Hidden(f, "site", withheld_by) if f.rule == ORDER_SET else None)
    if at_sign:
        visible = SHOWN_AT_SIGN if info_at_sign else frozenset()
        kept = keep(kept, lambda f: None if f.indicator > Indicator.INFO or f.rule in visible else Hidden(f, "at-sign"))
    if not any(finding.rule == ORDER_SET for finding in kept):
        kept = keep(kept, lambda f: Hidden(f, "order-set") if f.rule in FOLDED else None)
    return kept, hidden


def withholding(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Rules that keep the order set back at the urgency that they have here (b.4)."""
    live = list(findings)
    return tuple(
        one.rule
        for one in live
        if one.indicator is Indicator.CRITICAL
        or any(one.rule == row.leader and one.indicator >= row.at_least for row in _WITHHOLDING)
    )


def forbids_titration(visible: Iterable[Finding]) -> bool:
    """Whether what is shown would hide the order set: then no other card offers the variants either (b.4)."""
    live = list(visible)
    if any(finding.indicator is Indicator.CRITICAL for finding in live):
        return True
    return any(one.rule == row.leader and one.indicator >= row.at_least for row in _WITHHOLDING for one in live)


def _hidden_by(finding: Finding, live: list[Finding]) -> tuple[str, ...]:
    found = (
        leader.rule
        for row in _HIDING.get(finding.rule, ())
        for leader in live
        if leader.rule == row.leader
        and leader.indicator >= row.at_least
        and (not row.same_pair or finding.subjects <= leader.subjects)
    )
    return tuple(dict.fromkeys(found))


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
    return shortfall.data == "labs" and shortfall.cause not in MIXED_UP


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
