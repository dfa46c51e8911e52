"""The gunicorn worker of this service: requests arrive in one loop, and only whole ones get a thread.

gunicorn's threaded worker gives a connection a thread at its first byte and lets it read there for as long as the
client pleases, so that as many slow clients as there are threads stop everyone. Here the loop that accepts connections
also collects their bytes, with a deadline for head and body together, and closes them without waiting for anybody.
A thread reads from memory and writes to memory; what it does with the socket is send a whole answer, which the kernel
mostly takes at once, with a limit of time for where it does not.
"""

import re
from collections.abc import Callable
from errno import EAGAIN, ECONNABORTED, EWOULDBLOCK
from functools import partial
from selectors import EVENT_READ
from socket import SHUT_WR, SO_SNDBUF, SOL_SOCKET, socket
from time import monotonic
from typing import Any

import orjson
from gunicorn.http import errors as http_errors
from gunicorn.http import wsgi
from gunicorn.http.parser import RequestParser
from gunicorn.workers.gthread import ThreadWorker

from cds_service.web.arrival import MOST_HEAD_BYTES, Arrival
from cds_service.web.log import fault_facts
from cds_service.web.problems import plain_problem
from cds_service.web.reading import RECEIVED

RECEIVE_SECONDS = 10.0
MOST_CONNECTIONS = 1_000
MOST_HELD_BYTES = 128_000_000
_SEND_SECONDS = 5.0
_LINGER_SECONDS = 1.0
_LINGER_BYTES = 16_000_000
_STOPPING_SECONDS = 2.0
_ROUND_SECONDS = 0.2
_READ_BYTES = 262_144
_ANSWER_BYTES = 1_000_000

_REASONS = {
    400: "Bad Request",
    408: "Request Timeout",
    414: "URI Too Long",
    417: "Expectation Failed",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_STATUS = {
    http_errors.LimitRequestLine: 414,
    http_errors.LimitRequestHeaders: 431,
    http_errors.ExpectationFailed: 417,
    http_errors.InvalidResponseHeader: 500,
    http_errors.InvalidResponseHeaderName: 500,
}
_ORIGIN = re.compile(rb"\r\norigin[ \t]*:[ \t]*([!-~]+)[ \t]*\r\n", re.I)


class Caller:
    """One connection.

    `began` is when the first byte of its request came, `until` how long the loop waits for it, `held` the bytes of its
    requests that count as memory, `left` the bytes that are still thrown away after its last answer.
    """

    __slots__ = ("arrival", "began", "client", "held", "left", "server", "sock", "until")

    def __init__(self, sock: socket, client: Any, server: Any, most_body_bytes: int) -> None:
        self.sock = sock
        self.client = client
        self.server = server
        self.arrival = Arrival(most_body_bytes)
        self.began = self.until = monotonic()
        self.held = 0
        self.left = 0


class _Answer:
    """What gunicorn takes for the socket when it writes an answer: its pieces are sent in one go."""

    __slots__ = ("pieces", "sendall")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.sendall = self.pieces.append


class JsonWorker(ThreadWorker):  # type: ignore[misc]
    """Receives in the loop, answers in threads, refuses what is no request with an OperationOutcome.

    `app` has the settings: `max_body_bytes`, and `cors_origins` for the answers that are written here. A connection
    is in one place at a time: parked (with the poller, touched by the loop only) or with a thread.
    """

    def init_process(self) -> None:
        self._settings = self.app.settings
        self._scratch = memoryview(bytearray(_READ_BYTES))
        self._parked: dict[Caller, None] = {}
        self._next_round = 0.0
        self._held = 0
        self._most_held = max(MOST_HELD_BYTES, 2 * self._settings.max_body_bytes)
        super().init_process()

    # In the loop

    def accept(self, listener: socket) -> None:
        """Take a connection and look at once whether its request has come with it."""
        try:
            sock, client = listener.accept()
        except OSError as fault:
            if fault.errno not in (EAGAIN, EWOULDBLOCK, ECONNABORTED):  # no descriptor is left: let go of one
                self._let_go_of_oldest()
            return
        self.nr_conns += 1
        sock.setblocking(False)
        sock.setsockopt(SOL_SOCKET, SO_SNDBUF, _ANSWER_BYTES)
        caller = Caller(sock, client, listener.getsockname(), self._settings.max_body_bytes)
        self._park(caller, RECEIVE_SECONDS, self._receive)
        self._receive(caller)
        if self.nr_conns >= self.worker_connections:
            self._let_go_of_oldest()

    def _receive(self, caller: Caller, _: object = None) -> None:
        count = self._read(caller)
        if count is None:
            return
        if not caller.arrival:
            caller.began = monotonic()
            caller.until = caller.began + RECEIVE_SECONDS
        if count:
            caller.arrival.add(self._scratch[:count])
            self._hold(caller)
            if caller not in self._parked:
                return
        elif caller.arrival:
            caller.arrival.cut_short()
        else:
            self._drop(caller)
            return
        if caller.arrival.ready:
            self._unpark(caller)
            self.enqueue_req(caller)
        elif caller.arrival.asks_to_go_on:
            caller.arrival.asks_to_go_on = False
            self._send_at_once(caller, b"HTTP/1.1 100 Continue\r\n\r\n")

    def finish_request(self, caller: Caller, future: Any) -> None:
        """A thread is done with a connection: wait for its next request, or close it."""
        keep = not future.cancelled() and future.exception() is None and future.result()
        self._hold(caller)
        if not keep:
            self._leave(caller)
            return
        caller.began = monotonic()
        if caller.arrival.ready:
            self.enqueue_req(caller)
        elif caller.arrival:
            self._park(caller, RECEIVE_SECONDS, self._receive)
        else:
            self._park(caller, self.cfg.keepalive, self._receive)

    def murder_pending(self) -> None:
        """Called in every turn of the loop, at least once a second: nobody is waited for much longer than agreed."""
        now = monotonic()
        if now < self._next_round:
            return
        self._next_round = now + _ROUND_SECONDS
        for caller in [caller for caller in self._parked if self._last_moment(caller, now) <= now]:
            if caller.arrival:
                self._turn_away(caller, 408)
            else:
                self._drop(caller)

    def _last_moment(self, caller: Caller, now: float) -> float:
        """A worker that stops waits a little for a next request, since one may be on its way."""
        if not self.alive and not caller.arrival:
            caller.until = min(caller.until, now + _STOPPING_SECONDS)
        return caller.until

    def _leave(self, caller: Caller) -> None:
        """Close so that the answer arrives: a client that is still sending would be reset and never read it.

        So what it sends is taken and thrown away for a while (RFC 9112, section 9.6).
        """
        self._held -= caller.held
        caller.held = 0
        caller.arrival = Arrival(0)
        caller.left = _LINGER_BYTES
        try:
            caller.sock.shutdown(SHUT_WR)
        except OSError:
            self._drop(caller)
            return
        self._park(caller, _LINGER_SECONDS, self._throw_away)

    def _throw_away(self, caller: Caller, _: object = None) -> None:
        count = self._read(caller)
        if count is not None:
            caller.left -= count
            if not count or caller.left <= 0:
                self._drop(caller)

    def _read(self, caller: Caller) -> int | None:
        """The number of bytes read into the scratch space, 0 at the end, None where there is nothing to be read."""
        if caller not in self._parked:  # dropped in the same turn of the loop
            return None
        try:
            return caller.sock.recv_into(self._scratch)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            self._drop(caller)
            return None

    def _park(self, caller: Caller, seconds: float, then: Callable[[Caller, object], None]) -> None:
        caller.until = monotonic() + seconds
        self._parked[caller] = None
        self.poller.register(caller.sock, EVENT_READ, partial(then, caller))

    def _unpark(self, caller: Caller) -> None:
        if caller in self._parked:
            del self._parked[caller]
            self.poller.unregister(caller.sock)

    def _drop(self, caller: Caller) -> None:
        self._unpark(caller)
        self._held -= caller.held
        self.nr_conns -= 1
        caller.sock.close()

    def _hold(self, caller: Caller) -> None:
        """Memory of requests that are not answered yet is bounded: the one that takes longest to arrive has to go."""
        self._held += len(caller.arrival) - caller.held
        caller.held = len(caller.arrival)
        while self._held > self._most_held:
            oldest = next((other for other in self._parked if other.held), None)
            if oldest is None:
                return
            self._turn_away(oldest, 503)

    def _let_go_of_oldest(self) -> None:
        oldest = next(iter(self._parked), None)
        if oldest is not None:
            self._drop(oldest)

    def _turn_away(self, caller: Caller, status: int) -> None:
        self._unpark(caller)
        self._note_refusal(status, "")
        head, _ = caller.arrival.take()
        self._send_at_once(caller, self._refusal(status, head))
        self._leave(caller)

    def _send_at_once(self, caller: Caller, data: bytes) -> None:
        """A few bytes, which the kernel takes, or the client has long stopped reading."""
        try:
            caller.sock.send(data)
        except OSError:
            self.log.debug("client-gone")

    # In a thread

    def handle(self, caller: Caller) -> bool:
        """Answer the request that is there; whether the connection may carry another."""
        whole = caller.arrival.whole
        head, body = caller.arrival.take()
        parser = RequestParser(self.cfg, iter((head, body)), caller.client)
        try:
            try:
                request = next(parser)
            except http_errors.NoMoreData:
                self._refuse(caller, head, 431 if len(head) >= MOST_HEAD_BYTES else 400, "NoMoreData")
                return False
            request._expected_100_continue = False  # it was told to go on, or is not to
            keep = self.handle_request(request, caller)
            return bool(keep and whole and parser.finish_body() and not parser.unreader.buf.getvalue())
        except http_errors.ParseException as fault:
            self._refuse(caller, head, _STATUS.get(type(fault), 400), type(fault).__name__)
        except (OSError, StopIteration):
            self.log.debug("client-gone")
        except Exception as fault:
            self.log.error("bug", extra={"facts": {"status": 500, **fault_facts(fault)}})
            self._refuse(caller, head, 500, type(fault).__name__)
        return False

    def handle_request(self, request: Any, caller: Caller) -> bool:
        """One call of the application; whether the connection may be kept."""
        written = _Answer()
        answer, environ = wsgi.create(request, written, caller.client, caller.server, self.cfg)
        environ["wsgi.multithread"] = True
        environ[RECEIVED] = caller.began
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False
        if not self.alive:
            answer.force_close()
        parts = self.wsgi(environ, answer.start_response)
        try:
            for part in parts:
                answer.write(part)
            answer.close()
        finally:
            if hasattr(parts, "close"):
                parts.close()
        self._send(caller, b"".join(written.pieces))
        return not answer.should_close()

    def _refuse(self, caller: Caller, head: bytes, status: int, error: str) -> None:
        self._note_refusal(status, error)
        try:
            self._send(caller, self._refusal(status, head))
        except OSError:
            self.log.debug("client-gone")

    def _send(self, caller: Caller, data: bytes) -> None:
        """Send it all. Raises OSError where the client is gone or does not read."""
        try:
            sent = caller.sock.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            caller.sock.settimeout(_SEND_SECONDS)
            try:
                caller.sock.sendall(memoryview(data)[sent:])
            finally:
                caller.sock.setblocking(False)

    # In either

    def _note_refusal(self, status: int, error: str) -> None:
        self.log.warning("refused-by-server", extra={"facts": {"status": status, "error": error}})

    def _refusal(self, status: int, head: bytes) -> bytes:
        body = orjson.dumps({"resourceType": "OperationOutcome", "issue": [plain_problem(status)]})
        fields = [
            f"HTTP/1.1 {status} {_REASONS[status]}",
            "Connection: close",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            *browser_fields(self._settings.cors_origins, head),
            *(["Retry-After: 5"] if status == 503 else []),
        ]
        return "\r\n".join([*fields, "", ""]).encode("ascii") + body


def browser_fields(origins: tuple[str, ...], head: bytes) -> list[str]:
    """As on every other answer: without them a browser tells its user nothing at all (cds-hooks 97).

    `head` is what came of the request, which may be no HTTP at all.
    """
    if "*" in origins:
        return ["Access-Control-Allow-Origin: *"]
    found = _ORIGIN.search(head)
    origin = found[1].decode("ascii") if found else ""
    return [*([f"Access-Control-Allow-Origin: {origin}"] if origin in origins else []), "Vary: Origin"]
