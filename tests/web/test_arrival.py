"""Where a request ends, however its bytes come (RFC 9112 section 6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.web.connections.arrival import MOST_HEAD_BYTES, Arrival

MOST = 100_000
POST = b"POST /x HTTP/1.1\r\nHost: x\r\n"


def sized(body: bytes) -> tuple[bytes, bytes]:
    return POST + f"Content-Length: {len(body)}\r\n\r\n".encode(), body


def chunked(pieces: list[bytes], extension: bytes = b"", trailers: bytes = b"") -> tuple[bytes, bytes]:
    chunks = b"".join(b"%X%b\r\n%b\r\n" % (len(piece), extension, piece) for piece in pieces if piece)
    return POST + b"transfer-encoding:\tChunked\r\n\r\n", chunks + b"0\r\n" + trailers + b"\r\n"


REQUESTS = st.one_of(
    st.just((b"GET / HTTP/1.1\r\n\r\n", b"")),
    st.binary(max_size=300).map(sized),
    st.builds(
        chunked,
        st.lists(st.binary(max_size=40), max_size=5),
        st.sampled_from([b"", b";a=b"]),
        st.sampled_from([b"", b"A: b\r\n"]),
    ),
)


@given(st.lists(REQUESTS, min_size=1, max_size=3), st.data())
def test_each_request_is_ready_with_its_last_byte_and_not_before(
    requests: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    arrival = Arrival(MOST)
    for head, body in requests:
        whole = head + body
        cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1), max_size=4)))
        for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
            assert not arrival.ready
            arrival.add(whole[start:end])
        assert (arrival.ready, arrival.whole) == (True, True)
        assert arrival.take() == (head, body)
        assert len(arrival) == 0


@given(st.lists(REQUESTS, min_size=2, max_size=4))
def test_requests_that_come_together_are_taken_one_by_one(requests: list[tuple[bytes, bytes]]) -> None:
    arrival = Arrival(MOST)
    arrival.add(b"".join(head + body for head, body in requests))
    taken = []
    while arrival.ready:
        taken.append(arrival.take())
    assert taken == requests


@given(st.lists(REQUESTS, min_size=2, max_size=4))
def test_a_body_that_nobody_wants_is_left_out_and_the_next_request_is_whole(
    requests: list[tuple[bytes, bytes]],
) -> None:
    arrival = Arrival(MOST)
    arrival.add(b"".join(head + body for head, body in requests))
    assert arrival.take_head() == requests[0][0]
    assert arrival.take() == requests[1]


@pytest.mark.parametrize("length", [MOST + 1, 10**15])
def test_a_body_announced_too_large_is_handed_over_without_it(length: int) -> None:
    arrival = Arrival(MOST)
    arrival.add(POST + f"Content-Length: {length}\r\n\r\n".encode())
    assert (arrival.ready, arrival.whole) == (True, False)


def test_a_chunked_body_that_grows_too_large_is_handed_over_in_part() -> None:
    arrival = Arrival(MOST)
    arrival.add(POST + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n" + b" " * MOST)
    assert not arrival.ready
    arrival.add(b" " * 1_025)
    assert (arrival.ready, arrival.whole) == (True, False)


def test_many_small_chunks_are_counted_together() -> None:
    arrival = Arrival(MOST)
    arrival.add(POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"64\r\n" + b" " * 100 + b"\r\n")
    for _ in range(MOST // 100 + 11):
        arrival.add(b"64\r\n" + b" " * 100 + b"\r\n")
    assert (arrival.ready, arrival.whole) == (True, False)


@pytest.mark.parametrize(
    "framing",
    [b"Content-Length: many", b"Content-Length: -1", b"Content-Length: 5\r\nContent-Length: 5", b"Content-Length:",
     b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: gzip",
     b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
     b"Content-Length: " + b"9" * 5_000],
)  # fmt: skip
def test_framing_that_nobody_should_guess_at_is_left_to_be_refused(framing: bytes) -> None:
    arrival = Arrival(MOST)
    arrival.add(POST + framing + b"\r\n\r\n")
    assert (arrival.ready, arrival.whole) == (True, False)


@pytest.mark.parametrize("line", [b"zz\r\n", b"-5\r\n", b"0x5\r\n", b"\r\n", b"FFFFFFFFFFFFFFFFFFFF\r\n", b"5" * 8_192])
def test_a_chunk_that_is_none_is_left_to_be_refused(line: bytes) -> None:
    arrival = Arrival(MOST)
    arrival.add(POST + b"Transfer-Encoding: chunked\r\n\r\n" + line)
    assert (arrival.ready, arrival.whole) == (True, False)


@pytest.mark.parametrize("start", [b"", POST, POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"])
def test_a_head_or_trailer_without_an_end_is_handed_over_when_it_is_too_long(start: bytes) -> None:
    arrival = Arrival(MOST)
    arrival.add(start + b"X" * 1_000)
    assert not arrival.ready
    arrival.add(b"X" * MOST_HEAD_BYTES)
    assert (arrival.ready, arrival.whole) == (True, False)


@given(st.lists(st.binary(max_size=30) | st.sampled_from([b"\r\n\r\n", b"0\r\n", POST]), max_size=20))
def test_any_bytes_may_come(pieces: list[bytes]) -> None:
    arrival = Arrival(MOST)
    for piece in pieces:
        arrival.add(piece)
        while arrival.ready and len(arrival):
            before = len(arrival)
            head, body = arrival.take()
            assert len(head) + len(body) + len(arrival) == before
            assert head


def test_a_client_that_asks_to_go_on_is_heard_until_its_body_is_there() -> None:
    arrival = Arrival(MOST)
    arrival.add(POST + b"Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n")
    assert arrival.asks_to_go_on
    arrival.add(b"{}")
    assert (arrival.ready, arrival.asks_to_go_on) == (True, False)
