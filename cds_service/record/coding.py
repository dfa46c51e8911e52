"""Coded words as FHIR carries them: a `Coding`, and the `Concept` that gathers several with a text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Coding:
    """One code of one system. `system` is the canonical URI (OIDs and old spellings are rewritten on reading)."""

    system: str
    code: str
    display: str = ""


@dataclass(frozen=True, slots=True)
class Concept:
    """What a record calls something: any number of codings and the text beside them."""

    codings: tuple[Coding, ...] = ()
    text: str = ""

    @property
    def words(self) -> str:
        """The text a person would read: the text, else the first display that is there, else nothing."""
        return self.text or next((coding.display for coding in self.codings if coding.display), "")
