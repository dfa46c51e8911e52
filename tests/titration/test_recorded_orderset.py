"""Nothing of the order set has changed but what was read and written down."""

import json

import pytest
from titration.recorded_orderset import FOLDER, page, pages

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def test_every_part_of_the_set_is_on_record() -> None:
    assert sorted(pages()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_order_set_leaves_as_it_is_on_record(name: str) -> None:
    there = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    assert json.loads(page(pages()[name]())) == there, "Read what changed. If it is right: make findings"
