"""Other people's calendars: none crashes the reader, and what is written happens when the original does."""

import re
from collections import Counter
from datetime import datetime
from io import BytesIO
from pathlib import Path

import icalendar
import msgspec
import pytest
from msgspec.structs import replace
from tests.protocols.calendars import CLOCKS, clock_in, occurrences

from entrepot.core.planner import Event, Task
from entrepot.protocols import ical
from entrepot.protocols.ical_file import Record, Source, records
from entrepot.protocols.ical_merge import merge

MACRO = re.compile(rb"\$now\.year\.(\d):")
"""CalDAVTester writes years relative to the day of the test."""

OWN = sorted((Path(icalendar.__file__).parent / "tests").rglob("*.ics"))
OTHERWISE = {
    "example.ics": "a day that ends on itself is a day to us, nothing to the oracle",
    "issue_1633_rdate_with_dates.ics": "RDATE with days for an event with times: we take the event's time of day",
    "issue_1633_rdate_with_dates_and_tzid.ics": "the same",
    "issue_156_RDATE_with_PERIOD_TZID_khal.ics": "the oracle ignores RDATE on an override without series",
    "issue_156_RDATE_with_PERIOD_TZID_khal_2.ics": "the same",
    "issue_165_missing_event.ics": "the oracle cannot read a component that we can",
    "parsing_error.ics": "the same",
    "event_with_recurrence.ics": "the oracle gives floating occurrences the zone of EXDATE",
    "errors/34.ics": "two overrides of one occurrence: forbidden, the last counts",
    "nonascii/10.ics": "not UTF-8: we read it as cp1252",
    "invalid_duration.ics": "longer than time itself: no length to us",
    "problemics/2.ics": "ends before it starts: no length to us",
    "problemics/4.ics": "the same",
    "problemics/6.ics": "the same",
    "problemics/8.ics": "the same",
    "problemics/16.ics": "the same",
}


def records_in(path: Path) -> list[Record]:
    data = MACRO.sub(lambda found: b"%d" % (2025 + int(found[1])), path.read_bytes())
    return list(records([Source(path.name, lambda: BytesIO(data))]))


def when(data: Event | Task) -> tuple[datetime, datetime]:
    start = data.start or (data.due if isinstance(data, Task) else None) or "2000"
    year = int(start[:4])
    return datetime(max(1, year - 1), 1, 1), datetime(year + 2, 1, 1)  # noqa: DTZ001 - the oracle takes floating times


def check(path: Path, record: Record) -> None:
    assert record.data is not None
    whole = msgspec.json.encode(record.data).replace(rb"\u0000", b"")  # which no calendar may hold
    assert ical.read(ical.write(record.data)) == msgspec.json.decode(whole, type=type(record.data))
    same = ical.read(merge(record.data, into=record.native))
    assert same == record.data
    if "/".join(path.parts[-2:]) in OTHERWISE or path.name in OTHERWISE:
        return
    try:
        before = occurrences(record.native, *when(record.data))
    except (ValueError, TypeError, KeyError, AttributeError):
        return  # the oracle does not understand the original
    assert occurrences(ical.write(record.data), *when(record.data)) == before, path
    edited = merge(replace(record.data, description="Another"), into=record.native)
    assert occurrences(edited, *when(record.data)) == before, path


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("zone", CLOCKS)
def test_the_caldav_testers_calendars(shared: Path, zone: str):
    found: Counter[str] = Counter()
    with clock_in(zone):
        for path in sorted((shared / "samples" / "caldav").rglob("*.ics")):
            for record in records_in(path):
                found[record.component if record.data else "refused"] += 1
                if record.data is not None:
                    check(path, record)
    assert found == {"VEVENT": 38, "VTODO": 5}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not OWN, reason="this build of icalendar comes without its test calendars")
def test_the_calendars_that_icalendar_is_tested_with():
    found: Counter[str] = Counter()
    for path in OWN:
        for record in records_in(path):
            found["read" if record.data else "refused"] += 1
            if record.data is not None:
                check(path, record)
    assert found["read"] > 100
    assert found["refused"] < found["read"]
