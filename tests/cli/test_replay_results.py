"""What a replay leaves behind: a selection judged, files for machines and eyes, and expectations brought up to date."""

import json
import shutil
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.cli import main
from cds_service.cli.asking import Reply, here
from cds_service.cli.cases import Case, case_folders, located, read_case
from cds_service.cli.comparison import Verdict, compare
from cds_service.cli.html_report import html_report
from cds_service.cli.junit import junit
from cds_service.cli.replay import Result
from cds_service.cli.replay_run import undressed
from cds_service.cli.selection import Selection, select, tags_of
from cds_service.cli.updating import updated
from cds_service.content import cards_dir, fixtures_dir
from cds_service.profiles import profile_names, profile_of
from cds_service.settings import Settings

OXYCODONE = "opioid-active/fires-c02-oxycodone-statement-active"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDS_CARDS_DIR", raising=False)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A shipped case in a folder of its own, with an expectation that is wrong in three ways."""
    case = tmp_path / "opioid-active" / "copied"
    shutil.copytree(fixtures_dir() / OXYCODONE, case)
    expected = json.loads((case / "expected.json").read_text("utf-8"))
    expected["cards"][0]["indicator"] = "info"
    expected["cards"][0]["says"] = ["oxycodone", "no such text"]
    expected["never"] = ["opioid-active", "titration-order-set"]
    (case / "expected.json").write_text(json.dumps(expected, indent=2) + "\n", "utf-8")
    return case


def test_cases_are_chosen_by_rule_tag_release_and_hook() -> None:
    every = select(Selection())
    assert len(every) == len(case_folders(fixtures_dir()))
    assert {case.expected["release"] for case in select(Selection(release="STU3"))} == {"STU3"}
    assert {case.request["hook"] for case in select(Selection(hooks=("order-sign",)))} == {"order-sign"}
    assert {tags_of(case) >= {"silent", "server"} for case in select(Selection(tags=("silent", "server")))} == {True}
    [shared] = select(Selection(tags=("C02",), rules=("opioid-active",)))
    assert shared.name == OXYCODONE
    parts = [len(select(Selection(tags=(tag,)))) for tag in ("fires", "silent")]
    assert sum(parts) == len(every)


def test_a_case_may_carry_tags_of_its_own(copied: Path) -> None:
    expected = json.loads((copied / "expected.json").read_text("utf-8"))
    (copied / "expected.json").write_text(json.dumps({**expected, "tags": ["smoke"]}), "utf-8")
    assert [case.name for case in select(Selection(str(copied), tags=("smoke",)))] == ["opioid-active/copied"]


@pytest.mark.parametrize("arguments", [["--tag", "nonsense"], ["--hook", "patient-view-x"], ["--release", "DSTU2"]])
def test_a_selection_without_a_case_does_not_pass(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", OXYCODONE, *arguments]) == 2
    assert arguments[1] in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--update", "--url", "http://127.0.0.1:9"],
        ["--update", "--today", "2026-03-02"],
        ["--update", "--against", "cards"],
        ["--update", "--profile", "epic"],
        ["--sign", "key.pem"],
        ["--issuer", "x"],
        ["--sign", "key.pem", "--issuer", "x"],
        ["--service", "x"],
    ],
)
def test_options_that_contradict_each_other_end_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", OXYCODONE, *arguments]) == 2
    assert capsys.readouterr().err.startswith("cds-service replay: --")


def test_the_files_hold_the_difference_the_request_and_the_answer(copied: Path, tmp_path: Path) -> None:
    xml, page = tmp_path / "out.xml", tmp_path / "out.html"
    assert main(["replay", str(copied), "-q", "--junit", str(xml), "--html", str(page)]) == 1
    [suite] = ElementTree.parse(xml).getroot()
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("opioid-active", "1", "1")
    [case] = suite
    assert (case.get("classname"), case.get("name")) == ("opioid-active", "copied")
    assert "-  indicator info" in str(case.findtext("failure"))
    shown = page.read_text("utf-8")
    wanted = ["Replay: 1 of 1 failed", "indicator info", "hookInstance", "Request", "Expected", "Got", "no such text"]
    assert [text for text in wanted if text not in shown] == []


def test_a_file_that_cannot_be_written_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", OXYCODONE, "--junit", str(tmp_path / "nowhere" / "x.xml")]) == 2
    assert "cannot be written" in capsys.readouterr().err


class Loads(HTMLParser):
    """Every element that a browser would run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe", "object", "a", "form") or any(
            name.startswith("on") or name in ("src", "href") for name, _ in attrs
        ):
            self.found.append(tag)


def wild_result(text: str) -> Result:
    case = Case(
        f"rule/{text}",
        {"hook": text, "context": {"patientId": text}},
        {"title": text, "release": "R4", "as_of": "2026-03-02", "cards": [], "never": [], "cases": []},
    )
    reply = Reply(case.request, [{"summary": text, "detail": f"</pre><script>{text}</script>"}])
    return Result(case, Verdict(("--- expected", "+++ got", f"-{text}", f"+{text}")), (text,), reply, reply)


@given(st.text())
def test_no_text_of_an_answer_becomes_markup_in_the_reports(text: str) -> None:
    for comparing in (False, True):
        reader = Loads()
        reader.feed(html_report([wild_result(text)], asked=text, made=datetime(2026, 3, 2), comparing=comparing))
        assert reader.found == []
    [[case]] = ElementTree.fromstring(junit([wild_result(text)]))
    assert case.find("failure") is not None


def test_update_shows_the_difference_and_writes_what_came(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = json.loads((copied / "expected.json").read_text("utf-8"))
    assert main(["replay", str(copied), "--update"]) == 1
    shown = capsys.readouterr().out
    assert shown.index("-  indicator info") < shown.index("written: opioid-active/copied/expected.json")
    after = json.loads((copied / "expected.json").read_text("utf-8"))
    assert after["cards"][0]["indicator"] == "critical"
    assert after["cards"][0]["says"] == ["oxycodone"]
    assert after["never"] == ["titration-order-set"]
    assert {name: after[name] for name in ("title", "as_of", "release", "cases", "rulebook")} == {
        name: before[name] for name in ("title", "as_of", "release", "cases", "rulebook")
    }
    assert main(["replay", str(copied)]) == 0


def test_update_leaves_a_case_that_agrees_as_it_is(tmp_path: Path) -> None:
    case = tmp_path / "opioid-active" / "copied"
    shutil.copytree(fixtures_dir() / OXYCODONE, case)
    before = (case / "expected.json").read_bytes()
    assert main(["replay", str(case), "--update"]) == 0
    assert (case / "expected.json").read_bytes() == before


def test_an_expectation_made_of_an_answer_is_met_by_that_answer_and_loses_nothing() -> None:
    """For a sample of all cases: from nothing, and from the expectation that holds already."""
    ask = here(Settings())
    for folder in case_folders(fixtures_dir())[::9]:
        case = read_case(folder)
        reply = ask(case)
        assert updated(case.expected, reply.cards, reply.request) == case.expected, case.name
        made = updated({**case.expected, "cards": []}, reply.cards, reply.request)
        assert compare(made, reply.cards, reply.request).agrees, case.name


def test_other_cards_are_compared_and_only_what_changed_is_told(tmp_path: Path, capfdbinary: Any) -> None:
    cards = tmp_path / "cards"
    shutil.copytree(cards_dir(), cards)
    card = cards / "opioid" / "opioid-active.md"
    old = "Do not stop it abruptly"
    assert old in card.read_text("utf-8")
    card.write_text(card.read_text("utf-8").replace(old, "Do not stop it at once"), "utf-8")
    assert main(["replay", "--rule", "opioid-active", "--rule", "no-rule", "--against", str(cards), "--json"]) == 1
    told = json.loads(capfdbinary.readouterr().out)
    changed = [case for case in told["cases"] if not case["agrees"]]
    assert 0 < told["changed"] == len(changed) < len(told["cases"])
    assert all(any("at once" in line for line in case["difference"]) for case in changed)
    assert main(["replay", OXYCODONE, "--against", str(cards_dir())]) == 0


def test_a_second_folder_of_cards_that_is_none_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", OXYCODONE, "--against", "nowhere"]) == 2
    assert "cards folder does not exist" in capsys.readouterr().err


def test_many_at_once_judge_the_same_in_the_same_order(capfdbinary: Any) -> None:
    told = []
    for more in ([], ["--concurrency", "8"]):
        assert main(["replay", "--rule", "opioid-active", "--json", *more]) == 0
        told.append(json.loads(capfdbinary.readouterr().out))
    assert [case["case"] for case in told[0]["cases"]] == [case["case"] for case in told[1]["cases"]]
    with pytest.raises(SystemExit):
        main(["replay", "--concurrency", "0"])


def test_a_shipped_name_is_found_from_anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert located(OXYCODONE) == fixtures_dir() / OXYCODONE


@pytest.mark.parametrize("profile", [name for name in profile_names() if name != "standard"])
def test_another_dress_shows_the_same_findings_and_is_not_the_same_answer(profile: str, capfdbinary: Any) -> None:
    rules = ["--rule", "opioid-active", "--rule", "titration-order-set", "--rule", "data-not-checked"]
    assert main(["replay", *rules, "--profile", profile, "--json"]) == 0
    assert json.loads(capfdbinary.readouterr().out)["failed"] == 0


def test_a_profile_that_is_none_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", OXYCODONE, "--profile", "nobody"]) == 2
    assert "epic" in capsys.readouterr().err


def test_a_profile_is_really_worn() -> None:
    """An Epic order set comes as several suggestions of one action each, so the standard expectation would not fit."""
    case = read_case(located("opioid-active/silent-c01-baseline"))
    worn = here(Settings(), profile_of("epic"))(case)
    assert not compare(case.expected, worn.cards, worn.request).agrees
    assert compare(undressed(case, profile_of("epic")).expected, worn.cards, worn.request).agrees
