"""CSV and its relatives, streamed row by row: encoding, delimiter and header found, odd rows set aside."""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from entrepot.core.change import BadRow
from entrepot.protocols.archive_entry import Damaged
from entrepot.protocols.archive_text import find_encoding, open_utf8
from entrepot.sdk.archive import Entry

DELIMITERS = ",;\t|"
LONGEST_LINE = 16 << 20
LONGEST_ROW = 2 * LONGEST_LINE
"""Characters, in as many lines as its cells have. A cell that is too long is told before, and rows behind it read."""
_HEAD = 1 << 16
_PREAMBLE_LINES = 60

csv.field_size_limit(LONGEST_LINE)  # the module's own limit, 128 KB, is shorter than a long message


class Row:
    """A line of a table: `row["Title"]` and `row.get("Title")` by column name, `number` is its line in the file."""

    __slots__ = ("_index", "cells", "number")

    def __init__(self, number: int, cells: Sequence[str], index: Mapping[str, int]) -> None:
        self.number = number
        self.cells = cells
        self._index = index

    def __getitem__(self, column: str) -> str:
        return self.cells[self._index[column]]

    def get(self, column: str, default: str = "") -> str:
        """The cell, or `default` where the table has no such column."""
        at = self._index.get(column)
        return default if at is None else self.cells[at]

    def json(self) -> bytes:
        """The row as compact JSON, column to cell: what `Change.native` keeps."""
        return msgspec.json.encode(dict(zip(self._index, self.cells, strict=True)))


class Table:
    """`columns` are unique: a name that comes twice is `Elapsed Time` and `Elapsed Time#2`.

    `notes` says in words what was unusual; it is complete once the rows were read.
    """

    def __init__(self, entry: Entry, header: Sequence[str], line: int, delimiter: str) -> None:
        self.entry = entry
        self.columns = _unique(header)
        self.delimiter = delimiter
        self.notes: list[str] = []
        self._line = line
        self._index = {column: at for at, column in enumerate(self.columns)}

    def has(self, columns: Collection[str]) -> bool:
        return all(column in self._index for column in columns)

    def rows(self, stream: str, *, ragged: bool = False) -> Iterator[Row | BadRow]:
        """Rows below the header; blank lines are passed over. A line that does not fit the header is a BadRow of
        `stream`; with `ragged` missing cells at the end are empty instead.
        """
        width = len(self.columns)
        lines = _Lines(self.entry)
        reader = csv.reader(lines, delimiter=self.delimiter)
        for number, cells, problem in _numbered(reader, lines):
            if number <= self._line:
                continue
            if problem:
                yield BadRow(stream, f"{self.entry.name}, line {number}", problem)
            elif len(cells) == width:
                yield Row(number, cells, self._index)
            elif any(cells):
                fitted = _fit(cells, width, ragged=ragged)
                if fitted is None:
                    reason = f"{len(cells)} fields where the header has {width}"
                    yield BadRow(stream, f"{self.entry.name}, line {number}", reason)
                else:
                    yield Row(number, fitted, self._index)
        if lines.repaired:
            self.notes.append(f"{self.entry.name}: {lines.repaired} lines were not UTF-8 and were read as Windows-1252")


def find_table(entry: Entry, columns: Collection[str], delimiters: str = DELIMITERS) -> Table | None:
    """The table whose header holds all of `columns`, or None; lines above the header are passed over.

    Only the first 64 KB are looked at. Column names are compared without the blanks around them.
    """
    lines = _head_lines(entry)
    for number, line in enumerate(lines[:_PREAMBLE_LINES], start=1):
        for delimiter in delimiters:
            header = _split(line, delimiter)
            if set(columns) <= set(header):
                return Table(entry, header, number, delimiter)
    return None


def first_table(entry: Entry, delimiters: str = DELIMITERS) -> Table | None:
    """The table whose header is the first line with anything in it, delimited by what splits that line most."""
    for number, line in enumerate(_head_lines(entry), start=1):
        if line.strip():
            delimiter = max(delimiters, key=lambda one: len(_split(line, one)))
            return Table(entry, _split(line, delimiter), number, delimiter)
    return None


def _head_lines(entry: Entry) -> list[str]:
    head = entry.head(_HEAD)
    encoding, mark = find_encoding(head)
    text = head[mark:].decode(encoding, "replace")
    return io.StringIO(text, newline=None).read().split("\n")


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def _unique(header: Sequence[str]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    last: Counter[str] = Counter()
    for at, name in enumerate(header, start=1):
        wanted = name or f"#{at}"
        while wanted in names:
            last[name] += 1
            wanted = f"{name}#{last[name] + 1}"
        names[wanted] = None
    return tuple(names)


def _fit(cells: list[str], width: int, *, ragged: bool) -> list[str] | None:
    """Surplus empty cells at the end are a trailing delimiter, no data."""
    if len(cells) > width:
        return None if any(cells[width:]) else cells[:width]
    return cells + [""] * (width - len(cells)) if ragged else None


def _numbered(reader: Iterator[list[str]], lines: "_Lines") -> Iterator[tuple[int, list[str], str]]:
    """Each record with the line it begins at, and what is wrong with it."""
    while True:
        number = lines.number + 1
        lines.begin_record()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, [], str(error)
        else:
            yield number, cells, lines.problem


class _Lines:
    """Lines as text, counted. What is not UTF-8 is read as Windows-1252, as older programs write it."""

    def __init__(self, entry: Entry) -> None:
        self.number = 0
        self.repaired = 0
        self.problem = ""
        self._left = LONGEST_ROW
        self._name = entry.name
        self._text = io.TextIOWrapper(open_utf8(entry), "utf-8", "surrogateescape", newline="")

    def begin_record(self) -> None:
        self.problem = ""
        self._left = LONGEST_ROW

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = "" if self._text.closed else self._text.readline(LONGEST_LINE)
        if not line:
            self._text.close()
            raise StopIteration
        self.number += 1
        self._left -= len(line)
        if self._left < 0:
            raise Damaged(f"{self._name} has a row of more than {LONGEST_ROW:,} characters; it is not a table.")
        if len(line) == LONGEST_LINE:
            raise Damaged(f"{self._name} has a line of more than {LONGEST_LINE:,} characters; it is not a table.")
        if "\0" in line:
            self.problem = "holds a NUL byte"
        return line if line.isascii() else self._readable(line)

    def _readable(self, line: str) -> str:
        raw = line.encode("utf-8", "surrogateescape")
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            self.repaired += 1
            return raw.decode("cp1252", "replace")
        return line
