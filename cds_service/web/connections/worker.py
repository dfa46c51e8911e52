"""The gunicorn worker of this service: what a thread does with a request that is there as a whole.

A thread reads from memory and writes to memory; what it does with the socket is send a whole answer, which the kernel
mostly takes at once, with a limit of time for where it does not.
"""

from contextlib import suppress
from os import kill
from signal import SIGTTIN, SIGTTOU
from typing import Any

from gunicorn.http import errors as http_errors
from gunicorn.http import wsgi
from gunicorn.http.body import LengthReader
from gunicorn.http.parser import RequestParser

from cds_service.web.connections.admission import AdmittingWorker, is_shut_out
from cds_service.web.connections.arrival import MOST_HEAD_BYTES
from cds_service.web.connections.connection import Caller
from cds_service.web.connections.refusals import refusal
from cds_service.web.reading import RECEIVED
from cds_service.web.sharing.turns import aside
from cds_service.web.telemetry.log import fault_facts

_SEND_SECONDS = 5.0
_TOO_MANY = 429
_STATUS = {
    http_errors.LimitRequestLine: 414,
    http_errors.LimitRequestHeaders: 431,
    http_errors.ExpectationFailed: 417,
    http_errors.InvalidResponseHeader: 500,
    http_errors.InvalidResponseHeaderName: 500,
}


class _Answer:
    """What gunicorn takes for the socket when it writes an answer: its pieces are sent in one go."""

    __slots__ = ("pieces", "sendall")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.sendall = self.pieces.append


def _read_out(parser: RequestParser) -> bool:
    """Whether nothing of this request is left over, once a body that nobody wanted has been thrown away.

    gunicorn throws it away in small pieces and copies the rest for each: a third of the price of a refusal.
    """
    reader = parser.mesg.body.reader
    if isinstance(reader, LengthReader):
        reader.read(reader.length)
    return parser.finish_body() and not parser.unreader.buf.getvalue()


class JsonWorker(AdmittingWorker):
    """Answers in threads, and refuses what is no request with an OperationOutcome."""

    def handle(self, caller: Caller) -> bool | None:
        """Answer the request that is there; whether the connection may carry another. None: it is to be turned back."""
        if self._lines is None:
            return self._answered(caller)
        with self._turns.turn(caller.name), self._lines.served(caller.name):
            return None if is_shut_out(caller, self._lines) else self._answered(caller)

    def _answered(self, caller: Caller) -> bool:
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
            return bool(keep and whole and _read_out(parser))
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
        if self.nr >= self.max_requests:
            self._ask_for_successor()
        if not self.alive:
            answer.force_close()
        parts = self.wsgi(environ, answer.start_response)
        self.nr += answer.status_code != _TOO_MANY  # or who calls too often would have workers replaced all the time
        try:
            for part in parts:
                answer.write(part)
            answer.close()
        finally:
            if hasattr(parts, "close"):
                parts.close()
        self._send(caller, b"".join(written.pieces))
        return not answer.should_close()

    def _ask_for_successor(self) -> None:
        """The arbiter starts a worker, then stops the oldest one: this one, or one that has worked for as long.

        A worker that stopped by itself would be replaced when it is gone, and waits before that for clients that keep
        their connections. Where it is the only one, nobody would be answered for three seconds.
        """
        self.nr = 0
        with suppress(ProcessLookupError):  # an arbiter that is gone: the loop notices, and this worker ends too
            for asked in (SIGTTIN, SIGTTOU):
                kill(self.ppid, asked)

    def _refuse(self, caller: Caller, head: bytes, status: int, error: str) -> None:
        self.note_refusal(status, error)
        try:
            self._send(caller, refusal(status, head, self._settings.cors_origins))
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
                with aside():
                    caller.sock.sendall(memoryview(data)[sent:])
            finally:
                caller.sock.setblocking(False)
