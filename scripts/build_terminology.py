"""Make the value sets of `cds_service/terminology` from a folder of terminology tables.

    python scripts/build_terminology.py TABLES_DIR [--out DIR]

Why a script: the tables hold many more rows and columns than rules need, and some of their groups differ from the
rulebook. What is kept, what is renamed and what is corrected stands in `value_sets`, so that a reviewer can see every
decision and so that a newer set of tables gives a diff that can be read. The same tables always give the same bytes.
`value_sets/tables.py` says which tables and columns are read.
"""

import argparse
import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from value_sets import build, value_sets
from value_sets.tables import Line, Tables


def write(lines: Mapping[str, Sequence[Line]], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, one in value_sets().items():
        with (out / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(one.header)
            writer.writerows(lines[name])


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Make the value-set CSVs from a folder of terminology tables.")
    parser.add_argument("tables", type=Path, metavar="TABLES_DIR", help="folder with the tables")
    default = Path(__file__).resolve().parent.parent / "cds_service" / "terminology"
    parser.add_argument(
        "--out", type=Path, default=default, help="where the CSVs go (default: cds_service/terminology)"
    )
    options = parser.parse_args(arguments)
    lines = build(Tables(options.tables))
    write(lines, options.out)
    for name, found in lines.items():
        print(f"{name}: {len(found)} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
