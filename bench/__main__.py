"""`python -m bench`: measure, print, and with `--check` fail where the bound is missed."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from bench.client import BadAnswers
from bench.report import document, misses, table
from bench.runs import QUICK, WHOLE, close, measure
from bench.servers import ServerDied


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
    chosen = parser.parse_args()
    plan = close(chosen.at) if chosen.at else QUICK if chosen.quick else WHOLE
    plan = replace(plan, lean_control=chosen.lean_control)
    try:
        results = measure(plan, lambda line: print(f"\r{line:<60}", end="", file=sys.stderr, flush=True))
    except (BadAnswers, ServerDied) as fault:
        print(f"\n{fault}", file=sys.stderr)
        return 2
    print(file=sys.stderr)
    print(table(results))
    if chosen.json:
        chosen.json.write_text(json.dumps(document(results), indent=1) + "\n", "utf-8")
    missed = misses(results)
    for line in missed:
        print(f"MISSED: {line}")
    return 1 if missed and chosen.check else 0


if __name__ == "__main__":
    sys.exit(main())
