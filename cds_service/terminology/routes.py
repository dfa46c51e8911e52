"""By which route a drug is given: what the washout of a drug and a refill of an injection depend on."""

from functools import cache

from cds_service.record.coding import Concept
from cds_service.terminology import tables
from cds_service.terminology.systems import canonical_system
from cds_service.terminology.words import Phrasebook, words_of


@cache
def _codes() -> dict[tuple[str, str], str]:
    return {(system, code): group for system, code, _, group in tables.rows("routes.csv")}


@cache
def _whole_texts() -> dict[str, str]:
    return {phrase: group for phrase, group, _ in tables.rows("route_words.csv")}


@cache
def _phrases() -> Phrasebook[str]:
    return Phrasebook((phrase, group) for phrase, group, where in tables.rows("route_words.csv") if not where)


def route_group(concept: Concept) -> str:
    """`intramuscular`, `intravenous`, `subcutaneous`, `nasal`, `transdermal`, `oral`, `sublingual-buccal`,
    `epidural-intrathecal`, `rectal`, or an empty string for any other route and for none.

    The first known code decides, else the text, a display, or a code of a system that is not known (`IM` of HL7 v2 or
    of a house's own list). Words that name two routes (`IV or IM`) say nothing.
    """
    for coding in concept.codings:
        group = _codes().get((canonical_system(coding.system), coding.code.strip().upper()))
        if group is not None:
            return group
    displays = (coding.display for coding in concept.codings)
    codes = (coding.code for coding in concept.codings)
    said = (_group_of_text(text) for text in (concept.text, *displays, *codes) if text)
    return next((group for group in said if group is not None), "")


def _group_of_text(text: str) -> str | None:
    """None where the text says nothing of a route, so that the next one may."""
    words = words_of(text)
    whole = _whole_texts().get(" ".join(words))
    if whole is not None:
        return whole
    groups = set(_phrases().found_in(words))
    if not groups:
        return None
    return groups.pop() if len(groups) == 1 else ""
