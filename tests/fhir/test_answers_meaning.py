"""What one prefetch value means: data, none, failed, or not the whole (rulebook rule 39, cds-hooks section E)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service import release_spelling as spell
from service.hook_calls import CODEINE, EMPTY, OXYCODONE
from service.release_spelling import amount, bundle

from cds_service.fhir.answers import KEY_TYPES, Answer, is_no_results, judge, key_of

STATEMENT = spell.statement("R4", "a", CODEINE, start="2026-01-01")
REQUEST = spell.order("R4", "b", OXYCODONE, written="2026-02-01", days=10)
ALT = spell.observation("R4", "alt", "1742-6", "2026-02-10", valueQuantity=amount(22, "U/L"))
STATUS = spell.observation("R4", "st", "82810-3", "2026-02-10", valueString="pregnant")


def outcome(severity: str = "error", code: str = "exception", **issue: Any) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code, **issue}]}


EPIC_NO_RESULTS = outcome(
    "warning", "processing", details={"coding": [{"system": "urn:oid:1.2.840.114350.1.13", "code": "4101"}]}
)


def answers(name: str, value: Any) -> bool:
    """Whether the value answers the key it came under, in full."""
    found = judge(name, value)
    return key_of(name) in found.keys and not found.cause


@pytest.mark.parametrize("key", KEY_TYPES)
def test_null_an_empty_bundle_and_an_empty_list_answer_that_there_is_nothing(key: str) -> None:
    for value in (None, EMPTY, {"resourceType": "Bundle", "type": "searchset"}, []):
        assert answers(key, value)
        assert judge(key, value).resources == ()


def test_null_is_told_from_an_empty_bundle_since_a_client_may_send_it_for_unknown() -> None:
    assert judge("medStatements", None).null
    assert not judge("medStatements", EMPTY).null


@pytest.mark.parametrize("value", ["", "none", 0, 1.5, True, {}, {"entry": []}, {"resourceType": 7}])
def test_what_is_no_resource_is_no_answer(value: Any) -> None:
    found = judge("medStatements", value)
    assert (found.keys, dict(found.refused)) == (frozenset(), {"medStatements": "malformed"})


@pytest.mark.parametrize("severity", ["fatal", "error"])
def test_an_error_in_place_of_data_is_no_answer(severity: str) -> None:
    found = judge("medStatements", outcome(severity))
    assert (found.keys, dict(found.refused)) == (frozenset(), {"medStatements": "outcome"})


@pytest.mark.parametrize(
    "said",
    [
        EPIC_NO_RESULTS,
        outcome("information", "not-found"),
        outcome("warning", "processing", diagnostics="No results found"),
        outcome("warning", "informational", details={"text": "Search returned no matching entries: no data"}),
    ],
)
def test_a_warning_that_nothing_was_found_is_an_answer(said: dict[str, Any]) -> None:
    assert is_no_results(said)
    assert answers("medStatements", said)


@pytest.mark.parametrize(
    "said",
    [
        outcome("error", "not-found"),
        outcome("warning", "security", diagnostics="Not all results may be shown"),
        outcome("warning", "processing"),
        {"resourceType": "OperationOutcome"},
        {"resourceType": "OperationOutcome", "issue": []},
        {"resourceType": "OperationOutcome", "issue": [*EPIC_NO_RESULTS["issue"], *outcome()["issue"]]},
    ],
)
def test_any_other_outcome_in_place_of_data_is_no_answer(said: dict[str, Any]) -> None:
    assert not answers("medStatements", said)


def test_an_outcome_with_no_results_among_the_entries_is_an_answer() -> None:
    sent = {
        "resourceType": "Bundle",
        "total": 0,
        "entry": [{"resource": EPIC_NO_RESULTS, "search": {"mode": "outcome"}}],
    }
    assert answers("medStatements", sent)


def test_a_warning_beside_a_complete_bundle_changes_nothing() -> None:
    sent = bundle(STATEMENT)
    sent["entry"].append({"resource": outcome("warning", "informational"), "search": {"mode": "outcome"}})
    assert answers("medStatements", sent)


def test_an_error_among_the_entries_spoils_the_answer_and_keeps_the_data() -> None:
    sent = bundle(STATEMENT)
    sent["entry"].append({"resource": outcome(), "search": {"mode": "outcome"}})
    found = judge("medStatements", sent)
    assert (found.cause, len(found.resources)) == ("outcome", 1)


@pytest.mark.parametrize("code", ["timeout", "incomplete", "throttled"])
def test_a_warning_that_data_are_partial_spoils_the_answer(code: str) -> None:
    sent = bundle(STATEMENT)
    sent["entry"].append({"resource": outcome("warning", code)})
    assert judge("medStatements", sent).cause == "partial"


def test_a_link_to_a_next_page_says_that_there_is_more() -> None:
    sent = bundle(STATEMENT, link=[{"relation": "self", "url": "x"}, {"relation": "next", "url": "https://e/f?page=2"}])
    found = judge("medStatements", sent)
    assert (found.cause, found.next_url, len(found.resources)) == ("more-pages", "https://e/f?page=2", 1)


def test_other_links_say_nothing_of_the_kind() -> None:
    assert answers("medStatements", bundle(STATEMENT, link=[{"relation": "self", "url": "x"}]))


@pytest.mark.parametrize(("total", "cause"), [(0, ""), (1, ""), (2, "truncated"), (None, "")])
def test_a_total_above_the_entries_says_that_some_are_missing(total: Any, cause: str) -> None:
    assert judge("medStatements", bundle(STATEMENT, total=total)).cause == cause


@pytest.mark.parametrize("total", [True, "9"])
def test_a_total_that_is_no_number_is_no_proof_that_the_answer_is_whole(total: Any) -> None:
    assert judge("medStatements", bundle(STATEMENT, total=total)).cause != ""


def test_included_resources_do_not_count_towards_the_total() -> None:
    sent = bundle(STATEMENT, total=2)
    sent["entry"].append({"resource": {"resourceType": "Medication", "id": "m"}, "search": {"mode": "include"}})
    assert judge("medStatements", sent).cause == "truncated"


# Data are recognised by what they are


def test_one_resource_where_a_bundle_belongs_is_read() -> None:
    assert [resource["id"] for _, resource in judge("medStatements", STATEMENT).resources] == ["a"]


def test_a_list_where_a_bundle_belongs_is_read() -> None:
    assert [resource["id"] for _, resource in judge("medStatements", [STATEMENT]).resources] == ["a"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("medStatements", "medStatements"),
        ("medStatements-user", "medStatements"),
        ("MedStatements_2", "medStatements"),
        ("medicationStatements", "medStatements"),
        ("medicationRequests", "medRequests"),
        ("medicationOrders", "medRequests"),
        ("conditions.active", "conditions"),
        ("observations", ""),
        ("item1", ""),
        ("", ""),
    ],
)
def test_a_key_is_known_with_vendor_suffixes_and_by_resource_names(name: str, key: str) -> None:
    assert key_of(name) == key


@pytest.mark.parametrize("name", ["item1", "x", "meds"])
def test_under_a_name_nobody_knows_the_resource_type_tells(name: str) -> None:
    assert judge(name, bundle(STATEMENT)).keys == {"medStatements"}
    assert judge(name, bundle(REQUEST)).keys == {"medRequests"}


def test_swapped_keys_are_read_by_resource_type() -> None:
    found = judge("medStatements", bundle(REQUEST))
    assert found.keys == {"medRequests"}
    assert dict(found.refused) == {"medStatements": "wrong-type"}


def test_two_lists_under_one_name_answer_both() -> None:
    assert judge("medications", bundle(STATEMENT, REQUEST)).keys == {"medStatements", "medRequests"}


def test_a_bundle_of_nothing_but_included_resources_is_no_answer_of_its_own() -> None:
    assert judge("item1", bundle({"resourceType": "Practitioner", "id": "p"})).keys == frozenset()


def test_an_empty_bundle_under_an_unknown_name_answers_what_its_own_link_asks() -> None:
    asked = dict(EMPTY, link=[{"relation": "self", "url": "https://ehr.example/r4/MedicationStatement?patient=ada"}])
    assert judge("item1", asked).keys == {"medStatements"}
    assert judge("item1", EMPTY).keys == frozenset()


def test_observations_are_told_apart_by_what_they_measure() -> None:
    assert judge("item1", bundle(ALT)).keys == {"labs"}
    assert judge("item1", bundle(STATUS)).keys == {"pregnancyObs"}
    assert judge("labs", bundle(STATUS)).keys == {"labs"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["resourceType", "entry", "resource", "link", "relation", "url", "issue", "severity", "total", "search",
             "mode", "code", "coding", "id", "fullUrl", "details"]
        ),
        inner | st.sampled_from(["Bundle", "OperationOutcome", "Observation", "MedicationStatement", "next", "self"]),
        max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip


@given(st.sampled_from(["medStatements", "labs", "item1"]), json_values)
def test_no_value_of_a_client_can_break_the_reading(name: str, value: Any) -> None:
    found = judge(name, value)
    assert isinstance(found, Answer)
    assert not set(found.keys) & set(found.refused)
