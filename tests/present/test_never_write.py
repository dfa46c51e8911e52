"""What no card may say (rulebook e.1 and e.2): read in every card file and on every card of every case.

The lists are of claims and not of topics: "safe" is a claim, "LDN safety checks" is a name.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from cds_service.cli.asking import here
from cds_service.cli.cases import case_folders, read_case
from cds_service.content import cards_dir, fixtures_dir
from cds_service.present.knowledge import read_knowledge
from cds_service.present.wording import CardText
from cds_service.settings import Settings

CARDS = cards_dir()
KNOWLEDGE = read_knowledge(CARDS)

CLAIMS = {
    "safe": r"\bsafe(?:ly|r|st)?\b",
    "effective": r"\b(?:in)?effective(?:ly|ness)?\b|\befficac",
    "no interactions": r"\bno (?:drug[- ](?:drug )?)?interactions?\b",
    "no monitoring": r"\bno (?:further )?monitoring\b|\bmonitoring is not\b",
    "95 % of patients": r"\b95 ?%",
    "30 to 60 % respond (D8)": r"\b30 ?(?:-|–|to) ?60 ?%",
    "mechanism": r"endorphin|\bglia|microglia|cytokine|neuroinflamm|anti-?inflammat|\brebound|upregulat|toll-like",
    "ESR predicts": r"\bpredict",
    "a price": r"[$€£]|\bUSD\b|\b(?:cheap|price|costs?)\b",
    "fatigue or sleep gets better (D9)": r"(?:better|improves?|less) (?:sleep|fatigue)|(?:sleep|fatigue) improv",
    "hours of blockade (D6)": r"\b(?:4|four) ?(?:-|–|to) ?(?:6|six) (?:h\b|hours)",
    "teratogenic (D11)": r"teratogen|birth defect|malformation",
    "well tolerated": r"\bwell[- ]tolerated\b|\bharmless\b|\bno side effects\b",
    "cure": r"\bcures?\b|\bproven\b",
}
MANNERS = {
    "an exclamation mark": r"!",
    "you must": r"\b(?:you|doctor|prescriber|patient|they) must\b|\bit is (?:imperative|essential)\b",
    "a red-flag adjective": r"\b(?:dangerous|deadly|fatal|lethal|extreme(?:ly)?|catastrophic|alarming)\b",
    "blame": r"\b(?:addicts?|abusers?|dirty|junkie|drug[- ]seek\w*|non-?complian\w*)\b",
    "an abbreviation that is misread (D1, c)": r"\bbi-?weekly\b|\bQHS\b|\bq\.?d\.?\b|\bQOD\b|\bU\b(?!/)",
    "a trailing zero": r"\b\d+\.0 (?:mg|mL)\b",
    "a naked decimal point": r"(?<![\d.])\.\d+ ?mg\b",
    "a relative date": r"\bin \d+ days\b|\b(?:yesterday|tomorrow)\b",
}
# The label contraindicates these; elsewhere the word is "avoid".
MAY_SAY_CONTRAINDICATED = {
    "opioid", "allergy",
    "naltrexone-bupropion-for-pain",  # seizure disorder and bulimia, by the label of bupropion
}  # fmt: skip


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _of_card_file(card: CardText) -> list[str]:
    """Every sentence of a card file that a prescriber could meet."""
    spoken = (card.title, card.summaries, card.bullets, card.suggestions, card.actions, card.tables)
    return [*_texts(spoken), *(words.text for requests in card.orders.values() for words in requests)]


def _of_order_set() -> list[str]:
    """Sentences that go into orders and labels: everything in the file but ids and codes."""
    raw = KNOWLEDGE.order_set
    return [text for text in _texts(_as_data(raw)) if " " in text]


def _as_data(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {name: _as_data(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {key: _as_data(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_data(part) for part in value]
    return value


def _of_card(card: Mapping[str, Any]) -> list[str]:
    """What a client shows of a card: headline, detail, buttons and what they do, reasons, links."""
    shown = [card["summary"], card.get("detail", ""), card["source"]["label"]]
    for suggestion in card.get("suggestions", ()):
        shown += [suggestion["label"], *(action["description"] for action in suggestion["actions"])]
    reasons = [reason["display"] for reason in card.get("overrideReasons", ())]
    return [*shown, *reasons, *(link["label"] for link in card.get("links", ()))]


@cache
def _shown() -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """(case, card) of every card of every case."""
    ask = here(Settings())
    cases = [read_case(folder) for folder in case_folders(fixtures_dir())]
    return tuple((case.name, card) for case in cases for card in ask(case).cards)


def _found(pattern: str, texts: list[str]) -> list[str]:
    return [text for text in texts if re.search(pattern, text, re.IGNORECASE)]


every_ban = pytest.mark.parametrize(("what", "pattern"), [*CLAIMS.items(), *MANNERS.items()], ids=[*CLAIMS, *MANNERS])


@every_ban
def test_no_card_file_says_it(what: str, pattern: str) -> None:
    said = {rule: found for rule, card in KNOWLEDGE.cards.items() if (found := _found(pattern, _of_card_file(card)))}
    assert said == {}, what


@every_ban
def test_no_common_word_says_it(what: str, pattern: str) -> None:
    assert _found(pattern, list(_texts(KNOWLEDGE.words))) == [], what


@every_ban
def test_no_card_of_a_case_says_it(what: str, pattern: str) -> None:
    said = {case: found for case, card in _shown() if (found := _found(pattern, _of_card(card)))}
    assert said == {}, what


@pytest.mark.parametrize(("what", "pattern"), CLAIMS.items(), ids=CLAIMS)
def test_no_sentence_of_the_order_set_claims_it(what: str, pattern: str) -> None:
    assert _found(pattern, _of_order_set()) == [], what


def test_contraindicated_is_said_only_where_the_label_says_so() -> None:
    said = {rule: card.family for rule, card in KNOWLEDGE.cards.items() if _found("contraindicat", _of_card_file(card))}
    assert {rule for rule, family in said.items() if not {rule, family} & MAY_SAY_CONTRAINDICATED} == set()


def test_the_cards_of_the_cases_are_all_read() -> None:
    leaders = {card["source"]["topic"]["code"] for _, card in _shown()}
    assert len(_shown()) > 500
    assert {"opioid-active", "titration-order-set", "pregnancy-current", "data-not-checked"} <= leaders


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("safe", "LDN is safe."),
        ("effective", "It is effective for pain."),
        ("no interactions", "There are no drug-drug interactions."),
        ("no monitoring", "No monitoring needed."),
        ("95 % of patients", "It reduced pain in 95 % of patients."),
        ("mechanism", "It raises endorphins."),
        ("ESR predicts", "The ESR predicts response."),
        ("a price", "About $40 a month."),
        ("cure", "A proven treatment."),
        ("an exclamation mark", "Stop!"),
        ("you must", "You must stop."),
        ("blame", "A known abuser."),
        ("a trailing zero", "Take 3.0 mg."),
        ("a naked decimal point", "Take .5 mg."),
        ("a relative date", "Start in 5 days."),
    ],
)
def test_the_bans_catch_what_they_are_for(what: str, sentence: str) -> None:
    assert re.search({**CLAIMS, **MANNERS}[what], sentence, re.IGNORECASE)


@pytest.mark.parametrize("name", ["LDN safety checks (not clinically approved)", "benefit of LDN is unproven"])
def test_the_bans_leave_plain_words_alone(name: str) -> None:
    assert [what for what, pattern in CLAIMS.items() if re.search(pattern, name, re.IGNORECASE)] == []


def test_a_detail_has_at_most_five_bullets_and_a_summary_fewer_than_140_characters() -> None:
    long = [case for case, card in _shown() if len(card["summary"]) >= 140]
    crowded = [case for case, card in _shown() if len(re.findall(r"^- ", card.get("detail", ""), re.MULTILINE)) > 5]
    assert (long, crowded) == ([], [])
