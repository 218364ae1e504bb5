"""iCalendar dates, times and durations as the text forms of JSCalendar, never by way of the machine's own zone."""

import re
from datetime import UTC, datetime, timedelta

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.protocols.content_line import Line
from entrepot.protocols.ical_zone import UNIVERSAL, Zones, moved

_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z?))?")
_N = r"(\d{1,8})"  # more digits are no length of anything, and too many for a timedelta
_DURATION = re.compile(rf"([+-]?)P(?:{_N}W)?(?:{_N}D)?(?:T(?:{_N}H)?(?:{_N}M)?(?:{_N}(?:\.\d+)?S)?)?")
_MOST_DAYS = 99_999_999
MIDNIGHT = "T00:00:00"


class Moment(msgspec.Struct, frozen=True, gc=False):
    """`local` on the wall clock of `zone` (None: floating); for a date its time part is midnight and means nothing."""

    local: str
    zone: str | None
    is_date: bool = False


def moment(line: Line, zones: Zones) -> Moment:
    return moment_of(line.value, line, zones)


def moment_of(text: str, line: Line, zones: Zones) -> Moment:
    """One value of a line that may hold several (EXDATE)."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise RecordRefused(f"its {line.name} «{text[:60]}» is not a date")
    year, month, day, hour, minute, second, universal = found.groups()
    if hour is None or line.parameter("VALUE").upper() == "DATE":
        return Moment(_checked(f"{year}-{month}-{day}{MIDNIGHT}", line), None, is_date=True)
    second = min(second or "00", "59")  # a leap second is written as 60
    local = _checked(f"{year}-{month}-{day}T{hour}:{minute}:{second}", line)
    if universal:
        return Moment(local, UNIVERSAL)
    tzid = line.parameter("TZID")
    return Moment(local, zones.name(tzid) if tzid else None)


def _checked(local: str, line: Line) -> str:
    try:
        datetime.fromisoformat(local)
    except ValueError:
        raise RecordRefused(f"its {line.name} «{line.value[:60]}» is no day or time that exists") from None
    return local


def seen_from(there: Moment, zone: str | None, zones: Zones) -> str:
    """The moment on the clock of another zone."""
    if there.zone == zone or there.is_date:
        return there.local
    return moved(there.local, zones.info(there.zone), zones.info(zone))


def instant_of(text: str) -> datetime | None:
    """CREATED and its like: UTC by the standard, with or without saying so; None where it cannot be read."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, _ = found.groups(default="0")
    try:
        return datetime(int(year), int(month), int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC)
    except ValueError:
        return None


def compact(local: str) -> str:
    """`2026-01-02T03:04:05` as `20260102T030405`."""
    return local.replace("-", "").replace(":", "")


def compact_date(local: str) -> str:
    return local[:10].replace("-", "")


def compact_instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ").rjust(16, "0")


def time_line(name: str, local: str, zone: str | None, *, is_date: bool) -> Line:
    if is_date:
        return Line(name, compact_date(local), {"VALUE": ["DATE"]})
    if zone == UNIVERSAL:
        return Line(name, compact(local) + "Z")
    return Line(name, compact(local), {"TZID": [zone]} if zone else {})


def duration_of(text: str) -> str | None:
    """The canonical form, with a minus sign where it is negative; None where it is not a duration.

    Servers write one length in many ways. Weeks become days, minutes and seconds carry over; hours never make a day,
    which may be longer or shorter than 24 of them.
    """
    found = _DURATION.fullmatch(text.strip().upper())
    if found is None or not any(found.groups()[1:]):
        return None
    sign, *numbers = found.groups(default="0")
    weeks, days, hours, minutes, seconds = (int(number) for number in numbers)
    days += 7 * weeks
    if days > _MOST_DAYS:
        return None
    clock = duration_from(timedelta(hours=hours, minutes=minutes, seconds=seconds), in_days=False)[1:]
    body = f"P{days}D" if days else "P"
    body += "" if days and clock == "T0S" else clock
    return f"-{body}" if sign == "-" and body != "PT0S" else body


def length_of(duration: str) -> timedelta:
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise RecordRefused(f"«{duration[:60]}» is not a duration")
    sign, *numbers = found.groups(default="0")
    weeks, days, hours, minutes, seconds = (int(number) for number in numbers)
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if sign == "-" else length


def is_exact(duration: str) -> bool:
    """Hours and less always last the same; days and weeks are as long as the clock makes them."""
    return duration.startswith("PT")


def duration_from(length: timedelta, *, in_days: bool) -> str:
    """Never negative: an end before the start counts as no length."""
    seconds = max(0, int(length.total_seconds()))
    if in_days:
        return f"P{seconds // 86400}D"
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    clock = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if number)
    return f"PT{clock or '0S'}"
