"""Logs as JSON lines, by an allow-list: event names, ids and counts, never a patient's value, a token or a URL.

A record's own words are the name of an event; everything else comes in `extra={"facts": {...}}`. Rooms speak to the
standard library, so that they need nothing to be heard; structlog makes the lines, of ours and of libraries alike.

Three walls (trust T8). A fact is written only under a name that stands in `FACTS`. Of an exception only its class and
the places in the code are written: its message may repeat what the request held. Of a library's record only the
literal of its source is written, with its blanks unfilled, and nothing where the library had filled them itself.
"""

import logging
import sys
import threading
from collections.abc import MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from structlog.processors import JSONRenderer
from structlog.stdlib import ProcessorFormatter

FACTS = frozenset({
    # who called, what, and how it ended
    "tenant", "hook", "instance", "service", "status", "code", "at", "ran", "ms", "explained",
    # what was found: ids of rules, names of elements and keys of ours, counts
    "rules", "silent", "broken", "cards", "drafts", "draft_notes", "not_checked", "knowledge", "release",
    "release_told_by", "prefetch", "prefetch_states", "entries", "new", "bad", "calls",
    # a registered FHIR server by host and port, and the state of its circuit breaker
    "server", "state",
    # what went wrong: classes of exceptions, places in the code, sentences of ours
    "error", "where", "cause", "reason", "fault", "effect",
    # the start, and what an operator changed
    "notice", "version", "changes", "change", "clients", "keys", "left_out",
})  # fmt: skip
"""Every name under which a fact may be written. A new one needs a thought about where its values come from."""

_OURS = "cds_service"
_log = logging.getLogger(__name__)
_HOUSE = Path(__file__).parents[2]
_PLACES = 5
_LONGEST = 300
# What gunicorn says of itself: addresses to listen on, process ids and signals. Nothing of a request.
_PROCESSES = frozenset({
    "Starting gunicorn %s", "Listening at: %s (%s)", "Using worker: %s", "Booting worker with pid: %s",
    "Worker exiting (pid: %s)", "Handling signal: %s", "Shutting down: %s", "Worker (pid:%s) was sent %s!",
    "Worker (pid:%s) was sent %s! Perhaps out of memory?", "Worker (pid:%s) exited with code %s",
    "Worker (pid:%s) exited with code %s.", "WORKER TIMEOUT (pid:%s)", "Connection in use: %s", "Retrying in 1 second.",
    "Can't connect to %s", "graceful stop of workers", "Autorestarting worker after current request.",
})  # fmt: skip


def fault_facts(error: BaseException) -> dict[str, Any]:
    """What may be said of an exception: its class, and where in this package it passed, innermost last."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(_HOUSE):
            places.append(f"{path.relative_to(_HOUSE.parent).as_posix()}:{trace.tb_lineno}")
        trace = trace.tb_next
    return {"error": type(error).__name__, "where": places[-_PLACES:]}


def _allowed(_: Any, __: str, seen: MutableMapping[str, Any]) -> dict[str, Any]:
    """The line of a record: time (UTC), level, logger, event, then the facts whose names are known.

    `withheld` counts facts of other names, without the names, since these may be a stranger's words too.
    """
    record: logging.LogRecord = seen["_record"]
    line = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "event": seen["event"] if record.name.startswith(_OURS) else _literal(record),
    }
    facts: dict[str, Any] = getattr(record, "facts", {})
    if facts.keys() <= FACTS:
        line |= facts
    else:
        line |= {name: value for name, value in facts.items() if name in FACTS}
        line["withheld"] = len(facts.keys() - FACTS)
    if record.exc_info and record.exc_info[1] is not None:
        line |= fault_facts(record.exc_info[1])
    return line


def _literal(record: logging.LogRecord) -> str:
    """What a library's source says. Without blanks it cannot be told from a text that was filled before."""
    if record.name == "gunicorn.error" and record.msg in _PROCESSES:
        return record.getMessage()[:_LONGEST]
    if hasattr(record, "facts") or (record.args and isinstance(record.msg, str)):
        return str(record.msg)[:_LONGEST]
    return "a library's own words"


def _written(line: dict[str, Any], default: object = None) -> str:
    try:
        return orjson.dumps(line, default=_kind).decode()
    except TypeError:  # half a character, or a number beyond 64 bits: the line stays, without its facts
        kept = {name: line[name] for name in ("time", "level", "logger")}
        return orjson.dumps({**kept, "event": repr(line["event"]), "withheld": len(line) - len(kept) - 1}).decode()


def _kind(value: object) -> str:
    """Of what is no JSON, the class: what it would say of itself may be anything."""
    return type(value).__name__


class JsonLines(ProcessorFormatter):
    """One line a record, for any handler."""

    def __init__(self) -> None:
        super().__init__(processors=(_allowed, JSONRenderer(serializer=_written)))

    def format(self, record: logging.LogRecord) -> str:
        """structlog's chain without the copy it makes of each record: nothing changes it here, and it takes 15 µs."""
        line: Any = {"event": record.msg, "_record": record}
        for process in self.processors:
            line = process(None, record.levelname, line)
        return str(line)


def configure_logging(level: str) -> None:
    """Send this service's records to standard error as JSON lines; libraries speak up only from WARNING on.

    urllib3 is quieter still, since its warnings name the URL, and a FHIR search holds a patient's id. What no line
    shows (the place of the call, thread and process) is not looked up for any. Whatever else Python would write there
    by itself, a warning or the end of a thread, becomes a line too.
    """
    logging._srcfile = None  # as "Optimization" in the logging HOWTO of Python
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(_OURS).setLevel(level)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    logging.captureWarnings(True)
    threading.excepthook = _tell_thread
    sys.unraisablehook = _tell_unraisable


def _tell_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        _log.error("thread-broke", extra={"facts": fault_facts(ended.exc_value)})


def _tell_unraisable(lost: Any) -> None:
    if lost.exc_value is not None:
        _log.error("fault-where-none-can-be-raised", extra={"facts": fault_facts(lost.exc_value)})
