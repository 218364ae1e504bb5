"""Calendars and cards made to hang, to fill the memory or to crash what reads them."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.calendars import calendar, event, task
from tests.protocols.hostile import quickly

from entrepot.core.errors import RecordRefused
from entrepot.core.planner import Event, Task
from entrepot.protocols import ical, vcard
from entrepot.protocols.ical_file import Record, Source, records
from entrepot.protocols.ical_zone import Zones, defined, iana

NINES = "9" * 5000
ONE = "DTSTART:20260101T100000\n"


def read(data: str | bytes) -> list[Record]:
    raw = data.encode() if isinstance(data, str) else data
    return list(records([Source("x.ics", lambda: BytesIO(raw))]))


def card(lines: str) -> str:
    return f"BEGIN:VCARD\r\nVERSION:2.1\r\nFN:x\r\n{lines}\r\nEND:VCARD\r\n"


def zone(rule: str, start: str = "19700101T000000") -> str:
    """Of two parts: a zone of one is never looked up by its rules."""
    parts = (
        f"BEGIN:{kind}\nDTSTART:{start}\n{rule}\nTZOFFSETFROM:+0{at}00\nTZOFFSETTO:+0{3 - at}00\nEND:{kind}\n"
        for at, kind in ((1, "STANDARD"), (2, "DAYLIGHT"))
    )
    return f"BEGIN:VTIMEZONE\nTZID:Mine\n{''.join(parts)}END:VTIMEZONE\n".replace("\n", "\r\n")


@pytest.mark.parametrize(
    "rule",
    [
        "RRULE:FREQ=SECONDLY",
        "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "RRULE:FREQ=YEARLY;FREQ=SEC\n ONDLY",
        "RRULE:FREQ=YEARLY\nEXRULE:FREQ=SECONDLY",
        "RRULE:FREQ=YEARLY;INTERVAL=0",
        "RRULE;X=YEARLY:FREQ=SECONDLY",
        "rrule:freq=minutely",
        "RRULE:FREQ=YEARLY;BYHOUR=1;BYMINUTE=1,2;BYSECOND=1,2",
        "RRULE:FREQ=YEARLY\n" * 200,
    ],
)
def test_a_zone_whose_rule_would_never_end_is_as_if_nobody_had_defined_it(rule: str):
    with quickly():
        assert defined(zone(rule)) is None
        between = "DTSTART;TZID=Mine:20260101T000000\nDTEND;TZID=Europe/Berlin:20260101T020000"
        found = ical.read(calendar(event(between), before=zone(rule)))
    assert (found.start, found.time_zone) == ("2026-01-01T00:00:00", "Mine")


@pytest.mark.parametrize("start", ["00010101T000000", "10000101T000000"])
def test_a_zone_is_not_walked_from_the_year_1(start: str):
    assert defined(zone("RRULE:FREQ=YEARLY", start)) is None


@pytest.mark.parametrize("start", ["16010101T000000", "19700329T020000"])
def test_an_honest_zone_is_used(start: str):
    rule = "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;WKST=MO;INTERVAL=1;UNTIL=20991231T235959Z"
    info = Zones(ical.components(zone(rule, start).encode())).info("Mine")
    assert info is not None
    assert datetime(2026, 1, 1, tzinfo=UTC).astimezone(info).utcoffset() is not None


@pytest.mark.parametrize("tzid", ["a/" * 200_000, "/" * 200_000, "1 " * 200_000, "x" * (1 << 20)])
def test_a_name_of_a_zone_is_no_novel(tzid: str):
    with quickly():
        assert iana(tzid) is None


def test_a_rule_without_end_is_read_and_never_expanded():
    with quickly():
        [rule] = ical.read(calendar(event(f"{ONE}RRULE:FREQ=SECONDLY"))).recurrence_rules
    assert (rule.frequency, rule.count, rule.until) == ("secondly", None, None)


@pytest.mark.parametrize(
    "rule", ["COUNT=" + NINES, "INTERVAL=0", "INTERVAL=-1", "BYDAY=" + NINES + "MO", "BYHOUR=" + NINES]
)
def test_a_rule_with_numbers_that_cannot_be_is_refused(rule: str):
    with quickly(), pytest.raises(RecordRefused):
        ical.read(calendar(event(f"{ONE}RRULE:FREQ=DAILY;{rule}")))


@pytest.mark.parametrize(
    "text",
    [
        task(f"{ONE}DURATION:P99999999W"),
        task(f"{ONE}DURATION:P{NINES}W"),
        event(f"{ONE}DURATION:P{NINES}W"),
        event(f"{ONE}BEGIN:VALARM\nTRIGGER:-PT{NINES}S\nEND:VALARM"),
        event(f"{ONE}RDATE;VALUE=PERIOD:20260101T100000/PT{NINES}S"),
        event("DTSTART;TZID=Asia/Tokyo:00010101T000000\nDTEND;TZID=Europe/Berlin:00010101T010000"),
        event("DTSTART;TZID=America/New_York:99991231T235959\nDTEND;TZID=Europe/Berlin:99991231T235959"),
        event("DTSTART;VALUE=DATE:99991231"),
        event("DTSTART:99991231T235959\nDURATION:PT99999999S"),
        event("DTSTART;TZID=America/New_York:99991231T235959\nDURATION:PT99999999S"),
        event("DTSTART;TZID=America/New_York:99991231T235959\nRRULE:FREQ=DAILY;UNTIL=99991231T235959Z"),
    ],
)
def test_times_and_lengths_beyond_time_itself_crash_nothing(text: str):
    with quickly():
        found = ical.read(calendar(text))
        assert isinstance(found, Event | Task)
        assert ical.read(ical.write(found)).start == found.start


@pytest.mark.parametrize(
    "lines",
    [
        "A:\r\n" * 400_000,
        "ATTENDEE:a\r\n" * 300_000,
        "EXDATE:" + ",".join(["20260101T000000"] * 60_000) + "\r\n",
        "EXDATE:" + "20260101T000000," * 600_000 + "\r\n",
        "CATEGORIES:" + "a," * 5_000_000 + "\r\n",
        "DESCRIPTION:a\r\n" + " aaaaaaaaa\r\n" * 1_000_000,
        "X" + ';A="b"' * 1_500_000 + "\r\n",
        "BEGIN:X\r\n" * 100_000,
        "BEGIN:VALARM\r\n" * 100_000,
    ],
)
def test_a_record_of_more_than_anybody_writes_is_refused(lines: str):
    data = f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{lines}END:VEVENT\r\nEND:VCALENDAR\r\n"
    with quickly(5):
        [found] = read(data)
    assert found.data is None
    assert found.reason


def test_a_large_file_inside_a_record_is_none_of_that():
    data = calendar(event(f"{ONE}ATTACH;VALUE=BINARY;ENCODING=BASE64:\n" + " QUJDREVGR0g=\n" * 1_000_000))
    with quickly(5):
        [found] = read(data)
    assert found.data is not None


def test_changed_occurrences_without_end_are_not_held_in_memory():
    long = "x" * 1_000_000
    changed = [event(f"RECURRENCE-ID:2026010{day % 9}T100000\n{ONE}DESCRIPTION:{long}") for day in range(55)]
    [found] = read(calendar(event(f"{ONE}RRULE:FREQ=DAILY"), *changed))
    assert found.data is None
    assert "occurrences" in found.reason


@pytest.mark.parametrize(
    "data",
    [
        b"BEGIN:VCALENDAR\r\n" * 200_000,
        b"BEGIN:VCALENDAR\r\n" + b"N" * 20_000_000,
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a" + b"\r\n a" * 500_000 + b"\r\nEND:VEVENT\r\n",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + b"BEGIN:VALARM\r\nUID:1\r\n" * 150_000 + b"END:VEVENT\r\n",
    ],
)
def test_files_that_are_mostly_nothing_are_passed_over(data: bytes):
    with quickly(4):
        found = read(data)
    assert all(record.data is None for record in found)


@pytest.mark.parametrize(
    "lines",
    [
        "NOTE;ENCODING=QUOTED-PRINTABLE:" + "a=\r\n" * 190_000,
        "NOTE;CHARSET=undefined:x",
        "NOTE;CHARSET=idna:xn--a.xn--b",
        "NOTE;CHARSET=punycode:a-" + "b99999" * 200_000,
        "NOTE;CHARSET=unicode_escape:\\x",
        f"EMAIL;PREF={NINES}:a@example.org",
        "REV:0001-01-01T00:00:00+14:00",
        f"BDAY:{NINES}",
        "N:" + ";" * 1_000_000,
        "PHOTO;ENCODING=b:Bär",
        "PHOTO;ENCODING=b:" + "=" * 1_000_000,
    ],
)
def test_a_card_with_an_odd_line_is_still_read(lines: str):
    with quickly(2):
        found = vcard.read(card(lines))
    assert found.name is not None


@pytest.mark.parametrize("lines", ["A:\r\n" * 400_000, "BEGIN:VCARD\r\n" * 300_000, "NOTE:" + "x" * 9_000_000])
def test_a_card_of_more_than_anybody_writes_is_refused(lines: str):
    with quickly(), pytest.raises(RecordRefused):
        vcard.read(card(lines))


PIECES = st.sampled_from(
    [
        *("BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTODO", "END:VTODO", "BEGIN:VALARM", "END:VALARM", "BEGIN:VCALENDAR"),
        *(
            "BEGIN:VTIMEZONE",
            "END:VTIMEZONE",
            "BEGIN:VCARD",
            "END:VCARD",
            "UID:",
            "DTSTART",
            "DTEND",
            "DUE",
            "DURATION",
        ),
        *(
            "RRULE:FREQ=",
            "EXDATE",
            "RDATE",
            "RECURRENCE-ID",
            ";TZID=",
            ";VALUE=DATE",
            "TRIGGER",
            "ATTENDEE",
            "GEO:",
            "N:",
        ),
        *(
            "TEL",
            "ADR",
            "BDAY:",
            "REV:",
            "PHOTO",
            ";ENCODING=b",
            ";ENCODING=QUOTED-PRINTABLE",
            ";CHARSET=",
            "PRIORITY:",
        ),
        *(
            "20260101T100000Z",
            "20261399",
            "P1D",
            "-PT15M",
            "DAILY;UNTIL=",
            "YEARLY",
            "INTERVAL=",
            "utf-7",
            "Europe/Berlin",
        ),
        *(
            ":",
            ";",
            ",",
            "=",
            '"',
            "\\",
            "^",
            "\r\n",
            "\n ",
            "\n",
            "\r",
            "\t",
            "\0",
            "\ufeff",
            "\udcff",
            "ä",
            "9",
            "-",
            "/",
        ),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=60).map("".join))
def test_whatever_stands_there_is_read_or_refused(text: str):
    with quickly():
        read_all(text.encode("utf-8", "surrogateescape"))


def read_all(raw: bytes) -> None:
    for record in read(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n" + raw + b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"):
        assert record.data is not None or record.reason
        if record.data is not None:
            ical.write(record.data)
    for data in (raw, b"BEGIN:VCARD\r\n" + raw + b"\r\nEND:VCARD\r\n"):
        try:
            vcard.write(vcard.read(data))
        except RecordRefused:
            continue
