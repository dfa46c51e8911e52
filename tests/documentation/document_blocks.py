"""Fenced blocks of the documents, and what each of them promises.

`sh` holds commands; each has to succeed. `console` holds commands after `$` and what they print; `…` stands for
anything, alone on a line for any lines. A command that must fail is followed by `$ echo $?`. A block with
`title="NAME"` is a file that the reader writes. What cannot be run has its reason in a comment of the document, right
before the block:

    <!-- not run: needs a container engine -->
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path
    for place in ("*.md", "docs/**/*.md", "cards/*.md", "fhir_fixtures/*.md", "cds_service/**/*.md")
    for path in CHECKOUT.glob(place)
)
COMMANDS = ("sh", "console")
_FENCE = re.compile(r"^( *)```(\w*)([^\n]*)\n(.*?)^\1``` *$", re.DOTALL | re.MULTILINE)
_REASON = re.compile(r"<!-- not run: (.+) -->\s*\Z")


@dataclass(frozen=True)
class Block:
    line: int  # of the fence, from 1
    language: str
    title: str  # the file that it is, or empty
    text: str
    reason: str  # why it is not run, or empty


def blocks(document: Path) -> Iterator[Block]:
    text = document.read_text("utf-8")
    for fence in _FENCE.finditer(text):
        before = text[: fence.start()]
        title = re.search(r'title="([^"]+)"', fence[3])
        reason = _REASON.search(before)
        body = re.sub(f"^{fence[1]}", "", fence[4], flags=re.MULTILINE)
        line = before.count("\n") + 1
        yield Block(line, fence[2], title[1] if title else "", body, reason[1] if reason else "")


def steps(block: Block) -> list[tuple[str, str]]:
    """Of a console block: (command, what it prints) in order. A line after `>` goes on with a command."""
    found: list[tuple[str, str]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
            continue
        assert found, f"line {block.line}: a console block begins with a command"
        command, printed = found[-1]
        going_on = line.startswith("> ") and not printed
        found[-1] = (f"{command}\n{line[2:]}", "") if going_on else (command, f"{printed}{line}\n")
    return found


def shown(expected: str) -> "re.Pattern[str]":
    """What is printed, with `…` for anything."""
    lines = [
        "(?:.*\n)*?" if line.strip() == "…" else ".*?".join(map(re.escape, line.rstrip().split("…"))) + " *\n"
        for line in expected.splitlines()
    ]
    return re.compile("".join(lines))
