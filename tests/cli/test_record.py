"""`record`: what passes is passed on unchanged, and what is kept holds nothing of anybody and finds the same."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from cli.other_service import Seen, other_service

from cds_service.cli import main
from cds_service.cli.asking import here
from cds_service.cli.cases import Case, case_folders, located, read_case
from cds_service.cli.moved_dates import moved
from cds_service.cli.record import Recorder, proxy
from cds_service.cli.recorded import Kept, NotKept, days_back, kept_case
from cds_service.content import fixtures_dir
from cds_service.fhir.deidentified import Deidentifier, Words
from cds_service.settings import Settings

OXYCODONE = "opioid-active/fires-c02-oxycodone-statement-active"
CASES = [case for folder in case_folders(fixtures_dir()) if (case := read_case(folder)).server is None]
ASK = here(Settings())
SETTINGS = Settings(timezone="UTC")


def today() -> date:
    return datetime.now(UTC).date()


def ours(body: dict[str, Any]) -> Any:
    """This service, as it would answer today."""
    return {"cards": list(ASK(Case("x", body, {"as_of": today().isoformat()})).cards)}


@contextmanager
def recording(out: Path, answers: Any = ours, **more: Any) -> Iterator[tuple[str, Seen, list[dict[str, Any]]]]:
    told: list[dict[str, Any]] = []
    with (
        other_service(answers, **more) as (url, seen),
        proxy(f"{url}/cds-services", Recorder(out, ASK, SETTINGS, told.append), "127.0.0.1", 0) as address,
    ):
        yield address, seen, told


def post(url: str, body: Any, **headers: str) -> tuple[int, bytes]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    call = urllib.request.Request(url, content, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(call, timeout=20) as reply:
            return reply.status, reply.read()
    except HTTPError as fault:
        with fault:
            return fault.code, fault.read()


def written(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in folder.rglob("*.json"))


def wait_for(told: list[dict[str, Any]], count: int) -> None:
    """The answer leaves before the case is kept."""
    import time

    end = time.monotonic() + 20
    while len(told) < count and time.monotonic() < end:
        time.sleep(0.01)
    assert len(told) >= count


def test_a_call_passes_unchanged_and_is_kept_as_a_case_that_agrees(tmp_path: Path) -> None:
    case, _ = moved(read_case(located(OXYCODONE)), today())
    call = json.loads(json.dumps(case.request))
    call["fhirServer"] = "https://secret.example/fhir"
    call["fhirAuthorization"] = {"access_token": "SECRETFHIR", "token_type": "Bearer"}
    call["prefetch"]["patient"]["name"] = [{"family": "SECRETNAME"}]
    call["prefetch"]["patient"]["text"] = {"status": "generated", "div": "<div>SECRETNAME</div>"}
    with recording(tmp_path) as (address, seen, told):
        status, said = post(f"{address}/cds-services/their-order-select", call, Authorization="Bearer SECRETJWT")
        wait_for(told, 1)
    assert status == 200
    path, token, passed = seen.calls[-1]
    assert (path, token, passed) == ("/cds-services/their-order-select", "Bearer SECRETJWT", call)
    assert json.loads(said) == ours(call)
    assert told == [
        {
            "service": "their-order-select",
            "status": 200,
            "kept": True,
            "cards": 1,
            "case": "opioid-active/fires-recorded-order-select-0001",
            "text": "without free text",
        }
    ]
    text = written(tmp_path)
    gone = ["SECRET", "secret.example", "ada-synthetic", "Ada", "prescriber-synthetic", call["hookInstance"]]
    assert [word for word in gone if word in text] == []
    assert today().isoformat() not in text
    assert main(["replay", str(tmp_path), "-q"]) == 0


def test_the_same_patient_keeps_one_name_and_one_distance_in_a_run(tmp_path: Path) -> None:
    reader = Deidentifier(b"salt")
    bare, spelled = {"context": {"patientId": "a"}}, {"context": {"patientId": "a"}, "hook": "other"}
    assert days_back(reader, bare) == days_back(reader, spelled)
    assert len({days_back(reader, {"context": {"patientId": str(number)}}) for number in range(200)}) > 80
    case, _ = moved(read_case(located(OXYCODONE)), today())
    with recording(tmp_path) as (address, _, told):
        for _ in range(2):
            post(f"{address}/cds-services/their-order-select", case.request)
        wait_for(told, 2)
    requests = [json.loads(path.read_text("utf-8")) for path in sorted(tmp_path.rglob("request.json"))]
    assert len(requests) == 2
    assert requests[0]["context"]["patientId"] == requests[1]["context"]["patientId"]
    assert requests[0]["hookInstance"] != requests[1]["hookInstance"]


def test_what_is_no_answered_hook_call_passes_and_is_not_kept(tmp_path: Path) -> None:
    feedback = {"feedback": [{"card": "a", "outcome": "overridden", "outcomeTimestamp": "2026-03-02T10:00:00Z"}]}
    with recording(tmp_path, lambda _: {"error": "no"}, status=422) as (address, seen, told):
        with urllib.request.urlopen(f"{address}/cds-services", timeout=20) as reply:
            assert json.load(reply)["services"][0]["id"] == "their-order-select"
        assert post(f"{address}/cds-services/their-order-sign/feedback", feedback)[0] == 422
        assert post(f"{address}/cds-services/their-order-sign", {"hook": "order-sign"}) == (422, b'{"error": "no"}')
        wait_for(told, 1)
    assert [fact["reason"] for fact in told] == ["it was not answered with 200"]
    assert len(seen.calls) == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("said", ["nonsense", {"cards": [7]}, {"cards": "x"}, []])
def test_an_answer_that_cannot_be_read_passes_and_is_told_without_its_text(tmp_path: Path, said: Any) -> None:
    with recording(tmp_path, lambda _: said) as (address, _, told):
        status, passed = post(f"{address}/cds-services/their-order-sign", {"hook": "order-sign", "context": {}})
        wait_for(told, 1)
    assert status == 200
    assert passed == (said.encode() if isinstance(said, str) else json.dumps(said).encode())
    assert not told[0]["kept"]
    assert "nonsense" not in told[0]["reason"]


def test_a_service_that_cannot_be_reached_is_a_bad_gateway(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    with proxy("http://127.0.0.1:9", Recorder(tmp_path, ASK, SETTINGS, told.append), "127.0.0.1", 0) as address:
        assert post(f"{address}/cds-services/x", {})[0] == 502
    assert told[0]["status"] == 502


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "ftp://x", "--out", "{out}"], "not an http or https URL"),
        (["--to", "http://127.0.0.1:9", "--out", "{out}/file/x"], "cannot be made"),
        (["--to", "http://127.0.0.1:9", "--out", "{out}", "--port", "99999"], "cannot listen"),
    ],
)
def test_what_cannot_be_done_ends_with_2(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    assert main(["record", *(one.replace("{out}", str(tmp_path)) for one in arguments)]) == 2
    assert words in capsys.readouterr().err


def test_every_case_is_kept_with_the_same_findings_or_not_at_all() -> None:
    """Most without any free text. What is kept has the findings of the original; what is not says why."""
    kept: dict[Words | None, list[str]] = {}
    for case in CASES:
        before = ASK(case)
        after = kept_case(case.request, before.cards, case.as_of, b"salt", ASK)
        if isinstance(after, NotKept):
            kept.setdefault(None, []).append(case.name)
            continue
        kept.setdefault(after.words, []).append(case.name)
        again = Case(case.name, after.request, after.expected)
        found = [
            [(one["rule"], one["indicator"]) for one in card["extension"]["org.ldn-cds"]["findings"]]
            for card in ASK(again).cards
        ]
        assert found == [
            [(one["rule"], one["indicator"]) for one in card["extension"]["org.ldn-cds"]["findings"]]
            for card in before.cards
        ], case.name
    assert len(kept[Words.NONE]) >= 0.85 * len(CASES)
    assert len(kept.get(None, [])) <= 0.01 * len(CASES)


def test_a_case_whose_findings_would_change_is_not_kept() -> None:
    case = read_case(located("pregnancy-current/silent-partners-pregnancy"))
    after = kept_case(case.request, ASK(case).cards, case.as_of, b"salt", ASK)
    assert isinstance(after, NotKept)
    other = read_case(located(OXYCODONE))
    lied = [{**ASK(other).cards[0], "extension": {"org.ldn-cds": {"findings": [{"rule": "x", "indicator": "info"}]}}}]
    assert isinstance(kept_case(other.request, lied, other.as_of, b"salt", ASK), NotKept)
    assert isinstance(kept_case(other.request, [], other.as_of, b"salt", ASK), NotKept)


def test_the_answer_of_another_service_is_kept_as_this_one_answers_it() -> None:
    case = read_case(located(OXYCODONE))
    theirs = [{"summary": "Stop.", "indicator": "warning", "source": {"label": "x"}}]
    after = kept_case(case.request, theirs, case.as_of, b"salt", ASK)
    assert isinstance(after, Kept)
    assert after.expected["cards"][0]["leader"] == "opioid-active"
    moved_days = case.as_of - date.fromisoformat(after.expected["as_of"])
    assert timedelta(1) <= moved_days <= timedelta(364)
