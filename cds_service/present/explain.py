"""Why an answer is what it is, as data: what was looked at, why each rule did or did not fire, what hid what.

References, codes, dates and our own words only: no text of the record, so that an explanation may be kept where the
record may not. No rule explains itself. Each is run once more against a case that notes what is asked of it; rules are
pure functions, so the second run says why the first one ended as it did. It costs time and is made only when asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, cast

from cds_service.definitions.case import Case, is_naltrexone, is_opioid
from cds_service.definitions.exposure import Exposure, Reading
from cds_service.definitions.thresholds import Thresholds
from cds_service.definitions.usable import dated
from cds_service.fhir.answers import Answer as Read
from cds_service.fhir.gather import Fetch, Fetched
from cds_service.hooks.prefetch import TEMPLATES, fill
from cds_service.hooks.request import HookRequest
from cds_service.present.cards import Context, Shown, sift
from cds_service.present.knowledge import Knowledge
from cds_service.present.priority import WHY, Hidden
from cds_service.present.site import OFF, SILENT
from cds_service.record import DraftOrder, Finding, Medication, PatientRecord, Shortfall
from cds_service.rules import rules

FIRED, QUIET, HIDDEN, NOT_AT_HOOK, RECORDED, SWITCHED_OFF, BROKE = (
    "fired", "silent", "hidden", "not-at-this-hook", "recorded", "off", "broke",
)  # fmt: skip
OUTCOMES = {
    FIRED: "shown on a card",
    QUIET: "did not fire",
    HIDDEN: "fired and is hidden",
    NOT_AT_HOOK: "fired and is not shown at this hook",
    RECORDED: "fired and is recorded only",
    SWITCHED_OFF: "switched off by the site, not evaluated",
    BROKE: "could not be evaluated (internal fault)",
}
_CLASSES: Mapping[str, tuple[str, ...]] = {
    "medications": ("medStatements", "medRequests", "medDispenses", "medAdministrations"),
    "first_line": ("medStatements", "medRequests"),
    "conditions": ("conditions",),
    "observations": ("pregnancyObs", "labs", "toxLabs", "outcomes"),
    "allergies": ("allergies",),
    "procedures": ("procedures", "serviceRequests", "appointments"),
    "lab_orders": ("serviceRequests",),
    "patient": ("patient",),
    "encounter": ("encounter",),
}
"""Part of the record -> the prefetch keys that fill it."""
_OBSERVED = {"pregnancy": "pregnancyObs", "liver": "labs", "opioid": "toxLabs", "follow-up": "outcomes"}
_GATES = {
    "naltrexone_drafts": "no naltrexone draft in this session",
    "naltrexone_judged": "no naltrexone draft judged",
    "opioid_drafts": "no opioid draft in this session",
    "opioid_judged": "no opioid draft judged",
    "new_starts": "no judged draft is a new start",
    "ldn_renewals": "no judged draft renews low-dose naltrexone",
    "opioids": "no opioid on the record",
    "naltrexone": "no naltrexone on the record",
    "washouts": "no opioid that ended is still inside its interval",
    "takes_low_dose": "low-dose naltrexone is not current",
    "course": "no course of low-dose naltrexone with a known start",
    "intolerance": "no intolerance of naltrexone on the record",
    "surgery": "no operation ahead inside the time looked at",
    "age_span": "no birth date",
    "all_renewals": "",
    "drafts": "no live draft",
}
"""What a rule asked of the case last, where the answer was "nothing": that is why it ended there."""
NO_EVIDENCE = "no evidence met the rule's conditions"
NOT_CONCERNED = "no live draft concerns naltrexone or an opioid; the record was not read"


@dataclass(slots=True)
class Asked:
    """What one rule asked: facts of the case in order with whether there was anything, parts of the record, numbers.

    A part of the record is true where the rule looked at it itself, false where a fact did so for it.
    """

    facts: dict[str, bool] = field(default_factory=dict)
    parts: dict[str, bool] = field(default_factory=dict)
    numbers: dict[str, None] = field(default_factory=dict)
    depth: int = 0
    last: str = ""

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What is asked meanwhile is a fact's own asking."""
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    def note(self, name: str, there: bool) -> None:
        if self.depth == 0:
            self.facts[name] = there
            self.last = name


class _WatchedRecord:
    def __init__(self, record: PatientRecord, asked: Asked) -> None:
        self._record = record
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        if name in _CLASSES:
            self._asked.parts[name] = self._asked.parts.get(name, False) or self._asked.depth == 0
        return getattr(self._record, name)


class _WatchedRows(Mapping[str, Any]):
    def __init__(self, rows: Mapping[str, Any], at: str, asked: Asked) -> None:
        self._rows = rows
        self._at = at
        self._asked = asked

    def __getitem__(self, row: str) -> Any:
        return _WatchedNumbers(self._rows[row], f"{self._at}.{row}", self._asked)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class _WatchedNumbers:
    """A table of numbers that notes which of them were read; tables of tables hand out tables like it."""

    def __init__(self, table: Any, at: str, asked: Asked) -> None:
        self._table = table
        self._at = at
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._table, name)
        place = f"{self._at}.{name}".lstrip(".")
        if isinstance(value, Mapping):
            return _WatchedRows(value, place, self._asked)
        if hasattr(value, "__dataclass_fields__"):
            return _WatchedNumbers(value, _written(place), self._asked)
        self._asked.numbers[place] = None
        return value


def _written(place: str) -> str:
    """Where a table stands in the file: Child-Pugh is written below the liver."""
    return {"child_pugh": "liver.child_pugh"}.get(place, place)


class _WatchedCase(Case):
    """A case that notes what a rule asks of it; what a fact asks of other facts is not the rule's asking."""

    def __getattribute__(self, name: str) -> Any:
        value_of = super().__getattribute__
        if name.startswith("_") or name not in _FACTS:
            return value_of(name)
        asked = cast(Asked, value_of("__dict__")["_asked"])
        if callable(getattr(Case, name, None)):
            return _noted(value_of(name), name, asked)
        with asked.inside():
            value = value_of(name)
        asked.note(name, bool(value))
        return value


def _noted(method: Callable[..., Any], name: str, asked: Asked) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        with asked.inside():
            value = method(*arguments)
        asked.note(name, bool(value))
        return value

    return call


_PLAIN = frozenset({"record", "thresholds", "today"})
_FACTS = (frozenset(name for name in dir(Case) if not name.startswith("_")) | {"drafts", "hook"}) - _PLAIN


def watched(case: Case) -> tuple[Case, Asked]:
    """The case, and the notes of what will be asked of it."""
    asked = Asked()
    made = object.__new__(_WatchedCase)
    values = {one.name: getattr(case, one.name) for one in fields(Case)}
    values["record"] = cast(PatientRecord, _WatchedRecord(case.record, asked))
    values["thresholds"] = cast(Thresholds, _WatchedNumbers(case.thresholds, "", asked))
    vars(made).update(values, _asked=asked)
    return made, asked


@dataclass(slots=True)
class Queries:
    """A fetch that notes what it was asked and how that ended: query -> (cause, resources)."""

    fetch: Fetch
    asked: dict[str, tuple[str, int]] = field(default_factory=dict)

    def __call__(self, queries: tuple[str, ...]) -> Mapping[str, Fetched]:
        answers = self.fetch(queries)
        for query in queries:
            got = answers.get(query, Fetched(cause="timeout"))
            self.asked[query] = (got.cause, _count(got.value))
        return answers


@dataclass(frozen=True, slots=True)
class Told:
    """What an explanation is made of; `findings` are the rules' own, before the site's wishes."""

    request: HookRequest
    case: Case
    findings: tuple[Finding, ...]
    applied: tuple[Finding, ...]
    broken: tuple[str, ...]
    cards: tuple[Shown, ...]
    context: Context
    wanted: tuple[str, ...]
    answers: tuple[Read, ...]
    queries: Mapping[str, tuple[str, int]]


def explain(told: Told) -> dict[str, Any]:
    """The explanation of one answer; nothing in it is null or empty."""
    case, knowledge = told.case, told.context.knowledge
    _, hidden = sift(told.applied, case, told.context)
    explained = {
        "knowledgeVersion": knowledge.version,
        "asOf": case.today,
        "hook": case.hook,
        "release": told.context.session.release,
        "rules": [_rule(rule, told, hidden) for rule in _ordered(knowledge)],
        "data": [_data(key, told) for key in TEMPLATES],
        "drafts": [_draft(order, case) for order in case.drafts],
        "exposures": [_exposure(exposure) for exposure in _exposures(case)],
        "facts": _facts(case),
        "suppression": [
            {"rule": one.finding.rule, "why": one.why, "text": WHY[one.why], "by": list(one.by)} for one in hidden
        ],
        "site": [{"change": change.what, "reason": change.reason} for change in knowledge.changes],
    }
    return cast(dict[str, Any], _pruned(explained))


def explain_silence(request: HookRequest, today: date, knowledge: Knowledge) -> dict[str, Any]:
    """The explanation where no draft concerns naltrexone or an opioid: no rule was asked."""
    silent = [
        {"id": rule, "number": knowledge.cards[rule].number, "outcome": QUIET, "because": NOT_CONCERNED}
        for rule in _ordered(knowledge)
    ]
    explained = {"knowledgeVersion": knowledge.version, "asOf": today, "hook": request.hook, "rules": silent}
    return cast(dict[str, Any], _pruned(explained))


def _ordered(knowledge: Knowledge) -> list[str]:
    return sorted(rules(), key=lambda rule: knowledge.cards[rule].number)


def _rule(rule: str, told: Told, hidden: Iterable[Hidden]) -> dict[str, Any]:
    knowledge = told.context.knowledge
    card = knowledge.cards[rule]
    said: dict[str, Any] = {"id": rule, "number": card.number, "family": card.family}
    if knowledge.site.mode(rule) == OFF:
        return {**said, "outcome": SWITCHED_OFF, "because": knowledge.site.rules[rule].reason}
    finding = next((one for one in told.applied if one.rule == rule), None)
    own = next((one for one in told.findings if one.rule == rule), None)
    case, asked = watched(told.case)
    if rule not in told.broken:
        rules()[rule](case)
    said |= _outcome(rule, finding, told, hidden)
    if finding is not None and own is not None:
        said["indicator"] = finding.indicator.word
        said["wording"] = finding.wording
        if own.indicator is not finding.indicator:
            said["indicatorOfTheRule"] = own.indicator.word
        said["evidence"] = [_evidence(reference, told.case) for reference in finding.evidence]
        said["proposes"] = list(dict.fromkeys(proposal.kind for proposal in finding.proposals))
    elif said["outcome"] == QUIET:
        said["because"] = _because(asked, told.case)
        said["state"] = {name: state(told.case) for name, state in _STATES.items() if name in asked.facts}
    said["lookedAt"] = [*asked.facts, *(f"record.{part}" for part in asked.parts)]
    said["thresholds"] = [
        {"name": name, "value": _number(knowledge, name), **_source(knowledge, name)} for name in sorted(asked.numbers)
    ]
    missing = finding.shortfalls if finding and finding.shortfalls else _missing(asked, card.family, told.case)
    said["missing"] = [_shortfall(one) for one in missing]
    return said


def _outcome(rule: str, finding: Finding | None, told: Told, hidden: Iterable[Hidden]) -> dict[str, Any]:
    if rule in told.broken:
        return {"outcome": BROKE}
    if finding is None:
        return {"outcome": QUIET}
    verdict = next((one for one in hidden if one.finding.rule == rule), None)
    if verdict is None:
        if any(rule == one.rule for shown in told.cards for one in shown.findings):
            return {"outcome": FIRED}
        if finding.item and _rides(finding, told):
            return {"outcome": FIRED, "because": "an item on a card that is shown anyway"}
        return {"outcome": HIDDEN, "because": "an item whose card is not shown"}
    if verdict.why == "silent":
        by_site = told.context.knowledge.site.mode(rule) == SILENT
        why = "the site keeps this rule silent" if by_site else "the rule itself records it without a card"
        return {"outcome": RECORDED, "because": why}
    outcome = NOT_AT_HOOK if verdict.why == "at-sign" else HIDDEN
    return {"outcome": outcome, "because": WHY[verdict.why], "by": list(verdict.by)}


def _rides(finding: Finding, told: Told) -> bool:
    cards = told.context.knowledge.cards
    family = finding.family or cards[finding.rule].family
    return any((shown.findings[0].family or cards[shown.findings[0].rule].family) == family for shown in told.cards)


def _because(asked: Asked, case: Case) -> str:
    """The last thing that was asked and came to nothing, else that the evidence did not suffice."""
    if asked.last in _GATES and not asked.facts[asked.last] and _GATES[asked.last]:
        said = _GATES[asked.last]
        if asked.last == "new_starts" and case.naltrexone_judged:
            said += f" ({', '.join(sorted({case.treatment(order) for order in case.naltrexone_judged}))})"
        return said
    own = [part for part, itself in asked.parts.items() if itself]
    if own and not any(getattr(case.record, part) for part in own):
        return f"{NO_EVIDENCE}: nothing on record under {', '.join(one.replace('_', ' ') for one in own)}"
    return NO_EVIDENCE


def _each(judge: Callable[[Case, DraftOrder], str]) -> Callable[[Case], list[str]]:
    return lambda case: [judge(case, order) for order in case.naltrexone_judged]


_STATES: Mapping[str, Callable[[Case], Any]] = {
    "opioids": lambda case: {one.ingredient: _state(one) for one in case.opioids} or "none",
    "naltrexone": lambda case: _state(case.naltrexone) if case.naltrexone else "none",
    "washouts": lambda case: {one.ingredient: one.earliest_clear or "no date" for one in case.washouts} or "none",
    "order_class": _each(lambda case, order: case.order_class(order).name),
    "treatment": _each(lambda case, order: case.treatment(order)),
    "new_starts": _each(lambda case, order: case.treatment(order)),
    "all_renewals": _each(lambda case, order: case.treatment(order)),
    "pregnancy": lambda case: {
        "positive": len(case.pregnancy.positive),
        "doubtful": [one.reference for one in case.pregnancy.doubtful],
    },
    "liver": lambda case: case.liver.state,
    "age_span": lambda case: list(case.age_span) if case.age_span else "unknown",
    "course": lambda case: case.course.since if case.course else "none",
    "surgery": lambda case: case.surgery.on if case.surgery else "none",
    "hook": lambda case: case.hook,
}
"""What several rules share, as it stood when a silent rule asked for it."""


def _missing(asked: Asked, family: str, case: Case) -> list[Shortfall]:
    """What could not be had of the data that the rule looked at."""
    keys = {key for part in asked.parts for key in _CLASSES[part]}
    narrow = _OBSERVED.get(family)
    if narrow and "observations" in asked.parts:
        keys -= set(_CLASSES["observations"]) - {narrow}
    return [one for one in case.record.shortfalls if one.data in keys]


def _shortfall(one: Shortfall) -> dict[str, Any]:
    return {"data": one.data, "cause": one.cause, **({"count": one.count} if one.count else {})}


def _number(knowledge: Knowledge, name: str) -> Any:
    return knowledge.numbers_said[name].value if name in knowledge.numbers_said else None


def _source(knowledge: Knowledge, name: str) -> dict[str, str]:
    if name not in knowledge.numbers_said:
        return {}
    said = knowledge.numbers_said[name]
    return {"unit": said.unit, "source": said.source, "decidedBy": said.decided_by}


def _evidence(reference: str, case: Case) -> dict[str, Any]:
    return {"reference": reference, **_of(reference, case)}


def _of(reference: str, case: Case) -> dict[str, Any]:
    """Dates, status and groups of what a reference names; nothing where it is no part of the record."""
    record = case.record
    for medication in record.medications:
        if medication.reference == reference:
            return {"status": medication.status, "dates": _medication_dates(medication), "groups": _drugs(medication)}
    for condition in record.conditions:
        if condition.reference == reference:
            status = f"{condition.clinical} {condition.verification}".strip()
            dates = {"on": dated(condition), "recorded": condition.recorded, "abated": condition.abated}
            return {"status": status, "dates": dates, "groups": sorted(condition.groups)}
    for result in record.observations:
        if result.reference == reference:
            dates = {"taken": result.taken, "value": result.date_value}
            return {"status": result.status, "dates": dates, "groups": [result.group, *sorted(result.answers)]}
    for allergy in record.allergies:
        if allergy.reference == reference:
            status = f"{allergy.clinical} {allergy.verification}".strip()
            return {"status": status, "dates": {"recorded": allergy.recorded}, "groups": sorted(allergy.groups)}
    for procedure in record.procedures:
        if procedure.reference == reference:
            dates = {"first": procedure.first, "last": procedure.last}
            return {"status": procedure.status, "dates": dates, "groups": sorted(procedure.groups)}
    return {}


def _medication_dates(one: Medication) -> dict[str, Any]:
    names = ("starts", "ends", "at", "authored", "asserted", "handed_over", "prepared", "status_changed")
    return {name: getattr(one, name) for name in names}


def _drugs(one: Medication) -> list[str]:
    own = [opioid.ingredient for opioid in one.drug.opioids]
    return own if own or one.drug.naltrexone is None else ["naltrexone"]


def _data(key: str, told: Told) -> dict[str, Any]:
    """How one prefetch key was answered; `answered` is prefetch, null, fetched, failed or not-needed."""
    if key not in told.wanted:
        return {"key": key, "answered": "not-needed"}
    mine = [one for one in told.answers if key in one.keys or key in one.refused]
    whole = [one for one in mine if key in one.keys and not one.cause and not one.null]
    null = any(one.null for one in mine)
    asked = _queried(key, told)
    lapses = [one for one in told.case.record.shortfalls if one.data == key]
    lost = [one for one in lapses if not one.count]
    causes = [one.refused.get(key) or one.cause for one in mine]
    count = sum(len(one.resources) for one in mine)
    if lost:
        answered = "failed"
    elif asked is not None:
        answered, count = "fetched", asked[1]
    elif whole:
        answered = "prefetch"
    else:
        answered = "null" if null else "prefetch"
    return {
        "key": key,
        "answered": answered,
        "cause": lost[0].cause if lost else "",
        "prefetch": "null" if null else next((cause for cause in causes if cause), "whole" if whole else "absent"),
        "resources": count,
        "problems": [_shortfall(one) for one in lapses if one.count],
    }


def _queried(key: str, told: Told) -> tuple[str, int] | None:
    wanted = fill(TEMPLATES[key], told.request)
    older = {"MedicationRequest?": "MedicationOrder?", "ServiceRequest?": "ProcedureRequest?"}
    spelled = {wanted, *(wanted.replace(new, old) for new, old in older.items())}
    return next((told.queries[query] for query in told.queries if query in spelled), None)


def _count(value: Any) -> int:
    if not isinstance(value, Mapping):
        return 0
    entries = value.get("entry")
    if value.get("resourceType") == "Bundle":
        return len(entries) if isinstance(entries, list) else 0
    return 1


def _draft(order: DraftOrder, case: Case) -> dict[str, Any]:
    said: dict[str, Any] = {"reference": order.reference, "selected": order.selected, "starts": order.starts}
    if is_naltrexone(order):
        found = case.order_class(order)
        dose = found.dose
        return {
            **said,
            "drug": "naltrexone",
            "class": found.name,
            "reasons": sorted(found.reasons),
            "treatment": case.treatment(order),
            "dose": {
                "mgADay": dose.mg,
                "firstMg": dose.first_mg,
                "steps": len(dose.steps),
                "readable": dose.mg is not None,
            },
        }
    if is_opioid(order):
        assert order.drug is not None
        return {**said, "drug": "opioid", "ingredients": [opioid.ingredient for opioid in order.drug.opioids]}
    return {**said, "drug": "other" if order.names_drug else "not named"}


def _exposures(case: Case) -> list[Exposure]:
    own = [case.naltrexone] if case.naltrexone else []
    return [*case.opioids, *own, *case.anticoagulants]


def _exposure(exposure: Exposure) -> dict[str, Any]:
    """One ingredient with each of its records and what was made of it."""
    return {
        "ingredient": exposure.ingredient,
        "name": exposure.name,
        "state": _state(exposure),
        "since": exposure.since,
        "last": exposure.last,
        "fills": list(exposure.fills),
        **{state: [_reading(reading) for reading in readings] for state, readings in _groups(exposure).items()},
    }


def _groups(exposure: Exposure) -> dict[str, tuple[Reading, ...]]:
    return {
        "current": exposure.current,
        "uncertain": exposure.uncertain,
        "ended": exposure.ended,
        "old": exposure.old,
        "contradicting": exposure.denials,
    }


def _state(exposure: Exposure) -> str:
    return next((state for state, readings in _groups(exposure).items() if readings), "none")


def _reading(reading: Reading) -> dict[str, Any]:
    return {
        "reference": reading.medication.reference,
        "status": reading.medication.status,
        "interval": reading.washout,
        "since": reading.since,
        "last": reading.last,
        "assumed": reading.assumed,
        "why": reading.why,
    }


def _facts(case: Case) -> dict[str, Any]:
    """The state of what several rules share: pregnancy, liver, washouts, treatment, surgery, age."""
    pregnancy, liver, course = case.pregnancy, case.liver, case.course
    score = liver.child_pugh
    return {
        "pregnancy": {
            state: [{"kind": one.kind, "reference": one.reference, "on": one.on, "due": one.due} for one in found]
            for state, found in (("positive", pregnancy.positive), ("doubtful", pregnancy.doubtful))
        },
        "liver": {
            "state": liver.state,
            "cirrhosis": list(liver.cirrhosis),
            "since": liver.cirrhosis_on,
            "markers": [{"reference": one.reference, "on": one.on} for one in liver.markers],
            "childPugh": {
                "grade": score.grade if score else "",
                "points": score.points if score else None,
                "evidence": list(score.evidence) if score else [],
            },
            "testsWithoutResult": list(liver.untested),
        },
        "washouts": [
            {
                "ingredient": one.ingredient,
                "interval": one.row,
                "last": one.last,
                "assumed": one.assumed,
                "minimum": one.earliest_minimum,
                "clear": one.earliest_clear,
                "evidence": list(one.evidence),
            }
            for one in case.washouts
        ],
        "course": {"since": course.since, "days": course.days, "evidence": list(course.evidence)} if course else {},
        "surgery": {"on": case.surgery.on, "evidence": list(case.surgery.references)} if case.surgery else {},
        "age": {"oldest": case.age_span[0], "youngest": case.age_span[1]} if case.age_span else {},
        "unansweredLists": sorted(case.unanswered_lists),
    }


def _pruned(value: Any) -> Any:
    """Without null and without anything empty, at any depth (cds-hooks 3, 4); dates as they are written."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        kept = {str(name): _pruned(part) for name, part in value.items()}
        return {name: part for name, part in kept.items() if not _is_empty(part)}
    if isinstance(value, list | tuple):
        return [part for part in map(_pruned, value) if not _is_empty(part)]
    return value


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)
