"""One process a change: forked, changed, tested until the first test fails."""

import contextlib
import gc
import os
import re
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from pathlib import Path

import pytest

from mutation.graft import CannotGraft, ChangedSource, Stock
from mutation.mutants import CONSTANT, CONTENT, WHOLE, Mutant
from mutation.reach import JUDGING, QUIET, QuickHypothesis, Reach, here
from mutation.rooms import BUILD, CHECKOUT, CODE, TESTS

KILLED, SURVIVED, TIMEOUT, LOST = "killed", "survived", "timeout", "lost"
_AGAIN = "again"
_IMPORT = "the import"
_TEST_SECONDS = 5.0
"""Of tests, as measured without a change, that a change has to survive."""
_CPU_SECONDS = 60
_WALL_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Outcome:
    """`by` is the test that noticed, or the import that failed. `timeout` never ended, which is noticed as well.

    `lost` is a trial that ended without a word: it counts as a survivor, since nobody can say that a test noticed.
    """

    mutant: Mutant
    result: str
    by: str = ""


Said = Callable[[Outcome], None]


def try_all(mutants: Sequence[Mutant], reached: Reach, said: Said) -> None:
    """Tries every change and says each outcome as it comes."""
    anew = []
    for outcome in _in_one_collection(mutants, reached):
        # What only a new import shows; or what tests may have copied or called while they were collected.
        if outcome.result == _AGAIN or (outcome.result == SURVIVED and _early(outcome.mutant, reached)):
            anew.append(outcome.mutant)
        else:
            said(outcome)
    for mutant in anew:
        said(_by_new_import(mutant, reached))


def _early(mutant: Mutant, reached: Reach) -> bool:
    return mutant.kind in (CONSTANT, WHOLE) or not set(mutant.lines).isdisjoint(reached.early.get(mutant.file, ()))


def _in_one_collection(mutants: Sequence[Mutant], reached: Reach) -> Iterator[Outcome]:
    """The tests are collected once, in a process of its own; that one forks for every change."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            _silence()
            with tempfile.TemporaryDirectory() as folder:
                session = _Forks(mutants, reached, write, Path(folder))
                pytest.main(["-q", *QUIET, *here(TESTS)], plugins=[session, QuickHypothesis()])
        except BaseException:
            (BUILD / "fault.txt").write_text(traceback.format_exc(), "utf-8")
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as lines:
        for line in lines:
            number, result, by = line.rstrip("\n").split("\t")
            yield Outcome(mutants[int(number)], result, by)
    os.waitpid(child, 0)


class _Forks:
    """Takes the place of pytest's loop over the tests."""

    def __init__(self, mutants: Sequence[Mutant], reached: Reach, write: int, cards: Path) -> None:
        self._mutants = mutants
        self._cards = cards
        self._reached = reached
        self._write = write
        self._noticed: dict[str, list[str]] = {}
        self._failed = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self._failed:
            self._failed = report.nodeid

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        self._warm_up(items)
        stock = Stock(self._cards)
        gc.collect()
        gc.freeze()  # children share memory with this process as long as nobody counts through it
        for number, mutant in enumerate(self._mutants):
            result, by = _forked(partial(self._try, mutant, items, stock))
            if result == KILLED:
                lately = self._noticed.setdefault(mutant.file, [])
                if by in lately:
                    lately.remove(by)
                lately.insert(0, by)
                del lately[12:]
            os.write(self._write, f"{number}\t{result}\t{by}\n".encode())
        return True

    def _warm_up(self, items: dict[str, pytest.Item]) -> None:
        """The quickest test of each file: tables, schemas and validators are then read once for all trials."""
        quickest: dict[str, str] = {}
        for test in sorted(items, key=lambda one: self._reached.seconds.get(one, 1.0)):
            quickest.setdefault(test.split("::", 1)[0], test)
        for test in quickest.values():
            items[test].config.hook.pytest_runtest_protocol(item=items[test], nextitem=None)
        self._failed = ""

    def _try(self, mutant: Mutant, items: dict[str, pytest.Item], stock: Stock, write: int) -> None:
        try:
            stock.forget(*JUDGING)
            stock.graft(mutant)
        except CannotGraft:
            os.write(write, _AGAIN.encode())
            return
        except Exception:  # the changed statement itself cannot be run
            os.write(write, f"{KILLED}\t{_IMPORT}".encode())
            return
        tests = _ordered(_may_notice(mutant, self._reached), self._reached, mutant)
        may = set(tests)
        lately = [test for test in self._noticed.get(mutant.file, ()) if test in may]
        order = [items[test] for test in dict.fromkeys([*lately, *tests]) if test in items]
        for item, following in zip_longest(order, order[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                os.write(write, f"{KILLED}\t{self._failed}".encode())
                return
        os.write(write, SURVIVED.encode())


def _may_notice(mutant: Mutant, reached: Reach) -> set[str]:
    """Tests that pass the changed lines; for a number of a file, those that pass a line which speaks of its name.

    What runs only at import is passed by no test: there, those of the room and all that pass anything in the file.
    """
    if mutant.kind != CONTENT and mutant.lines:
        return reached.tests(mutant.file, mutant.lines)
    if mutant.kind != CONTENT:
        return reached.tests(mutant.file, ()) | {test for test in reached.seconds if _nearness(test, mutant) < 2}
    name = mutant.inside.split("] ", 1)[-1].strip()
    found: set[str] = set()
    for path in sorted(CODE.rglob("*.py")):
        lines = path.read_text("utf-8").splitlines()
        spoken = (
            [number for number, line in enumerate(lines, start=1) if re.search(rf"\.{name}\b", line)] if name else []
        )
        if spoken:
            found |= reached.tests(str(path.relative_to(CHECKOUT)), spoken)
    return found or set(reached.seconds)


def _ordered(tests: Iterable[str], reached: Reach, mutant: Mutant) -> list[str]:
    """The nearest tests that there is time for, a file at a time, so that a file's fixtures are made once."""
    near = {test: _nearness(test, mutant) for test in tests}
    left = _TEST_SECONDS
    by_file: dict[str, list[str]] = {}
    for test in sorted(near, key=lambda one: (near[one], reached.seconds[one])):
        left -= reached.seconds[test]
        if left < 0:
            break
        by_file.setdefault(test.split("::", 1)[0], []).append(test)
    return [test for some in by_file.values() for test in some]


def _nearness(test: str, mutant: Mutant) -> int:
    """0 for a case of the rule itself, 1 for a test of the room, 2 for any other."""
    if f"[{mutant.path.stem.replace('_', '-')}/" in test:
        return 0
    room = {"cards": "definitions", "order-set": "titration"}.get(mutant.path.parent.name, mutant.path.parent.name)
    return 1 if test.startswith(f"tests/{room}/") else 2


def _by_new_import(mutant: Mutant, reached: Reach) -> Outcome:
    result, by = _forked(partial(_anew, mutant, reached))
    return Outcome(mutant, result, by)


def _anew(mutant: Mutant, reached: Reach, write: int) -> None:
    sys.meta_path.insert(0, ChangedSource(mutant))
    chosen = _Chosen(_ordered(_may_notice(replace(mutant, lines=()), reached), reached, mutant))
    files = list(dict.fromkeys(test.split("::", 1)[0] for test in chosen.order))
    code = pytest.main(["-q", "-x", *QUIET, *files], plugins=[chosen, QuickHypothesis()])
    if code == pytest.ExitCode.OK:
        os.write(write, SURVIVED.encode())
    else:
        os.write(write, f"{KILLED}\t{chosen.failed or _IMPORT}".encode())


class _Chosen:
    """Runs just the wanted tests, in the wanted order."""

    def __init__(self, order: list[str]) -> None:
        self.order = order
        self.failed = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        place = {test: number for number, test in enumerate(self.order)}
        items[:] = sorted((item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid


def _forked(work: Callable[[int], None]) -> tuple[str, str]:
    """What a child writes down, within its share of time."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            os.setpgid(0, 0)
            _silence()
            resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS + 5))
            work(write)
        finally:
            os._exit(0)
    os.close(write)
    until = time.monotonic() + _WALL_SECONDS
    ready, _, _ = select.select([read], [], [], max(0.0, until - time.monotonic()))
    said = os.read(read, 65536).decode() if ready else ""
    os.close(read)
    if not ready:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if not said:
        return (TIMEOUT if os.WIFSIGNALED(status) else LOST), ""
    result, _, by = said.partition("\t")
    return result, by.replace("\n", " ").replace("\t", " ")


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
