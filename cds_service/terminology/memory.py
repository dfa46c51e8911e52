"""What words and codes mean, remembered for the next record that says the same.

A hospital's records say the same few thousand things: the products of its formulary, the codes of its laboratory.
What they mean is a pure function of the value sets, so remembering it changes no answer. Nothing that a record says is
kept: the words are a digest of 128 bits, and a meaning holds only words and numbers of ours (trust T16; decision 57).
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import Generic, TypeVar

Meaning = TypeVar("Meaning")
_MOST = 20_000
_DIGEST_BYTES = 16


class Memory(Generic[Meaning]):
    """Meanings by the digest of what was said. A full one is emptied: to find out again costs microseconds."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._known: dict[bytes, Meaning] = {}

    def meaning(self, said: bytes, work_out: Callable[[], Meaning]) -> Meaning:
        """The meaning of `said`, worked out the first time. `work_out` never returns None nor words of the record."""
        name = blake2b(said, digest_size=_DIGEST_BYTES).digest()
        found = self._known.get(name)
        if found is None:
            found = work_out()
            if len(self._known) >= self._most:
                self.forget()
            self._known[name] = found
        return found

    def forget(self) -> None:
        """Forget everything, as when words come to mean something else."""
        self._known.clear()

    def __len__(self) -> int:
        return len(self._known)
