"""When an event or task is: DTSTART, DTEND, DUE and DURATION as start, zone, length and due."""

from contextlib import suppress
from datetime import datetime

from entrepot.core.errors import RecordRefused
from entrepot.core.planner import Event, Planned, Task
from entrepot.protocols.content_line import Line
from entrepot.protocols.ical_field import Attributes, Field, Found, first
from entrepot.protocols.ical_time import (
    MIDNIGHT,
    Moment,
    duration_from,
    duration_of,
    is_exact,
    length_of,
    moment,
    seen_from,
    time_line,
)
from entrepot.protocols.ical_zone import Zones, between, moved

NO_LENGTH = "PT0S"
_ALL_DAY_FLAGS = ("X-MICROSOFT-CDO-ALLDAYEVENT", "X-FUNAMBOL-ALLDAY")


def start_of(data: Planned) -> Moment:
    """The start, or for a task without one the due time: what recurrences count from."""
    local = data.start or (data.due if isinstance(data, Task) else None) or f"1970-01-01{MIDNIGHT}"
    return Moment(local, None if data.show_without_time else data.time_zone, data.show_without_time)


def _read_event(found: Found, zones: Zones, into: Attributes) -> None:
    line = first(found, "DTSTART")
    if line is None:
        raise RecordRefused("it has no start")
    start = moment(line, zones)
    _set_start(into, start)
    end = first(found, "DTEND")
    duration = first(found, "DURATION")
    if end is not None:
        _read_end(moment(end, zones), start, zones, into)
    elif duration is not None:
        length = duration_of(duration.value) or NO_LENGTH
        into["duration"] = NO_LENGTH if length.startswith("-") else length
    elif start.is_date:
        into["duration"] = "P1D"


def _set_start(into: Attributes, start: Moment) -> None:
    into["start"] = start.local
    if start.is_date:
        into["show_without_time"] = True
    elif start.zone is not None:
        into["time_zone"] = start.zone


def _read_end(end: Moment, start: Moment, zones: Zones, into: Attributes) -> None:
    if start.is_date:
        days = (datetime.fromisoformat(end.local[:10]) - datetime.fromisoformat(start.local[:10])).days
        into["duration"] = f"P{max(1, days)}D"  # many programs write a day's end as the day itself
        return
    told = end.zone is not None and start.zone is not None  # one clock cannot be compared with none
    zone = end.zone if told else start.zone
    length = between(start.local, zones.info(start.zone), end.local, zones.info(zone))
    into["duration"] = duration_from(length, in_days=False)
    if zone != start.zone:
        into["end_time_zone"] = zone


def _write_event(data: Event, zones: Zones) -> list[Line]:
    start = start_of(data)
    first = time_line("DTSTART", start.local, start.zone, is_date=start.is_date)
    try:
        return [first, *_written_end(data, start, zones)]
    except OverflowError:  # after the year 9999
        return [first, Line("DURATION", data.duration)]


def _written_end(data: Event, start: Moment, zones: Zones) -> list[Line]:
    if start.is_date:
        days = max(1, length_of(data.duration).days)
        end = datetime.fromisoformat(start.local[:10]) + length_of(f"P{days}D")
        return [time_line("DTEND", end.isoformat(), None, is_date=True)]
    if data.duration == NO_LENGTH and data.end_time_zone is None:
        return []
    if not is_exact(data.duration) or (start.zone is not None and zones.info(start.zone) is None):
        return [Line("DURATION", data.duration)]
    return [_end_line(data, start, zones)]


def _end_line(data: Event, start: Moment, zones: Zones) -> Line:
    """The end on its own clock, after the time that really passes."""
    here = zones.info(start.zone)
    length = length_of(data.duration)
    if here is None:
        end = datetime.fromisoformat(start.local) + length
        return time_line("DTEND", end.isoformat(timespec="seconds"), start.zone, is_date=False)
    universal = zones.info("Etc/UTC")
    at = datetime.fromisoformat(moved(start.local, here, universal)) + length
    zone = data.end_time_zone or start.zone
    local = moved(at.isoformat(timespec="seconds"), universal, zones.info(zone) or here)
    return time_line("DTEND", local, zone, is_date=False)


def _read_task(found: Found, zones: Zones, into: Attributes) -> None:
    start_line, due_line = first(found, "DTSTART"), first(found, "DUE")
    start = moment(start_line, zones) if start_line else None
    due = moment(due_line, zones) if due_line else None
    anchor = start or due
    if anchor is None:
        return
    _set_start(into, anchor)
    if start is None:
        del into["start"]
    if due is not None:
        into["due"] = due.local[:10] + MIDNIGHT if anchor.is_date else seen_from(due, anchor.zone, zones)
        return
    duration = first(found, "DURATION")
    length = duration_of(duration.value) if duration else None
    if start is not None and length:
        with suppress(OverflowError):  # after the year 9999: as if no length were told
            end = datetime.fromisoformat(start.local) + length_of(length)
            into["due"] = end.isoformat(timespec="seconds")


def _write_task(data: Task, _: Zones) -> list[Line]:
    zone = None if data.show_without_time else data.time_zone
    times = (("DTSTART", data.start), ("DUE", data.due))
    return [time_line(name, local, zone, is_date=data.show_without_time) for name, local in times if local]


EVENT_TIME = Field(
    names=("DTSTART", "DTEND", "DURATION", *_ALL_DAY_FLAGS),
    key=lambda data: (data.start, data.time_zone, data.show_without_time, data.duration, data.end_time_zone),
    read=_read_event,
    write=_write_event,
)
TASK_TIME = Field(
    names=("DTSTART", "DUE", "DURATION"),
    key=lambda data: (data.start, data.time_zone if data.start or data.due else None, data.show_without_time, data.due),
    read=_read_task,
    write=_write_task,
)
