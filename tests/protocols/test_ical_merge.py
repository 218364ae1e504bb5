"""A changed record goes back into its own text, and nothing else changes there."""

import string
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.protocols.calendars import CLOCKS, calendar, clock_in, event, occurrences, task

from entrepot.core.errors import RecordRefused
from entrepot.core.planner import Alert, Event, Location, NDay, Participant, RecurrenceRule, Task
from entrepot.protocols import ical
from entrepot.protocols.ical_merge import merge

NATIVE = calendar(
    event("""
X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC
DTSTART;TZID=Europe/Berlin;X-KEEP=1:20260105T100000
DTEND;TZID=Europe/Berlin:20260105T110000
SUMMARY;LANGUAGE=de:Probe
DESCRIPTION;ALTREP="cid:1":Text
X-ALT-DESC;FMTTYPE=text/html:<b>Text</b>
LOCATION;X-ADDR=a:Saal
ATTENDEE;CUTYPE=ROOM;PARTSTAT=ACCEPTED;CN=Saal:mailto:s@example.org
ATTENDEE;X-NUM=2;PARTSTAT=NEEDS-ACTION:mailto:t@example.org
RRULE:FREQ=WEEKLY;COUNT=6
EXDATE;TZID=Europe/Berlin:20260112T100000
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT15M
DESCRIPTION:own words
X-WR-ALARMUID:A1
END:VALARM
BEGIN:VALARM
ACTION:AUDIO
TRIGGER:-PT5M
ATTACH;VALUE=URI:Chord
END:VALARM
"""),
    event(
        "RECURRENCE-ID;TZID=Europe/Berlin:20260119T100000\nDTSTART;TZID=Europe/Berlin:20260119T120000\n"
        "DTEND;TZID=Europe/Berlin:20260119T130000\nSUMMARY:Verschoben\nX-OVER:1"
    ),
)


def changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines that went and lines that came."""
    old, new = before.split("\r\n"), after.split("\r\n")
    return [line for line in old if line not in new], [line for line in new if line not in old]


def edited(**values: Any) -> str:
    return merge(replace(ical.read(NATIVE), **values), into=NATIVE)


def test_no_change_gives_the_same_text():
    assert merge(ical.read(NATIVE), into=NATIVE) == NATIVE
    assert merge(ical.read(NATIVE), into=NATIVE.replace("\r\n", "\n")) == NATIVE


def test_a_new_title_is_one_line_and_keeps_its_parameters():
    assert changed(NATIVE, edited(title="Konzert; heute")) == (
        ["SUMMARY;LANGUAGE=de:Probe"],
        ["SUMMARY;LANGUAGE=de:Konzert\\; heute"],
    )


def test_a_new_description_drops_other_programs_copies_of_it():
    assert changed(NATIVE, edited(description="Neu")) == (
        ['DESCRIPTION;ALTREP="cid:1":Text', "X-ALT-DESC;FMTTYPE=text/html:<b>Text</b>"],
        ["DESCRIPTION:Neu"],
    )


def test_an_answer_of_one_guest_keeps_what_the_others_lines_say():
    people = ical.read(NATIVE).participants
    answered = [people[0], replace(people[1], participation_status="accepted")]
    assert changed(NATIVE, edited(participants=answered)) == (
        ["ATTENDEE;X-NUM=2;PARTSTAT=NEEDS-ACTION:mailto:t@example.org"],
        ["ATTENDEE;PARTSTAT=ACCEPTED;X-NUM=2:mailto:t@example.org"],
    )


def test_one_alarm_less_leaves_the_other_whole():
    text = edited(alerts=[Alert(offset="-PT15M"), Alert(offset="PT0S")])
    assert "DESCRIPTION:own words\r\nX-WR-ALARMUID:A1" in text
    assert "Chord" not in text
    assert ical.read(text).alerts == [Alert(offset="-PT15M"), Alert(offset="PT0S")]


def test_a_longer_meeting_touches_the_ends_only_and_an_override_that_said_nothing_of_its_length_follows():
    assert changed(NATIVE, edited(duration="PT2H")) == (
        ["DTEND;TZID=Europe/Berlin:20260105T110000", "DTEND;TZID=Europe/Berlin:20260119T130000"],
        ["DTEND;TZID=Europe/Berlin:20260105T120000", "DTEND;TZID=Europe/Berlin:20260119T140000"],
    )


def test_one_more_date_taken_out_and_an_override_taken_back():
    overrides = {"2026-01-12T10:00:00": {"excluded": True}, "2026-01-26T10:00:00": {"excluded": True}}
    text = edited(recurrence_overrides=overrides)
    assert ical.read(text).recurrence_overrides == overrides
    assert "X-OVER" not in text
    assert "SUMMARY;LANGUAGE=de:Probe" in text


def test_a_new_override_and_a_change_in_an_old_one():
    overrides = dict(ical.read(NATIVE).recurrence_overrides)
    overrides["2026-01-19T10:00:00"] = {**overrides["2026-01-19T10:00:00"], "title": "Abgesagt", "status": "cancelled"}
    overrides["2026-01-26T10:00:00"] = {"title": "Neu"}
    text = edited(recurrence_overrides=overrides)
    assert ical.read(text).recurrence_overrides == overrides
    assert "X-OVER:1" in text


def test_a_series_moved_by_an_hour_moves_everything_that_counts_from_it():
    overrides = {key.replace("T10", "T11"): value for key, value in ical.read(NATIVE).recurrence_overrides.items()}
    data = replace(ical.read(NATIVE), start="2026-01-05T11:00:00", recurrence_overrides=overrides)
    text = merge(data, into=NATIVE)
    assert ical.read(text) == data
    span = (datetime(2025, 12, 1), datetime(2026, 5, 1))  # noqa: DTZ001 - the oracle takes floating times
    assert occurrences(text, *span) == occurrences(ical.write(data), *span)


def test_foreign_zones_keep_their_names_while_nobody_moves_the_event():
    native = calendar(
        event("DTSTART;TZID=W. Europe Standard Time:20260701T100000\nDURATION:PT1H\nSUMMARY:a"),
        before="BEGIN:VTIMEZONE\nTZID:W. Europe Standard Time\nBEGIN:STANDARD\nDTSTART:16010101T000000\n"
        "TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n",
    )
    data = ical.read(native)
    assert data.time_zone == "Europe/Berlin"
    assert changed(native, merge(replace(data, title="b"), into=native)) == (["SUMMARY:a"], ["SUMMARY:b"])
    moved = merge(replace(data, start="2026-07-01T11:00:00"), into=native)
    assert "DTSTART;TZID=Europe/Berlin:20260701T110000" in moved
    assert "TZID:Europe/Berlin" in moved


def test_the_stamp_is_renewed_where_something_changed_and_only_there():
    data = ical.read(NATIVE)
    stamp = datetime(2026, 6, 1, tzinfo=UTC)
    assert merge(data, into=NATIVE, stamp=stamp) == NATIVE
    assert merge(replace(data, title="b"), into=NATIVE, stamp=stamp).count("DTSTAMP:20260601T000000Z") == 1


@pytest.mark.parametrize("native", ["", "garbage", calendar(task("SUMMARY:a")), calendar(event("DTSTART:never"))])
def test_where_there_is_nothing_to_merge_into_it_is_written_afresh(native: str):
    data = Event(uid="one@example.org", title="b", start="2026-01-05T10:00:00")
    assert ical.read(merge(data, into=native)) == data


def test_a_task_is_ticked_off_and_keeps_its_foreign_lines():
    native = calendar(task("SUMMARY:a\nDUE;VALUE=DATE:20260105\nX-OC-HIDESUBTASKS:1\nSTATUS:NEEDS-ACTION"))
    data = ical.read(native)
    assert isinstance(data, Task)
    done = replace(data, progress="completed", progress_updated=datetime(2026, 1, 5, 12, tzinfo=UTC))
    assert changed(native, merge(done, into=native)) == (
        ["STATUS:NEEDS-ACTION"],
        ["STATUS:COMPLETED", "COMPLETED:20260105T120000Z"],
    )


TEXT = st.text(alphabet=string.ascii_letters + "äß€𝄞;,:\\\"'\n ", max_size=40)
ZONE = st.sampled_from([None, "Etc/UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "Pacific/Niue"])
MOMENT = st.datetimes(datetime(1980, 1, 1), datetime(2035, 1, 1)).map(  # noqa: DTZ001 - a clock on a wall
    lambda at: at.replace(microsecond=0, hour=12).isoformat()
)
RULE = st.builds(
    RecurrenceRule,
    frequency=st.sampled_from(["daily", "weekly", "monthly", "yearly"]),
    interval=st.integers(1, 4),
    count=st.none() | st.integers(1, 20),
    by_day=st.lists(st.sampled_from(["mo", "tu", "su"]).map(lambda day: NDay(day=day)), max_size=2, unique=True),
)
SHARED = {
    "uid": st.just("one@example.org"),
    "title": TEXT,
    "description": TEXT,
    "start": MOMENT,
    "time_zone": ZONE,
    "keywords": st.lists(TEXT.filter(bool), max_size=3, unique=True),
    "locations": st.lists(TEXT.filter(bool).map(lambda name: Location(name=name)), max_size=1),
    "priority": st.none() | st.integers(0, 9),
    "privacy": st.sampled_from([None, "public", "private", "secret"]),
    "alerts": st.lists(
        st.sampled_from(["-PT15M", "PT0S", "-P1D"]).map(lambda offset: Alert(offset=offset)), max_size=2, unique=True
    ),
    "participants": st.lists(
        st.sampled_from("abc").map(
            lambda name: Participant(name=name, email=f"{name}@example.org", roles=["attendee"])
        ),
        max_size=3,
        unique_by=lambda person: person.email,
    ),
    "recurrence_rules": st.lists(RULE, max_size=1),
    "recurrence_overrides": st.dictionaries(
        MOMENT,
        st.sampled_from([{"excluded": True}, {"title": "other"}, {"status": "cancelled", "duration": "PT3H"}]),
        max_size=3,
    ),
    "sequence": st.none() | st.integers(0, 99),
}


def settled(one: Event) -> Event:
    """What the kind itself forbids is taken out of a generated event."""
    base = {"title": one.title, "status": one.status, "duration": one.duration}
    overrides = {
        key: {name: value for name, value in patch.items() if base.get(name) != value}
        for key, patch in sorted(one.recurrence_overrides.items())
    }
    kept = {key: patch for key, patch in overrides.items() if patch}
    return replace(one, recurrence_overrides=kept)


EVENTS = st.builds(
    Event,
    **SHARED,
    duration=st.sampled_from(["PT0S", "PT45M", "PT26H", "P1D", "P7D"]),
    status=st.sampled_from(["confirmed", "tentative", "cancelled"]),
    free_busy_status=st.sampled_from(["free", "busy"]),
).map(settled)


@settings(deadline=None, max_examples=150)
@given(EVENTS)
def test_any_event_comes_back_as_it_was_written(data: Event):
    assert ical.read(ical.write(data)) == data


@settings(deadline=None, max_examples=150)
@given(EVENTS, EVENTS)
def test_merging_gives_the_new_event_and_keeps_foreign_lines(before: Event, after: Event):
    native = ical.write(before).replace("END:VEVENT", "X-FOREIGN;P=1:kept\r\nEND:VEVENT", 1)
    merged = merge(after, into=native)
    assert ical.read(merged) == after
    assert merged.count("X-FOREIGN;P=1:kept") == 1
    assert merge(after, into=merged) == merged


@settings(deadline=None, max_examples=60)
@given(EVENTS, st.sampled_from(CLOCKS))
def test_writing_does_not_change_when_it_happens(data: Event, zone: str):
    native = ical.write(data)
    year = int((data.start or "")[:4])
    span = (datetime(year - 1, 1, 1), datetime(year + 3, 1, 1))  # noqa: DTZ001 - the oracle takes floating times
    before = occurrences(native, *span)
    with clock_in(zone):
        assert occurrences(ical.write(ical.read(native)), *span) == before
        assert occurrences(merge(replace(data, keywords=["edited"]), into=native), *span) == before


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(data: bytes):
    text = (
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260101\r\n" + data + b"\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    with suppress(RecordRefused):
        ical.read(text)
