"""What of an event of Microsoft Graph is looked at in Python."""

from typing import Literal

import msgspec

from entrepot.protocols.graph_recurrence import Recurrence
from entrepot.protocols.graph_time import GraphTime


class Body(msgspec.Struct, rename="camel"):
    content: str | None = None
    content_type: str | None = None


class Address(msgspec.Struct):
    address: str | None = None
    name: str | None = None


class Answer(msgspec.Struct):
    response: str | None = None


class Person(msgspec.Struct, rename="camel"):
    email_address: Address | None = None
    type: str | None = None
    status: Answer | None = None


class Coordinates(msgspec.Struct):
    latitude: float | None = None
    longitude: float | None = None


class Place(msgspec.Struct, rename="camel"):
    display_name: str | None = None
    coordinates: Coordinates | None = None


class Meeting(msgspec.Struct, rename="camel"):
    join_url: str | None = None


class Event(msgspec.Struct, rename="camel"):
    """Where people see free and busy alone, little more than the times is told."""

    type: Literal["singleInstance", "occurrence", "exception", "seriesMaster"] | None = None
    start: GraphTime | None = None
    end: GraphTime | None = None
    original_start: str | None = None
    original_start_time_zone: str | None = None
    original_end_time_zone: str | None = None
    occurrence_id: str | None = None
    is_all_day: bool | None = None
    is_cancelled: bool | None = None
    importance: str | None = None
    subject: str | None = None
    body: Body | None = None
    show_as: str | None = None
    sensitivity: str | None = None
    location: Place | None = None
    locations: list[Place] = []
    organizer: Person | None = None
    attendees: list[Person] = []
    is_reminder_on: bool | None = None
    reminder_minutes_before_start: int | None = None
    online_meeting: Meeting | None = None
    online_meeting_url: str | None = None
    recurrence: Recurrence | None = None
