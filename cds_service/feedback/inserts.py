"""Inserts that pass over what is there already, in the dialect of the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Table, and_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError


def insert_of(table: Table, dialect: str) -> Insert:
    """Built once for each store: building it costs more than running it."""
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return table.insert()


@dataclass(frozen=True, slots=True)
class Written:
    """An insert as the driver takes it: the library need not look at it again for every answer."""

    sql: str
    places: tuple[str, ...] | None

    @classmethod
    def of(cls, insert: Insert, engine: Engine, stamped: str) -> "Written | None":
        """None where a key that is there already would be an error: then each row needs a savepoint of its own.

        `stamped` is the column that the database fills in itself.
        """
        if engine.dialect.name not in ("sqlite", "postgresql"):
            return None
        names = [column.name for column in insert.table.columns if column.name != stamped]
        compiled = insert.inline().values(dict.fromkeys(names)).compile(dialect=engine.dialect)
        places = compiled.positiontup
        return cls(str(compiled), None if places is None else tuple(places))

    def values(self, rows: Sequence[Mapping[str, Any]]) -> Any:
        """The rows by place or by name, as the driver wants them."""
        if self.places is None:
            return [dict(row) for row in rows]
        return [tuple(row[place] for place in self.places) for row in rows]


def insert_new(connection: Connection, insert: Insert, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose key is not there yet; the number inserted."""
    if connection.dialect.name in ("sqlite", "postgresql"):
        counting = {"preserve_rowcount": True}  # or the library does not ask every driver how many an INSERT made
        return sum(connection.execute(insert, row, execution_options=counting).rowcount for row in rows)
    new = 0
    for row in rows:
        try:
            with connection.begin_nested():
                connection.execute(insert, row)
            new += 1
        except IntegrityError:
            continue
    return new


def add_up(connection: Connection, table: Table, row: Mapping[str, Any], counted: str) -> None:
    """Add `row[counted]` to the row with the same key, or begin one."""
    key = list(table.primary_key.columns)
    if connection.dialect.name == "sqlite":
        new = sqlite.insert(table).values(row)
        connection.execute(
            new.on_conflict_do_update(index_elements=key, set_={counted: table.c[counted] + new.excluded[counted]})
        )
    elif connection.dialect.name == "postgresql":
        born = postgresql.insert(table).values(row)
        connection.execute(
            born.on_conflict_do_update(index_elements=key, set_={counted: table.c[counted] + born.excluded[counted]})
        )
    else:
        same = and_(*(column == row[column.name] for column in key))
        more = {counted: table.c[counted] + row[counted]}
        if not connection.execute(table.update().where(same).values(more)).rowcount:
            connection.execute(table.insert().values(row))
