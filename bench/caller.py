"""A tenant that calls: a process of its own, with a token a call and a rate that it keeps to, whatever it is answered.

It reads one order from standard input, a JSON object: {"port", "body" (a file), "tokens" (a file, one a line),
"connections", "rate" (calls a second), "seconds", "yields"}, and answers with {"statuses": {status: count},
"milliseconds": {status: [one a call]}}. A call that is due while all connections wait is sent as soon as one is free; a
connection that was closed is opened anew, and a call without an answer has status 0.

All connections are served by one loop, as load generators do it: threads would take as much processor time as the
service that they call, on the same machine. One that `yields` takes only what nobody else on the machine wants: so far
as that goes, it is as if it were elsewhere, as a real sender is.
"""

import json
import os
import sys
from collections import defaultdict, deque
from itertools import count
from pathlib import Path
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from socket import socket
from time import perf_counter
from typing import Any

from bench.calls import STAND_IN
from bench.client import closes, connect, length_of
from bench.servers import head

_MOST_LATE_SECONDS = 1.0
"""Time that was lost is made up for, up to this much."""
_PATIENCE_SECONDS = 30.0


class _Connection:
    """One call at a time. `rest` is what is still to be sent, `got` what has come of the answer."""

    __slots__ = ("got", "rest", "started", "wanted", "wire")

    def __init__(self) -> None:
        self.wire: socket | None = None
        self.rest = memoryview(b"")
        self.got = bytearray()
        self.wanted = 0
        self.started = 0.0


class _Calling:
    def __init__(self, order: dict[str, Any]) -> None:
        self._port: int = order["port"]
        self._call = Path(order["body"]).read_bytes()
        self._place = self._call.index(STAND_IN.encode())
        self._tokens = iter(Path(order["tokens"]).read_text("ascii").split())
        self._numbers = count()
        self._pause, self._seconds = 1 / order["rate"], order["seconds"]
        self._idle = deque(_Connection() for _ in range(order["connections"]))
        self._busy: set[_Connection] = set()
        self._selector = DefaultSelector()
        self.milliseconds: dict[int, list[float]] = defaultdict(list)

    def run(self) -> None:
        due = perf_counter()
        last = due + self._seconds
        while due < last or self._busy:
            now = perf_counter()
            due = max(due, now - _MOST_LATE_SECONDS)
            while self._idle and due <= now and due < last:
                self._start(self._idle.popleft())
                due += self._pause
            if now > last + _PATIENCE_SECONDS:
                return
            self._look(max(due - now, 0.0) if self._idle and due < last else 1.0)

    def _look(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            self._go_on(key.data)

    def _start(self, one: _Connection) -> None:
        token = next(self._tokens, None)
        if token is None:
            raise SystemExit("Too few tokens.")
        instance = f"00000000-0000-4000-8000-{next(self._numbers):012x}".encode("ascii")
        call, place = self._call, self._place
        one.rest = memoryview(b"".join((head(call, token=token), call[:place], instance, call[place + 36 :])))
        one.got, one.wanted, one.started = bytearray(), 0, perf_counter()
        self._busy.add(one)
        try:
            if one.wire is None:
                one.wire = connect(self._port)
                one.wire.setblocking(False)
            self._selector.register(one.wire, EVENT_WRITE, one)
        except OSError:
            self._end(one, 0)
            return
        self._go_on(one)

    def _go_on(self, one: _Connection) -> None:
        assert one.wire is not None
        try:
            if one.rest:
                one.rest = one.rest[one.wire.send(one.rest) :]
                if not one.rest:
                    self._selector.modify(one.wire, EVENT_READ, one)
                return
            part = one.wire.recv(262_144)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        one.got += part
        if part and not one.wanted:
            one.wanted = length_of(one.got)
        if not part:
            self._end(one, 0)
        elif one.wanted and len(one.got) >= one.wanted:
            self._end(one, int(one.got[9:12]))

    def _end(self, one: _Connection, status: int) -> None:
        self.milliseconds[status].append((perf_counter() - one.started) * 1000)
        self._busy.discard(one)
        if one.wire is not None:
            if one.wire in self._selector.get_map():
                self._selector.unregister(one.wire)
            if status == 0 or closes(one.got):
                one.wire.close()
                one.wire = None
        self._idle.append(one)


_LOWEST_PRIORITY = 19


def _call(order: dict[str, Any]) -> dict[str, Any]:
    if order.get("yields"):
        os.nice(_LOWEST_PRIORITY)
    calling = _Calling(order)
    calling.run()
    taken = calling.milliseconds
    return {"statuses": {status: len(times) for status, times in taken.items()}, "milliseconds": taken}


if __name__ == "__main__":
    print(json.dumps(_call(json.loads(sys.stdin.readline()))), flush=True)
