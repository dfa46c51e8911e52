"""docs/reference/conformance.md: every demand of CDS Hooks has a test or a reason, and the page says which."""

import tomllib
from dataclasses import replace
from typing import Any

import pytest
from project_script import script

conformance = script("write_conformance")
SECTIONS, DEMANDS = conformance.read(tomllib.loads(conformance.DATA.read_text("utf-8")))


def complaints(number: int, **fields: Any) -> list[str]:
    changed = [replace(one, **fields) if one.number == number else one for one in DEMANDS]
    return list(conformance.complaints(SECTIONS, changed))


def test_every_demand_has_a_test_or_a_reason_and_every_test_exists() -> None:
    assert list(conformance.complaints(SECTIONS, DEMANDS)) == []


def test_the_page_is_what_the_script_writes_today() -> None:
    assert conformance.PAGE.read_text("utf-8") == conformance.page(SECTIONS, DEMANDS), "run make conformance"


def test_nearly_every_demand_has_a_test() -> None:
    untested = [one.number for one in DEMANDS if not one.tests]
    assert len(DEMANDS) == 112
    assert len(untested) <= 4, untested


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"tests": (), "why": " "}, "8: has neither a test nor a reason"),
        ({"tests": ("web/test_nowhere.py::test_x",)}, "8: there is no test web/test_nowhere.py::test_x"),
        ({"tests": ("web/test_door_calls.py::test_x",)}, "8: there is no test web/test_door_calls.py::test_x"),
        ({"tests": ("web/test_door_calls.py",)}, "8: there is no test web/test_door_calls.py"),
        ({"says": ""}, "8: lacks its section, its strength or what it says"),
        ({"section": "Z"}, "8: lacks its section, its strength or what it says"),
    ],
)
def test_a_demand_without_its_answer_is_named(fields: dict[str, Any], complaint: str) -> None:
    assert complaints(8, **fields) == [complaint]


def test_a_demand_that_is_left_out_is_named() -> None:
    shorter = [one for one in DEMANDS if one.number != 39]
    assert list(conformance.complaints(SECTIONS, shorter)) == ["demands that are missing: 39"]


def test_a_word_that_is_no_field_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown field test"):
        conformance.read({"sections": SECTIONS, "demands": {"1": {"section": "A", "test": []}}})


def test_a_test_in_a_class_and_a_state_machine_count_and_a_helper_does_not() -> None:
    assert conformance.exists("hooks/test_hooks_request.py::test_both_keys_are_united")
    assert conformance.exists("web/test_tenants_apart.py::TestTenants")
    assert not conformance.exists("hooks/test_hooks_request.py::call")
