"""`cds-service replay`: every case against what the service says, in this process or over HTTP; or two services."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import islice
from time import perf_counter

from cds_service.cli.asking import Ask, Reply
from cds_service.cli.cases import Case
from cds_service.cli.comparison import Verdict, compare, difference
from cds_service.cli.moved_dates import moved
from cds_service.cli.two_answers import changed


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one case: as it was asked (moved, where it was), the answer, and that of the other service."""

    case: Case
    verdict: Verdict
    notes: tuple[str, ...] = ()
    reply: Reply | None = None
    other: Reply | None = None
    seconds: float = 0.0


Judge = Callable[[Case], tuple[Verdict, Reply, Reply | None]]


def against_expectation(ask: Ask) -> Judge:
    """Each answer is held against the expected.json of its case."""

    def judge(case: Case) -> tuple[Verdict, Reply, Reply | None]:
        reply = ask(case)
        if reply.fault:
            return difference([f"{len(case.expected['cards'])} cards"], [reply.fault]), reply, None
        return compare(case.expected, reply.cards, reply.request, lenient=reply.lenient), reply, None

    return judge


def against_another(ask: Ask, other: Ask) -> Judge:
    """Each answer is held against that of another service, or of this one with other knowledge; what a case expects
    does not matter."""

    def judge(case: Case) -> tuple[Verdict, Reply, Reply | None]:
        first, second = ask(case), other(case)
        return changed(first, second), first, second

    return judge


def results(
    cases: Sequence[Case], ask: Ask, today: date | Callable[[], date] | None = None, *, at_once: int = 1
) -> Iterator[Result]:
    """Judge the cases by what they expect; see `judged`."""
    return judged(cases, against_expectation(ask), today, at_once=at_once)


def judged(
    cases: Sequence[Case], judge: Judge, today: date | Callable[[], date] | None = None, *, at_once: int = 1
) -> Iterator[Result]:
    """Judge the cases, in their order, each moved to `today` (a day, or what tells it) or left on its own day."""

    def one(case: Case) -> Result:
        notes: tuple[str, ...] = ()
        if today is not None:
            case, notes = moved(case, today() if callable(today) else today)
        started = perf_counter()
        verdict, reply, other = judge(case)
        return Result(case, verdict, (*notes, *verdict.notes), reply, other, perf_counter() - started)

    if at_once == 1:
        yield from map(one, cases)
        return
    with ThreadPoolExecutor(at_once) as pool:
        queue = iter(cases)
        waiting = [pool.submit(one, case) for case in islice(queue, at_once)]
        while waiting:
            result = waiting.pop(0).result()
            waiting += [pool.submit(one, case) for case in islice(queue, 1)]
            yield result
