"""A hook call as this service speaks of it, read from the JSON that clients really send.

The schema `request.json` says what is required and what is forgiven; this module brings the forgiven spellings into one
shape. Prefetch values are passed on as they came: what they mean is judged where FHIR is read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cds_service.errors import (
    BadFhirAccess,
    BadHookInstance,
    HookMismatch,
    InvalidRequest,
    MissingField,
    TooManyEntries,
)
from cds_service.hooks.schemas import Fault, schema

MOST_ENTRIES = 20_000
EXTENSION = "org.ldn-cds"
"""Our own member of every `extension`, in calls and answers."""
_ORDER_KEYS = ("draftOrders", "medications")


@dataclass(frozen=True, slots=True)
class Entry:
    """A draft order (or what a draft order refers to) with the fullUrl of its Bundle entry, empty where none came."""

    resource: Mapping[str, Any]
    full_url: str = ""


@dataclass(frozen=True, slots=True)
class HookRequest:
    """One call. Ids are bare (`abc`, never `Patient/abc`); what the client did not send is an empty string.

    `orders_sent` is false where neither draftOrders nor medications came. `selections` are references as the client
    spelled them, None where it sent none. In `prefetch`, an absent key was not asked, None was asked and found nothing.
    `explain` is true where the client asks why each rule did or did not fire.
    `fhir_server` has no slash at its end. `token` and `token_patient` come from fhirAuthorization; the token is never
    stored or logged.
    """

    hook: str
    instance: str
    patient_id: str
    user_id: str
    encounter_id: str
    drafts: tuple[Entry, ...] = field(repr=False)
    orders_sent: bool
    selections: tuple[str, ...] | None
    prefetch: Mapping[str, Any] = field(repr=False)
    fhir_server: str
    token: str = field(repr=False)
    token_patient: str = ""
    explain: bool = False


def read_request(body: Any, hook: str, *, most_entries: int = MOST_ENTRIES) -> HookRequest:
    """The call in `body`, which must be one of `hook`.

    Raises InvalidRequest or one of its kinds, and TooManyEntries where drafts and prefetch hold more Bundle entries
    than `most_entries`.
    """
    fault = schema("request").fault(body)
    if fault is not None:
        raise _refusal(fault)
    context = body["context"]
    if body["hook"] != hook:
        raise HookMismatch(f"This service answers {hook}; the call names another hook.", expression="hook")
    server, token, token_patient = _fhir_access(body)
    prefetch = _prefetch(body.get("prefetch") or {})
    _bound(context, prefetch, most_entries)
    return HookRequest(
        hook=hook,
        instance=body["hookInstance"].lower(),
        patient_id=_id(_stated(body, "patientId", "patient"), "Patient", "context.patientId"),
        user_id=_stated(body, "userId", "user"),
        encounter_id=_id((context.get("encounterId") or "").strip(), "Encounter", "context.encounterId"),
        drafts=tuple(_drafts(context)),
        orders_sent=any(context.get(key) is not None for key in _ORDER_KEYS),
        selections=_selections(context.get("selections")),
        prefetch=prefetch,
        fhir_server=server,
        token=token,
        token_patient=token_patient,
        explain=_asks_why(body.get("extension")),
    )


def _asks_why(extension: Any) -> bool:
    """`{"org.ldn-cds": {"explain": true}}`; whatever else stands there is somebody else's."""
    ours = extension.get(EXTENSION) if isinstance(extension, Mapping) else None
    return isinstance(ours, Mapping) and ours.get("explain") is True


def _refusal(fault: Fault) -> InvalidRequest:
    kind: type[InvalidRequest] = InvalidRequest
    if fault.keyword == "required":
        kind = MissingField
    elif fault.path == "hookInstance":
        kind = BadHookInstance
    elif fault.path.startswith("fhir"):
        kind = BadFhirAccess
    return kind(fault.text, expression=fault.path)


def _stated(body: Mapping[str, Any], field_name: str, old_name: str) -> str:
    """A required context field, or what stood in its place at the top of a call before CDS Hooks 1.0."""
    old = body.get(old_name)
    stated: str = body["context"].get(field_name) or (old if isinstance(old, str) else "")
    if not stated.strip():
        raise MissingField(f"context.{field_name} is required.", expression=f"context.{field_name}")
    return stated.strip()


def _id(reference: str, kind: str, path: str) -> str:
    """`x` from `x`, `Patient/x`, `Patient/x/_history/2` or an absolute URL that ends so."""
    steps = reference.partition("/_history/")[0].split("/")
    if (len(steps) > 1 and steps[-2] != kind) or (reference and not steps[-1]):
        raise InvalidRequest(f"{path} must be the id of one {kind}.", expression=path)
    return steps[-1]


def _fhir_access(body: Mapping[str, Any]) -> tuple[str, str, str]:
    server = body.get("fhirServer") or ""
    authorization = body.get("fhirAuthorization")
    if server and not _is_web_address(server):
        raise BadFhirAccess("fhirServer must be an absolute http or https URL.", expression="fhirServer")
    if authorization is None:
        return server.rstrip("/"), "", ""
    if not server:
        raise BadFhirAccess("fhirServer is required beside fhirAuthorization.", expression="fhirServer")
    patient = (authorization.get("patient") or "").strip()
    return (
        server.rstrip("/"),
        authorization["access_token"],
        _id(patient, "Patient", "fhirAuthorization.patient"),
    )


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        return False


def _selections(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(value)


def _prefetch(sent: Mapping[str, Any]) -> Mapping[str, Any]:
    """Prefetch with the pre-1.0 wrapping {"response", "resource"} taken off (published requests still have it).

    A wrapping without a resource says that nothing was got, not that nothing is there; only a 404 says the latter.
    """
    values: dict[str, Any] = {}
    for key, value in sent.items():
        if not isinstance(value, dict) or "resourceType" in value or not isinstance(value.get("response"), dict):
            values[key] = value
        elif value.get("resource") is not None:
            values[key] = value["resource"]
        elif str(value["response"].get("status", "")).strip().startswith("404"):
            values[key] = None
    return values


def _drafts(context: Mapping[str, Any]) -> Iterator[Entry]:
    """Every draft under either key. A client that sends the same order under both means one order."""
    first: dict[str, Mapping[str, Any]] = {}
    for entry in _entries(context.get("draftOrders")):
        first.setdefault(_name(entry.resource), entry.resource)
        yield entry
    for entry in _entries(context.get("medications")):
        if "id" not in entry.resource or first.get(_name(entry.resource)) != entry.resource:
            yield entry


def _name(resource: Mapping[str, Any]) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def _entries(value: Any) -> Iterator[Entry]:
    holders = value if isinstance(value, list) else [value]
    for holder in holders:
        if holder is None:
            continue
        if holder.get("resourceType") == "Bundle" or isinstance(holder.get("entry"), list):
            entries = holder.get("entry") or []
        elif "resourceType" in holder:
            entries = [{"resource": holder}]
        else:
            entries = [holder]
        for entry in entries:
            if not entry or not entry.get("resource"):
                continue
            if isinstance(entry["resource"].get("entry"), list):
                yield from _entries(entry["resource"])
            else:
                full_url = entry.get("fullUrl")
                yield Entry(entry["resource"], full_url if isinstance(full_url, str) else "")


def _bound(context: Mapping[str, Any], prefetch: Mapping[str, Any], most: int) -> None:
    count = 0
    for value in (*prefetch.values(), *(context.get(key) for key in _ORDER_KEYS)):
        if isinstance(value, list):
            count += len(value)
        elif isinstance(value, dict) and isinstance(value.get("entry"), list):
            count += len(value["entry"])
    if count > most:
        raise TooManyEntries(f"The call holds more than {most} Bundle entries.")
