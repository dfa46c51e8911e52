"""Card files and the filling of their blanks. No clinical sentence lives in Python; no logic lives in a card."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import orjson

from cds_service.errors import BadContent
from cds_service.present.lines import line_of, parse_toml

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
    """One card file. `summaries` and `bullets` are by wording; alternatives are tried in the order they stand.

    `attributes` are this rule's own source attributes, in place of those of `source-attributes.toml`.
    """

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
    attributes: Mapping[str, str] = field(default_factory=dict)

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
    if "{{" not in template:
        return template
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


def read_cards(folder: Path, over: Path | None = None) -> Mapping[str, CardText]:
    """Every card file below `folder` by rule id, with those below `over` in their place.

    Raises BadContent naming file, line and field.
    """
    found = {}
    for path in card_files(folder, over):
        name = f"{path.parent.name}/{path.name}"
        card = _read_card(path, name)
        if card.rule != path.stem or card.family != path.parent.name:
            wrong = "rule" if card.rule != path.stem else "family"
            line = line_of(path.read_text("utf-8"), [wrong])
            raise BadContent(f"{name}: line {line}: {wrong}: must be the name of the {_NAMED_BY[wrong]}")
        found[card.rule] = card
    if not found:
        raise BadContent("no card files were found in the cards folder")
    return found


def card_files(folder: Path, over: Path | None = None) -> list[Path]:
    """The card files that count, in the order of their names: a site's in place of those that were shipped."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.glob("*/*.md")}
    for path in sorted(over.glob("*/*.md")) if over else ():
        name = path.relative_to(over or folder).as_posix()
        if name not in files:
            raise BadContent(f"{name}: line 1: there is no such card to take the place of")
        files[name] = path
    return [files[name] for name in sorted(files)]


_NAMED_BY = {"rule": "file", "family": "folder"}


def read_text(path: Path, name: str) -> str:
    """Raises BadContent where the file is no text in UTF-8."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as fault:
        line = path.read_bytes()[: fault.start].count(b"\n") + 1
        raise BadContent(f"{name}: line {line}: is not UTF-8") from None
    except OSError as fault:
        raise BadContent(f"{name}: cannot be read ({fault.strerror})") from None


def _read_card(path: Path, name: str) -> CardText:
    whole = read_text(path, name)
    parts = whole.split("+++\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise BadContent(f"{name}: line 1: must begin with front matter between two lines of +++")
    before = parts[0].count("\n") + 1
    front = parse_toml("\n" * before + parts[1], name)
    error = next(iter(sorted(_schema().iter_errors(front), key=lambda e: list(map(str, e.absolute_path)))), None)
    if error is not None:
        where = ".".join(map(str, error.absolute_path)) or "front matter"
        line = line_of(whole, list(error.absolute_path))
        raise BadContent(f"{name}: line {line}: {where}: {error.message}", expression=where)
    bullets = _bullets(parts[2], name, before + parts[1].count("\n") + 1)
    known = {"summary", "suggestions", "actions", "orders", "attributes"}
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
        attributes=front.get("attributes", {}),
    )


def _bullets(body: str, name: str, before: int) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """`## wording` sections of bullets; a line that begins with `- or ` is an alternative to the bullet above it.

    `before` is the number of lines of the file above the body.
    """
    sections: dict[str, list[list[str]]] = {}
    current: list[list[str]] | None = None
    for number, line in enumerate(body.splitlines(), before + 1):
        text = line.strip()
        if text.startswith("## "):
            current = sections.setdefault(text[3:].strip(), [])
        elif text.startswith("- or ") and current:
            current[-1].append(text[5:])
        elif text.startswith("- ") and current is not None:
            current.append([text[2:]])
        elif text:
            raise BadContent(f"{name}: line {number}: body: only '## wording' and '- bullet' lines are read")
    if "default" not in sections:
        raise BadContent(f"{name}: line {before + 1}: body: needs a section '## default'")
    return {wording: tuple(map(tuple, bullets)) for wording, bullets in sections.items()}


def joined(names: Sequence[str]) -> str:
    return ", ".join(names)
