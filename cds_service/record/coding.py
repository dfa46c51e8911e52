"""Coded words as FHIR carries them: a `Coding`, and the `Concept` that gathers several with a text.

What a record holds by the hundred (these, `Quantity`, `Observation`) is a NamedTuple: a third of the price of a frozen
dataclass to make, and as frozen.
"""

from typing import NamedTuple


class Coding(NamedTuple):
    """One code of one system. `system` is the canonical URI (OIDs and old spellings are rewritten on reading)."""

    system: str
    code: str
    display: str = ""


class Concept(NamedTuple):
    """What a record calls something: any number of codings and the text beside them."""

    codings: tuple[Coding, ...] = ()
    text: str = ""

    @property
    def words(self) -> str:
        """The text a person would read: the text, else the first display that is there, else nothing."""
        return self.text or next((coding.display for coding in self.codings if coding.display), "")

    def as_bytes(self) -> bytes:
        """The whole of it in one piece: different concepts give different bytes."""
        parts = [self.text, *(part for coding in self.codings for part in coding)]
        return "\x1f".join([*parts, *(str(len(part)) for part in parts)]).encode("utf-8", "surrogatepass")
