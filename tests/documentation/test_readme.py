"""README.md says what is true: settings, rules, commands, and a card that the service really gives."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from project_script import script

from cds_service.cli import main
from cds_service.hooks.services import SERVICES
from cds_service.rules import rules
from cds_service.settings import SETTINGS, Settings
from cds_service.web.app import create_app

CHECKOUT = Path(__file__).resolve().parents[2]
README = (CHECKOUT / "README.md").read_text("utf-8")
LONGEST_SENTENCE = 40


draw_card = script("draw_card")


def _section(title: str) -> str:
    return README.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def _rows(section: str) -> list[list[str]]:
    """Cells of the table rows of a section, without head and rule."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def _json_blocks() -> list[Any]:
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", README, re.DOTALL)]


@pytest.fixture
def answered(tmp_path: Path) -> dict[str, Any]:
    """What the service answers to the example today, over HTTP, with default settings but the place of the database."""
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path}/feedback.sqlite"))
    reply = app.test_client().post(
        "/cds-services/ldn-order-sign", json=json.loads(draw_card.REQUEST.read_text("utf-8"))
    )
    body: dict[str, Any] = reply.get_json()
    return body


def test_the_first_screen_says_that_nothing_is_approved() -> None:
    assert "not clinically approved" in "\n".join(README.splitlines()[:12]).lower()


def test_every_setting_stands_in_the_table_with_its_default_and_its_line() -> None:
    assert _rows(_section("Settings")) == [
        [f"`{setting.variable}`", f"`{setting.default}`" if setting.default else "empty", setting.line]
        for setting in SETTINGS
    ]


def test_every_rule_stands_in_the_table() -> None:
    assert sorted(row[1].strip("`") for row in _rows(_section("The rules at present"))) == sorted(rules())


def test_every_service_stands_in_the_table_with_its_hook() -> None:
    shown = {row[1].strip("`"): row[0].split("`")[1] for row in _rows(_section("For the integrator"))}
    assert shown == {service.id: service.hook for service in SERVICES.values()}


def test_the_request_shown_is_the_example_file() -> None:
    assert _json_blocks()[0] == json.loads(draw_card.REQUEST.read_text("utf-8"))


def test_the_answer_shown_is_what_the_service_answers_today(answered: dict[str, Any]) -> None:
    assert _json_blocks()[1] == draw_card.without_digest(answered), "run scripts/draw_card.py"


def test_the_picture_is_drawn_from_what_the_service_answers_today(answered: dict[str, Any]) -> None:
    drawn = draw_card.PICTURE.read_text("utf-8")
    assert drawn == draw_card.picture(answered["cards"][0]), "run scripts/draw_card.py"


def test_every_make_target_named_exists() -> None:
    made = set(re.findall(r"^([a-z][a-z-]*):", (CHECKOUT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)`", README))
    assert {"run", "test"} <= named
    assert named <= made


@pytest.mark.parametrize("usage", [row[0].strip("`") for row in _rows(_section("Command line"))])
def test_every_command_named_takes_the_options_named(usage: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = usage.split()[1]
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    known = capsys.readouterr().out
    assert left.value.code == 0
    assert [option for option in re.findall(r"--[a-z]+", usage) if option not in known] == []


def test_every_command_of_the_program_is_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    offered = set(re.findall(r"^    ([a-z-]+)(?: |$)", capsys.readouterr().out, re.MULTILINE))
    assert offered == {row[0].split()[1] for row in _rows(_section("Command line"))}


def test_every_room_is_on_the_map() -> None:
    rooms = {path.parent.name for path in (CHECKOUT / "cds_service").glob("*/__init__.py")}
    mapped = re.findall(r"^  (\w+)/(?:  (\w+)/)?", _section("A map of the rooms"), re.MULTILINE)
    assert rooms == {room for line in mapped for room in line if room}


def test_sentences_are_short() -> None:
    prose = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    blocks = re.split(r"\n\s*\n|\n(?=[-|>\d#])", prose)
    sentences = [one for block in blocks for one in re.split(r"(?<=[.:;])\s+", " ".join(block.split()))]
    assert [one for one in sentences if len(one.split()) > LONGEST_SENTENCE] == []
