"""The settings of a running service, read once from the environment by a door and handed down as values.

One dataclass is the whole list: a field's name is the variable without `CDS_`, its metadata hold the line of
documentation and the reader. `SETTINGS` shows that list to the README and to the test that keeps the two together.
An empty variable counts as not set, since compose files pass empty ones on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cds_service.errors import BadSetting

PREFIX = "CDS_"
MEDICATION_LISTS = ("medStatements", "medRequests")
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


def _bases(raw: str) -> tuple[str, ...]:
    return tuple(_web_address(base) for base in _listed(raw))


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


def _log_level(raw: str) -> str:
    if raw.upper() not in LOG_LEVELS:
        raise ValueError("must be one of " + ", ".join(LOG_LEVELS))
    return raw.upper()


def _setting(default: Any, read: Callable[[str], Any], line: str) -> Any:
    return field(default=default, metadata={"read": read, "line": line})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting with its default. `base_url` is filled from host and port where nothing else is said."""

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
    timezone: str = _setting("", _zone, "IANA time zone that decides what day it is; empty means the machine's.")
    fhir_bases: tuple[str, ...] = _setting(
        (),
        _bases,
        "Comma list of FHIR base URLs that may be asked for data; empty is development mode, loopback only.",
    )
    deadline_seconds: float = _setting(2.0, _deadline, "Seconds after which an answer leaves with what is known.")
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
    explain: bool = _setting(False, _switch, "Send with every answer why each rule did or did not fire; costs time.")
    workers: int = _setting(0, _whole(0, 64), "Worker processes; 0 means one for each core.")
    threads: int = _setting(16, _whole(1, 64), "Threads in a worker, for waiting on FHIR servers.")
    log_level: str = _setting("INFO", _log_level, "DEBUG, INFO, WARNING or ERROR.")

    def __post_init__(self) -> None:
        if not self.base_url:
            host = {"0.0.0.0": "localhost", "::": "localhost"}.get(self.host, self.host)
            host = f"[{host}]" if ":" in host else host
            object.__setattr__(self, "base_url", f"http://{host}:{self.port}")

    @property
    def development(self) -> bool:
        """No FHIR base was named: nobody has said whose patients these are, so only loopback servers are asked."""
        return not self.fhir_bases

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
    if isinstance(default, bool):
        return "on" if default else "off"
    return ",".join(default) if isinstance(default, tuple) else str(default)


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(PREFIX + setting.name.upper(), _written(setting.default), setting.metadata["line"])
    for setting in fields(Settings)
)
