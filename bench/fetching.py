"""How long an answer takes when nothing was prefetched and the FHIR server takes its time with each read."""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bench import servers
from bench.calls import CRITICAL, body
from bench.client import client
from bench.figures import quantile

GOAL_P95_MS = 400.0
_TOKEN = "bench-synthetic"
_RESOURCES = 100


@dataclass(frozen=True, slots=True)
class Fetching:
    """Milliseconds of each call, measured over HTTP from the first byte sent to the last one read."""

    delay_ms: float
    connections: int
    milliseconds: list[float]

    @property
    def p50(self) -> float:
        return quantile(self.milliseconds, 0.5)

    @property
    def p95(self) -> float:
        return quantile(self.milliseconds, 0.95)

    def line(self) -> str:
        return (
            f"empty prefetch, a FHIR server that takes {self.delay_ms:.0f} ms a read, {_RESOURCES} resources, "
            f"{self.connections} calls at a time, {len(self.milliseconds)} calls: "
            f"p50 {self.p50:.0f} ms, p95 {self.p95:.0f} ms, slowest {max(self.milliseconds):.0f} ms "
            f"(goal p95 ≤ {GOAL_P95_MS:.0f} ms)"
        )


def measure_fetching(delay_ms: float, calls: int = 200, connections: tuple[int, ...] = (1, 4)) -> list[Fetching]:
    """One run for each number of connections. Raises BadAnswers where an answer is not the one to be measured."""
    today = date.today()
    whole = body(CRITICAL, _RESOURCES, today)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-fetching-")))
        (folder / "whole.json").write_bytes(whole)
        port = stack.enter_context(_record_server(delay_ms, folder / "whole.json"))
        empty = folder / "empty.json"
        empty.write_bytes(_without_prefetch(whole, f"http://127.0.0.1:{port}/fhir"))
        serving = stack.enter_context(servers.service(2, 16, body(CRITICAL, 10, today)))
        load = stack.enter_context(client())
        load.burst(serving.port, empty, 20, max(connections), CRITICAL.mark)  # connections and tables are there
        return [
            Fetching(delay_ms, count, load.burst(serving.port, empty, calls, count, CRITICAL.mark).milliseconds)
            for count in connections
        ]


def _without_prefetch(call: bytes, base: str) -> bytes:
    asked = json.loads(call)
    del asked["prefetch"]
    asked["fhirServer"] = base
    asked["fhirAuthorization"] = {
        "access_token": _TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.read",
        "subject": "bench",
    }
    return json.dumps(asked, separators=(",", ":")).encode()


@contextmanager
def _record_server(delay_ms: float, file: Path) -> Iterator[int]:
    port = servers.free_port()
    command = [sys.executable, "-m", "bench.record_server", str(port), str(delay_ms), str(file)]
    with servers.running("record server", port, command):
        yield port
