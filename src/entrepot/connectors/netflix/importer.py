"""Netflix: the short viewing history of one profile, or the full data download."""

from collections.abc import Iterator

from entrepot.core.change import BadRow, Change
from entrepot.protocols.archive_damage import unless_damaged, unreadable
from entrepot.protocols.archive_tables import Table, find_table, first_table
from entrepot.sdk.archive import Archive, Entry
from entrepot.sdk.connector import Match, Options

from . import history, sessions, titles
from .history import read_history
from .sessions import SESSION, read_sessions
from .titles import SEARCH, read_searches

SHORT = ("Title", "Date")


class Netflix:
    """Streams `viewing` (sessions of the full download), `history` (the short file) and `searches`."""

    def recognise(self, archive: Archive) -> Match | None:
        found = [
            name
            for name, tables in (
                ("viewing activity", _tables(archive, SESSION, "*ViewingActivity*.csv", "*.csv")),
                ("viewing history", _short_tables(archive)),
                ("search history", _tables(archive, SEARCH, "*SearchHistory*.csv")),
            )
            if any(True for _ in tables)
        ]
        if not found:
            return None
        only_short = found == ["viewing history"]
        named = any(True for _ in archive.entries("*Netflix*.csv"))
        return Match(0.6 if only_short and not named else 1.0, found=found)

    def read(self, archive: Archive, options: Options) -> Iterator[Change | BadRow]:
        for table in _tables(archive, SESSION, "*.csv"):
            yield from unless_damaged(archive, table.entry.name, sessions.STREAM, read_sessions(table))
        for table in _short_tables(archive):
            yield from unless_damaged(archive, table.entry.name, history.STREAM, read_history(table, options.values))
        for table in _tables(archive, SEARCH, "*SearchHistory*.csv"):
            yield from unless_damaged(archive, table.entry.name, titles.STREAM, read_searches(table))
        yield from unreadable(archive.entries(), sessions.STREAM)


def _tables(archive: Archive, columns: tuple[str, ...], *patterns: str) -> Iterator[Table]:
    for entry in archive.entries(*patterns):
        table = find_table(entry, columns, ",")
        if table:
            yield table


def _short_tables(archive: Archive) -> Iterator[Table]:
    """By its two columns, or by its name where they are in the person's language."""
    for entry in archive.entries("*.csv"):
        table = first_table(entry, ",")
        if table and (table.columns == SHORT or (len(table.columns) == len(SHORT) and _is_named(entry))):
            yield table


def _is_named(entry: Entry) -> bool:
    return "netflixviewinghistory" in entry.name.lower()
