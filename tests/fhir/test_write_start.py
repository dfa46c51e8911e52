"""Moving the start of a draft."""

import copy
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import UnwritableOrder
from cds_service.fhir import write

START = date(2026, 3, 7)


def draft(*lines: dict[str, Any], validity: dict[str, Any] | None = None, release: str = "R4") -> dict[str, Any]:
    older = release == "DSTU2"
    order: dict[str, Any] = {
        "resourceType": "MedicationOrder" if older else "MedicationRequest",
        "id": "request-7",
        "status": "draft",
        "patient" if older else "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": {"text": "naltrexone"},
    }
    if not older:
        order["intent"] = "order"
    if lines:
        order["dosageInstruction"] = list(lines)
    if validity:
        order["dispenseRequest"] = {"validityPeriod": validity}
    return order


def line(sequence: int = 0, **repeat: Any) -> dict[str, Any]:
    written: dict[str, Any] = {"text": "one at bedtime"}
    if repeat:
        written["timing"] = {"repeat": repeat}
    if sequence:
        written["sequence"] = sequence
    return written


def bounds(order: dict[str, Any]) -> list[tuple[str | None, str | None]]:
    periods = [dosage["timing"]["repeat"]["boundsPeriod"] for dosage in order["dosageInstruction"]]
    return [(period.get("start"), period.get("end")) for period in periods]


def days(value: float, code: str = "d") -> dict[str, Any]:
    return {"value": value, "unit": code, "system": "http://unitsofmeasure.org", "code": code}


@pytest.mark.parametrize("release", ["DSTU2", "STU3", "R4"])
def test_a_draft_without_dates_starts_on_the_day_in_dosage_and_validity(release: str) -> None:
    order = write.with_start_date(release, draft(line(), line(frequency=1), release=release), START)
    assert bounds(order) == [("2026-03-07", None)] * 2
    assert order["dispenseRequest"]["validityPeriod"] == {"start": "2026-03-07"}
    assert order["dosageInstruction"][1]["timing"]["repeat"]["frequency"] == 1
    assert write.validate(release, order) == []


def test_a_draft_without_dosage_gets_only_its_validity() -> None:
    order = write.with_start_date("R4", draft(), START)
    assert "dosageInstruction" not in order
    assert order["dispenseRequest"]["validityPeriod"] == {"start": "2026-03-07"}


def test_dated_steps_move_together_and_keep_their_order() -> None:
    order = draft(
        line(1, boundsPeriod={"start": "2026-03-02", "end": "2026-03-15"}),
        line(2, boundsPeriod={"start": "2026-03-16T20:00:00+01:00", "end": "2026-03-29"}),
        validity={"start": "2026-03-02", "end": "2026-04-02"},
    )
    before = copy.deepcopy(order)
    moved = write.with_start_date("R4", order, START)
    assert bounds(moved) == [("2026-03-07", "2026-03-20"), ("2026-03-21T20:00:00+01:00", "2026-04-03")]
    assert moved["dispenseRequest"]["validityPeriod"] == {"start": "2026-03-07", "end": "2026-04-02"}
    assert order == before


@pytest.mark.parametrize(("release", "name"), [("R4", "boundsDuration"), ("STU3", "boundsDuration")])
def test_steps_with_lengths_follow_each_other(release: str, name: str) -> None:
    order = draft(line(2, **{name: days(2, "wk")}), line(1, **{name: days(14)}), line(3), release=release)
    moved = write.with_start_date(release, order, START)
    assert bounds(moved) == [("2026-03-21", "2026-04-03"), ("2026-03-07", "2026-03-20"), ("2026-04-04", None)]
    assert write.validate(release, moved) == []


def test_lines_of_the_same_sequence_stand_beside_each_other() -> None:
    moved = write.with_start_date("R4", draft(line(1, boundsDuration=days(7)), line(1, boundsDuration=days(7))), START)
    assert bounds(moved) == [("2026-03-07", "2026-03-13")] * 2


def test_dstu2_calls_a_length_a_quantity() -> None:
    moved = write.with_start_date("DSTU2", draft(line(boundsQuantity=days(14)), release="DSTU2"), START)
    assert bounds(moved) == [("2026-03-07", "2026-03-20")]
    assert write.validate("DSTU2", moved) == []


@pytest.mark.parametrize(
    ("length", "end"),
    [
        ({"boundsRange": {"low": days(7), "high": days(14)}}, "2026-03-20"),
        ({"boundsRange": {"low": days(7)}}, "2026-03-13"),
        ({"boundsDuration": days(1, "mo")}, "2026-04-06"),
        ({"boundsDuration": days(1, "a")}, "2027-03-06"),
        ({"boundsDuration": days(12, "h")}, "2026-03-07"),
        ({"boundsDuration": days(3, "fortnight")}, None),
    ],
)
def test_a_length_becomes_a_period(length: dict[str, Any], end: str | None) -> None:
    moved = write.with_start_date("R4", draft(line(**length)), START)
    assert bounds(moved) == [("2026-03-07", end)]
    assert set(moved["dosageInstruction"][0]["timing"]["repeat"]) == {"boundsPeriod"}


def test_a_validity_that_would_end_before_it_starts_moves_with_its_start() -> None:
    moved = write.with_start_date("R4", draft(line(), validity={"start": "2026-03-01", "end": "2026-03-05"}), START)
    assert moved["dispenseRequest"]["validityPeriod"] == {"start": "2026-03-07", "end": "2026-03-11"}


def test_a_month_as_start_or_end_means_its_first_or_last_day() -> None:
    order = draft(line(boundsPeriod={"start": "2026-02", "end": "2026-02"}))
    assert bounds(write.with_start_date("R4", order, START)) == [("2026-03-07", "2026-04-03")]


@pytest.mark.parametrize(
    "order",
    [
        draft(line(boundsPeriod={"end": "2026-03-01"})),
        draft(line(), validity={"end": "2026-03-01"}),
        draft(line(boundsDuration=days(10**12))),
        draft(line(boundsDuration=days(10**9, "a"))),
        draft(line(boundsPeriod={"start": "9999-12-30", "end": "9999-12-31"}), validity={"start": "0001-01-01"}),
    ],
)
def test_a_draft_that_cannot_be_moved_is_refused(order: dict[str, Any]) -> None:
    target = START if "9999" not in str(order) else date(9999, 12, 31)
    with pytest.raises(UnwritableOrder):
        write.with_start_date("R4", order, target)


DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))


@given(DAYS, DAYS, st.lists(st.integers(1, 90), min_size=1, max_size=5))
def test_moving_keeps_lengths_and_gaps_whatever_the_dates(old: date, new: date, lengths: list[int]) -> None:
    periods, first = [], old
    for length in lengths:
        last = first + timedelta(days=length - 1)
        periods.append((first, last))
        first = last + timedelta(days=1)
    order = draft(
        *(
            line(place, boundsPeriod={"start": begins.isoformat(), "end": ends.isoformat()})
            for place, (begins, ends) in enumerate(periods, start=1)
        )
    )
    shift = new - old
    assert bounds(write.with_start_date("R4", order, new)) == [
        ((begins + shift).isoformat(), (ends + shift).isoformat()) for begins, ends in periods
    ]


@given(DAYS, st.lists(st.sampled_from(["d", "wk", "mo", "a", "h"]), min_size=1, max_size=4))
def test_steps_with_lengths_never_overlap_and_leave_no_gap(start: date, units: list[str]) -> None:
    order = draft(*(line(place, boundsDuration=days(1, unit)) for place, unit in enumerate(units, start=1)))
    found = bounds(write.with_start_date("R4", order, start))
    for (_, ends), (begins, _) in pairwise(found):
        assert date.fromisoformat(str(begins)) == date.fromisoformat(str(ends)) + timedelta(days=1)
    assert all(str(begins) <= str(ends) for begins, ends in found)
