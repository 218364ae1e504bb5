"""SQLite: write-ahead log, one writer at a time by BEGIN IMMEDIATE, checkpoints far apart."""

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from entrepot.core.errors import PersonMustFix
from entrepot.storage.dialect import Rows, Same

PATIENCE = 60.0
PRAGMAS = (
    "synchronous = NORMAL",  # a killed process loses nothing; docs/why/storage.md says what a power cut may
    "wal_autocheckpoint = 16384",  # pages; the default of 1,000 halves the rate of an import
    "journal_size_limit = 67108864",
    "cache_size = -32768",
    "foreign_keys = ON",
)


class Sqlite:
    """`patience` is how long to wait for another writer, in seconds; `most_pages` caps the size of the file."""

    name = "sqlite"
    now = "SELECT CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)"
    for_update = ""

    def __init__(self, file: Path, *, patience: float = PATIENCE, most_pages: int | None = None) -> None:
        if file.name in {"", ":memory:"}:
            raise PersonMustFix("A hub is kept in a file: name one, as in sqlite:////home/me/hub.sqlite.")
        self.file = file
        self._patience = patience
        self._most_pages = most_pages

    def engine(self) -> Engine:
        self._create_private()
        engine = create_engine(
            URL.create("sqlite", database=str(self.file)),  # put together by hand, a `?` in the path would cut it
            connect_args={"timeout": self._patience, "check_same_thread": False, "isolation_level": None},
            pool_size=8,
            max_overflow=32,
        )
        event.listen(engine, "connect", self._prepare)
        return engine

    def begin_reading(self, connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    def begin_writing(self, connection: Connection, *, durable: bool = False) -> None:
        connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def lock_schema(self, connection: Connection) -> None:
        """BEGIN IMMEDIATE already holds everyone else off."""

    def placeholders(self, sql: str) -> str:
        return sql

    def contains(self, column: str) -> str:
        return f"{column} IN (SELECT value FROM json_each(?))"  # noqa: S608 -- our own column names

    def as_list(self, values: Sequence[object]) -> object:
        return msgspec.json.encode(values).decode()

    def numbers_in(self, column: str) -> str:
        return f"json_each({column}) AS numbers"

    def reserve(self, connection: Connection, table: str, count: int) -> Sequence[int]:
        # The writer is alone: nobody else takes keys before this transaction ends.
        found = connection.exec_driver_sql(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")  # noqa: S608 -- our own table names
        first = int(found.scalar_one())
        return range(first, first + count)

    def insert(self, connection: Connection, table: tuple[str, Sequence[str]], rows: Rows, same: Same) -> None:
        # What is the same stands in the statement: binding it for every row is a tenth of the time of an import.
        name, columns = table
        values = ", ".join([*"?" * len(columns), *map(_literal, same.values())])
        statement = f"INSERT INTO {name} ({', '.join((*columns, *same))}) VALUES ({values})"  # noqa: S608 -- quoted below
        connection.exec_driver_sql(statement, rows)  # pyright: ignore[reportArgumentType]  # any sequence of tuples will do

    def compact(self, engine: Engine) -> None:
        with engine.connect() as connection:
            driver = _driver(connection)
            while driver.execute("PRAGMA freelist_count").fetchone()[0] > 0:
                before = driver.execute("PRAGMA page_count").fetchone()[0]
                driver.execute("PRAGMA incremental_vacuum(2000)").fetchall()
                if driver.execute("PRAGMA page_count").fetchone()[0] == before:
                    break
            driver.execute("PRAGMA optimize")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def problems(self, connection: Connection) -> Sequence[str]:
        said = [str(line) for (line,) in connection.exec_driver_sql("PRAGMA quick_check(5)").fetchall()]
        return [] if said == ["ok"] else said

    def backup(self, engine: Engine, file: Path) -> None:
        if file.exists():
            raise PersonMustFix(f"{file} already exists; a backup never overwrites. Choose another name.")
        unfinished = file.with_name(file.name + ".unfinished")
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        try:
            with engine.connect() as connection, closing(sqlite3.connect(unfinished)) as copy:
                # All pages in one step: in several, each foreign commit would start the copy again.
                _driver(connection).backup(copy, pages=-1)
                copy.execute("PRAGMA journal_mode = DELETE")
            with unfinished.open("rb") as written:
                os.fsync(written.fileno())
            unfinished.rename(file)
        finally:
            unfinished.unlink(missing_ok=True)

    def _create_private(self) -> None:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.file.touch(mode=0o600)
        except OSError as why:
            raise PersonMustFix(f"The data folder {self.file.parent} cannot be written to: {why.strerror}.") from why

    def _prepare(self, connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        _choose_vacuum(connection)
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        _enter_wal(connection, self._patience)
        if self._most_pages is not None:
            cursor.execute(f"PRAGMA max_page_count = {self._most_pages}")
        cursor.close()


def _literal(value: int | str | None) -> str:
    match value:
        case None:
            return "NULL"
        case int():
            return str(int(value))
        case str():
            return "'" + value.replace("'", "''") + "'"


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _choose_vacuum(connection: DBAPIConnection) -> None:
    """Incremental, so that free pages can be given back in small steps; counts only before the first table.

    Later it would change nothing, and yet wait for whoever is writing, so that nobody could open the file meanwhile.
    """
    cursor = connection.cursor()
    cursor.execute("PRAGMA page_count")
    found = cursor.fetchone()
    if found is None or found[0] == 0:
        cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")


def _enter_wal(connection: DBAPIConnection, patience: float) -> None:
    # Two processes that make a new file at once: SQLite answers "locked" here without waiting by itself.
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.cursor().execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as why:
            if "locked" not in str(why) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
