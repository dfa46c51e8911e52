"""No text of a call makes a regular expression slow, whichever field it stands in (trust T6)."""

import copy
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC
from functools import cache
from typing import Any

import pytest

from cds_service.cli.cases import case_folders, read_case
from cds_service.content import cards_dir, fixtures_dir
from cds_service.errors import RefusedRequest
from cds_service.hooks.request import read_request
from cds_service.present.knowledge import Knowledge, read_knowledge
from cds_service.service import Place, respond

LENGTH = 20_000
# Of the process, not of the clock. A pattern that looks at all pairs of places took two seconds for this length.
LONGEST_SECONDS = 1.0
PLACE = Place("https://ldn.example", UTC)
BRICKS = (
    " ",
    "1",
    "a ",
    "1 mg ",
    "1-",
    "1/",
    "day 1 ",
    "2026-01-",
    "every ",
    "history of ",
    "low dose ",
    ".",
    "for 1 ",
)
Path = tuple[str | int, ...]


@cache
def knowledge() -> Knowledge:
    return read_knowledge(cards_dir())


def leaves(value: Any, kind: str = "", path: Path = ()) -> Iterator[tuple[tuple[str, str], Path]]:
    """Every text with the type of its resource and the name of its field."""
    if isinstance(value, dict):
        kind = str(value.get("resourceType", kind))
        for name, part in value.items():
            yield from leaves(part, kind, (*path, name))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from leaves(part, kind, (*path, place))
    elif isinstance(value, str) and path[-1] != "resourceType":
        yield (kind, ".".join(step for step in path[-2:] if isinstance(step, str))), path


def fields() -> dict[str, tuple[Any, Path]]:
    """One case and place for each kind of field that the sample has."""
    found: dict[str, tuple[Any, Path]] = {}
    for folder in case_folders(fixtures_dir())[::20]:
        case = read_case(folder)
        for (kind, name), path in leaves(case.request):
            if path[0] in ("context", "prefetch") and len(path) > 2:
                found.setdefault(f"{kind}.{name}", (case, path))
    return found


FIELDS = fields()


def seconds(case: Any, path: Path, text: str) -> float:
    body = copy.deepcopy(dict(case.request))
    target: Any = body
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = text
    begun = time.process_time()
    with suppress(RefusedRequest):
        respond(read_request(body, case.request["hook"]), None, case.as_of, knowledge(), PLACE)
    return time.process_time() - begun


def test_the_sample_has_many_kinds_of_fields() -> None:
    assert len(FIELDS) > 60
    assert {name.partition(".")[0] for name in FIELDS} > {"Patient", "MedicationRequest", "Condition", "Observation"}


@pytest.mark.parametrize("field", FIELDS)
def test_a_long_text_in_any_field_costs_little(field: str) -> None:
    case, path = FIELDS[field]
    seconds(case, path, "warm")
    texts = [f"naltrexone 1{brick * (LENGTH // len(brick))}x" for brick in BRICKS]
    assert [text[:30] for text in texts if seconds(case, path, text) > LONGEST_SECONDS] == []
