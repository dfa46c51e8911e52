"""Write docs/reference/evidence.md: each statement of the sources, and what answers it.

    .venv/bin/python scripts/write_evidence.py

Why a script: the page says which rule answers which statement, and cards change. It is put together from
`cards/statements.toml` (the statements and decisions), `cards/trials.toml` (what was found out), the `statements` of
every card and the `sources` of every variant of the order set. A statement of behaviour RULE needs a rule, OS an
element of the order set, TEXT a sentence that really stands in the file named, MON a review or a follow-up rule, NONE
and evidence alone a reason. Where one is missing, nothing is written and the statement is named.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_service.present.wording import CardText, read_cards

CHECKOUT = Path(__file__).resolve().parents[1]
CARDS = CHECKOUT / "cards"
PAGE = CHECKOUT / "docs" / "reference" / "evidence.md"

STATEMENTS = tuple(f"S{number}" for number in range(1, 86))
DECISIONS = tuple(f"D{number}" for number in range(1, 16))
BEHAVIOURS = ("RULE", "OS", "TEXT", "MON", "EV", "NONE")
OUTCOMES = {
    "for": "better than placebo",
    "against": "no benefit over placebo shown",
    "mixed": "mixed",
    "context": "no test of benefit",
}
_FIELDS = {
    "says", "sources", "behaviour", "decisions", "rules", "elements", "wording", "trials", "why_no_rule",
}  # fmt: skip
_TRIAL_FIELDS = {"name", "design", "size", "outcome", "result", "caution", "cite"}


@dataclass(frozen=True, slots=True)
class Table:
    """Everything that the page is made of. `order_set` is titration.toml as it was read; `folder` holds the cards."""

    folder: Path
    sources: Mapping[str, str]
    statements: Mapping[str, Mapping[str, Any]]
    decisions: Mapping[str, Mapping[str, Any]]
    trials: Mapping[str, Mapping[str, Any]]
    cards: Mapping[str, CardText]
    order_set: Mapping[str, Any]

    def rules_of(self, statement: str) -> list[str]:
        """Rules that answer it, by number: those whose card names it, and those that the statement names."""
        named = self.statements[statement].get("rules", ())
        found = {rule for rule, card in self.cards.items() if statement in card.statements} | set(named)
        return sorted(found, key=lambda rule: self.cards[rule].number)

    def elements_of(self, statement: str) -> list[str]:
        """Parts of the order set that carry it: variants that name it, then those that the statement names."""
        variants = self.order_set.get("variants", {}).items()
        named = [f"variants.{name}" for name, variant in variants if statement in variant.get("sources", ())]
        return [*named, *(one for one in self.statements[statement].get("elements", ()) if one not in named)]


def read_table(folder: Path = CARDS) -> Table:
    """Raises BadContent or TOMLDecodeError where a file cannot be read."""
    statements = _toml(folder / "statements.toml")
    return Table(
        folder=folder,
        sources=statements["sources"],
        statements=statements["statements"],
        decisions=statements["decisions"],
        trials=_toml(folder / "trials.toml"),
        cards=read_cards(folder),
        order_set=_toml(folder / "order-set" / "titration.toml"),
    )


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def complaints(table: Table) -> list[str]:
    """What keeps the page from being true: each names the statement, decision, trial or card and what is wrong."""
    found = [f"{name} is missing" for name in STATEMENTS if name not in table.statements]
    found += [f"{name} is missing" for name in DECISIONS if name not in table.decisions]
    found += [f"{name} is no number of a statement" for name in table.statements if name not in STATEMENTS]
    for name, statement in table.statements.items():
        found += [f"{name}: {complaint}" for complaint in _of_statement(table, name, statement)]
    for name, decision in table.decisions.items():
        found += [f"{name}: names {one}, which is no statement" for one in _unknown(decision["between"], table)]
        found += [
            f"{name}: {one} does not name this decision"
            for one in decision["between"]
            if name not in table.statements.get(one, {}).get("decisions", ())
        ]
    for rule, card in table.cards.items():
        found += [f"{card.family}/{rule}.md: statements: {one} is unknown" for one in _unknown(card.statements, table)]
    for name, variant in table.order_set.get("variants", {}).items():
        cited = [one for one in variant.get("sources", ()) if one not in table.decisions]
        found += [f"order-set/titration.toml: variants.{name}: {one} is unknown" for one in _unknown(cited, table)]
    for name, trial in table.trials.items():
        found += [f"trials.toml: {name}: unknown field {one}" for one in trial.keys() - _TRIAL_FIELDS]
        if trial.get("outcome") not in OUTCOMES:
            found.append(f"trials.toml: {name}: outcome is one of {', '.join(OUTCOMES)}")
    return found


def _unknown(names: Iterable[str], table: Table) -> list[str]:
    return [name for name in names if name not in table.statements]


def _of_statement(table: Table, name: str, statement: Mapping[str, Any]) -> Iterator[str]:
    behaviour = statement.get("behaviour", [])
    yield from (f"unknown field {one}" for one in sorted(statement.keys() - _FIELDS))
    yield from (f"source {one} is unknown" for one in statement.get("sources", ()) if one not in table.sources)
    yield from (f"behaviour {one} is unknown" for one in behaviour if one not in BEHAVIOURS)
    yield from (f"decision {one} is unknown" for one in statement.get("decisions", ()) if one not in table.decisions)
    yield from (f"trial {one} is unknown" for one in statement.get("trials", ()) if one not in table.trials)
    named = [rule for rule in statement.get("rules", ()) if rule not in table.cards]
    yield from (f"rule {rule} has no card" for rule in named)
    elements = table.elements_of(name)
    yield from (f"the order set has no {one}" for one in elements if not _has_element(table.order_set, one))
    for one in statement.get("wording", ()):
        path = table.folder / one["file"]
        if not path.is_file() or one["text"] not in path.read_text("utf-8"):
            yield f"{one['file']} does not say {one['text']!r}"
    rules = [] if named else table.rules_of(name)
    followed = any(one.startswith("reviews.") for one in elements) or any(
        table.cards[rule].family == "follow-up" for rule in rules
    )
    reason = str(statement.get("why_no_rule", "")).strip()
    answers = {
        "RULE": bool(rules),
        "OS": bool(elements),
        "TEXT": bool(statement.get("wording")),
        "MON": followed,
        "EV": bool(statement.get("trials")) or bool(reason),
        "NONE": bool(reason),
    }
    if not behaviour:
        yield "has no behaviour"
    yield from (f"says {one} and nothing answers it" for one in behaviour if not answers.get(one, True))
    if rules and "RULE" not in behaviour:
        yield f"is named by the rule {rules[0]} and does not say RULE"
    if set(behaviour) <= {"EV", "NONE"} and not reason:
        yield "no rule answers it, and why_no_rule does not say why"


def _has_element(order_set: Mapping[str, Any], path: str) -> bool:
    """`reviews.week-4` is a table, `labs.hepatic-panel` a list entry of that id, `medication` a table of its own."""
    value: Any = order_set
    for step in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list):
            value = next((one for one in value if one.get("id") == step), None)
        else:
            return False
    return value is not None


def page(table: Table) -> str:
    """The whole document."""
    parts = [
        *_introduction(table),
        "## Sources of the statements\n",
        *_rows(["source", "what it is"], table.sources.items()),
        "\n## Statements\n",
        *_kinds(),
        *_rows(
            ["no.", "statement", "becomes", "answered by", "decisions"],
            (_statement_row(table, name) for name in table.statements),
        ),
        "\n## Where the sources disagree\n",
        *_rows(
            ["no.", "between", "disagreement", "what this service does"],
            (_decision_row(name, decision) for name, decision in table.decisions.items()),
        ),
        "\n## What was found out\n",
        "Negative results included. Size is the number of people.\n",
        *_rows(
            ["study", "design", "size", "outcome", "result", "keep in mind", "published"],
            map(_trial_row, table.trials.values()),
        ),
        "\n## Rules, what they rest on, and who has approved them\n",
        "A rule without statements rests on what its card names as source, such as a label.\n",
        *_rows(["no.", "rule", "statements", "sources on its card", "approved by"], _rule_rows(table)),
    ]
    return "\n".join(parts) + "\n"


def _introduction(table: Table) -> list[str]:
    cards = list(table.cards.values())
    signed = [card for card in cards if card.approved_by]
    approval = (
        f"**Not clinically approved.** {len(signed)} of {len(cards)} cards are signed; the last table says by whom."
        if len(signed) < len(cards)
        else f"All {len(cards)} cards are signed; the last table says by whom."
    )
    return [
        "# Statements, decisions and evidence\n",
        "Written by `scripts/write_evidence.py` from `cards/statements.toml`, `cards/trials.toml`, the cards and the",
        "order set. Do not edit it by hand: `make evidence`.\n",
        f"{approval}\n",
        "The statements come from five secondary texts, four of which say that nobody has reviewed them. They",
        "set the scope: what to check and what to offer. Where they disagree with a label or a trial, the label or the",
        "trial decides. A statement that stands here is not thereby true.\n",
    ]


def _kinds() -> list[str]:
    return [
        "RULE: a rule acts on it. OS: the order set carries it. TEXT: a sentence says it. MON: a review looks after",
        "it. EV: kept as evidence only. NONE: nothing acts on it, for the reason given.\n",
    ]


def _statement_row(table: Table, name: str) -> list[str]:
    statement = table.statements[name]
    rules = [f"`{rule}` ({table.cards[rule].number})" for rule in table.rules_of(name)]
    said = [f"“{one['text']}” ({one['file']})" for one in statement.get("wording", ())]
    trials = [table.trials[one]["name"] for one in statement.get("trials", ())]
    kinds = {"Rules": rules, "Order set": table.elements_of(name), "Words": said, "Evidence": trials}
    answers = [f"{kind}: {', '.join(found)}." for kind, found in kinds.items() if found]
    reason = str(statement.get("why_no_rule", ""))
    if reason:
        answers.append(reason if rules else f"No rule: {reason[0].lower()}{reason[1:]}")
    return [
        f"{name} ({', '.join(statement['sources'])})",
        statement["says"],
        ", ".join(statement["behaviour"]),
        " ".join(answers),
        ", ".join(statement.get("decisions", ())),
    ]


def _decision_row(name: str, decision: Mapping[str, Any]) -> list[str]:
    return [name, ", ".join(decision["between"]), decision["disagreement"], decision["decision"]]


def _trial_row(trial: Mapping[str, Any]) -> list[str]:
    size = str(trial["size"]) if "size" in trial else ""
    words = [trial["result"], trial.get("caution", ""), trial.get("cite", "")]
    return [trial["name"], trial["design"], size, OUTCOMES[trial["outcome"]], *words]


def _rule_rows(table: Table) -> Iterator[list[str]]:
    for card in sorted(table.cards.values(), key=lambda card: card.number):
        approved = f"{card.approved_by}, {card.approved_on}" if card.approved_by else "nobody yet"
        statements = sorted(card.statements, key=lambda name: int(name[1:]))
        yield [str(card.number), f"`{card.rule}`", ", ".join(statements), "; ".join(card.sources), approved]


def _rows(heads: list[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A Markdown table; a cell may hold no line break and no bare stroke."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    cleaned = [[re.sub(r"\s+", " ", cell).replace("|", "\\|").strip() for cell in row] for row in rows]
    return [*lines, *("| " + " | ".join(cells) + " |" for cells in cleaned)]


def main() -> int:
    table = read_table()
    wrong = complaints(table)
    for complaint in wrong:
        print(complaint, file=sys.stderr)
    if wrong:
        return 1
    PAGE.write_text(page(table), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
