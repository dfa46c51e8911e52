"""Every change of a number or a switch in the clinicians' TOML files: one step up, one step down, off for on."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from mutation.mutants import CONTENT, Mutant

_STRING = re.compile(r"\"\"\".*?\"\"\"|'[^']*'|\"(?:[^\"\\]|\\.)*\"")
_TABLE = re.compile(r"^\[+([^\]]+)\]+")
_VALUE = re.compile(r"(?<![\w.-])(?:-?\d+(?:\.\d+)?|true|false)(?![\w.-])")


def number_mutants(path: Path) -> list[Mutant]:
    lines = path.read_text("utf-8").splitlines(keepends=True)
    return list(_changes(path, lines))


def _changes(path: Path, lines: list[str]) -> Iterator[Mutant]:
    table = ""
    for number, line in enumerate(lines, start=1):
        # Texts, comments and keys are blotted out, so that columns stay and no number in them is changed.
        bare = _STRING.sub(lambda found: " " * len(found[0]), line).split("#", 1)[0]
        header = _TABLE.match(bare)
        if header:
            table = header[1]
            continue
        key = line.split("=", 1)[0].strip() if "=" in bare else ""
        for found in _VALUE.finditer(bare):
            for other in _others(found[0]):
                changed = line[: found.start()] + other + line[found.end() :]
                source = "".join([*lines[: number - 1], changed, *lines[number:]])
                yield Mutant(
                    path, number, f"[{table}] {key}".strip(), line.strip(), changed.strip(), CONTENT, (), _source=source
                )


def _others(value: str) -> Iterator[str]:
    """One in the last place up and down: 14 -> 15, 13; 4.5 -> 4.6, 4.4; true -> false."""
    if value in ("true", "false"):
        yield "false" if value == "true" else "true"
        return
    there = Decimal(value)
    step = Decimal((0, (1,), int(there.as_tuple().exponent)))
    yield str(there + step)
    if there > 0:
        yield str(there - step)
