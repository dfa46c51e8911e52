"""The service as `cds-service serve` starts it, in a process of its own, for a fuzzer that is in another."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import orjson

_START_SECONDS = 90


@dataclass
class Served:
    address: str
    log: Path

    def events(self, *names: str) -> list[dict[str, Any]]:
        lines = map(orjson.loads, self.log.read_bytes().splitlines())
        return [line for line in lines if line["event"] in names]


@contextmanager
def served(folder: Path, port: int, **settings: str) -> Iterator[Served]:
    """With one worker, on a port that was free just now, its files in `folder`."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    environ |= {"CDS_PORT": str(port), "CDS_WORKERS": "1", "CDS_STRICT": "true", **settings}
    server = Served(f"http://127.0.0.1:{port}", folder / "log")
    with server.log.open("wb") as log:
        command = [sys.executable, "-m", "cds_service.cli", "serve"]
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=log)
    try:
        last = monotonic() + _START_SECONDS
        while b"Listening at" not in server.log.read_bytes():
            assert process.poll() is None, server.log.read_text()
            assert monotonic() < last, server.log.read_text()
            sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port
