"""Reading the CSVs of this folder."""

import csv
from pathlib import Path

_FOLDER = Path(__file__).parent


def rows(name: str) -> list[list[str]]:
    """The lines of one CSV without its header; every line has as many cells as the header."""
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        next(lines)
        return list(lines)
