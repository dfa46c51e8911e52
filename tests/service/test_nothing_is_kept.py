"""Whatever a call held is given back when it has been answered, without anybody looking for circles of references.

A circle that holds the request keeps all of it in memory until the collector runs, and then the collector takes longer
than the answer did.
"""

import gc
import json
from datetime import UTC
from typing import Any

import pytest

from cds_service.cli.cases import read_case
from cds_service.content import cards_dir, fixtures_dir
from cds_service.hooks.request import read_request
from cds_service.present.knowledge import read_knowledge
from cds_service.service import Place, respond

MARK = "kept-marker"
CASES = (
    "opioid-active/fires-c02-oxycodone-statement-active",
    "titration-order-set/fires-c01-new-start",
    "titration-order-set/fires-new-start-stu3",
)


def _marked(value: Any) -> Any:
    """The body with a mark in every resource, by which it is found again."""
    if isinstance(value, dict):
        marked = {name: _marked(inner) for name, inner in value.items()}
        return marked | {"implicitRules": MARK} if "resourceType" in value else marked
    return [_marked(inner) for inner in value] if isinstance(value, list) else value


def _kept() -> int:
    return sum(type(one) is dict and one.get("implicitRules") == MARK for one in gc.get_objects())


@pytest.mark.parametrize("name", CASES)
def test_an_answered_call_leaves_no_resource_behind(name: str) -> None:
    case = read_case(fixtures_dir() / name)
    knowledge, place = read_knowledge(cards_dir()), Place("http://localhost:8080", UTC)
    body = _marked(json.loads((fixtures_dir() / name / "request.json").read_text("utf-8")))
    gc.collect()
    gc.disable()
    try:
        assert _kept() > 3
        answer = respond(read_request(body, body["hook"]), None, case.as_of, knowledge, place)
        assert answer.cards
        del body, answer
        left = _kept()
    finally:
        gc.enable()
    assert left == 0
