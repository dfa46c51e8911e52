"""How prefetch came, key by key; names of a client's are never repeated."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir.prefetch_states import prefetch_states
from cds_service.hooks.services import SERVICES
from cds_service.profiles import STANDARD, profile_of

KEYS = SERVICES["ldn-order-sign"].keys
EMPTY = {"resourceType": "Bundle", "type": "searchset", "total": 0}
FAILURE = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}
NO_RESULTS = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "warning", "code": "processing", "details": {"coding": [{"code": "4101"}]}}],
}


def inside(outcome: dict[str, Any]) -> dict[str, Any]:
    return {**EMPTY, "entry": [{"resource": outcome, "search": {"mode": "outcome"}}]}


VALUES = {
    "an empty list": (EMPTY, "came"),
    "a resource": ({"resourceType": "Patient", "id": "a"}, "came"),
    "a bare list": ([], "came"),
    "null": (None, "null"),
    "an error": (FAILURE, "failed"),
    "an error in a list": (inside(FAILURE), "failed"),
    "no results, says Epic": (NO_RESULTS, "came"),
    "no results in a list": (inside(NO_RESULTS), "came"),
    "a word": ("none", "failed"),
    "an object that is no resource": ({"status": 403}, "failed"),
}


@pytest.mark.parametrize(("value", "state"), VALUES.values(), ids=VALUES)
def test_a_value_came_was_null_or_failed(value: Any, state: str) -> None:
    assert ("labs", state) in prefetch_states({"labs": value}, KEYS, STANDARD)


def test_every_expected_key_has_one_state_and_the_rest_is_absent() -> None:
    states = dict(prefetch_states({"labs": EMPTY, "patient": None}, KEYS, STANDARD))
    assert set(states) == set(KEYS)
    assert {key for key, state in states.items() if state != "absent"} == {"labs", "patient"}


def test_only_keys_that_may_be_hoped_for_are_missed() -> None:
    few = replace(STANDARD, prefetch_keys=("patient", "labs"))
    assert dict(prefetch_states({}, KEYS, few)) == {"patient": "absent", "labs": "absent"}


def test_a_renamed_key_is_counted_as_such_beside_its_state() -> None:
    states = prefetch_states({"labs-user": None, "MedicationRequests": EMPTY}, KEYS, profile_of("epic"))
    assert {("labs", "null"), ("labs", "renamed")} <= set(states)
    assert {("medRequests", "came"), ("medRequests", "renamed")} <= set(states)


def test_a_key_that_came_twice_counts_as_the_better_one() -> None:
    for first, second in (({"labs": FAILURE}, {"labs-user": EMPTY}), ({"labs-user": EMPTY}, {"labs": FAILURE})):
        states = prefetch_states({**first, **second}, KEYS, STANDARD)
        assert [state for key, state in states if key == "labs" and state != "renamed"] == ["came"]


def test_a_name_of_the_clients_own_is_not_repeated() -> None:
    states = prefetch_states({"Ada Synthetic, born 1980": EMPTY, "x" * 10_000: None}, KEYS, STANDARD)
    assert ("unknown", "came") in states
    assert {key for key, _ in states} == {*KEYS, "unknown"}


@given(
    st.dictionaries(st.text(max_size=100), st.none() | st.text() | st.lists(st.none()) | st.just(FAILURE), max_size=8)
)
def test_whatever_comes_the_labels_are_ours(prefetch: dict[str, Any]) -> None:
    for key, state in prefetch_states(prefetch, KEYS, profile_of("epic")):
        assert key in {*KEYS, "unknown"}
        assert state in {"came", "null", "failed", "absent", "renamed"}
