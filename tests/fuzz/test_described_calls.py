"""Schemathesis reads `/openapi.json` of a served service and tries whatever that allows, and what it does not.

Shipped cases go along as examples, so that it begins with calls that are about something and changes those too.

In development mode and with a token of a registered client: no 5xx, no status, field or body that is not described,
nothing refused that is described as right, no answer to a stranger, none that takes long. `make test` tries the same
thousand requests at every run, with one hook for all; `make fuzz` tries every address in every phase, and others each
time. Schemathesis is in an environment of its own (decision 81).
"""

import os
import subprocess
import sys
from pathlib import Path
from time import time
from typing import Any

import orjson
import pytest
import requests
from fuzz.serving import Served, free_port, served
from fuzz.wild_calls import INSTANCE, cases
from issuing import DROPPED, Ehr, client, written

CASES = int(os.environ.get("CDS_FUZZ_CASES", "300"))
LONG = CASES > 300
PROGRAM = Path(sys.prefix) / "fuzz" / "bin" / "schemathesis"
_LONGEST_SECONDS = 1800
_HOUR = 3600
# Of its checks these are not made, each for its reason:
LEFT_OUT = {
    "negative_data_rejection": "more is forgiven than is described (decision 52)",
    "ensure_resource_availability": "nothing is created that has an address",
    "use_after_free": "nothing that has an address is ever deleted",
}
OPTIONS = (
    *("--checks", "all", "--exclude-checks", ",".join(LEFT_OUT), "--continue-on-failure", "--no-color"),
    *("--max-examples", str(CASES // 100 if LONG else 3), "--max-response-time", "1" if LONG else "10"),
    # moved pages answer with where they are now, and the program would go there
    "--exclude-deprecated",
    *(() if LONG else ("--generation-deterministic", "--exclude-path-regex", "order-select|prescribe|patient-view")),
)


def tried(server: Served, *more: str) -> str:
    """What the program says of a run. Raises AssertionError with it where it found something."""
    assert PROGRAM.exists(), "The fuzzer is missing: run `make test`, or scripts/fuzzers.py."
    document = server.log.with_name("openapi.json")
    document.write_bytes(orjson.dumps(with_examples(requests.get(f"{server.address}/openapi.json", timeout=30).json())))
    command = [str(PROGRAM), "run", str(document), "--url", server.address, *OPTIONS, *more]
    done = subprocess.run(
        command, cwd=server.log.parent, capture_output=True, text=True, check=False, timeout=_LONGEST_SECONDS
    )
    if LONG:
        print(done.stdout[-1500:])
    assert done.returncode == 0, done.stdout + done.stderr
    assert server.events("bug", "did-not-run") == []
    assert not [line for line in server.events("call") if line.get("broken")]
    return done.stdout


def with_examples(document: dict[str, Any]) -> dict[str, Any]:
    """The document, with cases of each hook and a report on a card."""
    for path, item in document["paths"].items():
        if "post" not in item:
            continue
        if path.endswith("/feedback"):
            said = [
                {"feedback": [{"card": INSTANCE, "outcome": "overridden", "outcomeTimestamp": "2026-03-02T10:00:00Z"}]}
            ]
        else:
            said = [one for one in cases() if path.endswith(f"/ldn-{one['hook']}")][:: 1 if LONG else 15]
        examples = {f"case-{number}": {"value": value} for number, value in enumerate(said)}
        item["post"]["requestBody"]["content"]["application/json"]["examples"] = examples
    return document


def test_in_development_mode_whatever_is_tried_is_answered_as_described(tmp_path: Path) -> None:
    with served(tmp_path, free_port(), CDS_PATIENT_VIEW="true") as server:
        said = tried(server)
        assert all(f"✅ {phase}" in " ".join(said.split()) for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"))
        assert len(server.events("call")) > 8
        assert len(server.events("refused")) > 100


def test_of_a_registered_client_too_and_strangers_get_nothing(tmp_path: Path) -> None:
    ehr, port = Ehr(issuer="https://ehr.example.com", life=_HOUR), free_port()
    base = f"http://127.0.0.1:{port}"
    paths = [f"/cds-services/ldn-{hook}" for hook in ("order-sign", "order-select", "medication-prescribe")]
    audiences = [base + path + more for path in paths for more in ("", "/feedback")]
    north = client(
        "north", issuer=ehr.issuer, jwks_url=DROPPED, keys=[ehr.published], replay="observe", max_token_seconds=_HOUR,
        rate=10_000, concurrency=64,
    )  # fmt: skip
    settings = {"CDS_CLIENTS_FILE": str(written(tmp_path, north)), "CDS_BASE_URL": base}
    with served(tmp_path, port, **settings) as server:
        token = ehr.bearer(audiences, now=time())
        tried(server, "--header", f"Authorization: {token}", *(() if LONG else ("--phases", "examples,fuzzing")))
        assert {line["tenant"] for line in server.events("call")} == {"north"}
        assert server.events("token-refused")


@pytest.mark.parametrize("check", LEFT_OUT)
def test_a_check_that_is_left_out_is_one_of_the_program_and_has_its_reason(check: str) -> None:
    assert len(LEFT_OUT[check].split()) > 3
    shown = subprocess.run([str(PROGRAM), "run", "--help"], capture_output=True, text=True, check=True).stdout
    assert check in shown
