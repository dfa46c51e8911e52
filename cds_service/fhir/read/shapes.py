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
def _validators() -> Mapping[str, Any]:
    document = json.loads(files(__package__).joinpath("shapes.json").read_text("utf-8"))
    shapes = document["$defs"]
    return {
        name: jsonschema_rs.validator_for({"$defs": shapes, "$ref": f"#/$defs/{name}"})
        for name in shapes
        if name[0].isupper()
    }


def is_readable(resource: Mapping[str, Any]) -> bool:
    """True where the elements that rules rely on have the JSON types FHIR gives them."""
    kind = str(resource.get("resourceType"))
    validator = _validators().get(_ALIASES.get(kind, kind))
    return validator is None or bool(validator.is_valid(resource))


_DATES = (
    "effectiveDateTime", "dateAsserted", "authoredOn", "dateWritten", "whenHandedOver", "whenPrepared", "statusChanged",
    "onsetDateTime", "recordedDate", "assertedDate", "dateRecorded", "abatementDateTime", "valueDateTime",
)  # fmt: skip
_PERIODS = ("effectivePeriod", "onsetPeriod", "abatementPeriod")


def has_real_dates(resource: Mapping[str, Any]) -> bool:
    """False where a date has the form of one and no such day exists (2026-13-45): it would read as undated."""
    periods = [resource[name] for name in _PERIODS if isinstance(resource.get(name), dict)]
    said = [resource[name] for name in _DATES if name in resource]
    said += [period[end] for period in periods for end in ("start", "end") if end in period]
    return all(first_day(value, UTC) is not None for value in said)
