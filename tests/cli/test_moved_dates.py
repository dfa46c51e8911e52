"""Cases moved through time keep everything but the calendar."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.cli.cases import Case
from cds_service.cli.moved_dates import moved

AS_OF = date(2026, 3, 2)
LATER = date(2026, 11, 24)  # 267 days
days = st.dates(date(1990, 1, 1), date(2060, 12, 31))


def case(request: dict[str, Any], **card: Any) -> Case:
    cards = [{"leader": "x", "indicator": "info", "findings": [], **card}]
    return Case("rule/case", request, {"as_of": AS_OF.isoformat(), "cards": cards, "never": []})


def request_moved(value: Any, today: date = LATER) -> Any:
    return moved(case({"value": value}), today)[0].request["value"]


def card_moved(today: date = LATER, **card: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    there, notes = moved(case({}, **card), today)
    return there.expected["cards"][0], notes


@given(days, days)
def test_days_keep_their_distance(day: date, today: date) -> None:
    there = date.fromisoformat(request_moved({"onsetDateTime": day.isoformat()}, today)["onsetDateTime"])
    assert there - today == day - AS_OF


def test_the_day_of_the_case_becomes_today() -> None:
    there, _ = moved(case({}), LATER)
    assert there.as_of == LATER
    assert request_moved({"authoredOn": "2026-03-02"}) == {"authoredOn": "2026-11-24"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-03-02T23:30:00Z", "2026-11-24T23:30:00Z"),
        ("2026-03-02T08:00:00.125-05:00", "2026-11-24T08:00:00.125-05:00"),
        ("2026-03-02T08:00", "2026-11-24T08:00"),
    ],
)
def test_the_time_of_day_and_its_offset_stay(before: str, after: str) -> None:
    assert request_moved({"issued": before}) == {"issued": after}


def test_a_month_and_a_year_go_where_their_middle_goes() -> None:
    assert request_moved({"onsetDateTime": "2026-01"}) == {"onsetDateTime": "2026-10"}
    assert request_moved({"onsetDateTime": "2024"}) == {"onsetDateTime": "2025"}


def test_dates_in_the_words_of_a_record_move_too() -> None:
    text = "Take 1 capsule from 2026-03-02 to 2026-03-15."
    assert request_moved({"text": text}) == {"text": "Take 1 capsule from 2026-11-24 to 2026-12-07."}


@pytest.mark.parametrize(
    "still",
    [
        {"code": "7243"},
        {"code": "2106-3"},
        {"id": "2026-03-02"},
        {"system": "urn:x", "version": "2025-09"},
        {"reference": "Patient/2026-03-02"},
        {"hookInstance": "2026-03-02"},
        {"value": "7243"},
        {"text": "order 12026-03-021"},
        {"onsetDateTime": "2026-02-30"},
        {"onsetDateTime": "9999-12-31"},
        {"count": 2026},
        {"active": True, "nothing": None},
    ],
)
def test_what_is_no_date_stays(still: dict[str, Any]) -> None:
    assert request_moved(still) == still


@given(st.dates(date(1930, 1, 1), AS_OF), days)
def test_nobody_grows_older(born: date, today: date) -> None:
    def age(birth: date, day: date) -> int:
        return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))

    there = date.fromisoformat(request_moved({"birthDate": born.isoformat()}, today)["birthDate"])
    assert age(there, today) == age(born, AS_OF)
    assert abs((there - today) - (born - AS_OF)) <= timedelta(days=2)


@pytest.mark.parametrize(
    ("today", "year", "month"),
    [(LATER, "1981", "1982-01"), (date(2027, 2, 1), "1982", "1982-04"), (date(2025, 12, 1), "1980", "1981-02")],
)
def test_a_birth_year_and_month_move_with_the_calendar(today: date, year: str, month: str) -> None:
    assert request_moved({"birthDate": "1981"}, today) == {"birthDate": year}
    assert request_moved({"birthDate": "1981-05"}, today) == {"birthDate": month}


def test_answers_of_the_record_server_move_along() -> None:
    server = {"base": "https://x.test", "answers": {"Patient/a": {"status": 200, "body": {"start": "2026-03-01"}}}}
    here = Case("rule/case", {}, case({}).expected, server)
    there = moved(here, LATER)[0]
    assert there.server is not None
    assert there.server["answers"]["Patient/a"]["body"] == {"start": "2026-11-23"}


def test_iso_dates_in_the_expectation_move() -> None:
    card, notes = card_moved(
        summary="Not before 2026-03-04, better 2026-03-07.", says=["2026-03-07"], never_says=["2026-03-03"]
    )
    assert card["summary"] == "Not before 2026-11-26, better 2026-11-29."
    assert card["says"] == ["2026-11-29"]
    assert card["never_says"] == ["2026-11-25"]
    assert notes == ()


def test_worded_dates_in_the_expectation_move_with_and_without_a_year() -> None:
    card, notes = card_moved(says=["from 16 March", "to 4 January 2027", "mg from 28 December", "5 days"])
    assert card["says"] == ["from 8 December", "to 28 September 2027", "mg from 21 September", "5 days"]
    assert notes == ()


@pytest.mark.parametrize("text", ["2 to 15 March", "15-29 March", "in March 2026"])
def test_what_cannot_be_moved_is_left_out_with_a_note(text: str) -> None:
    card, notes = card_moved(says=[text, "oxycodone"], summary=f"Due {text}.")
    assert card["says"] == ["oxycodone"]
    assert "summary" not in card
    assert len(notes) == 2
    assert all(text in note for note in notes)


def test_a_case_that_is_of_today_is_left_as_it_is() -> None:
    here = case({"text": "2026-03-02"}, says=["2 to 15 March"])
    assert moved(here, AS_OF) == (here, ())


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts)
    ),
    days,
)
def test_anything_can_be_moved(value: Any, today: date) -> None:
    there = request_moved(value, today)
    assert type(there) is type(value)
