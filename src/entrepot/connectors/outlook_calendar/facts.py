"""An event of Microsoft Graph under the names of JSCalendar, on one clock, so that occurrences can be compared."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from entrepot.core.errors import RecordRefused
from entrepot.core.lens_duration import duration_of
from entrepot.protocols.graph_importance import priority_of
from entrepot.protocols.graph_time import GraphTime, day_of, instant_of, local_in, zone_of
from entrepot.protocols.ical_zone import UNIVERSAL
from entrepot.sdk.manifest_fields import to_markdown

from .shapes import Body, Event, Person, Place

Json = dict[str, Any]

_PRIVACY: Mapping[str, str] = MappingProxyType({"personal": "private", "private": "private", "confidential": "secret"})
_ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "none": "needs-action",
        "notResponded": "needs-action",
        "organizer": "accepted",
        "accepted": "accepted",
        "tentativelyAccepted": "tentative",
        "declined": "declined",
    }
)


def zone_in(event: Event) -> str:
    """The clock it goes by. A series goes by the one its rule names; a zone that nobody knows is read as UTC."""
    limits = event.recurrence.range if event.recurrence else None
    return zone_of(limits and limits.recurrence_time_zone) or zone_of(event.original_start_time_zone) or UNIVERSAL


def facts_of(event: Event, zone: str) -> Json:
    """Everything that an occurrence may have in its own way; what is not said is left out."""
    found = {
        **_times(event, zone),
        "title": event.subject,
        "description": _text(event.body),
        "status": "cancelled" if event.is_cancelled else "tentative" if event.show_as == "tentative" else None,
        "freeBusyStatus": "free" if event.show_as == "free" else None,
        "privacy": _PRIVACY.get(event.sensitivity or ""),
        "priority": priority_of(event.importance),
        "locations": [place for each in _places(event) if (place := _location(each))],
        "links": _links(event),
        "participants": _participants(event),
        "alerts": _alerts(event),
    }
    return {name: value for name, value in found.items() if value}


def _times(event: Event, zone: str) -> Json:
    if event.start is None or event.end is None:
        raise RecordRefused("It does not say when it begins and ends.")
    if event.is_all_day:
        return {"start": day_of(event.start), "showWithoutTime": True, "duration": _length(event.start, event.end)}
    end_zone = zone_of(event.original_end_time_zone)
    return {
        "start": local_in(instant_of(event.start), zone),
        "timeZone": zone,
        "endTimeZone": end_zone if end_zone != zone else None,
        "duration": _length(event.start, event.end),
    }


def _length(start: GraphTime, end: GraphTime) -> str:
    """Both are told in the same zone, so the difference of days is one of days too."""
    length = instant_of(end) - instant_of(start)
    if length < timedelta():
        raise RecordRefused(f"It ends ({end.date_time}) before it starts ({start.date_time}).")
    return duration_of(length.total_seconds())


def _text(body: Body | None) -> str | None:
    if body is None or not body.content:
        return None
    return to_markdown(body.content).strip() if body.content_type == "html" else body.content


def _places(event: Event) -> list[Place]:
    return event.locations or ([event.location] if event.location else [])


def _location(place: Place) -> Json:
    at = place.coordinates
    there = f"geo:{at.latitude},{at.longitude}" if at and at.latitude is not None and at.longitude is not None else None
    found = {"name": place.display_name, "coordinates": there}
    return {name: value for name, value in found.items() if value}


def _links(event: Event) -> list[str]:
    joined = event.online_meeting.join_url if event.online_meeting else None
    return [link for link in (joined or event.online_meeting_url,) if link]


def _participants(event: Event) -> list[Json]:
    """Guests; who organises it is one of them or stands before them, with the role `owner`."""
    owner = _address(event.organizer)
    people = [_participant(guest, is_owner=bool(owner) and _address(guest) == owner) for guest in event.attendees]
    if people and event.organizer and not any("owner" in person["roles"] for person in people):
        people.insert(0, {**_participant(event.organizer, is_owner=True), "roles": ["owner"]})
    return people


def _participant(person: Person, *, is_owner: bool) -> Json:
    email = person.email_address
    answer = person.status.response if person.status else None
    kind = [person.type] if person.type in {"optional", "resource"} else []
    return {
        "name": email.name if email else None,
        "email": email.address if email else None,
        "roles": [*(["owner"] if is_owner else []), "attendee", *kind],
        "participationStatus": _ANSWERS.get(answer or ""),
    }


def _address(person: Person | None) -> str:
    return (person.email_address.address or "").lower() if person and person.email_address else ""


def _alerts(event: Event) -> list[Json]:
    if not event.is_reminder_on or event.reminder_minutes_before_start is None:
        return []
    minutes = event.reminder_minutes_before_start
    return [{"offset": f"-PT{minutes}M" if minutes >= 0 else f"PT{-minutes}M", "action": "display"}]
