"""`cds-service replay`: every case against what the service says, in this process or over HTTP."""

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice

import orjson
from rich.text import Text

from cds_service.cli.asking import Ask, Client, here
from cds_service.cli.cases import BadInput, Case, case_folders, chosen, located, read_case
from cds_service.cli.comparison import Verdict, compare, difference
from cds_service.cli.moved_dates import moved
from cds_service.cli.record_server import RecordServer
from cds_service.cli.terminal import console, difference_lines
from cds_service.content import fixtures_dir
from cds_service.settings import Settings

_CALLS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Selection:
    """Which cases: a folder (empty: those shipped), rules (empty: all), a release (empty: all)."""

    directory: str = ""
    rules: tuple[str, ...] = ()
    release: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    case: Case
    verdict: Verdict
    notes: tuple[str, ...] = ()


def replay(
    selection: Selection,
    *,
    url: str = "",
    today: date | None = None,
    as_json: bool = False,
    fail_fast: bool = False,
    quiet: bool = False,
) -> int:
    """Exit code 0 where every case agrees, 1 where one does not. Raises BadInput, also where there is no case."""
    cases = select(selection)
    report = _Report(as_json=as_json, quiet=quiet)
    with _asking(url) as ask:
        day = today if today is not None or not url else date.today
        for result in results(cases, ask, day, at_once=_CALLS_AT_ONCE if url else 1):
            report.add(result)
            if fail_fast and not result.verdict.agrees:
                break
    report.close(len(cases))
    return 1 if report.failed else 0


def select(selection: Selection) -> list[Case]:
    """Raises BadInput where nothing is selected: an empty run must not look like a passed one."""
    folder = located(selection.directory) if selection.directory else fixtures_dir()
    folders = [
        one for one in case_folders(folder) if not selection.rules or one.resolve().parent.name in selection.rules
    ]
    cases = chosen(map(read_case, folders), selection.release)
    for rule in selection.rules:
        if not any(case.name.startswith(f"{rule}/") for case in cases):
            raise BadInput(f"no case of the rule {rule} is in {folder}.")
    if not cases:
        raise BadInput(f"no case is in {folder}.")
    return cases


def results(
    cases: list[Case], ask: Ask, today: date | Callable[[], date] | None = None, *, at_once: int = 1
) -> Iterator[Result]:
    """Judge the cases, in their order, each moved to `today` (a day, or what tells it) or left on its own day."""

    def judge(case: Case) -> Result:
        notes: tuple[str, ...] = ()
        if today is not None:
            case, notes = moved(case, today() if callable(today) else today)
        reply = ask(case)
        if reply.fault:
            return Result(case, difference([f"{len(case.expected['cards'])} cards"], [reply.fault]), notes)
        return Result(case, compare(case.expected, reply.cards, reply.request), notes)

    if at_once == 1:
        yield from map(judge, cases)
        return
    with ThreadPoolExecutor(at_once) as pool:
        queue = iter(cases)
        waiting = [pool.submit(judge, case) for case in islice(queue, at_once)]
        while waiting:
            result = waiting.pop(0).result()
            waiting += [pool.submit(judge, case) for case in islice(queue, 1)]
            yield result


@contextmanager
def _asking(url: str) -> Iterator[Ask]:
    if url:
        with RecordServer() as records:
            yield Client(url, records).ask
    else:
        yield here(Settings.read(os.environ))


class _Report:
    """One line a case as it is judged, its difference below, and the count at the end; or all of it as JSON."""

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self._as_json = as_json
        self._quiet = quiet
        self._out = console()
        self._rows: list[dict[str, object]] = []
        self.failed = 0

    def add(self, result: Result) -> None:
        agrees = result.verdict.agrees
        self.failed += not agrees
        self._rows.append(
            {
                "case": result.case.name,
                "title": result.case.expected["title"],
                "agrees": agrees,
                "difference": list(result.verdict.difference),
                "notes": list(result.notes),
            }
        )
        if self._as_json or (self._quiet and agrees):
            return
        self._out.print(
            Text.assemble(("pass", "green") if agrees else ("FAIL", "bold red"), f"  {result.case.name}"),
            soft_wrap=True,
        )
        if not agrees:
            self._out.print(Text(f"    {result.case.expected['title']}", style="italic"))
            for line in difference_lines(result.verdict.difference):
                self._out.print(line, soft_wrap=True)
        for note in result.notes:
            self._out.print(Text(f"    note: {note}", style="dim"))

    def close(self, cases: int) -> None:
        passed = len(self._rows) - self.failed
        if self._as_json:
            body = {"passed": passed, "failed": self.failed, "not_run": cases - len(self._rows), "cases": self._rows}
            sys.stdout.buffer.write(orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
            return
        left = f", {cases - len(self._rows)} not run" if len(self._rows) < cases else ""
        self._out.print(
            Text(f"{passed} passed, {self.failed} failed{left}", style="bold red" if self.failed else "bold green")
        )
