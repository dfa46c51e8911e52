"""An exchange as a case that may be kept: without its person, moved to another time, and with the same findings.

The first try drops all free text. Where the findings rested on words, the second keeps those words of a text that
stand in our own value sets. A case that still finds something else is not kept: it would say something untrue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from cds_service.cli.asking import Ask
from cds_service.cli.cases import Case, shape_faults, tagged
from cds_service.cli.comparison import findings_of, leader_of, speaks_of_findings
from cds_service.cli.kinds import kind_of, ordered, roles
from cds_service.cli.moved_dates import moved
from cds_service.cli.updating import expected_card
from cds_service.fhir.deidentified import Deidentifier, Words
from cds_service.fhir.validation import placed, releases_of

_MOST_DAYS = 364
Findings = list[tuple[Any, list[tuple[Any, Any, list[str]]]]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A case that may be written. `words` says what became of free text."""

    request: Mapping[str, Any]
    expected: Mapping[str, Any]
    words: Words


@dataclass(frozen=True, slots=True)
class NotKept:
    """Why an exchange did not become a case, in words without anything of the exchange."""

    reason: str


def kept_case(
    call: Mapping[str, Any], cards: Sequence[Mapping[str, Any]], today: date, salt: bytes, ask: Ask
) -> Kept | NotKept:
    """`cards` are what was answered on the day `today`; `ask` answers cases in this process."""
    original = Case("recorded", call, {"as_of": today.isoformat()})
    told = cards
    if not any(speaks_of_findings(card) for card in cards):  # silence, or another service than this one
        reply = ask(original)
        if reply.fault:
            return NotKept(f"it cannot be answered in this process: {reply.fault}")
        if not cards and reply.cards:
            return NotKept("the service was silent, and these rules are not")
        told = reply.cards
    for words in (Words.NONE, Words.KNOWN):
        reader = Deidentifier(salt, words)
        case = _bare_case(reader, call, today)
        reply = ask(case)
        if not reply.fault and _findings(reply.cards, None) == _findings(told, reader):
            return Kept(case.request, _expected(case, reply.cards), words)
    return NotKept("without its free text and what came from the record server, the findings are others")


def _bare_case(reader: Deidentifier, call: Mapping[str, Any], today: date) -> Case:
    request = reader.request(call, str(uuid4()))
    patient = request.get("prefetch", {}).get("patient")
    if isinstance(patient, Mapping) and patient.get("resourceType") == "Patient":
        request["prefetch"]["patient"] = tagged(patient)
    case = Case("recorded", request, {"as_of": today.isoformat(), "cards": [], "never": []})
    return moved(case, today - timedelta(days=days_back(reader, call)))[0]


def days_back(reader: Deidentifier, call: Mapping[str, Any]) -> int:
    """From 1 to 364 days, always the same for one patient of one run."""
    context = call.get("context")
    patient = context.get("patientId") if isinstance(context, Mapping) else ""
    return 1 + int(reader.name(f"days of {reader.reference(str(patient))}")[1:], 16) % _MOST_DAYS


def _findings(cards: Sequence[Mapping[str, Any]], reader: Deidentifier | None) -> Findings:
    """What each card is about and rests on; with a `reader`, under the names that its records have afterwards."""
    named = reader.reference if reader else str
    return [
        (
            leader_of(card),
            [(rule, urgency, sorted(map(named, map(str, on)))) for rule, urgency, on in findings_of(card)],
        )
        for card in cards
    ]


def _expected(case: Case, cards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    named = partial(kind_of, drafts=roles(case.request), before=ordered(case.request))
    about = [str(leader_of(card)) for card in cards]
    made = {
        "title": f"A recorded and de-identified call of {case.request['hook']}: {', '.join(about) or 'no card'}."[:239],
        "synthetic": True,
        "as_of": case.expected["as_of"],
        "release": releases_of(list(placed(case.request))),
        "cases": [],
        "rulebook": "recorded",
        "tags": ["recorded"],
        "cards": [expected_card(card, named) for card in cards],
        "never": [],
    }
    if shape_faults("expected", made):  # a suggestion or a record without a name that a case can say
        made["cards"] = [_bare(card) for card in made["cards"]]
    return made


def _bare(card: Mapping[str, Any]) -> dict[str, Any]:
    findings = [{"rule": one["rule"], "indicator": one["indicator"]} for one in card["findings"]]
    return {"leader": card["leader"], "indicator": card["indicator"], "findings": findings}
