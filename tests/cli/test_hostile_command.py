"""`cds-service hostile-ehr`: it lists, it serves, and the call that it prints leads to a card."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from cds_service.cli import main
from cds_service.cli.hostile_ehr import SHOWN, welcome
from cds_service.cli.hostile_ehr import _ehr as ehr_of
from cds_service.hostile.fault import faults
from cds_service.settings import Settings
from cds_service.web.app import create_app

COMMAND = (sys.executable, "-m", "cds_service.cli", "hostile-ehr", "--port", "0")


@contextmanager
def running(*arguments: str) -> Iterator[str]:
    """What the command printed before it began to serve; it is told to stop at the end, and says 0."""
    # Tests that run in the background of a shell pass on that an interrupt is ignored.
    heeding = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True, preexec_fn=heeding) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith(("}", "Synthetic")):
                break
        yield "".join(lines)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def cards(tmp_path: Path, call: Any) -> list[str]:
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path}/feedback.sqlite", deadline_seconds=4.5))
    services = {"order-select": "ldn-order-select", "order-sign": "ldn-order-sign"}
    answer = app.test_client().post(f"/cds-services/{services[call['hook']]}", json=call).get_json()
    return [card["source"]["topic"]["code"] for card in answer["cards"]]


def test_the_list_has_every_fault_with_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hostile-ehr", "--list", "--json"]) == 0
    listed = {one["name"]: one["sentence"] for one in json.loads(capsys.readouterr().out)["faults"]}
    assert listed == {name: one.sentence for name, one in faults().items()}
    assert main(["hostile-ehr", "--list"]) == 0
    shown = capsys.readouterr().out
    assert [name for name in faults() if name not in shown] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fault", "nonsense"], "there is no fault nonsense"),
        (["--on", "nonsense"], "there is no data nonsense"),
        (["--case", "nonsense"], "there is no file or folder nonsense"),
    ],
)
def test_what_it_does_not_know_ends_with_2(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hostile-ehr", "--port", "0", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_taken_port_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        assert main(["hostile-ehr", "--port", str(taken.getsockname()[1])]) == 2
    assert "choose another with --port" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["hostile-ehr", "--port", port])
    assert left.value.code == 2
    assert "is not a port" in capsys.readouterr().err


def test_the_call_that_it_hands_out_leads_to_a_card(tmp_path: Path) -> None:
    with running() as printed:
        address = re.findall(r"curl -sS (http://127.0.0.1:\d+/_request)", printed)[0]
        assert cards(tmp_path, requests.get(address, timeout=5).json())[0] == "opioid-active"


def test_with_a_fault_the_same_call_leads_to_the_card_that_says_so(tmp_path: Path) -> None:
    with running("--fault", "http-503", "--on", "medStatements,medRequests", "--json") as printed:
        told = json.loads(printed)
        assert told["now"] == {"fault": "http-503", "on": ["medStatements", "medRequests"]}
        assert "data-not-checked" in cards(tmp_path, requests.get(told["request"], timeout=5).json())


def test_a_fault_before_the_answer_is_handed_out_by_its_own_base() -> None:
    with ehr_of(SHOWN, 0) as ehr:
        base = ehr.base("hang-at-connect")
        printed = welcome(ehr, base, "hang-at-connect", ("all",), "http://localhost:8080")
        asked = re.findall(r"'(http://\S+/_request\S+)'", printed)[0]
        assert requests.get(asked, timeout=5).json()["fhirServer"] == base
        assert "http://localhost:8080/cds-services/ldn-order-select" in printed
