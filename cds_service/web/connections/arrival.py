"""A request while it arrives: bytes go in, and it tells when all of them are there.

gunicorn's own parser reads the request afterwards, from memory; this looks only for where a request ends (RFC 9112,
section 6), so that no thread ever waits for a client. Where this and gunicorn would disagree, the request is handed
over as it is and gunicorn refuses it, since whatever is missing then cannot be waited for.
"""

import re

MOST_HEAD_BYTES = 65_536
_END = b"\r\n\r\n"
_FRAMING = re.compile(rb"\r\n(content-length|transfer-encoding|expect)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)", re.I)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,12})(?:[ \t]*;[^\r\n]*)?\r\n")
_MOST_CHUNK_LINE_BYTES = 8_192
# gunicorn asks for a chunked body in steps of this size, and has to find that much beyond what the door takes.
_STEP_BYTES = 1_024


class Arrival:
    """The bytes of one connection, request after request.

    `ready` says that a request may be handed over, `whole` that it is there from end to end, so that the connection
    can carry another one. A body that is announced, or has come, larger than `most_body_bytes` is handed over unread
    or in part: the door refuses it in its own words. `asks_to_go_on` is a client that waits for `100 Continue`.
    """

    def __init__(self, most_body_bytes: int) -> None:
        self._most = most_body_bytes
        self._bytes = bytearray()
        self._forget()

    def __len__(self) -> int:
        return len(self._bytes)

    @property
    def head(self) -> bytes:
        """Request line and fields, as far as they have come."""
        return bytes(self._bytes[: self._head or MOST_HEAD_BYTES])

    def add(self, data: bytes | memoryview) -> None:
        """More bytes have come."""
        self._bytes += data
        self._look()

    def cut_short(self) -> None:
        """No more will come: what is there is handed over."""
        self.ready = True

    def take(self) -> tuple[bytes, bytes]:
        """The head and the body of the request that is ready; the next one starts at once."""
        head = bytes(self._bytes[: self._head or len(self._bytes)])
        body = bytes(memoryview(self._bytes)[len(head) : self._last])
        self._go_on()
        return head, body

    def take_head(self) -> bytes:
        """The head of the request that is ready. Its body, which nobody wants, is not even copied."""
        head = bytes(self._bytes[: self._head or len(self._bytes)])
        self._go_on()
        return head

    @property
    def _last(self) -> int:
        return self._end if self.whole else len(self._bytes)

    def _go_on(self) -> None:
        del self._bytes[: self._last]
        self._forget()
        self._look()

    def _forget(self) -> None:
        self.ready = False
        self.whole = False
        self.asks_to_go_on = False
        self._seen = 0
        self._head = 0
        self._end = 0
        self._chunked = False
        self._chunk = 0
        self._decoded = 0

    def _look(self) -> None:
        if self.ready or not self._bytes:
            return
        if not self._head and not self._find_head():
            self.ready = len(self._bytes) >= MOST_HEAD_BYTES
            return
        if self._chunked and not self.ready:
            self._walk_chunks()
        elif self._end and len(self._bytes) >= self._end:
            self.ready = self.whole = True
        if self.ready:
            self.asks_to_go_on = False

    def _find_head(self) -> bool:
        found = self._bytes.find(_END, max(0, self._seen - len(_END)))
        self._seen = len(self._bytes)
        if found < 0:
            return False
        self._head = found + len(_END)
        lengths, codings = [], []
        for name, value in _FRAMING.findall(self._bytes, 0, self._head):
            if name.lower() == b"content-length":
                lengths.append(value)
            elif name.lower() == b"transfer-encoding":
                codings.append(value.lower())
            else:
                self.asks_to_go_on = value.lower() == b"100-continue"
        if codings == [b"chunked"] and not lengths:
            self._chunked, self._chunk = True, self._head
        elif not codings and len(lengths) <= 1 and all(value.isdigit() and len(value) < 19 for value in lengths):
            length = int(lengths[0]) if lengths else 0
            self._end = self._head + length
            self.ready = length > self._most
        else:
            self.ready = True
        return True

    def _walk_chunks(self) -> None:
        """From chunk to chunk, as far as they have come. What is no chunk is left to gunicorn to refuse."""
        data = self._bytes
        while True:
            line = _CHUNK_SIZE.match(data, self._chunk)
            if line is None:
                rest = data[self._chunk : self._chunk + _MOST_CHUNK_LINE_BYTES]
                self.ready = len(rest) == _MOST_CHUNK_LINE_BYTES or rest.find(b"\r\n") >= 0
                return
            size = int(line[1], 16)
            if size == 0:
                self._end_after_trailers(line.end())
                return
            after = line.end() + size + 2
            if after > len(data):
                come = self._decoded + len(data) - line.end()
                self.ready = come > self._most + _STEP_BYTES
                return
            self._decoded += size
            self._chunk = after
            if self._decoded > self._most + _STEP_BYTES:
                self.ready = True
                return

    def _end_after_trailers(self, start: int) -> None:
        """The last chunk is followed by an empty line, or by trailer fields and an empty line."""
        found = self._bytes.find(_END, start - 2)
        if found >= 0:
            self._end = found + len(_END)
            self.ready = self.whole = True
        else:
            self.ready = len(self._bytes) - start > MOST_HEAD_BYTES
