"""`cds-service clients check`: what would keep a client from calling is found before its first call."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from issuing import DROPPED, Ehr, client, jwk, key_set, written

from cds_service.cli import main

PAGES = {
    "/good": key_set(Ehr().published),
    "/mixed": key_set(Ehr().published, jwk("RSA-1024", "weak")),
    "/other": key_set(jwk("P-256", "other")),
    "/nonsense": b"<html>",
}


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = PAGES.get(self.path)
        self.send_response(200 if page else 404)
        self.end_headers()
        self.wfile.write(page or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CDS_CLIENTS_FILE", "CDS_FHIR_BASES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CDS_BASE_URL", "https://cds.example.com")


def checked(capsys: pytest.CaptureFixture[str], folder: Path, *entries: str) -> tuple[int, list[tuple[str, str]]]:
    code = main(["clients", "check", str(written(folder, *entries)), "--json"])
    return code, [(one["verdict"], one["text"]) for one in json.loads(capsys.readouterr().out)["remarks"]]


def entry(**changes: Any) -> str:
    bases = ["https://ehr.example.com/fhir"]
    return client(**{"algorithms": ["ES384"], "fhir_bases": bases, **changes})


def test_a_client_that_could_call_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str], host: str) -> None:
    code, remarks = checked(capsys, tmp_path, entry(jwks_url=f"{host}/good"))
    assert code == 0
    assert remarks == [
        ("good", "1 of 1 keys can be used"),
        ("good", "a FHIR server over https"),
        ("good", "audiences are below https://cds.example.com"),
    ]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("/absent", "the key set cannot be had: status 404"),
        ("/nonsense", "the key set cannot be had: is not strict JSON"),
        ("/other", "no key fits any of its algorithms"),
    ],
)
def test_keys_that_cannot_be_had_or_do_not_fit_are_bad(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], host: str, page: str, text: str
) -> None:
    code, remarks = checked(capsys, tmp_path, entry(jwks_url=f"{host}{page}"))
    assert code == 1
    assert remarks[0] == ("bad", text)


def test_what_deserves_a_look_is_doubtful(tmp_path: Path, capsys: pytest.CaptureFixture[str], host: str) -> None:
    sign = "https://proxy.example.com/cds-services/ldn-order-sign"
    changes = {"algorithms": ["ES384", "RS384"], "fhir_bases": DROPPED, "audiences": [sign], "mode": "off"}
    code, remarks = checked(capsys, tmp_path, entry(jwks_url=f"{host}/mixed", **changes))
    assert code == 0
    assert [text for verdict, text in remarks if verdict == "doubtful"] == [
        "a key is left out: keys[1] has 1024 bits; 2048 to 8192 are taken",
        "no key for RS384",
        "no FHIR server may be asked: what is not sent along is not checked",
        "no audience is good for ldn-medication-prescribe, ldn-order-select",
        "mode is off: its calls are refused",
    ]


def test_an_audience_that_leads_nowhere_is_bad(tmp_path: Path, capsys: pytest.CaptureFixture[str], host: str) -> None:
    aud = ["https://cds.example.com/cds-services/another"]
    code, remarks = checked(capsys, tmp_path, entry(jwks_url=f"{host}/good", audiences=aud))
    assert code == 1
    assert remarks[-1] == ("bad", "none of its audiences is good for an endpoint of this service")


def test_two_clients_with_one_server_are_doubtful(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = {"jwks_url": DROPPED, "keys": [Ehr().published]}
    entries = [entry(name="a", tenant_claim="a", **own), entry(name="b", tenant_claim="b", **own)]
    _, remarks = checked(capsys, tmp_path, *entries)
    assert remarks.count(("doubtful", "a FHIR server is another client's too")) == 2


def test_it_reads_well_on_a_terminal_and_takes_the_file_of_the_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, entry(jwks_url=DROPPED, keys=[Ehr().published], fhir_bases=["http://localhost/fhir"]))
    monkeypatch.setenv("CDS_CLIENTS_FILE", str(path))
    assert main(["clients", "check"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "good      general: 1 of 1 keys can be used",
        "doubtful  general: a FHIR server is asked without TLS",
        "good      general: audiences are below https://cds.example.com",
    ]


def test_a_file_that_cannot_be_used_and_no_file_at_all_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["clients", "check", str(written(tmp_path, entry(mode="loud")))]) == 2
    assert "[clients.general] mode must be off, silent or visible" in capsys.readouterr().err
    assert main(["clients", "check"]) == 2
    assert "CDS_CLIENTS_FILE" in capsys.readouterr().err
