"""Series are one thing, and a day stays a day, whatever zone a process is in."""

import time

import pytest
from tests.sync.fake_remote import FakeRemote
from tests.sync.world import World

from entrepot.core.kinds import encode
from entrepot.core.planner import Event, NDay, RecurrenceRule

WEEKLY = [RecurrenceRule(frequency="weekly", by_day=[NDay(day="mo"), NDay(day="th", nth_of_period=None)])]
SERIES = {
    "uid": "series@example.org",
    "title": "Choir",
    "start": "2026-03-02T19:00:00",
    "time_zone": "Europe/Berlin",
    "duration": "PT1H30M",
    "recurrence_rules": WEEKLY,
    "recurrence_overrides": {
        "2026-03-09T19:00:00": {"title": "Choir in the church", "start": "2026-03-09T20:00:00"},
        "2026-03-16T19:00:00": {"excluded": True},
    },
}
ZONES = ["UTC", "Pacific/Kiritimati", "Pacific/Niue", "America/St_Johns"]


@pytest.fixture
def pair(tmp_path):
    a, b = FakeRemote("a", kind="event"), FakeRemote("b", kind="event")
    with World(tmp_path, a, b, kind="event") as world:
        world.attach("a")
        world.attach("b")
        yield world, a, b


def all_equal(world, a, b, **fields):
    sides = [*world.items().values(), *(record.fields for side in (a, b) for record in side.records.values())]
    return all(side[name] == value for side in sides for name, value in fields.items()) and len(sides) == 3


def test_i19_a_series_goes_over_whole_and_rests(pair):
    world, a, b = pair
    a.put("a1", **SERIES)
    world.settle()
    assert all_equal(world, a, b, **SERIES)
    assert world.rest() == 0


def test_i19_values_swapped_between_the_series_and_an_occurrence_are_an_edit(pair):
    world, a, b = pair
    a.put("a1", **SERIES)
    world.settle()
    swapped = dict(SERIES["recurrence_overrides"])
    swapped["2026-03-09T19:00:00"] = {**swapped["2026-03-09T19:00:00"], "title": "Choir"}
    a.put("a1", title="Choir in the church", recurrence_overrides=swapped)
    world.settle()
    assert all_equal(world, a, b, title="Choir in the church", recurrence_overrides=swapped)


def test_i19_edits_of_different_occurrences_on_both_sides_are_both_there(pair):
    world, a, b = pair
    a.put("a1", **SERIES)
    world.settle()
    overrides = SERIES["recurrence_overrides"]
    world.edit(world.item("Choir"), recurrence_overrides={**overrides, "2026-03-23T19:00:00": {"excluded": True}})
    a.put("a1", recurrence_overrides={**overrides, "2026-03-30T19:00:00": {"title": "Concert"}})
    world.settle()
    expected = {**overrides, "2026-03-23T19:00:00": {"excluded": True}, "2026-03-30T19:00:00": {"title": "Concert"}}
    assert all_equal(world, a, b, recurrence_overrides=expected)
    assert world.conflicts() == []


def test_i19_the_same_occurrence_edited_differently_is_one_conflict_and_the_title_flows(pair):
    world, a, b = pair
    a.put("a1", **SERIES)
    world.settle()
    overrides, at = SERIES["recurrence_overrides"], "2026-03-23T19:00:00"
    world.edit(world.item("Choir"), recurrence_overrides={**overrides, at: {"title": "Here"}})
    a.put("a1", recurrence_overrides={**overrides, at: {"title": "There"}}, description="d")
    world.settle()
    assert world.conflicts() == ["when"]
    assert world.told("Choir", "description") == b.told("Choir", "description") == "d"
    assert a.told("Choir", "recurrence_overrides")[at] == {"title": "There"}
    assert world.told("Choir", "recurrence_overrides")[at] == {"title": "Here"}
    assert world.rest() == 0


def test_i19_a_series_that_is_moved_here_while_an_occurrence_is_edited_there_is_not_mixed_up(pair):
    """Overrides stand at the times of the old series: moved apart from each other, they would point nowhere."""
    world, a, _ = pair
    a.put("a1", **SERIES)
    world.settle()
    world.edit(world.item("Choir"), start="2026-03-03T19:00:00", recurrence_overrides={})
    overrides = {**SERIES["recurrence_overrides"], "2026-03-23T19:00:00": {"excluded": True}}
    a.put("a1", recurrence_overrides=overrides)
    world.settle()
    assert world.conflicts() == ["when"]
    assert (a.told("Choir", "start"), a.told("Choir", "recurrence_overrides")) == (SERIES["start"], overrides)
    assert (world.told("Choir", "start"), world.told("Choir", "recurrence_overrides")) == ("2026-03-03T19:00:00", {})


def test_i19_an_occurrence_that_came_without_its_series_is_kept(pair):
    world, a, b = pair
    orphan = {
        "title": "Only this one",
        "uid": "x@example.org",
        "start": "2026-03-09T20:00:00",
        "recurrence_id": "2026-03-09T19:00:00",
    }
    a.put("a1", **orphan)
    world.settle()
    assert all_equal(world, a, b, **orphan)


TIMES = {
    "a day": {"start": "2026-03-29T00:00:00", "show_without_time": True, "duration": "P1D"},
    "days over a change of clocks": {"start": "2026-10-24T00:00:00", "show_without_time": True, "duration": "P3D"},
    "floating": {"start": "2026-03-29T02:30:00", "duration": "PT1H"},
    "in a zone": {"start": "2026-03-29T02:30:00", "time_zone": "Europe/Berlin", "duration": "PT1H"},
    "UTC": {"start": "2026-03-29T02:30:00", "time_zone": "Etc/UTC", "duration": "PT1H"},
    "two zones": {"start": "2026-03-29T23:30:00", "time_zone": "Asia/Tokyo", "end_time_zone": "America/New_York"},
    "until": {
        "start": "2026-03-29T00:30:00",
        "time_zone": "America/St_Johns",
        "recurrence_rules": [RecurrenceRule(frequency="daily", until="2026-11-01T00:30:00")],
    },
}


@pytest.mark.parametrize("zone", ZONES)
def test_i20_a_day_a_floating_time_a_zone_and_an_until_stay_what_they_are(pair, zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        world, a, b = pair
        for name, fields in TIMES.items():
            a.put(name, title=name, **fields)
        world.settle()
        for name in TIMES:
            b.put(b.of(name).id, description="edited")
            world.edit(world.item(name), color="red")
        world.settle(confirmed=True)
        assert world.rest() == 0
        for name, fields in TIMES.items():
            wanted = encode(Event(**{**fields, "title": name, "description": "edited", "color": "red"}))
            sides = (a.of(name).fields, b.of(name).fields, world.items()[world.item(name)])
            assert [encode(Event(**{**side, "uid": None})) for side in sides] == [wanted] * 3
    finally:
        monkeypatch.undo()
        time.tzset()
