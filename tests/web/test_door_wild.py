"""Whatever is posted, the answer is JSON and never a fault of the server."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from fake_service import FakeService
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from cds_service.feedback.store import FeedbackStore
from cds_service.settings import Settings
from cds_service.web.app import create_app

Build = Callable[..., dict[str, Any]]
SERVICES = ["ldn-medication-prescribe", "ldn-order-select", "ldn-order-sign"]
PATHS = [f"/cds-services/{service}{end}" for service in SERVICES for end in ("", "/feedback")]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    path = tmp_path_factory.mktemp("wild") / "cards.sqlite"
    with closing(FeedbackStore(f"sqlite:///{path}")) as store:
        yield create_app(Settings(), FakeService(), store).test_client()


def post(client: FlaskClient, path: str, body: bytes) -> int:
    answer = client.post(path, data=body, content_type="application/json")
    assert answer.content_type == "application/json"
    assert isinstance(json.loads(answer.data), dict)
    return answer.status_code


@given(path=st.sampled_from(PATHS), body=st.binary(max_size=300))
def test_any_bytes(posts: FlaskClient, path: str, body: bytes) -> None:
    assert post(posts, path, body) == 400


@given(path=st.sampled_from(PATHS), value=JSON)
def test_any_json(posts: FlaskClient, path: str, value: object) -> None:
    assert post(posts, path, json.dumps(value).encode("utf-8", "replace")) == 400


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from places(inner, (*way, step))


def changed(body: dict[str, Any], way: tuple[Any, ...], value: object) -> Any:
    if not way:
        return value
    body = copy.deepcopy(body)
    target: Any = body
    for step in way[:-1]:
        target = target[step]
    target[way[-1]] = value
    return body


@given(data=st.data(), value=JSON)
def test_a_valid_call_with_anything_anywhere(
    posts: FlaskClient, order_sign: Build, data: st.DataObject, value: object
) -> None:
    body = order_sign(
        fhirServer="http://localhost/fhir",
        fhirAuthorization={"access_token": "x", "token_type": "Bearer", "expires_in": 1, "scope": "a", "subject": "b"},
        prefetch={"patient": {"resourceType": "Patient", "id": "1288992"}, "labs": None},
    )
    body["context"]["selections"] = ["MedicationRequest/ldn"]
    way = data.draw(st.sampled_from(sorted(places(body), key=str)))
    sent = json.dumps(changed(body, way, value)).encode("utf-8", "replace")
    assert post(posts, "/cds-services/ldn-order-sign", sent) in (200, 400)


@given(data=st.data(), value=JSON)
def test_valid_feedback_with_anything_anywhere(posts: FlaskClient, data: st.DataObject, value: object) -> None:
    body = {
        "feedback": [
            {
                "card": "4e0a3a1e-3283-4575-ab82-028d55fe2719",
                "outcome": "accepted",
                "outcomeTimestamp": "2026-03-02T10:05:31Z",
                "acceptedSuggestions": [{"id": "e56e1945-20b3-4393-8503-a1a20fd73152"}],
            },
            {
                "card": "4e0a3a1e-3283-4575-ab82-028d55fe2719",
                "outcome": "overridden",
                "outcomeTimestamp": "2026-03-02T10:05:31Z",
                "overrideReason": {"reason": {"code": "x", "system": "y"}, "userComment": "z"},
            },
        ]
    }
    way = data.draw(st.sampled_from(sorted(places(body), key=str)))
    sent = json.dumps(changed(body, way, value)).encode("utf-8", "replace")
    assert post(posts, "/cds-services/ldn-order-sign/feedback", sent) in (200, 400)
