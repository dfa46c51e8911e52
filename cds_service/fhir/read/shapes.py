"""Can a resource be read at all? Small schemas of our own, checked by jsonschema-rs at about 3 µs a resource.

Full FHIR validation is a hundred times slower, and one vendor quirk in one of a thousand resources would void the
check for elements no rule looks at.
"""

import json
from collections.abc import Mapping
from datetime import UTC
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

from cds_service.fhir.dates import first_day

_ALIASES = {"MedicationOrder": "MedicationRequest"}


@cache
def shapes() -> Mapping[str, Any]:
    """By resource type, what says whether the elements that rules rely on have the JSON types FHIR gives them.

    A type without a shape is always readable.
    """
    definitions = json.loads(files(__package__).joinpath("shapes.json").read_text("utf-8"))["$defs"]
    named = {
        name: jsonschema_rs.validator_for({"$defs": definitions, "$ref": f"#/$defs/{name}"})
        for name in definitions
        if name[0].isupper()
    }
    return named | {alias: named[name] for alias, name in _ALIASES.items()}


_DATES = frozenset((
    "effectiveDateTime", "dateAsserted", "authoredOn", "dateWritten", "whenHandedOver", "whenPrepared", "statusChanged",
    "onsetDateTime", "recordedDate", "assertedDate", "dateRecorded", "abatementDateTime", "valueDateTime",
    "effectiveTimeDateTime", "occurenceDateTime",
))  # fmt: skip
_PERIODS = frozenset(("effectivePeriod", "effectiveTimePeriod", "occurencePeriod", "onsetPeriod", "abatementPeriod"))


def has_real_dates(resource: Mapping[str, Any]) -> bool:
    """False where a date has the form of one and no such day exists (2026-13-45): it would read as undated."""
    for name in _DATES.intersection(resource):
        if first_day(resource[name], UTC) is None:
            return False
    for name in _PERIODS.intersection(resource):
        period = resource[name]
        if isinstance(period, dict):
            for end in ("start", "end"):
                if end in period and first_day(period[end], UTC) is None:
                    return False
    return True
