"""Servers under measurement: started on a free port of this machine, stopped whatever happens."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from bench.calls import PATH
from bench.processes import cpu_seconds

_HOST = "127.0.0.1"
_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_ROOT = Path(__file__).resolve().parents[1]
# As the command line serves: settings from the environment, then the production server.
_SERVE = (
    "import os; from cds_service.settings import Settings; from cds_service.web.serving import serve; "
    "serve(Settings.read(os.environ))"
)


class ServerDied(RuntimeError):
    """A server that did not come up, with the end of what it said."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that has answered. Start-up is wall time, and processor time, until the first answer."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    start_seconds: float
    start_cpu_seconds: float


@contextmanager
def service(
    workers: int, threads: int, first_call: bytes, *, settings: Mapping[str, str] | None = None, token: str = ""
) -> Iterator[Server]:
    """The service as in production, with its SQLite store in a folder that goes away.

    `token` is for the first call, where `settings` name a file of clients.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        port = free_port()
        whole = {
            "CDS_PORT": str(port),
            "CDS_WORKERS": str(workers),
            "CDS_THREADS": str(threads),
            "CDS_DATABASE_URL": f"sqlite:///{folder}/decisions.sqlite",
            **(settings or {}),
        }
        first = head(first_call, close=True, token=token) + first_call
        yield from _run("service", port, [sys.executable, "-c", _SERVE], whole, Path(folder), first)


@contextmanager
def control(workers: int, threads: int, first_call: bytes, *, lean: bool = False) -> Iterator[Server]:
    """The bare application with the same workers, threads and worker class."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        port = free_port()
        kind = "lean" if lean else "bare"
        command = [sys.executable, "-m", "bench.control", str(port), str(workers), str(threads), kind]
        first = head(first_call, close=True) + first_call
        yield from _run("control", port, command, {}, Path(folder), first)


def _run(
    name: str, port: int, command: list[str], settings: Mapping[str, str], folder: Path, first: bytes
) -> Iterator[Server]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("CDS_")}
    said = folder / "said"
    with said.open("wb") as log:
        started = monotonic()
        process = subprocess.Popen(
            command, env=inherited | dict(settings), cwd=_ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            while not _answers(port, first):
                if process.poll() is not None or monotonic() - started > _START_SECONDS:
                    raise ServerDied(f"The {name} did not start: {said.read_text('utf-8', 'replace')[-2000:]}")
                sleep(0.01)
            seconds = monotonic() - started
            yield Server(name, port, process, seconds, cpu_seconds(process.pid))
        finally:
            _stop(process)


@contextmanager
def running(name: str, port: int, command: list[str]) -> Iterator[None]:
    """Another process that listens on that port, ended with the block."""
    process = subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.DEVNULL)
    try:
        started = monotonic()
        while not _listens(port):
            if process.poll() is not None or monotonic() - started > _START_SECONDS:
                raise ServerDied(f"The {name} did not start.")
            sleep(0.01)
        yield
    finally:
        _stop(process)


def _listens(port: int) -> bool:
    try:
        socket.create_connection((_HOST, port), timeout=5).close()
    except OSError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _answers(port: int, message: bytes) -> bool:
    try:
        with socket.create_connection((_HOST, port), timeout=5) as wire:
            wire.sendall(message)
            return wire.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False


def head(call: bytes, *, close: bool = False, token: str = "") -> bytes:
    """The HTTP head of a call."""
    end = "Connection: close\r\n" if close else ""
    end += f"Authorization: Bearer {token}\r\n" if token else ""
    return (
        f"POST {PATH} HTTP/1.1\r\nHost: {_HOST}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(call)}\r\n{end}\r\n"
    ).encode("ascii")
