"""Bytes become a request, or are refused; nothing else. What a fuzzer of bytes once found is tried at every run."""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from fuzz.reading import read
from fuzz.wild_calls import INSTANCE, cases
from hypothesis import given
from hypothesis import strategies as st

HERE = Path(__file__).parent
CRASHES = sorted((HERE / "bytes").glob("*"))
LONG = int(os.environ.get("CDS_FUZZ_CASES", "300")) > 300
SECONDS = int(os.environ.get("CDS_FUZZ_SECONDS", "300"))
REPORT = {"feedback": [{"card": INSTANCE, "outcome": "overridden", "outcomeTimestamp": "2026-03-02T10:00:00Z"}]}
ATHERIS = any((Path(sys.prefix) / "fuzz").glob("lib/python*/site-packages/atheris"))


def bodies() -> list[bytes]:
    return [orjson.dumps(REPORT), *(orjson.dumps(case) for case in cases()[:: 1 if LONG else 12])]


def test_shipped_cases_are_understood_as_one_call_each() -> None:
    assert all(len(read(body)) == 1 for body in bodies())


@given(st.sampled_from(bodies()), st.data())
def test_a_body_that_is_cut_or_has_other_bytes_is_a_call_or_refused(body: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(start + 30, len(body))))
    read(body[:start] + data.draw(st.binary(max_size=6) | st.sampled_from((b"{", b"]", b'"', b"\\u0000"))) + body[end:])
    read(body[:start])


def test_what_was_once_read_wrongly_is_read_well() -> None:
    for path in CRASHES:
        read(path.read_bytes())


@pytest.mark.skipif(not ATHERIS, reason="there is no atheris for this system or Python")
def test_atheris_finds_nothing(tmp_path: Path) -> None:
    seeds, crashes = tmp_path / "seeds", tmp_path / "crashes"
    seeds.mkdir()
    crashes.mkdir()
    for number, body in enumerate(bodies()):
        (seeds / str(number)).write_bytes(body)
    budget = f"-max_total_time={SECONDS}" if LONG else "-runs=2000"
    command = [sys.executable, str(HERE / "bytes_to_request.py"), str(seeds), str(crashes), budget]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS + 300)
    if LONG:
        print(done.stderr[-600:])
    assert done.returncode == 0, done.stderr[-6000:]
    assert list(crashes.iterdir()) == []
