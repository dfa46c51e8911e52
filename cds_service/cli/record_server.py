"""The record server of a case: the answers of its server.json, given in this process or over loopback HTTP."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote

from cds_service.fhir.gather import Fetch, Fetched

_NEVER_SECONDS = 30
_CAUSES = {401: "not-allowed", 403: "not-allowed", 404: "not-found", 410: "not-found", 429: "busy"}


def answer(server: Mapping[str, Any], query: str) -> Mapping[str, Any]:
    """What a server.json says to a query relative to its base.

    The very query first; then a key of the same path, one with a `code=` only for the same codes.
    """
    answers: Mapping[str, Mapping[str, Any]] = server["answers"]
    if query in answers:
        return answers[query]
    path, codes = _parts(query)
    alike = [
        (key_codes, said) for key, said in answers.items() for key_path, key_codes in (_parts(key),) if key_path == path
    ]
    for key_codes, said in sorted(alike, key=lambda pair: not pair[0]):
        if key_codes in (frozenset(), codes):
            return said
    otherwise: Mapping[str, Any] = server["otherwise"]
    return otherwise


def _parts(query: str) -> tuple[str, frozenset[str]]:
    path, _, rest = query.partition("?")
    return unquote(path), frozenset(code for value in parse_qs(rest).get("code", ()) for code in value.split(","))


def in_process(server: Mapping[str, Any] | None) -> Fetch | None:
    """The server as `respond` asks it; None for no server."""
    if server is None:
        return None

    def fetch(queries: tuple[str, ...]) -> Mapping[str, Fetched]:
        return {query: _fetched(answer(server, query)) for query in queries}

    return fetch


def _fetched(said: Mapping[str, Any]) -> Fetched:
    status = said["status"]
    if status == 0:
        return Fetched(cause="timeout")
    if status != 200:
        return Fetched(cause=_CAUSES.get(status, "server-error"))
    return Fetched(value=said.get("body")) if "body" in said else Fetched(cause="malformed")


class RecordServer:
    """Many record servers on one loopback port, each below an address of its own. A context manager."""

    def __init__(self) -> None:
        self._cases: list[Mapping[str, Any]] = []
        self._closing = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._cases, self._closing))
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "RecordServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def host(self, server: Mapping[str, Any]) -> str:
        """Take one more server in; returns the base URL that it now answers at."""
        base = f"http://127.0.0.1:{self._http.server_port}/{len(self._cases)}/fhir"
        self._cases.append(readdressed(server, server["base"], base))
        return base


def readdressed(value: Any, old: str, new: str) -> Any:
    """`value` with every address below `old` now below `new`."""
    if isinstance(value, Mapping):
        return {name: readdressed(part, old, new) for name, part in value.items()}
    if isinstance(value, list):
        return [readdressed(part, old, new) for part in value]
    if isinstance(value, str) and (value == old or value.startswith((f"{old}/", f"{old}?"))):
        return new + value[len(old) :]
    return value


def _handler(cases: list[Mapping[str, Any]], closing: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """GET only. Who comes without a token is refused, as a real record server would."""

        def do_GET(self) -> None:
            number, _, query = self.path.lstrip("/").partition("/fhir/")
            if not number.isdecimal() or int(number) >= len(cases):
                return self._send({"status": 404})
            if not self.headers.get("Authorization", "").startswith("Bearer "):
                return self._send({"status": 401})
            said = answer(cases[int(number)], unquote(query))
            if said["status"] == 0:
                closing.wait(_NEVER_SECONDS)
                self.close_connection = True
                return None
            return self._send(said)

        def _send(self, said: Mapping[str, Any]) -> None:
            body = json.dumps(said["body"]).encode() if "body" in said else b""
            self.send_response(said["status"])
            self.send_header("Content-Type", "application/fhir+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Quiet: the comparison is what is shown."""

    return Handler
