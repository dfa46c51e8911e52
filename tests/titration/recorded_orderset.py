"""The order set as it leaves, whole: what is offered, step-downs, corrected drafts, and the definitions for import.

    make findings        writes it anew; then read the difference before you commit it

Every sentence, date, quantity and reference of the set for a start on 2 March 2026, as a reader would look for it.
The tests beside this file say what has to hold of it; this says that nothing else of it has changed.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from cds_service.record import DraftOrder
from cds_service.titration import OrderSet, shipped, suggestions
from cds_service.titration.correction import correction
from cds_service.titration.plan_definition import Published, activity_definitions, plan_definitions

FOLDER = Path(__file__).with_name("recorded")
HERE = Published("https://cds.example.test", "1.2.3")
DRAFT = {
    "resourceType": "MedicationRequest",
    "id": "ldn",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/nina"},
    "medicationCodeableConcept": {"text": "naltrexone 1.5 mg capsule"},
    "reasonCode": [{"text": "Fibromyalgia"}],
    "insurance": [{"reference": "Coverage/1"}],
}
START = date(2026, 3, 2)
CORRECTIONS = [
    ("4.5", "", "HS"), ("4.5", "4.5", "HS"), ("3", "1.5", "MORN"), ("", "1.5", "HS"), ("1.5", "1.5", "HS"),
]  # fmt: skip


def _offered(order_set: OrderSet, start: date, resource: dict[str, Any], release: str = "R4", **more: Any) -> Any:
    reference = f"MedicationRequest/{resource['id']}" if "id" in resource else ""
    return suggestions(
        DraftOrder(reference, "x", None, resource=resource),
        start,
        more.pop("recommended", "V1"),
        release,
        "nina",
        "Practitioner/doc",
        "enc",
        more.pop("include", frozenset()),
        lambda name: f"uuid of {name}",
        "set-1",
        order_set,
        **more,
    )


def pages() -> dict[str, Callable[[], Any]]:
    """Name of a file -> what makes its content."""
    shipped_set = shipped()
    everything = replace(shipped_set, variants=tuple(replace(one, enabled=True) for one in shipped_set.variants))
    upright = [one for one in everything.variants if one.step_down is None]
    first = replace(shipped_set, variants=tuple(upright[:1]))
    very_slow = replace(everything, variants=tuple(upright[-1:]))
    labs = frozenset(rule.id for rule in shipped_set.labs)
    no_id = {name: value for name, value in DRAFT.items() if name != "id"}
    found: dict[str, Callable[[], Any]] = {
        "offered": lambda: _offered(shipped_set, START, DRAFT),
        "with-every-test-and-filler": lambda: _offered(
            first, START, DRAFT, include=labs, fillers=tuple(shipped_set.fillers)
        ),
        "very-slow": lambda: _offered(very_slow, START, DRAFT, recommended="V3b"),
        "over-the-turn-of-the-year": lambda: _offered(first, date(2026, 12, 7), DRAFT),
        "without-an-id": lambda: _offered(first, START, no_id),
        "corrections": lambda: [repr(correction(shipped_set, *asked)) for asked in CORRECTIONS],
        "plan-definitions": lambda: plan_definitions(everything, HERE),
        "activity-definitions": lambda: activity_definitions(everything, HERE),
        "stu3": lambda: _offered(first, START, _short("MedicationRequest"), "STU3"),
        "dstu2": lambda: _offered(first, START, _short("MedicationOrder"), "DSTU2"),
    }
    for variant in shipped_set.variants:
        if variant.step_down is not None:
            found[f"step-down-{variant.id}"] = partial(
                _offered,
                shipped_set,
                START,
                DRAFT,
                recommended=variant.id,
                step_down=variant,
                prior="MedicationRequest/old",
            )
    return found


def _short(kind: str) -> dict[str, Any]:
    return {"resourceType": kind, "id": "ldn", "status": "draft"}


def page(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name, content in pages().items():
        (FOLDER / f"{name}.json").write_text(page(content()), "utf-8")


if __name__ == "__main__":
    sys.exit(write())
