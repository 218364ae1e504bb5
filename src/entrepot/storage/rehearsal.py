"""A database in which nothing that is done is kept: for trying out what a run would do."""

import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from entrepot.storage.database import Database
from entrepot.storage.failures import explained
from entrepot.storage.transaction import Reading, Writing


@contextmanager
def rehearsal(database: Database) -> Generator[Database]:
    """The same code runs against it as against the real one, and the real one is not changed by it.

    On SQLite a copy of the file, since one who writes keeps all others waiting; on PostgreSQL one transaction that is
    rolled back.
    """
    if database.dialect.name == "sqlite":
        with tempfile.TemporaryDirectory(prefix="entrepot-") as folder:
            file = Path(folder) / "rehearsal.db"
            database.backup(file)
            with Database(file) as copy:
                yield copy
        return
    engine = database.dialect.engine()
    try:
        with explained(), engine.connect() as connection, connection.begin() as outer:
            try:
                yield _Unkept(database, connection)
            finally:
                outer.rollback()
    finally:
        engine.dispose()


class _Unkept(Database):
    """Each transaction is a part of one that is never kept; they take turns."""

    def __init__(self, database: Database, connection: Connection) -> None:  # pyright: ignore[reportMissingSuperCall]  # it opens nothing of its own
        self.dialect = database.dialect
        self._connection = connection
        self._one = threading.RLock()

    @contextmanager
    def read(self) -> Generator[Reading]:
        with self._one, explained():
            yield Reading(self._connection, self.dialect)

    @contextmanager
    def write(self, *, durable: bool = False) -> Generator[Writing]:  # noqa: ARG002 -- nothing lasts here
        with self._one, explained(), self._connection.begin_nested():
            yield Writing(self._connection, self.dialect)

    def close(self) -> None:
        """The connection is whose who began it."""
