"""What is stored: cards issued, what became of them, calls that said something, and how many said nothing.

No patient, no user, no order, no free text and no hook instance of a call. The tenant leads every key (trust T12).
Times are stamped by the database in its own clock, UTC in SQLite; a day of `quiet_calls` is a day in UTC.
"""

from sqlalchemy import Boolean, Column, Date, DateTime, Integer, MetaData, String, Table, Text, func

METADATA = MetaData()

CARDS = Table(
    "cards_issued",
    METADATA,
    Column("tenant", String(63), primary_key=True, server_default=""),
    Column("card", String(200), primary_key=True),
    Column("rule", String(100), nullable=False),
    Column("indicator", String(20), nullable=False),
    Column("findings", Text, nullable=False),
    Column("suggestions", Text, nullable=False),
    Column("hook", String(100), nullable=False),
    Column("instance", String(100), nullable=False),
    Column("knowledge_version", String(100), nullable=False),
    Column("issued", DateTime, nullable=False, server_default=func.now()),
    sqlite_with_rowid=False,  # one tree to write to instead of two
)

EVENTS = Table(
    "feedback_events",
    METADATA,
    Column("tenant", String(63), primary_key=True, server_default=""),
    Column("card", String(200), primary_key=True),
    Column("outcome", String(20), primary_key=True),
    Column("at", DateTime, primary_key=True),
    Column("suggestion", String(200), primary_key=True),
    Column("service", String(100), nullable=False),
    Column("reason_code", String(300), nullable=False),
    Column("reason_system", String(300), nullable=False),
    Column("has_comment", Boolean, nullable=False),
    Column("received", DateTime, nullable=False, server_default=func.now()),
)


CALLS = Table(
    "calls",
    METADATA,
    Column("tenant", String(63), primary_key=True, server_default=""),
    Column("call", String(32), primary_key=True),
    Column("hook", String(100), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("causes", String(300), nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("knowledge_version", String(100), nullable=False),
    Column("answered", DateTime, nullable=False, server_default=func.now()),
    sqlite_with_rowid=False,
)

QUIET_CALLS = Table(
    "quiet_calls",
    METADATA,
    Column("tenant", String(63), primary_key=True, server_default=""),
    Column("day", Date, primary_key=True),
    Column("hook", String(100), primary_key=True),
    Column("within", Integer, primary_key=True),
    Column("calls", Integer, nullable=False),
)
