"""Profiles read from their files, once each and strictly: a slip is named with its file and field."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from cds_service.errors import BadContent
from cds_service.hooks.prefetch import TEMPLATES
from cds_service.profiles.profile import Profile

_FOLDER = files(__package__)


@cache
def profile_names() -> tuple[str, ...]:
    """The profiles there are, by the names of their files."""
    return tuple(sorted(one.name.removesuffix(".toml") for one in _FOLDER.iterdir() if one.name.endswith(".toml")))


@cache
def profile_of(name: str) -> Profile:
    """The profile of that name. Raises BadContent where there is none, or where its file cannot be used."""
    if name not in profile_names():
        raise BadContent(f"there is no profile {name!r}; there are {', '.join(profile_names())}")
    return read_profile(name, _FOLDER.joinpath(f"{name}.toml").read_text("utf-8"))


def read_profile(name: str, text: str) -> Profile:
    """A profile from the text of its file. Raises BadContent naming file and field."""
    import jsonschema
    import orjson

    file = f"{name}.toml"
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise BadContent(f"{file}: {fault}") from None
    schema = jsonschema.Draft202012Validator(orjson.loads(_FOLDER.joinpath("profile.json").read_bytes()))
    slips = sorted(schema.iter_errors(raw), key=lambda one: list(map(str, one.absolute_path)))
    if slips:
        where = ".".join(map(str, slips[0].absolute_path)) or "the file"
        raise BadContent(f"{file}: {where}: {slips[0].message}", expression=where)
    stated = {field: _value(one["value"]) for field, one in raw.items() if field != "title"}
    profile = Profile(name=name, title=raw["title"], **stated)
    unknown = [key for key in profile.prefetch_keys if key not in TEMPLATES]
    if unknown:
        raise BadContent(f"{file}: prefetch_keys: {unknown[0]} is no prefetch key of this service")
    if profile.budget_seconds >= profile.token_seconds:
        raise BadContent(f"{file}: budget_seconds: must end before the token does, after {profile.token_seconds} s")
    return profile


def _value(stated: Any) -> Any:
    return tuple(stated) if isinstance(stated, list) else stated
