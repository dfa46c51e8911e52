"""Logs as JSON lines, by an allow-list: event names, ids and counts, never a patient's value, a token or a URL.

A record's own words are the name of an event; everything else comes in `extra={"facts": {...}}`. Of an exception only
its class and the places in the code are written: its message may repeat what the request held (trust T8).
"""

import logging
import sys
import traceback
from datetime import UTC, datetime

import orjson


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
            error = record.exc_info[1]
            line["error"] = type(error).__name__
            line["where"] = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-5:]]
        return orjson.dumps(line, default=str).decode()


def configure_logging(level: str) -> None:
    """Send this service's records to standard error as JSON lines; libraries speak up only from WARNING on.

    urllib3 is quieter still, since its warnings name the URL, and a FHIR search holds a patient's id.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("cds_service").setLevel(level)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
