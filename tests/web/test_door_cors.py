"""Browsers may call: CORS on every answer, errors included (cds-hooks K)."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from cds_service.web.connections.refusals import browser_fields

ORIGIN = "https://sandbox.cds-hooks.org"
PATHS = ["/cds-services", "/cds-services/ldn-order-sign", "/cds-services/ldn-order-sign/feedback"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_preflight_allows_method_and_headers_without_credentials(
    client: FlaskClient, path: str, method: str
) -> None:
    answer = client.options(
        path,
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert set(answer.headers["Access-Control-Allow-Methods"].split(", ")) == {"GET", "POST"}
    assert set(answer.headers["Access-Control-Allow-Headers"].lower().split(", ")) == {"authorization", "content-type"}
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "html" not in answer.headers.get("Content-Type", "")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/cds-services", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/cds-services/ldn-order-sign", 405),
        ("POST", "/cds-services/ldn-order-sign", 415),
        ("POST", "/cds-services/ldn-order-sign/feedback", 415),
    ],
)
def test_every_answer_may_be_read_by_a_browser(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method, headers={"Origin": ORIGIN})
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_named_origins_are_reflected_and_others_are_not(door: Callable[..., FlaskClient]) -> None:
    client = door(cors_origins=(ORIGIN, "https://ehr.example.com"))
    named = client.get("/cds-services", headers={"Origin": ORIGIN})
    other = client.get("/cds-services", headers={"Origin": f"{ORIGIN}.evil.example"})
    assert named.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Origin" not in other.headers
    assert "Origin" in named.headers["Vary"]
    assert "Origin" in other.headers["Vary"]


@pytest.mark.parametrize(
    ("head", "fields"),
    [
        (b"GET / HTTP/9.9\r\nORIGIN:https://sandbox.cds-hooks.org \r\n", [f"Access-Control-Allow-Origin: {ORIGIN}"]),
        (b"GET / HTTP/9.9\r\nOrigin: https://sandbox.cds-hooks.org.evil.example\r\n", []),
        (b"GET / HTTP/9.9\r\nOrigin: https://sandbox.cds-hooks.org", []),
        (b"\xff\xfe", []),
        (b"", []),
    ],
)
def test_what_is_hardly_http_is_refused_with_the_same_fields(head: bytes, fields: list[str]) -> None:
    assert browser_fields((ORIGIN, "https://ehr.example.com"), head) == [*fields, "Vary: Origin"]
    assert browser_fields(("*",), head) == ["Access-Control-Allow-Origin: *"]


def test_a_single_named_origin_varies_as_well(door: Callable[..., FlaskClient]) -> None:
    assert "Origin" in door(cors_origins=(ORIGIN,)).get("/cds-services").headers["Vary"]


def test_no_answer_may_be_taken_for_another_type(client: FlaskClient) -> None:
    assert client.get("/nowhere").headers["X-Content-Type-Options"] == "nosniff"
