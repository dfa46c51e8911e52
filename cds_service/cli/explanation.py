"""The explanation of an answer on a terminal: rules first, then data, drafts and drugs, as tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cds_service.cli.terminal import plain

_STYLES = {"fired": "bold", "hidden": "yellow", "not-at-this-hook": "yellow", "broke": "bold red", "silent": "dim"}


def explanation(said: Mapping[str, Any]) -> Iterable[RenderableType]:
    """Everything of `present/explanation` that a reader would ask for; `--json` has the rest."""
    if "fault" in said:
        yield Text("The explanation could not be made.")
        return
    yield Text()
    yield _rules(said.get("rules", ()))
    yield from _numbers(said.get("rules", ()))
    if "data" in said:
        yield _table("data", ["answered", "why", "resources", "problems"], said["data"], "key")
    if "drafts" in said:
        yield _table("draft", ["drug", "class", "treatment", "dose", "selected"], said["drafts"], "reference")
    if "exposures" in said:
        yield _table("drug taken", ["state", "since", "last"], said["exposures"], "name")
    yield Text(f"Knowledge version {plain(said.get('knowledgeVersion', ''))}", style="dim")


def _rules(rules: Sequence[Mapping[str, Any]]) -> Table:
    table = _headed("no.", "rule", "outcome", "why")
    for rule in rules:
        outcome = str(rule.get("outcome"))
        urgency = f" {rule['indicator']}" if "indicator" in rule else ""
        style = _STYLES.get(outcome, "")
        table.add_row(str(rule.get("number")), str(rule.get("id")), outcome + urgency, plain(_why(rule)), style=style)
    return table


def _why(rule: Mapping[str, Any]) -> str:
    parts = [str(rule.get("because", ""))]
    if "by" in rule:
        parts.append(f"by {', '.join(rule['by'])}")
    parts += [_evidence(one) for one in rule.get("evidence", ())]
    parts += [f"{name.replace('_', ' ')}: {_cell(state)}" for name, state in rule.get("state", {}).items()]
    parts += [f"missing: {one['data']} ({one['cause']})" for one in rule.get("missing", ())]
    return "; ".join(part for part in parts if part)


def _evidence(one: Mapping[str, Any]) -> str:
    dates = ", ".join(f"{name} {day}" for name, day in one.get("dates", {}).items())
    return f"{one['reference']} ({dates})" if dates else str(one["reference"])


def _numbers(rules: Sequence[Mapping[str, Any]]) -> Iterable[RenderableType]:
    """The numbers of the rules that fired, each once, with where it comes from."""
    used = {
        str(number["name"]): number
        for rule in rules
        if rule.get("outcome") != "silent"
        for number in rule.get("thresholds", ())
    }
    if used:
        table = _headed("number", "value", "source")
        for name, number in sorted(used.items()):
            value = f"{number.get('value')} {number.get('unit', '')}".strip()
            table.add_row(name, plain(value), plain(number.get("source", "")))
        yield table


def _table(first: str, names: Sequence[str], rows: Sequence[Mapping[str, Any]], key: str) -> Table:
    table = _headed(first, *names)
    for row in rows:
        if row.get("answered") != "not-needed":
            cells = [_cell(row.get("cause") if name == "why" else row.get(name)) for name in names]
            table.add_row(plain(row.get(key, "without id")), *cells)
    return table


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return plain(", ".join(f"{name} {part}" for name, part in value.items()))
    if isinstance(value, list):
        return "; ".join(_cell(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else plain(value)


def _headed(*names: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name, overflow="fold")
    return table
