"""Text of a record is a stranger's: whatever it says, a card shows plain words."""

from typing import Any

import pytest
from definitions.chart import WARFARIN, ago, case, condition, draft, opioid_draft, request, statement
from hypothesis import given, settings
from hypothesis import strategies as st
from present.answered_cases import PLACE, actions, knowledge
from present.hostile_strings import ALLOWED, ATTACKS, LINK, SENT, is_plain, kinds

from cds_service.definitions.case import Case
from cds_service.present.cards import Context, present
from cds_service.present.escape import MOST, inert
from cds_service.present.suggestions import Session
from cds_service.record import Concept, Drug, Opioid, Shortfall
from cds_service.rules import detect_all


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_becomes_plain_words_on_one_line(attack: str) -> None:
    shown = inert(attack)
    assert is_plain(shown)
    assert len(shown) <= MOST
    assert kinds(f"- On the list: {shown}.") <= ALLOWED


@given(st.text(max_size=400))
def test_any_text_becomes_plain_words_on_one_line(text: str) -> None:
    shown = inert(text)
    assert is_plain(shown)
    assert len(shown) <= MOST
    assert shown == shown.strip()
    assert kinds(f"- On the list: {shown}.") <= ALLOWED


@pytest.mark.parametrize(
    "name",
    [
        "oxycodone 5 mg tablet",
        "naltrexone 4.5 mg capsule, compounded",
        "hydrocodone/acetaminophen 5/325 mg",
        "morphine (extended release) 15 mg",
        "lidocaine 5 % + fentanyl 25 µg/h",
        "Zubsolv 5.7-1.4 mg",
        "St John's wort",
        "Méthadone Größe 20",
    ],
)
def test_drug_names_keep_all_they_need(name: str) -> None:
    assert inert(name) == name


# Through every string of a record that can reach a card


def poisoned(text: str) -> list[Case]:
    drug = Drug(text, text, opioids=(Opioid(text, text, "short-acting"),), disagreeing_text=text)
    naltrexone = draft(label=text, note=text, reference="MedicationRequest/draft",
                       resource={"resourceType": "MedicationRequest", "id": "draft", "status": "draft",
                                 "intent": "order", "subject": {"reference": "Patient/ada"},
                                 "medicationCodeableConcept": {"text": text}})  # fmt: skip
    named = {"concept": Concept((), text), "reference": f"Condition/{text}"}
    return [
        case(naltrexone, medications=[statement(drug, starts=ago(9), reference=f"MedicationStatement/{text}")]),
        case(naltrexone, medications=[statement(drug, status="completed", starts=ago(40), ends=ago(3))]),
        case(naltrexone, medications=[statement(drug, status=text)]),
        case(naltrexone, medications=[request(drug, authored=ago(300))]),
        case(naltrexone, opioid_draft(drug, reference="MedicationRequest/opioid")),
        case(opioid_draft(drug), medications=[statement(naltrexone.drug or drug, starts=ago(9))]),
        case(naltrexone, conditions=[condition("cirrhosis", **named), condition("decompensation", **named)]),
        case(naltrexone, conditions=[condition("decompensation-standalone", **named)]),
        case(naltrexone, conditions=[condition("opioid-withdrawal", **named)]),
        case(naltrexone, conditions=[condition("pregnancy", onset=ago(90), **named)]),
        case(naltrexone, medications=[statement(WARFARIN, starts=ago(9)), request(drug, authored=ago(800))]),
        case(draft(None, names_drug=False, unresolved=text, reference=f"MedicationRequest/{text}"), hook="order-sign"),
        case(naltrexone, shortfalls=[Shortfall("medRequests", "timeout")]),
    ]


def all_cards(call: Case) -> list[dict[str, Any]]:
    findings, broken = detect_all(call)
    assert broken == ()
    session = Session("R4", "ada", "Practitioner/own", "visit", lambda name: f"uuid of {name}")
    return [shown.card for shown in present(findings, call, Context(session, knowledge(), PLACE.base_url))]


def assert_harmless(card: dict[str, Any]) -> None:
    assert kinds(card["detail"]) <= ALLOWED
    assert kinds(card["summary"]) <= ALLOWED
    assert len(card["summary"]) < 140
    assert not LINK.search(card["summary"])
    assert not LINK.search(card["detail"])
    lines = card["detail"].split("\n")
    assert sum(line.startswith("- ") for line in lines) <= 5
    assert all(len(line) < 500 for line in lines)
    spoken = [s["label"] for s in card.get("suggestions", [])] + [action["description"] for action in actions(card)]
    assert all(is_plain(words) and len(words) < 300 for words in spoken)
    assert is_plain(card["source"]["label"])
    assert card["links"][0]["url"].startswith("https://ldn.example/source-attributes/")


@pytest.mark.parametrize("attack", SENT)
def test_no_card_shows_anything_but_plain_words(attack: str) -> None:
    found = [card for call in poisoned(attack) for card in all_cards(call)]
    assert len(found) >= 12
    for card in found:
        assert_harmless(card)


@settings(max_examples=25)
@given(st.text(min_size=1, max_size=120))
def test_no_card_shows_anything_but_plain_words_whatever_the_record_says(text: str) -> None:
    for call in poisoned(text):
        for card in all_cards(call):
            assert_harmless(card)
