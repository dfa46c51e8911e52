"""Bad content stops the start with a message that names file, line and field."""

from pathlib import Path

import pytest

from cds_service.content import cards_dir
from cds_service.errors import BadContent
from cds_service.present.knowledge import read_knowledge
from cds_service.present.lines import line_of

CARD = "opioid/opioid-active.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped cards that a test may spoil."""
    made = tmp_path / "cards"
    for path in cards_dir().rglob("*"):
        if path.is_file():
            target = made / path.relative_to(cards_dir())
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return made


def spoiled(folder: Path, name: str, old: str, new: str) -> tuple[str, int]:
    """What is said where `old` has become `new`, and the line on which it stood."""
    file = folder / name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(BadContent) as caught:
        read_knowledge(folder)
    return caught.value.text, text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (CARD, 'title = "Current opioid"', 'title = "Current opioid', ""),
        (CARD, 'title = "Current opioid"', "title = 7", "title: 7 is not of type 'string'"),
        (CARD, "number = 1", 'number = "one"', "number: 'one' is not of type 'integer'"),
        (CARD, 'rule = "opioid-active"', 'rule = "opioid-now"', "rule: must be the name of the file"),
        (CARD, 'family = "opioid"', 'family = "liver"', "family: must be the name of the folder"),
        (CARD, '"opioid-list-wrong"', '"list-wrong"', "override_reasons: override reason list-wrong has no words"),
        (CARD, "- On the list: {{record}}", "- On the list: {{rekord}}", "{{rekord}}: the rule fills no blank"),
        (CARD, "- This applies at low dose too", "This applies at low dose too", "body: only '## wording'"),
        ("thresholds.toml", "ahead_days = { value = 14", 'ahead_days = { value = "x"', "surgery.ahead_days: must be a"),
        (
            "thresholds.toml",
            "albumin_g_dl = { value = [2.8",
            "albumin_g_dl = { value = [9.8",
            "child_pugh.albumin_g_dl",
        ),
        ("thresholds.toml", "hold_days = {", "hold_dayz = {", "surgery"),
        ("thresholds.toml", "[esr]", "[esr", ""),
        ("order-set/titration.toml", "[order_set]", "[order_set", ""),
        ("source-attributes.toml", 'rule = "Not used."', 'rule = ""', "attributes.race.rule: must say something"),
        ("trials.toml", 'outcome = "against"', 'outcome = "bad"', "outcome: must be one of"),
        ("wording.toml", "[footer]", "[feet]", ""),
    ],
)
def test_the_message_names_file_line_and_field(name: str, old: str, new: str, words: str, folder: Path) -> None:
    text, line = spoiled(folder, name, old, new)
    assert text.startswith(f"{name}: line ")
    assert words in text
    said = int(text.removeprefix(f"{name}: line ").split(":", 1)[0])
    if name != "wording.toml" and new != "hold_dayz = {":
        assert abs(said - line) <= 1, text


def test_a_button_that_the_rule_needs_must_have_its_words(folder: Path) -> None:
    text, _ = spoiled(folder, CARD, 'delete-draft = "Remove the naltrexone order"\n', "")
    assert text.startswith(f"{CARD}: line ")
    assert "suggestions: delete-draft is missing; the rule needs it" in text


def test_a_word_that_every_card_needs_must_be_there(folder: Path) -> None:
    text, _ = spoiled(folder, "wording.toml", "\nopen = ", "\nopened = ")
    assert text.startswith("wording.toml: line ")
    assert "footer.open: is missing" in text


def test_text_that_is_not_utf_8_is_named_with_its_line(folder: Path) -> None:
    file = folder / CARD
    file.write_bytes(file.read_bytes().replace(b"Current opioid", b"Current \xff opioid", 1))
    with pytest.raises(BadContent, match=r"opioid/opioid-active\.md: line 4: is not UTF-8"):
        read_knowledge(folder)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (["a"], 1),
        (["a", "x"], 2),
        (["b", "c", "y"], 5),
        (["list", 1, "z"], 10),
        (["list", 0, "z"], 8),
        (["quoted key", "v"], 12),
        (["nowhere"], 1),
    ],
)
def test_the_line_of_a_field_is_where_a_reader_would_look(path: list[str | int], line: int) -> None:
    text = '[a]\nx = 1\n\n[b.c]\ny = { value = 2 }\n\n[[list]]\nz = 1\n[[list]]\nz = 2\n\n"quoted key".v = 3\n'.replace(
        '"quoted key".v', '["quoted key"]\nv'
    )
    assert line_of(text, path) == line + (1 if path[0] == "quoted key" else 0)
