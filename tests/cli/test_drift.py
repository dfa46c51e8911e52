"""`drift`: a call's prefetch beside its FHIR server, key by key; names are shown and values never."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cds_service.cli import main
from cds_service.cli.cases import located, read_case
from cds_service.cli.record_server import RecordServer
from cds_service.fhir.drift import drift_of
from cds_service.fhir.gather import Fetched, query_of
from cds_service.hooks.prefetch import TEMPLATES
from cds_service.hooks.request import read_request

CALL = read_case(located("opioid-active/fires-c02-oxycodone-statement-active")).request
REQUEST = read_request(CALL, CALL["hook"])
QUERIES = {key: query_of(key, REQUEST, "R4") for key in TEMPLATES}


def call(**prefetch: Any) -> dict[str, Any]:
    """The call with other prefetch values; `...` takes a key out."""
    made: dict[str, Any] = json.loads(json.dumps(CALL))
    made["prefetch"] = {key: value for key, value in {**made["prefetch"], **prefetch}.items() if value is not ...}
    return made


@contextmanager
def served(**changes: Any) -> Iterator[str]:
    """A server that says what the call says, but for the keys in `changes`: a value, or a status."""
    values = {key: json.loads(json.dumps(CALL["prefetch"][key])) for key in TEMPLATES} | changes
    answers = {
        QUERIES[key]: {"status": value} if isinstance(value, int) else {"status": 200, "body": value}
        for key, value in values.items()
    }
    with RecordServer() as records:
        yield records.host({"base": "https://x.test", "answers": answers, "otherwise": {"status": 404}})


def bundle(*resources: Any) -> dict[str, Any]:
    entries = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def statements() -> list[dict[str, Any]]:
    return [json.loads(json.dumps(one["resource"])) for one in CALL["prefetch"]["medStatements"]["entry"]]


def run(
    tmp_path: Path, body: dict[str, Any], server: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> tuple[int, dict[str, Any]]:
    file = tmp_path / "call.json"
    file.write_text(json.dumps(body), "utf-8")
    code = main(["drift", str(file), "--server", server, "--json"])
    told = json.loads(capfdbinary.readouterr().out)
    return code, {row["key"]: row for row in told["keys"]}


def test_says_that_nothing_differs_where_nothing_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(CALL), "utf-8")
    with served() as server:
        assert main(["drift", str(file), "--server", server]) == 0
        assert main(["drift", str(tmp_path), "--server", server]) == 0
    shown = capsys.readouterr().out
    assert "same  medStatements: call 2 resources; server 2 resources" in shown
    assert shown.endswith("0 of 15 keys differ\n")


def test_names_what_only_one_side_has_and_what_changed_without_a_value(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    first, second = statements()
    other = {**first, "status": "stopped", "note": [{"text": "SECRET"}], "meta": {"versionId": "2"}}
    new = {**second, "id": "brand-new"}
    with served(medStatements=bundle(other, new)) as server:
        code, rows = run(tmp_path, call(), server, capfdbinary)
    row = rows["medStatements"]
    assert code == 1
    assert row["only_recorded"] == [f"MedicationStatement/{second['id']}"]
    assert row["only_server"] == ["MedicationStatement/brand-new"]
    assert row["changed"] == {f"MedicationStatement/{first['id']}": ["note", "status"]}
    assert [key for key, one in rows.items() if one["differs"]] == ["medStatements"]
    assert "SECRET" not in json.dumps(rows)


@pytest.mark.parametrize(
    ("changed", "recorded", "differs", "under"),
    [
        ({"medStatements": ...}, "absent", True, ""),
        ({"medStatements": None}, "null", True, ""),
        ({"medStatements": {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}}, "failed", True, ""),
        ({"medStatements": ..., "drugsTaken": CALL["prefetch"]["medStatements"]}, "came", False, "drugsTaken"),
    ],
)
def test_says_how_a_key_came(
    changed: dict[str, Any],
    recorded: str,
    differs: bool,
    under: str,
    tmp_path: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    with served() as server:
        _, rows = run(tmp_path, call(**changed), server, capfdbinary)
    row = rows["medStatements"]
    assert (row["recorded"], row["differs"], row["under"]) == (recorded, differs, under)
    if recorded == "null":
        assert len(row["only_server"]) == 2


def test_null_and_an_empty_list_say_the_same(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with served(conditions=bundle()) as server:
        code, rows = run(tmp_path, call(conditions=None), server, capfdbinary)
    assert code == 0
    assert (rows["conditions"]["recorded"], rows["conditions"]["server"]) == ("null", "came")


@pytest.mark.parametrize(("status", "cause"), [(403, "not-allowed"), (404, "not-found"), (503, "server-error")])
def test_says_why_the_server_did_not_answer(
    status: int, cause: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    with served(labs=status) as server:
        code, rows = run(tmp_path, call(), server, capfdbinary)
    assert code == 1
    assert (rows["labs"]["server"], rows["labs"]["server_cause"]) == ("failed", cause)


def test_the_token_comes_from_its_file_and_a_file_without_one_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, token = tmp_path / "request.json", tmp_path / "token"
    file.write_text(json.dumps(CALL), "utf-8")
    token.write_text("a-token\n", "utf-8")
    with served() as server:
        assert main(["drift", str(file), "--server", server, "--token-file", str(token)]) == 0
        token.write_text("two words", "utf-8")
        assert main(["drift", str(file), "--server", server, "--token-file", str(token)]) == 2
        assert main(["drift", str(file), "--server", server, "--token-file", str(tmp_path / "none")]) == 2
    said = capsys.readouterr().err
    assert "two words" not in said


@pytest.mark.parametrize(
    ("server", "words"), [("", "says no fhirServer"), ("ftp://x", "can be asked"), ("http://a:b@x", "can be asked")]
)
def test_a_server_that_cannot_be_asked_ends_with_2(
    server: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(CALL), "utf-8")
    assert main(["drift", str(file), *(["--server", server] if server else [])]) == 2
    assert words.replace("says", "names") in capsys.readouterr().err


def test_resources_without_an_id_are_counted_not_lost() -> None:
    nameless = {"resourceType": "Condition", "code": {"text": "x"}}
    drift = drift_of("conditions", "Condition?", {"conditions": bundle(nameless, nameless)}, Fetched(bundle(nameless)))
    assert drift.only_recorded == ("Condition without id, no. 2",)
