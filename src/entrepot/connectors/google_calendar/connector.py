"""Completes an event of Google Calendar with what no lens can read: recurrence, people, reminders."""

from collections.abc import Mapping
from typing import Any

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.core.lens import LensError
from entrepot.core.lens_local import read_local
from entrepot.protocols.content_line import by_name, lines
from entrepot.protocols.ical_recurrence import read_recurrence
from entrepot.protocols.ical_time import Moment
from entrepot.protocols.ical_zone import Zones
from entrepot.transport.client import Client

Json = dict[str, Any]

_YEAR_ZERO = "0000-"
"""Events of public calendars may say that they were made in the year 0, which means nothing."""
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


async def complete(record: Json, _http: Client, _words: Mapping[str, object]) -> Json:
    """Adds what was made under `entrepot`. RecordRefused where the recurrence is none."""
    try:
        event = msgspec.convert(record, _Event)
    except msgspec.ValidationError as why:
        raise RecordRefused(f"It is not of the form Google documents: {why}") from why
    made: Json = {
        **_recurrence(event),
        "participants": _participants(event),
        "alerts": [_alert(each) for each in event.reminders.overrides],
        "endTimeZone": _end_zone(event),
    }
    return {**_without_year_zero(record), "entrepot": {name: value for name, value in made.items() if value}}


def _without_year_zero(record: Json) -> Json:
    empty = [name for name in ("created", "updated") if str(record.get(name)).startswith(_YEAR_ZERO)]
    return {name: value for name, value in record.items() if name not in empty} if empty else record


def _recurrence(event: _Event) -> Json:
    """The rules, and the dates added and left out, on the clock of the start.

    https://developers.google.com/workspace/calendar/api/concepts/events-calendars#recurring_events
    """
    if not event.recurrence:
        return {}
    found = by_name(lines("\n".join(event.recurrence).encode()))
    into: Json = {}
    read_recurrence(found, _start(event.start), Zones(), into)
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
    return {"offset": f"-PT{reminder.minutes}M", "action": _ACTIONS.get(reminder.method, reminder.method)}


def _end_zone(event: _Event) -> str | None:
    zone = event.end.time_zone if event.end.date_time else None
    return zone if zone != event.start.time_zone else None
