"""What somebody does not bear, and how it shows (rulebook rules 32 to 34)."""

from functools import cache

from cds_service.record.coding import Concept
from cds_service.terminology import tables
from cds_service.terminology.conditions import condition_groups
from cds_service.terminology.drugs import identify
from cds_service.terminology.first_line import first_line_drug
from cds_service.terminology.memory import Memory
from cds_service.terminology.systems import canonical_system
from cds_service.terminology.words import Phrasebook, words_of

EFFECT, SEVERE = "naltrexone-effect", "severe-reaction"
"""Reactions: the listed mild effects of naltrexone, and anaphylaxis or angioedema."""

# Opioids with the ring of morphine, which naltrexone has too; the label knows no cross-sensitivity.
_PHENANTHRENES = frozenset(
    {
        "benzhydrocodone",
        "buprenorphine",
        "butorphanol",
        "codeine",
        "dihydrocodeine",
        "heroin",
        "hydrocodone",
        "hydromorphone",
        "levorphanol",
        "morphine",
        "nalbuphine",
        "oxycodone",
        "oxymorphone",
    }
)


@cache
def _codes() -> dict[tuple[str, str], str]:
    return {(system, code): group for system, code, _, group in tables.rows("allergies.csv")}


@cache
def _phrases() -> Phrasebook[str]:
    return Phrasebook((phrase, group) for phrase, group in tables.rows("allergy_words.csv"))


_KNOWN: Memory[frozenset[str]] = Memory()


def allergy_groups(concept: Concept) -> frozenset[str]:
    """`naltrexone`, `naloxone`, `methylnaltrexone`, `opioid` (phenanthrenes), a first-line class, `none-known`."""
    return _KNOWN.meaning(concept.as_bytes(), lambda: _allergy_groups(concept))


def _allergy_groups(concept: Concept) -> frozenset[str]:
    found = {
        group
        for coding in concept.codings
        if (group := _codes().get((canonical_system(coding.system), coding.code.strip())))
    }
    if found:
        return frozenset(found)
    texts = (concept.text, *(coding.display for coding in concept.codings))
    worded = {group for text in texts for group in _phrases().found_in(words_of(text))}
    if "none-known" in worded:
        return frozenset({"none-known"})
    drug = identify(concept)
    if drug is not None and drug.naltrexone is not None:
        worded.add("naltrexone")
    if drug is not None and any(opioid.name in _PHENANTHRENES for opioid in drug.opioids):
        worded.add("opioid")
    first = first_line_drug(concept)
    if first is not None:
        worded.add(first[1])
    return frozenset(worded)


def reaction_groups(concept: Concept) -> frozenset[str]:
    """EFFECT or SEVERE, or neither."""
    return condition_groups(concept) & {EFFECT, SEVERE}
