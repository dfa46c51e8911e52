"""What a fault is, and what a careful client makes of it. Faults are found by file: a new one is one function."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cds_service.hostile.exchange import Exchange

HONEST = "honest"


class Expects(Enum):
    """What a careful client makes of the data behind a fault."""

    SAID = "could not be had in full: the client says so"
    WHOLE = "odd, but all there: the same answer as without the fault"
    EMPTY = "means no records: the same answer as for an empty list"
    EITHER = "used in full, or the client says so"


class Place(Enum):
    """Where a fault is met: most in an answer, a few before there is one."""

    ANSWER = "answer"
    NO_ACCEPT = "no-accept"
    REFUSED = "refused"
    SILENT_TLS = "silent-tls"
    SLOW_NAME = "slow-name"
    KEYS = "keys"


Act = Callable[["Exchange"], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """`searches_only`: an answer to a read of one resource is honest. `sentence` says what the server does."""

    name: str
    sentence: str
    expects: Expects
    act: Act
    place: Place = Place.ANSWER
    searches_only: bool = False


_FOUND: dict[str, Fault] = {}


def fault(expects: Expects, *, place: Place = Place.ANSWER, searches_only: bool = False) -> Callable[[Act], Act]:
    """Make a fault of a function: its name with hyphens, and the docstring as its sentence."""

    def take(act: Act) -> Act:
        add(act.__name__.replace("_", "-"), act.__doc__ or "", expects, act, place=place, searches_only=searches_only)
        return act

    return take


def add(
    name: str, sentence: str, expects: Expects, act: Act, *, place: Place = Place.ANSWER, searches_only: bool = False
) -> None:
    _FOUND[name] = Fault(name, " ".join(sentence.split()), expects, act, place, searches_only)


@cache
def faults() -> Mapping[str, Fault]:
    """Every fault by name, in the order of the files under `faults/`."""
    package = importlib.import_module("cds_service.hostile.faults")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return dict(_FOUND)
