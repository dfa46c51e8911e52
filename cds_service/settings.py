"""The settings of a running service, read once from the environment by a door and handed down as values.

One dataclass is the whole list: a field's name is the variable without `CDS_`, its metadata hold the line of
documentation and the reader. `SETTINGS` shows that list to the README and to the test that keeps the two together.
An empty variable counts as not set, since compose files pass empty ones on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cds_service.errors import BadSetting
from cds_service.outbound import TEST_PREFIX, registered
from cds_service.profiles import profile_names, profile_of

PREFIX = "CDS_"
MEDICATION_LISTS = ("medStatements", "medRequests")
FHIR_RELEASES = ("DSTU2", "STU3", "R4", "R5")
METRICS = ("off", "local", "on")
INSIGHTS = ("off", "development", "local")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_SWITCHES = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}


def _text(raw: str) -> str:
    return raw


def _switch(raw: str) -> bool:
    if raw.lower() not in _SWITCHES:
        raise ValueError("must be on or off")
    return _SWITCHES[raw.lower()]


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(raw: str) -> int:
        if not (raw.isascii() and raw.isdigit() and len(raw) < 12 and least <= int(raw) <= most):
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(raw)

    return read


def _deadline(raw: str) -> float:
    """Seconds. The upper end stays below the 5 s after which a client may give up (trust 3.1)."""
    try:
        seconds = float(raw)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 4.5:
        raise ValueError("must be a number of seconds from 0.1 to 4.5")
    return seconds


def _listed(raw: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in raw.split(",") if part.strip()))


def _origins(raw: str) -> tuple[str, ...]:
    origins = _listed(raw)
    for origin in origins:
        if origin != "*" and _web_address(origin) != origin:
            raise ValueError("must be * or a comma list of origins such as https://ehr.example.com")
    return origins


def _web_address(raw: str) -> str:
    """An http(s) base URL without user, query or fragment, without a slash at the end."""
    complaint = "must be an absolute http or https URL without user, query or fragment"
    if not raw.isascii() or not raw.isprintable() or any(letter in raw for letter in ' \\?#@"<>'):
        raise ValueError(complaint)
    try:
        parts = urlsplit(raw)
        sound = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound:
        raise ValueError(complaint)
    return raw.rstrip("/")


def _base(raw: str) -> str:
    prefix = TEST_PREFIX if raw.startswith(TEST_PREFIX) else ""
    base = prefix + _web_address(raw.removeprefix(prefix))
    if registered(base) is None:
        raise ValueError("must be https below plain paths; http only on this machine, or for a test as test+http://…")
    return base


def _bases(raw: str) -> tuple[str, ...]:
    return tuple(map(_base, _listed(raw)))


def _zone(raw: str) -> str:
    try:
        ZoneInfo(raw)
    except (KeyError, ValueError, OSError):
        raise ValueError("must be an IANA time zone such as America/New_York") from None
    return raw


def _medication_lists(raw: str) -> tuple[str, ...]:
    lists = _listed(raw)
    if not lists or not set(lists) <= set(MEDICATION_LISTS):
        raise ValueError("must be a comma list out of " + ", ".join(MEDICATION_LISTS))
    return lists


def _fhir_release(raw: str) -> str:
    if raw.upper() not in FHIR_RELEASES:
        raise ValueError("must be one of " + ", ".join(FHIR_RELEASES))
    return raw.upper()


def _one_of(known: tuple[str, ...]) -> Callable[[str], str]:
    def read(raw: str) -> str:
        if raw not in known:
            raise ValueError("must be one of " + ", ".join(known))
        return raw

    return read


def _profile(raw: str) -> str:
    if raw not in profile_names():
        raise ValueError("must be one of " + ", ".join(profile_names()))
    return raw


def _log_level(raw: str) -> str:
    if raw.upper() not in LOG_LEVELS:
        raise ValueError("must be one of " + ", ".join(LOG_LEVELS))
    return raw.upper()


def _setting(default: Any, read: Callable[[str], Any], line: str) -> Any:
    return field(default=default, metadata={"read": read, "line": line})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting with its default.

    Where nothing else is said, `base_url` is filled from host and port, and `deadline_seconds` from the profile.
    """

    host: str = _setting("127.0.0.1", _text, "Address to listen on; only this machine unless told otherwise.")
    port: int = _setting(8080, _whole(1, 65535), "Port to listen on.")
    base_url: str = _setting("", _web_address, "Public base URL; empty means http://host:port.")
    database_url: str = _setting(
        "sqlite:///ldn-cds.sqlite", _text, "SQLAlchemy URL of the database for cards issued and feedback."
    )
    max_body_bytes: int = _setting(8_000_000, _whole(1_000, 1_000_000_000), "Largest request body taken, in bytes.")
    max_entries: int = _setting(
        20_000, _whole(1, 10_000_000), "Most Bundle entries taken in one request, drafts and prefetch together."
    )
    strict: bool = _setting(False, _switch, "Validate every answer before it leaves; costs time.")
    cors_origins: tuple[str, ...] = _setting(("*",), _origins, "Comma list of browser origins that may call; * is any.")
    clients_file: str = _setting(
        "", _text, "File of the clients that may call (TOML); empty is development mode, for this machine only."
    )
    replay_store: str = _setting(
        "sqlite:///ldn-cds-tokens.sqlite",
        _text,
        "Where used tokens are noted: sqlite:///file, a redis URL, or memory for a single worker.",
    )
    open_development: bool = _setting(
        False, _switch, "Allow development mode on an address that other machines can reach."
    )
    timezone: str = _setting("", _zone, "IANA time zone that decides what day it is; empty means the machine's.")
    fhir_bases: tuple[str, ...] = _setting(
        (),
        _bases,
        "Comma list of FHIR base URLs, https or test+http://…, that may be asked in development mode; empty means this "
        "machine only.",
    )
    fhir_release: str = _setting(
        "", _fhir_release, "FHIR release where neither resources nor the server tell it; empty means R4."
    )
    profile: str = _setting("standard", _profile, "Profile of the client that calls, where no registration names one.")
    deadline_seconds: float = _setting(
        None,
        _deadline,
        "Seconds after which an answer leaves in development mode; empty means what the profile says.",
    )
    max_fhir_bytes: int = _setting(
        8_000_000, _whole(1_000, 1_000_000_000), "Most bytes read from a FHIR server for one request."
    )
    medication_lists: tuple[str, ...] = _setting(
        MEDICATION_LISTS, _medication_lists, "Comma list of the medication lists that the record keeps."
    )
    silent: bool = _setting(False, _switch, "Evaluate and remember, but return no cards.")
    patient_view: bool = _setting(False, _switch, "Offer the follow-up service for the patient-view hook too.")
    cards_dir: str = _setting("", _text, "Folder of a site's own reviewed cards; empty means those shipped.")
    site_file: str = _setting(
        "", _text, "File of a site's own changes; empty means site.toml in the cards folder, where there is one."
    )
    page: bool = _setting(
        True, _switch, "Serve the order-entry page at / and its synthetic patients at /patients, in development mode."
    )
    insights: str = _setting(
        "development",
        _one_of(INSIGHTS),
        "Page /insights: off, in development mode only, or local to have it beside a file of clients too, "
        "for this machine.",
    )
    explain: bool = _setting(False, _switch, "Send with every answer why each rule did or did not fire; costs time.")
    workers: int = _setting(0, _whole(0, 64), "Worker processes; 0 means one for each core.")
    threads: int = _setting(16, _whole(1, 64), "Threads in a worker, for waiting on FHIR servers.")
    metrics: str = _setting(
        "local",
        _one_of(METRICS),
        "Page /metrics: off, on, or local for callers on this machine that no proxy speaks for.",
    )
    log_level: str = _setting("INFO", _log_level, "DEBUG, INFO, WARNING or ERROR.")

    def __post_init__(self) -> None:
        if not self.base_url:
            everywhere = ("0.0.0.0", "::")  # nosec B104  # compared with, not listened on
            host = "localhost" if self.host in everywhere else self.host
            host = f"[{host}]" if ":" in host else host
            object.__setattr__(self, "base_url", f"http://{host}:{self.port}")
        if not self.deadline_seconds:
            object.__setattr__(self, "deadline_seconds", profile_of(self.profile).budget_seconds)
        if self.clients_file and self.fhir_bases:
            raise BadSetting("CDS_FHIR_BASES is for development mode; with CDS_CLIENTS_FILE, each client has its own.")

    @property
    def development(self) -> bool:
        """No file of clients was named: nobody has said who may call, so whoever does is answered as one caller."""
        return not self.clients_file

    @property
    def on_this_machine_only(self) -> bool:
        """Whether the address to listen on is one that no other machine reaches."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Settings from `CDS_*` variables. Raises BadSetting for the first value that cannot be used."""
        values: dict[str, Any] = {}
        for setting in fields(cls):
            variable = PREFIX + setting.name.upper()
            raw = environ.get(variable, "").strip()
            if raw:
                try:
                    values[setting.name] = setting.metadata["read"](raw)
                except ValueError as fault:
                    raise BadSetting(f"{variable} {fault}.") from None
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the list of settings: variable, default as one would write it, what it does."""

    variable: str
    default: str
    line: str


def _written(default: Any) -> str:
    if default is None:
        return ""
    if isinstance(default, bool):
        return "on" if default else "off"
    return ",".join(default) if isinstance(default, tuple) else str(default)


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(PREFIX + setting.name.upper(), _written(setting.default), setting.metadata["line"])
    for setting in fields(Settings)
)
