"""What one site changes without touching code or the shipped files: `site.toml` (rulebook e.4, point 9).

Numbers, rules switched off or made silent, urgency, and a folder of reworded cards. Every change carries its reason,
because somebody will ask for it. Nothing here decides anything about a patient.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cds_service.definitions.thresholds import read_thresholds
from cds_service.errors import BadContent
from cds_service.present.lines import line_of, parse_toml
from cds_service.present.priority import NOT_CHECKED, withholding
from cds_service.present.wording import CardText, read_text
from cds_service.record import Finding, Indicator

FILE = "site.toml"
OPIOID = "opioid"
ON, SILENT, OFF = "on", "silent", "off"
_MODES = (ON, SILENT, OFF)
_WORDS = {indicator.word: indicator for indicator in Indicator}


@dataclass(frozen=True, slots=True)
class SiteRule:
    """`mode` is on, silent (evaluated, logged, not shown) or off; `indicators`: as the rule says -> as it is shown."""

    mode: str
    indicators: Mapping[Indicator, Indicator]
    reason: str


@dataclass(frozen=True, slots=True)
class SiteNumber:
    """A number in place of the shipped one. `at` is where it belongs in `thresholds.toml`."""

    at: tuple[str, ...]
    value: Any
    reason: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change for the log at start. `lowers_opioid_check` marks those that a reader of the log must not miss."""

    what: str
    reason: str
    lowers_opioid_check: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A site's numbers and its wishes about rules; the empty one changes nothing."""

    numbers: tuple[SiteNumber, ...] = ()
    rules: Mapping[str, SiteRule] = field(default_factory=dict)

    def mode(self, rule: str) -> str:
        return self.rules[rule].mode if rule in self.rules else ON

    def applied(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Findings as this site wants them: some gone, some silent, some of another urgency."""
        return tuple(self._one(finding) for finding in findings if self.mode(finding.rule) != OFF)

    def _one(self, finding: Finding) -> Finding:
        own = self.rules.get(finding.rule)
        if own is None:
            return finding
        indicator = own.indicators.get(finding.indicator, finding.indicator)
        silent = finding.silent or own.mode == SILENT
        if indicator is finding.indicator and silent == finding.silent:
            return finding
        return replace(finding, indicator=indicator, silent=silent)

    def withheld_by(self, findings: Iterable[Finding]) -> tuple[str, ...]:
        """Rules that keep the order set back as the rulebook has them, and would not as this site has them.

        A site may speak more softly about a hazard; "how to start" does not come to stand beside it for that.
        """
        before = [one for one in findings if not one.silent and self.mode(one.rule) != OFF]
        after = withholding(one for one in self.applied(before) if not one.silent)
        return tuple(rule for rule in withholding(before) if rule not in after)

    def over(self, thresholds: Mapping[str, Any]) -> dict[str, Any]:
        """The parsed `thresholds.toml` with this site's numbers in it, and the reason as the source of each."""
        changed = copy.deepcopy(dict(thresholds))
        for number in self.numbers:
            _put(changed, number)
        return changed

    def changes(self, cards: Mapping[str, CardText], reworded: Iterable[str] = ()) -> Iterator[Change]:
        for number in self.numbers:
            yield Change(f"threshold {'.'.join(number.at)} is {_plain(number.value)}", number.reason)
        for rule, own in self.rules.items():
            opioid = cards[rule].family == OPIOID
            if own.mode != ON:
                yield Change(f"rule {rule} is {own.mode}", own.reason, opioid)
            for before, after in own.indicators.items():
                if before is not after:
                    lowered = opioid and before is Indicator.CRITICAL
                    yield Change(f"rule {rule}: {before.word} is shown as {after.word}", own.reason, lowered)
        for name in reworded:
            yield Change(f"card {name} is the site's own", "")


def read_site(path: Path, cards: Mapping[str, CardText], thresholds: Mapping[str, Any]) -> Site:
    """Read `site.toml`. Raises BadContent naming file, line and field for the first thing that cannot be used.

    `cards` and `thresholds` (parsed, not yet read) are what it changes.
    """
    reader = _Reader(path.name, read_text(path, path.name))
    tables = parse_toml(reader.text, path.name)
    for name in tables:
        if name not in ("cards", "thresholds", "rules"):
            raise reader.wrong([name], "nothing reads this: only cards, thresholds and rules are known")
    numbers = tuple(_numbers(reader, reader.table(tables, "thresholds"), thresholds))
    rules = {rule: _rule(reader, rule, entry, cards) for rule, entry in reader.table(tables, "rules").items()}
    return Site(numbers, rules)


def cards_of(path: Path) -> Path | None:
    """The folder of reworded cards that a site file names, before anything else of it is looked at."""
    reader = _Reader(path.name, read_text(path, path.name))
    return _folder(reader, parse_toml(reader.text, path.name), path)


@dataclass(frozen=True, slots=True)
class _Reader:
    """A site file with what is needed to say where in it something is wrong."""

    name: str
    text: str

    def wrong(self, at: list[str], problem: str) -> BadContent:
        where = ".".join(at)
        return BadContent(f"{self.name}: line {line_of(self.text, at)}: {where}: {problem}", expression=where)

    def table(self, tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        found = tables.get(name, {})
        if not isinstance(found, Mapping):
            raise self.wrong([name], "must be a table")
        return found

    def words(self, entry: Mapping[str, Any], at: list[str], name: str) -> str:
        said = entry.get(name)
        if not isinstance(said, str) or not said.strip():
            raise self.wrong([*at, name] if name in entry else at, f"{name} must say something")
        return said.strip()

    def only(self, entry: Mapping[str, Any], at: list[str], known: tuple[str, ...]) -> None:
        for name in entry:
            if name not in known:
                raise self.wrong([*at, name], f"nothing reads this: only {', '.join(known)} are known")


def _folder(reader: _Reader, tables: Mapping[str, Any], path: Path) -> Path | None:
    if "cards" not in tables:
        return None
    named = tables["cards"]
    if not isinstance(named, str) or not named.strip():
        raise reader.wrong(["cards"], "must name a folder of card files")
    folder = path.parent / named
    if not folder.is_dir():
        raise reader.wrong(["cards"], "there is no such folder (it is looked for beside this file)")
    return folder


def _numbers(reader: _Reader, tables: Mapping[str, Any], shipped: Mapping[str, Any]) -> Iterator[SiteNumber]:
    for at, entry in _leaves(reader, tables, []):
        where = ["thresholds", *at]
        reader.only(entry, where, ("value", "reason", "decided_by"))
        number = SiteNumber(
            tuple(at), entry["value"], reader.words(entry, where, "reason"), str(entry.get("decided_by", ""))
        )
        if not _exists(shipped, at):
            raise reader.wrong(where, "there is no such number in thresholds.toml")
        trial = copy.deepcopy(dict(shipped))
        _put(trial, number)
        try:
            read_thresholds(trial)
        except BadContent as fault:
            raise reader.wrong(where, fault.text.rsplit(": ", 1)[-1]) from None
        yield number


def _leaves(reader: _Reader, tables: Mapping[str, Any], at: list[str]) -> Iterator[tuple[list[str], Mapping[str, Any]]]:
    for name, entry in tables.items():
        place = [*at, *name.split(".")]
        if not isinstance(entry, Mapping):
            raise reader.wrong(["thresholds", *at, name], "must be { value = …, reason = … }")
        if "value" in entry:
            yield place, entry
        elif not entry or "reason" in entry:
            raise reader.wrong(["thresholds", *at, name], "must be { value = …, reason = … }")
        else:
            yield from _leaves(reader, entry, place)


def _exists(thresholds: Mapping[str, Any], at: list[str]) -> bool:
    found: Any = thresholds
    for step in at:
        if not isinstance(found, Mapping) or step not in found:
            return False
        found = found[step]
    return (isinstance(found, Mapping) and "value" in found) or (at[0] == "washout" and at[-1].endswith("_days"))


def _put(thresholds: dict[str, Any], number: SiteNumber) -> None:
    table = thresholds
    for step in number.at[:-1]:
        table = table[step]
    said = f"this site: {number.reason}"
    last = number.at[-1]
    if isinstance(table[last], dict):
        table[last] = {**table[last], "value": number.value, "source": said, "decided_by": number.decided_by}
    else:  # a row of the washout table: two numbers that share a source
        table[last] = number.value
        table["source"] = f"{table.get('source', '')}; {last}: {said}"


def _rule(reader: _Reader, rule: str, entry: Any, cards: Mapping[str, CardText]) -> SiteRule:
    at = ["rules", rule]
    if rule not in cards:
        raise reader.wrong(at, "there is no such rule")
    if not isinstance(entry, Mapping):
        raise reader.wrong(at, "must be a table with mode or indicator, and reason")
    reader.only(entry, at, ("mode", "indicator", "reason"))
    if "mode" not in entry and "indicator" not in entry:
        raise reader.wrong(at, "must have mode or indicator")
    mode = entry.get("mode", ON)
    if mode not in _MODES:
        raise reader.wrong([*at, "mode"], f"must be {', '.join(_MODES[:-1])} or {_MODES[-1]}")
    if rule == NOT_CHECKED and mode != ON:
        raise reader.wrong([*at, "mode"], "what could not be checked is always said; only its indicator can be changed")
    return SiteRule(mode, _indicators(reader, at, entry), reader.words(entry, at, "reason"))


def _indicators(reader: _Reader, at: list[str], entry: Mapping[str, Any]) -> Mapping[Indicator, Indicator]:
    """`"warning"` for whatever the rule says, or a table such as `{ critical = "warning" }`."""
    said = entry.get("indicator", {})
    place = [*at, "indicator"]
    pairs = dict.fromkeys(_WORDS, said) if isinstance(said, str) else said
    if not isinstance(pairs, Mapping):
        raise reader.wrong(place, "must be info, warning or critical, or a table of them")
    for before, after in pairs.items():
        if before not in _WORDS or not isinstance(after, str) or after not in _WORDS:
            raise reader.wrong(place, "must be info, warning or critical, or a table of them")
    return {_WORDS[before]: _WORDS[after] for before, after in pairs.items()}


def _plain(value: Any) -> str:
    return " to ".join(map(str, value)) if isinstance(value, list) else str(value).lower()
