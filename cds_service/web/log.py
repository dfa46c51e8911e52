"""Logs as JSON lines, by an allow-list: event names, ids and counts, never a patient's value, a token or a URL.

A record's own words are the name of an event; everything else comes in `extra={"facts": {...}}`. Of an exception only
its class and the places in the code are written: its message may repeat what the request held (trust T8).
"""

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

_HOUSE = Path(__file__).parents[1]
_PLACES = 5


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


class JsonLines(logging.Formatter):
    """One line a record: time (UTC), level, logger, event, then the facts."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= fault_facts(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


def configure_logging(level: str) -> None:
    """Send this service's records to standard error as JSON lines; libraries speak up only from WARNING on.

    urllib3 is quieter still, since its warnings name the URL, and a FHIR search holds a patient's id. What no line
    shows (the place of the call, thread and process) is not looked up for any.
    """
    logging._srcfile = None  # as "Optimization" in the logging HOWTO of Python
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("cds_service").setLevel(level)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
