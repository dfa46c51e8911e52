"""Changes that change nothing: each was looked at, and equivalent.toml says why no test can notice it."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from mutation.mutants import Mutant

FILE = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A change, or several of a kind, and why it is none. `after` is empty for whatever it becomes."""

    file: str
    inside: str
    before: str
    after: str
    why: str

    def means(self, mutant: Mutant) -> bool:
        return (
            fnmatchcase(mutant.file, self.file)
            and fnmatchcase(mutant.inside, self.inside or "*")
            and _fits(mutant.before, self.before)
            and _fits(mutant.after, self.after)
        )


def reviewed() -> list[Reviewed]:
    """Raises KeyError for an entry without a reason."""
    entries = tomllib.loads(FILE.read_text("utf-8"))["equivalent"]
    return [
        Reviewed(one["file"], one.get("inside", ""), before, one.get("after", ""), one["why"])
        for one in entries
        for before in _several(one.get("before", ""))
    ]


def sift(mutants: Sequence[Mutant], entries: Sequence[Reviewed]) -> tuple[list[Mutant], list[Mutant], list[Reviewed]]:
    """Those to try, those set aside, and entries that mean no change any more."""
    aside = [mutant for mutant in mutants if any(entry.means(mutant) for entry in entries)]
    gone = set(map(id, aside))
    stale = [entry for entry in entries if not any(entry.means(mutant) for mutant in aside)]
    return [mutant for mutant in mutants if id(mutant) not in gone], aside, stale


def _several(words: str | list[str]) -> list[str]:
    return [words] if isinstance(words, str) else words


def _fits(words: str, wanted: str) -> bool:
    """`*` at the end stands for whatever follows; nothing else is special, since code is full of brackets."""
    return not wanted or words == wanted or (wanted.endswith("*") and words.startswith(wanted[:-1]))
