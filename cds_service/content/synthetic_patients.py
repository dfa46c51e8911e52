"""The shipped cases as patients of a pretended record: who there is, and the record of one of them.

For the page at `/`, which plays an EHR. Only R4 cases, since the page writes R4 orders; only cases whose data come with
the call, since the page is no FHIR server.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from cds_service.content import fixtures_dir
from cds_service.content.shifted_dates import Shift

_RELEASE = "R4"
_URGENCY = ("critical", "warning", "info")


@cache
def patients() -> Mapping[str, Mapping[str, Any]]:
    """`<rule>/<case>` -> what a list of patients shows: `id`, `rule`, `title`, and the most urgent card, if any.

    Read when somebody first asks and kept: a service whose page nobody opens never reads the cases.
    """
    found = {}
    for folder in sorted(path.parent for path in fixtures_dir().glob("*/*/expected.json")):
        expected = _object(folder / "expected.json")
        if expected["release"] != _RELEASE or (folder / "server.json").exists():
            continue
        indicators = {card["indicator"] for card in expected["cards"]}
        name = f"{folder.parent.name}/{folder.name}"
        found[name] = {
            "id": name,
            "rule": folder.parent.name,
            "title": expected["title"],
            "expects": next((urgency for urgency in _URGENCY if urgency in indicators), "none"),
        }
    return found


def patient(name: str, today: date) -> Mapping[str, Any] | None:
    """One of `patients()` with `context` and `prefetch` of its call, moved so that the case's day is `today`.

    None where there is no such patient. The name is looked up, never made into a path.
    """
    known = patients().get(name)
    if known is None:
        return None
    folder = fixtures_dir() / name
    request = _object(folder / "request.json")
    shift = Shift(date.fromisoformat(_object(folder / "expected.json")["as_of"]), today)
    return {
        **known,
        "asOf": today.isoformat(),
        "context": shift.value(request["context"]),
        "prefetch": shift.value(request.get("prefetch", {})),
    }


def _object(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = orjson.loads(path.read_bytes())
    return value
