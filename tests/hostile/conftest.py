"""What all tests of this room share."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def what_is_loaded_is_not_looked_through_again() -> Iterator[None]:
    """As the running service does: a collection that goes through every test module takes longer than a cell may."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
