"""The figures by room, for the terminal and the page, and the survivors for reading."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from mutation.rooms import BUILD, CHECKOUT, ROOMS
from mutation.trials import KILLED, LOST, TIMEOUT, Outcome

SURVIVORS = BUILD / "survivors.txt"
PAGE = CHECKOUT / "docs" / "reference" / "mutation.md"
GOAL = 0.9
_NOTICED = (KILLED, TIMEOUT)


def table(outcomes: Mapping[str, Sequence[Outcome]], aside: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Room, changes, noticed, of those by never ending, survived, share noticed, set aside as equivalent."""
    rows: list[tuple[str, ...]] = [
        ("room", "changes", "killed", "of these by time", "survived", "killed %", "equivalent, not counted")
    ]
    for room in ROOMS:
        found = outcomes.get(room, ())
        if found:
            count = Counter(one.result for one in found)
            killed = sum(count[result] for result in _NOTICED)
            share = f"{100 * killed / len(found):.1f}"
            survived = str(len(found) - killed)
            rows.append(
                (room, str(len(found)), str(killed), str(count[TIMEOUT]), survived, share, str(aside.get(room, 0)))
            )
    return rows


def plain(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def write_survivors(outcomes: Mapping[str, Sequence[Outcome]]) -> None:
    """Survivors by file, with the line, the function and the two texts."""
    BUILD.mkdir(parents=True, exist_ok=True)
    parts = []
    for room, found in outcomes.items():
        by_file: dict[str, list[Outcome]] = defaultdict(list)
        for outcome in found:
            by_file[outcome.mutant.file].append(outcome)
        for file, of_file in sorted(by_file.items()):
            left = [one for one in of_file if one.result not in _NOTICED]
            if left:
                parts.append(f"\n{file}  ({room}; {len(left)} of {len(of_file)} survived)")
            for one in left:
                lost = "  [LOST: the trial ended without a word]" if one.result == LOST else ""
                mutant = one.mutant
                parts.append(f"  {mutant.line}: {mutant.inside}{lost}\n      - {mutant.before}\n      + {mutant.after}")
    SURVIVORS.write_text("\n".join(parts).lstrip("\n") + "\n", "utf-8")


def page(rows: Sequence[Sequence[str]], sample: str = "") -> str:
    """docs/reference/mutation.md: no date and no commit, so that the same figures are the same page.

    `sample` says which changes were drawn, where not all were tried.
    """
    head, *rest = rows
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rest)]
    tried = f"Only a sample was tried: {sample}. The share of all lies near that of the sample." if sample else ""
    return _PAGE.format(table="\n".join(lines), tried=tried or "All changes were tried.")


_PAGE = """\
# Mutation: which changes do the tests notice?

Written by `make mutation ARGS=--write`. Each change is one small change of the code or of a clinical number: another
comparison, one day more, two dates that changed places, a lost argument. A change is *killed* where a test fails
with it. The goal is 90 % of the changes in each room. {tried}

{table}

- What is changed and how: `mutation/operators.py`, built on [mutmut](https://mutmut.readthedocs.io), and
  `mutation/numbers.py` for the clinicians' TOML files. Why not mutmut alone:
  [decision 34](../decisions/0034-mutation-with-mutmuts-changes.md).
- Not changed, since nothing would be different for anybody: docstrings, type annotations, decorators (`slots`, caches),
  `__all__`, imports, arguments of `len` and `isinstance`.
- *Equivalent*: looked at one by one, with the reason in `mutation/equivalent.toml`. They count neither way.
- *By time*: the change made a test run without end, which a person would notice too.
- A change that survives only those tests that can reach it is listed in `build/mutation/survivors.txt`.
- Only the tests named in `mutation/rooms.py` take part; the others could only raise the share.
"""
