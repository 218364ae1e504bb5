"""What is sent so that an event says what it is to say: the way back of `facts`, member by member.

A member is sent only where the event does not say already as much as Outlook can keep of what is wanted.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from entrepot.core.errors import RecordRefused
from entrepot.core.lens import LensError
from entrepot.core.lens_duration import duration_of, seconds_of
from entrepot.protocols.graph_importance import importance_of, kept_priority
from entrepot.protocols.graph_time import instant_in, local_in, written_time, zone_of
from entrepot.protocols.ical_zone import UNIVERSAL
from entrepot.sdk.manifest_fields import to_html, to_markdown

from .facts import Json

TIMES = frozenset({"start", "duration", "timeZone", "endTimeZone", "showWithoutTime"})
_DEFAULTS: Json = {"status": "confirmed", "freeBusyStatus": "busy", "privacy": "public"}
_SENSITIVITY: Mapping[str | None, str] = MappingProxyType({"private": "private", "secret": "confidential"})
_OWN = frozenset({"alerts", "status", "freeBusyStatus", "privacy", "priority"})
"""What a guest may say of somebody else's meeting: it is nobody's business but theirs."""
_NEVER = frozenset({"links", "participants"})
"""Links are those of the online meeting; guests would be written to."""


def kept(facts: Json) -> Json:
    """What Outlook tells again of what is said, in the form of `facts_of`. Nothing is kept of what is None or empty."""
    found = {**facts, **{name: keep(facts[name]) for name, keep in KEEPS.items() if facts.get(name)}}
    found = {name: value for name, value in found.items() if value and _DEFAULTS.get(name) != value}
    found.setdefault("duration", "PT0S")
    if found.get("status") == "tentative":
        found.pop("freeBusyStatus", None)  # one word says both
    if found.get("showWithoutTime"):
        return _kept_days(found)
    if found.get("endTimeZone") == found.get("timeZone"):
        found.pop("endTimeZone", None)
    return found


def _kept_days(facts: Json) -> Json:
    """Whole days, one at least, on no clock."""
    days = max(1, -int(-float(seconds_of(facts["duration"])) // 86_400))
    start = {"start": f"{facts['start'][:10]}T00:00:00"} if facts.get("start") else {}
    rest = {name: value for name, value in facts.items() if name not in {"timeZone", "endTimeZone"}}
    return {**rest, **start, "duration": f"P{days}D"}


def members(wanted: Json, held: Json, native: Json) -> Json:
    """The members of Graph's event that make it say `wanted` in place of `held`. RecordRefused where none do."""
    same = {name for name, each in wanted.items() if name not in TIMES and each and each == held.get(name)}
    wanted = {**kept(wanted), **{name: held[name] for name in same}}
    differ = {name for name in wanted.keys() | held.keys() if wanted.get(name) != held.get(name)} - _NEVER
    _check_guest(differ, native)
    sent: Json = {}
    for names, write in _WRITES:
        if differ & names:
            sent |= write(wanted, native)
    return sent


def _check_guest(differ: set[str], native: Json) -> None:
    strange = sorted(differ - _OWN - {"keywords"}) if native.get("isOrganizer") is False else []
    if strange:
        raise RecordRefused(f"It is somebody else's meeting; only they can change its {strange[0]}.")


def _keep_alerts(alerts: list[Json]) -> list[Json]:
    """One reminder, so many minutes before it starts; the first that is of this sort."""
    minutes = next((found for each in alerts if (found := _minutes(each)) is not None), None)
    if minutes is None:
        return []
    return [{"offset": f"-PT{minutes}M" if minutes >= 0 else f"PT{-minutes}M", "action": "display"}]


def keep_text(text: str) -> str:
    return to_markdown(to_html(text)).strip()


def _keep_places(places: list[Json]) -> list[Json]:
    found: list[Json] = []
    for each in places:
        at = _point(each)
        there = {"name": each.get("name"), "coordinates": at and f"geo:{at[0]},{at[1]}"}
        found.append({name: value for name, value in there.items() if value})
    return [each for each in found if each]


def _point(place: Json) -> tuple[float, float] | None:
    """Latitude and longitude of a geo: URI (RFC 5870); None where it is none."""
    text: str = place.get("coordinates") or ""
    parts = text.removeprefix("geo:").partition(";")[0].split(",")
    try:
        return float(parts[0]), float(parts[1])
    except (ValueError, IndexError):
        return None


def _keep_length(text: str) -> str:
    try:
        return duration_of(int(seconds_of(text)))
    except LensError as why:
        raise RecordRefused(f"It has no length: {why}.") from why


KEEPS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "description": keep_text,
        "alerts": _keep_alerts,
        "locations": _keep_places,
        "priority": kept_priority,
        "duration": _keep_length,
    }
)
"""What of a field is told again, under its JSON name; the rest comes back as it is."""


def _minutes(alert: Json) -> int | None:
    offset: str = alert.get("offset") or ""
    if not offset or alert.get("relativeTo", "start") != "start":
        return None
    sign = 1 if offset.startswith("-") else -1
    try:
        return sign * int(seconds_of(offset.lstrip("+-")) // 60)
    except LensError:
        return None


def _times(wanted: Json, native: Json) -> Json:
    if not wanted.get("start"):
        raise RecordRefused("It does not say when it begins; Outlook has no such events.")
    start: str = wanted["start"]
    seconds = float(seconds_of(wanted["duration"]))
    if wanted.get("showWithoutTime"):
        end = datetime.fromisoformat(start) + timedelta(seconds=seconds)
        return {"isAllDay": True, "start": written_time(start), "end": written_time(end.isoformat())}
    zone, end_zone = wanted.get("timeZone"), wanted.get("endTimeZone") or wanted.get("timeZone")
    if zone is None or zone_of(zone) is None or zone_of(end_zone) is None:
        raise RecordRefused("Its time is on no clock that Outlook knows: it needs a time zone of the IANA's.")
    end_at = instant_in(start, zone) + timedelta(seconds=seconds)
    return {
        "isAllDay": False,
        "start": written_time(start, _name(zone, native.get("originalStartTimeZone"))),
        "end": written_time(local_in(end_at, str(end_zone)), _name(str(end_zone), native.get("originalEndTimeZone"))),
    }


def _name(zone: str, held: Any) -> str:
    """The zone by the name the event has for it already, be it Windows's."""
    return held if zone != UNIVERSAL and isinstance(held, str) and zone_of(held) == zone else zone


def _title(wanted: Json, _native: Json) -> Json:
    return {"subject": wanted.get("title", "")}


def _body(wanted: Json, native: Json) -> Json:
    if native.get("isOnlineMeeting"):
        raise RecordRefused("It is an online meeting, whose text tells how to join; change its description in Outlook.")
    return {"body": {"contentType": "html", "content": to_html(wanted.get("description", ""))}}


def _show_as(wanted: Json, _native: Json) -> Json:
    if wanted.get("status") == "cancelled":
        raise RecordRefused("An event cannot be marked as cancelled in Outlook; delete it instead.")
    return {"showAs": "tentative" if wanted.get("status") == "tentative" else wanted.get("freeBusyStatus", "busy")}


def _sensitivity(wanted: Json, _native: Json) -> Json:
    return {"sensitivity": _SENSITIVITY.get(wanted.get("privacy"), "normal")}


def _importance(wanted: Json, _native: Json) -> Json:
    return {"importance": importance_of(wanted.get("priority"))}


def _reminder(wanted: Json, _native: Json) -> Json:
    """Outlook reminds of everything a quarter of an hour before, where it is not told otherwise."""
    alerts: list[Json] = wanted.get("alerts", [])
    if not alerts:
        return {"isReminderOn": False}
    return {"isReminderOn": True, "reminderMinutesBeforeStart": _minutes(alerts[0])}


def _places(wanted: Json, native: Json) -> Json:
    """A place that is there already keeps all that Outlook knows about it."""
    known = {each.get("displayName"): each for each in native.get("locations") or [native.get("location") or {}]}
    places = [{**known.get(each.get("name"), {}), **_place(each)} for each in wanted.get("locations", [])]
    return {"locations": places} if places else {"location": {"displayName": ""}, "locations": []}


def _place(place: Json) -> Json:
    at = _point(place)
    there = {"coordinates": {"latitude": at[0], "longitude": at[1]}} if at else {}
    return {"displayName": place.get("name", ""), **there}


_WRITES: tuple[tuple[frozenset[str], Callable[[Json, Json], Json]], ...] = (
    (TIMES, _times),
    (frozenset({"title"}), _title),
    (frozenset({"description"}), _body),
    (frozenset({"status", "freeBusyStatus"}), _show_as),
    (frozenset({"privacy"}), _sensitivity),
    (frozenset({"priority"}), _importance),
    (frozenset({"alerts"}), _reminder),
    (frozenset({"locations"}), _places),
)
