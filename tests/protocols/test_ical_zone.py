"""Zones by whatever name a file gives them."""

import pytest
from tests.protocols.calendars import calendar, event

from entrepot.protocols import ical
from entrepot.protocols.ical_merge import merge
from entrepot.protocols.ical_zone import definition_of, iana

CUSTOM = """BEGIN:VTIMEZONE
TZID:Vessel Time
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0130
TZOFFSETTO:+0130
TZNAME:VT
END:STANDARD
END:VTIMEZONE
"""


@pytest.mark.parametrize(
    ("tzid", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("US/Eastern", "US/Eastern"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("W. Europe Standard Time 1", "Europe/Berlin"),
        ("/example.org/20260101_1/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
        ("UTC", "Etc/UTC"),
        ("GMT", "Etc/UTC"),
        ("Vessel Time", None),
        ("", None),
        ("/", None),
    ],
)
def test_names_of_other_programs_are_understood(tzid: str, name: str | None):
    assert iana(tzid) == name


def test_a_zone_that_only_the_file_knows_is_kept_with_its_definition():
    text = calendar(
        event(
            "DTSTART;TZID=Vessel Time:20260101T100000\nDTEND:20260101T093000Z\nRRULE:FREQ=DAILY;UNTIL=20260105T083000Z"
        ),
        before=CUSTOM,
    )
    found = ical.read(text)
    assert (found.time_zone, found.start) == ("Vessel Time", "2026-01-01T10:00:00")
    assert found.recurrence_rules[0].until == "2026-01-05T10:00:00"
    written = ical.write(found)
    assert "BEGIN:VTIMEZONE\r\nTZID:Vessel Time" in written
    assert "DTEND:20260101T093000Z" in written
    assert ical.read(written) == found
    assert merge(found, into=text) == text


def test_a_file_that_says_where_its_zone_lies_is_believed():
    text = calendar(
        event("DTSTART;TZID=Vessel Time:20260101T100000"),
        before=CUSTOM.replace("BEGIN:STANDARD", "X-LIC-LOCATION:Europe/Oslo\nBEGIN:STANDARD"),
    )
    assert ical.read(text).time_zone == "Europe/Oslo"


@pytest.mark.parametrize("before", ["", "BEGIN:VTIMEZONE\nTZID:Vessel Time\nEND:VTIMEZONE\n"])
def test_a_zone_that_nobody_defines_keeps_its_name(before: str):
    text = calendar(
        event("DTSTART;TZID=Vessel Time:20260101T100000\nDTEND;TZID=Vessel Time:20260101T113000"), before=before
    )
    found = ical.read(text)
    assert found.time_zone == "Vessel Time"
    assert getattr(found, "duration", "") == "PT1H30M"
    assert "DTSTART;TZID=Vessel Time:20260101T100000" in ical.write(found)


def test_a_calendar_we_write_defines_the_zones_it_names():
    text = calendar(event("DTSTART;TZID=America/St_Johns:20260101T100000\nDTEND;TZID=Europe/Berlin:20260101T180000"))
    written = ical.write(ical.read(text))
    assert written.count("BEGIN:VTIMEZONE") == 2
    assert definition_of("Vessel Time", 2026) == ""
