"""All that clinicians own, read once: cards, thresholds, order set, common words; and the version that names it."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cds_service import __version__
from cds_service.content import cards_dir
from cds_service.definitions.thresholds import Thresholds, read_thresholds
from cds_service.errors import BadContent
from cds_service.present.lines import line_of, located, parse_toml
from cds_service.present.site import FILE as SITE_FILE
from cds_service.present.site import Change, Site, cards_of, read_site
from cds_service.present.wording import CardText, card_files, read_cards, read_text
from cds_service.rules import rules
from cds_service.titration.content import load
from cds_service.titration.table import FILE as ORDER_SET_FILE
from cds_service.titration.variants import OrderSet

TERMINOLOGY = Path(__file__).resolve().parents[1] / "terminology"
THRESHOLDS_FILE, WORDS_FILE, TRIALS_FILE, ATTRIBUTES_FILE = (
    "thresholds.toml", "wording.toml", "trials.toml", "source-attributes.toml",
)  # fmt: skip
ATTRIBUTES = (
    "citation", "developer", "funding", "dates", "race", "ethnicity", "language", "sexual-orientation",
    "gender-identity", "sex", "date-of-birth", "social-determinants", "health-status",
)  # fmt: skip
"""The 13 source attributes in the order of 45 CFR 170.315(b)(11)(iv)(A) (rulebook e.5)."""
_BLANK = re.compile(r"{{\??(\w+)}}")
_DOCUMENTED = re.compile(r"^\| `([a-z0-9-]+)` \| `(\w+)` \|", re.MULTILINE)
_ANYWHERE = frozenset({"text"})
"""Blanks that the service fills on every card: the text of a request."""


@dataclass(frozen=True, slots=True)
class Number:
    """One clinical number as a reader would ask for it: value, unit, where it comes from, who decided."""

    value: Any
    unit: str
    source: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """`version` changes whenever a card, a threshold, the order set, a value set, the site or the software does.

    `numbers_said` holds every threshold by its place, such as `surgery.hold_days`, with its source. `attributes` and
    `trials` are the files of the evidence pages as they were read. `site` is what this installation changes, and
    `changes` the same in words.
    """

    cards: Mapping[str, CardText]
    thresholds: Thresholds
    order_set: OrderSet
    words: Mapping[str, Mapping[str, Any]]
    version: str
    numbers_said: Mapping[str, Number] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    trials: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    site: Site = field(default_factory=Site)
    changes: tuple[Change, ...] = ()

    @property
    def numbers(self) -> dict[str, int]:
        return {rule: card.number for rule, card in self.cards.items()}


def read_knowledge(folder: Path, site_file: Path | None = None) -> Knowledge:
    """Read a cards folder and what a site changes of it. Raises BadContent, naming file, line and field.

    Without a `site_file` a `site.toml` in the folder counts, where there is one.
    """
    if not folder.is_dir():
        raise BadContent(f"the cards folder does not exist: {folder.name}")
    if site_file is not None and not site_file.is_file():
        raise BadContent(f"the site file does not exist: {site_file.name}")
    own = folder / SITE_FILE
    site_file = site_file or (own if own.is_file() else None)
    over = cards_of(site_file) if site_file else None
    cards = read_cards(folder, over)
    _check_rules(cards)
    words = _words(folder)
    files = {path.stem: path for path in card_files(folder, over)}
    for card in cards.values():
        _check_card(card, files[card.rule], words)
    raw = _toml(folder, THRESHOLDS_FILE)
    _thresholds(raw, folder)  # the shipped numbers first, so that a complaint names the file that is wrong
    site = read_site(site_file, cards, raw) if site_file else Site()
    raw = site.over(raw)
    attributes = _attributes(folder)
    reworded = sorted(path.stem for path in over.glob("*/*.md")) if over else []
    return Knowledge(
        cards=cards,
        thresholds=_thresholds(raw, folder),
        order_set=_order_set(folder),
        words=words,
        version=f"{__version__}+{_digest(folder, site_file, over)}",
        numbers_said=dict(_numbers(raw)),
        attributes=attributes,
        trials=_trials(folder, attributes["outcomes"]),
        site=site,
        changes=tuple(site.changes(cards, reworded)),
    )


def _check_rules(cards: Mapping[str, CardText]) -> None:
    for rule in rules():
        if rule not in cards:
            raise BadContent(f"no card file for the rule {rule}")
    for rule in cards:
        if rule not in rules():
            raise BadContent(f"{cards[rule].family}/{rule}.md: line 1: rule: no rule of that name exists")


def _check_card(card: CardText, path: Path, words: Mapping[str, Any]) -> None:
    """What a card must have so that no sentence and no button is missing when it is needed."""
    name = f"{card.family}/{card.rule}.md"
    text = read_text(path, name)

    def wrong(at: list[str], problem: str) -> BadContent:
        where = ".".join(at)
        return BadContent(f"{name}: line {line_of(text, at)}: {where}: {problem}", expression=where)

    for reason in card.override_reasons:
        if reason not in words["override_reasons"]:
            raise wrong(["override_reasons"], f"override reason {reason} has no words in wording.toml")
    shipped = _shipped_cards().get(card.rule)
    if shipped is None:
        return
    for table, mine, theirs in (
        ("suggestions", card.suggestions, shipped.suggestions),
        ("actions", card.actions, shipped.actions),
        ("orders", card.orders, shipped.orders),
        *((key, card.tables.get(key, {}), value) for key, value in shipped.tables.items()),
    ):
        for key in theirs:
            if key not in mine:
                raise wrong([table], f"{key} is missing; the rule needs it")
    if path.is_relative_to(cards_dir()):
        return  # a test compares the shipped ones with what the rules really fill
    known = _blanks().get(card.rule, frozenset()) | _ANYWHERE
    for number, line in enumerate(text.splitlines(), 1):
        for blank in _BLANK.findall(line):
            if _filled_by(blank) not in known:
                raise BadContent(f"{name}: line {number}: {{{{{blank}}}}}: the rule fills no blank of this name")


@cache
def _shipped_cards() -> Mapping[str, CardText]:
    return read_cards(cards_dir())


@cache
def _blanks() -> Mapping[str, frozenset[str]]:
    """Rule -> the blanks that it fills: those of its shipped card, and of the table in the README of the cards."""
    folder = cards_dir()
    found: dict[str, set[str]] = {
        path.stem: {_filled_by(blank) for blank in _BLANK.findall(path.read_text("utf-8"))}
        for path in card_files(folder)
    }
    for rule, blank in _DOCUMENTED.findall((folder / "README.md").read_text("utf-8")):
        found.setdefault(rule, set()).add(blank)
    return {rule: frozenset(blanks) for rule, blanks in found.items()}


def _filled_by(blank: str) -> str:
    """A capital letter only asks for the value with a capital."""
    return blank[0].lower() + blank[1:]


def _words(folder: Path) -> dict[str, Any]:
    """The common words, with every table and key that those which were shipped have."""
    words = _toml(folder, WORDS_FILE)
    for table, entries in _toml(cards_dir(), WORDS_FILE).items():
        mine = words.get(table)
        for key in entries:
            if not isinstance(mine, Mapping) or (key not in mine and (table != "override_reasons" or key == "other")):
                line = line_of((folder / WORDS_FILE).read_text("utf-8"), [table])
                raise BadContent(f"{WORDS_FILE}: line {line}: {table}.{key}: is missing", expression=f"{table}.{key}")
    return words


def _thresholds(raw: Mapping[str, Any], folder: Path) -> Thresholds:
    try:
        return read_thresholds(raw)
    except BadContent as fault:
        place = fault.expression.split(".")
        place = ["liver", *place] if place[0] == "child_pugh" else place  # where it is written
        raise located(fault, (folder / THRESHOLDS_FILE).read_text("utf-8"), THRESHOLDS_FILE, place) from None


def _order_set(folder: Path) -> OrderSet:
    text = ""
    if (folder / ORDER_SET_FILE).is_file():
        text = read_text(folder / ORDER_SET_FILE, ORDER_SET_FILE)
        parse_toml(text, ORDER_SET_FILE)
    try:
        return load(folder)
    except BadContent as fault:
        raise located(fault, text, ORDER_SET_FILE) from None


def _numbers(raw: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[str, Number]]:
    for name, entry in raw.items():
        if not isinstance(entry, Mapping):
            continue
        said = (str(entry.get("source", "")), str(entry.get("decided_by", "")))
        if "value" in entry:
            yield ".".join((*at, name)), Number(entry["value"], str(entry.get("unit", "")), *said)
        elif at == ("washout",):
            for days in ("minimum_days", "clear_days"):
                yield ".".join((*at, name, days)), Number(entry[days], "days", *said)
        else:
            yield from _numbers(entry, (*at, name))


def _attributes(folder: Path) -> dict[str, Any]:
    """The defaults of the 13 source attributes; a site's own folder without the file gets the shipped one."""
    place = folder if (folder / ATTRIBUTES_FILE).is_file() else cards_dir()
    found = _toml(place, ATTRIBUTES_FILE)
    text = (place / ATTRIBUTES_FILE).read_text("utf-8")

    def wrong(at: list[str], problem: str) -> BadContent:
        where = ".".join(at)
        return BadContent(f"{ATTRIBUTES_FILE}: line {line_of(text, at)}: {where}: {problem}", expression=where)

    if tuple(found.get("attributes", {})) != ATTRIBUTES:
        raise wrong(["attributes"], "must hold the 13 attributes in the order of the regulation")
    for name, entry in found["attributes"].items():
        for key in ("name", "service", "rule"):
            if not isinstance(entry.get(key), str) or not entry[key].strip():
                raise wrong(["attributes", name, key], "must say something")
    shipped = _toml(cards_dir(), ATTRIBUTES_FILE)
    for table in ("page", "outcomes"):
        words = found.get(table, {})
        for key in shipped[table]:
            if not isinstance(words.get(key), str) or not words[key].strip():
                raise wrong([table, key], "must say something")
    return found


def _trials(folder: Path, outcomes: Mapping[str, str]) -> dict[str, Any]:
    """What the trials showed; a site's own folder without the file gets the shipped one."""
    place = folder if (folder / TRIALS_FILE).is_file() else cards_dir()
    found = _toml(place, TRIALS_FILE)
    text = (place / TRIALS_FILE).read_text("utf-8")

    def wrong(name: str, key: str, problem: str) -> BadContent:
        where = f"{name}.{key}"
        return BadContent(f"{TRIALS_FILE}: line {line_of(text, [name, key])}: {where}: {problem}", expression=where)

    for name, trial in found.items():
        for key in ("name", "design", "outcome", "result"):
            if not isinstance(trial, Mapping) or not isinstance(trial.get(key), str) or not trial[key].strip():
                raise wrong(name, key, "must say something")
        if trial["outcome"] not in outcomes:
            raise wrong(name, "outcome", f"must be one of {', '.join(outcomes)}")
    return found


def _toml(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    if not path.is_file():
        raise BadContent(f"{name}: the file is missing")
    return parse_toml(read_text(path, name), name)


def _digest(folder: Path, site_file: Path | None, over: Path | None) -> str:
    seen = hashlib.sha256()
    layers = [
        ("cards", folder, [*folder.glob("*/*.md"), *folder.rglob("*.toml")]),
        ("terminology", TERMINOLOGY, [*TERMINOLOGY.glob("*.csv")]),
        ("site", site_file.parent if site_file else folder, [site_file] if site_file else []),
        ("reworded", over or folder, [*over.glob("*/*.md")] if over else []),
    ]
    for layer, root, paths in layers:
        for path in sorted(paths, key=lambda path, root=root: path.relative_to(root).as_posix()):  # type: ignore[misc]
            name = f"{layer}/{path.relative_to(root).as_posix()}"
            seen.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return seen.hexdigest()[:12]
