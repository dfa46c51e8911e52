"""Write docs/reference/conformance.md: each demand of CDS Hooks, and the tests that cover it or why none does.

    .venv/bin/python scripts/write_conformance.py

Why a script: the page names tests, and tests change. Demands stand in `tests/conformance/demands.toml`. Where one has
neither a test nor a reason, or names a test that does not exist, nothing is written and the demand is named.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
TESTS = CHECKOUT / "tests"
DATA = TESTS / "conformance" / "demands.toml"
PAGE = CHECKOUT / "docs" / "reference" / "conformance.md"
NUMBERS = range(1, 113)
_FIELDS = {"section", "strength", "says", "tests", "why"}
_HEAD = """# Conformance with CDS Hooks

Written by `make conformance` from `tests/conformance/demands.toml`; do not edit. Each line is a demand of CDS Hooks on
a service, in our own words: versions 1.0 and 2.0, the 3.0 ballot, the hook library. *derived* is what only follows
from them, *practice* comes from the best practices beside them, *client* is a client's duty that the service relies on.
A test of the documentation fails where a demand has neither a test nor a reason, or names a test that does not exist.

"""


@dataclass(frozen=True, slots=True)
class Demand:
    """`tests`: file below tests/ and function, with `::` between them."""

    number: int
    section: str
    strength: str
    says: str
    tests: tuple[str, ...]
    why: str


def main() -> int:
    """Exit code 1 where a demand lacks its answer."""
    sections, demands = read(tomllib.loads(DATA.read_text("utf-8")))
    found = list(complaints(sections, demands))
    for complaint in found:
        print(complaint)
    if not found:
        PAGE.write_text(page(sections, demands), encoding="utf-8")
    return 1 if found else 0


def read(data: Mapping[str, Any]) -> tuple[Mapping[str, str], list[Demand]]:
    demands = []
    for number, fields in data["demands"].items():
        if unknown := set(fields) - _FIELDS:
            raise ValueError(f"demand {number}: unknown field {', '.join(sorted(unknown))}")
        words = {name: str(fields.get(name, "")) for name in ("section", "strength", "says", "why")}
        demands.append(Demand(int(number), tests=tuple(fields.get("tests", ())), **words))
    return data["sections"], demands


def complaints(sections: Mapping[str, str], demands: list[Demand]) -> Iterator[str]:
    """What is wrong with the table, one line each."""
    if missing := sorted(set(NUMBERS) - {one.number for one in demands}):
        yield f"demands that are missing: {', '.join(map(str, missing))}"
    for one in demands:
        if not one.tests and not one.why.strip():
            yield f"{one.number}: has neither a test nor a reason"
        if one.section not in sections or not one.says or not one.strength:
            yield f"{one.number}: lacks its section, its strength or what it says"
        for test in one.tests:
            if not exists(test):
                yield f"{one.number}: there is no test {test}"


def exists(test: str) -> bool:
    file, _, name = test.partition("::")
    return name in names(TESTS / file)


@cache
def names(path: Path) -> frozenset[str]:
    """Tests that pytest would collect from a file, by name: functions, and state machines as `Test… = ….TestCase`."""
    if not path.is_file():
        return frozenset()
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    targets = [target for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
    machines = {one.id for one in targets if isinstance(one, ast.Name) and one.id.startswith("Test")}
    return frozenset(functions | machines)


def page(sections: Mapping[str, str], demands: list[Demand]) -> str:
    tested = sum(bool(one.tests) for one in demands)
    apart = [str(one.number) for one in demands if "NOT MET" in one.why]
    lines = [
        f"{len(demands)} demands: {tested} with tests, {len(demands) - tested} with a reason alone. "
        f"Not met as written: {', '.join(apart) or 'none'}.\n"
    ]
    for letter, title in sections.items():
        lines += [
            f"\n## {letter}. {title}\n",
            "\n| no. | strength | demand | tests, and what they do not cover |\n|---|---|---|---|\n",
        ]
        lines += [row(one) for one in demands if one.section == letter]
    return _HEAD + "".join(lines)


def row(one: Demand) -> str:
    tests = [f"[{test.partition('::')[2]}](../../tests/{test.partition('::')[0]})" for test in one.tests]
    reason = [one.why[0].upper() + one.why[1:] + "."] if one.why else []
    return f"| {one.number} | {one.strength} | {one.says} | {'<br>'.join([*tests, *reason])} |\n"


if __name__ == "__main__":
    sys.exit(main())
