"""One connection of a worker, and what is known of whoever calls on it."""

from socket import socket
from time import monotonic
from typing import Any

from cds_service.web.connections.arrival import Arrival


class Caller:
    """One connection.

    `began` is when the first byte of its request came, `until` how long the loop waits for it, `held` the bytes of its
    requests that count as memory, `left` the bytes that are still thrown away after its last answer, `name` whose its
    request says it is.
    """

    __slots__ = ("arrival", "began", "client", "held", "left", "name", "server", "sock", "until")

    def __init__(self, sock: socket, client: Any, server: Any, most_body_bytes: int) -> None:
        self.sock = sock
        self.client = client
        self.server = server
        self.arrival = Arrival(most_body_bytes)
        self.began = self.until = monotonic()
        self.held = 0
        self.left = 0
        self.name = ""
