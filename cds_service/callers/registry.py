"""The file of clients: one trust record a caller, in TOML. Nothing is trusted that does not stand in it (trust 7.2).

What is wrong is named with file, entry and field, and no value is repeated, since it may have come out of a secret.
`{ env = "NAME" }` stands for the value of an environment variable, wherever a text may stand.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema
import orjson

from cds_service.callers import Caller
from cds_service.callers.keys import BadKey, KeySet, key_set, read_key_set
from cds_service.errors import BadClients
from cds_service.outbound import TEST_PREFIX, registered
from cds_service.profiles import profile_names, profile_of

ENDPOINTS = "/cds-services"
TOKEN_SECONDS = 300
_LEEWAY_SECONDS = 60
# In each worker. Far above what prescribers of one hospital sign, and half of the threads.
_CALLS_A_SECOND = 50
_CALLS_AT_A_TIME = 8
_MOST_FILE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """What the installation says about all callers: where it is, how long it takes, which hooks it offers.

    Without `budget_seconds` a caller has the time that its profile gives.
    """

    base_url: str
    budget_seconds: float | None
    hooks: frozenset[str]


@dataclass(frozen=True, slots=True)
class TrustRecord:
    """What is agreed with one caller. Times are seconds. `keys` are there where none are fetched from `jwks_url`.

    `audiences` are exact; none stands for the base URL of the installation and the path of the endpoint.
    """

    caller: Caller
    issuer: str
    algorithms: frozenset[str]
    tenant_claim: str = ""
    subject: str = ""
    jwks_url: str = ""
    jku: str = ""
    keys: KeySet | None = field(default=None, repr=False)
    audiences: tuple[str, ...] = ()
    max_token_seconds: int = TOKEN_SECONDS
    leeway_seconds: int = _LEEWAY_SECONDS
    enforces_single_use: bool = True

    @property
    def tenant(self) -> str:
        return self.caller.tenant

    def audiences_of(self, path: str, base_url: str) -> frozenset[str]:
        """The audiences that are good for an endpoint such as `/cds-services/ldn-order-sign`.

        A listed address of an endpoint counts there and for the feedback on it, and nowhere else. What is no such
        address, like the `sand_man` of one sandbox, counts at every endpoint.
        """
        if not self.audiences:
            return frozenset({base_url + path})
        return frozenset(audience for audience in self.audiences if _leads_to(audience, path))


@dataclass(frozen=True, slots=True)
class Registry:
    """All trust records, and the files that they were read from."""

    records: tuple[TrustRecord, ...]
    files: tuple[Path, ...] = ()

    def by_issuer(self, issuer: str) -> tuple[TrustRecord, ...]:
        return tuple(record for record in self.records if record.issuer == issuer)


def read_registry(path: Path, environ: Mapping[str, str], terms: Terms) -> Registry:
    """The registry in a file. Raises BadClients for the first thing that cannot be used."""
    entries = _entries(path, environ)
    records = tuple(_record(_Entry(path, name, entry), terms) for name, entry in entries.items())
    for one, other in combinations(records, 2):
        if one.issuer == other.issuer and not _told_apart(one, other):
            raise BadClients(
                f"{path}: [clients.{other.tenant}] issuer is that of [clients.{one.tenant}] too: both need their own "
                "tenant_claim, or both their own subject."
            )
    keys = (_keys_path(path, entry["keys_file"]) for entry in entries.values() if "keys_file" in entry)
    return Registry(records, (path, *keys))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry as it stands in the file, and how to complain of it."""

    path: Path
    tenant: str
    values: Mapping[str, Any]

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    def bad(self, field_name: str, complaint: str) -> BadClients:
        return BadClients(f"{self.path}: [clients.{self.tenant}] {field_name} {complaint}.")


def _entries(path: Path, environ: Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
    try:
        with path.open("rb") as opened:
            raw = opened.read(_MOST_FILE_BYTES + 1)
        if len(raw) > _MOST_FILE_BYTES:
            raise BadClients(f"{path} is larger than {_MOST_FILE_BYTES} bytes.")
        written = tomllib.loads(raw.decode("utf-8"))
    except OSError as fault:
        raise BadClients(f"{path} cannot be read: {fault.strerror}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as fault:
        place = str(fault).rpartition("(at ")[2].rstrip(")") if isinstance(fault, tomllib.TOMLDecodeError) else ""
        raise BadClients(f"{path} is not TOML in UTF-8{f': {place}' if place else ''}.") from None
    resolved = _with_environment(path, written, environ)
    dislike = jsonschema.exceptions.best_match(_schema().iter_errors(resolved))
    if dislike is not None:
        raise BadClients(f"{path}: {_complaint(dislike)}.")
    clients: Mapping[str, Mapping[str, Any]] = resolved["clients"]
    return clients


@cache
def _schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(orjson.loads((files(__package__) / "clients.json").read_bytes()))


def _with_environment(path: Path, value: Any, environ: Mapping[str, str], place: str = "") -> Any:
    if isinstance(value, list):
        return [_with_environment(path, one, environ, place) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"env"} and isinstance(value["env"], str):
        found = environ.get(value["env"], "").strip()
        if not found:
            raise BadClients(f"{path}: {_spelt(place.split('/'))} needs the environment variable {value['env']}.")
        return found
    return {name: _with_environment(path, one, environ, f"{place}/{name}".lstrip("/")) for name, one in value.items()}


def _complaint(fault: Any) -> str:
    place = _spelt([str(step) for step in fault.absolute_path])
    if fault.validator == "required":
        missing = next(name for name in fault.validator_value if name not in fault.instance)
        return f"{place} {missing} is missing".strip()
    if fault.validator == "additionalProperties":
        known = fault.schema.get("properties", {})
        strange = next((name for name in fault.instance if name not in known), "")
        return f"{place} {strange} is not known".strip()
    return f"{place} {fault.schema.get('description', 'cannot be used')}".strip()


def _spelt(steps: list[str]) -> str:
    """`[clients.a] hooks` for clients, a, hooks, 0."""
    if len(steps) < 2 or steps[0] != "clients":
        return ".".join(steps)
    return " ".join([f"[clients.{steps[1]}]", ".".join(step for step in steps[2:] if not step.isdigit())]).strip()


def _record(entry: _Entry, terms: Terms) -> TrustRecord:
    algorithms = frozenset(entry.get("algorithms"))
    jwks_url = _web_address(entry, "jwks_url", entry.get("jwks_url", ""))
    keys = _keys(entry, algorithms, jwks_url)
    caller = _caller(entry, terms)
    return TrustRecord(
        caller=caller,
        issuer=entry.get("issuer"),
        algorithms=algorithms,
        tenant_claim=entry.get("tenant_claim", ""),
        subject=entry.get("subject", ""),
        jwks_url=jwks_url,
        jku=entry.get("jku", jwks_url),
        keys=keys,
        audiences=tuple(entry.get("audiences", ())),
        max_token_seconds=entry.get("max_token_seconds", caller.profile.jwt_seconds),
        leeway_seconds=entry.get("leeway_seconds", _LEEWAY_SECONDS),
        enforces_single_use=entry.get("replay", "enforce") == "enforce",
    )


def _caller(entry: _Entry, terms: Terms) -> Caller:
    hooks = entry.get("hooks")
    if hooks is not None and not set(hooks) <= terms.hooks:
        raise entry.bad("hooks", "names a hook that is not offered: " + ", ".join(sorted(terms.hooks)) + " are")
    name = entry.get("profile", "standard")
    if name not in profile_names():
        raise entry.bad("profile", "names no profile there is: " + ", ".join(profile_names()) + " are")
    profile = profile_of(name)
    budget = entry.get("budget_seconds", terms.budget_seconds or profile.budget_seconds)
    return Caller(
        tenant=entry.tenant,
        fhir_bases=tuple(_base(entry, base) for base in entry.get("fhir_bases", ())),
        budget_seconds=float(budget),
        silent=entry.get("mode", "visible") == "silent",
        fhir_release=entry.get("fhir_release", profile.release),
        profile=profile,
        hooks=None if hooks is None else frozenset(hooks),
        off=entry.get("mode", "visible") == "off",
        rate=entry.get("rate", _CALLS_A_SECOND),
        concurrency=entry.get("concurrency", _CALLS_AT_A_TIME),
    )


def _keys(entry: _Entry, algorithms: frozenset[str], jwks_url: str) -> KeySet | None:
    given = [name for name in ("jwks_url", "keys", "keys_file") if entry.get(name)]
    if len(given) != 1:
        raise entry.bad(" and ".join(given) or "jwks_url", "are too many: one of jwks_url, keys and keys_file is needed"
                        if given else "is missing, and so are keys and keys_file: one of them is needed")  # fmt: skip
    if jwks_url:
        return None
    [source] = given
    try:
        held = key_set(entry.get("keys")) if source == "keys" else read_key_set(_file(entry))
    except BadKey as fault:
        raise entry.bad(source, str(fault)) from None
    if held.complaints:
        raise entry.bad(source, f"cannot be used: {held.complaints[0]}")
    if not any(key.algorithms & algorithms for key in held.keys):
        raise entry.bad(source, "holds no key for any of the algorithms")
    return held


def _file(entry: _Entry) -> bytes:
    try:
        return _keys_path(entry.path, entry.get("keys_file")).read_bytes()
    except (OSError, ValueError) as fault:
        raise entry.bad("keys_file", f"cannot be read: {getattr(fault, 'strerror', None) or 'no such path'}") from None


def _keys_path(clients: Path, named: str) -> Path:
    """Beside the file of clients, where the path is not absolute."""
    return clients.parent / named


def _web_address(entry: _Entry, name: str, url: str) -> str:
    """https, or http on this machine; nothing that two readers of URLs would read differently."""
    if url and not _is_web_address(url):
        raise entry.bad(name, "must be an https URL (http only on this machine) without user and fragment")
    return url


def _is_web_address(url: str) -> bool:
    if not url.isascii() or not url.isprintable() or any(letter in url for letter in ' \\#@"<>'):
        return False
    return not url.startswith(TEST_PREFIX) and registered(url.partition("?")[0]) is not None


def _base(entry: _Entry, url: str) -> str:
    if not url.isascii() or registered(url) is None:
        raise entry.bad(
            "fhir_bases",
            "must hold https URLs (http only on this machine, or for a test as test+http://…) without user, query, "
            "fragment and escapes",
        )
    return url.rstrip("/")


def _leads_to(audience: str, path: str) -> bool:
    _, is_endpoint, end = audience.rpartition(ENDPOINTS + "/")
    return not is_endpoint or path in (f"{ENDPOINTS}/{end}", f"{ENDPOINTS}/{end}/feedback")


def _told_apart(one: TrustRecord, other: TrustRecord) -> bool:
    """Whether no token can be of both."""
    pairs: Iterable[tuple[str, str]] = ((one.tenant_claim, other.tenant_claim), (one.subject, other.subject))
    return any(mine and theirs and mine != theirs for mine, theirs in pairs)
