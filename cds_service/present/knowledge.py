"""All that clinicians own, read once: cards, thresholds, order set, common words; and the version that names it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_service import __version__
from cds_service.definitions.thresholds import Thresholds, read_thresholds
from cds_service.errors import BadContent
from cds_service.present.wording import CardText, parse_toml, read_cards
from cds_service.rules import rules
from cds_service.titration.variants import OrderSet, load

TERMINOLOGY = Path(__file__).resolve().parents[1] / "terminology"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """`version` changes whenever a card, a threshold, the order set, a value set or the software does."""

    cards: Mapping[str, CardText]
    thresholds: Thresholds
    order_set: OrderSet
    words: Mapping[str, Mapping[str, Any]]
    version: str

    @property
    def numbers(self) -> dict[str, int]:
        return {rule: card.number for rule, card in self.cards.items()}


def read_knowledge(folder: Path) -> Knowledge:
    """Read a cards folder. Raises BadContent, naming the file, where anything in it cannot be used."""
    if not folder.is_dir():
        raise BadContent(f"the cards folder does not exist: {folder.name}")
    cards = read_cards(folder)
    for rule in rules():
        if rule not in cards:
            raise BadContent(f"no card file for the rule {rule}")
    for rule in cards:
        if rule not in rules():
            raise BadContent(f"{cards[rule].family}/{rule}.md: no rule of that name exists")
    words = _toml(folder, "wording.toml")
    for card in cards.values():
        for reason in card.override_reasons:
            if reason not in words.get("override_reasons", {}):
                raise BadContent(f"{card.family}/{card.rule}.md: override reason {reason} has no words in wording.toml")
    return Knowledge(
        cards=cards,
        thresholds=read_thresholds(_toml(folder, "thresholds.toml")),
        order_set=load(folder),
        words=words,
        version=f"{__version__}+{_digest(folder)}",
    )


def _toml(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    if not path.is_file():
        raise BadContent(f"{name}: the file is missing")
    return parse_toml(path.read_text("utf-8"), name)


def _digest(folder: Path) -> str:
    seen = hashlib.sha256()
    paths = [*folder.glob("*/*.md"), *folder.rglob("*.toml"), *TERMINOLOGY.glob("*.csv")]
    for path in sorted(paths, key=lambda path: path.name):
        seen.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return seen.hexdigest()[:12]
