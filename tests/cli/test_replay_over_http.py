"""Cases put to a running service over HTTP: gunicorn as `serve` starts it, record servers on loopback included."""

import os
import shlex
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from cds_service.cli import main
from cds_service.cli.asking import Client
from cds_service.cli.cases import case_folders, read_case
from cds_service.cli.record_server import RecordServer, answer, in_process
from cds_service.cli.replay import results
from cds_service.content import fixtures_dir

FOLDERS = case_folders(fixtures_dir())
SAMPLE = [folder for place, folder in enumerate(FOLDERS) if place % 8 == 0 or (folder / "server.json").exists()]


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_until_live(base: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{base}/health/live", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """(base URL, file with what the service printed)."""
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    printed, log = folder / "printed", folder / "log"
    base = f"http://127.0.0.1:{port}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    environment = {**kept, "CDS_STRICT": "on", "CDS_WORKERS": "1", "CDS_TIMEZONE": "UTC"}
    command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(port)]
    with printed.open("wb") as out, log.open("wb") as err:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=err)
        try:
            wait_until_live(base, process, log)
            yield base, printed
        finally:
            process.terminate()
            process.wait(timeout=40)


def today() -> date:
    return datetime.now(UTC).date()


def test_a_sample_of_cases_agrees_over_http_as_well(served: tuple[str, Path]) -> None:
    cases = [read_case(folder) for folder in SAMPLE]
    assert len(cases) >= 40
    assert sum(case.server is not None for case in cases) >= 5
    with RecordServer() as records:
        client = Client(f"{served[0]}/cds-services/", records)
        bad = [r for r in results(cases, client.ask, today, at_once=4) if not r.verdict.agrees]
    assert [(result.case.name, result.verdict.difference) for result in bad] == []


def test_replay_with_a_url_disagrees_where_the_service_is_put_to_another_day(
    served: tuple[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    washout = "opioid-recent-washout/fires-c04-short-course-ended-five-days-ago"
    assert main(["replay", washout, "--url", served[0], "--today", today().isoformat()]) == 0
    assert main(["replay", washout, "--url", served[0], "--today", "2020-01-01"]) == 1
    assert "FAIL" in capsys.readouterr().out


def test_the_printed_curl_line_gets_a_critical_card(served: tuple[str, Path]) -> None:
    line = next(line for line in served[1].read_text().splitlines() if "curl" in line)
    words = shlex.split(line.partition(":")[2])
    file = Path(words[words.index("--data-binary") + 1].removeprefix("@"))
    name, _, value = words[words.index("-H") + 1].partition(": ")
    call = urllib.request.Request(words[-1], file.read_bytes(), {name: value})
    with urllib.request.urlopen(call, timeout=20) as reply:
        assert b'"indicator":"critical"' in reply.read()


def test_an_error_of_the_service_is_a_disagreement_that_says_why(served: tuple[str, Path]) -> None:
    case = read_case(SAMPLE[0])
    broken = type(case)(case.name, {**case.request, "context": {}}, case.expected)
    with RecordServer() as records:
        [result] = results([broken], Client(served[0], records).ask, today)
    assert any(line.startswith("+HTTP 400: ") for line in result.verdict.difference)


SERVER: dict[str, Any] = {
    "base": "https://ehr.example.test/fhir",
    "answers": {
        "Patient/a": {"status": 200, "body": {"resourceType": "Patient", "id": "a"}},
        "Condition": {"status": 200, "body": {"resourceType": "Bundle", "id": "any"}},
        "Observation?patient=a&code=1,2": {"status": 200, "body": {"resourceType": "Bundle", "id": "labs"}},
        "Procedure?patient=a": {"status": 503},
        "Slow": {"status": 0},
    },
    "otherwise": {"status": 404},
}


@pytest.mark.parametrize(
    ("query", "identity"),
    [
        ("Patient/a", "a"),
        ("Patient/b", None),
        ("Condition?patient=a", "any"),
        ("Observation?patient=a&code=2,1", "labs"),
        ("Observation?patient=a&code=3", None),
    ],
)
def test_a_record_server_answers_by_path_and_by_code(query: str, identity: str | None) -> None:
    said = answer(SERVER, query)
    assert said.get("body", {}).get("id") == identity
    assert said["status"] == (200 if identity else 404)


@pytest.mark.parametrize(
    ("query", "cause"),
    [("Patient/a", ""), ("Patient/b", "not-found"), ("Procedure?patient=a", "server-error"), ("Slow", "timeout")],
)
def test_a_record_server_in_this_process_says_what_went_wrong(query: str, cause: str) -> None:
    fetch = in_process(SERVER)
    assert fetch is not None
    assert fetch((query,))[query].cause == cause


def test_a_record_server_over_http_asks_for_a_token_and_keeps_cases_apart() -> None:
    other = {**SERVER, "answers": {}}

    def status(url: str, **headers: str) -> int:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as reply:
                code: int = reply.status
                return code
        except HTTPError as fault:
            with fault:
                return fault.code

    token = {"Authorization": "Bearer x"}
    with RecordServer() as records:
        first, second = records.host(SERVER), records.host(other)
        assert status(f"{first}/Patient/a") == 401
        assert status(f"{first}/Patient/a", **token) == 200
        assert status(f"{second}/Patient/a", **token) == 404
        assert status(f"{first}/Procedure?patient=a", **token) == 503
        assert status(f"{first.rsplit('/', 2)[0]}/9/fhir/Patient/a", **token) == 404
