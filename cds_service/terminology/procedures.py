"""What a procedure, a request or an appointment is about, as far as rules 10 to 12 and 31 need to know it."""

from collections.abc import Iterable
from functools import cache

from cds_service.record.coding import Coding, Concept
from cds_service.terminology import tables
from cds_service.terminology.systems import canonical_system
from cds_service.terminology.words import Phrasebook, words_of

_Groups = frozenset[str]


@cache
def _codes() -> dict[tuple[str, str], _Groups]:
    return {(system, code): frozenset(group.split(";")) for system, code, _, group in tables.rows("procedures.csv")}


@cache
def _phrases() -> Phrasebook[_Groups]:
    return Phrasebook((phrase, frozenset(group.split(";"))) for phrase, group in tables.rows("procedure_words.csv"))


def procedure_groups(concept: Concept) -> frozenset[str]:
    """`surgery`, `minor`, `aside` (talks of an operation only), `uterus-absent`, ... A code decides, else words."""
    known = [groups for coding in concept.codings if (groups := _codes().get(_key(coding)))]
    if known:
        return frozenset().union(*known)
    return frozenset().union(*_worded(dict.fromkeys((concept.text, *(one.display for one in concept.codings)))))


def _worded(texts: Iterable[str]) -> Iterable[_Groups]:
    for text in texts:
        yield from _phrases().found_in(words_of(text))


def _key(coding: Coding) -> tuple[str, str]:
    return canonical_system(coding.system), coding.code.strip()
