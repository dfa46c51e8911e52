"""The clinical numbers file: what is missing, misspelt or of the wrong kind stops the start with its place named."""

import tomllib
from copy import deepcopy
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from definitions.chart import FILE, THRESHOLDS

from cds_service.definitions import thresholds
from cds_service.definitions.thresholds import read_thresholds
from cds_service.errors import BadContent

SHIPPED = tomllib.loads(FILE.read_text("utf-8"))
TABLES = [
    ("exposure", thresholds.ExposureLimits),
    ("condition", thresholds.ConditionLimits),
    ("treatment", thresholds.TreatmentLimits),
    ("order_class", thresholds.OrderClassLimits),
    ("pregnancy", thresholds.PregnancyLimits),
    ("liver", thresholds.LiverLimits),
    ("toxicology", thresholds.ToxicologyLimits),
    ("opioid_history", thresholds.OpioidHistoryLimits),
    ("esr", thresholds.EsrLimits),
    ("surgery", thresholds.SurgeryLimits),
    ("follow_up", thresholds.FollowUpLimits),
    ("withdrawal", thresholds.WithdrawalLimits),
    ("show", thresholds.ShowLimits),
]
ENTRIES = [(name, field.name) for name, kind in TABLES for field in fields(kind)]


def without(*path: str) -> dict[str, Any]:
    data = deepcopy(SHIPPED)
    table = data
    for step in path[:-1]:
        table = table[step]
    del table[path[-1]]
    return data


def changed(*path: str, to: object) -> dict[str, Any]:
    data = deepcopy(SHIPPED)
    table = data
    for step in path[:-1]:
        table = table[step]
    table[path[-1]] = to
    return data


def complaint(data: dict[str, Any]) -> BadContent:
    with pytest.raises(BadContent) as caught:
        read_thresholds(data)
    assert "thresholds.toml" in caught.value.text
    return caught.value


def test_the_shipped_file_can_be_read() -> None:
    assert is_dataclass(read_thresholds(SHIPPED))


def test_every_number_of_the_shipped_file_is_read() -> None:
    assert set(SHIPPED) == {field.name for field in fields(thresholds.Thresholds)} - {"child_pugh"}
    assert set(SHIPPED["washout"]) == set(thresholds.WASHOUT_ROWS)


@pytest.mark.parametrize(("table", "field"), ENTRIES)
def test_a_missing_entry_is_named_with_file_table_and_field(table: str, field: str) -> None:
    fault = complaint(without(table, field))
    assert fault.expression == f"{table}.{field}"
    assert f"{table}.{field}" in fault.text


@pytest.mark.parametrize("table", [name for name, _ in TABLES] + ["washout"])
def test_a_missing_table_is_named(table: str) -> None:
    assert complaint(without(table)).expression == table


@pytest.mark.parametrize("row", thresholds.WASHOUT_ROWS)
def test_a_missing_washout_row_is_named(row: str) -> None:
    assert row in complaint(without("washout", row)).text


@pytest.mark.parametrize("field", ["minimum_days", "clear_days"])
@pytest.mark.parametrize("value", [None, "7", 7.5, -1, True])
def test_a_washout_interval_is_whole_days(field: str, value: object) -> None:
    data = changed("washout", "short-acting", field, to=value)
    assert complaint(data).expression == "washout.short-acting"


def test_a_washout_minimum_above_its_clear_interval_is_refused() -> None:
    assert complaint(changed("washout", "short-acting", "minimum_days", to=11)).expression == "washout.short-acting"


def test_a_misspelt_entry_is_refused_and_named() -> None:
    data = changed("exposure", "asumed_supply_days", to={"value": 30, "source": "slip"})
    assert complaint(data).expression == "exposure.asumed_supply_days"


@pytest.mark.parametrize("value", ["14", -14, 14.5, True, None, [14], {}])
def test_days_are_whole_numbers_and_not_negative(value: object) -> None:
    data = changed("withdrawal", "days", to={"value": value, "source": "x"})
    assert complaint(data).expression == "withdrawal.days"


@pytest.mark.parametrize("value", [[2], [3, 2], [2, 2], ["2", "3"], 2, [2, 3, 4]])
def test_a_band_is_two_rising_numbers(value: object) -> None:
    data = changed("liver", "child_pugh", "inr", to={"value": value, "source": "x"})
    assert complaint(data).expression == "child_pugh.inr"


@pytest.mark.parametrize("value", ["true", 1, None])
def test_a_switch_is_true_or_false(value: object) -> None:
    data = changed("show", "info_at_sign", to={"value": value, "source": "x"})
    assert complaint(data).expression == "show.info_at_sign"


@pytest.mark.parametrize("entry", [14, {"source": "x"}, "14 days"])
def test_a_bare_number_is_refused_since_nobody_knows_where_it_came_from(entry: object) -> None:
    assert complaint(changed("withdrawal", "days", to=entry)).expression == "withdrawal.days"


@pytest.mark.parametrize("source", ["", "  ", None])
def test_a_number_without_a_source_is_refused(source: object) -> None:
    data = changed("withdrawal", "days", to={"value": 14, "source": source})
    assert "source" in complaint(data).text


@pytest.mark.parametrize(
    ("field", "expected"),
    [("bilirubin_mg_dl", (2, 3)), ("albumin_g_dl", (2.8, 3.5)), ("inr", (1.7, 2.3)), ("class_b_from", 7),
     ("class_c_from", 10)],
)  # fmt: skip
def test_the_child_pugh_bands_are_the_rulebooks(field: str, expected: object) -> None:
    assert getattr(THRESHOLDS.child_pugh, field) == expected


@pytest.mark.parametrize("table", SHIPPED)
def test_nothing_is_signed_that_no_clinician_has_signed(table: str) -> None:
    entries = list(_entries(SHIPPED[table]))
    assert entries
    assert {entry["decided_by"] for entry in entries} == {"not yet decided"}


def _entries(table: dict[str, Any]) -> Any:
    for entry in table.values():
        if isinstance(entry, dict) and "source" in entry:
            yield entry
        elif isinstance(entry, dict):
            yield from _entries(entry)
