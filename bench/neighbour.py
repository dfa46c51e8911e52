"""Two tenants at one service: what one notices when the other calls five times as often as the service could answer.

The quiet one calls a few times a second, all the time. The noisy one calls at five times the rate that was measured as
the most that the service answers, over as many connections as that takes: not at all in the first of three turns, to
another service on the same machine in the second, to the same in the third. So the second tells what noise on the
machine costs, and turns take each other's place, so that whatever else slows the machine slows all three. The sender is
one loop that writes finished bytes and runs at the lowest priority, so that it takes little from the services beside
it: another hospital's EHR takes nothing from this machine either.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from bench import servers
from bench.calls import CRITICAL, body
from bench.client import BadAnswers
from bench.figures import quantile
from bench.processes import pss_megabytes, workers
from bench.tokens import BASE, published, token

GOAL_RATIO = 2.0
GOAL_GROWTH_MB = 20.0
TIMES = 5
QUIET, NOISY = "quiet", "noisy"
_RESOURCES = 100
_QUIET_RATE, _QUIET_CONNECTIONS = 10.0, 2
_WORKERS, _THREADS = 2, 16
_LIFE = 3600
_REFUSED_WITHIN_SECONDS = 0.08
"""About how long a refusal keeps a connection; fewer connections could not carry the noise that is meant."""
_WORDS = {"200": "answered", "429": "refused", "503": "refused as busy", "0": "without an answer"}


@dataclass(slots=True)
class Neighbours:
    """Milliseconds of each call of the quiet tenant, by where the noise was; memory in 10^6 bytes."""

    capacity: float
    calm: list[float] = field(default_factory=list)
    noise_elsewhere: list[float] = field(default_factory=list)
    beside_noise: list[float] = field(default_factory=list)
    noise: dict[str, int] = field(default_factory=dict)
    refusals: list[float] = field(default_factory=list)
    noisy_seconds: float = 0.0
    memory: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return quantile(self.beside_noise, 0.95) / quantile(self.calm, 0.95)

    @property
    def growth(self) -> float:
        """From the first turn with noise on, when every thread has been used, to the last."""
        return self.memory[-1] - self.memory[0]

    def misses(self) -> list[str]:
        found = []
        if self.ratio > GOAL_RATIO:
            found.append(f"p95 of the quiet tenant is {self.ratio:.2f} times what it was, more than {GOAL_RATIO}.")
        if self.growth > GOAL_GROWTH_MB:
            found.append(f"memory grew by {self.growth:.0f} MB, more than {GOAL_GROWTH_MB:.0f}.")
        return found

    def lines(self) -> Iterator[str]:
        offered = TIMES * self.capacity
        yield (
            f"one tenant alone is answered {self.capacity:.0f} calls/s ({_RESOURCES} resources, {_WORKERS} workers of "
            f"{_THREADS} threads)"
        )
        said = ", ".join(f"{times} {_WORDS.get(one, one)}" for one, times in sorted(self.noise.items()))
        yield (
            f"noisy tenant: {offered:.0f} calls/s meant, {sum(self.noise.values()) / self.noisy_seconds:.0f} sent in "
            f"{self.noisy_seconds:.0f} s: {said}; a refusal takes {quantile(self.refusals, 0.95):.0f} ms (p95)"
        )
        for name, taken in (
            ("alone", self.calm),
            ("with the noise at another service", self.noise_elsewhere),
            ("beside it", self.beside_noise),
        ):
            yield (
                f"quiet tenant {name}: {len(taken)} calls, p50 {quantile(taken, 0.5):.1f} ms, "
                f"p95 {quantile(taken, 0.95):.1f} ms, slowest {max(taken):.0f} ms"
            )
        yield f"p95 {self.ratio:.2f} times, goal {GOAL_RATIO}"
        kept = " ".join(f"{one:.0f}" for one in self.memory)
        yield f"memory of all workers after each turn with noise, MB: {kept}; goal +{GOAL_GROWTH_MB:.0f}"


def measure_neighbours(turns: int = 12, seconds: float = 5.0, looks: int = 4, noisy_rate: int = 50) -> Neighbours:
    """So many turns of each of three kinds, after some looks at the capacity.

    `noisy_rate` is what each worker may answer the noisy tenant in a second; 50 is the usual. Raises BadAnswers where
    the quiet tenant is not answered.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-neighbour-")))
        keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in (QUIET, NOISY)}
        file, call = folder / "clients.toml", folder / "call.json"
        file.write_text("\n".join(_entry(name, key, noisy_rate) for name, key in keys.items()), "utf-8")
        call.write_bytes(body(CRITICAL, _RESOURCES, date.today()))
        settings = {
            "CDS_CLIENTS_FILE": str(file),
            "CDS_BASE_URL": BASE,
            "CDS_REPLAY_STORE": f"sqlite:///{folder}/uses",
        }
        first = call.read_bytes()
        serving, other = (
            stack.enter_context(servers.service(_WORKERS, _THREADS, first, settings=settings, token=theirs))
            for theirs in (_token(QUIET, keys[QUIET]) for _ in range(2))
        )
        run = _Run(serving, call, folder, keys)
        found = Neighbours(run.capacity(looks))
        for _ in range(turns):
            found.calm += run.quiet(seconds)
            with run.noise(other.port, seconds + 1):
                found.noise_elsewhere += run.quiet(seconds)
            with run.noise(serving.port, seconds + 1, found):
                found.beside_noise += run.quiet(seconds)
            found.memory.append(sum(pss_megabytes(one) for one in workers(serving.process.pid)))
    return found


class _Run:
    def __init__(self, serving: servers.Server, call: Path, folder: Path, keys: dict[str, Any]) -> None:
        self._serving, self._call, self._folder, self._keys = serving, call, folder, keys
        self._capacity = 0.0

    def capacity(self, looks: int) -> float:
        """Answers a second to one tenant that calls as fast as it is answered: the best of a few short looks."""
        seconds = 2.0
        for _ in range(looks):
            done = self._finished(self._started(QUIET, 8, 1000.0, seconds))
            self._capacity = max(self._capacity, done["statuses"].get("200", 0) / seconds)
        return self._capacity

    def quiet(self, seconds: float) -> list[float]:
        done = self._finished(self._started(QUIET, _QUIET_CONNECTIONS, _QUIET_RATE, seconds))
        if set(done["statuses"]) != {"200"}:
            raise BadAnswers(f"The quiet tenant was answered with {done['statuses']}.")
        taken: list[float] = done["milliseconds"]["200"]
        return taken

    @contextmanager
    def noise(self, port: int, seconds: float, found: Neighbours | None = None) -> Iterator[None]:
        """While the block runs; what it was answered is added to `found`."""
        connections = round(TIMES * self._capacity * _REFUSED_WITHIN_SECONDS)
        process = self._started(NOISY, connections, TIMES * self._capacity, seconds, port)
        try:
            yield
        finally:
            done = self._finished(process)
        if found is None:
            return
        for status, times in done["statuses"].items():
            found.noise[status] = found.noise.get(status, 0) + times
        found.noisy_seconds += seconds
        found.refusals += done["milliseconds"].get("429", [])

    def _started(
        self, name: str, connections: int, rate: float, seconds: float, port: int = 0
    ) -> "subprocess.Popen[str]":
        tokens = self._folder / f"{name}.tokens"
        key = self._keys[name]
        tokens.write_text("\n".join(_token(name, key) for _ in range(int(rate * (seconds + 1)))), "ascii")
        order = {"port": port or self._serving.port, "body": str(self._call), "tokens": str(tokens)}
        order |= {"connections": connections, "rate": rate, "seconds": seconds, "yields": name == NOISY}
        root = Path(__file__).resolve().parents[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.caller"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        return process

    def _finished(self, process: "subprocess.Popen[str]") -> dict[str, Any]:
        said, _ = process.communicate()
        if process.returncode:
            raise BadAnswers("A caller broke off.")
        done: dict[str, Any] = json.loads(said)
        return done


def _entry(name: str, key: Any, noisy_rate: int) -> str:
    words = ", ".join(f'{one} = "{value}"' for one, value in published(key, "ES256", name).items())
    more = "rate = 10000\nconcurrency = 64\n" if name == QUIET else f"rate = {noisy_rate}\n"
    return (
        f'[clients.{name}]\nissuer = "https://{name}.example.com"\nalgorithms = ["ES256"]\nkeys = [{{{words}}}]\n'
        + (f"max_token_seconds = {_LIFE}\n{more}")
    )


def _token(name: str, key: Any) -> str:
    return token(key, "ES256", name, f"https://{name}.example.com", _LIFE)
