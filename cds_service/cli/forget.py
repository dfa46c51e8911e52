"""`cds-service forget`: what is stored of calls is deleted by age, for one client or for all."""

import os
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import orjson

from cds_service.feedback.retention import forget
from cds_service.feedback.store import FeedbackStore
from cds_service.settings import Settings

_WORDS = {
    "cards_issued": "cards",
    "feedback_events": "feedback events",
    "calls": "calls",
    "quiet_calls": "daily totals of calls without cards",
}


def forget_older(days: int, tenant: str | None, *, as_json: bool) -> int:
    """0 where it is done. With 0 days everything goes. Raises StoreUnavailable where the database does not answer."""
    settings = Settings.read(os.environ)
    before = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=days) if days else datetime.max
    with closing(FeedbackStore(settings.database_url)) as store:
        deleted = forget(store, before, tenant)
    if as_json:
        body = {"before": before.isoformat(timespec="seconds"), "tenant": tenant, "deleted": deleted}
        sys.stdout.buffer.write(orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    else:
        print("Deleted: " + ", ".join(f"{count} {_WORDS[table]}" for table, count in deleted.items()) + ".")
    return 0
