"""An event as Google is sent it: times, recurrence and reminders, and what it would tell of them again."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from entrepot.core.errors import RecordRefused
from entrepot.core.lens_duration import seconds_of
from entrepot.core.mapping import Mapping as Lines
from entrepot.core.planner import Alert, Event
from entrepot.protocols.ical_recurrence import EXCLUDED, added_lines, excluded_lines, rule_lines
from entrepot.protocols.ical_time import duration_of, length_of
from entrepot.protocols.ical_zone import UNIVERSAL, Zones, moved

Json = dict[str, Any]

TIMES = frozenset({"start", "time_zone", "end_time_zone", "show_without_time", "duration"})
_RECURRENCE = frozenset({"recurrence_rules", "excluded_recurrence_rules", "recurrence_overrides"})
_PLAIN = frozenset({"title", "description", "locations", "status", "free_busy_status", "privacy"})
"""What the lines of the manifest write."""
OF_AN_OCCURRENCE = TIMES | _PLAIN | {"alerts"}
FIELDS = OF_AN_OCCURRENCE | _RECURRENCE | {"recurrence_id"}

_NAMES = {field.name: field.encode_name for field in msgspec.structs.fields(Event)}
_HELD = frozenset(_NAMES[name] for name in OF_AN_OCCURRENCE)
_ZONES = Zones()
_LONGEST = 40_320
_MOST = 5
"""Reminders of one event, each at most four weeks before, in minutes: `reminders.overrides[]` in
https://developers.google.com/workspace/calendar/api/v3/reference/events."""


def members_of(data: Event, native: Json, fields: Collection[str], lines: Lines, before: Event | None) -> Json:
    """The members in which Google's record differs from what it is to be, in these fields.

    `before` is what the native says; None where the event is new. RecordRefused for what Google cannot keep.
    """
    if "status" in fields and data.status == "cancelled":
        raise RecordRefused("Google deletes an event that is cancelled; delete it, or leave it as it is.")
    only = {_NAMES[name] for name in _PLAIN.intersection(fields)}
    written = lines.write(msgspec.to_builtins(data), native, only=only, clear=before is not None)
    found = {name: value for name, value in written.items() if name not in native or native[name] != value}
    if before is None or any(getattr(before, name) != getattr(data, name) for name in TIMES.intersection(fields)):
        found |= _times(data, native)
    if "alerts" in fields and data.alerts != (before.alerts if before else []):
        found["reminders"] = {"useDefault": False, "overrides": _reminders(data.alerts)}
    return found


def recurrence_of(data: Event, excluded: Collection[str]) -> list[str]:
    """Rules, added dates, and those of the `excluded` that the record leaves out."""
    overrides = {
        key: patch
        for key, patch in data.recurrence_overrides.items()
        if not patch or (patch.get(EXCLUDED) and key in excluded)
    }
    bare = replace(data, recurrence_overrides=overrides)
    return [line.written() for line in (*rule_lines(bare, _ZONES), *added_lines(bare), *excluded_lines(bare))]


def original_start(data: Event, key: str) -> str:
    """An occurrence as `events.instances` is asked for it: a day, or the moment."""
    if data.show_without_time:
        return key[:10]
    return moved(key, _ZONES.info(data.time_zone), UTC) + "Z"


def told_overrides(overrides: Mapping[str, Json]) -> dict[str, Json]:
    """As Google would tell them again: a cancelled occurrence is one left out, and not all of a kind has a place."""
    found: dict[str, Json] = {}
    for key, patch in sorted(overrides.items()):
        if patch.get(EXCLUDED) or patch.get("status") == "cancelled":
            found[key] = {EXCLUDED: True}
            continue
        held = {name: value for name, value in patch.items() if name in _HELD}
        if held.get("locations"):
            held["locations"] = [{"name": place["name"]} for place in held["locations"][:1] if place.get("name")]
        if held.get("alerts"):
            alerts = msgspec.convert(held["alerts"], list[Alert])
            held["alerts"] = msgspec.to_builtins(told_alerts(alerts))
        if held or not patch:
            found[key] = held
    return found


def told_alerts(alerts: list[Alert]) -> list[Alert]:
    return [
        Alert(offset=duration_of(f"-PT{one['minutes']}M"), action="email" if one["method"] == "email" else "display")
        for one in _reminders(alerts)
    ]


def _reminders(alerts: list[Alert]) -> list[Json]:
    """Whole minutes before the start; what else an alert may be has no place."""
    found: list[Json] = []
    for alert in alerts:
        length = length_of(alert.offset) if alert.offset and alert.relative_to == "start" else None
        minutes = None if length is None else -int(length.total_seconds() // 60)
        if minutes is not None and 0 <= minutes <= _LONGEST:
            found.append({"method": "email" if alert.action == "email" else "popup", "minutes": minutes})
    return found[:_MOST]


def _times(data: Event, native: Json) -> Json:
    if data.start is None:
        raise RecordRefused("An event without a start cannot be kept in Google Calendar.")
    start, end = _days(data) if data.show_without_time else _moments(data)
    return {"start": _in_place_of(native.get("start"), start), "end": _in_place_of(native.get("end"), end)}


def _in_place_of(held: Json | None, new: Json) -> Json:
    """A day in place of a time, and the other way, takes away what would stay there beside it."""
    return {**dict.fromkeys((held or {}).keys() - new.keys()), **new}


def _days(data: Event) -> tuple[Json, Json]:
    first = datetime.fromisoformat(str(data.start)[:10])
    last = first + timedelta(days=max(1, length_of(data.duration).days))
    return {"date": first.date().isoformat()}, {"date": last.date().isoformat()}


def _moments(data: Event) -> tuple[Json, Json]:
    zone, start = data.time_zone, str(data.start)
    here = _ZONES.info(zone)
    if here is None:
        raise RecordRefused("Google Calendar keeps no time without a zone that the world knows.")
    at = datetime.fromisoformat(start).replace(tzinfo=here)
    end = at.astimezone(UTC) + timedelta(seconds=float(seconds_of(data.duration)))
    end_zone = data.end_time_zone if _ZONES.info(data.end_time_zone) else zone
    return _moment(at, str(zone)), _moment(end.astimezone(_ZONES.info(end_zone)), str(end_zone))


def _moment(at: datetime, zone: str) -> Json:
    return {"dateTime": at.isoformat(), "timeZone": "UTC" if zone == UNIVERSAL else zone}
