"""What a line of the log may say, whoever speaks."""

import ast
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

import cds_service
from cds_service.web.telemetry.log import FACTS, JsonLines

HOUSE = Path(cds_service.__file__).parent
SECRET = "Kanarienvogel"


def line(name: str, message: Any, *arguments: Any, **more: Any) -> dict[str, Any]:
    record = logging.getLogger(name).makeRecord(name, logging.WARNING, "", 0, message, arguments, None, extra=more)
    written: dict[str, Any] = orjson.loads(JsonLines().format(record))
    return written


def test_a_line_of_ours_is_its_event_and_its_facts() -> None:
    told = line("cds_service.web.hooks", "call", facts={"tenant": "north", "cards": 2, "ran": True})
    assert {name: told[name] for name in told if name != "time"} == {
        "level": "WARNING", "logger": "cds_service.web.hooks", "event": "call",
        "tenant": "north", "cards": 2, "ran": True,
    }  # fmt: skip
    assert told["time"].endswith("+00:00")


def test_a_fact_of_another_name_is_counted_and_not_written() -> None:
    told = line("cds_service.web.hooks", "call", facts={"cards": 2, "patient": SECRET, SECRET: 1})
    assert (told["cards"], told["withheld"]) == (2, 2)
    assert SECRET not in str(told)
    assert "patient" not in told


def test_of_a_value_that_is_no_json_only_the_class_is_written() -> None:
    assert line("cds_service", "x", facts={"cause": ValueError(SECRET)})["cause"] == "ValueError"


@pytest.mark.parametrize("value", ["half a character \ud800", 2**80])
def test_a_line_that_cannot_be_written_whole_is_written_without_its_facts(value: object) -> None:
    told = line("cds_service", "call", facts={"cause": value, "cards": 1})
    assert (told["event"], told["withheld"]) == ("'call'", 2)


@pytest.mark.parametrize(
    ("name", "message", "arguments", "said"),
    [
        ("urllib3", "Failed to parse %s", (SECRET,), "Failed to parse %s"),
        ("sqlalchemy.pool", f"Exception closing {SECRET}", (), "a library's own words"),
        ("gunicorn.error", "Error handling request %s %s", ("POST", SECRET), "Error handling request %s %s"),
        ("gunicorn.error", f"Invalid request: {SECRET}", (), "a library's own words"),
        ("gunicorn.error", "Booting worker with pid: %s", (7,), "Booting worker with pid: 7"),
        ("root", ValueError(SECRET), (), "a library's own words"),
        ("py.warnings", "%s", (SECRET,), "%s"),
    ],
)
def test_of_a_librarys_record_only_what_its_source_says_is_written(
    name: str, message: Any, arguments: tuple[Any, ...], said: str
) -> None:
    told = line(name, message, *arguments)
    assert told["event"] == said
    assert SECRET not in str(told)


def test_every_fact_that_the_service_tells_has_its_name_in_the_list() -> None:
    told = {fact for path in HOUSE.rglob("*.py") for fact in facts_in(ast.parse(path.read_text("utf-8")), path)}
    assert len(told) > 25
    assert [f"{path.relative_to(HOUSE)}: {name}" for path, name in sorted(told) if name not in FACTS] == []


def facts_in(tree: ast.AST, path: Path) -> Iterator[tuple[Path, str]]:
    """Keys of dicts that are called `facts` or `log`, or stand at "facts" inside another."""
    for node in ast.walk(tree):
        found: list[ast.expr | None] = []
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id in ("facts", "log") for target in targets):
                found = [node.value]
        elif isinstance(node, ast.Dict):
            found = [
                value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and key.value == "facts"
            ]
        for value in found:
            if isinstance(value, ast.Dict):
                yield from ((path, key.value) for key in value.keys if isinstance(key, ast.Constant))
