"""What a command prints: with `--json` exactly one JSON value on stdout, otherwise tables and progress for people."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TextIO, cast

import msgspec
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

UNBOUNDED = 10_000
"""The width of a table that goes to a file or a pipe: a line a row, whatever is in it."""
FOLDED = frozenset({"", "title", "kinds", "account", "value", "fields", "in the hub", "at the service"})
"""Columns of prose, which a narrow terminal folds; the others are as wide as what is in them."""
NARROWEST, GAP = 20, 2

_DIRECTION = (0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
"""Marks that turn the direction of what follows, and so can show one name as another; and odd line ends."""
_STEERING = [sign for sign in (*range(32), *range(127, 160), *_DIRECTION) if chr(sign) not in "\n\t"]
FIRST_STEP = "To bring something in: entrepot import PATH, or entrepot connect CONNECTOR."

_CONTROL = dict.fromkeys(_STEERING, "\ufffd")
_ESCAPED = {sign: f"\\u{sign:04x}" for sign in _STEERING}
_ENCODER = msgspec.json.Encoder(decimal_format="string")


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Whoever read this has seen enough: that is for the command to end with, not for rich to fail at."""
        raise BrokenPipeError


class Output:
    """Tables go to stdout; notes, progress and errors to stderr, so that a pipe gets data alone."""

    def __init__(self, *, json: bool, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.json = json
        self._out = out or sys.stdout
        self.console = _Console(file=self._out, highlight=False)
        self.data: TextIO = cast("TextIO", _OnTerminal(self._out)) if self.console.is_terminal else self._out
        """For JSON, JSON Lines and CSV: as they are, but for what would steer a terminal where this is one."""
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
            self.data.write(opening + _ENCODER.encode(value).decode())
            opening = ",\n"
        self.data.write("[]\n" if opening == "[" else "]\n")

    def raw_line(self, line: bytes) -> None:
        self.data.write(line.decode() + "\n")
        self._out.flush()

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "") -> None:
        """Cells are shown as they are: what a service wrote is data, never markup. `empty` is for no rows."""
        table = Table(box=None, header_style="bold", pad_edge=False)
        shown = [[Text(_shown(cell)) for cell in row] for row in rows]
        if empty and not shown:
            self.note(empty)
            return
        for name in columns:
            justify = "right" if name.startswith("#") else "left"
            table.add_column(name.lstrip("#"), justify=justify, no_wrap=name not in FOLDED, overflow="fold")
        for row in shown:
            table.add_row(*row)
        # Where the columns need more than the terminal has, a row goes on in the next line and still says everything.
        there = self.console.width
        self.console.width = max(there, _width(columns, shown))
        self.console.print(table, crop=False)
        self.console.width = there

    def document(self, markdown: str) -> None:
        """Markdown: laid out on a terminal, as it is elsewhere."""
        self.console.print(Markdown(markdown) if self.console.is_terminal else Text(markdown))

    def say(self, text: str, *, style: str = "") -> None:
        """A line for people; nothing with `--json`."""
        if not self.json:
            self.console.print(Text(readable(text), style=style))

    def note(self, text: str, *, style: str = "") -> None:
        if not self.json:
            self.notes.print(Text(readable(text), style=style))

    def error(self, message: str) -> None:
        self.notes.print(Text.assemble(("error: ", "bold red"), readable(message)))


class _OnTerminal:
    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        return self._out.write(text.translate(_ESCAPED))


def readable(text: str) -> str:
    """Text from elsewhere without what would steer a terminal, or could not be written at all."""
    return text.encode(errors="replace").decode().translate(_CONTROL)


def _width(columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> int:
    widths = [max([len(name), *(row[place].cell_len for row in rows)]) for place, name in enumerate(columns)]
    folded = (min(width, NARROWEST) if name in FOLDED else width for name, width in zip(columns, widths, strict=True))
    return sum(folded) + GAP * len(columns)


def _shown(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.astimezone().strftime("%Y-%m-%d %H:%M")
    return "" if cell is None else " ".join(readable(str(cell)).split("\n"))  # a row does not make another row
