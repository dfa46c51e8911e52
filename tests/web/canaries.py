"""A word that no record holds, planted wherever a client or its servers may write, and the places it must not reach."""

import json
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

CANARY = "Kanarienvogel"
_KEPT = {
    "resourceType", "hook", "hookInstance", "fhirServer", "token_type", "status", "intent", "gender", "system", "code",
}  # fmt: skip
"""Strings that decide whether a call is one, and about what; with another value the call ends at once."""
_IDS = {
    "id", "reference", "patientId", "encounterId", "selections", "userId", "fullUrl", "resourceId", "patient",
    "access_token",
}  # fmt: skip
Way = tuple[Any, ...]


def spellings(canary: str = CANARY) -> list[bytes]:
    """As it is, and inside base64 wherever it begins; compared without regard to case where case means nothing."""
    encoded = [b64encode(b"_" * shift + canary.encode())[4 if shift else 0 : -4] for shift in range(3)]
    return [canary.lower().encode(), *(part.lower() for part in encoded)]


def found_in(data: bytes) -> bool:
    return any(spelling in data.lower() for spelling in spellings())


def marked(text: str) -> str:
    return f"{text} {CANARY}"


def everywhere(value: Any, name: str = "") -> Any:
    """A call that is still understood: ids and references with the canary in them, text with it behind, and beside
    every object's members one that bears its name."""
    if isinstance(value, dict):
        return {**{key: everywhere(one, key) for key, one in value.items()}, CANARY: marked("a member")}
    if isinstance(value, list):
        return [everywhere(one, name) for one in value]
    if not isinstance(value, str) or name in _KEPT:
        return value
    if name in _IDS:
        return f"{value}-{CANARY}"
    if value[:4].isdigit() or value[4:5] == "-":  # a date or a number in words
        return value
    return marked(value)


def strings(value: Any, way: Way = ()) -> Iterator[Way]:
    """The way to every string."""
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        if isinstance(inner, str):
            yield (*way, step)
        yield from strings(inner, (*way, step))


def with_text(body: Any, way: Way, text: str | Callable[[str], str]) -> Any:
    """The same with another string in one place."""
    changed = target = deepcopy(body)
    for step in way[:-1]:
        target = target[step]
    target[way[-1]] = text(target[way[-1]]) if callable(text) else text
    return changed


def names(value: Any, way: Way = ()) -> Iterator[Way]:
    """The way to every object."""
    if isinstance(value, dict):
        yield way
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from names(inner, (*way, step))


def tables(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of an SQLite file."""
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        named = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in named}


def as_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()
