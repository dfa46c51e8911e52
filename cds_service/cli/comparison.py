"""What was expected against what came. Pure: an expectation and cards in, a verdict with a readable difference out.

Both sides are written as the same few plain lines, and a case agrees exactly when the lines do. So the difference that
a reader sees and the verdict cannot drift apart. A card that came is written with the fields that its expectation
speaks of and no others: what `expected.json` leaves out is not compared. Values from the answer are quoted where they
are more than a name, so that no text of an answer can look like another line.

Another service than this one knows nothing of our extension. Where its whole answer has none, findings are left out of
the comparison, and a card without a topic of ours is compared with the expected one of the same headline, else of the
same indicator. Each verdict that was reached so says so in its notes.
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
from cds_service.present.cards import RULE_SYSTEM

EXTENSION = "org.ldn-cds"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9./-]*|\([A-Za-z0-9./, -]*\)")
_SILENT = "no card"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`difference` is empty where the case agrees, else a unified diff: `-` was expected, `+` came.

    `notes` say what was not compared, and why.
    """

    difference: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        return not self.difference


@dataclass(frozen=True, slots=True)
class _Pair:
    """A card that came, the expectation it is held against (None where there is none) and what may be compared."""

    card: Mapping[str, Any]
    partner: Mapping[str, Any] | None
    by_topic: bool = True


def compare(
    expected: Mapping[str, Any],
    cards: Sequence[Mapping[str, Any]],
    request: Mapping[str, Any],
    *,
    lenient: bool = False,
) -> Verdict:
    """`expected` is an expected.json, `cards` those of the answer, `request` the call that was made.

    `lenient`: the answer may be that of another service, to be judged without our extension where it has none at all.
    """
    named = partial(kind_of, drafts=roles(request), before=ordered(request))
    foreign = lenient and bool(cards) and not any(speaks_of_findings(card) for card in cards)
    pairs = _pairs(expected["cards"], cards, foreign=foreign)
    loose = [pair.partner for pair in pairs if not pair.by_topic]
    wanted = [
        line
        for card in expected["cards"]
        for line in _wanted(card, by_topic=not any(card is one for one in loose), findings=not foreign)
    ] or [_SILENT]
    got = [line for pair in pairs for line in _got(pair, named, findings=not foreign)] or [_SILENT]
    never = sorted(expected["never"])
    spoken = [finding[0] for card in cards for finding in findings_of(card)]
    spoken += [leader_of(card) for card in cards] if foreign else []
    shown = {rule for rule in spoken if isinstance(rule, str)}
    wanted += [f"never {_name(rule)}" for rule in never]
    got += [f"{'although never' if rule in shown else 'never'} {_name(rule)}" for rule in never]
    notes = []
    if foreign:
        notes.append(f"findings were not compared: no card has the extension {EXTENSION}")
    if loose:
        notes.append(f"{len(loose)} of {len(cards)} cards name no topic of ours: compared by headline or indicator")
    return Verdict(difference(wanted, got).difference, tuple(notes))


def difference(
    wanted: list[str], got: list[str], first: str = "expected", second: str = "got", *, context: int | None = None
) -> Verdict:
    """Both sides line by line; `context` bounds the unchanged lines that stand around a change (None: all of them)."""
    if wanted == got:
        return Verdict()
    around = len(wanted) + len(got) if context is None else context
    lines = difflib.unified_diff(wanted, got, first, second, lineterm="", n=around)
    return Verdict(tuple(line for line in lines if not line.startswith("@@")))


def _pairs(expected: Iterable[Mapping[str, Any]], cards: Sequence[Mapping[str, Any]], *, foreign: bool) -> list[_Pair]:
    """Each card that came with the expectation about the same rule, if there is one left.

    A foreign card without a topic of ours takes what is left: the same headline first, then the same indicator.
    """
    open_ones = list(expected)
    partners: dict[int, _Pair] = {}

    def take(place: int, suits: Callable[[Mapping[str, Any]], bool], *, by_topic: bool) -> None:
        partner = next((one for one in open_ones if suits(one)), None)
        if partner is not None:
            open_ones.remove(partner)
            partners[place] = _Pair(cards[place], partner, by_topic)

    for place, card in enumerate(cards):
        take(place, lambda one, card=card: one["leader"] == leader_of(card), by_topic=True)  # type: ignore[misc]
    if foreign:
        untold = [place for place, card in enumerate(cards) if place not in partners and not _our_topic(card)]
        for field in ("summary", "indicator"):
            for place in untold:
                if place not in partners:
                    mark = cards[place].get(field)
                    take(place, lambda one, f=field, m=mark: f in one and one[f] == m, by_topic=False)  # type: ignore[misc]
    return [partners.get(place) or _Pair(card, None) for place, card in enumerate(cards)]


def _wanted(card: Mapping[str, Any], *, by_topic: bool, findings: bool) -> Iterable[str]:
    yield f"card {_name(card['leader'])}" if by_topic else "card without a topic of ours"
    yield f"  indicator {_name(card['indicator'])}"
    for finding in card["findings"] if findings else ():
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


def _got(pair: _Pair, named: Callable[[Mapping[str, Any]], str], *, findings: bool) -> Iterable[str]:
    card, partner = pair.card, pair.partner
    yield f"card {_name(leader_of(card))}" if pair.by_topic else "card without a topic of ours"
    yield f"  indicator {_name(card.get('indicator'))}"
    wanted = partner["findings"] if partner else []
    for place, (rule, indicator, evidence) in enumerate(findings_of(card) if findings else ()):
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


def speaks_of_findings(card: Mapping[str, Any]) -> bool:
    """Whether a card has our extension."""
    extension = card.get("extension")
    return isinstance(extension, Mapping) and EXTENSION in extension


def _our_topic(card: Mapping[str, Any]) -> bool:
    source = card.get("source")
    topic = source.get("topic") if isinstance(source, Mapping) else None
    return isinstance(topic, Mapping) and topic.get("system") == RULE_SYSTEM


def leader_of(card: Mapping[str, Any]) -> Any:
    """The rule that the card says it is about; None where it says nothing of the kind."""
    source = card.get("source")
    topic = source.get("topic") if isinstance(source, Mapping) else None
    return topic.get("code") if isinstance(topic, Mapping) else None


def findings_of(card: Mapping[str, Any]) -> Iterable[tuple[Any, Any, list[Any]]]:
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
