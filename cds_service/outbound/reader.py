"""One guarded GET: an allowed address, bounded bytes, one deadline; no redirects, no cookies, no proxies."""

import random
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from ssl import SSLContext
from threading import Lock

import requests
from urllib3.exceptions import DecodeError

from cds_service.outbound.addresses import Origin, joined
from cds_service.outbound.retry import PASSING, RetryBudget, pause, utc_now
from cds_service.outbound.timed_sockets import TimedAdapter, exchange, tls_context

TIMEOUT, NO_CONNECTION, TOO_LARGE, MALFORMED = "timeout", "no-connection", "too-large", "malformed"
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Reply:
    """What came. `fault` is empty where a whole answer was read, of whatever status; else there is no body.

    Only the body of a 200 is read; a redirect is an answer like any other and is not followed.
    """

    status: int = 0
    body: bytes = field(default=b"", repr=False)
    fault: str = ""
    retry_after: str = ""

    @property
    def failed(self) -> bool:
        """Whether this speaks against the server, as no answer or an error of its own does."""
        return self.fault in (TIMEOUT, NO_CONNECTION) or self.status >= 500


class Allowance:
    """Bytes that one request of ours may read in all, after unpacking; shared by its parallel reads."""

    def __init__(self, most_bytes: int) -> None:
        self._left = most_bytes
        self._lock = Lock()

    def take(self, count: int) -> bool:
        """Whether so many more bytes may be read."""
        with self._lock:
            self._left -= count
            return self._left >= 0


class GuardedReader:
    """Reads from servers that somebody has registered. One a process: connections are kept and shared by threads.

    It waits in the thread that calls it, and always ends at the deadline unless the lookup of a name hangs; `Lanes`
    are for callers who cannot afford that. `connections` are kept open a server.
    """

    def __init__(
        self,
        connections: int = 32,
        context: SSLContext | None = None,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._chance = chance
        self._sleep = sleep
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.clear()
        adapter = TimedAdapter(connections, context or tls_context())
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def get(
        self,
        base: Origin,
        tail: str,
        headers: Mapping[str, str],
        deadline: float,
        allowance: Allowance,
        retries: RetryBudget | None = None,
    ) -> Reply:
        """GET what stands below a base that the caller has found allowed. Never raises; nothing of it names a header.

        With `retries`, one more try for what may pass by itself, after the pause that the server asks for.
        """
        if retries is not None:
            retries.note_call()
        reply = self._once(base, tail, headers, deadline, allowance)
        if retries is None or not ((reply.fault == NO_CONNECTION and not reply.status) or reply.status in PASSING):
            return reply
        seconds = pause(reply.retry_after, deadline - time.monotonic(), self._chance, utc_now)
        if seconds < 0 or not retries.take():
            return reply
        self._sleep(seconds)
        return self._once(base, tail, headers, deadline, allowance)

    def _once(
        self, base: Origin, tail: str, headers: Mapping[str, str], deadline: float, allowance: Allowance
    ) -> Reply:
        status = 0
        try:
            with ExitStack() as stack:
                stack.enter_context(exchange(base.host, base.port, deadline))
                sent = {"Accept-Encoding": "gzip", "User-Agent": "ldn-cds", **headers}
                left = deadline - time.monotonic()
                if left <= 0:
                    return Reply(fault=TIMEOUT)
                answer = self._session.get(
                    joined(base, tail), headers=sent, timeout=left, stream=True, allow_redirects=False
                )
                stack.enter_context(answer)
                status = answer.status_code
                if status != 200:
                    return Reply(status, retry_after=answer.headers.get("Retry-After", ""))
                body = bytearray()
                while chunk := answer.raw.read1(_CHUNK, decode_content=True):
                    if not allowance.take(len(chunk)):
                        return Reply(status, fault=TOO_LARGE)
                    body += chunk
                    if time.monotonic() > deadline:
                        return Reply(status, fault=TIMEOUT)
            return Reply(status, bytes(body))
        except DecodeError:
            return Reply(status, fault=MALFORMED)
        except Exception:
            # The text of such an exception may hold the address or a header; only what it means goes on.
            return Reply(status, fault=TIMEOUT if time.monotonic() >= deadline else NO_CONNECTION)
