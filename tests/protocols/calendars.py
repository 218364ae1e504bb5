"""Calendar texts for the tests, and the oracle that says which occurrences a calendar has."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import icalendar
import recurring_ical_events

CLOCKS = ("UTC", "Pacific/Kiritimati", "Pacific/Niue", "America/St_Johns")
"""Where the machine may stand; no calendar may depend on it."""


@contextmanager
def clock_in(zone: str) -> Iterator[None]:
    """The clock of this process, as if it ran there."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


def calendar(*components: str, before: str = "") -> str:
    inside = "".join(f"{text.strip()}\n" for text in components)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//example//EN\n{before}{inside}END:VCALENDAR\n".replace("\n", "\r\n")


def event(lines: str, uid: str = "one@example.org") -> str:
    return f"BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\n{lines.strip()}\nEND:VEVENT"


def task(lines: str, uid: str = "one@example.org") -> str:
    return f"BEGIN:VTODO\nUID:{uid}\nDTSTAMP:20260101T000000Z\n{lines.strip()}\nEND:VTODO"


def occurrences(text: str | bytes, first: datetime, last: datetime) -> list[tuple[Any, ...]]:
    """Start, end and title of each, as an independent program sees them; in UTC where they have a zone."""
    read = icalendar.Calendar.from_ical(text)
    found = recurring_ical_events.of(read, skip_bad_series=True).between(first, last)
    return sorted((_plain(one.start), _plain(one.end), str(one.get("SUMMARY", ""))) for one in found)


def _plain(at: Any) -> str:
    if isinstance(at, datetime) and at.tzinfo is not None:
        offset = at.utcoffset()
        assert offset is not None
        return f"{(at.replace(tzinfo=None) - offset).isoformat()}Z"
    return str(at.isoformat())
