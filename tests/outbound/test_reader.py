"""The guarded GET against servers that stall at every place where one can, and with TLS."""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import trustme

from cds_service.outbound import Allowance, GuardedReader, Origin, Reply, RetryBudget, origin, timed_sockets
from cds_service.outbound.timed_sockets import exchange, tls_context

PLENTY = 20.0
TOKEN = "sesame-7f3a"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Talk = Callable[[socket.socket, threading.Event], None]


def base(port: int, scheme: str = "http", host: str = "127.0.0.1") -> Origin:
    found = origin(f"{scheme}://{host}:{port}/fhir")
    assert found is not None
    return found


@pytest.fixture
def serve() -> Iterator[Callable[[Talk], int]]:
    """Starts a listener that lets `talk` have each connection; answers its port. All end with the test."""
    over = threading.Event()
    with ExitStack() as stack:

        def start(talk: Talk) -> int:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def each(wire: socket.socket) -> None:
                with wire, suppress(OSError):
                    talk(wire, over)

            def accept() -> None:
                while True:
                    try:
                        wire, _ = listener.accept()
                    except OSError:
                        return
                    threading.Thread(target=each, args=(wire,), daemon=True).start()

            threading.Thread(target=accept, daemon=True).start()
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            return int(listener.getsockname()[1])

        stack.callback(over.set)
        yield start


def get(reader: GuardedReader, place: Origin, seconds: float, retries: RetryBudget | None = None) -> Reply:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return reader.get(place, "x", headers, time.monotonic() + seconds, Allowance(1000), retries)


def hear(wire: socket.socket) -> bytes:
    """One request, to the end of its head."""
    got = b""
    while not got.endswith(b"\r\n\r\n") and (part := wire.recv(65_536)):
        got += part
    return got


def trickle(what: bytes) -> Talk:
    def talk(wire: socket.socket, over: threading.Event) -> None:
        hear(wire)
        for one in what:
            wire.sendall(bytes([one]))
            if over.wait(0.02):
                return
        over.wait(PLENTY)

    return talk


def silent(wire: socket.socket, over: threading.Event) -> None:
    over.wait(PLENTY)


@pytest.mark.parametrize(
    "talk",
    [
        silent,
        trickle(b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 200),
        trickle(b"HTTP/1.1 200 " + b"O" * 5000),
        trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b" " * 5000),
        trickle(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 2000),
        trickle(b"HTTP/1.1 100 Continue\r\n\r\n" * 200),
    ],
    ids=["no-answer", "head-lines", "status-line", "body", "chunks", "continues"],
)
def test_a_server_that_stalls_or_trickles_ends_at_the_deadline_in_the_thread_that_reads(
    serve: Callable[[Talk], int], talk: Talk
) -> None:
    began = time.monotonic()
    reply = get(GuardedReader(), base(serve(talk)), 0.3)
    assert reply.fault == "timeout"
    assert 0.25 < time.monotonic() - began < PLENTY / 4


def test_a_server_that_never_shakes_hands_ends_at_the_deadline(serve: Callable[[Talk], int]) -> None:
    def part_of_a_handshake(wire: socket.socket, over: threading.Event) -> None:
        wire.recv(65_536)
        for one in b"\x16\x03\x03\x40\x00" + b"\x02" * 500:
            wire.sendall(bytes([one]))
            if over.wait(0.02):
                return

    for talk in (silent, part_of_a_handshake):
        began = time.monotonic()
        assert get(GuardedReader(), base(serve(talk), "https"), 0.3).fault == "timeout"
        assert time.monotonic() - began < PLENTY / 4


def test_an_answer_that_comes_in_pieces_within_the_time_is_read(serve: Callable[[Talk], int]) -> None:
    assert get(GuardedReader(), base(serve(trickle(GOOD))), PLENTY) == Reply(200, b"{}")


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def secure(authority: trustme.CA, name: str, talk: Talk) -> Talk:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)

    def shake(wire: socket.socket, over: threading.Event) -> None:
        with context.wrap_socket(wire, server_side=True) as safe:
            talk(safe, over)

    return shake


def trusting(authority: trustme.CA, folder: Path) -> GuardedReader:
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return GuardedReader(context=tls_context(str(folder / "ca.pem")))


def answer_each(wire: socket.socket, over: threading.Event) -> None:
    while hear(wire):
        wire.sendall(GOOD)


def test_a_server_is_read_over_tls_and_its_connection_is_kept(
    serve: Callable[[Talk], int], authority: trustme.CA, tmp_path: Path
) -> None:
    connections = []

    def counted(wire: socket.socket, over: threading.Event) -> None:
        connections.append(wire)
        answer_each(wire, over)

    reader, place = trusting(authority, tmp_path), base(serve(secure(authority, "127.0.0.1", counted)), "https")
    assert [get(reader, place, PLENTY) for _ in range(3)] == [Reply(200, b"{}")] * 3
    assert len(connections) == 1


def test_a_trickling_server_over_tls_ends_at_the_deadline(
    serve: Callable[[Talk], int], authority: trustme.CA, tmp_path: Path
) -> None:
    slow = trickle(b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 200)
    reader, place = trusting(authority, tmp_path), base(serve(secure(authority, "127.0.0.1", slow)), "https")
    began = time.monotonic()
    assert get(reader, place, 0.4).fault == "timeout"
    assert time.monotonic() - began < PLENTY / 4


@pytest.mark.parametrize("case", ["unknown authority", "another name"])
def test_a_certificate_that_proves_nothing_is_no_connection_and_no_token_is_sent(
    serve: Callable[[Talk], int], authority: trustme.CA, tmp_path: Path, case: str
) -> None:
    heard: list[bytes] = []

    def listen(wire: socket.socket, over: threading.Event) -> None:
        heard.append(hear(wire))

    name = "127.0.0.1" if case == "unknown authority" else "other.example"
    other = trustme.CA() if case == "unknown authority" else authority
    port = serve(secure(other, name, listen))
    assert get(trusting(authority, tmp_path), base(port, "https"), PLENTY).fault == "no-connection"
    assert b"".join(heard) == b""


# Names and addresses


def resolving_to(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def test_an_address_that_refuses_is_followed_by_the_next(
    serve: Callable[[Talk], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        resolving_to(monkeypatch, nobody.getsockname()[1], serve(answer_each))
        assert get(GuardedReader(), base(80, host="localhost"), PLENTY) == Reply(200, b"{}")


def test_an_address_that_swallows_everything_has_its_share_of_the_time_only(
    serve: Callable[[Talk], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[float] = []
    connect = timed_sockets._TimedSocket.connect

    def swallowing(wire: socket.socket, address: tuple[str, int]) -> None:
        if address[1] == 9:
            tried.append(wire.gettimeout() or 0)
            raise TimeoutError
        connect(wire, address)

    monkeypatch.setattr(timed_sockets._TimedSocket, "connect", swallowing)
    resolving_to(monkeypatch, 9, serve(answer_each))
    assert get(GuardedReader(), base(80, host="localhost"), PLENTY) == Reply(200, b"{}")
    assert PLENTY / 2 - 1 < tried[0] <= PLENTY / 2


def test_a_name_that_nobody_knows_is_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert get(GuardedReader(), base(80, host="localhost"), PLENTY) == Reply(fault="no-connection")


def test_no_connection_goes_anywhere_but_to_the_place_that_was_checked(serve: Callable[[Talk], int]) -> None:
    """The second wall: even a library that reads an address otherwise than we do gets no connection."""
    port = serve(answer_each)
    with pytest.raises(ConnectionRefusedError):
        timed_sockets.connect("127.0.0.1", port)
    with exchange("127.0.0.1", port + 1, time.monotonic() + PLENTY), pytest.raises(ConnectionRefusedError):
        timed_sockets.connect("127.0.0.1", port)
    with exchange("127.0.0.1", port, time.monotonic() + PLENTY):
        timed_sockets.connect("127.0.0.1", port).close()


# Once more


def statuses(*heads: bytes) -> tuple[Talk, list[bytes]]:
    """A server that answers its requests one after the other, and the requests it got."""
    left, heard = list(heads), []

    def talk(wire: socket.socket, over: threading.Event) -> None:
        heard.append(hear(wire))
        wire.sendall(left.pop(0) if left else GOOD)

    return talk, heard


def refusal(status: int, *fields: bytes) -> bytes:
    lines = [b"HTTP/1.1 %d No" % status, b"Content-Length: 0", b"Connection: close", *fields]
    return b"\r\n".join([*lines, b"", b""])


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_pass_by_itself_is_tried_once_more(serve: Callable[[Talk], int], status: int) -> None:
    slept: list[float] = []
    talk, heard = statuses(refusal(status))
    reader = GuardedReader(chance=lambda: 0.5, sleep=slept.append)
    assert get(reader, base(serve(talk)), PLENTY, RetryBudget()) == Reply(200, b"{}")
    assert (len(heard), slept) == (2, [pytest.approx(0.05)])


def test_a_second_failure_is_the_answer(serve: Callable[[Talk], int]) -> None:
    talk, heard = statuses(refusal(503), refusal(502))
    reader = GuardedReader(sleep=lambda _: None)
    assert get(reader, base(serve(talk)), PLENTY, RetryBudget()).status == 502
    assert len(heard) == 2


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 500, 501])
def test_what_will_not_pass_is_not_tried_again(serve: Callable[[Talk], int], status: int) -> None:
    talk, heard = statuses(refusal(status))
    assert get(GuardedReader(), base(serve(talk)), PLENTY, RetryBudget()).status == status
    assert len(heard) == 1


def test_a_connection_that_fails_is_tried_once_more(serve: Callable[[Talk], int]) -> None:
    heard = []

    def hang_up_first(wire: socket.socket, over: threading.Event) -> None:
        heard.append(hear(wire))
        if len(heard) > 1:
            wire.sendall(GOOD)

    reader = GuardedReader(sleep=lambda _: None)
    assert get(reader, base(serve(hang_up_first)), PLENTY, RetryBudget()) == Reply(200, b"{}")


def test_a_server_that_asks_for_more_time_than_there_is_is_not_asked_again(serve: Callable[[Talk], int]) -> None:
    talk, heard = statuses(refusal(503, b"Retry-After: 60"))
    reply = get(GuardedReader(), base(serve(talk)), PLENTY, RetryBudget())
    assert (reply.status, reply.retry_after, len(heard)) == (503, "60", 1)


def test_a_pause_that_the_server_asks_for_is_kept(serve: Callable[[Talk], int]) -> None:
    slept: list[float] = []
    talk, _ = statuses(refusal(429, b"Retry-After: 1"))
    reader = GuardedReader(chance=lambda: 0.0, sleep=slept.append)
    assert get(reader, base(serve(talk)), PLENTY, RetryBudget()).status == 200
    assert slept == [1.0]


def test_without_a_budget_there_is_no_retry(serve: Callable[[Talk], int]) -> None:
    talk, heard = statuses(refusal(503))
    assert get(GuardedReader(), base(serve(talk)), PLENTY).status == 503
    assert len(heard) == 1


def test_a_used_up_budget_leaves_the_first_answer(serve: Callable[[Talk], int]) -> None:
    budget = RetryBudget()
    while budget.take():
        pass
    talk, heard = statuses(refusal(503))
    assert get(GuardedReader(), base(serve(talk)), PLENTY, budget).status == 503
    assert len(heard) == 1


# What is left behind


def test_neither_a_reply_nor_a_log_nor_an_exception_holds_the_token(
    serve: Callable[[Talk], int], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    for talk in (statuses(refusal(503))[0], lambda wire, over: None, answer_each):
        assert TOKEN not in repr(get(GuardedReader(sleep=lambda _: None), base(serve(talk)), PLENTY, RetryBudget()))
    reader = GuardedReader()
    reply = reader.get(base(9), "x", {"Authorization": f"Bearer {TOKEN}\r\nX: 1"}, time.monotonic() + 1, Allowance(9))
    assert (reply.fault, TOKEN in repr(reply)) == ("no-connection", False)
    assert TOKEN not in caplog.text


def test_parallel_reads_share_one_allowance(serve: Callable[[Talk], int]) -> None:
    reader, place, allowance = GuardedReader(), base(serve(answer_each)), Allowance(5)
    deadline = time.monotonic() + PLENTY
    got = [reader.get(place, "x", {}, deadline, allowance) for _ in range(3)]
    assert [reply.fault for reply in got] == ["", "", "too-large"]


def test_a_body_that_does_not_unpack_is_malformed(serve: Callable[[Talk], int]) -> None:
    packed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"
    talk, _ = statuses(packed)
    assert get(GuardedReader(), base(serve(talk)), PLENTY).fault == "malformed"
