"""Times mapped whole: a start with its zone and length, a wall-clock time with its zone, days."""

import json
from datetime import datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.core.errors import RecordRefused
from entrepot.core.lens import LensError
from entrepot.core.lens_spec import build, build_all
from entrepot.core.mapping import Mapping
from entrepot.core.planner import Event


def stored(data, kind):
    return json.loads(msgspec.json.encode(msgspec.convert(data, kind)))


GOOGLE = {
    "start": {
        "as": "period",
        "from": {"date": "start.date", "time": "start.dateTime", "zone": "start.timeZone"},
        "to": {"date": "end.date", "time": "end.dateTime", "zone": "end.timeZone"},
    }
}


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ({"date": "2026-03-28"}, {"date": "2026-03-30"}, ("2026-03-28T00:00:00", None, True, "P2D")),
        (
            {"dateTime": "2026-03-28T23:00:00+01:00", "timeZone": "Europe/Berlin"},
            {"dateTime": "2026-03-29T23:00:00+02:00", "timeZone": "Europe/Berlin"},
            ("2026-03-28T23:00:00", "Europe/Berlin", False, "PT23H"),
        ),
        (
            {"dateTime": "2026-03-28T10:00:00Z"},
            {"dateTime": "2026-03-28T10:30:00Z"},
            ("2026-03-28T10:00:00", "Etc/UTC", False, "PT30M"),
        ),
        (
            {"dateTime": "2026-03-28T10:00:00"},
            {"dateTime": "2026-03-28T11:00:00"},
            ("2026-03-28T10:00:00", None, False, "PT1H"),
        ),
    ],
)
def test_a_period_has_a_start_a_zone_and_a_duration(start, end, expected):
    mapping = Mapping(build_all(GOOGLE), kind=Event)
    record = {"start": start, "end": end}
    event = msgspec.convert(mapping.read(record), Event)
    assert (event.start, event.time_zone, event.show_without_time, event.duration) == expected
    data = stored(mapping.read(record), Event)
    assert mapping.write(data, record) == record
    assert mapping.read(mapping.write(data)) == mapping.read(record)


def test_a_period_that_ends_before_it_starts_is_refused():
    with pytest.raises(LensError, match="before it starts"):
        Mapping(build_all(GOOGLE)).read({"start": {"date": "2026-01-02"}, "end": {"date": "2026-01-01"}})


@settings(deadline=None)
@given(
    st.datetimes(datetime(1980, 1, 1), datetime(2050, 1, 1)).map(lambda at: at.replace(microsecond=0).isoformat()),  # noqa: DTZ001  # a wall clock
    st.sampled_from([None, "Etc/UTC", "Europe/Berlin", "America/New_York"]),
)
def test_local_times_with_their_zone_come_back(start, zone):
    mapping = Mapping([build("start", {"as": "local", "at": "at", "zone": "zone"})], kind=Event)
    data = {"start": start, "timeZone": zone}
    found = mapping.read(mapping.write(data))
    assert (found["start"], found.get("timeZone")) == (start, zone)


def test_a_day_is_written_as_a_day_and_an_unknown_zone_is_refused():
    mapping = Mapping([build("start", {"as": "local", "at": "at", "zone": "zone"})], kind=Event)
    assert mapping.write({"start": "2026-01-02T00:00:00", "showWithoutTime": True}) == {"at": "2026-01-02"}
    with pytest.raises(RecordRefused, match="time of day"):
        mapping.write({"start": "2026-01-02T10:00:00", "showWithoutTime": True})
    for zone in ("Mars/Base", "../../etc/passwd", 5, "a\0b"):
        with pytest.raises(LensError, match="not a time zone"):
            mapping.read({"at": "2026-01-02T10:00:00Z", "zone": zone})
