"""The hostile EHR: listeners, the faults on them, and a journal of who came and whether they brought a token.

`/{fault}/{on}/fhir` is a FHIR base with one fault, for some data or for `all`. `/fhir` is the base whose fault can be
switched. `/keys/{fault}` is a key set. What begins with an underscore is for the tester: see `desk.py`.
"""

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cds_service.hostile.desk import serve_tester
from cds_service.hostile.exchange import Exchange, Pace
from cds_service.hostile.fault import HONEST, Fault, Place, faults
from cds_service.hostile.journal import ELSEWHERE, HERE, Arrival, Journal
from cds_service.hostile.keys import Keys
from cds_service.hostile.records import Records, outcome
from cds_service.hostile.wire import Head, Line, NotHttp

ALL = "all"
SLOW_NAME = "slow.ehr.invalid"
_LOOPBACK, _OTHER_LOOPBACK = "127.0.0.1", "127.0.0.2"
_OLDER_NAMES = {"MedicationOrder": "MedicationRequest", "ProcedureRequest": "ServiceRequest"}


class UnknownFault(LookupError):
    """There is no such fault, or no such data to have it on; the text says which."""


class HostileEhr:
    """A context manager. `names` maps names that a tester knows, such as prefetch keys, to searches that they mean.

    `request` is a call for testers to send on. Thread-safe; every fault can be tried at the same time.
    """

    def __init__(
        self,
        records: Records,
        *,
        names: Mapping[str, str] | None = None,
        request: Mapping[str, Any] | None = None,
        port: int = 0,
        pace: Pace | None = None,
    ) -> None:
        """Raises OSError where the port is taken."""
        self.records = records
        self.request = request or {}
        self.keys = Keys()
        self.names = dict(names or {})
        self._pace = pace or Pace()
        self._lock = threading.Lock()
        self._journal = Journal()
        self._asked: Counter[str] = Counter()
        self._chosen: tuple[str, tuple[str, ...]] = (HONEST, (ALL,))
        self._open: set[socket.socket] = set()
        self._closing = False
        self._threads: list[threading.Thread] = []
        with contextlib.ExitStack() as stack:
            self._listeners = {HERE: stack.enter_context(socket.create_server((_LOOPBACK, port), backlog=128))}
            self.port: int = self._listeners[HERE].getsockname()[1]
            self._listeners["elsewhere"] = stack.enter_context(socket.create_server((_LOOPBACK, 0)))
            self._listeners["other host"] = stack.enter_context(_on_another_host(self.port))
            self._listeners["silent"] = stack.enter_context(socket.create_server((_LOOPBACK, 0), backlog=128))
            self._refusing = stack.enter_context(socket.socket())
            self._refusing.bind((_LOOPBACK, 0))
            self._full = stack.enter_context(socket.create_server((_LOOPBACK, 0), backlog=0))
            self._crowd = [stack.enter_context(socket.socket()) for _ in range(4)]
            self._sockets = stack.pop_all()

    def __enter__(self) -> "HostileEhr":
        for role, listener in self._listeners.items():
            self._start(self._accept, role, listener)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every connection and every listener."""
        with self._lock:
            self._closing = True
            left = list(self._open)
        for one in [*left, *self._listeners.values()]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(5)
        self._sockets.close()

    # What a tester asks of it

    @property
    def address(self) -> str:
        return f"http://{_LOOPBACK}:{self.port}"

    def base(self, fault: str = HONEST, on: Sequence[str] = (ALL,)) -> str:
        """The FHIR base with this fault on this data. Raises UnknownFault."""
        place = self._checked(fault, on).place
        if place is Place.NO_ACCEPT:
            _fill(self._full, self._crowd)
        host = {
            Place.NO_ACCEPT: f"http://{_LOOPBACK}:{self._full.getsockname()[1]}",
            Place.REFUSED: f"http://{_LOOPBACK}:{self._refusing.getsockname()[1]}",
            Place.SILENT_TLS: f"https://{_LOOPBACK}:{self._listeners['silent'].getsockname()[1]}",
            Place.SLOW_NAME: f"http://{SLOW_NAME}:{self.port}",
        }.get(place, self.address)
        return f"{host}/{fault}/{','.join(on)}/fhir"

    def key_set(self, fault: str = "good-keys") -> str:
        """The address of the key set with this fault. Raises UnknownFault."""
        if fault not in faults() or faults()[fault].place is not Place.KEYS:
            raise UnknownFault(f"there is no fault {fault} of a key set")
        return f"{self.address}/keys/{fault}"

    def use(self, fault: str, on: Sequence[str] = (ALL,)) -> None:
        """The fault of `/fhir` from now on. Raises UnknownFault; also for one that is met before any answer."""
        if self._checked(fault, on).place is not Place.ANSWER:
            raise UnknownFault(f"{fault} is met before there is a connection; it has only a base of its own")
        with self._lock:
            self._chosen = (fault, tuple(on))

    @property
    def chosen(self) -> tuple[str, tuple[str, ...]]:
        with self._lock:
            return self._chosen

    @property
    def arrivals(self) -> list[Arrival]:
        return self._journal.arrivals()

    @property
    def strayed(self) -> list[Arrival]:
        """Whoever came to a listener that nobody had a reason to call."""
        return [one for one in self.arrivals if one.where != HERE or one.what == "tls"]

    def forget(self) -> None:
        self._journal.clear()
        with self._lock:
            self._asked.clear()

    def _checked(self, fault: str, on: Sequence[str]) -> Fault:
        known = faults().get(fault)
        if known is None or known.place is Place.KEYS:
            raise UnknownFault(f"there is no fault {fault}")
        strange = [name for name in on if name not in (ALL, "metadata", *self.names) and not name[:1].isupper()]
        if strange or not on:
            raise UnknownFault(f"there is no data {', '.join(strange)}: {', '.join((ALL, 'metadata', *self.names))}")
        return known

    # Connections

    def _start(self, work: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        with self._lock:
            self._threads = [*(one for one in self._threads if one.is_alive() or not one.ident), thread]
        thread.start()

    def _accept(self, role: str, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                closing = self._closing
                self._open.add(connection)
            if closing:
                connection.close()
                return
            where = HERE if role in (HERE, "silent") else ELSEWHERE
            self._journal.note(Arrival(where, "connection"))
            self._start(self._converse, role, where, connection)

    def _converse(self, role: str, where: str, connection: socket.socket) -> None:
        line = Line(connection)
        try:
            with connection:
                if role == "silent":
                    line.left()
                    return
                while head := line.read():
                    self._journal.note(Arrival(where, "request", head.target, head.authorised))
                    if not self._answered(where, line, head):
                        return
        except NotHttp as strange:
            self._journal.note(Arrival(where, "tls" if strange.tls else "no http"))
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.discard(connection)

    # Answers

    def _answered(self, where: str, line: Line, head: Head) -> bool:
        """Answer one request; whether the connection can go on."""
        exchange = self._exchange(line, self.address, "")
        if where != HERE:
            # Plausible and empty: whoever follows a link to here takes it for an all-clear.
            exchange.answer(self.records.page(self.address, "Bundle", {}, []))
        elif head.method != "GET":
            exchange.answer(outcome("error", "not-supported", "Only GET is answered here"), status=405)
        elif head.path.startswith("/_"):
            serve_tester(self, exchange, head)
        else:
            exchange = self._with_fault(line, head)
        return exchange.keeps_alive and not head.last

    def _with_fault(self, line: Line, head: Head) -> Exchange:
        steps = head.target.lstrip("/").split("/", 3)
        if len(steps) > 1 and steps[0] == "keys":
            name = urlsplit(steps[1]).path
            exchange = self._exchange(line, f"{self.address}/keys", name, head.target)
            found = faults().get(name)
            if found and found.place is Place.KEYS:
                found.act(exchange)
                return exchange
        elif steps[0] == "fhir":
            fault, on = self.chosen
            query = unquote(head.target.lstrip("/").partition("/")[2])
            return self._fhir(self._exchange(line, f"{self.address}/fhir", query, head.target), head, fault, on)
        elif len(steps) == 4 and steps[2] == "fhir":
            base = "/".join((self.address, *steps[:3]))
            exchange = self._exchange(line, base, unquote(steps[3]), head.target)
            return self._fhir(exchange, head, steps[0], tuple(steps[1].split(",")))
        else:
            exchange = self._exchange(line, self.address, "")
        exchange.answer(outcome("error", "not-found", "There is nothing at this address"), status=404)
        return exchange

    def _fhir(self, exchange: Exchange, head: Head, name: str, on: Sequence[str]) -> Exchange:
        try:
            fault = self._checked(name, on)
        except UnknownFault as unknown:
            exchange.answer(outcome("error", "not-found", str(unknown)), status=404)
            return exchange
        if not head.authorised and exchange.kind != "metadata":
            exchange.answer(outcome("error", "login", "A bearer token is needed"), status=401)
        elif (fault.searches_only and not exchange.is_search) or not any(self._meant(one, exchange) for one in on):
            exchange.answer_honestly()
        else:
            fault.act(exchange)
        return exchange

    def _meant(self, name: str, exchange: Exchange) -> bool:
        """Whether a query asks for the data of that name: of the same type, and for one of its codes if it has some."""
        if name == ALL:
            return True
        search = urlsplit(self.names.get(name, name))
        kind = search.path.partition("/")[0]
        if _OLDER_NAMES.get(exchange.kind, exchange.kind) != kind:
            return False
        wanted, asked = _codes(search.query), _codes(urlsplit(exchange.query).query)
        return not wanted or not asked or bool(wanted & asked)

    def _exchange(self, line: Line, base: str, query: str, target: str = "") -> Exchange:
        with self._lock:
            self._asked[target] += 1
            times = self._asked[target]
        return Exchange(
            line=line,
            base=base,
            query=query,
            times=times,
            records=self.records,
            elsewhere=_address(self._listeners["elsewhere"]),
            other_host=_address(self._listeners["other host"]),
            pace=self._pace,
            keys=self.keys,
        )


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


def _codes(query: str) -> set[str]:
    return {code.rpartition("|")[2] for value in parse_qs(query).get("code", ()) for code in value.split(",")}


def _on_another_host(port: int) -> socket.socket:
    """The same port on another loopback address, where the system has one; else another port."""
    try:
        return socket.create_server((_OTHER_LOOPBACK, port))
    except OSError:
        return socket.create_server((_LOOPBACK, 0))


def _fill(listener: socket.socket, crowd: Sequence[socket.socket]) -> None:
    """Fill the queue of a listener that never accepts, so that the next connection attempt is not even answered."""
    for one in crowd:
        one.setblocking(False)
        one.connect_ex(listener.getsockname())
