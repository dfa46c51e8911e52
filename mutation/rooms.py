"""What is changed, room by room, and which tests may notice it."""

from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
BUILD = CHECKOUT / "build" / "mutation"
CODE = CHECKOUT / "cds_service"
CARDS = CHECKOUT / "cards"

ROOMS: dict[str, tuple[str, ...]] = {
    "rules": ("cds_service/rules/*.py",),
    "record": ("cds_service/record/*.py",),
    "titration": ("cds_service/titration/*.py",),
    "definitions": ("cds_service/definitions/*.py",),
    "numbers": ("cards/thresholds.toml", "cards/order-set/titration.toml"),
}
"""Room -> the files in which things are changed, from the checkout."""

TESTS = (
    "tests/definitions",
    "tests/rules",
    "tests/record",
    "tests/titration",
    "tests/present",
    "tests/service",
    "tests/fhir/test_read_allergies_procedures.py",
    "tests/fhir/test_read_releases.py",
    "tests/content/test_recorded_findings.py",
    "tests/content/test_every_case.py",
    "tests/documentation/test_evidence_table.py",
    "tests/web/test_door_plan_definitions.py",
)
"""The tests that judge what these rooms decide. Leaving some out can only lower the share of changes noticed."""


def files(room: str, only: tuple[str, ...] = ()) -> Iterator[Path]:
    """The files of a room, or those of them whose path begins with one of `only`."""
    for pattern in ROOMS[room]:
        for path in sorted(CHECKOUT.glob(pattern)):
            if not only or str(path.relative_to(CHECKOUT)).startswith(only):
                yield path


def module_name(path: Path) -> str:
    """`cds_service.rules.opioid_active` for its file."""
    parts = path.relative_to(CHECKOUT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
