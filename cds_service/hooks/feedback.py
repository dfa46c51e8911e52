"""What clients say became of a card, read from the specification's shape and from those that are really sent.

A batch is judged entry by entry: a client that sends nine good reports and a bad one would send all ten again, and
again, if the bad one cost the nine.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cds_service.errors import InvalidFeedback, TooManyEntries
from cds_service.hooks.request import MOST_ENTRIES
from cds_service.hooks.schemas import Fault, schema


@dataclass(frozen=True, slots=True)
class FeedbackEvent:
    """One outcome of one card. `at` is UTC. `suggestions` are the uuids accepted, none where it was overridden.

    `reason_code` is the first coded reason, empty where none was given. `comment` is free text that may hold anything
    about a patient, so it stays out of logs and of the store; whether there was one is worth counting.
    """

    card: str
    outcome: str
    at: datetime
    suggestions: tuple[str, ...] = ()
    reason_code: str = ""
    reason_system: str = ""
    has_comment: bool = False
    comment: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class BadEntry:
    """An entry that cannot be kept: its place in the list, the path and the sentence."""

    index: int
    path: str
    text: str


def read_feedback(
    body: Any, *, most_entries: int = MOST_ENTRIES
) -> tuple[tuple[FeedbackEvent, ...], tuple[BadEntry, ...]]:
    """The good entries and the bad ones of a feedback call.

    Raises InvalidFeedback where the body is not a batch at all, TooManyEntries where it is too long a one.
    """
    batch = body.get("feedback") if isinstance(body, Mapping) else None
    if not isinstance(batch, list) or not batch:
        raise InvalidFeedback(
            "The body must be an object with a list 'feedback' that is not empty.", expression="feedback"
        )
    if len(batch) > most_entries:
        raise TooManyEntries(f"The call holds more than {most_entries} feedback entries.", expression="feedback")
    good: list[FeedbackEvent] = []
    bad: list[BadEntry] = []
    for index, entry in enumerate(batch):
        read = schema("feedback").fault(entry) or _event(entry)
        if isinstance(read, Fault):
            text = read.text if read.path else "The entry must be an object."
            bad.append(BadEntry(index, f"feedback[{index}].{read.path}".rstrip("."), text))
        else:
            good.append(read)
    return tuple(good), tuple(bad)


def _event(entry: Mapping[str, Any]) -> FeedbackEvent | Fault:
    at = _moment(entry["outcomeTimestamp"])
    if at is None:
        return Fault("outcomeTimestamp", "format", "outcomeTimestamp must be a date and time that exists.")
    accepted = entry["outcome"] == "accepted"
    reasons = () if accepted else tuple(_reasons(entry))
    code, system = next((coded for coded in map(_coded, reasons) if coded[0]), ("", ""))
    comment = "\n".join(reason["userComment"] for reason in reasons if reason.get("userComment"))
    return FeedbackEvent(
        card=_canonical(entry["card"]),
        outcome=entry["outcome"],
        at=at,
        suggestions=_accepted(entry) if accepted else (),
        reason_code=code,
        reason_system=system,
        has_comment=bool(comment),
        comment=comment,
    )


def _accepted(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_canonical(suggestion["id"]) for suggestion in entry["acceptedSuggestions"]))


def _canonical(uuid: str) -> str:
    """Ours are lower case; a client may have stored them as a database spells a UUID."""
    return uuid.strip().lower()


def _reasons(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key in ("overrideReason", "overrideReasons"):
        value = entry.get(key)
        if isinstance(value, list):
            yield from value
        elif value is not None:
            yield value


def _coded(reason: Mapping[str, Any]) -> tuple[str, str]:
    coding = reason.get("reason") or reason
    return (coding.get("code") or "").strip(), (coding.get("system") or "").strip()


def _moment(stamp: str) -> datetime | None:
    """A moment in UTC. A leap second counts as the second that follows it, as on the clocks of most machines.

    Leap seconds stand at the end of a month, 23:59:60 UTC (RFC 3339 section 5.7, ITU-R TF.460-6); elsewhere, a 60 is
    no second. The schema has seen the spelling, except that one of its two readers lets a line break follow.
    """
    leaps = stamp[17:19] == "60"
    try:
        written = f"{stamp[:17]}59{stamp[19:]}" if leaps else stamp
        moment = datetime.fromisoformat(written.upper()).astimezone(UTC) + timedelta(seconds=leaps)
    except (ValueError, OverflowError):
        return None
    if leaps and (moment.day, moment.hour, moment.minute, moment.second) != (1, 0, 0, 0):
        return None
    return moment
