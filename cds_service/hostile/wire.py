"""One connection, down to the bytes: what a well-behaved HTTP library would not let a server do."""

import socket
import struct
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

_LONGEST_HEAD = 1 << 20
_PATIENCE = 30.0
_TLS_HANDSHAKE = 0x16


@dataclass(frozen=True, slots=True)
class Head:
    """The start of a request. Of a token only that it came is kept, never what it was. `last`: the client wants the
    connection closed after the answer."""

    method: str
    target: str
    authorised: bool
    last: bool = False

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)


class NotHttp(Exception):
    """Somebody speaks another protocol here; `tls` where it is a TLS handshake."""

    def __init__(self, *, tls: bool) -> None:
        super().__init__("tls" if tls else "not http")
        self.tls = tls


class Line:
    """A connection to one client. Every method may raise OSError: the client is free to leave."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._unread = b""

    def read(self) -> Head | None:
        """The next request, without its body; None where the client has left. Raises NotHttp."""
        self._connection.settimeout(_PATIENCE)
        while b"\r\n\r\n" not in self._unread:
            if self._unread[:1] == bytes([_TLS_HANDSHAKE]):
                raise NotHttp(tls=True)
            if len(self._unread) > _LONGEST_HEAD:
                raise NotHttp(tls=False)
            more = self._connection.recv(65536)
            if not more:
                return None
            self._unread += more
        head, self._unread = self._unread.split(b"\r\n\r\n", 1)
        return _parsed(head.decode("latin-1"))

    def send(self, data: bytes) -> None:
        self._connection.settimeout(_PATIENCE)
        self._connection.sendall(data)

    def left(self, seconds: float | None = None) -> bool:
        """Wait, at most so many seconds; true as soon as the client, or this server, hangs up."""
        self._connection.settimeout(seconds)
        try:
            while self._connection.recv(65536):
                pass
        except TimeoutError:
            return False
        return True

    def reset(self) -> None:
        """Leave at once with a TCP reset, whatever is still on the way."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()


def _parsed(head: str) -> Head:
    first, *lines = head.split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/"):
        raise NotHttp(tls=False)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Head(words[0], words[1], "authorization" in headers, headers.get("connection", "").lower() == "close")
