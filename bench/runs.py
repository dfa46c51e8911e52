"""A run: service and control side by side, measured in turns, so that whatever slows the machine slows both.

Within a round every size is visited once; the control is measured before and in the middle of the answers, and every
other round goes backwards, so that a machine that gets slower or faster favours nobody. Ratios are made within a round.
"""

import json
import os
import socket
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from time import monotonic

from bench import servers
from bench.calls import ANSWERS, CRITICAL, STAND_IN, Answer, body
from bench.client import BadAnswers, Client, client
from bench.figures import Spread, quantile
from bench.processes import cpu_seconds, pss_megabytes, workers

CONTROL = "control"
_CONTROL_MARK = b'"code":"control"'
_CONTROL_FACTOR = 2
_LEAST_SECONDS = 0.005  # half a tick of the kernel: too little to be counted is not nothing


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. `calls` are the calls of one burst by size; sizes that are not `full` see one answer only.

    Rounds end early when `seconds` have passed, but not before two are done. `threads` are those of a worker.
    """

    calls: Mapping[int, int]
    full: frozenset[int]
    rounds: int
    seconds: float
    starts: int
    workers: int = 2
    threads: int = 4
    connections: int = 2
    lean_control: bool = False


WHOLE = Plan(
    calls={10: 200, 30: 100, 100: 60, 300: 20, 1000: 10, 3000: 4},
    full=frozenset({10, 100, 1000}),
    rounds=15,
    seconds=150.0,
    starts=3,
)
QUICK = Plan(
    calls={10: 100, 100: 40, 1000: 6},
    full=frozenset({10, 100, 1000}),
    rounds=3,
    seconds=15.0,
    starts=1,
)


def close(size: int) -> Plan:
    """One size, in turns so short that a busy machine slows service and control alike; no starts."""
    return Plan(calls={size: max(2000 // size, 2)}, full=frozenset({size}), rounds=60, seconds=60.0, starts=0)


@dataclass(slots=True)
class Cell:
    """Everything seen of one answer (or the control) at one size; lists have one value a round."""

    name: str
    size: int
    body_bytes: int
    cpu_ms: list[float] = field(default_factory=list)
    calls_a_second: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        return quantile(self.milliseconds, 0.5)

    @property
    def p99(self) -> float:
        return quantile(self.milliseconds, 0.99)


@dataclass(frozen=True, slots=True)
class Start:
    """Start-up until the first answer, wall time and processor time, and memory of the largest worker then."""

    seconds: float
    cpu_seconds: float
    pss_megabytes: float


@dataclass(slots=True)
class Results:
    """A run's figures. `cells` are by (name, size); memory is of the largest worker after the load, in 10^6 bytes."""

    cells: dict[tuple[str, int], Cell]
    starts: dict[str, list[Start]]
    pss_megabytes: dict[str, float]
    rounds: int
    seconds: float

    def ratios(self, name: str, size: int) -> Spread:
        """Processor time of an answer over that of the control, round by round."""
        pairs = zip(self.cells[name, size].cpu_ms, self.cells[CONTROL, size].cpu_ms, strict=True)
        return Spread.of([service / control for service, control in pairs])

    def cost(self, name: str) -> dict[int, float]:
        """Median processor time by size."""
        found = {size: Spread.of(cell.cpu_ms).middle for (of, size), cell in self.cells.items() if of == name}
        return dict(sorted(found.items()))


def measure(plan: Plan, say: Callable[[str], None] = lambda _: None) -> Results:
    """Do the run. Raises BadAnswers for an answer that is not the one to be measured, ServerDied for no server."""
    began = monotonic()
    today = date.today()
    first = body(CRITICAL, min(plan.calls), today)
    starts = _starts(plan, first, say)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-bodies-")))
        bodies = _write_bodies(plan, folder, today)
        serving = stack.enter_context(servers.service(plan.workers, plan.threads, first))
        bare = stack.enter_context(servers.control(plan.workers, plan.threads, first, lean=plan.lean_control))
        load = stack.enter_context(client())
        for (name, size), path in bodies.items():
            _expect(serving.port, path.read_bytes(), _answer(name), f"{name} at {size}")
        say("answers are as expected; warming up")
        run = _Run(plan, bodies, serving, bare, load)
        run.warm()
        done = 0
        while done < plan.rounds and (done < 2 or monotonic() - began < plan.seconds):
            run.round(backwards=done % 2 == 1)
            done += 1
            say(f"round {done} of {plan.rounds}")
        memory = {server.name: _largest(server) for server in (serving, bare)}
    return Results(run.cells, starts, memory, done, monotonic() - began)


def _starts(plan: Plan, first: bytes, say: Callable[[str], None]) -> dict[str, list[Start]]:
    starts: dict[str, list[Start]] = {"service": [], "control": []}
    for number in range(plan.starts):
        for open_server in (servers.service, servers.control):
            with open_server(plan.workers, plan.threads, first) as server:
                start = Start(server.start_seconds, server.start_cpu_seconds, _largest(server))
                starts[server.name].append(start)
        say(f"start {number + 1} of {plan.starts}")
    return starts


def _largest(server: servers.Server) -> float:
    return max(pss_megabytes(worker) for worker in workers(server.process.pid))


def _write_bodies(plan: Plan, folder: Path, today: date) -> dict[tuple[str, int], Path]:
    paths = {}
    for size in plan.calls:
        for answer in _answers(plan, size):
            path = folder / f"{answer.name}-{size}.json"
            path.write_bytes(body(answer, size, today))
            paths[answer.name, size] = path
    return paths


def _answers(plan: Plan, size: int) -> Sequence[Answer]:
    return ANSWERS if size in plan.full else (CRITICAL,)


def _answer(name: str) -> Answer:
    return next(answer for answer in ANSWERS if answer.name == name)


def _expect(port: int, call: bytes, answer: Answer, what: str) -> None:
    """One call, looked at closely: the first card's rule and indicator, or that there is no card."""
    call = call.replace(STAND_IN.encode(), f"{os.urandom(4).hex()}-0000-4000-8000-ffffffffffff".encode())
    with socket.create_connection(("127.0.0.1", port), timeout=30) as wire:
        wire.sendall(servers.head(call, close=True) + call)
        got = b"".join(iter(lambda: wire.recv(262_144), b""))
    head, _, sent = got.partition(b"\r\n\r\n")
    cards = json.loads(sent)["cards"] if head.startswith(b"HTTP/1.1 200") else None
    wanted = (answer.leader, answer.indicator) if answer.leader else None
    leader = (cards[0]["source"]["topic"]["code"], cards[0]["indicator"]) if cards else None
    if cards is None or leader != wanted:
        status = head.split(b"\r\n")[0].decode("ascii", "replace")
        raise BadAnswers(f"{what}: wanted {wanted or 'no card'}, got {status}, {leader or 'no card'}.")


class _Run:
    def __init__(
        self,
        plan: Plan,
        bodies: Mapping[tuple[str, int], Path],
        serving: servers.Server,
        bare: servers.Server,
        load: Client,
    ) -> None:
        self.plan = plan
        self.bodies = bodies
        self.serving = serving
        self.bare = bare
        self.load = load
        self.cells = {key: Cell(*key, path.stat().st_size) for key, path in bodies.items()}
        for size in plan.calls:
            self.cells[CONTROL, size] = Cell(CONTROL, size, self.bodies[CRITICAL.name, size].stat().st_size)

    def warm(self) -> None:
        """Every answer a few times on every worker, so that nothing is compiled or connected while the clock runs."""
        for (name, size), path in self.bodies.items():
            few = 4 * self.plan.workers if size <= 100 else 2
            self.load.burst(self.serving.port, path, few, self.plan.connections, _answer(name).mark)
            self.load.burst(self.bare.port, path, few, self.plan.connections, _CONTROL_MARK)

    def round(self, *, backwards: bool) -> None:
        """One value more for every cell."""
        sizes = sorted(self.plan.calls, reverse=backwards)
        for size in sizes:
            answers = list(_answers(self.plan, size))
            if backwards:
                answers.reverse()
            halves = (answers[: (len(answers) + 1) // 2], answers[(len(answers) + 1) // 2 :])
            parts = [half for half in halves if half]
            bare = []
            for part in parts:
                bare.append(self._control(size, part[0]))
                self._each(size, part)
            self.cells[CONTROL, size].cpu_ms.append(sum(bare) / len(bare))

    def _control(self, size: int, answer: Answer) -> float:
        return self._burst(self.bare, self.cells[CONTROL, size], self.bodies[answer.name, size], _CONTROL_MARK)

    def _each(self, size: int, answers: Sequence[Answer]) -> None:
        for answer in answers:
            cell = self.cells[answer.name, size]
            cell.cpu_ms.append(self._burst(self.serving, cell, self.bodies[answer.name, size], answer.mark))

    def _burst(self, server: servers.Server, cell: Cell, path: Path, mark: bytes) -> float:
        """Processor milliseconds a call. The control is quick, so it gets more calls: the kernel counts in 10 ms."""
        calls = self.plan.calls[cell.size] * (_CONTROL_FACTOR if server is self.bare else 1)
        before = cpu_seconds(server.process.pid)
        burst = self.load.burst(server.port, path, calls, self.plan.connections, mark)
        used = max(cpu_seconds(server.process.pid) - before, _LEAST_SECONDS)
        cell.calls_a_second.append(calls / burst.seconds)
        cell.milliseconds += burst.milliseconds
        return used * 1000 / calls
