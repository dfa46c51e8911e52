"""A first glance at a code or a text: could any value set know it at all?

Nine of ten resources of a record are about something else. Looking at the bare code strings and words before anything
is built costs a tenth of reading them; it may say yes in vain, it never says no to what the value sets would name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cds_service.terminology import tables
from cds_service.terminology.words import words_of

_STEM = 3
"""ICD codes are matched by prefix, and no prefix of a value set is shorter than its three-character category."""
_WORDS_NO_DRUG = frozenset({"cue", "denied", "no-drug"})
"""What only qualifies a drug (`tablet`, `oral`) or takes one away (`opioid antagonist`): alone it never names one."""
_CODES_NO_DRUG = frozenset({"not-counted", "not-naltrexone", "bupropion"})
"""The same of codes: loperamide, methylnaltrexone, and bupropion, which counts beside naltrexone only."""


@dataclass(frozen=True, slots=True)
class Glance:
    """`codes` of any system, `stems` of ICD codes (both in capitals), and the first `words` of every phrase."""

    codes: frozenset[str]
    stems: frozenset[str]
    words: frozenset[str]

    def sees(self, concept: Mapping[str, Any]) -> bool:
        """Whether the CodeableConcept, still as JSON, has to be read. Anything misshapen has."""
        text = concept.get("text")
        said = text or ""
        codings = concept.get("coding", ())
        if not isinstance(said, str) or not isinstance(codings, list | tuple):
            return True
        for coding in codings:
            if not isinstance(coding, dict):
                return True
            code, display = coding.get("code", ""), coding.get("display", "")
            if not isinstance(code, str) or not isinstance(display, str):
                return True
            code = code.strip().upper()
            if code in self.codes or code[:_STEM] in self.stems:
                return True
            if display and display != text:
                said = f"{said} | {display}"
        return not self.words.isdisjoint(words_of(said))


@cache
def drug_glance() -> Glance:
    """For medications: those that rules speak of, and first-line drugs."""
    codes = _codes("opioids.csv", "naltrexone.csv", "anticoagulants.csv", "first_line.csv", unless=_CODES_NO_DRUG)
    phrases = (word for word, means, *_ in tables.rows("drug_words.csv") if means not in _WORDS_NO_DRUG)
    return Glance(codes, frozenset(), _first_words("first_line_words.csv").union(_starts(phrases)))


@cache
def allergy_glance() -> Glance:
    """For allergies: what they name by themselves, and every drug."""
    drugs = drug_glance()
    words = drugs.words | _first_words("allergy_words.csv")
    return Glance(drugs.codes | _codes("allergies.csv"), drugs.stems, words)


@cache
def condition_glance() -> Glance:
    """For problems and diagnoses."""
    codes = _codes("conditions.csv")
    stems = frozenset(code[:_STEM] for code in codes if code[:1].isalpha())
    return Glance(codes, stems, _first_words("condition_words.csv"))


@cache
def observation_glance() -> Glance:
    """For results."""
    return Glance(_codes("observations.csv"), frozenset(), _first_words("observation_words.csv"))


@cache
def procedure_glance() -> Glance:
    """For procedures, requests and appointments."""
    return Glance(_codes("procedures.csv"), frozenset(), _first_words("procedure_words.csv"))


def _codes(*names: str, unless: frozenset[str] = frozenset()) -> frozenset[str]:
    """In capitals. A row with a cell of `unless`, its display aside, is left out."""
    known = (row for name in names for row in tables.rows(name))
    return frozenset(code.strip().upper() for _, code, _, *meaning in known if unless.isdisjoint(meaning))


def _first_words(name: str) -> frozenset[str]:
    return frozenset(_starts(row[0] for row in tables.rows(name)))


def _starts(phrases: Iterable[str]) -> Iterable[str]:
    for phrase in phrases:
        yield from words_of(phrase)[:1]
