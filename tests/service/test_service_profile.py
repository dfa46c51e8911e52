"""A running service dresses its answers for the caller it answers, its own fault included."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from cds_service.hooks.request import HookRequest, read_request
from cds_service.profiles import profile_of
from cds_service.running import Service, unnamed_caller
from cds_service.settings import Settings

EPIC = Settings(profile="epic")
REQUEST = Path(__file__).resolve().parents[2] / "docs" / "example" / "request.json"


@pytest.fixture(scope="module")
def example() -> HookRequest:
    return read_request(orjson.loads(REQUEST.read_bytes()), "order-sign")


def topics(cards: list[dict[str, Any]]) -> list[str]:
    return [card["source"]["topic"]["code"] for card in cards]


def test_the_setting_names_the_profile_of_callers_without_a_registration(example: HookRequest) -> None:
    service = Service(EPIC)
    answer = service.answer(example)
    assert topics(answer.cards) == ["opioidActive"]
    assert [len(one["actions"]) for one in answer.cards[0]["suggestions"]] == [1, 1]
    assert [issued.rule for issued in answer.issued] == ["opioid-active"]


def test_a_caller_with_a_profile_of_its_own_gets_that(example: HookRequest) -> None:
    service = Service(EPIC)
    caller = replace(unnamed_caller(EPIC), profile=profile_of("standard"))
    assert topics(service.answer(example, caller=caller).cards) == ["opioid-active"]


def test_the_card_for_a_fault_of_ours_wears_the_same_dress(example: HookRequest) -> None:
    service = Service(EPIC)
    assert topics(service.did_not_run(example).cards) == ["dataNotChecked"]
    caller = replace(unnamed_caller(EPIC), profile=profile_of("oracle"))
    [card] = service.did_not_run(example, caller).cards
    assert "overrideReasons" not in card
    assert not card["detail"].startswith("- ")


def test_the_budget_of_the_profile_is_that_of_the_caller() -> None:
    assert unnamed_caller(Settings(profile="crd")).budget_seconds == 4.0
