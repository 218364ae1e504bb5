"""Calendar files read record by record."""

import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from tests.protocols.calendars import calendar, event, task

from entrepot.protocols.ical_file import Record, Source, records

START = "DTSTART:20260101T100000\nSUMMARY:{}"


def read(*files: tuple[str, str | bytes]) -> list[Record]:
    def opener(data: str | bytes) -> Callable[[], BytesIO]:
        return lambda: BytesIO(data.encode() if isinstance(data, str) else data)

    return list(records([Source(name, opener(data)) for name, data in files]))


def named(name: str, *components: str) -> str:
    return calendar(*components, before=f"X-WR-CALNAME:{name}\n")


def test_an_override_far_from_its_series_belongs_to_it():
    override = event("RECURRENCE-ID:20260102T100000\nDTSTART:20260102T120000\nSUMMARY:moved", "a")
    others = [event(START.format(n), f"n{n}") for n in range(50)]
    text = calendar(override, *others, event(START.format("series") + "\nRRULE:FREQ=DAILY", "a"))
    found = {record.id: record for record in read(("x.ics", text))}
    assert len(found) == 51
    series = found["a"].data
    assert series is not None
    assert series.recurrence_overrides == {"2026-01-02T10:00:00": {"title": "moved", "start": "2026-01-02T12:00:00"}}


def test_overrides_without_series_come_last_and_are_one_record():
    override = event("RECURRENCE-ID:20260102T100000\nDTSTART:20260102T120000", "a")
    second = event("RECURRENCE-ID:20260103T100000\nDTSTART:20260103T120000", "a")
    found = read(("x.ics", calendar(override, event(START.format("b"), "b"), second)))
    assert [record.id for record in found] == ["b", "a"]
    assert found[1].data is not None
    assert found[1].data.recurrence_id == "2026-01-02T10:00:00"


def test_several_calendars_in_one_file_are_several_collections():
    text = named("Work\\, mine", event(START.format("a"), "1")) + named("Home", event(START.format("b"), "1"))
    found = read(("x.ics", text))
    assert [record.calendar for record in found] == ["Work, mine", "Home"]
    assert len({record.id for record in found}) == 2


def test_the_same_record_again_in_the_same_calendar_is_read_once_and_the_last_counts():
    files = [("a.ics", calendar(event(START.format("old"), "1"))), ("b.ics", calendar(event(START.format("new"), "1")))]
    found = read(*files)
    assert [record.data.title for record in found if record.data] == ["new"]
    assert [record.id for record in found] == ["1"]


def test_an_event_and_a_task_may_share_a_uid():
    found = read(("x.ics", calendar(event(START.format("a"), "1"), task("SUMMARY:b", "1"))))
    assert [record.component for record in found] == ["VEVENT", "VTODO"]


def test_records_without_uid_are_known_by_their_content():
    one = "BEGIN:VEVENT\nDTSTAMP:2026{}T000000Z\nDTSTART:20260101\nSUMMARY:a\nEND:VEVENT"
    first = read(("x.ics", calendar(one.format("0101"), one.format("0101"))))
    second = read(("y.ics", calendar(one.format("0202"), one.format("0303"))))
    assert [record.id for record in first] == [record.id for record in second]
    assert len({record.id for record in first}) == 2


def test_the_uid_of_an_alarm_is_not_the_events():
    alarm = "BEGIN:VALARM\nUID:alarm\nACTION:AUDIO\nTRIGGER:-PT1M\nEND:VALARM\n"
    text = calendar(f"BEGIN:VEVENT\n{alarm}DTSTART:20260101\nUID:ev\n ent\nEND:VEVENT")
    assert [record.id for record in read(("x.ics", text))] == ["event"]


def test_a_broken_record_is_told_by_its_uid_and_the_rest_goes_on():
    text = calendar(
        event("DTSTART:never", "bad"), event(START.format("good"), "good"), event("DTSTART:20260101T100000", "last")
    )
    cut = text[: text.index("UID:last") + 12]
    found = read(("x.ics", cut))
    assert [(record.where, record.data is None) for record in found] == [
        ("x.ics: bad", True),
        ("x.ics: good", False),
        ("x.ics: last", True),
    ]
    assert "never" in found[0].reason
    assert "cut off" in found[2].reason


def test_an_event_without_end_does_not_swallow_the_next_nor_the_next_calendar():
    broken = "BEGIN:VEVENT\nUID:a\nDTSTART:20260101"
    text = named("One", broken, event(START.format("b"), "b"), broken) + named("Two", event(START.format("c"), "c"))
    found = read(("x.ics", text))
    assert [(record.calendar, record.data is not None) for record in found] == [
        ("One", False),
        ("One", True),
        ("One", False),
        ("Two", True),
    ]


def test_private_zones_travel_with_each_record_and_public_ones_do_not():
    zones = "".join(
        f"BEGIN:VTIMEZONE\nTZID:{name}\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0130\n"
        "TZOFFSETTO:+0130\nEND:STANDARD\nEND:VTIMEZONE\n"
        for name in ("Vessel Time", "Europe/Berlin")
    )
    text = calendar(
        event("DTSTART;TZID=Vessel Time:20260101T100000", "a"),
        event("DTSTART;TZID=Europe/Berlin:20260101T100000", "b"),
        before=zones,
    )
    found = read(("x.ics", text))
    assert [record.native.count(b"BEGIN:VTIMEZONE") for record in found] == [1, 0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_files_in_other_encodings(encoding: str):
    text = calendar(event(START.format("Käse"), "a"))
    found = read(("x.ics", text.encode(encoding)))
    assert [record.data.title for record in found if record.data] == ["Käse"]


@pytest.mark.parametrize("data", [b"", b"\x00" * 3000, b"BEGIN:VCALENDAR", b"PK\x03\x04 not a calendar", b"\n" * 99])
def test_files_that_hold_nothing_give_nothing(data: bytes):
    assert read(("x.ics", data)) == []


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of one process")
def test_memory_does_not_grow_with_the_file(tmp_path: Path):
    """Measured in a process of its own: ten times the file, at most a few megabytes more."""
    program = (
        "import re, sys\n"
        "from entrepot.protocols.ical_file import Source, records\n"
        "path = sys.argv[1]\n"
        "count = sum(1 for _ in records([Source('x', lambda: open(path, 'rb'))]))\n"
        "print(count, re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])\n"
    )
    peaks: list[int] = []
    for count in (500, 5_000):
        path = tmp_path / f"{count}.ics"
        long = "x" * 2000
        path.write_text(calendar(*(event(START.format(long), f"{n}@example.org") for n in range(count))))
        done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
        read_count, peak = map(int, done.stdout.split())
        assert read_count == count
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 6 * 1024  # kilobytes
