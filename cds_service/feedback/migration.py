"""Files of an earlier version, taken over at the first use. Tables that are new are simply made."""

from collections.abc import Iterator

from sqlalchemy import Connection, Table
from sqlalchemy.schema import CreateTable

from cds_service.feedback.tables import METADATA


def make_room_for_tenants(connection: Connection) -> None:
    """Tables from before there were tenants are made anew, their rows kept as those of the unnamed caller.

    In SQLite only, since no other database has held such tables. Its driver begins no transaction before a CREATE, so
    one is begun here, and workers that start together do this one after the other.
    """
    if connection.dialect.name != "sqlite" or not any(_columns_before(connection)):
        return
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    for table, columns in _columns_before(connection):
        kept = ", ".join(columns)
        connection.exec_driver_sql(f"ALTER TABLE {table.name} RENAME TO {table.name}_before")
        connection.execute(CreateTable(table))
        copy = f"INSERT INTO {table.name} ({kept}) SELECT {kept} FROM {table.name}_before"  # nosec B608  # our own names
        connection.exec_driver_sql(copy)
        connection.exec_driver_sql(f"DROP TABLE {table.name}_before")


def _columns_before(connection: Connection) -> Iterator[tuple[Table, list[str]]]:
    """The tables without a tenant, with their columns."""
    for table in METADATA.sorted_tables:
        columns = [row.name for row in connection.exec_driver_sql(f"PRAGMA table_info({table.name})")]
        if columns and "tenant" not in columns:
            yield table, columns
