"""What a command prints: with `--json` exactly one JSON value on stdout, otherwise tables and progress for people."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TextIO

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

UNBOUNDED = 10_000
"""The width of a table that goes to a file or a pipe: a line a row, whatever is in it."""

_ENCODER = msgspec.json.Encoder(decimal_format="string")


class Output:
    """Tables go to stdout; notes, progress and errors to stderr, so that a pipe gets data alone."""

    def __init__(self, *, json: bool, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.json = json
        self._out = out or sys.stdout
        self.console = Console(file=self._out, highlight=False)
        if not self.console.is_terminal:
            self.console.width = UNBOUNDED
        self.notes = Console(file=err or sys.stderr, highlight=False, soft_wrap=True)

    def value(self, value: object) -> None:
        """The one JSON value of this command."""
        self.raw_line(_ENCODER.encode(value))

    def array(self, values: Iterable[object]) -> None:
        """One JSON array, written as its elements come, however many there are."""
        opening = "["
        for value in values:
            self._out.write(opening + _ENCODER.encode(value).decode())
            opening = ",\n"
        self._out.write("[]\n" if opening == "[" else "]\n")

    def raw_line(self, line: bytes) -> None:
        self._out.write(line.decode() + "\n")
        self._out.flush()

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
        """Cells are shown as they are: what a service wrote is data, never markup."""
        table = Table(title=title, box=None, header_style="bold", pad_edge=False, title_justify="left")
        for name in columns:
            numeric = name.startswith("#")
            known = name in {"id", "run", "name", "connector"}
            table.add_column(
                name.lstrip("#"), justify="right" if numeric else "left", no_wrap=numeric or known, overflow="fold"
            )
        for row in rows:
            table.add_row(*(Text(_shown(cell)) for cell in row))
        self.console.print(table)

    def say(self, text: str, *, style: str = "") -> None:
        """A line for people; nothing with `--json`."""
        if not self.json:
            self.console.print(Text(text, style=style))

    def note(self, text: str, *, style: str = "") -> None:
        if not self.json:
            self.notes.print(Text(text, style=style))

    def error(self, message: str) -> None:
        self.notes.print(Text.assemble(("error: ", "bold red"), message))


def _shown(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.astimezone().strftime("%Y-%m-%d %H:%M")
    return "" if cell is None else str(cell)
