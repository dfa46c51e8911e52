"""A FHIR server that takes its time: the lists of a call, each answered after a fixed delay. A process of its own.

`python -m bench.record_server PORT MILLISECONDS FILE`: FILE is a hook call; what its prefetch holds is what this server
answers to the queries of discovery. Connections are kept, as real servers keep them.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cds_service.hooks.prefetch import TEMPLATES, fill
from cds_service.hooks.request import read_request

_EMPTY = json.dumps({"resourceType": "Bundle", "type": "searchset", "total": 0}).encode()


def answers(call: bytes) -> dict[str, bytes]:
    """Query below the base -> body."""
    body = json.loads(call)
    request = read_request(body, body["hook"])
    return {
        fill(TEMPLATES[key], request): json.dumps(value).encode() for key, value in body["prefetch"].items() if value
    }


def handler(known: dict[str, bytes], seconds: float) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            time.sleep(seconds)
            body = known.get(self.path.removeprefix("/fhir/"), _EMPTY)
            self.send_response(200)
            self.send_header("Content-Type", "application/fhir+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Quiet: nothing of this is measured."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def main(port: str, milliseconds: str, file: str) -> None:
    known = answers(Path(file).read_bytes())
    _Server(("127.0.0.1", int(port)), handler(known, float(milliseconds) / 1000)).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
