"""First-line drugs for fibromyalgia and neuropathic pain (rulebook rule 34): which one a medication is."""

from functools import cache

from cds_service.record.coding import Concept
from cds_service.terminology import tables
from cds_service.terminology.memory import Memory
from cds_service.terminology.systems import ATC, canonical_system
from cds_service.terminology.words import Phrasebook, words_of

CLASSES = frozenset({"tricyclic", "SNRI", "anticonvulsant"})

_Drug = tuple[str, str]


@cache
def _codes() -> dict[tuple[str, str], _Drug]:
    return {(system, code): (name, kind) for system, code, _, name, kind in tables.rows("first_line.csv")}


@cache
def _words() -> Phrasebook[_Drug]:
    return Phrasebook((word, (name, kind)) for word, name, kind in tables.rows("first_line_words.csv"))


_KNOWN: Memory[tuple[_Drug | None]] = Memory()


def first_line_drug(concept: Concept) -> tuple[str, str] | None:
    """(name, class), or None. A known code decides; words count where no code is known, displays last."""
    return _KNOWN.meaning(concept.as_bytes(), lambda: (_first_line_drug(concept),))[0]


def _first_line_drug(concept: Concept) -> _Drug | None:
    for coding in concept.codings:
        system, code = canonical_system(coding.system), coding.code.strip()
        found = _codes().get((system, code.upper() if system == ATC else code))
        if found:
            return found
    for text in (concept.text, *(coding.display for coding in concept.codings)):
        worded = next(_words().found_in(words_of(text)), None)
        if worded:
            return worded
    return None
