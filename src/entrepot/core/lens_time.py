"""Lenses for days and instants: ISO 8601, seconds since 1970, and the compact form of iCalendar and Evernote.

An instant is an aware datetime in UTC; a day is `YYYY-MM-DD`. Writing takes either the value or its JSON text.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from entrepot.core.lens import Lens, LensError, exact, reading, shown

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def zone_named(name: object) -> ZoneInfo:
    if not isinstance(name, str):
        raise LensError(f"{shown(name)} is not a time zone")
    return _zone(name)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError) as why:
        raise LensError(f"{name!r} is not a time zone") from why


def as_instant(value: object) -> datetime:
    """An instant from a datetime or ISO text with an offset, in UTC."""
    return in_utc(value if isinstance(value, datetime) else parsed(value))


def parsed(text: object) -> datetime:
    """ISO 8601 with or without an offset."""
    try:
        return datetime.fromisoformat(text)  # pyright: ignore[reportArgumentType]  # TypeError is answered
    except (ValueError, TypeError) as why:
        raise LensError(f"{shown(text)} is not a date and time") from why


def in_utc(at: datetime) -> datetime:
    if at.tzinfo is UTC:
        return at
    if at.tzinfo is None:
        raise LensError(f"{at.isoformat()} has no offset, so it is no instant")
    try:
        return at.astimezone(UTC)
    except OverflowError as why:
        raise LensError(f"{at.isoformat()} is out of range") from why


def as_day(value: object) -> str:
    """A day that exists, as `YYYY-MM-DD`."""
    if isinstance(value, str) and len(value) == 10:
        try:
            date.fromisoformat(value)
        except ValueError as why:
            raise LensError(f"{value!r} is not a day of the calendar") from why
        if value[4] == "-" == value[7]:
            return value
    raise LensError(f"{shown(value)} is not a date (YYYY-MM-DD)")


def instant_text(at: object) -> str:
    """`2024-05-01T10:00:00Z`, with as many decimals as it needs: none, three or six."""
    found = as_instant(at)
    precision = "seconds" if not found.microsecond else "milliseconds" if found.microsecond % 1000 == 0 else "auto"
    return found.isoformat(timespec=precision)[:-6] + "Z"


def instant_in(zone: str) -> Lens:
    """Text that may lack an offset; then it is the wall clock of that zone."""
    place = zone_named(zone)

    def read(native: object) -> datetime | None:
        if native == "":
            return None
        at = parsed(native)
        return in_utc(at if at.tzinfo else at.replace(tzinfo=place))

    return Lens(f"instant in {zone}", read, instant_text)


def date_of_instant(native: object) -> str | None:
    """The day a timestamp names in its own offset: what services mean that send a day as midnight."""
    if native == "":
        return None
    if isinstance(native, str) and len(native) > 10 and native[10] in "T ":
        as_instant(native if native[-1] == "Z" or "+" in native[10:] or "-" in native[10:] else f"{native}Z")
        return as_day(native[:10])
    return as_day(native)


def _blank_or(read: Callable[[object], Any]) -> Callable[[object], Any]:
    def read_unless_blank(native: object) -> Any:
        return None if native == "" else read(native)

    return read_unless_blank


def _since_1970(unit: int) -> Callable[[object], datetime | None]:
    """`unit` is how many microseconds one counts."""

    def read(native: Any) -> datetime | None:
        if native == "":
            return None
        try:
            if native.__class__ is not int:
                native = _number(native)
            return EPOCH + timedelta(microseconds=int(native * unit))
        except OverflowError as why:
            raise LensError(f"{shown(native)} is out of range") from why

    return read


def _number(native: object) -> Decimal:
    if isinstance(native, (str, float)):
        try:
            found = Decimal(str(native))
        except InvalidOperation:
            found = Decimal("NaN")
        if found.is_finite() and abs(found) < Decimal("1e20"):
            return found
    raise LensError(f"{shown(native)} is not a time since 1970")


def _until(unit: int) -> Callable[[object], int]:
    def write(value: object) -> int:
        return (as_instant(value) - EPOCH) // timedelta(microseconds=unit)

    return write


def _until_text(unit: int) -> Callable[[object], str]:
    write = _until(unit)
    return lambda value: str(write(value))


def _read_compact(native: object) -> datetime:
    try:
        return datetime.strptime(native, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)  # pyright: ignore[reportArgumentType]  # TypeError is answered
    except (ValueError, TypeError) as why:
        raise LensError(f"{shown(native)} is not a time like 20240501T100000Z") from why


def _write_compact(value: object) -> str:
    at = as_instant(value)
    return f"{at.year:04}{at:%m%dT%H%M%S}Z"


def _midnight_day(value: object) -> str:
    if isinstance(value, str) and value.endswith("T00:00:00"):
        return as_day(value[:-9])
    raise LensError(f"{shown(value)} is not the start of a day")


DATE = Lens("date", _blank_or(as_day), as_day)
DAY = Lens("day", _blank_or(lambda native: f"{as_day(native)}T00:00:00"), _midnight_day)
"""A day as the local midnight that JSCalendar wants beside `showWithoutTime`."""
DATE_OF_INSTANT = reading("day of an instant", date_of_instant, "the time of day is not kept")
INSTANT = Lens("instant", _blank_or(as_instant), instant_text)
COMPACT = exact(Lens("compact time", _blank_or(_read_compact), _write_compact))
EPOCH_S = exact(Lens("seconds since 1970", _since_1970(1_000_000), _until(1_000_000)))
EPOCH_MS = exact(Lens("milliseconds since 1970", _since_1970(1_000), _until(1_000)))
EPOCH_US = exact(Lens("microseconds since 1970", _since_1970(1), _until(1)))
EPOCH_S_TEXT = exact(Lens("seconds since 1970 as text", _since_1970(1_000_000), _until_text(1_000_000)))
EPOCH_MS_TEXT = exact(Lens("milliseconds since 1970 as text", _since_1970(1_000), _until_text(1_000)))
EPOCH_US_TEXT = exact(Lens("microseconds since 1970 as text", _since_1970(1), _until_text(1)))
