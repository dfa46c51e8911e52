"""Fault × safety input × hook: one call for each cell, with its own hostile EHR, and what is wrong with the answer.

In a cell everything but the faulty input comes as prefetch; `all` has no prefetch and the fault everywhere.
"""

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from network import watched

from cds_service.cli.cases import located, read_case
from cds_service.cli.moved_dates import moved
from cds_service.hooks.prefetch import TEMPLATES, fill
from cds_service.hooks.request import read_request
from cds_service.hostile.desk import call_through
from cds_service.hostile.ehr import ALL, SLOW_NAME, HostileEhr
from cds_service.hostile.exchange import Pace
from cds_service.hostile.fault import HONEST, Expects, Place, faults
from cds_service.hostile.journal import Arrival
from cds_service.hostile.names import slow_names
from cds_service.hostile.records import Records
from cds_service.running import Service
from cds_service.service import Answer
from cds_service.settings import Settings

BUDGET = 0.5
MARGIN = 0.15
PLENTY = 4.5
"""Seconds: how long an answer may take beyond its budget (trust.md, "never late")."""

OPIOID = "opioid-active/fires-c02-oxycodone-statement-active"
CLEAN = "opioid-active/silent-c01-baseline"
INPUTS = ("medStatements", "medRequests", "conditions", "allergies", "pregnancyObs", "labs", "patient", ALL)
# The patient with nothing against the order is the one for whom silence would be taken for an all-clear.
SCENES = (
    (OPIOID, "order-select"),
    (OPIOID, "order-sign"),
    (OPIOID, "medication-prescribe"),
    (CLEAN, "order-sign"),
)
NONE = "no-records"
MUST_BE_SAID = {"medStatements", "medRequests", "conditions", "allergies", "pregnancyObs", "labs"}
LANES, WAITING_LANES = 6, 16
"""Cells at once. Where a client is to give up, most of the time is waiting, and more of them can wait together."""
RETRIES = 2
MET = [name for name, one in faults().items() if one.place is not Place.KEYS]


@dataclass(frozen=True, slots=True)
class Cell:
    fault: str
    data: str
    case: str
    hook: str

    def __str__(self) -> str:
        return f"{self.fault} on {self.data}, {self.hook}, {self.case.partition('/')[2]}"


@cache
def record(case: str) -> tuple[Records, Mapping[str, Any]]:
    """The record and the call of a case whose day is today."""
    today, _ = moved(read_case(located(case)), date.today())
    return Records.of_case(today.request, today.server), today.request


def body(cell: Cell, base: str) -> dict[str, Any]:
    """The call of a cell: its hook's context, and prefetch of everything but the faulty input."""
    made: dict[str, Any] = json.loads(_anywhere(cell.data, cell.case, cell.hook).replace(_ANYWHERE, base))
    return made


_ANYWHERE = "http://base-of-the-cell.invalid"


@cache
def _anywhere(data: str, case: str, hook: str) -> str:
    """The call as text, with a base that stands for any: to search the record anew for each fault takes long."""
    records, request = record(case)
    made = call_through(_dressed(request, hook), _ANYWHERE)
    made["hookInstance"] = "3f1f3c6e-4c55-4dc4-8a4c-0b0f6f1f7a10"
    if data != ALL:
        bare = read_request(made, hook)
        keys = [key for key in TEMPLATES if key != data]
        made["prefetch"] = {key: records.answer(_ANYWHERE, fill(TEMPLATES[key], bare))[1] for key in keys}
    return json.dumps(made)


def _dressed(request: Mapping[str, Any], hook: str) -> dict[str, Any]:
    context = dict(request["context"])
    drafts = context.pop("draftOrders")
    context.pop("selections", None)
    if hook == "medication-prescribe":
        return {"hook": hook, "context": {**context, "medications": drafts}}
    if hook == "order-select":
        names = [f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in drafts["entry"]]
        context["selections"] = names
    return {"hook": hook, "context": {**context, "draftOrders": drafts}}


@dataclass(frozen=True, slots=True)
class Outcome:
    answer: Answer
    seconds: float
    strayed: tuple[Arrival, ...]


@cache
def on_loopback(budget: float) -> Service:
    """One service for all cells. Without listed bases it may ask any server on this machine, so that nothing but the
    rules for links and redirects keeps it from the listeners that nobody should call."""
    return Service.from_settings(Settings(deadline_seconds=budget))


class Run:
    """All cells of one fault against one service. Each has an EHR of its own, so that what a client remembers of a
    server that failed it (a breaker, a connection) does not spare it the next cell."""

    def __init__(self, cells: list[Cell], budget: float = BUDGET) -> None:
        self._cells = cells
        self._budget = budget

    def __enter__(self) -> "Run":
        with ExitStack() as stack:
            self._ehrs = {cell: stack.enter_context(_ehr(cell)) for cell in self._cells}
            self._bases = {cell: self._ehrs[cell].base(cell.fault, (cell.data,)) for cell in self._cells}
            self._network = stack.enter_context(watched())
            self._service = on_loopback(self._budget)
            self._patient_service = on_loopback(PLENTY)
            if faults()[self._cells[0].fault].place is Place.SLOW_NAME:
                stack.enter_context(slow_names(3 * BUDGET))
                bases = tuple(self._bases.values())
                self._service = Service.from_settings(Settings(fhir_bases=bases, deadline_seconds=self._budget))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def outcomes(self) -> dict[Cell, Outcome]:
        found = self._all_at_once()
        for cell in self._cells:
            # Out of time among many may be the machine's doing: alone, and more than once, it is not.
            for _ in range(RETRIES):
                if found[cell].seconds > self._budget + MARGIN:
                    found[cell] = self.outcome(cell)
            if expected(cell) is not Expects.SAID and any(judge(cell, found[cell])):
                # What is made of data that are there is asked here, not how fast a busy machine gets through them.
                patient = self._outcome(self._patient_service, cell)
                found[cell] = replace(patient, seconds=found[cell].seconds)
        return found

    def unhurried(self) -> dict[Cell, Outcome]:
        """Once each, with whatever comes of it."""
        return self._all_at_once()

    def _all_at_once(self) -> dict[Cell, Outcome]:
        gives_up = faults()[self._cells[0].fault].expects is Expects.SAID
        with ThreadPoolExecutor(WAITING_LANES if gives_up else LANES) as lanes:
            return dict(zip(self._cells, lanes.map(self.outcome, self._cells), strict=True))

    def outcome(self, cell: Cell) -> Outcome:
        return self._outcome(self._service, cell)

    def _outcome(self, service: Service, cell: Cell) -> Outcome:
        made = read_request(body(cell, self._bases[cell]), cell.hook)
        began = time.monotonic()
        answer = service.answer(made, began)
        return Outcome(answer, time.monotonic() - began, tuple(self._ehrs[cell].strayed))

    def foreign(self) -> set[tuple[str, int]]:
        """Where this process connected to that is no base of these cells."""
        served = {(str(parts.hostname), parts.port or 0) for parts in map(urlsplit, self._bases.values())}
        served |= {("127.0.0.1", port) for host, port in served if host == SLOW_NAME}
        return set(self._network.connections) - served


def expected(cell: Cell) -> Expects:
    """What the fault says; where it is one of lists only, the read of the patient is not touched by it."""
    fault = faults()[cell.fault]
    return Expects.WHOLE if fault.searches_only and cell.data == "patient" else fault.expects


def _ehr(cell: Cell) -> HostileEhr:
    records, request = record(cell.case)
    return HostileEhr(records, names=TEMPLATES, request=request, pace=Pace(slow=0.05, trickle=0.2))


def cells(fault: str) -> list[Cell]:
    return [Cell(fault, data, case, hook) for data in INPUTS for case, hook in SCENES]


@cache
def reference(fault: str) -> Mapping[Cell, Outcome]:
    """The answers to an honest server, or to one that honestly has none of the data."""
    with Run(cells(fault), PLENTY) as run:
        return run.unhurried()


def complaints(fault: str) -> dict[Cell, list[str]]:
    """What is wrong in each cell of a fault; a cell without a complaint is not in it."""
    for honest in (HONEST, NONE):
        reference(honest)  # before anybody watches where this process connects to
    with Run(cells(fault)) as run:
        outcomes = run.outcomes()
        foreign = run.foreign()
    found = {cell: list(judge(cell, outcome)) for cell, outcome in outcomes.items()}
    if foreign:
        for wrong in found.values():
            wrong.append(f"connected to {sorted(foreign)}")
    return {cell: wrong for cell, wrong in found.items() if wrong}


def judge(cell: Cell, outcome: Outcome) -> Iterator[str]:
    """Late, silent, untrue or astray: each in words."""
    honest = reference(HONEST)[replace(cell, fault=HONEST)].answer
    answer = outcome.answer
    expects = expected(cell)
    if outcome.seconds > BUDGET + MARGIN:
        yield f"took {outcome.seconds:.3f} s"
    if not answer.cards and honest.cards and expects is not Expects.EMPTY:
        yield "no card"
    if outcome.strayed:
        yield f"somebody came elsewhere: {outcome.strayed}"
    if expects is Expects.WHOLE and answer.cards != honest.cards:
        yield f"all data were there, and the answer is another one: {_told(answer)}"
    if expects is Expects.EMPTY:
        bare = reference(NONE)[replace(cell, fault=NONE)].answer
        if answer.cards != bare.cards:
            yield f"there were no records, and the answer is another one: {_told(answer)}"
    if expects is Expects.SAID and not _said(cell, answer):
        yield f"not said: {_told(answer)}"
    if expects is Expects.EITHER and answer.cards != honest.cards and not _partly_said(cell, answer):
        yield f"neither used in full nor said: {_told(answer)}"
    opioid_readable = cell.case == OPIOID and cell.data not in ("medStatements", ALL)
    if opioid_readable and "opioid-active" not in shown(answer):
        yield "the opioid is not on a card"


def _said(cell: Cell, answer: Answer) -> bool:
    """A card says that something was not checked, and the service's own log names the input."""
    if cell.data == "labs" and cell.case == OPIOID:  # not asked for beside a critical finding (rulebook, rule 39)
        return any(word.startswith("labs:") for word in answer.log["not_checked"])
    missed = {word.partition(":")[0] for word in answer.log["not_checked"]}
    wanted = MUST_BE_SAID if cell.data == ALL else {cell.data}
    return "data-not-checked" in shown(answer) and wanted <= missed


def _partly_said(cell: Cell, answer: Answer) -> bool:
    """Of many lists some may have been used in full and the others named."""
    if cell.data == ALL:
        return "data-not-checked" in shown(answer) and bool(answer.log["not_checked"])
    return _said(cell, answer)


def shown(answer: Answer) -> set[str]:
    """The rules that stand on the cards as they leave."""
    return {finding["rule"] for card in answer.cards for finding in card["extension"]["org.ldn-cds"]["findings"]}


def _told(answer: Answer) -> str:
    return f"{sorted(shown(answer))}, not checked {answer.log['not_checked']}"
