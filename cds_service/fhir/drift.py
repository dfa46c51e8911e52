"""Prefetch against the record it was taken from: what came, what the FHIR server says, and where the two differ. Pure.

Resources are named by type and id, their differences by the names of elements: never a value of a patient's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cds_service.fhir.answers import Answer, judge, key_of
from cds_service.fhir.gather import Fetched
from cds_service.fhir.references import own

_NO_DRIFT = frozenset({"meta", "text", "fullUrl"})
ABSENT, NULL, FAILED, CAME = "absent", "null", "failed", "came"


@dataclass(frozen=True, slots=True)
class Drift:
    """One prefetch key of ours.

    `recorded` and `server` are `absent`, `null`, `failed` or `came`, with a cause where one is known and the number of
    resources. `under` is the client's own name of the key where it has another. `changed` is a resource and the names
    of its elements that differ.
    """

    key: str
    query: str
    recorded: str
    server: str
    recorded_cause: str = ""
    server_cause: str = ""
    recorded_count: int = 0
    server_count: int = 0
    under: str = ""
    only_recorded: tuple[str, ...] = ()
    only_server: tuple[str, ...] = ()
    changed: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def differs(self) -> bool:
        """Whether a rule could see something else; a list that is null or empty on both sides says the same."""
        if self.only_recorded or self.only_server or self.changed or self.recorded == FAILED or self.server == FAILED:
            return True
        return self.recorded == ABSENT or (self.recorded == NULL and self.server_count > 0)


def drift_of(key: str, query: str, prefetch: Mapping[str, Any], fetched: Fetched) -> Drift:
    """`prefetch` is that of the call, `fetched` the server's answer to `query`."""
    name, answer = _recorded(key, prefetch)
    state, cause = _state(key, answer)
    there = None if fetched.cause else judge(key, fetched.value)
    server, server_cause = _state(key, there) if there is not None else (FAILED, fetched.cause)
    ours, theirs = _by_name(answer), _by_name(there)
    comparable = state == CAME and server == CAME
    return Drift(
        key=key,
        query=query,
        recorded=state,
        server=server,
        recorded_cause=cause,
        server_cause=server_cause,
        recorded_count=len(ours),
        server_count=len(theirs),
        under=name if name not in ("", key) else "",
        only_recorded=tuple(sorted(ours.keys() - theirs.keys())) if server == CAME else (),
        only_server=tuple(sorted(theirs.keys() - ours.keys())) if state in (CAME, NULL) else (),
        changed=tuple(_changed(ours, theirs)) if comparable else (),
    )


def _recorded(key: str, prefetch: Mapping[str, Any]) -> tuple[str, Answer | None]:
    """The client's name of a key and what came under it; by content first, as the service itself recognises it."""
    answers = {name: judge(name, value) for name, value in prefetch.items()}
    for name, answer in sorted(answers.items(), key=lambda pair: (pair[0] != key, key_of(pair[0]) != key)):
        if key in answer.keys or key in answer.refused:
            return name, answer
    return "", None


def _state(key: str, answer: Answer | None) -> tuple[str, str]:
    if answer is None:
        return ABSENT, ""
    if answer.null:
        return NULL, ""
    if key in answer.refused:
        return FAILED, answer.refused[key]
    return (FAILED, answer.cause) if answer.cause else (CAME, "")


def _by_name(answer: Answer | None) -> dict[str, Mapping[str, Any]]:
    """Resources without an id cannot be told apart, so they are numbered by type."""
    found: dict[str, Mapping[str, Any]] = {}
    for _, resource in answer.resources if answer else ():
        kind = str(resource.get("resourceType"))
        nameless = f"{kind} without id, no. {sum(name.startswith(f'{kind} ') for name in found) + 1}"
        found[own(resource) or nameless] = resource
    return found


def _changed(
    ours: Mapping[str, Mapping[str, Any]], theirs: Mapping[str, Mapping[str, Any]]
) -> Iterable[tuple[str, tuple[str, ...]]]:
    for name in sorted(ours.keys() & theirs.keys()):
        names = (ours[name].keys() | theirs[name].keys()) - _NO_DRIFT
        different = sorted(one for one in names if ours[name].get(one) != theirs[name].get(one))
        if different:
            yield name, tuple(different)
