"""Feedback as the specification writes it and as it is really sent (cds-hooks I, trust 1.2)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import InvalidFeedback, TooManyEntries
from cds_service.hooks.feedback import FeedbackEvent, read_feedback

CARD = "4e0a3a1e-3283-4575-ab82-028d55fe2719"
SUGGESTION = "e56e1945-20b3-4393-8503-a1a20fd73152"


def entry(**changes: Any) -> dict[str, Any]:
    return {"card": CARD, "outcome": "overridden", "outcomeTimestamp": "2026-03-02T10:05:31Z", **changes}


def accepted(**changes: Any) -> dict[str, Any]:
    return entry(outcome="accepted", acceptedSuggestions=[{"id": SUGGESTION}], **changes)


def read(*entries: Any) -> FeedbackEvent:
    good, bad = read_feedback({"feedback": list(entries)})
    assert not bad
    return good[0]


def refused(*entries: Any) -> list[tuple[int, str]]:
    _, bad = read_feedback({"feedback": list(entries)})
    return [(fault.index, fault.path) for fault in bad]


def test_an_accepted_suggestion_is_read() -> None:
    assert read(accepted()) == FeedbackEvent(
        CARD, "accepted", datetime(2026, 3, 2, 10, 5, 31, tzinfo=UTC), suggestions=(SUGGESTION,)
    )


def test_an_override_without_any_reason_is_valid() -> None:
    assert read(entry()) == FeedbackEvent(CARD, "overridden", datetime(2026, 3, 2, 10, 5, 31, tzinfo=UTC))


@pytest.mark.parametrize(
    "reason",
    [
        {"overrideReason": {"reason": {"code": "palliative", "system": "urn:x"}}},
        {"overrideReason": {"reason": {"code": "palliative", "system": "urn:x", "display": "Palliative"}}},
        {"overrideReason": {"code": "palliative", "system": "urn:x"}},
        {"overrideReasons": {"reason": {"code": "palliative", "system": "urn:x"}}},
        {"overrideReasons": [{"reason": {"code": "palliative", "system": "urn:x"}}]},
        {"overrideReasons": [{"code": "palliative", "system": "urn:x"}]},
        {"overrideReasons": [{"extension": {"com.example": 7}}, {"reason": {"code": "palliative", "system": "urn:x"}}]},
        {
            "overrideReason": None,
            "overrideReasons": [{"reason": {"code": "palliative", "system": "urn:x", "ext": [1]}}],
        },
    ],
)
def test_every_spelling_of_a_coded_reason_is_read(reason: dict[str, Any]) -> None:
    event = read(entry(**reason))
    assert (event.reason_code, event.reason_system) == ("palliative", "urn:x")


def test_a_reason_with_a_code_alone_is_read() -> None:
    event = read(entry(overrideReason={"reason": {"code": "palliative"}}))
    assert (event.reason_code, event.reason_system) == ("palliative", "")


@pytest.mark.parametrize("reasons", [{}, [], {"reason": {}}, {"reason": None}, [{}], {"com.example.reason": "x"}])
def test_a_reason_that_says_nothing_is_no_reason(reasons: object) -> None:
    assert read(entry(overrideReasons=reasons)).reason_code == ""


def test_a_comment_is_noticed_and_kept_out_of_sight() -> None:
    event = read(entry(overrideReason={"userComment": "Mrs. Muster knows"}))
    assert event.has_comment
    assert "Muster" not in repr(event)


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("2026-03-02T10:05:31Z", datetime(2026, 3, 2, 10, 5, 31, tzinfo=UTC)),
        ("2026-03-02t10:05:31z", datetime(2026, 3, 2, 10, 5, 31, tzinfo=UTC)),
        ("2026-03-02T10:05:31+00:00", datetime(2026, 3, 2, 10, 5, 31, tzinfo=UTC)),
        ("2026-03-02T10:05:31.5Z", datetime(2026, 3, 2, 10, 5, 31, 500_000, tzinfo=UTC)),
        ("2026-03-02T10:05:31.123456789Z", datetime(2026, 3, 2, 10, 5, 31, 123_456, tzinfo=UTC)),
        ("2026-03-02T05:05:31-05:00", datetime(2026, 3, 2, 10, 5, 31, tzinfo=UTC)),
        ("2026-03-02T15:35:31+05:30", datetime(2026, 3, 2, 10, 5, 31, tzinfo=UTC)),
        ("2026-12-31T23:59:60Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-06-30T18:59:60.25-05:00", datetime(2026, 7, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_every_rfc_3339_moment_becomes_utc(stamp: str, moment: datetime) -> None:
    assert read(entry(outcomeTimestamp=stamp)).at == moment


@pytest.mark.parametrize(
    "stamp",
    ["", "yesterday", "2026-03-02", "2026-03-02T10:05:31", "2026-03-02T10:05Z", "2026-02-30T10:05:31Z",
     "20260302T100531Z",
     "2026-03-02T10:05:31Z\n", " 2026-03-02T10:05:31Z", "2026-12-31T23:59:61Z", "2026-12-31T23:59:60-05:00",
     "2026-12-30T23:59:60Z", "2026-12-31T22:59:60Z", "9999-12-31T23:59:60Z",
     "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", 1772445931, None, ["2026-03-02T10:05:31Z"]],
)  # fmt: skip
def test_a_moment_that_does_not_exist_is_refused(stamp: object) -> None:
    assert refused(entry(outcomeTimestamp=stamp)) == [(0, "feedback[0].outcomeTimestamp")]


@pytest.mark.parametrize("name", ["card", "outcome", "outcomeTimestamp"])
def test_an_entry_without_a_required_field_is_refused(name: str) -> None:
    broken = entry()
    del broken[name]
    assert refused(broken) == [(0, f"feedback[0].{name}")]


@pytest.mark.parametrize("card", ["", "  ", None, 7, "x" * 201, "a\u0000b"])
def test_a_card_that_is_no_id_is_refused(card: object) -> None:
    assert refused(entry(card=card)) == [(0, "feedback[0].card")]


@pytest.mark.parametrize("outcome", ["ignored", "Accepted", "", None, 1])
def test_an_unknown_outcome_is_refused(outcome: object) -> None:
    assert refused(entry(outcome=outcome)) == [(0, "feedback[0].outcome")]


@pytest.mark.parametrize("suggestions", [None, [], "x", {}, [{}], [{"id": ""}], [{"id": 1}], ["x"], [None]])
def test_accepted_needs_a_suggestion(suggestions: object) -> None:
    [(index, path)] = refused(entry(outcome="accepted", acceptedSuggestions=suggestions))
    assert index == 0
    assert path.startswith("feedback[0].acceptedSuggestions")


def test_accepted_without_the_member_is_refused() -> None:
    assert refused(entry(outcome="accepted")) == [(0, "feedback[0].acceptedSuggestions")]


def test_several_accepted_suggestions_are_kept_once_each() -> None:
    event = read(entry(outcome="accepted", acceptedSuggestions=[{"id": "A"}, {"id": "b"}, {"id": "a"}]))
    assert event.suggestions == ("a", "b")


def test_an_override_has_no_accepted_suggestions() -> None:
    assert read(entry(acceptedSuggestions=[{"id": SUGGESTION}])).suggestions == ()


@pytest.mark.parametrize("reason", ["x", 7, ["x"], {"reason": "x"}, {"reason": {"code": 7}}, {"userComment": 7}])
def test_a_reason_of_the_wrong_kind_is_refused(reason: object) -> None:
    [(index, path)] = refused(entry(overrideReason=reason))
    assert index == 0
    assert path.startswith("feedback[0].overrideReason")


def test_bad_entries_are_named_and_good_ones_kept() -> None:
    good, bad = read_feedback({"feedback": [entry(), 7, accepted(), {"card": CARD}, None]})
    assert [event.outcome for event in good] == ["overridden", "accepted"]
    assert [fault.index for fault in bad] == [1, 3, 4]


def test_unknown_members_are_tolerated() -> None:
    good, bad = read_feedback({"feedback": [accepted(extension={"a": None}, more=[])], "more": 1})
    assert len(good) == 1
    assert not bad


@pytest.mark.parametrize(
    "body", [{}, {"feedback": None}, {"feedback": {}}, {"feedback": "x"}, {"feedback": []}, [], None]
)
def test_a_body_that_is_no_batch_is_refused(body: object) -> None:
    with pytest.raises(InvalidFeedback):
        read_feedback(body)


def test_a_batch_beyond_the_limit_is_refused() -> None:
    with pytest.raises(TooManyEntries):
        read_feedback({"feedback": [entry()] * 3}, most_entries=2)


WILD = st.recursive(
    st.none()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(["accepted", "overridden", "2026-03-02T10:05:31Z"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "reason", "code", "system", "userComment", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
MEMBERS = ["card", "outcome", "outcomeTimestamp", "acceptedSuggestions", "overrideReason", "overrideReasons"]


@given(st.dictionaries(st.sampled_from(MEMBERS), WILD), st.booleans())
def test_any_entry_is_kept_or_named(members: dict[str, Any], taken: bool) -> None:
    start = accepted() if taken else entry()
    good, bad = read_feedback({"feedback": [{**start, **members}]})
    assert len(good) + len(bad) == 1
