"""What all of Microsoft Graph has in common: how it tells errors, times and stamps."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from entrepot.protocols.ical_zone import iana
from tests.services.routes import Refused

Json = dict[str, Any]


def told(why: Refused) -> Json:
    return {"error": {"code": str(why), "message": f"{why}: it cannot be."}}


def in_utc(at: Json) -> Json:
    zone = iana(at.get("timeZone") or "UTC")
    if zone is None:
        raise Refused("TimeZoneNotSupported")
    try:
        local = datetime.fromisoformat(at["dateTime"][:19]).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise Refused("InvalidDateTime") from None
    return {"dateTime": f"{local.astimezone(UTC).isoformat()[:19]}.0000000", "timeZone": "UTC"}


def stamp(at: datetime) -> str:
    return f"{at.replace(tzinfo=None).isoformat(timespec='microseconds')}0Z"
