"""One calendar at Google, Outlook, a CalDAV server and the hub: it takes place at the same time everywhere, and rests."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from tests.servers import Running, radicale
from tests.sync.calendar_world import Calendar, calendar_at
from tests.together.diaries import ME, AtCalDav, AtGoogle, AtOutlook, Happening
from tests.together.world import Remote, Server, World

from entrepot.core.planner import Alert, Location, NDay, RecurrenceRule

OUTLOOK = "AAkCal="
MONDAYS = [f"2026-10-{day}T07:00Z" for day in ("05", "12", "19")] + [
    f"2026-{day}T08:00Z" for day in ("10-26", "11-02", "11-09", "11-16", "11-23", "11-30")
]
_names = count()


class Calendars(World):
    def __init__(self, folder: Any, running: Running, calendar: Calendar) -> None:
        self.google, self.outlook = AtGoogle(), AtOutlook()
        self.diaries: dict[str, Any] = {
            "google_calendar": self.google, "outlook_calendar": self.outlook, "caldav": AtCalDav(calendar),
        }  # fmt: skip
        google = Remote("google_calendar", self.google.service, calendars=ME)
        outlook = Remote("outlook_calendar", self.outlook.service, calendars=OUTLOOK)
        super().__init__(folder, google, outlook, Server(running, "events"), kind="event")
        for name, place in {"google_calendar": ME, "outlook_calendar": OUTLOOK, "caldav": calendar.path}.items():
            self.attach(name, place)

    def assert_everywhere(self, *wanted: Happening) -> None:
        for name, diary in self.diaries.items():
            assert diary.happens() == sorted(wanted), name

    def close(self) -> None:
        super().close()
        assert self.google.service.mails == self.outlook.service.mails == [], "nobody was written to"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with radicale(tmp_path_factory.mktemp("radicale")) as found:
        yield found


@pytest.fixture
def calendars(running: Running, tmp_path: Any) -> Iterator[Calendars]:
    with calendar_at(running, f"together-{next(_names)}") as calendar, Calendars(tmp_path, running, calendar) as made:
        yield made


def series(title: str, **changed: str | None) -> list[Happening]:
    """The Mondays, some of them at another time or not at all."""
    moved = {f"2026-{day[1:].replace('_', '-')}": at for day, at in changed.items()}
    return [(at, title) for monday in MONDAYS if (at := moved.get(monday[:10], monday)) is not None]


def test_three_calendars_become_one_and_rest(calendars):
    for name, diary in calendars.diaries.items():
        diary.add(f"Call {name}", "2026-10-20T14:00:00")
        diary.add(f"Holiday {name}", "2026-12-24")
        diary.add_series(f"Team {name}")
    calendars.settle()
    calls = [("2026-10-20T12:00Z", f"Call {name}") for name in calendars.diaries]
    days = [("2026-12-24", f"Holiday {name}") for name in calendars.diaries]
    teams = [each for name in calendars.diaries for each in series(f"Team {name}")]
    calendars.assert_everywhere(*calls, *days, *teams)
    assert (calendars.conflicts(), calendars.aside(), calendars.rest()) == ([], [], 0)
    requests = {name: len(calls) for name, calls in calendars.calls_of_a_round().items()}
    assert requests == {"google_calendar": 1, "outlook_calendar": 4, "caldav": 1}, (
        "Outlook tells of the last minutes again, and is asked for the exceptions of each series among them"
    )


@pytest.mark.parametrize("where", ["google_calendar", "outlook_calendar", "caldav"])
def test_what_is_moved_and_cancelled_at_one_is_at_all(calendars, where):
    diary = calendars.diaries[where]
    for title in ("Team", "Choir"):
        calendars.google.add_series(title)
    calendars.google.add("Call", "2026-10-20T14:00:00")
    calendars.settle()
    calendars.assert_everywhere(*series("Team"), *series("Choir"), ("2026-10-20T12:00Z", "Call"))
    diary.move_one("Team", "2026-10-12", "2026-10-13T11:30:00")
    diary.cancel_one("Team", "2026-11-09")
    diary.move("Call", "2026-10-31T18:00:00")
    calendars.settle()
    team = series("Team", _10_12="2026-10-13T09:30Z", _11_09=None)
    calendars.assert_everywhere(*team, *series("Choir"), ("2026-10-31T17:00Z", "Call"))
    diary.move_one("Team", "2026-11-30", "2026-12-01T10:00:00")
    diary.move("Call", "2026-12-24")
    diary.rename("Choir", "Singing")
    calendars.settle()
    team = series("Team", _10_12="2026-10-13T09:30Z", _11_09=None, _11_30="2026-12-01T09:00Z")
    calendars.assert_everywhere(*team, *series("Singing"), ("2026-12-24", "Call"))
    diary.remove("Team")
    if where == "outlook_calendar":
        calendars.sync(where, full=True)
    calendars.settle()
    calendars.assert_everywhere(*series("Singing"), ("2026-12-24", "Call"))
    assert (calendars.conflicts(), calendars.aside(), calendars.rest()) == ([], [], 0)


def test_the_same_meetings_at_all_three_are_linked_and_nothing_is_written(calendars):
    quiet = {"outlook_calendar": {"isReminderOn": False}, "google_calendar": {"reminders": {"useDefault": False}}}
    for name, diary in calendars.diaries.items():
        for number in range(3):
            diary.add(f"Call {number}", f"2026-10-2{number}T14:00:00", **quiet.get(name, {}))
        diary.add("Holiday", "2026-12-24", **quiet.get(name, {}))
    before = {name: diary.happens() for name, diary in calendars.diaries.items()}
    calendars.settle()
    assert len(calendars.items()) == 4
    assert {name: diary.happens() for name, diary in calendars.diaries.items()} == before
    assert calendars.writes() == 0
    assert (calendars.conflicts(), calendars.aside(), calendars.rest()) == ([], [], 0)


def test_what_is_edited_in_the_hub_takes_place_everywhere(calendars):
    rule = RecurrenceRule(frequency="weekly", by_day=[NDay(day="mo")], count=9)
    team = calendars.add(
        title="Team", start="2026-10-05T09:00:00", time_zone="Europe/Berlin", duration="PT1H", recurrence_rules=[rule],
        alerts=[Alert(offset="-PT10M")], locations=[Location(name="Room 2")], description="Agenda\n\n- one\n- two",
        privacy="private", status="tentative",
    )  # fmt: skip
    flight = calendars.add(
        title="Flight", start="2026-11-01T21:40:00", time_zone="America/New_York", end_time_zone="Europe/Berlin",
        duration="PT7H20M",
    )  # fmt: skip
    calendars.add(title="Trip", start="2026-11-02T00:00:00", show_without_time=True, duration="P3D", keywords=["fun"])
    calendars.settle()
    trip = [("2026-11-02", "Trip")]
    calendars.assert_everywhere(*series("Team"), ("2026-11-02T02:40Z", "Flight"), *trip)
    overrides = {"2026-10-12T09:00:00": {"start": "2026-10-12T15:00:00", "title": "Team, late"}}
    calendars.edit(team, recurrence_overrides={**overrides, "2026-11-09T09:00:00": {"excluded": True}})
    calendars.edit(flight, start="2026-11-01T22:10:00")
    calendars.settle()
    moved = [each for each in series("Team", _11_09=None) if not each[0].startswith("2026-10-12")]
    late = ("2026-10-12T13:00Z", "Team, late")
    calendars.assert_everywhere(*moved, late, ("2026-11-02T03:10Z", "Flight"), *trip)
    calendars.edit(team, recurrence_overrides={"2026-11-09T08:00:00": {"excluded": True}}, start="2026-10-05T08:00:00")
    calendars.settle()
    earlier = [(f"{at[:11]}{int(at[11:13]) - 1:02}{at[13:]}", title) for at, title in series("Team", _11_09=None)]
    calendars.assert_everywhere(*earlier, ("2026-11-02T03:10Z", "Flight"), *trip)
    assert calendars.conflicts() == []
    item = calendars.items()[team]
    assert (item["alerts"], item["privacy"], item["status"]) == ([Alert(offset="-PT10M")], "private", "tentative")
    assert calendars.items()[calendars.item("Trip")]["keywords"] == ["fun"]
    assert (calendars.aside(), calendars.rest()) == ([], 0)


def test_edits_of_one_series_at_three_places_at_once_go_together(calendars):
    calendars.google.add_series("Team")
    calendars.google.add("Call", "2026-10-20T14:00:00")
    calendars.settle()
    calendars.google.move_one("Team", "2026-10-12", "2026-10-12T11:00:00")
    calendars.outlook.cancel_one("Team", "2026-11-09")
    calendars.diaries["caldav"].move_one("Team", "2026-11-30", "2026-12-01T10:00:00")
    calendars.settle()
    team = series("Team", _10_12="2026-10-12T09:00Z", _11_09=None, _11_30="2026-12-01T09:00Z")
    calendars.assert_everywhere(*team, ("2026-10-20T12:00Z", "Call"))
    assert (calendars.conflicts(), calendars.aside(), calendars.rest()) == ([], [], 0)


def test_who_is_invited_hears_nothing_whatever_is_changed(calendars):
    guests = [{"email": "guest@example.org", "responseStatus": "accepted"}]
    calendars.google.add("Lunch", "2026-10-20T12:00:00", attendees=guests)
    calendars.google.add("Dinner", "2026-10-20T18:00:00")
    guest = {"emailAddress": {"address": "bo@example.org"}, "type": "required", "status": {"response": "none"}}
    calendars.outlook.add("Review", "2026-10-21T12:00:00", attendees=[guest])
    calendars.settle()
    for title in ("Lunch", "Review"):
        calendars.edit(calendars.item(title), title=f"{title} moved", start="2026-10-22T12:30:00")
    calendars.settle()
    calendars.delete(calendars.item("Lunch moved"))
    calendars.settle()
    assert calendars.conflicts() == []
    assert calendars.rest() == 0
    assert calendars.aside() == ["It has guests, to whom Outlook would send mail if it were changed; do it in Outlook."]
    dinner, review = ("2026-10-20T16:00Z", "Dinner"), ("2026-10-22T10:30Z", "Review moved")
    assert calendars.google.happens() == calendars.diaries["caldav"].happens() == [dinner, review]
    assert calendars.outlook.happens() == [dinner, ("2026-10-21T10:00Z", "Review")]


@pytest.mark.parametrize("where", ["google_calendar", "outlook_calendar"])
def test_a_lost_answer_makes_no_second_event(calendars, where):
    calendars.diaries["caldav"].add("Before", "2026-10-20T14:00:00")
    calendars.settle()
    remote = calendars.remotes[where]
    remote.faults.lost = 1
    calendars.diaries["caldav"].add_series("Team")
    calendars.diaries["caldav"].cancel_one("Team", "2026-11-09")
    calendars.sync("caldav")
    assert calendars.sync(where).status != "done"
    calendars.settle()
    before = ("2026-10-20T12:00Z", "Before")
    calendars.assert_everywhere(*series("Team", _11_09=None), before)
    for fault in ("broken", "limited", "lost"):
        setattr(remote.faults, fault, 1)
        calendars.diaries["caldav"].move_one("Team", "2026-10-12", "2026-10-12T11:00:00") if fault == "broken" else None
        calendars.diaries["caldav"].rename("Before", f"Before {fault}")
        calendars.sync("caldav")
        calendars.sync(where)
        setattr(remote.faults, fault, 0)
        calendars.settle()
        calendars.diaries["caldav"].rename(f"Before {fault}", "Before")
        calendars.settle()
    calendars.assert_everywhere(*series("Team", _10_12="2026-10-12T09:00Z", _11_09=None), before)
    assert (calendars.conflicts(), calendars.aside(), calendars.rest()) == ([], [], 0)
