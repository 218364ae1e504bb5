"""The database by its URL or file: opened and brought up to date, then read and written one transaction at a time."""

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Self

from entrepot.core.errors import PersonMustFix
from entrepot.storage import migration
from entrepot.storage.dialect import Dialect
from entrepot.storage.failures import explained
from entrepot.storage.postgres import Postgres
from entrepot.storage.sqlite import Sqlite
from entrepot.storage.transaction import Reading, Writing


class Database:
    """Safe to share between threads; one per process is enough.

    `url` is a file, `sqlite:///file` or `postgresql://…`. A new or older database is brought up to date first.
    """

    def __init__(self, url: str | Path | Dialect) -> None:
        self.dialect = choose_dialect(url) if isinstance(url, str | Path) else url
        self._engine = self.dialect.engine()
        self._turn = _Turn() if self.dialect.name == "sqlite" else nullcontext()
        with explained():
            migration.upgrade(self._engine, self.dialect)

    @contextmanager
    def read(self) -> Generator[Reading]:
        with explained(), self._engine.connect() as connection:
            self.dialect.begin_reading(connection)
            yield Reading(connection, self.dialect)
            connection.rollback()

    @contextmanager
    def write(self, *, durable: bool = False) -> Generator[Writing]:
        """All of it is kept, or none. Do not wait for anything slow (a service, a person) inside.

        `durable` is for what cannot be had again, such as a token that replaces another: on SQLite a power cut may
        otherwise take the last moments with it, which for pages only means to read them again.
        """
        with self._turn, explained(), self._engine.connect() as connection, connection.begin():
            self.dialect.begin_writing(connection, durable=durable)
            yield Writing(connection, self.dialect)

    def problems(self) -> Sequence[str]:
        """What is damaged, as the database itself says; empty where nothing is."""
        with self.read() as tx:
            return self.dialect.problems(tx.connection)

    def compact(self) -> None:
        """Give unused space back; others may read and write meanwhile."""
        with explained():
            self.dialect.compact(self._engine)

    def backup(self, file: Path) -> None:
        """A consistent copy as of one moment, whole or not there at all, while others go on writing."""
        with explained():
            self.dialect.backup(self._engine, file)

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def choose_dialect(url: str | Path) -> Dialect:
    if isinstance(url, Path):
        return Sqlite(url)
    scheme, found, rest = url.partition("://")
    match scheme:
        case "sqlite" if found:
            return Sqlite(Path(rest.removeprefix("/")))
        case "postgresql" | "postgres":
            return Postgres(f"postgresql://{rest}")
        case _ if not found:
            return Sqlite(Path(url))
        case _:
            raise PersonMustFix(f"Databases of the sort {scheme!r} are not supported; use sqlite or postgresql.")


class _Turn:
    """Threads of this process queue here for the writer's place, not in SQLite, which only sleeps and asks again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: int | None = None

    def __enter__(self) -> None:
        if self._owner == threading.get_ident():
            raise RuntimeError("this thread is already in a write transaction")
        self._lock.acquire()
        self._owner = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        self._owner = None
        self._lock.release()
