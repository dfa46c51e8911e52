"""Meanings that are remembered from one record to the next: the same as if worked out anew, and no word is kept."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.record import Coding, Concept
from cds_service.terminology.conditions import condition_groups
from cds_service.terminology.drugs import identify
from cds_service.terminology.memory import Memory

WORDS = st.text(max_size=12)
CONCEPTS = st.builds(Concept, st.lists(st.builds(Coding, WORDS, WORDS, WORDS), max_size=3).map(tuple), WORDS)


def test_a_meaning_is_worked_out_once_for_the_same_words() -> None:
    memory: Memory[str] = Memory()
    asked: list[str] = []

    def work_out() -> str:
        asked.append("once")
        return "opioid"

    assert [memory.meaning(b"oxycodone", work_out) for _ in range(3)] == ["opioid"] * 3
    assert asked == ["once"]


def test_other_words_have_a_meaning_of_their_own() -> None:
    memory: Memory[str] = Memory()
    assert memory.meaning(b"oxycodone", lambda: "opioid") != memory.meaning(b"naltrexone", lambda: "antagonist")


def test_a_full_memory_starts_anew_and_never_grows_beyond_its_bound() -> None:
    memory: Memory[int] = Memory(most=3)
    for number in range(10):
        assert memory.meaning(str(number).encode(), lambda number=number: number) == number  # type: ignore[misc]
        assert len(memory) <= 3


@given(CONCEPTS, CONCEPTS)
def test_different_concepts_are_different_bytes(one: Concept, other: Concept) -> None:
    assert (one.as_bytes() == other.as_bytes()) == (one == other)


@pytest.mark.parametrize(
    "text", ["oxycodone for Zebulon Quartermain", "naltrexone 4.5 mg, sister of Zebulon Quartermain"]
)
def test_the_words_of_a_record_are_put_to_each_drug_anew_and_are_kept_nowhere(text: str) -> None:
    first = identify(Concept((), text))
    assert first is not None
    assert first.label == text
    again = identify(Concept((), text))
    assert again == first
    assert again is not first
    condition_groups(Concept((), f"cirrhosis, {text}"))
    del first, again
    gc.collect()
    kept = [value for memory in gc.get_objects() if isinstance(memory, Memory) for value in memory._known.items()]
    assert kept
    assert "Quartermain" not in repr(kept)
    assert b"Quartermain" not in b"".join(name for name, _ in kept)
