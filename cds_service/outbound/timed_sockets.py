"""Sockets that obey one deadline in every operation: name, connect, handshake, each piece of head and body.

`requests` and `urllib3` bound each operation of a socket and not their sum, so that a server which sends a byte a
second holds a reader for as long as it pleases, in the head of an answer too. Here every operation is given what is
left of the one deadline of its thread. A second wall stands here as well: a connection to any other place than the one
that the reader has just checked is refused, whatever a library above made of the address.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from time import monotonic
from typing import Any

from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

_now = local()
"""What this thread is doing: `deadline` on time.monotonic(), and `place`, the (host, port) it may connect to."""


@contextmanager
def exchange(host: str, port: int, deadline: float) -> Iterator[None]:
    """Inside, this thread may connect to that place only, and until then only."""
    _now.place, _now.deadline = (host, port), deadline
    try:
        yield
    finally:
        _now.place = None


def seconds_left() -> float:
    """Of this thread's exchange. Raises TimeoutError where there are none."""
    left: float = _now.deadline - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _TimedSocket(socket.socket):
    def recv_into(self, *arguments: Any, **named: Any) -> int:
        self.settimeout(seconds_left())
        return super().recv_into(*arguments, **named)

    def sendall(self, *arguments: Any, **named: Any) -> None:
        self.settimeout(seconds_left())
        return super().sendall(*arguments, **named)


class _TimedTls(ssl.SSLSocket):
    """Made by `_TlsContext`. The handshake is one operation, with the time that its plain socket had."""

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        self.settimeout(seconds_left())
        return super().recv_into(*arguments, **named)

    def send(self, *arguments: Any, **named: Any) -> int:
        self.settimeout(seconds_left())
        return super().send(*arguments, **named)


def connect(host: str, port: int) -> socket.socket:
    """Connect to the place of this thread's exchange. Each address gets its share of the time that is left.

    Raises OSError. The lookup of the name cannot be cut short; whoever waits for this thread has to do that.
    """
    if getattr(_now, "place", None) != (host, port):
        raise ConnectionRefusedError("not the place that was allowed")
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    last: OSError = ConnectionRefusedError("the name has no address")
    for position, (family, kind, protocol, _, address) in enumerate(found):
        wire = _TimedSocket(family, kind, protocol)
        try:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wire.settimeout(seconds_left() / (len(found) - position))
            wire.connect(address)
            wire.settimeout(seconds_left())
        except OSError as fault:
            wire.close()
            last = fault
        else:
            return wire
    raise last


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return connect(self.host, self.port)


class _Secure(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        assert self.port is not None  # nosec B101  # for mypy
        return connect(self.host, self.port)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _TlsContext(ssl.SSLContext):
    sslsocket_class = _TimedTls


def tls_context(authorities: str = "") -> ssl.SSLContext:
    """Certificates and host names are checked. `authorities` is a PEM file; empty means those that requests ships.

    One context for all connections: reading the authorities takes longer than an exchange does.
    """
    context = _TlsContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(authorities or DEFAULT_CA_BUNDLE_PATH)
    return context


class TimedAdapter(HTTPAdapter):
    """requests' way to urllib3, with the connections above. No retries of its own, no proxies."""

    def __init__(self, connections: int, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(pool_connections=connections, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: Any) -> None:
        self.poolmanager = PoolManager(connections, maxsize=maxsize, block=block, ssl_context=self._context, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The context has its authorities; requests would read them anew for each connection."""
        conn.cert_reqs = "CERT_REQUIRED"
