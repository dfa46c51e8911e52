"""`python -m bench`: measure, print, and with `--check` fail where the bound is missed."""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench.client import BadAnswers
from bench.fetching import GOAL_P95_MS, measure_fetching
from bench.neighbour import measure_neighbours
from bench.parts import measure_parts
from bench.report import document, misses, table
from bench.runs import QUICK, WHOLE, Plan, close, measure
from bench.servers import ServerDied
from bench.steady import measure_steady


def main() -> int:
    """0 for a run, 1 for a missed bound under `--check`, 2 where nothing could be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="half a minute instead of three, and rougher figures")
    parser.add_argument(
        "--at", type=int, metavar="N", help="only N resources (six or more), in many short turns: the steadiest ratio"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here, too")
    parser.add_argument("--check", action="store_true", help="exit with 1 if an answer takes longer than it may")
    parser.add_argument(
        "--lean-control", action="store_true", help="compare with a control that also reads and collects like ours"
    )
    parser.add_argument(
        "--fhir-delay", type=float, metavar="MS", help="instead: prefetch nothing, with a FHIR server this slow a read"
    )
    parser.add_argument(
        "--neighbour", action="store_true", help="instead: what a tenant notices of another that calls far too often"
    )
    parser.add_argument(
        "--steady", type=float, metavar="MINUTES", help="instead: memory over a long time of calls at a steady rate"
    )
    parser.add_argument(
        "--parts",
        action="store_true",
        help="instead: processor time of a check of a token, and of the insights",
    )
    chosen = parser.parse_args()
    try:
        found = _measured(chosen)
    except (BadAnswers, ServerDied) as fault:
        print(f"\n{fault}", file=sys.stderr)
        return 2
    for line in [*found.lines, *(f"MISSED: {missed}" for missed in found.misses)]:
        print(line)
    if chosen.json:
        chosen.json.write_text(json.dumps(found.figures, indent=1) + "\n", "utf-8")
    return 1 if found.misses and chosen.check else 0


def _measured(chosen: argparse.Namespace) -> "_Found":
    if chosen.parts:
        return _parts(quick=chosen.quick)
    if chosen.steady is not None:
        return _steady(chosen.steady)
    if chosen.neighbour:
        return _neighbour(quick=chosen.quick)
    if chosen.fhir_delay is not None:
        return _fetching(chosen.fhir_delay)
    plan = close(chosen.at) if chosen.at else QUICK if chosen.quick else WHOLE
    return _calls(replace(plan, lean_control=chosen.lean_control))


@dataclass(frozen=True, slots=True)
class _Found:
    """What is printed, what was missed, and all figures."""

    lines: Iterable[str]
    misses: Sequence[str]
    figures: Any


def _fetching(delay_ms: float) -> _Found:
    measured = measure_fetching(delay_ms)
    slow = [f"p95 is {one.p95:.0f} ms, more than {GOAL_P95_MS:.0f}." for one in measured if one.p95 > GOAL_P95_MS]
    return _Found([one.line() for one in measured], slow, [asdict(one) for one in measured])


def _steady(minutes: float) -> _Found:
    between = min(60.0, minutes * 60 / 4)
    found = measure_steady(round(minutes * 60 / between), between, _say)
    print(file=sys.stderr)
    return _Found(found.lines(), found.misses(), asdict(found))


def _parts(*, quick: bool) -> _Found:
    measured = measure_parts(tokens=50, turns=3) if quick else measure_parts()
    missed = [line for one in measured for line in one.misses()]
    return _Found([one.line() for one in measured], missed, [asdict(one) for one in measured])


def _neighbour(*, quick: bool) -> _Found:
    found = measure_neighbours(4, 4.0) if quick else measure_neighbours()
    return _Found(found.lines(), found.misses(), asdict(found))


def _calls(plan: Plan) -> _Found:
    results = measure(plan, _say)
    print(file=sys.stderr)
    return _Found([table(results)], misses(results), document(results))


def _say(line: str) -> None:
    print(f"\r{line:<60}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
