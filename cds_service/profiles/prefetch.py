"""Key names of prefetch that a kind of client is known to change, brought back to ours."""

import re
from dataclasses import replace
from functools import cache

from cds_service.hooks.prefetch import TEMPLATES
from cds_service.hooks.request import HookRequest
from cds_service.profiles.profile import Profile


@cache
def _patterns(renamed: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    keys = "|".join(TEMPLATES)
    parts = (pattern.split("{key}") for pattern in renamed)
    return tuple(re.compile(f"{re.escape(before)}({keys}){re.escape(after)}") for before, after in parts)


def our_key(name: str, profile: Profile) -> str:
    """The key of ours that a pattern of the profile recognises in `name`; `name` itself where none does."""
    if name not in TEMPLATES:
        for pattern in _patterns(profile.renamed):
            if found := pattern.fullmatch(name):
                return found[1]
    return name


def with_our_keys(request: HookRequest, profile: Profile) -> HookRequest:
    """The request with keys that the profile renames under our names; a key that came under both stays twice."""
    if not profile.renamed or not request.prefetch:
        return request
    names = {name: our_key(name, profile) for name in request.prefetch}
    taken = set(request.prefetch)
    if all(name == ours for name, ours in names.items()):
        return request
    prefetch = {name if names[name] in taken else names[name]: value for name, value in request.prefetch.items()}
    return replace(request, prefetch=prefetch)
