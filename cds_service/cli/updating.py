"""A new expectation from an answer, in the words of the old one.

What the old expectation speaks of is taken from the answer; what it left out stays left out, so that an update makes no
case say more than it did. A new card is written with everything that can be said of it.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from cds_service.cli.cases import BadInput, Case, checked
from cds_service.cli.comparison import findings_of, leader_of
from cds_service.cli.files import write
from cds_service.cli.json_text import filed
from cds_service.cli.kinds import kind_of, ordered, roles
from cds_service.fhir.elements import items


def updated(
    expected: Mapping[str, Any], cards: Sequence[Mapping[str, Any]], request: Mapping[str, Any]
) -> dict[str, Any]:
    """The expectation that these cards meet. Title, day and origin stay, and so does whatever still holds."""
    named = partial(kind_of, drafts=roles(request), before=ordered(request))
    old = list(expected["cards"])
    made = []
    for card in cards:
        partner = next((one for one in old if one["leader"] == leader_of(card)), None)
        if partner is not None:
            old.remove(partner)
        made.append(expected_card(card, named, partner))
    shown = {finding[0] for card in cards for finding in findings_of(card)}
    return {**expected, "cards": made, "never": [rule for rule in expected["never"] if rule not in shown]}


def expected_card(card: Mapping[str, Any], named: Any, partner: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One card as an expectation says it, with the members of `partner`, or with all."""
    text = f"{card.get('summary', '')}\n{card.get('detail', '')}"
    suggestions = list(items(card.get("suggestions")))
    every: dict[str, Any] = {
        "leader": leader_of(card),
        "indicator": card.get("indicator"),
        "findings": [
            {
                "rule": rule,
                "indicator": indicator,
                **({"evidence": evidence} if _tells(partner, rule, evidence) else {}),
            }
            for rule, indicator, evidence in findings_of(card)
        ],
        "summary": card.get("summary"),
        "says": [one for one in (partner or {}).get("says", ()) if one in text],
        "never_says": [one for one in (partner or {}).get("never_says", ()) if one not in text],
        "recommended": next((named(one) for one in suggestions if one.get("isRecommended") is True), None),
        "suggestions": [named(one) for one in suggestions],
        "override_reasons": [one.get("code") for one in items(card.get("overrideReasons"))],
    }
    wanted = partner if partner is not None else {name for name in every if name != "summary"}
    return {name: value for name, value in every.items() if name in wanted and (value or name not in _TEXTS)}


_TEXTS = ("says", "never_says")


def _tells(partner: Mapping[str, Any] | None, rule: Any, evidence: Sequence[Any]) -> bool:
    if not evidence:
        return False
    known = [one for one in partner["findings"] if one["rule"] == rule] if partner else []
    return not known or "evidence" in known[0]


def write_expectation(case: Case, expected: dict[str, Any]) -> None:
    """Raises BadInput where the new expectation is not of the agreed shape, or cannot be written."""
    if case.folder is None:
        raise BadInput(f"{case.name} is in no folder, so its expectation cannot be written.")
    write(case.folder / "expected.json", filed(checked(expected, "expected", case.name)))
