"""The wire in JSON Schema (draft 2020-12), our own: request, response, feedback entry, discovery.

Two libraries read the same file. jsonschema_rs says in microseconds whether all is well, which it nearly always is;
only where it says no does jsonschema look for the reason, because it names the place.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import jsonschema_rs
import orjson


@dataclass(frozen=True, slots=True)
class Fault:
    """What a schema dislikes: where (`context.patientId`, empty at the top), which keyword, and a sentence.

    The sentence is built from the schema and never repeats the value, which may be a patient's or megabytes long.
    """

    path: str
    keyword: str
    text: str


class Schema:
    """One schema, compiled for both readers."""

    def __init__(self, name: str) -> None:
        self.document: dict[str, Any] = orjson.loads((files(__name__) / f"{name}.json").read_bytes())
        self.quick = jsonschema_rs.validator_for(self.document)
        self.exact = jsonschema.Draft202012Validator(self.document)

    def fault(self, value: Any) -> Fault | None:
        """The first fault in the order of the schema, or None."""
        if self.quick.is_valid(value):
            return None
        error = next(self.exact.iter_errors(value), None)
        return None if error is None else _fault(error)

    def faults(self, value: Any) -> list[Fault]:
        """Every fault, in the order of the schema: for a person who repairs a file, not for an answer.

        One for each place and sentence: a short string may break the length and the pattern of the same member.
        """
        if self.quick.is_valid(value):
            return []
        found = [_fault(error) for error in self.exact.iter_errors(value)]
        return list({(fault.path, fault.text): fault for fault in reversed(found)}.values())[::-1]


@cache
def schema(name: str) -> Schema:
    """The schema of that name, compiled once in a process."""
    return Schema(name)


def _fault(error: Any) -> Fault:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path).lstrip(".")
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        path = f"{path}.{missing}".lstrip(".")
        return Fault(path, "required", f"{path} is required.")
    if error.schema is False:
        return Fault(path, "false", f"{path} must not be here.")
    reason = error.schema.get("description", f"breaks the rule '{error.validator}' of the schema")
    return Fault(path, str(error.validator), f"{path or 'The body'} {reason}.")
