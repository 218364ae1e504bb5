"""What a person does with events at each calendar, in that service's own words, and what takes place there."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from tests.services.google_calendar import GoogleCalendar
from tests.services.google_occurrences import names_in, occurrence
from tests.services.outlook_calendar import OutlookCalendar
from tests.sync.calendar_world import Calendar

Json = dict[str, Any]
Happening = tuple[str, str]
"""A day or a moment in UTC, and what it is called."""

ME = "ada@example.org"
BERLIN = ZoneInfo("Europe/Berlin")
LAST = datetime(2027, 6, 1, tzinfo=UTC)


class Series:
    """Mondays at nine in Berlin for nine weeks, over the end of summer time."""

    first = "2026-10-05"
    rule = "FREQ=WEEKLY;BYDAY=MO;COUNT=9"


class AtGoogle:
    def __init__(self) -> None:
        self.service = GoogleCalendar()

    def add(self, title: str, start: str, **members: Any) -> str:
        return self.service.add(title, **_span(start), **members)

    def add_series(self, title: str) -> str:
        return self.add(title, f"{Series.first}T09:00:00", recurrence=[f"RRULE:{Series.rule}"])

    def name_of(self, title: str) -> str:
        (found,) = [
            name
            for name, event in self.service.events[ME].items()
            if event["status"] != "cancelled" and event.get("summary") == title and "recurringEventId" not in event
        ]
        return found

    def rename(self, title: str, new: str) -> None:
        self.service.edit(self.name_of(title), summary=new)

    def move(self, title: str, start: str) -> None:
        self.service.edit(self.name_of(title), **_span(start))

    def move_one(self, title: str, day: str, start: str) -> None:
        self.service.edit(f"{self.name_of(title)}_{_utc(f'{day}T09:00:00'):%Y%m%dT%H%M%SZ}", **_span(start))

    def cancel_one(self, title: str, day: str) -> None:
        self.service.remove(f"{self.name_of(title)}_{_utc(f'{day}T09:00:00'):%Y%m%dT%H%M%SZ}")

    def remove(self, title: str) -> None:
        self.service.remove(self.name_of(title))

    def happens(self) -> list[Happening]:
        return sorted(self._all())

    def _all(self) -> Iterator[Happening]:
        events = self.service.events[ME]
        for event in events.values():
            if event["status"] == "cancelled" or "recurringEventId" in event:
                continue
            names = names_in(event) if event.get("recurrence") else []
            each = [events.get(name) or occurrence(event, name) for name in names] or [event]
            for one in each:
                if one["status"] != "cancelled":
                    yield _told(one["start"]), one.get("summary", event.get("summary"))


class AtOutlook:
    def __init__(self) -> None:
        self.service = OutlookCalendar()

    def add(self, title: str, start: str, **members: Any) -> str:
        return self.service.add(title, **_bounds(start), **members)

    def add_series(self, title: str) -> str:
        rule = {
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"},
            "range": {
                "type": "numbered",
                "startDate": Series.first,
                "numberOfOccurrences": 9,
                "recurrenceTimeZone": "Europe/Berlin",
            },
        }
        return self.add(title, f"{Series.first}T09:00:00", recurrence=rule)

    def name_of(self, title: str) -> str:
        (found,) = [name for name, event in self.service.events.items() if event["subject"] == title]
        return found

    def rename(self, title: str, new: str) -> None:
        self.service.edit(self.name_of(title), subject=new)

    def move(self, title: str, start: str) -> None:
        self.service.edit(self.name_of(title), **_bounds(start))

    def move_one(self, title: str, day: str, start: str) -> None:
        self.service.edit(self.service.occurrence(self.name_of(title), day), **_bounds(start, all_day=False))

    def cancel_one(self, title: str, day: str) -> None:
        self.service.remove(self.service.occurrence(self.name_of(title), day))

    def remove(self, title: str) -> None:
        self.service.remove(self.name_of(title))

    def happens(self) -> list[Happening]:
        return sorted(self._all())

    def _all(self) -> Iterator[Happening]:
        for name, event in self.service.events.items():
            days = self.service._days(name, LAST) if event["recurrence"] else []
            for one in [self.service._event(f"{name}.{day}") for day in days] or [self.service._event(name)]:
                at = one["start"]["dateTime"]
                yield (at[:10] if event["isAllDay"] else f"{at[:16]}Z"), one["subject"]


class AtCalDav:
    """A calendar at a real server, edited by another program."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._count = 0

    def add(self, title: str, start: str, *lines: str) -> str:
        self._count += 1
        uid = f"made-{self._count}@example.org"
        event = icalendar.Event()
        event.add("uid", uid)
        event.add("dtstamp", datetime(2026, 9, 1, tzinfo=UTC))
        event.add("summary", title)
        event.add("dtstart", _value(start))
        event.add("dtend", _value(start) + (timedelta(hours=1) if "T" in start else timedelta(days=1)))
        if lines:
            event.add("rrule", icalendar.vRecur.from_ical(lines[0]))
        whole = icalendar.Calendar({"VERSION": "2.0", "PRODID": "-//Another//EN"})
        whole.add_component(event)
        whole.add_missing_timezones()
        assert self.calendar.put(f"made-{self._count}", whole.to_ical()) == 201
        return uid

    def add_series(self, title: str) -> str:
        return self.add(title, f"{Series.first}T09:00:00", Series.rule)

    def rename(self, title: str, new: str) -> None:
        with self._edited(title) as (_, master):
            master["SUMMARY"] = icalendar.vText(new)

    def move(self, title: str, start: str) -> None:
        with self._edited(title) as (_, master):
            length = master.end - master.start
            master.start, master.end = _value(start), _value(start) + length

    def move_one(self, title: str, day: str, start: str) -> None:
        with self._edited(title) as (whole, master):
            own = icalendar.Event()
            own.add("uid", str(master["UID"]))
            own.add("dtstamp", datetime(2026, 9, 1, tzinfo=UTC))
            own.add("recurrence-id", _value(f"{day}T09:00:00"))
            own.add("summary", str(master["SUMMARY"]))
            own.add("dtstart", _value(start))
            own.add("dtend", _value(start) + timedelta(hours=1))
            whole.add_component(own)

    def cancel_one(self, title: str, day: str) -> None:
        with self._edited(title) as (_, master):
            master.add("exdate", _value(f"{day}T09:00:00"))

    def remove(self, title: str) -> None:
        self.calendar.drop(f"SUMMARY:{title}\n")

    def happens(self) -> list[Happening]:
        found: list[Happening] = []
        for text in self.calendar.all().values():
            every = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between((2026, 1, 1), (2027, 6, 1))
            for one in every:
                at = one.start
                if isinstance(at, datetime):
                    assert at.tzinfo is not None, text
                told = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M}Z" if isinstance(at, datetime) else at.isoformat()
                found.append((told, str(one["SUMMARY"])))
        return sorted(found)

    def _edited(self, title: str) -> "_Edited":
        return _Edited(self.calendar, title)


class _Edited:
    """The calendar object and its master, put again once it was changed."""

    def __init__(self, calendar: Calendar, title: str) -> None:
        self.calendar = calendar
        self.href, text = calendar.find(f"SUMMARY:{title}\n")
        self.whole = icalendar.Calendar.from_ical(text)

    def __enter__(self) -> tuple[Any, Any]:
        return self.whole, next(one for one in self.whole.walk("VEVENT") if "RECURRENCE-ID" not in one)

    def __exit__(self, *_: object) -> None:
        headers = {"Content-Type": "text/calendar"}
        status, said = self.calendar._ask("PUT", self.href, self.whole.to_ical(), headers)
        assert status in {200, 201, 204}, (status, said)


def _utc(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=BERLIN).astimezone(UTC)


def _value(text: str) -> Any:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN) if "T" in text else date.fromisoformat(text)


def _span(start: str) -> Json:
    """With what is taken away where a day becomes a time, or a time a day."""
    if "T" not in start:
        clear = {"dateTime": None, "timeZone": None}
        end = str(date.fromisoformat(start) + timedelta(days=1))
        return {"start": {"date": start, **clear}, "end": {"date": end, **clear}}
    end = (datetime.fromisoformat(start) + timedelta(hours=1)).isoformat()
    zone = {"timeZone": "Europe/Berlin", "date": None}
    return {"start": {"dateTime": start, **zone}, "end": {"dateTime": end, **zone}}


def _bounds(start: str, *, all_day: bool = True) -> Json:
    days = "T" not in start
    begin = datetime.fromisoformat(start)
    end = begin + (timedelta(days=1) if days else timedelta(hours=1))
    zone = "UTC" if days else "Europe/Berlin"
    both = {side: {"dateTime": at.isoformat(), "timeZone": zone} for side, at in (("start", begin), ("end", end))}
    return {**both, **({"isAllDay": True} if days and all_day else {})}


def _told(at: Json) -> str:
    if "date" in at:
        return at["date"]
    return f"{datetime.fromisoformat(at['dateTime']).astimezone(UTC):%Y-%m-%dT%H:%M}Z"
