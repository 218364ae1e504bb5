"""What all of Microsoft Graph has in common: how it tells errors, times and stamps."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from entrepot.protocols.ical_zone import iana

Json = dict[str, Any]


class Refused(Exception):
    def __init__(self, code: str, *, status: int = 400) -> None:
        super().__init__(code)
        self.status = status


def told(handler: Any) -> Any:
    async def answer(request: web.Request) -> web.Response:
        try:
            found = await handler(request)
        except Refused as why:
            body = {"error": {"code": str(why), "message": f"{why}: it cannot be."}}
            return web.json_response(body, status=why.status)
        status, body = found if isinstance(found, tuple) else (200, found)
        return web.Response(status=status) if body is None else web.json_response(body, status=status)

    return answer


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
