"""Our own answers keep to every SHALL and SHOULD of cards (cds-hooks A, G, H)."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from cds_service.errors import BadAnswer
from cds_service.hooks.response import check_response

CODING = {"code": "opioid-active", "system": "urn:ldn-cds:rule"}
CARD: dict[str, Any] = {
    "uuid": "4e0a3a1e-3283-4575-ab82-028d55fe2719",
    "summary": "Opioid on the list: oxycodone.",
    "detail": "More about it.",
    "indicator": "critical",
    "source": {"label": "LDN checks", "url": "https://cds.example.com/", "topic": CODING},
    "suggestions": [
        {
            "uuid": "0a0a3a1e-3283-4575-ab82-028d55fe2719",
            "label": "Delete the draft",
            "isRecommended": True,
            "actions": [{"type": "delete", "description": "Delete", "resourceId": "MedicationRequest/ldn"}],
        },
        {
            "uuid": "1a0a3a1e-3283-4575-ab82-028d55fe2719",
            "label": "Start low",
            "isRecommended": False,
            "actions": [
                {
                    "type": "update",
                    "description": "Dose",
                    "resource": {"resourceType": "MedicationRequest", "id": "ldn"},
                },
                {
                    "type": "create",
                    "description": "Lab",
                    "resource": {"resourceType": "ServiceRequest", "status": "draft"},
                },
            ],
        },
    ],
    "selectionBehavior": "at-most-one",
    "overrideReasons": [{"code": "palliative", "system": "urn:ldn-cds:override-reason", "display": "Palliative care"}],
    "links": [
        {"label": "Evidence", "url": "https://cds.example.com/e", "type": "absolute"},
        {"label": "App", "url": "https://cds.example.com/a", "type": "smart", "appContext": "x"},
    ],
    "extension": {"org.ldn-cds": {"findings": [{"rule": "opioid-active", "indicator": "critical"}]}},
}


def first_suggestion(card: dict[str, Any]) -> Any:
    return card["suggestions"][0]


def first_action(card: dict[str, Any]) -> Any:
    return card["suggestions"][0]["actions"][0]


def update(card: dict[str, Any]) -> Any:
    return card["suggestions"][1]["actions"][0]


def test_no_cards_is_an_answer() -> None:
    check_response({"cards": []})


def test_a_full_card_is_an_answer() -> None:
    check_response({"cards": [CARD]})


@pytest.mark.parametrize("body", [{}, [], None, {"cards": None}, {"cards": {}}, {"cards": [], "systemActions": []}])
def test_a_body_that_is_no_answer_is_caught(body: object) -> None:
    with pytest.raises(BadAnswer):
        check_response(body)


@pytest.mark.parametrize("length", [1, 139])
def test_a_summary_of_up_to_139_characters_passes(length: int) -> None:
    check_response({"cards": [{**CARD, "summary": "x" * length}]})


BREACHES: dict[str, Callable[[dict[str, Any]], object]] = {
    "summary of 140": lambda card: card.update(summary="x" * 140),
    "summary of blanks": lambda card: card.update(summary="   "),
    "summary of two lines": lambda card: card.update(summary="a\nb"),
    "no summary": lambda card: card.pop("summary"),
    "hard-stop": lambda card: card.update(indicator="hard-stop"),
    "no indicator": lambda card: card.pop("indicator"),
    "no uuid": lambda card: card.pop("uuid"),
    "uuid in capitals": lambda card: card.update(uuid=card["uuid"].upper()),
    "no source": lambda card: card.pop("source"),
    "no source label": lambda card: card["source"].pop("label"),
    "relative source url": lambda card: card["source"].update(url="/about"),
    "relative icon": lambda card: card["source"].update(icon="icon.png"),
    "topic without system": lambda card: card["source"].update(topic={"code": "x"}),
    "no topic": lambda card: card["source"].pop("topic"),
    "empty detail": lambda card: card.update(detail=""),
    "null detail": lambda card: card.update(detail=None),
    "suggestions without selectionBehavior": lambda card: card.pop("selectionBehavior"),
    "selectionBehavior without suggestions": lambda card: card.pop("suggestions"),
    "unknown selectionBehavior": lambda card: card.update(selectionBehavior="all"),
    "no suggestions": lambda card: card.update(suggestions=[]),
    "two recommended of which one may be taken": lambda card: card["suggestions"][1].update(isRecommended=True),
    "suggestion without label": lambda card: first_suggestion(card).pop("label"),
    "suggestion without uuid": lambda card: first_suggestion(card).pop("uuid"),
    "suggestion with the uuid of the card": lambda card: first_suggestion(card).update(uuid=card["uuid"]),
    "suggestion without actions": lambda card: first_suggestion(card).update(actions=[]),
    "actionSelectionBehavior": lambda card: first_suggestion(card).update(actionSelectionBehavior="any"),
    "action without description": lambda card: first_action(card).pop("description"),
    "action of unknown type": lambda card: first_action(card).update(type="replace"),
    "delete without resourceId": lambda card: first_action(card).pop("resourceId"),
    "delete with a bare id": lambda card: first_action(card).update(resourceId="ldn"),
    "delete with an absolute id": lambda card: first_action(card).update(resourceId="https://h/MedicationRequest/ldn"),
    "delete with a resource": lambda card: first_action(card).update(resource={"resourceType": "MedicationRequest"}),
    "update without a resource": lambda card: update(card).pop("resource"),
    "update by id": lambda card: update(card).update(resource="MedicationRequest/ldn"),
    "update with a resourceId": lambda card: update(card).update(resourceId="MedicationRequest/ldn"),
    "resource without type": lambda card: update(card)["resource"].pop("resourceType"),
    "empty list in a resource": lambda card: update(card)["resource"].update(category=[]),
    "empty string in a resource": lambda card: update(card)["resource"].update(note=[{"text": ""}]),
    "null in a resource": lambda card: update(card)["resource"].update(subject=None),
    "override reason without display": lambda card: card["overrideReasons"][0].pop("display"),
    "override reason without system": lambda card: card["overrideReasons"][0].pop("system"),
    "no override reasons": lambda card: card.update(overrideReasons=[]),
    "link without type": lambda card: card["links"][0].pop("type"),
    "relative link": lambda card: card["links"][0].update(url="/x"),
    "script as a link": lambda card: card["links"][0].update(url="javascript:alert(1)"),
    "appContext on an absolute link": lambda card: card["links"][0].update(appContext="x"),
    "autolaunchable": lambda card: card["links"][1].update(autolaunchable=True),
    "extension that is a list": lambda card: card.update(extension=[1]),
    "empty extension": lambda card: card.update(extension={}),
    "null deep in an extension": lambda card: card["extension"]["org.ldn-cds"].update(x=[{"y": None}]),
    "own member": lambda card: card.update(colour="red"),
}


@pytest.mark.parametrize("breach", BREACHES.values(), ids=BREACHES)
def test_a_breach_of_the_card_contract_is_caught(breach: Callable[[dict[str, Any]], object]) -> None:
    card = copy.deepcopy(CARD)
    breach(card)
    with pytest.raises(BadAnswer):
        check_response({"cards": [card]})


def test_several_may_be_recommended_where_any_may_be_taken() -> None:
    card = copy.deepcopy(CARD)
    card["selectionBehavior"] = "any"
    card["suggestions"][1]["isRecommended"] = True
    check_response({"cards": [card]})


def test_two_cards_may_not_share_a_uuid() -> None:
    other = {name: CARD[name] for name in ("uuid", "summary", "indicator", "source")}
    with pytest.raises(BadAnswer):
        check_response({"cards": [CARD, other]})


def test_null_in_a_list_of_a_resource_is_fhir_json() -> None:
    card = copy.deepcopy(CARD)
    update(card)["resource"]["given"] = ["a", None]
    check_response({"cards": [card]})


def test_the_place_of_the_breach_is_named() -> None:
    card = copy.deepcopy(CARD)
    first_action(card)["type"] = "replace"
    with pytest.raises(BadAnswer) as found:
        check_response({"cards": [card]})
    assert found.value.expression == "cards[0].suggestions[0].actions[0].type"
