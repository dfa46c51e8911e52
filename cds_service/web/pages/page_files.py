"""The files of the pages: read once, so that a name in an address is looked up and never becomes a path."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, request

FOLDER = Path(__file__).parent / "static" / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    kind: str
    digest: str


def page_files_blueprint() -> Blueprint:
    """`/page/…`: style sheets, scripts and data. The pages themselves have addresses of their own."""
    pages = Blueprint("page-files", __name__)

    @pages.get("/page/<path:name>")
    def file(name: str) -> Response:
        if name not in _files() or name.endswith(".html"):
            abort(404)
        return _sent(_files()[name])

    return pages


def html_page(name: str, *, without: tuple[str, ...] = ()) -> Response:
    """A page by its file. One representation: whoever takes no HTML finds nothing here.

    `without` are addresses that this installation does not serve: the lines that lead there are left out.
    """
    if request.accept_mimetypes and not request.accept_mimetypes.accept_html:
        abort(404)
    answer = _sent(_without(name, without))
    answer.vary.add("Accept")
    return answer


def _sent(file: _File) -> Response:
    """Asked for again each time and answered with 304 mostly: a new version of the service has one page, not two."""
    answer = Response(file.body, content_type=file.kind)
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-cache"
    answer.set_etag(file.digest)
    answer.make_conditional(request)
    return answer


@cache
def _without(name: str, addresses: tuple[str, ...]) -> _File:
    file = _files()[name]
    links = [f'<a href="{address}"'.encode() for address in addresses]
    lines = file.body.splitlines(keepends=True)
    return _file(b"".join(line for line in lines if not any(link in line for link in links)), file.kind)


def _file(body: bytes, kind: str) -> _File:
    return _File(body, kind, hashlib.sha256(body).hexdigest()[:20])


@cache
def _files() -> Mapping[str, _File]:
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in _TYPES:
            found[path.relative_to(FOLDER).as_posix()] = _file(path.read_bytes(), _TYPES[path.suffix])
    return found
