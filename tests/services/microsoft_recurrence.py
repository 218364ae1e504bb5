"""The days of a series as Exchange counts them: a month that lacks the day has its last one instead."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from dateutil import rrule

Json = dict[str, Any]

_DAYS = {"monday": rrule.MO, "tuesday": rrule.TU, "wednesday": rrule.WE, "thursday": rrule.TH, "friday": rrule.FR}
_DAYS |= {"saturday": rrule.SA, "sunday": rrule.SU}
_INDEX = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_FREQUENCIES = {"daily": rrule.DAILY, "weekly": rrule.WEEKLY}


def days_of(recurrence: Json, start: str, until: datetime) -> Iterator[str]:
    """Until that moment, as dates."""
    pattern, limits = recurrence["pattern"], recurrence["range"]
    begin = datetime.fromisoformat(f"{limits['startDate']}{start[10:]}")
    form = pattern["type"]
    said: Json = {"dtstart": begin, "interval": pattern.get("interval", 1)}
    if form == "weekly":
        said["wkst"] = _DAYS[pattern.get("firstDayOfWeek", "sunday")]
        said["byweekday"] = [_DAYS[day] for day in pattern["daysOfWeek"]]
    elif form.startswith("absolute"):
        said |= {"bymonthday": [pattern["dayOfMonth"], -1], "bysetpos": 1}
    elif form.startswith("relative"):
        said["byweekday"] = [_DAYS[day] for day in pattern["daysOfWeek"]]
        said["bysetpos"] = _INDEX[pattern.get("index", "first")]
    if form.endswith("Yearly"):
        said["bymonth"] = pattern["month"]
    if limits["type"] == "numbered":
        said["count"] = limits["numberOfOccurrences"]
    frequency = _FREQUENCIES.get(form, rrule.YEARLY if form.endswith("Yearly") else rrule.MONTHLY)
    last = f"{limits['endDate']}T23:59:59" if limits["type"] == "endDate" else "9"
    for at in rrule.rrule(frequency, **said):
        if at.replace(tzinfo=UTC) > until or at.isoformat() > last:
            return
        yield at.date().isoformat()
