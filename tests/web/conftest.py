"""The door with a fake service behind it."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fake_service import FakeService
from flask.testing import FlaskClient

from cds_service.feedback.store import FeedbackStore
from cds_service.settings import Settings
from cds_service.web.app import create_app


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FeedbackStore]:
    with closing(FeedbackStore(f"sqlite:///{tmp_path / 'cards.sqlite'}")) as opened:
        yield opened


@pytest.fixture
def door(service: FakeService, store: FeedbackStore) -> Callable[..., FlaskClient]:
    """A client of a door with these settings."""
    return lambda **settings: create_app(Settings(**settings), service, store).test_client()


@pytest.fixture
def client(door: Callable[..., FlaskClient]) -> FlaskClient:
    return door()


@pytest.fixture(scope="session")
def order_sign() -> Callable[..., dict[str, Any]]:
    """A valid call with changes on top."""

    def build(**changes: Any) -> dict[str, Any]:
        order = {"resourceType": "MedicationRequest", "id": "ldn", "status": "draft"}
        return {
            "hook": "order-sign",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {
                "userId": "Practitioner/example",
                "patientId": "1288992",
                "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": order}]},
            },
            **changes,
        }

    return build
