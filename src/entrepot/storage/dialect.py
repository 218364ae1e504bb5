"""What differs between SQLite and PostgreSQL: opening, beginning, the clock, lists in SQL, and writing in bulk."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine

Rows = Sequence[Sequence[object]]
Same = Mapping[str, int | str | None]
"""Columns with their value, where all rows have the same."""


class Dialect(Protocol):
    """SQL handed to a dialect is written with `?` for every value."""

    name: str
    now: str
    """SQL for the database's time in milliseconds."""
    for_update: str
    """What ends a SELECT whose rows are about to be written; empty where writers take turns anyway."""

    def engine(self) -> Engine: ...

    def begin_reading(self, connection: Connection) -> None: ...

    def begin_writing(self, connection: Connection, *, durable: bool = False) -> None:
        """Waits its turn here, not at its first write. `durable`: what it commits survives a power cut too."""
        ...

    def lock_schema(self, connection: Connection) -> None:
        """One process at a time from here to the end of the transaction."""
        ...

    def placeholders(self, sql: str) -> str:
        """The statement with the driver's own placeholders."""
        ...

    def contains(self, column: str) -> str:
        """SQL that is true where the column is one of a list; the list is one value, made by `as_list`."""
        ...

    def as_list(self, values: Sequence[object]) -> object: ...

    def numbers_in(self, column: str) -> str:
        """SQL for a table `numbers(value)` of the integers in a column that holds JSON lists."""
        ...

    def reserve(self, connection: Connection, table: str, count: int) -> Sequence[int]:
        """So many unused keys of a table, rising."""
        ...

    def insert(self, connection: Connection, table: tuple[str, Sequence[str]], rows: Rows, same: Same) -> None:
        """Insert many rows into a table (its name and columns); one that breaks a unique index fails them all."""
        ...

    def problems(self, connection: Connection) -> Sequence[str]:
        """What is damaged, as the database itself says; empty where nothing is."""
        ...

    def compact(self, engine: Engine) -> None:
        """Give unused space back to the file system, without stopping others for long."""
        ...

    def backup(self, engine: Engine, file: Path) -> None:
        """A consistent copy as of one moment, while others go on writing."""
        ...
