"""What this process does on the network, seen below every library, and a resolver that leads nowhere."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any


@dataclass(slots=True)
class Network:
    """Where this process connected to, and which names it looked up."""

    connections: list[tuple[str, int]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


_watching: list[Network] = []


def _saw(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        for network in _watching:
            network.connections.append((str(arguments[1][0]), int(arguments[1][1])))
    elif event == "socket.getaddrinfo":
        for network in _watching:
            network.names.append(str(arguments[0]))


@cache
def _hook_in() -> None:
    sys.addaudithook(_saw)  # for as long as the process lives; it costs nothing where nobody watches


@contextmanager
def watched() -> Iterator[Network]:
    """Every connection and look-up of this process until the block ends."""
    _hook_in()
    network = Network()
    _watching.append(network)
    try:
        yield network
    finally:
        _watching.remove(network)


@contextmanager
def nowhere_but(host: str) -> Iterator[list[str]]:
    """No name resolves but this one, so that nothing leaves the machine. Yields every other name that was tried."""
    tried: list[str] = []
    real = socket.getaddrinfo

    def resolve(name: Any, *arguments: Any, **options: Any) -> Any:
        if name == host:
            return real(name, *arguments, **options)
        tried.append(str(name))
        raise socket.gaierror(socket.EAI_NONAME, "no such name here")

    socket.getaddrinfo = resolve
    try:
        yield tried
    finally:
        socket.getaddrinfo = real
