"""iCalendar (RFC 5545) ↔ Event and Task: one record is everything under one UID, the series and its overrides."""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import Literal

import msgspec

from entrepot.core.errors import RecordRefused
from entrepot.core.planner import Event, Planned, Task
from entrepot.protocols.component import Component, components
from entrepot.protocols.content_line import Line, by_name
from entrepot.protocols.ical_alarm import alarms_of, alerts_of
from entrepot.protocols.ical_field import Attributes
from entrepot.protocols.ical_fields import EVENT_FIELDS, TASK_FIELDS
from entrepot.protocols.ical_recurrence import (
    RANGE,
    added_lines,
    excluded_lines,
    is_override,
    occurrence,
    occurrence_of,
    patch_of,
    read_recurrence,
    rule_lines,
)
from entrepot.protocols.ical_time import Moment, compact_instant, time_line
from entrepot.protocols.ical_when import start_of
from entrepot.protocols.ical_zone import Zones, definition_of

PRODUCT = "-//Entrepot//Entrepot//EN"
RECORDS = ("VEVENT", "VTODO")
ZONES = "timeZones"
"""In `extra`: the VTIMEZONE text of zones that only this record's file knows, by name."""

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_FIELDS = {"VEVENT": EVENT_FIELDS, "VTODO": TASK_FIELDS}


def read(text: str | bytes) -> Event | Task:
    """One record from a calendar that holds it, with its overrides. Raises RecordRefused, naming the UID."""
    return read_components(components(as_bytes(text)))


def read_components(roots: Iterable[Component]) -> Event | Task:
    records, zones = records_of(roots)
    if not records:
        raise RecordRefused("The calendar holds no event and no task.")
    uid = records[0].value("UID").strip()
    try:
        return _read_record(records, zones)
    except RecordRefused as why:
        raise RecordRefused(
            f"The {_word(records[0])} {uid[:80] or 'without UID'} was left out: {why.message}."
        ) from None


def write(data: Planned, *, stamp: datetime | None = None) -> str:
    """A calendar with this one record. `stamp` is when it was written (DTSTAMP); else what the record says."""
    calendar = Component("VCALENDAR", [Line("VERSION", "2.0"), Line("PRODID", PRODUCT)])
    zones = carried_zones(data)
    calendar.content += [master_component(data, zones, stamp), *override_components(data, zones, stamp)]
    add_definitions(calendar, data)
    return calendar.written()


def component_of(text: bytes) -> Literal["VEVENT", "VTODO"] | None:
    """What a calendar holds, by a look at its bytes."""
    upper = text if b"BEGIN:VEVENT" in text or b"BEGIN:VTODO" in text else text.upper()
    if b"BEGIN:VEVENT" in upper:
        return "VEVENT"
    return "VTODO" if b"BEGIN:VTODO" in upper else None


def as_bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def records_of(roots: Iterable[Component]) -> tuple[list[Component], Zones]:
    found: list[Component] = []
    definitions: list[Component] = []
    for root in roots:
        for child in [root] if root.name in RECORDS else root.children():
            if child.name in RECORDS:
                found.append(child)
            elif child.name == "VTIMEZONE":
                definitions.append(child)
    return found, Zones(definitions)


def carried_zones(data: Planned) -> Zones:
    """The zones a record brings along in its `extra`."""
    texts = data.extra.get(ZONES)
    if not isinstance(texts, dict):
        return Zones()
    return Zones(found for text in texts.values() for found in components(str(text).encode()))


def _word(component: Component) -> str:
    return "event" if component.name == "VEVENT" else "task"


def _read_record(records: list[Component], zones: Zones) -> Event | Task:
    uids = {record.value("UID").strip() for record in records}
    if len(uids) > 1:
        raise RecordRefused("it shares its file with another")
    masters = [record for record in records if record.line("RECURRENCE-ID") is None]
    head = masters[-1] if masters else records[0]
    data = read_component(head, zones)
    overrides = [
        one for one in records if one is not head and one.line("RECURRENCE-ID") is not None and one.name == head.name
    ]
    return with_overrides(data, overrides, zones) if overrides else data


def read_component(component: Component, zones: Zones) -> Event | Task:
    found = by_name(component.lines())
    values: Attributes = {"uid": component.value("UID").strip() or None}
    for field in _FIELDS[component.name]:
        field.read(found, zones, values)
    alerts = alerts_of(component)
    if alerts:
        values["alerts"] = alerts
    start = _anchor(values)
    read_recurrence(found, start, zones, values)
    identity = found.get("RECURRENCE-ID")
    if identity:
        values["recurrence_id"] = occurrence(identity[0].value, identity[0], start, zones)
    _keep_definitions(values, zones)
    return Event(**values) if component.name == "VEVENT" else Task(**values)


def _anchor(values: Attributes) -> Moment:
    is_date = values.get("show_without_time", False)
    local = values.get("start") or values.get("due") or "1970-01-01T00:00:00"
    return Moment(local, values.get("time_zone"), is_date)


def _keep_definitions(values: Attributes, zones: Zones) -> None:
    names = {values.get("time_zone"), values.get("end_time_zone")} - {None}
    own = {str(name): zones.definition(str(name)) for name in names}
    own = {name: text for name, text in own.items() if text}
    if own:
        values["extra"] = {ZONES: own}


def with_overrides(data: Event | Task, overrides: Iterable[Component], zones: Zones) -> Event | Task:
    """`uid` and the series belong to the record; an override is only what it says otherwise."""
    start = start_of(data)
    patches = dict(data.recurrence_overrides)
    for one in overrides:
        identity = one.line("RECURRENCE-ID")
        assert identity is not None  # overrides are chosen by it
        key = occurrence(identity.value, identity, start, zones)
        patch = patch_of(data, key, read_component(one, zones))
        if identity.parameter("RANGE").upper() == "THISANDFUTURE":
            patch[RANGE] = "thisAndFuture"
        patches[key] = patch
    return msgspec.structs.replace(data, recurrence_overrides=dict(sorted(patches.items())))


def master_component(data: Planned, zones: Zones, stamp: datetime | None) -> Component:
    identity = [] if data.recurrence_id is None else [orphan_line(data, data.recurrence_id)]
    component = _component(data, zones, stamp, identity)
    component.replace(("RRULE",), [*rule_lines(data, zones), *added_lines(data), *excluded_lines(data)])
    return component


def orphan_line(data: Planned, key: str) -> Line:
    """The identity of an occurrence that came without its series is told on its own clock."""
    start = start_of(data)
    return time_line("RECURRENCE-ID", key, start.zone, is_date=start.is_date)


def override_components(data: Planned, zones: Zones, stamp: datetime | None) -> Iterator[Component]:
    for key, patch in data.recurrence_overrides.items():
        if is_override(patch):
            yield override_component(data, key, zones, stamp)


def override_component(data: Planned, key: str, zones: Zones, stamp: datetime | None) -> Component:
    patch = data.recurrence_overrides[key]
    return _component(occurrence_of(data, key, patch), zones, stamp, [identity_line(data, key)])


def identity_line(data: Planned, key: str) -> Line:
    line = orphan_line(data, key)
    if data.recurrence_overrides[key].get(RANGE) == "thisAndFuture":
        return Line(line.name, line.value, {**line.parameters, "RANGE": ["THISANDFUTURE"]})
    return line


def _component(data: Planned, zones: Zones, stamp: datetime | None, identity: list[Line]) -> Component:
    name = "VTODO" if isinstance(data, Task) else "VEVENT"
    at = stamp or data.updated or data.created or _EARLIEST
    content = [Line("UID", data.uid or ""), Line("DTSTAMP", compact_instant(at)), *identity]
    for field in _FIELDS[name]:
        content += field.write(data, zones)
    return Component(name, [*content, *alarms_of(data.alerts, data.title)])


def named_zones(calendar: Component) -> dict[str, None]:
    """In the order they come."""
    records = calendar.children(*RECORDS)
    return dict.fromkeys(tzid for one in records for line in one.lines() if (tzid := line.parameter("TZID")))


def add_definitions(calendar: Component, data: Planned, besides: Collection[str] = ()) -> None:
    """A VTIMEZONE for every zone that is named in the calendar and not defined there, but for those `besides`."""
    there = {zone.value("TZID") for zone in calendar.children("VTIMEZONE")} | set(besides)
    own = data.extra.get(ZONES)
    carried = own if isinstance(own, dict) else {}
    year = int((data.start or "1970")[:4])
    new: list[Component] = []
    for tzid in named_zones(calendar):
        text = "" if tzid in there else str(carried.get(tzid) or definition_of(tzid, year))
        if text:
            new += components(text.encode())
    first = next((at for at, part in enumerate(calendar.content) if isinstance(part, Component)), len(calendar.content))
    calendar.content[first:first] = new
