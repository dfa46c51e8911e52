"""A slow resolver, for tests: a name server cannot be made slow from outside, so the lookup of this process is."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cds_service.hostile.ehr import SLOW_NAME


@contextmanager
def slow_names(seconds: float) -> Iterator[list[str]]:
    """Until the block ends, the slow name resolves to this machine after so many seconds. Yields what is looked up.

    A look-up that is still waiting when the block ends fails then, so that nobody connects afterwards.
    """
    asked: list[str] = []
    over = threading.Event()
    real = socket.getaddrinfo

    def resolve(host: Any, *arguments: Any, **options: Any) -> Any:
        asked.append(str(host))
        if host != SLOW_NAME:
            return real(host, *arguments, **options)
        if over.wait(seconds):
            raise socket.gaierror(socket.EAI_AGAIN, "the name server is gone")
        return real("127.0.0.1", *arguments, **options)

    socket.getaddrinfo = resolve
    try:
        yield asked
    finally:
        over.set()
        socket.getaddrinfo = real
