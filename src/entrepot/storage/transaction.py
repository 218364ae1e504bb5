"""A transaction in use: one that can only read, and one that can write."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult
from sqlalchemy.sql import Executable

from entrepot.storage.dialect import Dialect, Rows, Same


class Reading:
    """One consistent look at the database."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self.connection = connection
        self.dialect = dialect
        self._now: int | None = None

    def now(self) -> int:
        """The database's time, in milliseconds; the same for the whole transaction."""
        if self._now is None:
            self._now = int(self.connection.exec_driver_sql(self.dialect.now).scalar_one())
        return self._now

    def run(self, statement: Executable) -> CursorResult[Any]:
        return self.connection.execute(statement)

    def fetch(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of hand-written SQL with `?` for values, as plain tuples: for the paths where rows are many."""
        found = self.connection.exec_driver_sql(self.dialect.placeholders(sql), values)
        cursor = found.cursor
        assert cursor is not None
        return list(cursor.fetchall())


class Writing(Reading):
    """Nothing in it is kept unless its `with` block ends without an exception."""

    def reserve(self, table: str, count: int) -> Sequence[int]:
        return self.dialect.reserve(self.connection, table, count) if count else ()

    def insert(self, table: str, columns: Sequence[str], rows: Rows, same: Same | None = None) -> None:
        """Many rows at once; what is the `same` in all of them need not be in each."""
        if rows:
            self.dialect.insert(self.connection, (table, columns), rows, same or {})

    def each(self, sql: str, rows: Rows) -> None:
        """One hand-written statement with `?` for values, run for every row of values."""
        if rows:
            self.connection.exec_driver_sql(self.dialect.placeholders(sql), list(rows))  # pyright: ignore[reportArgumentType]  # tuples or lists, as the driver likes

    def execute(self, sql: str, *values: object) -> int:
        """How many rows a hand-written statement with `?` for values touched."""
        return self.connection.exec_driver_sql(self.dialect.placeholders(sql), values).rowcount
