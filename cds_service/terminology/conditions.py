"""The value-set groups of a condition: by code, else by the words of its text.

A code that is known decides even where the text differs, with one exception: words that make it another person's
condition (`partner's pregnancy`, `family history of cirrhosis`) take it away.
"""

import re
from dataclasses import dataclass
from functools import cache

from cds_service.record.coding import Coding, Concept
from cds_service.terminology import tables
from cds_service.terminology.memory import Memory
from cds_service.terminology.systems import ICD10, ICD10CM, canonical_system
from cds_service.terminology.words import words_of

# The LDN-indication set of rulebook b.1; each of its groups is in `ldn-indication` too.
LDN_INDICATIONS = frozenset(
    {
        "chronic-pain",
        "corneal-neuropathic-pain",
        "crohn",
        "crps",
        "fibromyalgia",
        "ibd",
        "multiple-sclerosis",
        "neuropathy",
    }
)

_Groups = frozenset[str]
_NONE: _Groups = frozenset()

_PEOPLE = "partner|wife|spouse|husband|girlfriend|boyfriend|sister|brother|daughter|son|mother|father|parent|sibling"
_FAMILY = re.compile(r"\b(family (history|hx|h o|member)|fam hx|fhx|fh of|maternal history|paternal history)\b")
# Beside a code only what cannot be meant otherwise: `partner s`, `wife is pregnant`, `pregnancy of partner`.
# `Mother not delivered` and `screening of mother` are official names of the patient's own condition.
_ANOTHERS = re.compile(
    rf"\b({_PEOPLE}) (s|is|was|has|had|pregnan\w+|expecting)\b|\b(of|in|for) (his|her|the patient s) ({_PEOPLE})\b"
    r"|\b(of|in) (partner|wife|spouse|husband|girlfriend|sister|daughter)\b"
)
_ANY_PERSON = re.compile(rf"\b({_PEOPLE})\b")


@dataclass(frozen=True, slots=True)
class _Phrase:
    phrase: str
    groups: _Groups
    needs: tuple[str, ...]
    unless: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _CodeGroups:
    exact: dict[tuple[str, str], _Groups]
    prefixes: dict[tuple[str, str], _Groups]


@cache
def _codes() -> _CodeGroups:
    by_match: dict[str, dict[tuple[str, str], _Groups]] = {"exact": {}, "prefix": {}}
    interned: dict[str, _Groups] = {}
    for system, code, _, match, group in tables.rows("conditions.csv"):
        groups = interned.get(group) or interned.setdefault(group, _with_unions(group.split(";")))
        by_match[match][system, _bare(code)] = groups
    return _CodeGroups(by_match["exact"], by_match["prefix"])


@cache
def _phrases() -> dict[str, list[_Phrase]]:
    """The phrases by their first word, so that a text asks only for those that can be in it."""
    by_first: dict[str, list[_Phrase]] = {}
    for phrase, group, needs, unless in tables.rows("condition_words.csv"):
        entry = _Phrase(phrase, _with_unions(group.split(";")), _listed(needs), _listed(unless))
        by_first.setdefault(phrase.partition(" ")[0], []).append(entry)
    return by_first


_KNOWN: Memory[frozenset[str]] = Memory()


def condition_groups(concept: Concept) -> frozenset[str]:
    """All groups of the condition (README.md of this folder names them), or none."""
    return _KNOWN.meaning(concept.as_bytes(), lambda: _condition_groups(concept))


def _condition_groups(concept: Concept) -> frozenset[str]:
    known = [groups for groups in map(_groups_of_code, concept.codings) if groups is not None]
    if known:
        found = _NONE.union(*known)
    else:
        found = next((groups for groups in map(_groups_of_text, _texts(concept)) if groups), _NONE)
    return _NONE if found and _is_anothers(concept) else found


def _texts(concept: Concept) -> list[str]:
    texts = dict.fromkeys((concept.text, *(coding.display for coding in concept.codings)))
    return [text for text in texts if text]


def _is_anothers(concept: Concept) -> bool:
    texts = (" ".join(words_of(text)) for text in _texts(concept))
    return any(_FAMILY.search(text) or _ANOTHERS.search(text) for text in texts)


def _groups_of_code(coding: Coding) -> _Groups | None:
    """None for a code that is not known, so that the text may speak."""
    system = canonical_system(coding.system)
    if system in (ICD10CM, ICD10):
        return _groups_of_icd(system, _bare(coding.code))
    return _codes().exact.get((system, coding.code.strip()))


def _groups_of_icd(system: str, code: str) -> _Groups | None:
    """The longest known prefix decides.

    The WHO system is what many servers write on ICD-10-CM codes too (K70.31 has no fifth character at the WHO), so a
    code of it is looked up in both.
    """
    systems = (ICD10CM,) if system == ICD10CM else (ICD10, ICD10CM)
    codes = _codes()
    for known in systems:
        if (known, code) in codes.exact:
            return codes.exact[known, code]
    for length in range(len(code), 2, -1):
        for known in systems:
            groups = codes.prefixes.get((known, code[:length]))
            if groups is not None:
                return groups
    return None


def _groups_of_text(text: str) -> _Groups:
    words = words_of(text)
    phrases = _phrases()
    possible = [entry for word in set(words) if word in phrases for entry in phrases[word]]
    if not possible:
        return _NONE
    padded = f" {' '.join(words)} "
    if _ANY_PERSON.search(padded):
        return _NONE
    return _NONE.union(*(entry.groups for entry in possible if _applies(entry, padded)))


def _applies(entry: _Phrase, padded: str) -> bool:
    return (
        f" {entry.phrase} " in padded
        and all(f" {word} " in padded for word in entry.needs)
        and not any(f" {word} " in padded for word in entry.unless)
    )


def _bare(code: str) -> str:
    """ICD codes come with and without the dot, in lower case, and with the dagger or asterisk of dual coding."""
    return code.strip().upper().replace(".", "").rstrip("+*-!†")


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(cell.split(";")) if cell else ()


def _with_unions(groups: list[str]) -> _Groups:
    union = {"ldn-indication"} if LDN_INDICATIONS.intersection(groups) else set()
    return frozenset({*groups, *union})
