"""Whether whoever asks sits at this machine, for pages that are not for everybody."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import request

_LOCAL = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def is_local() -> bool:
    """A caller on this machine that no proxy speaks for."""
    return request.remote_addr in _LOCAL and not any(name in request.headers for name in _FORWARDED)


def is_of_another_site() -> bool:
    """A browser says that what it runs for another site asks. Programs say nothing of the kind."""
    return request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")


def is_ours(base_url: str = "") -> bool:
    """Asked by a page of ours or by no page: a browser on this machine also runs what other sites sent it.

    Neither may another site's script ask, nor a name of its own that it has pointed here. Addresses cannot be had so.
    The host of `base_url` is a name of ours too. It is left out where only this machine may look: a proxy that keeps
    the name, and does not say for whom it speaks, comes with that one.
    """
    if is_of_another_site():
        return False
    try:
        name = urlsplit(f"//{request.host}").hostname
    except ValueError:
        return False
    return name is not None and (name in ("localhost", urlsplit(base_url).hostname) or _is_address(name))


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
