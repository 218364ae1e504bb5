"""Google Calendar written to: one record for a series and its exceptions, ids of our own, and not a word to guests."""

from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace
from tests.connectors.google_hand import opened_google, said
from tests.connectors.graph_hand import Hand
from tests.protocols.calendars import CLOCKS, clock_in
from tests.services.google_calendar import GoogleCalendar

from entrepot.core.change import Change
from entrepot.core.errors import RecordRefused, Stale, TryLater
from entrepot.core.planner import Alert, Event, Location, NDay, RecurrenceRule
from entrepot.sdk.connector import Confirming
from entrepot.sdk.writer import Finding, Writer

ME = "ada@example.org"
MONDAYS = RecurrenceRule(frequency="weekly", by_day=[NDay(day="mo")], until="2027-03-29T09:00:00")
TEAM = Event(
    title="Team",
    description="Agenda",
    start="2026-11-02T09:00:00",
    time_zone="Europe/Berlin",
    duration="PT30M",
    locations=[Location(name="Room 2")],
    privacy="private",
    free_busy_status="free",
    status="tentative",
    alerts=[Alert(offset="-PT10M"), Alert(offset="-PT24H", action="email")],
    recurrence_rules=[MONDAYS],
    recurrence_overrides={
        "2026-11-16T09:00:00": {"excluded": True},
        "2026-11-23T09:00:00": {"title": "Team, later", "start": "2026-11-23T11:00:00"},
    },
)
HIDDEN: dict[str, Any] = {
    "conferenceData": {"conferenceId": "abc", "notes": "kept"},
    "attachments": [{"fileUrl": "https://example.org/file", "title": "kept"}],
    "extendedProperties": {"private": {"program": "kept"}},
    "attendees": [{"email": "guest@example.org", "responseStatus": "accepted", "comment": "kept"}],
    "colorId": "7",
}


@pytest.fixture
def service() -> GoogleCalendar:
    return GoogleCalendar()


@pytest_asyncio.fixture
async def hand(service: GoogleCalendar):
    async with opened_google(service) as made:
        yield made
    assert service.mails == []
    assert all("sendUpdates=none" in call for call in service.faults.calls if not call.startswith("GET"))


def at(local: str, zone: str = "Europe/Berlin") -> dict[str, str]:
    return {"dateTime": local, "timeZone": zone}


def add(service: GoogleCalendar, summary: str = "Theirs", **members: Any) -> str:
    both = {"start": at("2026-11-02T09:00:00"), "end": at("2026-11-02T10:00:00")}
    return service.add(summary, **{**both, **HIDDEN, **members})


async def change(hand: Hand, name: str) -> Change:
    return (await hand.read())[f"{ME}/{name}"]


@pytest.mark.parametrize("zone", CLOCKS)
async def test_a_series_is_made_with_its_exceptions_and_is_read_as_it_was_told(hand: Hand, zone: str):
    with clock_in(zone):
        assert isinstance(hand.reader, Writer)
        assert isinstance(hand.reader, Finding)
        assert isinstance(hand.reader, Confirming)
        await hand.read()
        made = await hand.create(TEAM)
        assert made.data == said(made, TEAM)
        assert await hand.read(since=True) == {made.ref.id: made}
        assert await hand.read() == {made.ref.id: made}
        assert await hand.confirm(made) == made


DAYS = Event(title="Trip", start="2026-12-24T00:00:00", show_without_time=True, duration="P3D")
FLIGHT = Event(
    title="Flight",
    start="2026-12-28T09:00:00",
    time_zone="Europe/Berlin",
    end_time_zone="Europe/London",
    duration="PT1H30M",
)
UNTIL = [
    replace(DAYS, recurrence_rules=[RecurrenceRule(frequency="yearly", until="2030-12-24T00:00:00")]),
    replace(
        FLIGHT, end_time_zone=None, recurrence_rules=[RecurrenceRule(frequency="daily", until="2027-04-01T09:00:00")]
    ),
    Event(
        title="Universal",
        start="2026-12-28T23:30:00",
        time_zone="Etc/UTC",
        duration="PT1H",
        recurrence_rules=[RecurrenceRule(frequency="daily", count=5)],
        recurrence_overrides={"2026-12-30T23:30:00": {"excluded": True}, "2027-02-01T23:30:00": {}},
    ),
    replace(
        DAYS,
        recurrence_rules=[RecurrenceRule(frequency="weekly", count=9)],
        recurrence_overrides={"2026-12-31T00:00:00": {"title": "Party"}, "2027-01-07T00:00:00": {"excluded": True}},
    ),
    Event(
        title="Newfoundland",
        start="2027-03-13T23:30:00",
        time_zone="America/St_Johns",
        duration="PT1H",
        recurrence_rules=[RecurrenceRule(frequency="daily", until="2027-03-20T23:30:00")],
        recurrence_overrides={"2027-03-14T23:30:00": {"duration": "PT2H"}},
    ),
]


@pytest.mark.parametrize("zone", CLOCKS)
@pytest.mark.parametrize("data", [DAYS, FLIGHT, *UNTIL], ids=lambda one: one.title)
async def test_days_zones_and_recurrence_come_back_exactly(hand: Hand, data: Event, zone: str):
    with clock_in(zone):
        made = await hand.create(data)
        assert made.data == said(made, data)
        projected = hand.projected(data, "event")
        assert {name: getattr(made.data, name) for name in hand.writing.fields} == {
            name: projected[name] for name in hand.writing.fields
        }
        newer = await hand.update(made, title="Another")
        assert newer.data == said(newer, replace(data, title="Another"))


async def test_what_is_not_modelled_survives_and_only_differences_are_sent(hand: Hand, service: GoogleCalendar):
    name = add(service, recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    theirs = await change(hand, name)
    newer = await hand.update(theirs, title="Ours", alerts=[Alert(offset="-PT5M")])
    assert hand.sent() == {
        "summary": "Ours",
        "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 5}]},
    }
    assert HIDDEN.items() <= service.held(name).items()
    assert newer.data == replace(theirs.data, title="Ours", alerts=[Alert(offset="-PT5M")], updated=newer.data.updated)
    writes = service.faults.writes()
    assert await hand.update(newer, title="Ours") == newer
    assert service.faults.writes() == writes


async def test_from_times_to_days_and_back_and_from_a_series_to_one_event(hand: Hand):
    made = await hand.create(TEAM)
    days = await hand.update(
        made,
        start="2026-11-02T00:00:00",
        time_zone=None,
        show_without_time=True,
        duration="P1D",
        recurrence_rules=[],
        recurrence_overrides={},
    )
    assert (days.data.start, days.data.time_zone, days.data.show_without_time) == ("2026-11-02T00:00:00", None, True)
    assert (days.data.recurrence_rules, days.data.recurrence_overrides) == ([], {})
    back = await hand.update(
        days, start=TEAM.start, time_zone="Europe/Berlin", show_without_time=False, duration="PT30M", privacy=None
    )
    assert (back.data.start, back.data.duration, back.data.privacy) == (TEAM.start, "PT30M", None)


async def test_swapping_what_the_series_and_an_exception_say_arrives(hand: Hand):
    made = await hand.create(TEAM)
    overrides = {
        **TEAM.recurrence_overrides,
        "2026-11-23T09:00:00": {"title": "Team", "start": "2026-11-23T11:00:00"},
    }
    swapped = await hand.update(made, title="Team, later", recurrence_overrides=overrides)
    assert swapped.data == said(swapped, replace(TEAM, title="Team, later", recurrence_overrides=overrides))
    assert await hand.read() == {made.ref.id: swapped}


async def test_an_exception_that_says_nothing_of_it_follows_the_series(hand: Hand):
    made = await hand.create(TEAM)
    newer = await hand.update(made, description="New agenda")
    assert newer.data == said(newer, replace(TEAM, description="New agenda"))


async def test_exceptions_come_go_and_are_taken_back(hand: Hand, service: GoogleCalendar):
    made = await hand.create(TEAM)
    overrides: dict[str, Any] = {
        "2026-11-23T09:00:00": {"excluded": True},
        "2026-12-07T09:00:00": {"duration": "PT2H", "locations": [{"name": "Hall"}]},
        "2026-12-14T09:00:00": {"status": "cancelled"},
    }
    newer = await hand.update(made, recurrence_overrides=overrides)
    told = {**overrides, "2026-12-14T09:00:00": {"excluded": True}}
    assert newer.data.recurrence_overrides == told
    assert hand.writing.project("recurrence_overrides", overrides) == told
    back = await hand.update(newer, recurrence_overrides={})
    assert back.data == said(back, replace(TEAM, recurrence_overrides={}))
    assert await hand.read() == {made.ref.id: back}


async def test_a_series_that_moves_takes_its_exceptions_along(hand: Hand):
    made = await hand.create(TEAM)
    moved = replace(
        TEAM,
        start="2026-11-02T10:00:00",
        recurrence_rules=[replace(MONDAYS, until="2027-03-29T10:00:00")],
        recurrence_overrides={
            "2026-11-16T10:00:00": {"excluded": True},
            "2026-11-23T10:00:00": {"title": "Team, later"},
        },
    )
    names = ("start", "recurrence_rules", "recurrence_overrides")
    newer = await hand.update(made, **{name: getattr(moved, name) for name in names})
    assert newer.data == said(newer, moved)


async def test_an_exception_alone_in_the_feed_brings_the_whole_series(hand: Hand, service: GoogleCalendar):
    name = add(service, recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    await hand.read()
    service.edit(f"{name}_20261103T080000Z", summary="Moved")
    service.remove(f"{name}_20261104T080000Z")
    found = await hand.read(since=True)
    assert found.keys() == {f"{ME}/{name}"}
    assert found[f"{ME}/{name}"].data.recurrence_overrides == {
        "2026-11-03T09:00:00": {"title": "Moved"},
        "2026-11-04T09:00:00": {"excluded": True},
    }
    service.edit(name, description="About all")
    assert len((await hand.read(since=True))[f"{ME}/{name}"].data.recurrence_overrides) == 2
    service.remove(name)
    assert {one: gone.data for one, gone in (await hand.read(since=True)).items()} == {f"{ME}/{name}": None}


async def test_a_listing_of_many_pages_shows_each_series_whole(hand: Hand, service: GoogleCalendar):
    names = [add(service, f"Series {n}", recurrence=["RRULE:FREQ=DAILY;COUNT=5"]) for n in range(3)]
    for name in names:
        service.edit(f"{name}_20261103T080000Z", summary="Moved")
    service.page = 2
    found = await hand.read()
    assert all(len(found[f"{ME}/{name}"].data.recurrence_overrides) == 1 for name in names)
    assert len(found) == 3


async def test_a_listing_of_one_page_needs_no_other_request(hand: Hand, service: GoogleCalendar):
    names = [add(service, f"Series {n}", recurrence=["RRULE:FREQ=DAILY;COUNT=5"]) for n in range(3)]
    service.edit(f"{names[0]}_20261103T080000Z", summary="Moved")
    service.remove(f"{names[1]}_20261103T080000Z")
    service.faults.calls.clear()
    found = await hand.read()
    assert len(service.faults.calls) == 1
    service.page = 1
    assert await hand.read() == found
    assert [await hand.confirm(one) for one in found.values()] == list(found.values())


async def test_another_version_of_the_series_or_of_an_exception_is_stale(hand: Hand, service: GoogleCalendar):
    name = add(service, recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    series, single = await change(hand, name), await hand.create(replace(DAYS, title="Single"))
    service.edit(f"{name}_20261103T080000Z", summary="Theirs")
    service.edit(single.ref.id.removeprefix(f"{ME}/"), summary="Theirs")
    for held in (series, single):
        with pytest.raises(Stale):
            await hand.update(held, title="Ours")
        with pytest.raises(Stale):
            await hand.delete(held)
    assert service.held(name)["summary"] == "Theirs"
    now = await change(hand, name)
    assert (await hand.delete(now)).data is None
    assert (await hand.delete(now)).data is None
    assert (await hand.confirm(now)).data is None
    with pytest.raises(Stale):
        await hand.update(now, title="Gone")


async def test_a_lost_answer_makes_no_second_event(hand: Hand, service: GoogleCalendar):
    write = hand.creation(TEAM)
    assert await hand.reader.find(write) is None
    service.faults.lost = 9
    with pytest.raises(TryLater):
        await hand.reader.write(write)
    service.faults.lost = 0
    found = await hand.reader.find(write)
    assert found is not None
    made = await hand.reader.write(write)
    assert made.data == said(made, TEAM)
    assert found.ref.id == made.ref.id == f"{ME}/{write.op}"
    assert [one.ref.id for one in (await hand.read()).values()] == [made.ref.id]
    service.faults.limited = 1
    with pytest.raises(TryLater) as later:
        await hand.update(made, title="Later")
    assert later.value.after is not None


async def test_a_dead_token_is_stale(hand: Hand, service: GoogleCalendar):
    add(service)
    await hand.read()
    service.expire()
    with pytest.raises(Stale):
        await hand.read(since=True)
    assert len(await hand.read()) == 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"time_zone": None}, "zone"),
        ({"time_zone": "Own/Zone"}, "zone"),
        ({"start": None}, "start"),
        ({"status": "cancelled"}, "cancelled"),
        ({"recurrence_overrides": {"2026-11-24T09:00:00": {"title": "No Monday"}}}, "no occurrence"),
    ],
)
async def test_what_google_cannot_keep_is_refused_with_its_reason(hand: Hand, values: dict[str, Any], reason: str):
    with pytest.raises(RecordRefused, match=reason):
        await hand.create(replace(TEAM, **values))
    for field, value in values.items():
        hand.writing.project(field, value)


async def test_a_calendar_one_may_only_read_refuses_the_record(hand: Hand):
    hand.within = "holidays@group.example.org"
    with pytest.raises(RecordRefused, match="does not let you"):
        await hand.create(TEAM)


VALUES: dict[str, list[Any]] = {
    "title": ["", "a\nb", "ümläut"],
    "privacy": [None, "public", "private", "secret"],
    "status": ["confirmed", "tentative"],
    "free_busy_status": ["free", "busy"],
    "locations": [[Location(name="one"), Location(name="two")], []],
    "alerts": [
        [Alert(offset="-PT90M", action="audio")],
        [Alert(offset="-P1W"), Alert(offset="PT5M"), Alert(offset="-P60D"), Alert(offset="-PT5M", relative_to="end")],
        [Alert(offset=f"-PT{n}M") for n in range(1, 8)],
        [Alert(offset="PT0S"), Alert(at=datetime.fromisoformat("2026-11-01T00:00:00+00:00"))],
    ],
    "duration": ["PT90M", "P1D", "PT24H", "PT0S"],
}


async def test_a_projected_value_is_what_comes_back(hand: Hand):
    base = replace(TEAM, recurrence_rules=[], recurrence_overrides={}, alerts=[])
    for field, values in VALUES.items():
        for value in values:
            made = await hand.create(replace(base, **{field: value}))
            projected = hand.projected(replace(base, **{field: value}), "event")
            assert getattr(made.data, field) == projected[field], (field, value)
