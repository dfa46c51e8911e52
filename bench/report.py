"""Figures beside the goals: for reading, and as JSON for comparing runs."""

import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from bench.calls import ANSWERS, CRITICAL, OFFERED, UNRELATED
from bench.figures import Spread, exponent
from bench.runs import CONTROL, Results

BOUND = 3.0
BOUND_AT = 100
"""No answer may take more than three times the control's processor time at 100 resources."""

GROWTH_GOAL = 1.05
START_GOAL_SECONDS = 1.0
MEMORY_GOAL_MEGABYTES = 120.0
_LARGE_FROM = 300


def goal(name: str, size: int) -> float | None:
    """The ratio that is aimed at: later work is measured by it."""
    if name == UNRELATED.name:
        return 1.2
    if size == 10:
        return 5.0 if name == OFFERED.name else 3.0
    return 2.2 if name == OFFERED.name else 1.5


def misses(results: Results) -> list[str]:
    """Every breach of the bound, as a sentence."""
    found = []
    for name, size in results.cells:
        if name != CONTROL and size == BOUND_AT:
            ratio = results.ratios(name, size).middle
            if ratio > BOUND:
                found.append(f"{name} at {size} resources takes {ratio:.2f} times the control, more than {BOUND}.")
    return found


def table(results: Results) -> str:
    """The report that is printed."""
    return "\n".join([*_machine_lines(results), "", *_cpu_lines(results), "", *_other_lines(results)])


def _machine_lines(results: Results) -> Iterator[str]:
    names = ("flask", "gunicorn", "orjson")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    load = os.getloadavg()[0]
    yield f"Python {platform.python_version()}, {packages}; {os.cpu_count()} processors, load {load:.1f}"
    yield f"{results.rounds} rounds in {results.seconds:.0f} s; medians, with the least and greatest round in brackets"


def _cpu_lines(results: Results) -> Iterator[str]:
    yield (
        f"{'resources':>9} {'kB':>6}  {'answer':<10} {'CPU ms a call':>22} {'ratio to control':>21}"
        f" {'must':>5} {'goal':>5} {'calls/s':>8} {'p50 ms':>8} {'p99 ms':>8}"
    )
    order = [CONTROL, *(answer.name for answer in ANSWERS)]
    for (name, size), cell in sorted(results.cells.items(), key=lambda one: (one[0][1], order.index(one[0][0]))):
        ratio = must = aim = ""
        if name != CONTROL:
            spread = results.ratios(name, size)
            ratio = _spread(spread, 2)
            must = f"{BOUND:.1f}{_sign(spread.middle, BOUND)}" if size == BOUND_AT else ""
            wanted = goal(name, size)
            aim = f"{wanted:.1f}{_sign(spread.middle, wanted)}" if wanted else ""
        yield (
            f"{size:>9} {cell.body_bytes / 1000:>6.0f}  {name:<10} {_spread(Spread.of(cell.cpu_ms), 2):>22} {ratio:>21}"
            f" {must:>5} {aim:>5} {Spread.of(cell.calls_a_second).middle:>8.0f} {cell.p50:>8.2f} {cell.p99:>8.2f}"
        )


def _other_lines(results: Results) -> Iterator[str]:
    if len(results.cost(CRITICAL.name)) > 1:
        for name in (CONTROL, CRITICAL.name):
            grown = exponents(results, name)
            aim = f", goal {GROWTH_GOAL}{_sign(max(grown.values()), GROWTH_GOAL)}" if name != CONTROL else ""
            said = ", ".join(f"{value:.2f} {span}" for span, value in grown.items())
            yield f"growth exponent, {name}: {said}{aim}"
    for name, starts in results.starts.items():
        if not starts:
            continue
        wall = Spread.of([start.seconds for start in starts])
        cpu = Spread.of([start.cpu_seconds for start in starts])
        aim = f", goal {START_GOAL_SECONDS}{_sign(wall.middle, START_GOAL_SECONDS)}" if name == "service" else ""
        yield f"first answer, {name}: {_spread(wall, 2)} s after start, {_spread(cpu, 2)} s CPU{aim}"
    for name, used in results.pss_megabytes.items():
        fresh = [start.pss_megabytes for start in results.starts.get(name, ())]
        young = f", {Spread.of(fresh).middle:.0f} MB after the first answer" if fresh else ""
        aim = f", goal {MEMORY_GOAL_MEGABYTES:.0f}{_sign(used, MEMORY_GOAL_MEGABYTES)}" if name == "service" else ""
        yield f"memory of the largest worker, {name}: {used:.0f} MB PSS after the load{young}{aim}"


def exponents(results: Results, name: str) -> dict[str, float]:
    """Growth over all sizes, and over the large ones alone, where fixed costs no longer hide it."""
    cost = results.cost(name)
    large = {size: value for size, value in cost.items() if size >= _LARGE_FROM}
    grown = {_span(cost): exponent(cost)}
    if 1 < len(large) < len(cost):
        grown[_span(large)] = exponent(large)
    return grown


def document(results: Results) -> dict[str, Any]:
    """All figures as JSON types; one value a round where there is one."""
    return {
        "rounds": results.rounds,
        "seconds": results.seconds,
        "python": platform.python_version(),
        "cells": [
            {
                "answer": name,
                "resources": size,
                "bytes": cell.body_bytes,
                "cpu_ms": cell.cpu_ms,
                "calls_a_second": cell.calls_a_second,
                "p50_ms": cell.p50,
                "p99_ms": cell.p99,
            }
            | ({} if name == CONTROL else {"ratio": results.ratios(name, size).middle, "goal": goal(name, size)})
            for (name, size), cell in results.cells.items()
        ],
        "growth": {name: exponents(results, name) for name in (CONTROL, CRITICAL.name) if len(results.cost(name)) > 1},
        "starts": {
            name: [{"seconds": start.seconds, "cpu_seconds": start.cpu_seconds} for start in starts]
            for name, starts in results.starts.items()
        },
        "pss_megabytes": results.pss_megabytes,
        "misses": misses(results),
    }


def _span(cost: dict[int, float]) -> str:
    return f"from {min(cost)} to {max(cost)}"


def _spread(spread: Spread, digits: int) -> str:
    return f"{spread.middle:.{digits}f} [{spread.least:.{digits}f}–{spread.most:.{digits}f}]"


def _sign(value: float, wanted: float) -> str:
    return "✓" if value <= wanted else "✗"
