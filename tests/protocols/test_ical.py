"""Events and tasks read from iCalendar and written back."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from tests.protocols.calendars import calendar, event, occurrences, task

from entrepot.core.errors import RecordRefused
from entrepot.core.planner import Alert, Event, Location, NDay, Participant, RecurrenceRule, Task
from entrepot.protocols import ical

ZONES = ["UTC", "Pacific/Kiritimati", "Pacific/Niue", "America/St_Johns"]


@pytest.fixture(params=ZONES)
def machine_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """The zone of the machine must not matter to any date."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def read_event(lines: str) -> Event:
    found = ical.read(calendar(event(lines)))
    assert isinstance(found, Event)
    return found


def read_task(lines: str) -> Task:
    found = ical.read(calendar(task(lines)))
    assert isinstance(found, Task)
    return found


def written(data: Event | Task) -> list[str]:
    return ical.write(data).split("\r\n")


EVERYTHING = """
DTSTART;TZID=Europe/Berlin:20260301T190000
DURATION:PT1H30M
SUMMARY:Rehearsal\\, full
DESCRIPTION:Bring\\nscores
LOCATION:Hall
GEO:52.5;13.4
CATEGORIES:music,choir\\, big
CATEGORIES:music
COLOR:teal
PRIORITY:3
CLASS:CONFIDENTIAL
STATUS:TENTATIVE
TRANSP:TRANSPARENT
URL:https://example.org
ATTACH:https://example.org/score.pdf
ATTACH;VALUE=BINARY;ENCODING=BASE64:AAAA
RELATED-TO;RELTYPE=SIBLING:two@example.org
ORGANIZER;CN=Conductor:mailto:c@example.org
ATTENDEE;CN=Tenor;PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:t@example.org
ATTENDEE;ROLE=OPT-PARTICIPANT:MAILTO:C@example.org
CREATED:20260101T000000Z
LAST-MODIFIED:20260102T000000Z
SEQUENCE:4
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER;RELATED=END:-PT15M
END:VALARM
BEGIN:VALARM
ACTION:EMAIL
TRIGGER;VALUE=DATE-TIME:20260301T120000Z
END:VALARM
"""


def test_an_event_with_everything_we_model():
    found = read_event(EVERYTHING)
    assert found == Event(
        uid="one@example.org",
        title="Rehearsal, full",
        description="Bring\nscores",
        start="2026-03-01T19:00:00",
        time_zone="Europe/Berlin",
        duration="PT1H30M",
        locations=[Location(name="Hall", coordinates="geo:52.5,13.4")],
        keywords=["music", "choir, big"],
        color="teal",
        priority=3,
        privacy="secret",
        status="tentative",
        free_busy_status="free",
        links=["https://example.org", "https://example.org/score.pdf"],
        related_to={"two@example.org": "sibling"},
        participants=[
            Participant(
                name="Tenor",
                email="t@example.org",
                roles=["attendee"],
                participation_status="accepted",
                expect_reply=True,
            ),
            Participant(email="C@example.org", roles=["owner", "attendee", "optional"]),
        ],
        alerts=[
            Alert(offset="-PT15M", relative_to="end"),
            Alert(at=datetime(2026, 3, 1, 12, tzinfo=UTC), action="email"),
        ],
        created=datetime(2026, 1, 1, tzinfo=UTC),
        updated=datetime(2026, 1, 2, tzinfo=UTC),
        sequence=4,
    )
    assert ical.read(ical.write(found)) == found


def test_a_task_with_everything_we_model():
    found = read_task("""
DTSTART;TZID=Europe/Berlin:20260301T090000
DUE;TZID=America/New_York:20260301T090000
SUMMARY:Tax
STATUS:COMPLETED
COMPLETED:20260302T080000Z
PERCENT-COMPLETE:100
PRIORITY:1
RELATED-TO:parent@example.org
X-APPLE-SORT-ORDER:7
ESTIMATED-DURATION:PT2H
""")
    assert found == Task(
        uid="one@example.org",
        title="Tax",
        start="2026-03-01T09:00:00",
        due="2026-03-01T15:00:00",
        time_zone="Europe/Berlin",
        progress="completed",
        progress_updated=datetime(2026, 3, 2, 8, tzinfo=UTC),
        percent_complete=100,
        priority=1,
        related_to={"parent@example.org": "parent"},
        position=7,
        estimated_duration="PT2H",
    )
    assert ical.read(ical.write(found)) == found


@pytest.mark.usefixtures("machine_zone")
def test_all_day_stays_a_day_and_its_end_is_the_day_after():
    found = read_event("DTSTART;VALUE=DATE:20260328\nDTEND;VALUE=DATE:20260331")
    assert (found.start, found.show_without_time, found.time_zone) == ("2026-03-28T00:00:00", True, None)
    assert found.duration == "P3D"
    assert {"DTSTART;VALUE=DATE:20260328", "DTEND;VALUE=DATE:20260331"} <= set(written(found))
    assert read_event("DTSTART:20260328").duration == "P1D"
    assert read_event("DTSTART;VALUE=DATE:20260328\nDTEND;VALUE=DATE:20260328").duration == "P1D"


@pytest.mark.usefixtures("machine_zone")
def test_floating_stays_floating():
    found = read_event("DTSTART:20260329T023000\nDTEND:20260329T033000")
    assert (found.start, found.time_zone, found.duration) == ("2026-03-29T02:30:00", None, "PT1H")
    assert {"DTSTART:20260329T023000", "DTEND:20260329T033000"} <= set(written(found))


@pytest.mark.usefixtures("machine_zone")
def test_universal_time_stays_universal():
    found = read_event("DTSTART:20260329T003000Z\nDTEND:20260329T013000Z")
    assert (found.start, found.time_zone) == ("2026-03-29T00:30:00", "Etc/UTC")
    assert {"DTSTART:20260329T003000Z", "DTEND:20260329T013000Z"} <= set(written(found))


@pytest.mark.usefixtures("machine_zone")
@pytest.mark.parametrize(
    ("end", "duration"),
    [("20260329T050000", "PT5H"), ("20260329T013000", "PT2H30M"), ("20260328T235959", "PT59M59S")],
)
def test_a_night_with_a_clock_change_is_as_long_as_it_really_is(end: str, duration: str):
    lines = f"DTSTART;TZID=Europe/Berlin:20260328T230000\nDTEND;TZID=Europe/Berlin:{end}"
    found = read_event(lines)
    assert found.duration == duration
    assert f"DTEND;TZID=Europe/Berlin:{end}" in written(found)


@pytest.mark.usefixtures("machine_zone")
def test_a_flight_ends_on_another_clock():
    lines = "DTSTART;TZID=Europe/Berlin:20260301T100000\nDTEND;TZID=America/New_York:20260301T130000"
    found = read_event(lines)
    assert (found.duration, found.end_time_zone) == ("PT9H", "America/New_York")
    assert "DTEND;TZID=America/New_York:20260301T130000" in written(found)


def test_days_as_length_of_a_timed_event_stay_days():
    found = read_event("DTSTART;TZID=Europe/Berlin:20260328T120000\nDURATION:P1D")
    assert found.duration == "P1D"
    assert "DURATION:P1D" in written(found)


@pytest.mark.parametrize("lines", ["DTEND:20260301T090000", "DURATION:-PT1H", "DURATION:soon", ""])
def test_an_end_before_the_start_or_none_is_no_length(lines: str):
    assert read_event(f"DTSTART:20260301T100000\n{lines}").duration == "PT0S"


@pytest.mark.usefixtures("machine_zone")
def test_the_end_of_a_rule_is_universal_for_zones_a_day_for_days_and_floating_for_floating():
    zoned = read_event("DTSTART;TZID=America/St_Johns:20260101T233000\nRRULE:FREQ=DAILY;UNTIL=20260201T030000Z")
    assert zoned.recurrence_rules == [RecurrenceRule(frequency="daily", until="2026-01-31T23:30:00")]
    assert "RRULE:FREQ=DAILY;UNTIL=20260201T030000Z" in written(zoned)
    days = read_event("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY;UNTIL=20260131T230000Z")
    assert days.recurrence_rules[0].until == "2026-01-31T00:00:00"
    assert "RRULE:FREQ=DAILY;UNTIL=20260131" in written(days)
    floating = read_event("DTSTART:20260101T100000\nRRULE:FREQ=DAILY;UNTIL=20260131T100000")
    assert "RRULE:FREQ=DAILY;UNTIL=20260131T100000" in written(floating)
    by_day = read_event("DTSTART:20260101T100000\nRRULE:FREQ=DAILY;UNTIL=20260131")
    assert by_day.recurrence_rules[0].until == "2026-01-31T23:59:59"


def test_a_rule_with_all_its_parts():
    found = read_event(
        "DTSTART:20260101T100000\n"
        "RRULE:FREQ=MONTHLY;INTERVAL=2;COUNT=9;BYDAY=-1SU,MO;BYMONTH=1,12;BYMONTHDAY=-1;BYSETPOS=1,-1;WKST=SU;BYHOUR=9"
    )
    assert found.recurrence_rules == [
        RecurrenceRule(
            frequency="monthly",
            interval=2,
            count=9,
            by_day=[NDay(day="su", nth_of_period=-1), NDay(day="mo")],
            by_month=["1", "12"],
            by_month_day=[-1],
            by_set_position=[1, -1],
            by_hour=[9],
            first_day_of_week="su",
        )
    ]
    assert ical.read(ical.write(found)) == found


@pytest.mark.usefixtures("machine_zone")
def test_dates_taken_out_and_added_in_whatever_form():
    found = read_event("""
DTSTART;TZID=Europe/Berlin:20260105T100000
RRULE:FREQ=DAILY;COUNT=5
EXDATE:20260106T090000Z
EXDATE;VALUE=DATE:20260107
EXDATE;TZID=Europe/Berlin:20260108T100000,20260109T100000
RDATE;TZID=Europe/Berlin:20260201T120000
RDATE;VALUE=PERIOD:20260202T110000Z/PT2H
""")
    assert found.recurrence_overrides == {
        "2026-01-06T10:00:00": {"excluded": True},
        "2026-01-07T10:00:00": {"excluded": True},
        "2026-01-08T10:00:00": {"excluded": True},
        "2026-01-09T10:00:00": {"excluded": True},
        "2026-02-01T12:00:00": {},
        "2026-02-02T12:00:00": {"duration": "PT2H"},
    }
    again = ical.read(ical.write(found))
    assert again == found


SERIES = calendar(
    event(
        "DTSTART;TZID=Europe/Berlin:20260105T100000\nDTEND;TZID=Europe/Berlin:20260105T110000\n"
        "SUMMARY:Weekly\nLOCATION:Room 1\nRRULE:FREQ=WEEKLY;COUNT=6\nEXDATE;TZID=Europe/Berlin:20260112T100000"
    ),
    event(
        "RECURRENCE-ID;TZID=Europe/Berlin:20260119T100000\nDTSTART;TZID=Europe/Berlin:20260120T140000\n"
        "DTEND;TZID=Europe/Berlin:20260120T160000\nSUMMARY:Moved"
    ),
    event("RECURRENCE-ID:20260126T090000Z\nDTSTART;VALUE=DATE:20260126\nSUMMARY:All day\nLOCATION:Room 1"),
)


@pytest.mark.usefixtures("machine_zone")
def test_a_series_and_its_overrides_are_one_record():
    found = ical.read(SERIES)
    assert found.recurrence_overrides == {
        "2026-01-12T10:00:00": {"excluded": True},
        "2026-01-19T10:00:00": {
            "title": "Moved",
            "start": "2026-01-20T14:00:00",
            "duration": "PT2H",
            "locations": [],
        },
        "2026-01-26T10:00:00": {
            "title": "All day",
            "start": "2026-01-26T00:00:00",
            "timeZone": None,
            "showWithoutTime": True,
            "duration": "P1D",
        },
    }
    assert ical.read(ical.write(found)) == found
    span = (datetime(2025, 12, 1), datetime(2026, 5, 1))  # noqa: DTZ001 - the oracle takes floating times
    assert occurrences(ical.write(found), *span) == occurrences(SERIES, *span)


def test_swapping_what_master_and_override_say_is_another_record():
    swapped = SERIES.replace("SUMMARY:Weekly", "SUMMARY:X").replace("SUMMARY:Moved", "SUMMARY:Weekly")
    swapped = swapped.replace("SUMMARY:X", "SUMMARY:Moved")
    assert ical.read(swapped) != ical.read(SERIES)


def test_this_and_future_is_kept():
    text = calendar(
        event("DTSTART:20260105T100000\nSUMMARY:a\nRRULE:FREQ=DAILY"),
        event("RECURRENCE-ID;RANGE=THISANDFUTURE:20260110T100000\nDTSTART:20260110T120000\nSUMMARY:a"),
    )
    found = ical.read(text)
    assert found.recurrence_overrides["2026-01-10T10:00:00"]["recurrenceRange"] == "thisAndFuture"
    assert "RECURRENCE-ID;RANGE=THISANDFUTURE:20260110T100000" in ical.write(found)


def test_overrides_without_their_series_are_one_record_too():
    text = calendar(
        event("RECURRENCE-ID:20260110T100000\nDTSTART:20260110T120000\nSUMMARY:a"),
        event("RECURRENCE-ID:20260111T100000\nDTSTART:20260111T120000\nSUMMARY:b"),
    )
    found = ical.read(text)
    assert found.recurrence_id == "2026-01-10T10:00:00"
    assert found.recurrence_overrides["2026-01-11T10:00:00"]["title"] == "b"
    assert ical.read(ical.write(found)) == found


@pytest.mark.parametrize(
    "lines",
    [
        "SUMMARY:no start",
        "DTSTART:NOTADATE",
        "DTSTART:20261340T000000",
        "DTSTART:00000101",
        "DTSTART:20260101T100000\nRRULE:FREQ=SOMETIMES",
        "DTSTART:20260101T100000\nRRULE:FREQ=DAILY;COUNT=many",
        "DTSTART:20260101T100000\nRRULE:FREQ=DAILY;BYDAY=XX",
        "DTSTART:20260101T100000\nEXDATE:never",
        "DTSTART:20260101T100000\nDTEND:whenever",
    ],
)
def test_what_cannot_be_read_is_refused_by_its_uid(lines: str):
    with pytest.raises(RecordRefused, match=r"one@example\.org"):
        read_event(lines)


def test_a_calendar_of_other_things_or_of_two_records_is_refused():
    with pytest.raises(RecordRefused, match="no event"):
        ical.read(calendar("BEGIN:VJOURNAL\nUID:a\nEND:VJOURNAL"))
    with pytest.raises(RecordRefused, match="shares"):
        ical.read(calendar(event("DTSTART:20260101", "a"), event("DTSTART:20260101", "b")))
    with pytest.raises(RecordRefused, match="cut off"):
        ical.read(calendar(event("DTSTART:20260101"))[:-40])


def test_an_override_that_no_longer_fits_its_kind_is_refused_when_it_is_written():
    found = read_event("DTSTART:20260105T100000\nRRULE:FREQ=DAILY")
    broken = replace(found, recurrence_overrides={"2026-01-06T10:00:00": {"start": 7}})
    with pytest.raises(RecordRefused, match="2026-01-06"):
        ical.write(broken)


def test_the_stamp_is_the_callers_or_the_records_own():
    found = read_event("DTSTART:20260105T100000\nLAST-MODIFIED:20260303T030303Z")
    assert "DTSTAMP:20260303T030303Z" in ical.write(found)
    assert "DTSTAMP:20270101T000000Z" in ical.write(found, stamp=datetime(2027, 1, 1, tzinfo=UTC))
