"""How the prefetch of one call came, key by key: what drifts when somebody changes a client's templates.

Judged from the outside of each value, for every call and before anything is read, so that it costs next to nothing.
Whether a list that came is whole is another question, which `answers` judges and the cards tell.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from cds_service.fhir.answers import is_no_results, key_of
from cds_service.profiles import Profile
from cds_service.profiles.prefetch import our_key

CAME, NULL, FAILED, ABSENT, RENAMED = "came", "null", "failed", "absent", "renamed"
UNKNOWN = "unknown"
"""The key of what came under a name that means none of ours. The client's own words are never repeated."""
_LONGEST_NAME = 80
_BETTER = {CAME: 3, NULL: 2, FAILED: 1, ABSENT: 0}
States = tuple[tuple[str, str], ...]
"""(key, state) pairs: each expected key once as came, null, failed or absent, and once more where it was renamed."""


def prefetch_states(prefetch: Mapping[str, Any], expected: Iterable[str], profile: Profile) -> States:
    """The states of the `expected` keys, and of others that came. A key that came twice counts as the better one."""
    found: dict[str, str] = {}
    renamed: list[tuple[str, str]] = []
    for name, value in prefetch.items():
        key = name if name in expected else _key(name, profile) if len(name) <= _LONGEST_NAME else UNKNOWN
        state = _state(value)
        if key != name and key != UNKNOWN:
            renamed.append((key, RENAMED))
        known = found.get(key)
        if known is None or _BETTER[state] > _BETTER[known]:
            found[key] = state
    hoped_for = profile.prefetch_keys
    absent = [(key, ABSENT) for key in expected if key not in found and (not hoped_for or key in hoped_for)]
    return (*found.items(), *absent, *renamed)


@lru_cache(maxsize=1024)
def _key(name: str, profile: Profile) -> str:
    """Kept, since a client calls again and again with the same names."""
    return key_of(our_key(name, profile)) or UNKNOWN


def _state(value: Any) -> str:
    if value is None:
        return NULL
    if isinstance(value, list):
        return CAME
    if not isinstance(value, dict):
        return FAILED
    kind = value.get("resourceType")
    if kind == "Bundle":
        entries = value.get("entry")
        only = entries[0] if isinstance(entries, list) and len(entries) == 1 else None
        inner = only.get("resource") if isinstance(only, dict) else None
        if not isinstance(inner, dict) or inner.get("resourceType") != "OperationOutcome":
            return CAME
        value, kind = inner, "OperationOutcome"
    if kind == "OperationOutcome":
        return CAME if is_no_results(value) else FAILED
    return CAME if isinstance(kind, str) else FAILED
