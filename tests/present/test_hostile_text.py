"""Text of a record is a stranger's: whatever it says, a card shows plain words."""

import re
import unicodedata
from typing import Any

import pytest
from definitions.chart import WARFARIN, ago, case, condition, draft, opioid_draft, request, statement
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from present.answered_cases import PLACE, actions, knowledge

from cds_service.definitions.case import Case
from cds_service.present.cards import Context, present
from cds_service.present.escape import MOST, inert
from cds_service.present.suggestions import Session
from cds_service.record import Concept, Drug, Opioid, Shortfall
from cds_service.rules import detect_all

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<IMG SRC=javascript:alert('XSS')>",
    "<svg/onload=alert(1)>",
    "<a href='https://evil.example'>dose</a>",
    "<iframe srcdoc='<b>x</b>'></iframe>",
    "<!-- comment -->",
    "<![CDATA[x]]>",
    "<?php echo 1 ?>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;b&#62;",
    "\\<b\\>",
    "[click](https://evil.example)",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "[x][ref]\n\n[ref]: https://evil.example",
    "<https://evil.example>",
    "https://evil.example/path?q=1",
    "http://evil.example",
    "ftp://evil.example",
    "www.evil.example",
    "evil.example",
    "evil.example.com/x",
    "someone@evil.example",
    "mailto:someone@evil.example",
    "javascript:alert(1)",
    "//evil.example",
    "**bold** __bold__ *em* _em_ ~~strike~~",
    "`code` ``code``",
    "```\nfenced\n```",
    "# heading",
    "\n# heading\n",
    "heading\n===",
    "heading\n---",
    "- item\n- item",
    "1. item",
    "1) item",
    "> quote",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "- [ ] task",
    "line one  \nline two",
    "\n\n\n\n- A new bullet: safe to give.",
    "***",
    "\u202eenohtem\u202c",
    "oxy\u200bcodone",
    "oxy\u0000codone",
    "oxy\u2028codone\u2029",
    "\x1b[31mred\x1b[0m",
    "{{drug}} {{clear}}",
    "$(rm -rf /)",
    "'; DROP TABLE cards; --",
    "％3Cscript％3E",
    "＜script＞alert(1)＜/script＞",
    "![a](data:image/svg+xml;base64,PHN2Zz4=)",
    "<style>*{display:none}</style>",
    "<b " + "x" * 5000,
    "a, " * 2000,
    "(" * 500,
    "naltrexone " * 300,
]
ALLOWED = {
    "paragraph_open", "paragraph_close", "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
    "inline", "text", "softbreak",
}  # fmt: skip
LINK = re.compile(r"https?:|ftp:|mailto:|javascript:|www\.|@|[a-z0-9-]\.[a-z]{2,}(/|\b)", re.IGNORECASE)
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def kinds(markdown: str) -> set[str]:
    def walk(tokens: list[Token]) -> Any:
        for token in tokens:
            yield token.type
            yield from walk(token.children or [])

    return set(walk(_MARKDOWN.parse(markdown)))


def is_plain(shown: str) -> bool:
    return (
        not set(shown) & set('<>&`*_[]\\{}|~#@"')
        and not any(unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") for char in shown)
        and not LINK.search(shown)
    )


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


@pytest.mark.parametrize("attack", ATTACKS)
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
