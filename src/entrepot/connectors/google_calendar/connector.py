"""Completes an event of Google Calendar with what no lens can read: its series, people, reminders."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.core.lens import LensError
from entrepot.core.lens_local import read_local
from entrepot.core.mapping import Mapping as Lines
from entrepot.core.planner import Event
from entrepot.protocols.content_line import by_name, lines
from entrepot.protocols.ical_field import Found
from entrepot.protocols.ical_recurrence import EXCLUDED, patch_of, read_recurrence
from entrepot.protocols.ical_time import Moment, duration_of, seen_from
from entrepot.protocols.ical_zone import Zones
from entrepot.sdk.manifest_fields import mapping_of
from entrepot.sdk.manifest_file import load
from entrepot.transport.client import Client

from .series import ask_series, version_of, with_exceptions

Json = dict[str, Any]

_YEAR_ZERO = "0000-"
"""Events of public calendars may say that they were made in the year 0, which means nothing."""
_STAMPED = frozenset({"created", "updated", "sequence"})
_ZONES = Zones()
_ANSWERS = {"needsAction": "needs-action"}
_ACTIONS = {"popup": "display"}
_JSON_NAMES = {
    "recurrence_rules": "recurrenceRules",
    "excluded_recurrence_rules": "excludedRecurrenceRules",
    "recurrence_overrides": "recurrenceOverrides",
}


class _Side(msgspec.Struct, rename="camel"):
    """Where an event begins or ends: `date` for whole days, else the others."""

    date: str | None = None
    date_time: str | None = None
    time_zone: str | None = None


class _Person(msgspec.Struct, rename="camel"):
    email: str | None = None
    display_name: str | None = None
    response_status: str | None = None
    optional: bool = False
    organizer: bool = False


class _Reminder(msgspec.Struct):
    method: str
    minutes: int


class _Reminders(msgspec.Struct):
    overrides: list[_Reminder] = []


class _Event(msgspec.Struct):
    start: _Side = msgspec.field(default_factory=_Side)
    end: _Side = msgspec.field(default_factory=_Side)
    recurrence: list[str] = []
    attendees: list[_Person] = []
    organizer: _Person | None = None
    reminders: _Reminders = msgspec.field(default_factory=_Reminders)


async def complete(record: Json, http: Client, words: Mapping[str, object]) -> Json:
    """Adds what was made under `entrepot`; a series and its exceptions become one record, whichever of them came.

    RecordRefused where the recurrence is none.
    """
    if "exceptions" in record:
        return completed(record)
    series = record.get("recurringEventId") or (record.get("id") if record.get("recurrence") else None)
    whole = await ask_series(http, str(words["collection"]), str(series), record) if series else None
    return completed(whole or record)


def gather(records: list[Json]) -> list[Json]:
    """A series takes its exceptions in; one that only the exception is here of is not asked for."""
    series: dict[str, list[Json]] = {str(one.get("id")): [] for one in records if one.get("recurrence")}
    apart: list[Json] = []
    for one in records:
        series.get(str(one.get("recurringEventId")), apart).append(one)
    return [with_exceptions(one, series.get(str(one.get("id")), [])) for one in apart]


def completed(record: Json) -> Json:
    """Under `exceptions` a series has the occurrences that are not as its rule says, as Google tells them."""
    if record.get("status") == "cancelled":
        return {**record, "entrepot": {"version": version_of(record)}}
    made = _made(record)
    exceptions: list[Json] = record.get("exceptions") or []
    if exceptions:
        made["recurrenceOverrides"] = _with_exceptions(record, made, exceptions)
    made["version"] = version_of(record)
    if not exceptions:
        record = {name: value for name, value in record.items() if name != "exceptions"}
    return {**_without_year_zero(record), "entrepot": {name: value for name, value in made.items() if value}}


def event_of(record: Json) -> Event:
    """One event by itself, as the lines of the manifest read it."""
    try:
        found = _lines().read({**record, "entrepot": _made(record)})
        return msgspec.convert(found, Event)
    except (LensError, msgspec.ValidationError) as why:
        raise RecordRefused(f"{record.get('id')}: {why}") from why


def lines_of(recurrence: list[str]) -> Found:
    return by_name(lines("\n".join(recurrence).encode()))


def start_moment(record: Json) -> Moment:
    return _start(msgspec.convert(record.get("start") or {}, _Side))


def _made(record: Json) -> Json:
    try:
        event = msgspec.convert(record, _Event)
    except msgspec.ValidationError as why:
        raise RecordRefused(f"It is not of the form Google documents: {why}") from why
    return {
        **_recurrence(event),
        "participants": _participants(event),
        "alerts": [_alert(each) for each in event.reminders.overrides],
        "endTimeZone": _end_zone(event),
    }


def _with_exceptions(record: Json, made: Json, exceptions: list[Json]) -> Json:
    """By the time at which the occurrence would have been: what differs from the series there (RFC 8984, 4.3.5)."""
    series, start = event_of(record), start_moment(record)
    found: Json = dict(made.get("recurrenceOverrides", {}))
    for one in exceptions:
        at = seen_from(_start(msgspec.convert(one.get("originalStartTime") or {}, _Side)), start.zone, _ZONES)
        if one.get("status") == "cancelled":
            found[at] = {EXCLUDED: True}
            continue
        patch = patch_of(series, at, event_of(one))
        patch = {name: value for name, value in patch.items() if name not in _STAMPED}
        if patch:  # an occurrence that was changed and changed back differs in nothing
            found[at] = patch
    return dict(sorted(found.items()))


@cache
def _lines() -> Lines:
    return mapping_of(load(Path(__file__).with_name("manifest.yaml")).live_streams["events"])


def _without_year_zero(record: Json) -> Json:
    empty = [name for name in ("created", "updated") if str(record.get(name)).startswith(_YEAR_ZERO)]
    return {name: value for name, value in record.items() if name not in empty} if empty else record


def _recurrence(event: _Event) -> Json:
    """The rules, and the dates added and left out, on the clock of the start.

    https://developers.google.com/workspace/calendar/api/concepts/events-calendars#recurring_events
    """
    if not event.recurrence:
        return {}
    into: Json = {}
    read_recurrence(lines_of(event.recurrence), _start(event.start), _ZONES, into)
    return {_JSON_NAMES[name]: msgspec.to_builtins(value) for name, value in into.items()}


def _start(start: _Side) -> Moment:
    try:
        local, zone, is_date = read_local(start.date, start.date_time, start.time_zone)
    except LensError as why:
        raise RecordRefused(f"start: {why}") from why
    if local is None:
        raise RecordRefused("It recurs, and has no start.")
    return Moment(local, zone, bool(is_date))


def _participants(event: _Event) -> list[Json]:
    """Guests; who organises it is one of them or stands before them, with the role `owner`."""
    people = [_participant(guest) for guest in event.attendees]
    if people and event.organizer and not any(guest.organizer for guest in event.attendees):
        people.insert(0, {**_participant(event.organizer), "roles": ["owner"]})
    return people


def _participant(person: _Person) -> Json:
    answer = person.response_status
    return {
        "name": person.display_name,
        "email": person.email,
        "roles": [*(["owner"] if person.organizer else []), "attendee", *(["optional"] if person.optional else [])],
        "participationStatus": _ANSWERS.get(answer, answer) if answer else None,
    }


def _alert(reminder: _Reminder) -> Json:
    """Only reminders of the event itself are told with it; those of the whole calendar are a setting."""
    offset = duration_of(f"-PT{reminder.minutes}M")
    return {"offset": offset, "action": _ACTIONS.get(reminder.method, reminder.method)}


def _end_zone(event: _Event) -> str | None:
    zone = event.end.time_zone if event.end.date_time else None
    return zone if zone != event.start.time_zone else None
