"""What asking a FHIR server looks like from inside: queries relative to its base, and what came of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fetched:
    """A server's answer to one query: `value` is the parsed body, or `cause` says why there is none."""

    value: Any = None
    cause: str = ""


Late = Callable[[], bool]
"""Whether the time for reading what came is over. The answer may change from one moment to the next, once."""


def never() -> bool:
    """The `Late` of whoever has time: a file on a command line, a test."""
    return False


Fetch = Callable[[tuple[str, ...]], Mapping[str, Fetched]]
"""Asks several queries at once (relative to the base) and answers each; None stands for "no usable server"."""
