"""A CDS service that is not ours, for the tests: other prefetch keys, another extension, and it can demand tokens."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOOKS = ("order-select", "order-sign", "medication-prescribe")
Cards = Callable[[dict[str, Any]], Any]


@dataclass
class Seen:
    """What came: (path, Authorization, body) of every request."""

    calls: list[tuple[str, str, Any]] = field(default_factory=list)

    @property
    def tokens(self) -> list[tuple[str, str]]:
        return [(path, token.removeprefix("Bearer ")) for path, token, _ in self.calls]


@contextmanager
def other_service(
    cards: Cards, *, prefetch: dict[str, str] | None = None, status: int = 200, discovery: Any = None
) -> Iterator[tuple[str, Seen]]:
    """(base URL, what it saw). `cards` makes the whole answer from the request; a string is sent as it is."""
    seen = Seen()
    services = [
        {"id": f"their-{hook}", "hook": hook, "description": "Theirs.", "prefetch": prefetch or {}} for hook in HOOKS
    ]
    offered = {"services": services} if discovery is None else discovery

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.calls.append((self.path, self.headers.get("Authorization", ""), None))
            self._send(200, offered)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.calls.append((self.path, self.headers.get("Authorization", ""), body))
            self._send(status, cards(body))

        def _send(self, code: int, said: Any) -> None:
            content = said.encode() if isinstance(said, str) else json.dumps(said).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            """Quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}", seen
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
