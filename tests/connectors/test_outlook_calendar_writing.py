"""Outlook written to: series with their occurrences as one, clocks and days, and never a mail to anybody."""

import msgspec
import pytest
import pytest_asyncio
from tests.connectors.graph_hand import opened
from tests.services.outlook_calendar import OutlookCalendar

from entrepot.core.errors import RecordRefused, Stale, TryLater
from entrepot.core.planner import Alert, Event, Location, NDay, Participant, RecurrenceRule
from entrepot.sdk.writer import Writer

WEEKLY = RecurrenceRule(
    frequency="weekly", by_day=[NDay(day="mo")], first_day_of_week="mo", until="2026-12-31T23:59:59"
)
FULL = Event(
    title="Team",
    description="Bring **numbers**",
    start="2026-10-19T09:00:00",
    time_zone="Europe/Berlin",
    duration="PT30M",
    status="tentative",
    privacy="secret",
    priority=9,
    locations=[Location(name="Room 1", coordinates="geo:52.5,13.25"), Location(name="Elsewhere")],
    alerts=[Alert(offset="-PT10M")],
    keywords=["Reise"],
    recurrence_rules=[WEEKLY],
    recurrence_overrides={
        "2026-11-16T09:00:00": {"excluded": True},
        "2026-11-23T09:00:00": {"start": "2026-11-24T11:00:00"},
        "2026-11-30T09:00:00": {"alerts": None, "duration": "PT1H", "title": "Team, with guests"},
    },
)
GUEST = {"emailAddress": {"address": "bo@example.org"}, "type": "required", "status": {"response": "none"}}
TIMES = {
    "start": {"dateTime": "2026-10-19T09:00:00", "timeZone": "W. Europe Standard Time"},
    "end": {"dateTime": "2026-10-19T10:00:00", "timeZone": "W. Europe Standard Time"},
}


@pytest.fixture
def service():
    return OutlookCalendar()


@pytest_asyncio.fixture
async def hand(service):
    async with opened("outlook_calendar", service) as made:
        yield made
    assert service.mails == []


def known(made, data: Event) -> Event:
    """What was sent, with what the service adds."""
    added = {name: getattr(made.data, name) for name in ("uid", "created", "updated", "extra")}
    return msgspec.structs.replace(data, **added)


async def test_a_series_with_its_occurrences_is_made_and_read_as_it_was_told(hand, service):
    assert isinstance(hand.reader, Writer)
    made = await hand.create(FULL)
    assert made.data == known(made, FULL)
    assert await hand.read() == {made.ref.id: made}
    assert hand.projected(FULL, "event")["recurrence_overrides"] == FULL.recurrence_overrides
    stored = service.events[made.ref.id]
    assert (stored["originalStartTimeZone"], stored["recurrence"]["range"]["recurrenceTimeZone"]) == (
        *("Europe/Berlin", "Europe/Berlin"),
    )


async def test_only_what_differs_is_sent_and_the_rest_survives(hand, service):
    place = {"displayName": "Room 1", "locationType": "conferenceRoom", "uniqueId": "r1"}
    name = service.add("Team", **TIMES, showAs="oof", sensitivity="personal", locations=[place], hideAttendees=True)
    held = (await hand.read())[name]
    changed = await hand.update(held, title="The team")
    assert hand.sent() == {"subject": "The team"}
    both = [*held.data.locations, Location(name="Room 2")]
    changed = await hand.update(changed, locations=both, start="2026-10-19T10:00:00")
    assert hand.sent() == {
        "locations": [place, {"displayName": "Room 2"}],
        "isAllDay": False,
        "start": {"dateTime": "2026-10-19T10:00:00", "timeZone": "W. Europe Standard Time"},
        "end": {"dateTime": "2026-10-19T11:00:00", "timeZone": "W. Europe Standard Time"},
    }
    told = {"title": "The team", "locations": both, "start": "2026-10-19T10:00:00", "updated": changed.data.updated}
    assert changed.data == msgspec.structs.replace(held.data, **told)
    assert (service.events[name]["showAs"], service.events[name]["sensitivity"]) == ("oof", "personal")
    assert await hand.read() == {name: changed}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("priority", [None, *range(10)]),
        ("privacy", [None, "public", "private", "secret"]),
        ("free_busy_status", ["free", "busy"]),
        ("status", ["tentative", "confirmed"]),
        ("title", ["", "Ünïcode"]),
        ("description", ["", "a\nb", "**b** and *i*", "- a\n- b", "1 < 2 & <b>no tag</b>", "see https://e.org/a_b", "# T"]),
        ("duration", ["PT0S", "PT90M", "P1DT1H", "P1W"]),
        ("keywords", [[], ["b", "a"]]),
        ("alerts", [[], [Alert(offset="-P1D")], [Alert(offset="PT5M")], [Alert(offset="-PT5M"), Alert(offset="-PT1H")],
                    [Alert(offset="-PT5M", relative_to="end")]]),
        ("locations", [[], [Location(name="A")], [Location(name="B", coordinates="geo:1.5,2")], [Location()]]),
    ],
)  # fmt: skip
async def test_every_value_is_told_again_as_it_was_foretold(hand, service, field, values):
    held = await hand.create(Event(title="x", start="2026-10-19T09:00:00", time_zone="Europe/Berlin"))
    assert held.data.alerts == []  # although Outlook reminds of everything
    for value in [*values, values[0]]:
        data = msgspec.structs.replace(held.data, **{field: value})
        made = await hand.create(data)
        held = await hand.update(held, **{field: value})
        foretold = hand.writing.project(field, value)
        assert getattr(held.data, field) == getattr(made.data, field) == foretold
        writes = service.faults.writes()
        same = await hand.update(held, **{field: value})
        assert (same.data, service.faults.writes()) == (held.data, writes)  # what Outlook cannot hold is no difference


@pytest.mark.parametrize(
    "when",
    [
        {"start": "2026-12-24T00:00:00", "show_without_time": True, "duration": "P3D"},
        {"start": "2026-12-24T00:00:00", "show_without_time": True, "duration": "P1D",
         "recurrence_rules": [RecurrenceRule(frequency="yearly", by_month=["12"], by_month_day=[24])],
         "recurrence_overrides": {"2027-12-24T00:00:00": {"excluded": True},
                                  "2028-12-24T00:00:00": {"title": "Later", "start": "2028-12-26T00:00:00"}}},
        {"start": "2026-03-29T01:30:00", "time_zone": "America/New_York", "end_time_zone": "Europe/London", "duration": "PT7H"},
        {"start": "2026-10-25T00:30:00", "time_zone": "Europe/Berlin", "duration": "PT5H"},  # the clocks go back
        {"start": "2026-07-01T12:00:00", "time_zone": "Etc/UTC", "end_time_zone": "Etc/UTC"},
        {"start": "2026-03-01T09:00:00", "time_zone": "Europe/Berlin", "duration": "PT1H",
         "recurrence_rules": [RecurrenceRule(frequency="monthly", by_day=[NDay(day="su", nth_of_period=1)], count=12)],
         "recurrence_overrides": {"2026-04-05T09:00:00": {"description": "After *the* clocks"}}},
        {"start": "2026-01-31T09:00:00", "time_zone": "Asia/Kolkata", "duration": "PT1H",
         "recurrence_rules": [RecurrenceRule(frequency="monthly", by_month_day=[-1])],
         "recurrence_overrides": {"2026-02-28T09:00:00": {"freeBusyStatus": "free", "locations": [{"name": "There"}]}}},
    ],
)  # fmt: skip
async def test_days_clocks_and_series_are_exact(hand, when):
    data = Event(title="x", **when)
    made = await hand.create(data)
    foretold = hand.projected(data, "event")
    for field in ("start", "duration", "time_zone", "end_time_zone", "show_without_time", "recurrence_rules"):
        assert getattr(made.data, field) == foretold[field], field
    assert made.data.recurrence_overrides == foretold["recurrence_overrides"] == data.recurrence_overrides
    assert await hand.read() == {made.ref.id: made}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"status": "tentative", "free_busy_status": "free"}, {"status": "tentative", "free_busy_status": "busy"}),
        ({"show_without_time": True, "duration": "PT1H"}, {"start": "2026-10-19T00:00:00", "duration": "P1D", "time_zone": None}),
        ({"duration": "PT0.5S"}, {"duration": "PT0S"}),
    ],
)  # fmt: skip
async def test_what_goes_together_at_outlook_alone_is_written_once(hand, service, said, told):
    single = Event(title="x", start="2026-10-19T09:00:00", time_zone="Europe/Berlin", **said)
    held = await hand.create(single)
    assert {name: getattr(held.data, name) for name in told} == told
    writes = service.faults.writes()
    again = await hand.update(held, **{name: getattr(single, name) for name in told})
    assert (again, service.faults.writes()) == (held, writes)


async def test_windows_names_of_zones_are_the_same_zone(hand, service):
    service.windows = {"Europe/Berlin": "W. Europe Standard Time"}
    made = await hand.create(FULL)
    assert made.data == known(made, FULL)
    moved = await hand.update(made, start="2026-10-19T10:00:00", recurrence_overrides={})
    assert hand.sent()["start"]["timeZone"] == "W. Europe Standard Time"
    assert (moved.data.start, moved.data.time_zone) == ("2026-10-19T10:00:00", "Europe/Berlin")


async def test_an_occurrence_is_changed_moved_cancelled_and_made_as_the_others(hand, service):
    held = await hand.create(FULL)
    overrides = {
        "2026-10-26T09:00:00": {"excluded": True},
        "2026-11-02T09:00:00": {"privacy": None, "status": None},
        **FULL.recurrence_overrides,
        "2026-11-23T09:00:00": {"start": "2026-11-24T12:00:00", "title": "Moved again"},
    }
    del overrides["2026-11-30T09:00:00"]
    changed = await hand.update(held, recurrence_overrides=overrides)
    assert changed.data.recurrence_overrides == overrides
    assert changed.data.title == "Team"
    assert await hand.read() == {held.ref.id: changed}
    assert service.faults.writes() == 8  # the series and three of its occurrences, then four


async def test_a_series_that_is_moved_has_its_changed_occurrences_again(hand, service):
    held = await hand.create(FULL)
    moved = {f"{at[:11]}10{at[13:]}": override for at, override in FULL.recurrence_overrides.items()}
    changed = await hand.update(held, start="2026-10-19T10:00:00", recurrence_overrides=moved)
    assert changed.data == known(
        changed, msgspec.structs.replace(FULL, start="2026-10-19T10:00:00", recurrence_overrides=moved)
    )
    longer = msgspec.structs.replace(WEEKLY, until=None, count=40)
    changed = await hand.update(changed, recurrence_rules=[longer])
    assert changed.data.recurrence_rules == [longer]
    assert changed.data.recurrence_overrides == moved
    single = await hand.update(changed, recurrence_rules=[], recurrence_overrides={})
    assert (single.data.recurrence_rules, single.data.recurrence_overrides) == ([], {})
    assert service.events[held.ref.id]["recurrence"] is None


async def test_what_the_other_person_did_to_an_occurrence_is_read_and_kept(hand, service):
    held = await hand.create(msgspec.structs.replace(FULL, recurrence_overrides={}))
    service.edit(service.occurrence(held.ref.id, "2026-11-02"), subject="Theirs")
    service.remove(service.occurrence(held.ref.id, "2026-11-09"))
    with pytest.raises(Stale):
        await hand.update(held, title="Mine")
    (now,) = (await hand.read()).values()
    changed = await hand.update(now, title="Mine")
    assert changed.data.recurrence_overrides == {
        "2026-11-02T09:00:00": {"title": "Theirs"},
        "2026-11-09T09:00:00": {"excluded": True},
    }
    with pytest.raises(RecordRefused, match="bring it back"):
        await hand.update(changed, recurrence_overrides={})


@pytest.mark.parametrize(
    "overrides",
    [
        {"2026-11-03T09:00:00": {"title": "On a Tuesday"}},
        {"2026-11-02T09:00:00": {"start": "2026-11-10T09:00:00"}},  # beyond the next one
    ],
)
async def test_an_occurrence_that_cannot_be_is_refused(hand, overrides):
    held = await hand.create(msgspec.structs.replace(FULL, recurrence_overrides={}))
    with pytest.raises(RecordRefused):
        await hand.update(held, recurrence_overrides=overrides)


async def test_a_new_series_whose_occurrences_cannot_be_is_not_made(hand, service):
    with pytest.raises(RecordRefused, match="no occurrence"):
        await hand.create(msgspec.structs.replace(FULL, recurrence_overrides={"2026-11-03T09:00:00": {"title": "x"}}))
    assert service.events == {}


async def test_what_two_change_of_different_occurrences_stays_and_of_one_is_stale(hand, service):
    held = await hand.create(msgspec.structs.replace(FULL, recurrence_overrides={}))
    service.edit(service.occurrence(held.ref.id, "2026-11-02"), subject="Theirs")
    mine = {"2026-11-09T09:00:00": {"title": "Mine"}}
    changed = await hand.update(held, recurrence_overrides=mine)
    assert changed.data.recurrence_overrides == {"2026-11-02T09:00:00": {"title": "Theirs"}, **mine}
    with pytest.raises(Stale):
        await hand.update(held, recurrence_overrides={"2026-11-02T09:00:00": {"title": "Mine"}})


async def test_a_guest_of_one_occurrence_is_not_written_to_either(hand, service):
    held = await hand.create(msgspec.structs.replace(FULL, recurrence_overrides={}))
    service.edit(service.occurrence(held.ref.id, "2026-11-02"), attendees=[GUEST])
    with pytest.raises(Stale):  # nobody here knew of the guest yet
        await hand.update(held, recurrence_overrides={"2026-11-02T09:00:00": {"excluded": True}})
    now = (await hand.read())[held.ref.id]
    for write in (hand.update(now, title="x"), hand.delete(now)):
        with pytest.raises(RecordRefused, match="has guests"):
            await write


async def test_a_create_that_is_sent_again_makes_one_event(hand, service):
    write = hand.creation(FULL)
    service.faults.lost = 1
    with pytest.raises(TryLater):
        await hand.reader.write(write)
    made = await hand.reader.write(write)
    assert made.data == known(made, FULL)
    assert await hand.reader.write(write) == made
    assert (len(service.events), hand.writing.repeatable) == (1, True)
    assert service.events[made.ref.id]["transactionId"] == write.op


async def test_guests_are_never_written_to(hand, service):
    guest = Participant(email="bo@example.org", roles=["attendee"])
    made = await hand.create(msgspec.structs.replace(FULL, participants=[guest]))
    assert made.data.participants == []
    assert "participants" not in hand.writing.fields
    mine = service.add("My meeting", **TIMES, attendees=[GUEST])
    held = (await hand.read())[mine]
    for write in (hand.update(held, title="x"), hand.update(held, alerts=[]), hand.delete(held)):
        with pytest.raises(RecordRefused, match="has guests"):
            await write
    assert service.events[mine]["subject"] == "My meeting"


async def test_of_somebody_elses_meeting_only_what_is_ones_own_is_changed(hand, service):
    theirs = service.add("Their meeting", **TIMES, attendees=[GUEST], isOrganizer=False)
    held = (await hand.read())[theirs]
    changed = await hand.update(held, alerts=[], keywords=["Work"], free_busy_status="free", privacy="private")
    assert (changed.data.alerts, changed.data.keywords, changed.data.free_busy_status) == ([], ["Work"], "free")
    with pytest.raises(RecordRefused, match="somebody else's"):
        await hand.update(changed, start="2026-10-19T11:00:00")
    assert (await hand.delete(changed)).data is None


async def test_an_online_meeting_keeps_how_to_join(hand, service):
    blob = {"contentType": "html", "content": "Agenda<div>Join: https://meet.example.org/abc</div>"}
    name = service.add(
        "Call", **TIMES, isOnlineMeeting=True, body=blob, onlineMeeting={"joinUrl": "https://meet.example.org/abc"}
    )
    held = (await hand.read())[name]
    changed = await hand.update(held, title="The call", duration="PT2H")
    assert "Join" in service.events[name]["body"]["content"]
    assert changed.data.links == ["https://meet.example.org/abc"]
    with pytest.raises(RecordRefused, match="online meeting"):
        await hand.update(changed, description="No agenda")


async def test_who_was_there_first_is_not_written_over_and_what_is_gone_is_gone(hand, service):
    held = await hand.create(FULL)
    service.edit(held.ref.id, subject="Theirs")
    for write in (hand.update(held, title="Mine"), hand.delete(held)):
        with pytest.raises(Stale):
            await write
    now = await hand.confirm(held)
    assert now.data.title == "Theirs"
    assert (await hand.delete(now)).data is None
    assert (await hand.delete(now)).data is None
    assert ((await hand.confirm(now)).data, service.events) == (None, {})
    with pytest.raises(Stale):
        await hand.update(now, title="Mine")


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "cancelled"},
        {"time_zone": None},
        {"time_zone": "/example.org/Own"},
        {"recurrence_rules": [RecurrenceRule(frequency="hourly")]},
        {"recurrence_rules": [WEEKLY, RecurrenceRule(frequency="daily")]},
        {"excluded_recurrence_rules": [WEEKLY]},
    ],
)
async def test_what_outlook_cannot_hold_is_refused_before_anything_is_sent(hand, service, wrong):
    with pytest.raises(RecordRefused):
        await hand.create(msgspec.structs.replace(FULL, **wrong))
    assert service.faults.writes() == 0
    hand.projected(msgspec.structs.replace(FULL, **wrong), "event")  # which is total


async def test_a_calendar_one_may_only_see_and_a_busy_service_are_told_apart(hand, service):
    holidays = (await hand.reader.collections("events"))[1]
    assert not holidays.writable
    service.faults.limited = 1
    with pytest.raises(TryLater):
        await hand.create(FULL)
    assert service.events == {}
