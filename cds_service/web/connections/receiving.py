"""The loop of a worker: connections are accepted, requests collected, and nobody is waited for.

gunicorn's threaded worker gives a connection a thread at its first byte and lets it read there for as long as the
client pleases, so that as many slow clients as there are threads stop everyone. Here the loop that accepts connections
also collects their bytes, with a deadline for head and body together, and closes them without waiting for anybody.
"""

from collections.abc import Callable
from errno import EAGAIN, ECONNABORTED, EWOULDBLOCK
from functools import partial
from selectors import EVENT_READ
from socket import SHUT_WR, SO_SNDBUF, SOL_SOCKET, socket
from time import monotonic

from gunicorn.workers.gthread import ThreadWorker

from cds_service.web.connections.arrival import Arrival
from cds_service.web.connections.connection import Caller
from cds_service.web.connections.refusals import refusal
from cds_service.web.connections.threads import Threads

RECEIVE_SECONDS = 10.0
MOST_CONNECTIONS = 1_000
MOST_CALLS = 5_000
"""About so many are answered by one worker before another takes its place, so that memory lost somewhere comes back."""
MOST_HELD_BYTES = 128_000_000
_LINGER_SECONDS = 1.0
_LINGER_BYTES = 16_000_000
_STOPPING_SECONDS = 2.0
_ROUND_SECONDS = 0.2
_SIGN_SECONDS = 1.0
_READ_BYTES = 262_144
_ANSWER_BYTES = 1_000_000


class ReceivingWorker(ThreadWorker):  # type: ignore[misc]
    """Receives in the loop, and has no thread wait for a client; `AdmittingWorker` says when a whole request gets one.

    `app` has the settings: `max_body_bytes`, and `cors_origins` for the answers that are written here. A connection
    is in one place at a time: parked (with the poller, touched by the loop only) or with a thread.
    """

    def init_process(self) -> None:
        self._settings = self.app.settings
        self._scratch = memoryview(bytearray(_READ_BYTES))
        self._parked: dict[Caller, None] = {}
        self._next_round = self._next_sign = 0.0
        self._held = 0
        self._most_held = max(MOST_HELD_BYTES, 2 * self._settings.max_body_bytes)
        super().init_process()

    def get_thread_pool(self) -> Threads:
        return Threads(self.cfg.threads)

    def notify(self) -> None:
        """Tell the arbiter that this worker lives, once a second.

        In each turn it would let go of the interpreter just when a thread has been given a call, and then wait for it.
        """
        now = monotonic()
        if now >= self._next_sign:
            self._next_sign = now + _SIGN_SECONDS
            super().notify()

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

    def _take_up(self, caller: Caller, *, stays: bool) -> None:
        """A connection that has been answered: its next request, or its end."""
        self._hold(caller)
        if not stays:
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
        self._go_round(now)

    def _go_round(self, now: float) -> None:
        """Let go of everybody whose time is up."""
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
        self.note_refusal(status, "")
        head, _ = caller.arrival.take()
        self._send_at_once(caller, refusal(status, head, self._settings.cors_origins))
        self._leave(caller)

    def _send_at_once(self, caller: Caller, data: bytes) -> None:
        """A few bytes, which the kernel takes, or the client has long stopped reading."""
        try:
            caller.sock.send(data)
        except OSError:
            self.log.debug("client-gone")

    def note_refusal(self, status: int, error: str) -> None:
        self.log.warning("refused-by-server", extra={"facts": {"status": status, "error": error}})
