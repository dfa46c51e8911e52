"""Where in a file something stands, so that a complaint can name file, line and field.

tomllib keeps no positions, so the text is looked through once more, and only where there is something to complain of.
"""

import re
import tomllib
from collections.abc import Sequence
from typing import Any

from cds_service.errors import BadContent

_TABLE = re.compile(r"^\s*\[{1,2}\s*([^\[\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_INLINE = re.compile(r"""(?:^|[{,])\s*([A-Za-z0-9_-]+|"[^"]*"|'[^']*')\s*=""")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_AT = re.compile(r"\s*\(at line (\d+), column \d+\)")
_INDEX = re.compile(r"\[\d+\]")


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises BadContent with the line where it is no TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        found = _AT.search(str(fault))
        line = int(found.group(1)) if found else max(len(text.splitlines()), 1)
        what = _AT.sub("", str(fault)).replace(" (at end of document)", " at the end of the file")
        raise BadContent(f"{name}: line {line}: {what}") from None


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line of the deepest part of `path` that is written anywhere; 1 where none of it is.

    A number in the path is a place in a list: its table is the one with that number, counted from 0.
    """
    steps = [str(step) for step in path if not isinstance(step, int)]
    places = {
        tuple(str(s) for s in path[:at] if not isinstance(s, int)): step
        for at, step in enumerate(path)
        if isinstance(step, int)
    }
    best, where = 0, 1
    table: list[str] = []
    seen: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        head, key = _TABLE.match(line), _KEY.match(line)
        if head:
            table = _parts(head.group(1))
            seen[tuple(table)] = seen.get(tuple(table), -1) + 1
            here = table
        elif key:
            here = [*table, *_parts(key.group(1))]
        else:
            here = table
        wanted = places.get(tuple(table))
        if wanted is not None and seen.get(tuple(table)) != wanted:
            continue
        depths = [_shared(here, steps)] if head or key else []
        depths += [_shared([*here, _bare(name)], steps) for name in _INLINE.findall(line)] if not head else []
        if max(depths, default=0) > best:
            best, where = max(depths), number
    return where


def located(fault: BadContent, text: str, name: str, path: Sequence[str | int] = ()) -> BadContent:
    """The same complaint with its line; `path` where the complaint itself does not say which field it is about."""
    said = fault.text.removeprefix(f"{name}: ")
    if said.startswith("line "):
        return fault
    steps = path or _steps(fault.expression or said.split(" ", 1)[0])
    return BadContent(
        f"{name}: line {line_of(text, steps)}: {said}", expression=fault.expression, diagnostics=fault.diagnostics
    )


def _steps(place: str) -> list[str | int]:
    """`variants.V1.steps[2].dose_mg` as steps; a place in square brackets counts from 1 (titration.toml)."""
    found: list[str | int] = []
    for part in place.rstrip(":").split("."):
        found.append(_INDEX.sub("", part))
        found += [int(number.strip("[]")) - 1 for number in _INDEX.findall(part)]
    return found


def _parts(dotted: str) -> list[str]:
    return [_bare(part) for part in _PART.findall(dotted)]


def _bare(name: str) -> str:
    return name.strip("\"'")


def _shared(here: Sequence[str], steps: Sequence[str]) -> int:
    """How many steps of the path are spelled out here; none where this line is about something else."""
    common = 0
    for one, other in zip(here, steps, strict=False):
        if one != other:
            break
        common += 1
    return common if common == len(here) or common == len(steps) else 0
