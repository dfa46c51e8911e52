"""The load: a process of its own that writes finished bytes to sockets, so that it takes little from the server.

It reads orders from standard input, one JSON object a line: {"port", "body" (a file), "count", "connections", "mark"},
and answers each with {"seconds", "milliseconds": [one a call], "bad": calls that were not answered as they should be}.
Every call gets a hookInstance of its own, because the service remembers the cards of each.
"""

import json
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any

from bench.calls import STAND_IN
from bench.servers import head

_TIMEOUT_SECONDS = 30.0
_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Burst:
    """What one burst of calls took; `milliseconds` are of each call, in no order."""

    seconds: float
    milliseconds: list[float]


class BadAnswers(RuntimeError):
    """A server did not answer as expected: whatever was measured is worth nothing."""


class Client:
    """The other end of a running client process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def burst(self, port: int, body: Path, count: int, connections: int, mark: bytes) -> Burst:
        """Send `count` calls over that many connections. Raises BadAnswers for any answer without `mark`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"port": port, "body": str(body), "count": count, "connections": connections, "mark": mark.decode()}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        done: dict[str, Any] = json.loads(line) if line else {"bad": count}
        if done["bad"]:
            raise BadAnswers(f"{done['bad']} of {count} calls were not answered as expected.")
        return Burst(done["seconds"], done["milliseconds"])


@contextmanager
def client() -> Iterator[Client]:
    """A client process that ends with the block."""
    command = [sys.executable, "-m", "bench.client"]
    root = Path(__file__).resolve().parents[1]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)
    try:
        yield Client(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _serve_orders() -> None:
    for line in sys.stdin:
        print(json.dumps(_burst(json.loads(line))), flush=True)


def _burst(order: dict[str, Any]) -> dict[str, Any]:
    call = Path(order["body"]).read_bytes()
    connections = min(order["connections"], order["count"])
    shares = [order["count"] // connections + (one < order["count"] % connections) for one in range(connections)]
    milliseconds: list[float] = []
    threads = [
        Thread(target=_send, args=(order["port"], call, share, order["mark"].encode(), milliseconds), daemon=True)
        for share in shares
    ]
    started = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = perf_counter() - started
    return {"seconds": seconds, "milliseconds": milliseconds, "bad": order["count"] - len(milliseconds)}


def _send(port: int, call: bytes, count: int, mark: bytes, milliseconds: list[float]) -> None:
    """One connection, kept alive, and opened anew where the server closes it (a worker retires now and then).

    A call that is not answered as it should be ends it, and is missed in `milliseconds`.
    """
    top = head(call)
    message = bytearray(top + call)
    place = len(top) + call.index(STAND_IN.encode())
    run = secrets.token_hex(4)
    wire = connect(port)
    try:
        for number in range(count):
            message[place : place + 36] = f"{run}-0000-4000-8000-{number:012x}".encode("ascii")
            for _ in range(_ATTEMPTS):
                started = perf_counter()
                answer = exchange(wire, message)
                taken = perf_counter() - started
                if not answer or closes(answer):
                    wire.close()
                    wire = connect(port)
                if answer:
                    break
            if not answer.startswith(b"HTTP/1.1 200") or mark not in answer:
                return
            milliseconds.append(taken * 1000)
    finally:
        wire.close()


def connect(port: int) -> socket.socket:
    wire = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_SECONDS)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire


def exchange(wire: socket.socket, message: bytearray) -> bytes:
    """The answer; empty where the connection was closed before one came."""
    try:
        wire.sendall(message)
        return _receive(wire)
    except ConnectionError:
        return b""


def _receive(wire: socket.socket) -> bytes:
    """A whole answer; empty where it ends early or has no length."""
    got = bytearray()
    wanted = 0
    while not wanted or len(got) < wanted:
        part = wire.recv(262_144)
        if not part:
            return b""
        got += part
        wanted = wanted or length_of(got)
        if wanted < 0:
            return b""
    return bytes(got)


def closes(answer: bytes | bytearray) -> bool:
    """Whether the server closes the connection behind this answer."""
    return b"connection: close" in answer[:500].lower()


def length_of(got: bytearray) -> int:
    """Bytes of the whole answer that begins so; 0 where its head is not there yet, -1 where it does not say."""
    end = got.find(b"\r\n\r\n")
    if end < 0:
        return 0
    length = got[:end].lower().partition(b"content-length:")[2].split(b"\r\n")[0].strip()
    return end + 4 + int(length) if length else -1


if __name__ == "__main__":
    _serve_orders()
