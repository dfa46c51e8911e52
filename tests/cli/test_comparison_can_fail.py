"""The comparison of cases: it sees every kind of disagreement, and only what the expectation speaks of."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.cli.comparison import compare

REQUEST: dict[str, Any] = {
    "hook": "order-sign",
    "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "context": {
        "userId": "Practitioner/example",
        "patientId": "ada",
        "draftOrders": {
            "resourceType": "Bundle",
            "entry": [
                {
                    "resource": {
                        "resourceType": "MedicationRequest",
                        "id": "ldn",
                        "status": "draft",
                        "medicationCodeableConcept": {"text": "naltrexone 1.5 mg capsule"},
                    }
                }
            ],
        },
    },
}
DELETE = {"uuid": "1", "label": "Remove", "actions": [{"type": "delete", "resourceId": "MedicationRequest/ldn"}]}
REVIEW = {"type": "create", "resource": {"resourceType": "ServiceRequest", "code": {"text": "Review"}}}
EXPECTED: dict[str, Any] = {
    "cards": [
        {
            "leader": "opioid-active",
            "indicator": "critical",
            "findings": [
                {
                    "rule": "opioid-active",
                    "indicator": "critical",
                    "evidence": ["MedicationStatement/a", "MedicationRequest/b"],
                },
                {"rule": "opioid-status-uncertain", "indicator": "info"},
            ],
            "summary": "Patient is on oxycodone.",
            "says": ["2026-03-07", "on oxycodone"],
            "never_says": ["tramadol"],
            "recommended": "delete-draft",
            "suggestions": ["delete-draft", "taper-review"],
            "override_reasons": ["future-start", "other"],
        },
        {
            "leader": "pregnancy-current",
            "indicator": "warning",
            "findings": [{"rule": "pregnancy-current", "indicator": "warning"}],
        },
    ],
    "never": ["titration-order-set"],
}


def cards() -> list[dict[str, Any]]:
    """What a service says that agrees with EXPECTED."""
    return copy.deepcopy(
        [
            {
                "summary": "Patient is on oxycodone.",
                "detail": "- Not before 2026-03-07.",
                "indicator": "critical",
                "source": {"label": "x", "topic": {"system": "s", "code": "opioid-active"}},
                "extension": {
                    "org.ldn-cds": {
                        "findings": [
                            {
                                "rule": "opioid-active",
                                "indicator": "critical",
                                "evidence": ["MedicationRequest/b", "MedicationStatement/a"],
                            },
                            {"rule": "opioid-status-uncertain", "indicator": "info", "evidence": ["Condition/z"]},
                        ]
                    }
                },
                "suggestions": [
                    {**DELETE, "isRecommended": True},
                    {**DELETE, "actions": [*DELETE["actions"], REVIEW]},
                ],
                "overrideReasons": [{"code": "future-start"}, {"code": "other"}],
            },
            {
                "summary": "Patient is recorded as pregnant.",
                "indicator": "warning",
                "source": {"label": "x", "topic": {"code": "pregnancy-current"}},
                "extension": {"org.ldn-cds": {"findings": [{"rule": "pregnancy-current", "indicator": "warning"}]}},
            },
        ]
    )


def findings(card: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = card["extension"]["org.ldn-cds"]["findings"]
    return found


def test_agrees_where_everything_that_was_expected_came() -> None:
    assert compare(EXPECTED, cards(), REQUEST).agrees


def wrong_leader(got: list[dict[str, Any]]) -> None:
    got[1]["source"]["topic"]["code"] = "opioid-withdrawal"


def no_leader(got: list[dict[str, Any]]) -> None:
    del got[1]["source"]["topic"]


def missing_card(got: list[dict[str, Any]]) -> None:
    del got[1]


def no_card_at_all(got: list[dict[str, Any]]) -> None:
    got.clear()


def extra_card(got: list[dict[str, Any]]) -> None:
    got.append({**got[1], "source": {"topic": {"code": "data-not-checked"}}})


def same_card_twice(got: list[dict[str, Any]]) -> None:
    got.append(got[1])


def wrong_order_of_cards(got: list[dict[str, Any]]) -> None:
    got.reverse()


def wrong_indicator(got: list[dict[str, Any]]) -> None:
    got[0]["indicator"] = "warning"


def missing_finding(got: list[dict[str, Any]]) -> None:
    del findings(got[0])[1]


def extra_finding(got: list[dict[str, Any]]) -> None:
    findings(got[0]).append({"rule": "opioid-withdrawal", "indicator": "critical"})


def wrong_order_of_findings(got: list[dict[str, Any]]) -> None:
    findings(got[0]).reverse()


def wrong_indicator_of_a_finding(got: list[dict[str, Any]]) -> None:
    findings(got[0])[1]["indicator"] = "warning"


def no_extension(got: list[dict[str, Any]]) -> None:
    del got[0]["extension"]


def missing_evidence(got: list[dict[str, Any]]) -> None:
    findings(got[0])[0]["evidence"].pop()


def no_evidence(got: list[dict[str, Any]]) -> None:
    del findings(got[0])[0]["evidence"]


def extra_evidence(got: list[dict[str, Any]]) -> None:
    findings(got[0])[0]["evidence"].append("MedicationStatement/c")


def forbidden_rule(got: list[dict[str, Any]]) -> None:
    findings(got[1]).append({"rule": "titration-order-set", "indicator": "info"})


def another_summary(got: list[dict[str, Any]]) -> None:
    got[0]["summary"] = "Patient is on oxycodone"


def text_not_said(got: list[dict[str, Any]]) -> None:
    got[0]["detail"] = "- Not before 2026-03-08."


def unwanted_text_said(got: list[dict[str, Any]]) -> None:
    got[0]["detail"] += " Also tramadol."


def nothing_recommended(got: list[dict[str, Any]]) -> None:
    del got[0]["suggestions"][0]["isRecommended"]


def two_recommended(got: list[dict[str, Any]]) -> None:
    got[0]["suggestions"][1]["isRecommended"] = True


def wrong_order_of_suggestions(got: list[dict[str, Any]]) -> None:
    got[0]["suggestions"].reverse()


def no_suggestions(got: list[dict[str, Any]]) -> None:
    del got[0]["suggestions"]


def suggestion_that_does_something_else(got: list[dict[str, Any]]) -> None:
    got[0]["suggestions"][1]["actions"][1]["type"] = "update"


def suggestion_that_deletes_another_order(got: list[dict[str, Any]]) -> None:
    got[0]["suggestions"][0]["actions"] = [{"type": "delete", "resourceId": "MedicationRequest/other"}]


def missing_override_reason(got: list[dict[str, Any]]) -> None:
    got[0]["overrideReasons"].pop()


def wrong_order_of_override_reasons(got: list[dict[str, Any]]) -> None:
    got[0]["overrideReasons"].reverse()


SLIPS = [value for value in list(globals().values()) if getattr(value, "__annotations__", {}).get("got")]


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__)
def test_disagrees_over_one_slip_and_shows_it(slip: Callable[[list[dict[str, Any]]], None]) -> None:
    got = cards()
    slip(got)
    verdict = compare(EXPECTED, got, REQUEST)
    assert not verdict.agrees
    assert any(line.startswith(("-", "+")) and not line.startswith(("---", "+++")) for line in verdict.difference)


def test_disagrees_over_a_card_where_silence_was_expected_and_the_other_way_round() -> None:
    silence = {"cards": [], "never": []}
    assert not compare(silence, cards(), REQUEST).agrees
    assert compare(silence, [], REQUEST).agrees
    assert "-no card" in compare(silence, cards(), REQUEST).difference
    assert "+no card" in compare(EXPECTED, [], REQUEST).difference


def test_expecting_no_recommendation_is_not_the_same_as_saying_nothing_about_it() -> None:
    without = copy.deepcopy(EXPECTED)
    without["cards"][0]["recommended"] = None
    assert not compare(without, cards(), REQUEST).agrees
    del without["cards"][0]["recommended"]
    assert compare(without, cards(), REQUEST).agrees


@pytest.mark.parametrize("field", ["summary", "says", "never_says", "recommended", "suggestions", "override_reasons"])
def test_a_field_that_is_left_out_is_not_compared(field: str) -> None:
    lenient = copy.deepcopy(EXPECTED)
    del lenient["cards"][0][field]
    assert compare(lenient, cards(), REQUEST).agrees


def test_the_difference_reads_as_what_was_expected_and_what_came() -> None:
    got = cards()
    wrong_leader(got)
    text_not_said(got)
    assert list(compare(EXPECTED, got, REQUEST).difference) == [
        "--- expected",
        "+++ got",
        " card opioid-active",
        "   indicator critical",
        "   finding opioid-active, critical",
        "     evidence MedicationRequest/b",
        "     evidence MedicationStatement/a",
        "   finding opioid-status-uncertain, info",
        '   summary "Patient is on oxycodone."',
        '-  says "2026-03-07"',
        '+  lacks "2026-03-07"',
        '   says "on oxycodone"',
        '+    in "Patient is on oxycodone."',
        '+    in "- Not before 2026-03-08."',
        '   does not say "tramadol"',
        "   recommended delete-draft",
        "   suggestions delete-draft, taper-review",
        "   override reasons future-start, other",
        "-card pregnancy-current",
        "+card opioid-withdrawal",
        "   indicator warning",
        "   finding pregnancy-current, warning",
        "+    evidence none",
        '+  summary "Patient is recorded as pregnant."',
        " never titration-order-set",
    ]


WORDS = [
    *("source", "topic", "code", "extension", "org.ldn-cds", "findings", "rule", "evidence", "indicator"),
    *("suggestions", "actions", "type", "resource", "resourceType", "dosageInstruction", "overrideReasons"),
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.dictionaries(
            st.sampled_from(WORDS),
            parts,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["source", "extension", "suggestions", "detail"]), json_values), max_size=3
    ),
    st.booleans(),
)
def test_whatever_another_service_sends_is_a_disagreement_and_no_crash(
    wild: list[dict[str, Any]], lenient: bool
) -> None:
    assert not compare(EXPECTED, wild, REQUEST, lenient=lenient).agrees


@given(st.text())
def test_no_text_of_an_answer_passes_for_another_line(text: str) -> None:
    got = cards()
    got[1]["source"]["topic"]["code"] = text
    assert not compare(EXPECTED, got, REQUEST).agrees
