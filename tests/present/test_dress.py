"""Dressing one card: alternatives, steps, ticks, length, links. The card is made by hand here."""

from dataclasses import replace
from typing import Any

from present.answered_cases import knowledge

from cds_service.present.cards import Shown
from cds_service.present.dress import dressed
from cds_service.profiles import STANDARD, Profile, profile_of
from cds_service.record import Finding, Indicator

EPIC, ORACLE = profile_of("epic"), profile_of("oracle")
WORDS = knowledge().words["dress"]
NALTREXONE = "MedicationRequest/naltrexone"
DELETE = {"type": "delete", "description": "Delete the draft.", "resourceId": NALTREXONE}
UPDATE = {
    "type": "update",
    "description": "Change the draft.",
    "resource": {"resourceType": "MedicationRequest", "id": "naltrexone"},
}
FURTHER = {"type": "create", "description": "Then prescribe more.", "resource": {"resourceType": "MedicationRequest"}}
PANEL = {"type": "create", "description": "Request a panel.", "resource": {"resourceType": "ServiceRequest", "note": 1}}
INR = {"type": "create", "description": "Request INR.", "resource": {"resourceType": "ServiceRequest", "note": 2}}


def shown(*offers: tuple[str, list[dict[str, Any]], bool], behaviour: str = "at-most-one", **more: Any) -> Shown:
    suggestions = []
    for kind, actions, recommended in offers:
        one: dict[str, Any] = {"label": f"Do {kind}", "uuid": f"uuid {kind}"}
        if recommended:
            one["isRecommended"] = True
        suggestions.append({**one, "actions": actions})
    card: dict[str, Any] = {
        "uuid": "card",
        "summary": "A card.",
        "indicator": "warning",
        "detail": "- One point.\n- Another point.\n\nA footer.",
        "source": {"label": "x", "topic": {"system": "s", "code": "opioid-active"}},
        "extension": {"org.ldn-cds": {"findings": []}},
        "overrideReasons": [{"code": "other", "system": "s", "display": "Other"}],
        "links": [
            {"label": "a", "url": "https://a.example", "type": "absolute"},
            {"label": "b", "url": "https://b.example", "type": "smart", "appContext": "x"},
        ],
        **more,
    }
    if suggestions:
        card |= {"suggestions": suggestions, "selectionBehavior": behaviour}
    kinds = tuple((f"uuid {kind}", kind) for kind, _, _ in offers)
    return Shown(card, (Finding("opioid-active", Indicator.WARNING),), kinds)


def dress(profile: Profile, *cards: Shown) -> list[Shown]:
    return list(dressed(tuple(cards), profile, WORDS, lambda name: f"made {name}"))


def test_the_standard_profile_hands_the_cards_on_untouched() -> None:
    cards = (shown(("delete-draft", [DELETE], True)),)
    assert dressed(cards, STANDARD, WORDS, str) is cards


def test_the_card_that_was_made_is_not_changed() -> None:
    one = shown(("titration-V1", [UPDATE, FURTHER], True))
    before = repr(one)
    dress(EPIC, one)
    dress(ORACLE, one)
    assert repr(one) == before


def test_steps_keep_the_order_of_the_actions_and_the_first_keeps_uuid_and_kind() -> None:
    [one] = dress(EPIC, shown(("titration-V1", [UPDATE, FURTHER, PANEL], True)))
    assert one.kinds == (
        ("uuid titration-V1", "titration-V1"),
        ("made uuid titration-V1 step 2", "titration-V1-step-2"),
        ("made uuid titration-V1 step 3", "titration-V1-step-3"),
    )
    said = [suggestion["actions"][0]["description"] for suggestion in one.card["suggestions"]]
    assert said[0] == "Step 1 of 3: Change the draft."
    assert said[1] == f"Step 2 of 3: Then prescribe more. {WORDS['defaults']}"
    assert one.card["selectionBehavior"] == "any"
    assert WORDS["steps"] in one.card["detail"]


def test_the_step_is_said_where_the_user_reads_it() -> None:
    [one] = dress(replace(EPIC, spoken="label"), shown(("titration-V1", [UPDATE, FURTHER], True)))
    assert [suggestion["label"][:12] for suggestion in one.card["suggestions"]] == ["Step 1 of 2:", "Step 2 of 2:"]
    assert one.card["suggestions"][0]["actions"][0]["description"] == "Change the draft."


def test_an_order_that_may_get_another_dose_does_not_come_ticked() -> None:
    [one] = dress(EPIC, shown(("titration-V1", [UPDATE, FURTHER, PANEL], True)))
    assert [suggestion.get("isRecommended", False) for suggestion in one.card["suggestions"]] == [True, False, True]


def test_two_drafts_that_move_together_are_never_moved_one_by_one() -> None:
    other = {**UPDATE, "resource": {"resourceType": "MedicationRequest", "id": "second"}}
    [one] = dress(EPIC, shown(("set-start", [UPDATE, other], True), ("delete-draft", [DELETE], False)))
    assert [kind for _, kind in one.kinds] == ["delete-draft"]
    assert "- Also possible, by hand: Do set-start." in one.card["detail"]
    [oracle] = dress(ORACLE, shown(("set-start", [UPDATE, other], True)))
    assert oracle.kinds == (("uuid set-start", "set-start"),)


def test_tests_are_no_steps_since_any_order_will_do() -> None:
    [one] = dress(EPIC, shown(("liver-panel", [PANEL, INR], True)))
    assert [suggestion["label"] for suggestion in one.card["suggestions"]] == ["Request a panel.", "Request INR."]
    assert WORDS["steps"] not in one.card["detail"]


def test_an_action_that_two_suggestions_share_is_offered_once() -> None:
    [one] = dress(EPIC, shown(("delete-draft", [DELETE], True), ("taper-review", [DELETE, PANEL], False)))
    assert [kind for _, kind in one.kinds] == ["delete-draft", "taper-review"]
    assert [suggestion["actions"][0]["type"] for suggestion in one.card["suggestions"]] == ["delete", "create"]
    assert one.card["suggestions"][1]["label"] == "Request a panel."


def test_of_two_that_touch_one_draft_the_recommended_one_stays_and_the_other_is_said() -> None:
    [one] = dress(EPIC, shown(("delete-draft", [DELETE], False), ("set-start", [UPDATE], True)))
    assert [kind for _, kind in one.kinds] == ["set-start"]
    assert "- Also possible, by hand: Do delete-draft." in one.card["detail"]


def test_an_order_set_goes_before_a_removal_where_neither_is_recommended() -> None:
    [one] = dress(EPIC, shown(("delete-draft", [DELETE], False), ("titration-V1", [UPDATE, FURTHER], False)))
    assert [kind for _, kind in one.kinds] == ["titration-V1", "titration-V1-step-2"]


def test_one_schedule_stays_even_where_no_draft_could_be_updated() -> None:
    [one] = dress(EPIC, shown(("titration-V1", [FURTHER], False), ("titration-V2", [{**FURTHER}], True)))
    assert [kind for _, kind in one.kinds] == ["titration-V2"]
    assert "- Schedule: Do titration-V2." in one.card["detail"]
    assert "- Schedules to be written by hand: Do titration-V1." in one.card["detail"]


def test_words_of_a_record_in_a_label_are_made_inert_before_they_stand_in_the_text() -> None:
    card = shown(("delete-draft", [DELETE], False), ("set-start", [UPDATE], True))
    card.card["suggestions"][0]["label"] = "Remove [x](https://evil.example) <b>now</b>"
    [one] = dress(EPIC, card)
    assert "evil.example" not in one.card["detail"]
    assert "<b>" not in one.card["detail"]
    assert "](" not in one.card["detail"]


def test_two_cards_never_tick_two_things_for_one_draft() -> None:
    first, second = dress(EPIC, shown(("delete-draft", [DELETE], True)), shown(("set-start", [UPDATE], True)))
    assert first.card["suggestions"][0]["isRecommended"]
    assert "isRecommended" not in second.card["suggestions"][0]
    again, same = dress(EPIC, shown(("delete-draft", [DELETE], True)), shown(("delete-draft", [{**DELETE}], True)))
    assert again.card["suggestions"][0]["isRecommended"]
    assert same.card["suggestions"][0]["isRecommended"]


def test_where_only_one_can_be_taken_the_text_says_so_and_one_is_recommended() -> None:
    [one] = dress(ORACLE, shown(("a", [PANEL], True), ("b", [INR], True), behaviour="any"))
    assert one.card["selectionBehavior"] == "at-most-one"
    assert [suggestion.get("isRecommended", False) for suggestion in one.card["suggestions"]] == [True, False]
    assert WORDS["one_only"] in one.card["detail"]
    [alone] = dress(ORACLE, shown(("a", [PANEL], True), behaviour="any"))
    assert WORDS["one_only"] not in alone.card["detail"]


def test_plain_text_is_announced_where_there_is_an_extension_for_it() -> None:
    [one] = dress(replace(EPIC, detail="plain"), shown())
    assert one.card["detail"] == "One point.\nAnother point.\n\nA footer."
    assert one.card["extension"]["com.epic.cdshooks.card.detail.content-type"] == "text/plain"
    [marked] = dress(EPIC, shown())
    assert set(marked.card["extension"]) == {"org.ldn-cds"}
    [oracle] = dress(ORACLE, shown())
    assert set(oracle.card["extension"]) == {"org.ldn-cds"}


def test_a_text_that_is_too_long_loses_its_last_points_and_says_how_many() -> None:
    points = "\n".join(f"- Point {number} {'x' * 90}." for number in range(5))
    [one] = dress(replace(STANDARD, detail_characters=320), shown(detail=f"{points}\n\nA footer."))
    assert len(one.card["detail"]) <= 320
    assert "Point 0" in one.card["detail"]
    assert "Point 4" not in one.card["detail"]
    assert "Left out here for want of room: 3 further points." in one.card["detail"]
    assert one.card["detail"].endswith("A footer.")


def test_the_last_point_and_the_notes_stay_however_long_they_are() -> None:
    [one] = dress(replace(STANDARD, detail_characters=300), shown(detail=f"- {'x' * 500}\n\nA footer."))
    assert "x" * 500 in one.card["detail"]
    assert one.card["detail"].endswith("A footer.")


def test_reasons_links_and_app_contexts_are_left_out_where_they_are_not_taken() -> None:
    [one] = dress(ORACLE, shown())
    assert "overrideReasons" not in one.card
    assert [link.get("appContext") for link in one.card["links"]] == [None, None]
    [bare] = dress(replace(ORACLE, links=()), shown())
    assert "links" not in bare.card
    [absolute] = dress(replace(STANDARD, links=("absolute",)), shown())
    assert [link["type"] for link in absolute.card["links"]] == ["absolute"]


def test_a_card_without_points_still_says_what_its_buttons_no_longer_say() -> None:
    card = shown(("titration-V1", [UPDATE, FURTHER], True), detail="A footer.")
    [one] = dress(EPIC, card)
    assert one.card["detail"].startswith("- Schedule: Do titration-V1.\n")
    assert one.card["detail"].endswith("\n\nA footer.")
