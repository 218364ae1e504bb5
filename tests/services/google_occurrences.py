"""Where and when the occurrences of a series at Google Calendar's stand-in are; the dates are another program's."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from tests.services.routes import Refused

Json = dict[str, Any]


def names_in(series: Json) -> list[str]:
    """The ids of its occurrences within some years."""
    master = icalendar.Event.from_ical(_as_ical(series))
    start = master.start
    first = datetime.combine(start, datetime.min.time()) if type(start) is date else start.replace(tzinfo=None)
    calendar = icalendar.Calendar()
    calendar.add_component(master)
    found = recurring_ical_events.of(calendar).between(first - timedelta(days=1), first + timedelta(days=1500))
    return [f"{series['id']}_{_compact(one.start)}" for one in found]


def occurrence(series: Json, name: str) -> Json:
    stamp = name.rpartition("_")[2]
    length = moment_of(series["end"]) - moment_of(series["start"])
    if "date" in series["start"]:
        start = {"date": f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:]}"}
        end = {"date": (date.fromisoformat(start["date"]) + length).isoformat()}
    else:
        at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        start = normal({"dateTime": at.isoformat(), "timeZone": series["start"]["timeZone"]})
        end = normal({"dateTime": (at + length).isoformat(), "timeZone": series["end"]["timeZone"]})
    own = {"recurringEventId": series["id"], "originalStartTime": start, "start": start, "end": end, "id": name}
    usual = {name: value for name, value in series.items() if name != "recurrence"}
    return {**usual, **own}


def _as_ical(series: Json) -> bytes:
    start = series["start"]
    if "date" in start:
        first = f"DTSTART;VALUE=DATE:{start['date'].replace('-', '')}"
    else:
        local = datetime.fromisoformat(start["dateTime"]).astimezone(ZoneInfo(start["timeZone"]))
        first = f"DTSTART;TZID={start['timeZone']}:{local:%Y%m%dT%H%M%S}"
    return "\r\n".join(["BEGIN:VEVENT", "UID:x", first, *series.get("recurrence", ()), "END:VEVENT", ""]).encode()


def _compact(at: date) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" if isinstance(at, datetime) else f"{at:%Y%m%d}"


def is_at(name: str, wanted: str) -> bool:
    at = date.fromisoformat(wanted) if len(wanted) == 10 else datetime.fromisoformat(wanted)
    return name.endswith(f"_{_compact(at)}")


def normal(at: Json | None) -> Json:
    if not at or not (at.get("date") or at.get("dateTime")) or (at.get("date") and at.get("dateTime")):
        raise Refused("required")
    if at.get("date"):
        return {"date": at["date"]}
    moment, zone = datetime.fromisoformat(at["dateTime"]), at.get("timeZone")
    if zone is None and moment.tzinfo is None:
        raise Refused("required")
    place = ZoneInfo(zone) if zone else None
    there = moment.replace(tzinfo=place) if moment.tzinfo is None else moment.astimezone(place)
    return {"dateTime": there.isoformat(), **({"timeZone": zone} if zone else {})}


def moment_of(at: Json) -> datetime:
    return datetime.fromisoformat(at.get("dateTime") or f"{at['date']}T00:00:00+00:00")
