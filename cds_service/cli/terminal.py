"""Cards and comparisons on a terminal. Text from records is shown as text: never as markup, never as control codes."""

import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from cds_service.fhir.elements import items

_COLOURS = {"critical": "red", "warning": "yellow", "info": "cyan"}
_MARKS = {"critical": "!!", "warning": "!", "info": "i"}
_WIDEST = 110


def console() -> Console:
    """Standard output, without colour where it is no terminal, and lines short enough to read."""
    made = Console(highlight=False, markup=False, emoji=False, soft_wrap=False)
    made.width = min(made.width, _WIDEST)
    return made


def print_json(value: Any) -> None:
    """The result of a command for a program: nothing else goes to standard output then."""
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def progress(out: Console, *, quiet_out: bool = False) -> Progress:
    """A bar for long work, only where somebody looks: on `out`, or beside an output that a program reads."""
    screen = Console(stderr=True, highlight=False) if quiet_out or not out.is_terminal else out
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal)


def plain(value: Any) -> str:
    """Text without control and formatting characters: an escape sequence in a record must not drive a terminal."""
    return "".join(char if char == "\n" or unicodedata.category(char)[0] != "C" else "�" for char in str(value))


def card_panel(card: Mapping[str, Any]) -> Panel:
    """Indicator as colour and word, then everything a prescriber would see, in the order of reading."""
    indicator = str(card.get("indicator"))
    topic = (card.get("source") or {}).get("topic") or {}
    parts = [Text(plain(card.get("summary", "")), style="bold"), *_detail(card), *_suggestions(card), *_reasons(card)]
    return Panel(
        Group(*parts),
        title=Text(f" {_MARKS.get(indicator, '?')} {plain(indicator).upper()}  {plain(topic.get('code', ''))} "),
        title_align="left",
        border_style=_COLOURS.get(indicator, "white"),
        padding=(0, 1),
    )


def _detail(card: Mapping[str, Any]) -> Iterable[RenderableType]:
    for line in plain(card.get("detail", "")).splitlines():
        yield _hanging("  -", line[2:]) if line.startswith("- ") else Text(line, style="dim")


def _suggestions(card: Mapping[str, Any]) -> Iterable[RenderableType]:
    for number, suggestion in enumerate(items(card.get("suggestions")), start=1):
        recommended = suggestion.get("isRecommended") is True
        label = plain(suggestion.get("label", "")) + (" (recommended)" if recommended else "")
        yield Text()
        yield _hanging(f"{number}.", label, "bold green" if recommended else "bold")
        for action in items(suggestion.get("actions")):
            yield _hanging(f"   {plain(action.get('type'))}:", plain(action.get("description", "")))


def _reasons(card: Mapping[str, Any]) -> Iterable[RenderableType]:
    reasons = list(items(card.get("overrideReasons")))
    if reasons:
        yield Text()
        yield Text("To go on regardless, one of:")
    for reason in reasons:
        yield _hanging("  -", plain(reason.get("display") or reason.get("code")))


def _hanging(mark: str, text: str, style: str = "") -> RenderableType:
    """Further lines of the text start below its first word, not below the mark."""
    line = Table.grid(padding=(0, 1))
    line.add_column(no_wrap=True)
    line.add_column()
    line.add_row(Text(mark, style=style), Text(text, style=style))
    return line


def difference_lines(lines: Sequence[str]) -> Iterable[Text]:
    styles = {"-": "red", "+": "green"}
    for line in lines:
        if not line.startswith(("---", "+++")):
            yield Text(f"    {plain(line)}", style=styles.get(line[:1], "dim"))
