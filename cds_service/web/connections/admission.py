"""Who gets a thread: a whole request goes in, waits in the line of its client, or is turned back unread (trust T13)."""

import sys
from collections import deque
from time import monotonic
from typing import Any, NamedTuple

from cds_service.web.connections.connection import Caller
from cds_service.web.connections.receiving import ReceivingWorker
from cds_service.web.connections.refusals import refusal, stays_open
from cds_service.web.sharing.lines import Lines, claimed
from cds_service.web.sharing.turns import Turns

_TOO_MANY = 429
_SHUT_OUT_SECONDS = 0.05
"""Who sends again at once what was refused at once would keep the loop busy with refusals."""
_GRACE_SECONDS = 0.04
"""Refusals can wait for a call that is being computed, which loses the interpreter to each of them."""
_REFUSALS_A_TURN = 4
"""Then the loop looks at what has come meanwhile: a call that is answered would wait behind a hundred refusals."""
_SLICE_SECONDS = 0.0002
"""Of Python's time. Its own five milliseconds keep the loop, which lets go at each read and write, from going on."""


class _ShutOut(NamedTuple):
    """Who is to be turned back, and when. `head` is that of its request, which was `whole` or not."""

    at: float
    caller: Caller
    head: bytes
    whole: bool


class AdmittingWorker(ReceivingWorker):
    """Gives threads to clients by their lines, and refuses from the loop what comes where a line is closed.

    `handle`, in a thread, returns whether the connection may carry another request, and None for one to be turned back.
    """

    def init_process(self) -> None:
        self._turns = Turns()
        self._shut_out: deque[_ShutOut] = deque()
        self._turned_away = 0
        # without a file of clients there is one caller, and nobody to be protected from it
        self._lines = None if self.app.settings.development else Lines[Caller](max(self.cfg.threads // 2, 1))
        if self._lines is not None:
            sys.setswitchinterval(_SLICE_SECONDS)
        super().init_process()

    def enqueue_req(self, caller: Caller) -> None:
        """A whole request has come: it gets a thread, or waits in line for one, or is turned back at once."""
        lines = self._lines
        if lines is None:
            super().enqueue_req(caller)
            return
        caller.name = claimed(caller.arrival.head)
        if is_shut_out(caller, lines):
            self._shut(caller)
        elif lines.comes(caller.name, caller):
            super().enqueue_req(caller)

    def finish_request(self, caller: Caller, future: Any) -> None:
        """A thread is done with a connection: wait for its next request, or close it."""
        if self._lines is not None:
            self._let_in_next(caller, self._lines)
        stays = not future.cancelled() and future.exception() is None and future.result()
        if stays is None:
            self._shut(caller)
        else:
            self._take_up(caller, stays=stays)

    def _let_in_next(self, done: Caller, lines: Lines[Caller]) -> None:
        """Of the line of a connection that was in."""
        following = lines.leaves(done.name)
        while following is not None and is_shut_out(following, lines):
            self._shut(following)
            following = lines.leaves(done.name)
        if following is not None:
            super().enqueue_req(following)

    def _shut(self, caller: Caller) -> None:
        """Turn it back a little later. What it sent is thrown away at once: it would only fill memory and caches."""
        whole = caller.arrival.whole
        head = caller.arrival.take_head()
        self._hold(caller)
        self._shut_out.append(_ShutOut(monotonic() + _SHUT_OUT_SECONDS, caller, head, whole))

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """One turn of the loop; who was shut out for long enough is told so."""
        if self._shut_out:
            timeout = min(timeout, max(self._next_refusal() - monotonic(), 0.0))
        super().wait_for_and_dispatch_events(timeout)
        for _ in range(_REFUSALS_A_TURN):
            if not self._shut_out or self._next_refusal() > monotonic():
                return
            self._turn_back(self._shut_out.popleft())

    def _next_refusal(self) -> float:
        """When the first of those who were shut out is told so: in time, or a little later while a call is computed."""
        return self._shut_out[0].at + (_GRACE_SECONDS if self._turns.taken_now else 0.0)

    def _turn_back(self, one: "_ShutOut") -> None:
        """Refuse a request that nobody has read."""
        caller = one.caller
        stays = one.whole and self.alive and stays_open(one.head)
        refused = refusal(_TOO_MANY, one.head, self._settings.cors_origins, last=not stays)
        self._turned_away += 1
        try:
            stays = caller.sock.send(refused) == len(refused) and stays
        except OSError:
            stays = False
        self._take_up(caller, stays=stays)

    def _go_round(self, now: float) -> None:
        if self._turned_away:
            self.log.info("refused-early", extra={"facts": {"status": _TOO_MANY, "calls": self._turned_away}})
            self._turned_away = 0
        if self._lines is not None:
            self._lines.reopen()
        super()._go_round(now)


def is_shut_out(caller: Caller, lines: Lines[Caller]) -> bool:
    """Whether it is a call, or feedback, of a client that has had its share just now."""
    return caller.arrival.head.startswith(b"POST ") and lines.closed(caller.name)
