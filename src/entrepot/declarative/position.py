"""The cursor of a declared stream: from where each of its requests asks for changes, and the page a read stopped at."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from entrepot.core.change import Cursor
from entrepot.core.errors import PersonMustFix, Stale
from entrepot.core.lens import LensError, shown
from entrepot.core.lens_time import EPOCH
from entrepot.sdk.manifest_streams import Since
from entrepot.transport.paging import State


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was known after a read: up to a time, or under a token of the service."""

    at: datetime | None = None
    token: str | None = None

    @property
    def is_set(self) -> bool:
        return self.at is not None or self.token is not None


class Position(msgspec.Struct, frozen=True, omit_defaults=True):
    """`marks` has one for each request of the stream. The rest says where inside of one read we are."""

    marks: list[Mark] = []
    full: bool = False
    part: int = 0
    at: State | None = None
    high: datetime | None = None
    """The greatest time seen so far in this part."""
    count: int = 0
    """Records read under the service's cap."""
    capped: bool = False
    """The mark is the time of the last record of a search: asked from there exactly, without the overlap."""
    until: datetime | None = None
    """The end of the window being read."""
    began: datetime | None = None
    """When this part began to be read, by our clock: what changes later may change a record already read."""

    def next_part(self, mark: Mark) -> "Position":
        """After the part has been read to its end."""
        marks = [*self.marks[: self.part], mark, *self.marks[self.part + 1 :]]
        return Position(marks=marks, full=self.full, part=self.part + 1)

    @property
    def mark(self) -> Mark:
        return self.marks[self.part]


def position_of(cursor: Cursor | None, parts: int) -> Position:
    """Where to go on, or a full listing without a cursor; Stale where the cursor is of another form."""
    if cursor is None:
        return Position(marks=[Mark()] * parts, full=True)
    try:
        position = msgspec.convert(cursor.value, Position)
    except msgspec.ValidationError:
        position = Position()
    if len(position.marks) != parts or position.part >= parts:
        raise Stale("The connector has changed since this stream was read last; it is read from the beginning.")
    return position


def cursor_of(position: Position) -> Cursor:
    return Cursor(msgspec.to_builtins(position))


def rested(position: Position) -> Cursor | None:
    """The cursor after everything was read; None where the next read has to list everything again."""
    if not any(mark.is_set for mark in position.marks):
        return None
    return cursor_of(replace(Position(), marks=position.marks))


def time_of(value: Any, form: str) -> datetime:
    """A record's time. Numbers are epochs (seconds, or milliseconds where the manifest says so), also as text."""
    if isinstance(value, str) and form.startswith("epoch") and value.isdecimal():
        value = int(value)
    if isinstance(value, int | float):
        try:
            return EPOCH + timedelta(**{"milliseconds" if form == "epoch_ms" else "seconds": value})
        except (OverflowError, ValueError) as why:
            raise LensError(f"{shown(value)} is no time") from why
    found = datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def written(at: datetime, form: str) -> str:
    """A time as the service wants it in a request."""
    match form:
        case "date":
            return at.date().isoformat()
        case "epoch":
            return str((at - EPOCH) // timedelta(seconds=1))
        case "epoch_ms":
            return str((at - EPOCH) // timedelta(milliseconds=1))
        case _:
            return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def floor_of(since: Since, mark: Mark) -> datetime | None:
    """From when on changes are asked for."""
    return None if mark.at is None else mark.at - (since.overlap or timedelta())


def beginning(text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise PersonMustFix(f"{text!r} is not a day to begin with. Write it as 2026-03-31.") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
