"""The door as it is served: gunicorn, real sockets, a fake service behind it.

A server is a child of a process that has imported everything once, so that starting one costs little.
"""

import http.client
import json
import multiprocessing
import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from fake_service import FakeService

from cds_service.settings import Settings
from cds_service.web import serving
from cds_service.web.connections import receiving

JSON = {"Content-Type": "application/json"}
Answered = tuple[int, dict[str, Any]]


@dataclass
class Server:
    port: int
    folder: Path
    process: ForkServerProcess

    def ask(self, method: str, path: str, body: Any = None, *, seconds: float = 20, **headers: str) -> Answered:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)) as connection:
            connection.request(method, path, body, headers, encode_chunked=isinstance(body, Iterator))
            return understood(connection.getresponse())

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def raw(self, request: bytes, *, half_close: bool = False) -> Answered:
        with closing(self.connect()) as connection:
            connection.sendall(request)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            return answered(connection)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.splitlines()]

    @property
    def worker_pids(self) -> list[int]:
        """Of all workers that there have been, the oldest first."""
        said = [line["event"] for line in self.lines]
        return [int(event.rpartition(" ")[2]) for event in said if event.startswith("Booting worker")]


def answered(connection: socket.socket) -> Answered:
    """The next answer on a connection."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    with closing(answer):
        return understood(answer)


def understood(answer: http.client.HTTPResponse) -> Answered:
    """Whatever is answered, a browser may read it, and it is JSON."""
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    value: dict[str, Any] = json.loads(answer.read())
    if answer.status >= 400:
        assert value["resourceType"] == "OperationOutcome"
    return answer.status, value


@contextmanager
def served(folder: Path, settings: dict[str, Any], limits: dict[str, Any]) -> Iterator[Server]:
    """A server with these settings, and these limits of the worker, until the block ends."""
    children = multiprocessing.get_context("forkserver")
    children.set_forkserver_preload(["cds_service.web.serving"])
    port = _free_port()
    process = children.Process(target=_serve, args=(str(folder), {"port": port, **settings}, limits))
    process.start()
    try:
        server = Server(port, folder, process)
        _wait_for(server)
        yield server
    finally:
        process.terminate()
        process.join(30)
        assert process.exitcode is not None


def _serve(folder: str, settings: dict[str, Any], limits: dict[str, Any]) -> None:
    os.chdir(folder)
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    for name, value in limits.items():
        assert hasattr(receiving, name), f"{name} is no limit of the loop any more: setting it would change nothing"
        setattr(receiving, name, value)
    serving.serve(Settings(**settings), FakeService())


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_for(server: Server) -> None:
    last = time.monotonic() + 60
    while time.monotonic() < last and server.process.is_alive():
        try:
            assert server.ask("GET", "/health/live")[0] == 200
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the server did not start: {server.log}")
