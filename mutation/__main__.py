"""`python -m mutation`: change one thing at a time and see whether a test notices."""

import argparse
import contextlib
import importlib
import json
import os
import random
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points, packages_distributions

from mutation.mutants import Mutant, mutants
from mutation.numbers import number_mutants
from mutation.reach import NotGreen, Reach, reach
from mutation.report import GOAL, PAGE, SURVIVORS, page, plain, table, write_survivors
from mutation.reviewed import reviewed, sift
from mutation.rooms import BUILD, CHECKOUT, ROOMS, files
from mutation.trials import KILLED, TIMEOUT, Outcome, try_all

LAST = BUILD / "last.json"


def main() -> int:
    """0 for a run that meets the goal in every room, 1 where it does not, 2 where nothing could be tried."""
    chosen = _parser().parse_args()
    os.chdir(CHECKOUT)
    only = tuple(chosen.only)
    rooms = {name: _found(name, only) for name in chosen.rooms}
    entries = reviewed()
    everything = [mutant for found in rooms.values() for mutant in found]
    _, aside, stale = sift(everything, entries)
    left_out = set(map(id, aside))
    wanted = {name: [one for one in found if id(one) not in left_out] for name, found in rooms.items()}
    if chosen.survivors:
        before = set(json.loads(LAST.read_text("utf-8")))
        wanted = {name: [one for one in found if _key(one) in before] for name, found in wanted.items()}
    if chosen.sample:
        wanted = _sampled(wanted, chosen.sample, chosen.seed)
    if chosen.list:
        print("\n".join(str(one) for found in wanted.values() for one in found))
        return 0
    if not any(wanted.values()):
        print("There is nothing to change in what was asked for.", file=sys.stderr)
        return 2
    try:
        reached = reach()
    except NotGreen as fault:
        print(fault, file=sys.stderr)
        return 2
    outcomes = _tried(wanted, reached, chosen.jobs)
    write_survivors(outcomes)
    survivors = [
        _key(one.mutant) for found in outcomes.values() for one in found if one.result not in (KILLED, TIMEOUT)
    ]
    LAST.write_text(json.dumps(survivors), "utf-8")
    rows = table(outcomes, {name: sum(id(one) in left_out for one in found) for name, found in rooms.items()})
    print(plain(rows))
    print(f"Survivors: {SURVIVORS.relative_to(CHECKOUT)}")
    for entry in stale if not only and set(chosen.rooms) == set(ROOMS) else ():
        print(f"equivalent.toml means nothing any more: {entry.file} {entry.inside} {entry.before!r}")
    if chosen.write:
        sample = f"{chosen.sample} changes, seed {chosen.seed}" if chosen.sample else ""
        PAGE.write_text(page(rows, sample), "utf-8")
    return 1 if any(float(row[5]) < 100 * GOAL for row in rows[1:]) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mutation", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="PATH", help="only files that begin so; repeat")
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=list(ROOMS), help="only these rooms")
    parser.add_argument("--sample", type=int, metavar="N", help="only N changes, drawn from all")
    parser.add_argument("--seed", type=int, default=1, help="which N; the same seed draws the same")
    parser.add_argument("--survivors", action="store_true", help="only those that survived the last time")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes side by side")
    parser.add_argument("--list", action="store_true", help="say the changes and try none")
    parser.add_argument("--write", action="store_true", help=f"write the figures to {PAGE.relative_to(CHECKOUT)}")
    return parser


def _found(room: str, only: tuple[str, ...]) -> list[Mutant]:
    found: list[Mutant] = []
    for path in files(room, only):
        found += number_mutants(path) if path.suffix == ".toml" else mutants(path)
    return found


def _sampled(wanted: dict[str, list[Mutant]], count: int, seed: int) -> dict[str, list[Mutant]]:
    pairs = [(name, one) for name, found in wanted.items() for one in found]
    drawn = random.Random(seed).sample(pairs, min(count, len(pairs)))
    sampled: dict[str, list[Mutant]] = defaultdict(list)
    for name, one in drawn:
        sampled[name].append(one)
    return {name: sorted(sampled[name], key=str) for name in wanted if sampled[name]}


def _tried(wanted: dict[str, list[Mutant]], reached: Reach, jobs: int) -> dict[str, list[Outcome]]:
    """Outcomes by room. Each job is a process with its share of the changes."""
    _import_once(reached.libraries)
    pairs = [(name, one) for name, found in wanted.items() for one in found]
    outcomes: dict[str, list[Outcome]] = {name: [] for name in wanted}
    start, killed = time.monotonic(), 0
    for done, (number, result, by) in enumerate(_shared(pairs, reached, jobs), start=1):
        name, mutant = pairs[number]
        outcomes[name].append(Outcome(mutant, result, by))
        killed += result in (KILLED, TIMEOUT)
        if done % 20 == 0 or done == len(pairs):
            line = f"{done} of {len(pairs)} tried, {killed} killed, {time.monotonic() - start:.0f} s"
            print(f"\r{line:<70}", end="", file=sys.stderr, flush=True)
            write_survivors(outcomes)
    print(file=sys.stderr)
    if sum(map(len, outcomes.values())) != len(pairs):
        raise SystemExit("Trials ended early, and what is missing would pass for killed: no figures.")
    return {name: sorted(found, key=lambda one: (one.mutant.file, one.mutant.line)) for name, found in outcomes.items()}


def _import_once(libraries: Sequence[str]) -> None:
    """What all trials import. pytest wants to import itself the packages that bring plugins of its own."""
    bringing = {entry.dist.name for entry in entry_points(group="pytest11") if entry.dist} | {"pytest", "pluggy"}
    left = {top for top, brought_by in packages_distributions().items() if bringing.intersection(brought_by)}
    for library in libraries:
        if library.split(".")[0] not in left:
            with contextlib.suppress(Exception), warnings.catch_warnings(action="ignore"):
                importlib.import_module(library)


def _shared(pairs: Sequence[tuple[str, Mutant]], reached: Reach, jobs: int) -> Iterator[tuple[int, str, str]]:
    read, write = os.pipe()
    children = []
    for job in range(jobs):
        child = os.fork()
        if child == 0:
            os.close(read)
            try:
                share = range(job, len(pairs), jobs)
                place = {id(pairs[number][1]): number for number in share}

                def said(outcome: Outcome, place: dict[int, int] = place) -> None:
                    os.write(write, f"{place[id(outcome.mutant)]}\t{outcome.result}\t{outcome.by}\n".encode())

                try_all([pairs[number][1] for number in share], reached, said)
            except BaseException:
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)
        children.append(child)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as lines:
        for line in lines:
            number, result, by = line.rstrip("\n").split("\t")
            yield int(number), result, by
    failed = [child for child in children if os.waitpid(child, 0)[1]]
    if failed:
        raise SystemExit("A job ended early; its changes are not counted.")


def _key(mutant: Mutant) -> str:
    """The same change when lines have moved."""
    return f"{mutant.file} {mutant.inside} {mutant.before} {mutant.after}"


if __name__ == "__main__":
    sys.exit(main())
