"""Times as Microsoft Graph tells them: a wall clock with the name of a zone, which may be Windows's own.

https://learn.microsoft.com/graph/api/resources/datetimetimezone
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.core.lens import LensError
from entrepot.core.lens_time import parsed
from entrepot.protocols.ical_zone import UNIVERSAL, iana

UTC_NAME = "UTC"
_MIDNIGHT = "T00:00:00"


class GraphTime(msgspec.Struct, rename="camel"):
    """`dateTimeTimeZone`; without a zone it is UTC."""

    date_time: str
    time_zone: str | None = None


def zone_of(name: str | None) -> str | None:
    """The IANA name of a Windows or IANA zone; None for the custom zones of old Outlooks, which nobody defines."""
    return iana(name) if name else None


def instant_of(at: GraphTime) -> datetime:
    """RecordRefused where it is no time."""
    try:
        moment = parsed(at.date_time)
        place = ZoneInfo(zone_of(at.time_zone) or UNIVERSAL)
        return (moment if moment.tzinfo else moment.replace(tzinfo=place)).astimezone(UTC)
    except (LensError, OverflowError) as why:
        raise RecordRefused(f"{at.date_time!r} is no time: {why}") from why


def instant_in(local: str, zone: str) -> datetime:
    """The instant a wall clock shows that time; RecordRefused where it is no time."""
    return instant_of(GraphTime(local, zone))


def local_in(at: datetime, zone: str) -> str:
    """What the clock shows there."""
    try:
        return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(timespec="seconds")
    except OverflowError as why:
        raise RecordRefused(f"{at.isoformat()} is out of range") from why


def day_of(at: GraphTime) -> str:
    """Midnight of the day that is written, whatever zone stands beside it: days are the same everywhere."""
    try:
        return f"{parsed(at.date_time).date().isoformat()}{_MIDNIGHT}"
    except LensError as why:
        raise RecordRefused(f"{at.date_time!r} is no day: {why}") from why


def written_time(local: str, zone: str | None = None) -> dict[str, str]:
    """A time on the clock of an IANA zone, which Graph takes by its name; without one it is UTC, as days are told."""
    return {"dateTime": local, "timeZone": UTC_NAME if zone in {None, UNIVERSAL} else str(zone)}


def is_midnight(at: GraphTime) -> bool:
    return at.date_time[10:19] == _MIDNIGHT
