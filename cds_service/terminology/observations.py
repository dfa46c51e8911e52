"""Which measurement an observation is, and what its answer says."""

import re
from functools import cache

from cds_service.record.coding import Concept
from cds_service.terminology import tables
from cds_service.terminology.systems import LOINC, canonical_system
from cds_service.terminology.words import words_of

_Code = tuple[str, str]


@cache
def _codes() -> dict[str, dict[_Code, str]]:
    by_kind: dict[str, dict[_Code, str]] = {"observation": {}, "answer": {}}
    for system, code, _, group, kind, _ in tables.rows("observations.csv"):
        by_kind[kind][system, code] = group
    return by_kind


@cache
def _texts() -> dict[str, dict[str, str]]:
    by_kind: dict[str, dict[str, str]] = {"observation": {}, "answer": {}}
    for text, group, kind in tables.rows("observation_words.csv"):
        by_kind[kind][text] = group
    return by_kind


def observation_group(concept: Concept) -> str:
    """The group of what was measured, or an empty string. The first known code decides, else the exact text."""
    return next(iter(_by_code(concept, "observation") or _by_text(concept, "observation")), "")


def answer_groups(concept: Concept) -> frozenset[str]:
    """What a coded or written answer says: `positive`, `not-pregnant`, ... Codes decide, else the exact text."""
    return frozenset(_by_code(concept, "answer") or _by_text(concept, "answer"))


@cache
def _displays() -> dict[_Code, str]:
    return {(system, code): display for system, code, display, *_ in tables.rows("observations.csv")}


def analyte(concept: Concept) -> str:
    """What was looked for, as the code's official name begins: `codeine` of `Codeine [Presence] in Urine`.

    Two codes of one group may look for different substances; empty where no code is known.
    """
    for coding in concept.codings:
        display = _displays().get((canonical_system(coding.system), coding.code.strip()))
        if display:
            return re.split(r"\s*[\[/]|\s+in\s", display, maxsplit=1)[0].casefold()
    return ""


def codes_in(*groups: str) -> tuple[str, ...]:
    """The LOINC codes of observation groups, sorted, for the search parameters of prefetch templates.

    A name that ends with `*` stands for all groups that begin so (`urine-drug-screen-*`).
    """
    prefixes = tuple(group[:-1] for group in groups if group.endswith("*"))
    wanted = _codes()["observation"].items()
    return tuple(
        sorted(
            code
            for (system, code), group in wanted
            if system == LOINC and (group in groups or (prefixes and group.startswith(prefixes)))
        )
    )


def _by_code(concept: Concept, kind: str) -> list[str]:
    known = _codes()[kind]
    keys = [(canonical_system(coding.system), coding.code.strip()) for coding in concept.codings]
    return [known[key] for key in keys if key in known]


def _signs_as_words(text: str) -> str:
    """A plus sign is an answer of its own (`+`, `2+`, `+/-`); as punctuation it would be lost."""
    if "+" not in text and "±" not in text:
        return text
    return text.replace("+/-", "±").replace("±", " plus minus ").replace("+", " plus ")


def _by_text(concept: Concept, kind: str) -> list[str]:
    known = _texts()[kind]
    for text in (concept.text, *(coding.display for coding in concept.codings)):
        group = known.get(" ".join(words_of(_signs_as_words(text))))
        if group is not None:
            return [group]
    return []
