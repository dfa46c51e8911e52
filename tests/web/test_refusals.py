"""What the worker refuses with before any application sees the request: the bytes (RFC 9110, section 15)."""

import pytest

from cds_service.web.connections.refusals import refusal

PHRASES = {
    400: "Bad Request",
    408: "Request Timeout",
    414: "URI Too Long",
    417: "Expectation Failed",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


@pytest.mark.parametrize("status", PHRASES)
def test_a_status_is_named_as_in_the_standard_whatever_the_release_of_python(status: int) -> None:
    line, *fields = refusal(status, b"", ("*",)).partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert line == f"HTTP/1.1 {status} {PHRASES[status]}".encode()
    assert any(field.startswith(b"Retry-After: ") for field in fields) == (status in (429, 503))
