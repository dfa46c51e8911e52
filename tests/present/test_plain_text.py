"""Markdown taken out: the words stay, the marks go, and a point is a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from present.answered_cases import cards

from cds_service.present.plain import plain

TEXTS = {
    "points become lines": ("- one\n- two\n\nfooter", "one\ntwo\n\nfooter"),
    "emphasis": ("**bold** and *soft* and ~~gone~~", "bold and soft and gone"),
    "a link keeps its address": ("see [the page](https://a.example/b)", "see the page (https://a.example/b)"),
    "an address is said once": ("<https://a.example>", "https://a.example"),
    "code": ("take `1.5 mg`", "take 1.5 mg"),
    "a heading": ("## Why\n\nbecause", "Why\n\nbecause"),
    "a numbered list keeps its numbers": ("1. first\n2. then", "1. first\n2. then"),
    "a list in a list": ("- one\n  - two\n- three", "one\ntwo\nthree"),
    "marks that were escaped": (r"5 \* 3", "5 * 3"),
    "HTML stays text": ("a <b>c</b>", "a <b>c</b>"),
    "a long point stays one line": ("- one\n  more of it", "one more of it"),
    "entities": ("fish &amp; chips", "fish & chips"),
    "a block of code": ("```\nx = 1\n```", "x = 1"),
    "nothing": ("", ""),
}  # fmt: skip


@pytest.mark.parametrize(("markdown", "words"), TEXTS.values(), ids=TEXTS)
def test_the_words_stay_and_the_marks_go(markdown: str, words: str) -> None:
    assert plain(markdown) == words


def test_no_word_of_any_card_is_lost() -> None:
    for case, card in cards():
        shown = plain(card["detail"])
        assert shown.split() == [word for word in card["detail"].split() if word != "-"], case
        assert not any(line.startswith("- ") for line in shown.splitlines()), case


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(plain(text), str)
