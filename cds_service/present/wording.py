"""Card files and the filling of their blanks. No clinical sentence lives in Python; no logic lives in a card."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import orjson

from cds_service.errors import BadContent

_BLANK = re.compile(r"{{(\??\w+)}}")
MOST_SUMMARY = 139


@dataclass(frozen=True, slots=True)
class RequestWords:
    """A request that a suggestion creates: its code where there is one, and its words."""

    text: str
    system: str = ""
    code: str = ""
    display: str = ""
    lab: bool = False


@dataclass(frozen=True, slots=True)
class CardText:
    """One card file. `summaries` and `bullets` are by wording; alternatives are tried in the order they stand."""

    rule: str
    number: int
    title: str
    family: str
    statements: tuple[str, ...]
    sources: tuple[str, ...]
    override_reasons: tuple[str, ...]
    authored_on: str
    next_review: str
    approved_by: str
    approved_on: str
    summaries: Mapping[str, tuple[str, ...]]
    bullets: Mapping[str, tuple[tuple[str, ...], ...]]
    suggestions: Mapping[str, str]
    actions: Mapping[str, str]
    orders: Mapping[str, tuple[RequestWords, ...]]
    tables: Mapping[str, Mapping[str, Any]]

    def summary(self, wording: str, values: Mapping[str, str]) -> str:
        """The first alternative whose blanks are all filled and that is short enough; the last one cut otherwise."""
        alternatives = self.summaries.get(wording) or self.summaries["default"]
        for alternative in alternatives:
            text = fill(alternative, values)
            if text is not None and len(text) <= MOST_SUMMARY:
                return text
        text = fill(alternatives[-1], values, keep=True) or self.title
        return text if len(text) <= MOST_SUMMARY else text[: MOST_SUMMARY - 1].rstrip() + "…"

    def details(self, wording: str, values: Mapping[str, str]) -> list[str]:
        """The bullets of this wording: of each, the first alternative whose blanks are all filled, if there is one."""
        bullets = self.bullets.get(wording) or self.bullets["default"]
        filled = ((fill(alternative, values) for alternative in bullet) for bullet in bullets)
        return [text for alternatives in filled if (text := next(filter(None, alternatives), None))]


def fill(template: str, values: Mapping[str, str], *, keep: bool = False) -> str | None:
    """The template with its blanks filled; None where one is empty (`keep` leaves those out instead)."""
    parts = list(_parts(template))
    for place in range(1, len(parts), 2):
        name = parts[place]
        value = _value(name.lstrip("?"), values)
        if not value and not keep:
            return None
        parts[place] = "" if name[0] == "?" else value
    return "".join(parts)


@lru_cache(maxsize=1024)
def _parts(template: str) -> tuple[str, ...]:
    """Text and names of blanks in turn, text first and last. Kept, since templates are the content's own few."""
    return tuple(_BLANK.split(template))


def _value(name: str, values: Mapping[str, str]) -> str:
    """A blank with a capital takes the value with a capital; one with a question mark only asks and prints nothing."""
    if name[0].isupper():
        value = values.get(name[0].lower() + name[1:], "")
        return value[:1].upper() + value[1:]
    return values.get(name, "")


@cache
def _schema() -> Any:
    schema = orjson.loads(files(__package__).joinpath("card.json").read_bytes())
    return jsonschema.Draft202012Validator(schema)


def read_cards(folder: Path) -> Mapping[str, CardText]:
    """Every card file below `folder` by rule id. Raises BadContent naming file and field."""
    found = {}
    for path in sorted(folder.glob("*/*.md")):
        card = _read_card(path, f"{path.parent.name}/{path.name}")
        if card.rule != path.stem or card.family != path.parent.name:
            raise BadContent(f"{path.parent.name}/{path.name}: rule and family must be the file's name and folder")
        found[card.rule] = card
    if not found:
        raise BadContent("no card files were found in the cards folder")
    return found


def _read_card(path: Path, name: str) -> CardText:
    parts = path.read_text("utf-8").split("+++\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise BadContent(f"{name}: must begin with front matter between two lines of +++")
    front = parse_toml(parts[1], name)
    error = next(iter(sorted(_schema().iter_errors(front), key=lambda e: list(map(str, e.absolute_path)))), None)
    if error is not None:
        where = ".".join(map(str, error.absolute_path)) or "front matter"
        raise BadContent(f"{name}: {where}: {error.message}", expression=where)
    bullets = _bullets(parts[2], name)
    known = {"summary", "suggestions", "actions", "orders"}
    return CardText(
        rule=front["rule"],
        number=front["number"],
        title=front["title"],
        family=front["family"],
        statements=tuple(front["statements"]),
        sources=tuple(front["sources"]),
        override_reasons=tuple(front["override_reasons"]),
        authored_on=front["authored_on"],
        next_review=front["next_review"],
        approved_by=front["approved_by"],
        approved_on=front["approved_on"],
        summaries={wording: tuple(texts) for wording, texts in front["summary"].items()},
        bullets=bullets,
        suggestions=front.get("suggestions", {}),
        actions=front.get("actions", {}),
        orders={
            kind: tuple(RequestWords(**words) for words in requests)
            for kind, requests in front.get("orders", {}).items()
        },
        tables={key: table for key, table in front.items() if isinstance(table, Mapping) and key not in known},
    )


def parse_toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise BadContent(f"{name}: {fault}") from None


def _bullets(body: str, name: str) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """`## wording` sections of bullets; a line that begins with `- or ` is an alternative to the bullet above it."""
    sections: dict[str, list[list[str]]] = {}
    current: list[list[str]] | None = None
    for number, line in enumerate(body.splitlines(), 1):
        text = line.strip()
        if text.startswith("## "):
            current = sections.setdefault(text[3:].strip(), [])
        elif text.startswith("- or ") and current:
            current[-1].append(text[5:])
        elif text.startswith("- ") and current is not None:
            current.append([text[2:]])
        elif text:
            raise BadContent(f"{name}: body line {number}: only '## wording' and '- bullet' lines are read")
    if "default" not in sections:
        raise BadContent(f"{name}: the body needs a section '## default'")
    return {wording: tuple(map(tuple, bullets)) for wording, bullets in sections.items()}


def joined(names: Sequence[str]) -> str:
    return ", ".join(names)
