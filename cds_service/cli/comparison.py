"""What was expected against what came. Pure: an expectation and cards in, a verdict with a readable difference out.

Both sides are written as the same few plain lines, and a case agrees exactly when the lines do. So the difference that
a reader sees and the verdict cannot drift apart. A card that came is written with the fields that its expectation
speaks of and no others: what `expected.json` leaves out is not compared. Values from the answer are quoted where they
are more than a name, so that no text of an answer can look like another line.
"""

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from cds_service.cli.kinds import kind_of, ordered, roles
from cds_service.fhir.elements import items

EXTENSION = "org.ldn-cds"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9./-]*|\([A-Za-z0-9./, -]*\)")
_SILENT = "no card"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`difference` is empty where the case agrees, else a unified diff: `-` was expected, `+` came."""

    difference: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        return not self.difference


def compare(expected: Mapping[str, Any], cards: Sequence[Mapping[str, Any]], request: Mapping[str, Any]) -> Verdict:
    """`expected` is an expected.json, `cards` those of the answer, `request` the call that was made."""
    named = partial(kind_of, drafts=roles(request), before=ordered(request))
    partners = _partners(expected["cards"], cards)
    wanted = [line for card in expected["cards"] for line in _wanted(card)] or [_SILENT]
    got = [line for card, partner in zip(cards, partners, strict=True) for line in _got(card, partner, named)] or [
        _SILENT
    ]
    never = sorted(expected["never"])
    shown = {finding[0] for card in cards for finding in _findings(card)}
    wanted += [f"never {_name(rule)}" for rule in never]
    got += [f"{'although never' if rule in shown else 'never'} {_name(rule)}" for rule in never]
    return difference(wanted, got)


def difference(wanted: list[str], got: list[str]) -> Verdict:
    if wanted == got:
        return Verdict()
    lines = difflib.unified_diff(wanted, got, "expected", "got", lineterm="", n=len(wanted) + len(got))
    return Verdict(tuple(line for line in lines if not line.startswith("@@")))


def _partners(
    expected: Iterable[Mapping[str, Any]], cards: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any] | None]:
    """For each card that came, the expectation about the same rule, if there is one left."""
    open_ones = list(expected)
    partners: list[Mapping[str, Any] | None] = []
    for card in cards:
        partner = next((one for one in open_ones if one["leader"] == _leader(card)), None)
        if partner is not None:
            open_ones.remove(partner)
        partners.append(partner)
    return partners


def _wanted(card: Mapping[str, Any]) -> Iterable[str]:
    yield f"card {_name(card['leader'])}"
    yield f"  indicator {_name(card['indicator'])}"
    for finding in card["findings"]:
        yield f"  finding {_name(finding['rule'])}, {_name(finding['indicator'])}"
        if "evidence" in finding:
            yield from _evidence(finding["evidence"])
    if "summary" in card:
        yield f"  summary {_quoted(card['summary'])}"
    yield from (f"  says {_quoted(text)}" for text in card.get("says", ()))
    yield from (f"  does not say {_quoted(text)}" for text in card.get("never_says", ()))
    if "recommended" in card:
        yield f"  recommended {_listed([card['recommended']] if card['recommended'] else [])}"
    if "suggestions" in card:
        yield f"  suggestions {_listed(card['suggestions'])}"
    if "override_reasons" in card:
        yield f"  override reasons {_listed(card['override_reasons'])}"


def _got(
    card: Mapping[str, Any], partner: Mapping[str, Any] | None, named: Callable[[Mapping[str, Any]], str]
) -> Iterable[str]:
    yield f"card {_name(_leader(card))}"
    yield f"  indicator {_name(card.get('indicator'))}"
    wanted = partner["findings"] if partner else []
    for place, (rule, indicator, evidence) in enumerate(_findings(card)):
        yield f"  finding {_name(rule)}, {_name(indicator)}"
        if partner is None or (place < len(wanted) and "evidence" in wanted[place]):
            yield from _evidence(evidence)
    if partner is None:
        yield f"  summary {_quoted(card.get('summary'))}"
        return
    if "summary" in partner:
        yield f"  summary {_quoted(card.get('summary'))}"
    yield from _texts(card, partner)
    suggestions = list(items(card.get("suggestions")))
    if "recommended" in partner:
        chosen = [named(one) for one in suggestions if one.get("isRecommended") is True]
        yield f"  recommended {_listed(chosen)}"
    if "suggestions" in partner:
        yield f"  suggestions {_listed([named(one) for one in suggestions])}"
    if "override_reasons" in partner:
        yield f"  override reasons {_listed([one.get('code') for one in items(card.get('overrideReasons'))])}"


def _texts(card: Mapping[str, Any], partner: Mapping[str, Any]) -> Iterable[str]:
    """Whether summary and detail hold the texts; where they should and do not, the text itself for the reader."""
    text = f"{card.get('summary', '')}\n{card.get('detail', '')}"
    missing = [wanted for wanted in partner.get("says", ()) if wanted not in text]
    yield from (f"  {'lacks' if wanted in missing else 'says'} {_quoted(wanted)}" for wanted in partner.get("says", ()))
    if missing:
        yield from (f"    in {_quoted(line)}" for line in text.splitlines() if line.strip())
    for unwanted in partner.get("never_says", ()):
        yield f"  {'says' if unwanted in text else 'does not say'} {_quoted(unwanted)}"


def _leader(card: Mapping[str, Any]) -> Any:
    source = card.get("source")
    topic = source.get("topic") if isinstance(source, Mapping) else None
    return topic.get("code") if isinstance(topic, Mapping) else None


def _findings(card: Mapping[str, Any]) -> Iterable[tuple[Any, Any, list[Any]]]:
    """(rule, indicator, evidence) of every finding that a card names in its extension."""
    extension = card.get("extension")
    ours = extension.get(EXTENSION) if isinstance(extension, Mapping) else None
    for finding in items(ours.get("findings")) if isinstance(ours, Mapping) else ():
        evidence = finding.get("evidence")
        yield finding.get("rule"), finding.get("indicator"), evidence if isinstance(evidence, list) else []


def _evidence(references: Iterable[Any]) -> Iterable[str]:
    """In any order, so sorted; a record that is named twice counts once."""
    names = sorted({_name(reference) for reference in references})
    return (f"    evidence {name}" for name in names or ["none"])


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(_name(name) for name in names) or "none"


def _name(value: Any) -> str:
    """A name as it is; anything else quoted, `none` too, so that it cannot be taken for the absence of a name."""
    if isinstance(value, str) and _NAME.fullmatch(value) and value != "none":
        return value
    return "(nothing)" if value is None else _quoted(value)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
