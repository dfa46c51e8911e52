"""Calls with a string of somebody else's choice in one place, or in all of them."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

Way = tuple[Any, ...]
FIXED = ("hook", "hookInstance")
"""Without these the call is another service's, or none."""


def strings(value: Any, way: Way = ()) -> Iterator[Way]:
    """The way to every string, shallow or deep."""
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        if isinstance(inner, str):
            yield (*way, step)
        else:
            yield from strings(inner, (*way, step))


def place_of(way: Way) -> str:
    """The same for every item of a list: `prefetch.medStatements.entry.resource.note.text`."""
    return ".".join(step for step in way if isinstance(step, str))


def planted(body: Any, way: Way, plant: Callable[[str], str]) -> Any:
    """A copy with one string changed."""
    changed = target = deepcopy(body)
    for step in way[:-1]:
        target = target[step]
    target[way[-1]] = plant(target[way[-1]])
    return changed


def sown(value: Any, plant: Callable[[str], str], names: frozenset[str]) -> Any:
    """A copy with every string changed that stands under one of these names."""
    if isinstance(value, dict):
        return {
            name: plant(one) if name in names and isinstance(one, str) else sown(one, plant, names)
            for name, one in value.items()
        }
    return [sown(one, plant, names) for one in value] if isinstance(value, list) else value
