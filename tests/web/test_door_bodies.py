"""Bodies of the wrong kind, size and spelling (cds-hooks 1, 111, 112; trust T5)."""

import gzip
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from fake_service import FakeService
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Build = Callable[..., dict[str, Any]]
Door = Callable[..., FlaskClient]
SIGN = "/cds-services/ldn-order-sign"
BOTH = [SIGN, f"{SIGN}/feedback"]


def code_of(answer: TestResponse) -> str:
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    outcome = answer.get_json()
    assert outcome["resourceType"] == "OperationOutcome"
    code: str = outcome["issue"][0]["details"]["coding"][0]["code"]
    return code


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", b'{"a": NaN}', b'{"a": 1e999}', b'{"a": 1, "a": 2}', b'{"a": ' + b"9" * 5000 + b"}",
     b"[" * 200_000, b'{"a": "\\ud800"}', b'{"a": "\xff"}', b"\xef\xbb\xbf{}", "{}".encode("utf-16"),
     "{}".encode("utf-32"), gzip.compress(b"{}", mtime=0)],
)  # fmt: skip
def test_a_body_that_is_not_strict_json_is_malformed(client: FlaskClient, path: str, body: bytes) -> None:
    answer = client.post(path, data=body, content_type="application/json")
    assert answer.status_code == 400
    assert code_of(answer) == "malformed-json"


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"3", b"true", b"[{}]"])
def test_a_body_that_is_no_object_is_malformed(client: FlaskClient, path: str, body: bytes) -> None:
    answer = client.post(path, data=body, content_type="application/json")
    assert answer.status_code == 400
    assert code_of(answer) == "malformed-json"


@pytest.mark.parametrize(
    "kind",
    ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"',
     "application/fhir+json", "application/json; profile=x"],
)  # fmt: skip
def test_every_spelling_of_json_is_taken(client: FlaskClient, order_sign: Build, kind: str) -> None:
    assert client.post(SIGN, data=json.dumps(order_sign()), content_type=kind).status_code == 200


@pytest.mark.parametrize("path", BOTH)
@pytest.mark.parametrize(
    "kind",
    [None, "", "text/plain", "text/html", "application/xml",
     "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16",
     "application/json; charset=latin-1", "application/jsonp", "json", "image/svg+json"],
)  # fmt: skip
def test_any_other_kind_is_an_unsupported_media_type(
    client: FlaskClient, order_sign: Build, path: str, kind: str | None
) -> None:
    answer = client.post(path, data=json.dumps(order_sign()), content_type=kind)
    assert answer.status_code == 415
    assert code_of(answer) == "unsupported-media-type"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "x-gzip", "gzip, identity"])
def test_an_encoded_body_is_an_unsupported_media_type(client: FlaskClient, order_sign: Build, encoding: str) -> None:
    body = gzip.compress(json.dumps(order_sign()).encode())
    answer = client.post(SIGN, data=body, content_type="application/json", headers={"Content-Encoding": encoding})
    assert answer.status_code == 415


def test_identity_is_no_encoding(client: FlaskClient, order_sign: Build) -> None:
    assert client.post(SIGN, json=order_sign(), headers={"Content-Encoding": "identity"}).status_code == 200


@pytest.mark.parametrize("path", BOTH)
def test_a_body_of_ten_megabytes_is_too_large(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data=b" " * 10_000_000, content_type="application/json")
    assert answer.status_code == 413
    assert code_of(answer) == "body-too-large"


def length(announced: int) -> dict[str, str]:
    return {"CONTENT_LENGTH": str(announced)}


def test_an_announced_size_beyond_the_limit_is_refused_unread(client: FlaskClient) -> None:
    class Untouched(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise AssertionError("read")

    answer = client.post(
        SIGN, input_stream=Untouched(), content_type="application/json", environ_overrides=length(10**15)
    )
    assert answer.status_code == 413


def chunked(client: FlaskClient, body: bytes) -> TestResponse:
    """As a server hands on a chunked body: no length, but an end."""
    return client.post(
        SIGN,
        input_stream=io.BytesIO(body),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )


def test_a_chunked_call_is_answered(client: FlaskClient, order_sign: Build) -> None:
    assert chunked(client, json.dumps(order_sign()).encode()).status_code == 200


def test_a_chunked_body_of_ten_megabytes_is_too_large(client: FlaskClient) -> None:
    assert chunked(client, b" " * 10_000_000).status_code == 413


def test_the_limit_is_a_setting(door: Door, order_sign: Build) -> None:
    body = json.dumps(order_sign()).encode()
    assert door(max_body_bytes=len(body)).post(SIGN, data=body, content_type="application/json").status_code == 200
    assert door(max_body_bytes=len(body) - 1).post(SIGN, data=body, content_type="application/json").status_code == 413
    assert chunked(door(max_body_bytes=len(body)), body).status_code == 200
    assert chunked(door(max_body_bytes=len(body) - 1), body).status_code == 413


def test_a_body_that_ends_early_could_not_be_read(client: FlaskClient) -> None:
    answer = client.post(
        SIGN, input_stream=io.BytesIO(b'{"hook"'), content_type="application/json", environ_overrides=length(100)
    )
    assert answer.status_code == 400
    assert code_of(answer) == "bad-request"


def test_a_connection_that_breaks_could_not_be_read(client: FlaskClient) -> None:
    class Broken(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise OSError("gone")

    answer = client.post(SIGN, input_stream=Broken(), content_type="application/json", environ_overrides=length(100))
    assert answer.status_code == 400


def test_an_integer_of_thirty_digits_in_a_resource_breaks_nothing(
    client: FlaskClient, order_sign: Build, service: FakeService
) -> None:
    body = json.dumps(order_sign(prefetch={"x": {"resourceType": "Basic", "value": 10**30}}))
    assert client.post(SIGN, data=body, content_type="application/json").status_code == 200
    assert service.asked[0].prefetch["x"]["value"] == 1e30


def test_the_body_is_not_repeated_in_the_refusal(client: FlaskClient, order_sign: Build) -> None:
    answer = client.post(SIGN, json=order_sign(hookInstance="<script>alert(1)</script>"))
    assert answer.status_code == 400
    assert b"script" not in answer.data
