"""Whole words of free text, and the phrases that a CSV of words lists.

Case, accents of typography, hyphens and slashes make no difference: `Methyl-Naltrexone` is `methyl naltrexone`.
Letters and digits that touch are one word, so `er` is never found inside another word.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

Meaning = TypeVar("Meaning")
_WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


class Phrasebook(Generic[Meaning]):
    """Phrases of one or more words, each with its meanings; found longest first, so that `methyl naltrexone` is read
    as one phrase and the word `naltrexone` in it is not read again.
    """

    def __init__(self, entries: Iterable[tuple[str, Meaning]]) -> None:
        self._by_phrase: dict[tuple[str, ...], list[Meaning]] = {}
        self._lengths: dict[str, list[int]] = {}
        for phrase, meaning in entries:
            words = tuple(phrase.split())
            self._by_phrase.setdefault(words, []).append(meaning)
            lengths = self._lengths.setdefault(words[0], [])
            if len(words) not in lengths:
                lengths.append(len(words))
                lengths.sort(reverse=True)

    def found_in(self, words: list[str]) -> Iterator[Meaning]:
        at = 0
        while at < len(words):
            step = 1
            for length in self._lengths.get(words[at], ()):
                meanings = self._by_phrase.get(tuple(words[at : at + length]))
                if meanings is not None:
                    yield from meanings
                    step = length
                    break
            at += step
