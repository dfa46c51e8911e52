"""Lay down a new rule: its function, its card, and two cases, from the templates in `scripts/new_rule/`.

    make rule NAME=my-new-rule [FAMILY=before-you-start] [NUMBER=42]

Why: a rule is three paths that share one name, and there is no list to edit. What is laid down is read by the service
at once and never speaks, so that nothing breaks; each place where a person has to write something says FILL IN, and the
tests name every such place. Works with any Python 3.11, without the virtual environment.
"""

import argparse
import json
import re
import sys
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

CHECKOUT = Path(__file__).resolve().parents[1]
TEMPLATES = Path(__file__).resolve().parent / "new_rule"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
FAMILIES = ("opioid", "pregnancy", "liver", "allergy", "dose", "surgery", "follow-up", "before-you-start", "order-set")
USUAL_FAMILY = "before-you-start"
REVIEW_DAYS = 181
"""About half a year, as on the other cards."""


class Refused(Exception):
    """What was asked for cannot be laid down; the text says why."""


def lay_down(checkout: Path, name: str, family: str, number: int | None, today: date) -> list[Path]:
    """Write the files and give their paths. Raises Refused, and writes nothing, where one of them is there already."""
    if not NAME.fullmatch(name):
        raise Refused("the name is the situation in small letters with hyphens, such as opioid-active")
    if family not in FAMILIES:
        raise Refused(f"there is no family {family}; there are {', '.join(FAMILIES)}")
    rule = checkout / "cds_service" / "rules" / f"{name.replace('-', '_')}.py"
    cases = checkout / "fhir_fixtures" / name
    cards = checkout / "cards"
    for path in (rule, cases, *cards.glob(f"*/{name}.md")):
        if path.exists():
            raise Refused(f"{path.relative_to(checkout)} is there already")
    taken = _numbers(cards)
    if number in taken:
        raise Refused(f"number {number} belongs to {taken[number]}")
    words = {
        "RULE": name,
        "NUMBER": str(number or max(taken, default=0) + 1),
        "FAMILY": family,
        "TODAY": today.isoformat(),
        "REVIEW": (today + timedelta(days=REVIEW_DAYS)).isoformat(),
    }
    files = {
        rule: _template("rule.txt", words),
        cards / family / f"{name}.md": _template("card.txt", words),
    }
    for case, fires in (("fires-example", True), ("silent-example", False)):
        instance = str(uuid5(NAMESPACE_URL, f"urn:ldn-cds:case:{name}/{case}"))
        files[cases / case / "request.json"] = _template("request.json", {"INSTANCE": instance})
        files[cases / case / "expected.json"] = _json(_expected(words, fires=fires))
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return list(files)


def _numbers(cards: Path) -> dict[int, str]:
    """Number in the rulebook -> rule, of every card that can be read."""
    fronts = [path.read_text("utf-8").split("+++\n", 2)[1] for path in sorted(cards.glob("*/*.md"))]
    found = [tomllib.loads(front) for front in fronts]
    return {front["number"]: front["rule"] for front in found}


def _template(name: str, words: dict[str, str]) -> str:
    text = (TEMPLATES / name).read_text("utf-8")
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text


def _expected(words: dict[str, str], *, fires: bool) -> dict[str, Any]:
    """The shared patient gets the titration order set; where the rule fires, its own line stands before it."""
    own = {"rule": words["RULE"], "indicator": "info"}
    order_set = {"rule": "titration-order-set", "indicator": "info"}
    together = [order_set, own] if fires and words["FAMILY"] == "order-set" else [order_set]
    cards = [{"leader": order_set["rule"], "indicator": "info", "findings": together}]
    if fires and words["FAMILY"] != "order-set":
        cards.insert(0, {"leader": own["rule"], "indicator": "info", "findings": [own]})
    said = "must speak" if fires else "must stay silent, because of one difference"
    return {
        "title": f"FILL IN the situation in which {words['RULE']} {said}.",
        "synthetic": True,
        "as_of": "2026-03-02",
        "release": "R4",
        "cases": [],
        "rulebook": f"{words['NUMBER']} {'fires' if fires else 'not (1)'}",
        "cards": cards,
        "never": [] if fires else [words["RULE"]],
    }


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


NEXT = """
Next:
  1. the cases: change one thing in fires-example/request.json, and one thing less in silent-example/request.json;
     say in expected.json what must come, and give both folders a name that says what differs
  2. the card: every FILL IN, `statements`, `sources`, the headline
  3. the rule: its docstring and `_applies`
  4. make test: it names what is still missing, file by file; make evidence writes the page of statements anew
"""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Lay down a new rule, its card and two cases.")
    parser.add_argument("name", help="id of the rule, such as opioid-active: the situation, not the advice")
    parser.add_argument("--family", default="", help=f"folder of the card (default {USUAL_FAMILY})")
    parser.add_argument("--number", default="", help="number in the rulebook (default: the next one)")
    asked = parser.parse_args(arguments)
    try:
        number = int(asked.number) if asked.number else None
        made = lay_down(CHECKOUT, asked.name, asked.family or USUAL_FAMILY, number, date.today())
    except (Refused, ValueError) as refusal:
        print(f"make rule: {refusal}", file=sys.stderr)
        return 1
    for path in made:
        print(path.relative_to(CHECKOUT))
    print(NEXT)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
