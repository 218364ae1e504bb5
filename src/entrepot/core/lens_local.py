"""Lenses for JSCalendar's way to tell time: a wall-clock time, its zone, and whether the time of day means anything.

Services tell it as a day, a local time with a zone, or an instant, in one field or in three; all are read, and written
back as a day where there is no time, as local time where there is a zone, else as an instant or floating time.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from entrepot.core.lens import Lens, LensError, shown
from entrepot.core.lens_duration import duration_of, seconds_of
from entrepot.core.lens_time import as_day, instant_text, parsed, zone_named

Local = tuple[str | None, str | None, bool | None]
"""`start` (local time), `timeZone` (None: floating), `showWithoutTime`."""

_UTC_NAMES = frozenset({"UTC", "Etc/UTC", "Z", "GMT", "Etc/GMT"})
_UTC_ZONE = "Etc/UTC"


def local(parts: Sequence[str]) -> Lens:
    """Native values in the order of `parts`, out of `at` (a day or a time in one text), `date`, `time` and `zone`.

    Where the service has no place for a zone, the instant is written: the moment is kept, the zone is not.
    """
    _check(parts)
    day_at, time_at, zone_at = (
        next((at for at, part in enumerate(parts) if part in names), None)
        for names in (("date",), ("at", "time"), ("zone",))
    )

    def read(natives: Any) -> Local:
        given = natives if isinstance(natives, tuple) else (natives,)
        day = None if day_at is None else given[day_at]
        time = None if time_at is None else given[time_at]
        return read_local(day, time, None if zone_at is None else given[zone_at])

    def write(values: Sequence[Any]) -> Any:
        day, time, zone = write_local(*values)
        if zone and "zone" not in parts:
            time = instant_text(_moment(values[0], zone))
        given = {"at": time if day is None else day, "date": day, "time": time, "zone": zone}
        written = tuple(given[part] for part in parts)
        return written if len(parts) > 1 else written[0]

    return Lens("local time", read, write)


def period(parts: Sequence[str]) -> Lens:
    """Native values of the start and then of the end ↔ start, timeZone, showWithoutTime, duration."""
    half = len(parts)
    side = local(parts)

    def one(natives: Sequence[Any]) -> Any:
        return natives if half > 1 else natives[0]

    def read(natives: Sequence[Any]) -> tuple[Any, ...]:
        start, zone, is_day = side.read(one(natives[:half]))
        end, end_zone, _ = side.read(one(natives[half:]))
        if start is None or end is None:
            return start, zone, is_day, None
        seconds = (_moment(end, end_zone or zone) - _moment(start, zone)).total_seconds()
        if seconds < 0:
            raise LensError(f"it ends ({end}) before it starts ({start})")
        return start, zone, is_day, duration_of(round(seconds, 6))

    def write(values: Sequence[Any]) -> tuple[Any, ...]:
        start, zone, is_day, duration = values
        if start is None:
            return (None,) * (2 * half)
        end = _after(start, zone, seconds_of(duration or "PT0S"), is_day=bool(is_day))
        both = (side.write((start, zone, is_day)), side.write((end, zone, is_day)))
        return both if half == 1 else (*both[0], *both[1])

    return Lens("period", read, write)


def read_local(day: object, time: object, zone: object) -> Local:
    if (time is None or time == "") and (day is None or day == ""):
        return None, None, None
    if time is None or time == "":
        return f"{as_day(day)}T00:00:00", None, True
    if isinstance(time, str) and len(time) == 10:
        return f"{as_day(time)}T00:00:00", None, True
    at = parsed(time)
    place = zone_named(zone) if zone is not None and zone != "" else None
    if at.tzinfo is None:
        return _text(at), _named(place.key) if place else None, False
    try:
        there = at.astimezone(place or UTC)
    except OverflowError as why:
        raise LensError(f"{shown(time)} is out of range") from why
    return _text(there), _named(place.key) if place else _UTC_ZONE, False


def _named(zone: str) -> str:
    return _UTC_ZONE if zone in _UTC_NAMES else zone


def write_local(start: object, zone: object, is_day: object) -> tuple[str | None, str | None, str | None]:
    """A day, a time and a zone, of which what does not apply is None."""
    if start is None:
        return None, None, None
    at = parsed(start)
    if is_day:
        if at.time() != datetime.min.time():
            raise LensError(f"{shown(start)} has a time of day, and is said to have none")
        return at.date().isoformat(), None, None
    if zone is None:
        return None, _text(at), None
    if zone in _UTC_NAMES:
        return None, f"{_text(at)}Z", None if zone == _UTC_ZONE else str(zone)
    zone_named(zone)
    return None, _text(at), str(zone)


def _check(parts: Sequence[str]) -> None:
    held = set(parts) - {"zone"}
    if held not in ({"at"}, {"date", "time"}, {"time"}):
        raise ValueError("a local time stands in `at`, or in `date` and `time`, with or without `zone`")


def _text(at: datetime) -> str:
    # RFC 8984 has fractions of a second; no service we read has events that begin within one.
    return at.isoformat()[:19]


def _moment(start: str, zone: str | None) -> datetime:
    at = parsed(start)
    return at.replace(tzinfo=UTC) if zone is None else at.replace(tzinfo=zone_named(zone)).astimezone(UTC)


def _after(start: str, zone: str | None, seconds: float, *, is_day: bool) -> str:
    try:
        if is_day or zone is None:
            return _text(parsed(start) + timedelta(seconds=seconds))
        return _text((_moment(start, zone) + timedelta(seconds=seconds)).astimezone(zone_named(zone)))
    except OverflowError as why:
        raise LensError(f"{shown(start)} is out of range") from why
