"""The commands as a person meets them: what they print, and how they end."""

import json
import shlex
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cds_service import __version__
from cds_service.cli import main
from cds_service.cli.serve import SHOWN, curl, welcome
from cds_service.cli.terminal import plain
from cds_service.content import fixtures_dir
from cds_service.hooks.response import check_response
from cds_service.settings import Settings

OXYCODONE = "opioid-active/fires-c02-oxycodone-statement-active"
BASELINE = "opioid-active/silent-c01-baseline"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CDS_CARDS_DIR", "CDS_HOST", "CDS_PORT", "CDS_TIMEZONE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "110")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


def one_case(folder: Path, **changes: Any) -> Path:
    """A copy of a shipped case whose expectation is changed."""
    case = folder / "opioid-active" / "copied"
    case.mkdir(parents=True)
    shipped = fixtures_dir() / OXYCODONE
    (case / "request.json").write_bytes((shipped / "request.json").read_bytes())
    expected = {**json.loads((shipped / "expected.json").read_text("utf-8")), **changes}
    (case / "expected.json").write_text(json.dumps(expected), "utf-8")
    return case


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"cds-service {__version__}\n"


def test_help_explains_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert [code for code in ("  0 ", "  1 ", "  2 ", "  130 ") if code not in shown] == []


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["call"], ["call", "x", "--today", "tomorrow"]], ids=str)
def test_a_wrong_command_line_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.usefixtures("wide")
def test_call_shows_what_a_prescriber_would_see(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", str(fixtures_dir() / OXYCODONE / "request.json")]) == 0
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    wanted = [
        "on 2026-03-02: 1 card",
        "CRITICAL opioid-active",
        "Patient is on oxycodone (active)",
        "- On the list: oxycodone",
        "1. Remove the naltrexone order (recommended) delete: Delete the naltrexone draft",
        "2. Remove the naltrexone order and request",
        "create: Request a review",
        "- The opioid entry is wrong or out of date",
        "not clinically approved",
    ]
    assert [text for text in wanted if text not in shown] == []


def test_call_takes_a_case_folder_and_a_shipped_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", str(one_case(tmp_path))]) == 0
    copied = capsys.readouterr().out
    assert main(["call", OXYCODONE]) == 0
    assert capsys.readouterr().out == copied


def test_call_prints_the_answer_as_it_would_go_over_the_wire(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["call", OXYCODONE, "--json"]) == 0
    answer = json.loads(capfdbinary.readouterr().out)
    check_response(answer)
    assert [card["source"]["topic"]["code"] for card in answer["cards"]] == ["opioid-active"]


def test_call_judges_on_the_day_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", BASELINE, "--today", "2026-03-09"]) == 0
    shown = capsys.readouterr().out
    assert "on 2026-03-09: " in shown
    assert "9 March" in shown


def test_call_says_so_where_there_is_no_card(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", "no-rule/silent-imaging"]) == 0
    assert "no card: the service stays silent" in capsys.readouterr().out


def test_call_reads_the_record_server_beside_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", "data-not-checked/silent-fetched-and-an-opioid-found"]) == 0
    assert "CRITICAL" in capsys.readouterr().out


BAD_FILES = {
    "not there": (None, "no file or folder"),
    "empty": (b"", "not strict JSON"),
    "not JSON": (b"# heading", "not strict JSON"),
    "a list": (b"[]", "must hold a JSON object"),
    "no call": (b"{}", "calls no hook that this service answers"),
    "another hook": (b'{"hook": "patient-view"}', "calls no hook that this service answers"),
    "half a call": (b'{"hook": "order-sign"}', "hookInstance"),
    "a name twice": (b'{"hook": "order-sign", "hook": "order-sign"}', "twice"),
}


@pytest.mark.parametrize("bad", BAD_FILES)
def test_call_refuses_bad_input_in_one_line_and_with_2(
    bad: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body, words = BAD_FILES[bad]
    file = tmp_path / "call.json"
    if body is not None:
        file.write_bytes(body)
    assert main(["call", str(file)]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.startswith("cds-service call: ")
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_a_setting_that_cannot_be_used_ends_with_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CDS_CARDS_DIR", str(tmp_path / "nowhere"))
    assert main(["call", OXYCODONE]) == 2
    assert main(["replay", OXYCODONE]) == 2
    assert capsys.readouterr().err.count("cards folder does not exist") == 2


def test_an_escape_sequence_in_a_record_does_not_reach_the_terminal() -> None:
    assert plain("red \x1b[31m\x9b2J\u202e text\nnext") == "red �[31m�2J� text\nnext"


def test_replay_ends_with_0_where_every_case_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--rule", "no-rule", "--release", "DSTU2"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert all(line.startswith("pass  no-rule/silent-") for line in shown[:-1])
    assert shown[-1] == f"{len(shown) - 1} passed, 0 failed"


def test_replay_ends_with_1_and_shows_the_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one_case(tmp_path, cards=[], never=["opioid-active"])
    assert main(["replay", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "FAIL  opioid-active/copied" in shown
    assert "-no card" in shown
    assert "+card opioid-active" in shown
    assert "+although never opioid-active" in shown
    assert shown.endswith("0 passed, 1 failed\n")


def test_replay_stops_at_the_first_failure_if_told_to(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    case = one_case(tmp_path, cards=[])
    for number in range(3):
        copy = case.with_name(f"copied-{number}")
        copy.mkdir()
        for file in case.iterdir():
            (copy / file.name).write_bytes(file.read_bytes())
    assert main(["replay", str(tmp_path), "--fail-fast", "--json"]) == 1
    told = json.loads(capfdbinary.readouterr().out)
    assert (told["passed"], told["failed"], told["not_run"], len(told["cases"])) == (0, 1, 3, 1)
    assert not told["cases"][0]["agrees"]
    assert "+card opioid-active" in told["cases"][0]["difference"]


def test_replay_moves_a_case_to_the_day_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--rule", "opioid-recent-washout", "--today", "2031-07-04", "-q"]) == 0
    assert capsys.readouterr().out.endswith(" passed, 0 failed\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rule", "no-such-rule"], "no case of the rule no-such-rule"),
        (["nowhere"], "no file or folder"),
        (["--url", "ftp://127.0.0.1"], "not an http or https URL"),
        (["--url", "http://127.0.0.1:9"], "Is the service running?"),
    ],
)
def test_replay_that_cannot_be_done_ends_with_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_an_empty_folder_does_not_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path)]) == 2
    assert "no case is in" in capsys.readouterr().err


def test_replay_names_the_place_of_a_slip_in_an_expectation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one_case(tmp_path, cards=[{"leader": "opioid-active"}])
    assert main(["replay", str(tmp_path)]) == 2
    assert (
        "opioid-active/copied/expected.json: 'indicator' is a required property, at cards.0" in capsys.readouterr().err
    )


def test_serve_says_that_the_port_is_taken(taken_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", str(taken_port)]) == 2
    assert f"port {taken_port}" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_serve_refuses_a_port_that_is_none(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", port]) == 2
    assert "CDS_PORT" in capsys.readouterr().err


def test_serve_announces_itself_on_loopback_and_as_not_approved() -> None:
    said = welcome(Settings())
    assert "Discovery: http://127.0.0.1:8080/cds-services\n" in said
    assert "Development mode" in said
    assert "Not clinically approved" in said
    assert f"@{(fixtures_dir() / SHOWN).resolve()}/request.json" in said
    registered = welcome(Settings(clients_file="clients.toml"))
    assert "Development mode" not in registered
    assert "curl" not in registered
    assert "clients.toml" in registered


def test_the_curl_line_survives_a_path_with_spaces_and_quotes() -> None:
    words = shlex.split(curl("http://127.0.0.1:8080", "/a b/it's/request.json"))
    assert words[0] == "curl"
    assert words[words.index("-H") + 1] == "content-type: application/json"
    assert words[words.index("--data-binary") + 1] == "@/a b/it's/request.json"
    assert words[-1] == "http://127.0.0.1:8080/cds-services/ldn-order-sign"
