"""Memory over a long time: the four kinds of call in turn, at a steady rate, with a look at all workers each minute.

A worker is replaced after some thousands of calls, which hides what one of them loses; so replacement is reported, and
the greatest sum of the last quarter of the looks is compared with the greatest of the first.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from time import monotonic, sleep

from bench import servers
from bench.calls import ANSWERS, CRITICAL, body
from bench.client import client
from bench.processes import pss_megabytes, workers

GOAL_GROWTH = 1.1
_RESOURCES = 100
_RATE = 20
_BATCH = 10
_WORKERS, _THREADS = 2, 16


@dataclass(slots=True)
class Steady:
    """`megabytes` (10^6 bytes) of the master and all workers together, one look each; `replaced` counts workers."""

    seconds_between: float
    calls: int = 0
    replaced: int = 0
    megabytes: list[float] = field(default_factory=list)

    @property
    def growth(self) -> float:
        part = max(len(self.megabytes) // 4, 1)
        return max(self.megabytes[-part:]) / max(self.megabytes[:part])

    def misses(self) -> list[str]:
        if self.growth <= GOAL_GROWTH:
            return []
        return [f"memory of the last quarter is {self.growth:.2f} times that of the first, more than {GOAL_GROWTH}."]

    def lines(self) -> Iterator[str]:
        yield (
            f"{self.calls} calls of {len(ANSWERS)} kinds, {_RATE} a second, {_RESOURCES} resources, {_WORKERS} workers "
            f"of {_THREADS} threads; {self.replaced} workers replaced"
        )
        yield f"memory every {self.seconds_between:.0f} s, MB: " + " ".join(f"{one:.0f}" for one in self.megabytes)
        yield f"last quarter against first: {self.growth:.2f}, goal {GOAL_GROWTH}"


def measure_steady(looks: int, seconds_between: float, say: Callable[[str], None] = lambda _: None) -> Steady:
    """Raises BadAnswers where a call is not answered as its kind has to be."""
    found = Steady(seconds_between)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-steady-")))
        kinds = [(answer, folder / f"{answer.name}.json") for answer in ANSWERS]
        for answer, file in kinds:
            file.write_bytes(body(answer, _RESOURCES, date.today()))
        serving = stack.enter_context(servers.service(_WORKERS, _THREADS, body(CRITICAL, 10, date.today())))
        load = stack.enter_context(client())
        seen: set[int] = set()
        began = monotonic()
        for look in range(1, looks + 1):
            while monotonic() < began + look * seconds_between:
                answer, file = kinds[found.calls // _BATCH % len(kinds)]
                load.burst(serving.port, file, _BATCH, 2, answer.mark)
                found.calls += _BATCH
                sleep(max(began + found.calls / _RATE - monotonic(), 0.0))
            present = workers(serving.process.pid)
            found.replaced += len(set(present) - seen) if seen else 0
            seen |= set(present)
            found.megabytes.append(sum(map(pss_megabytes, [serving.process.pid, *present])))
            say(f"look {look} of {looks}: {found.megabytes[-1]:.0f} MB")
    return found
