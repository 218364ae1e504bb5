"""Writing calendars: against real servers, with an independent client as the other person."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace
from tests.connectors.caldav_hand import Hand
from tests.protocols.calendars import CLOCKS, calendar, clock_in, event, occurrences

from entrepot.core.change import Change
from entrepot.core.errors import RecordRefused, Stale
from entrepot.core.planner import (
    Alert,
    Event,
    Location,
    NDay,
    Participant,
    Planned,
    RecurrenceRule,
    Task,
)
from entrepot.sdk.connector import Confirming
from entrepot.sdk.writer import Finding, Write, Writer

OP = "0123456789abcdef" * 2
STAMPED = {"created": None, "updated": None, "sequence": None, "extra": {}}
MEETING = Event(
    uid="meeting@example.org",
    title="Rehearsal",
    description="Bring; the, score\nand a pencil",
    start="2026-03-28T19:30:00",
    time_zone="Europe/Berlin",
    duration="PT1H30M",
    keywords=["music", "a,b"],
    locations=[Location(name="Hall; 2", coordinates="geo:52.5,13.4")],
    links=["https://example.org/rehearsal"],
    alerts=[Alert(offset="-PT15M")],
    recurrence_rules=[RecurrenceRule(frequency="weekly", by_day=[NDay(day="sa")], until="2026-06-27T19:30:00")],
    recurrence_overrides={
        "2026-04-04T19:30:00": {"excluded": True},
        "2026-04-11T19:30:00": {"title": "Dress rehearsal", "start": "2026-04-11T18:00:00"},
    },
)
FOREIGN = """
X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC
DTSTART;TZID=Own/Zone:20260105T100000
DTEND;TZID=Own/Zone:20260105T110000
SUMMARY;LANGUAGE=de:Probe
X-KEPT;X-PARAMETER=1:ja
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT15M
DESCRIPTION:own words
X-WR-ALARMUID:A1
END:VALARM
"""
OWN_ZONE = """BEGIN:VTIMEZONE
TZID:Own/Zone
BEGIN:STANDARD
DTSTART:20000101T000000
TZOFFSETFROM:+0330
TZOFFSETTO:+0330
END:STANDARD
END:VTIMEZONE
"""


class Desk:
    """One calendar, with what a hub would remember of it."""

    def __init__(self, hand: Hand, path: str, there: Any, stream: str) -> None:
        self.hand, self.path, self.there, self.stream = hand, path, there, stream

    async def create(self, data: Planned, op: str = OP) -> Change:
        return await self.hand.reader.write(self.creating(data, op))

    def creating(self, data: Planned, op: str = OP) -> Write:
        fields = frozenset(name for name in data.__struct_fields__ if getattr(data, name))
        return Write(op=op, verb="create", stream=self.stream, collection=self.path, data=data, fields=fields)

    async def update(self, change: Change, **values: Any) -> Change:
        return await self.hand.reader.write(self.updating(change, **values))

    def updating(self, change: Change, **values: Any) -> Write:
        assert change.data is not None
        return Write(
            op=OP,
            verb="update",
            stream=self.stream,
            collection=self.path,
            ref=change.ref,
            data=replace(change.data, **values),
            fields=frozenset(values),
            native=change.native,
            at=1_790_000_000_000,
        )

    async def delete(self, change: Change) -> Change:
        write = replace(self.updating(change), verb="delete", data=None)
        return await self.hand.reader.write(write)

    async def read(self) -> list[Change]:
        return await self.hand.changes(self.stream, self.path)

    async def put(self, text: str) -> Change:
        """The other person makes or changes a record."""
        path = f"{self.path}theirs.ics"
        found = await self.hand.reader._dav.get(path)
        await self.hand.reader._dav.put(path, text, etag=found.etag if found else None)
        [change] = [one for one in await self.read() if one.ref.id == path]
        return change


async def desk(hand: Hand, name: str, component: str = "VEVENT") -> Desk:
    there = hand.calendar(name, component)
    stream = "events" if component == "VEVENT" else "tasks"
    return Desk(hand, await hand.path(stream, name), there, stream)


def lines_of(change: Change) -> list[str]:
    text = change.native.decode().replace("\r\n", "\n")
    return text.replace("\n ", "").split("\n")


def plain(data: Any) -> Any:
    return replace(data, **STAMPED)


@pytest.fixture(params=CLOCKS)
def somewhere(request: pytest.FixtureRequest) -> Iterator[str]:
    with clock_in(request.param):
        yield request.param


async def test_it_writes_finds_and_confirms(hand: Hand):
    assert isinstance(hand.reader, Writer)
    assert isinstance(hand.reader, Finding)
    assert isinstance(hand.reader, Confirming)
    writing = hand.reader.writing("tasks")
    assert {"title", "due", "progress", "uid"} <= writing.fields
    assert writing.fields.isdisjoint({"project", "assignees", "updated"})
    assert hand.reader.writing("events").verbs == {"create", "update", "delete"}


async def test_what_a_write_returns_is_what_is_then_read(hand: Hand, somewhere: str):
    one = await desk(hand, f"returned-{CLOCKS.index(somewhere)}")
    made = await one.create(MEETING)
    assert (plain(made.data), made.collection) == (MEETING, one.path)
    assert await one.read() == [made]
    newer = await one.update(made, title="Moved", start="2026-03-28T20:00:00")
    assert plain(newer.data) != MEETING
    assert newer.ref.id == made.ref.id
    assert newer.ref.version != made.ref.version
    assert await one.read() == [newer]
    assert await hand.reader.confirm("events", made.ref, one.path) == newer
    assert await hand.reader.confirm("tasks", made.ref, one.path) is None
    gone = await one.delete(newer)
    assert (gone.ref.id, gone.data, gone.collection) == (made.ref.id, None, one.path)
    assert (await hand.reader.confirm("events", made.ref, one.path)).data is None
    assert await one.read() == []


async def test_a_record_without_a_uid_is_one_record_however_often_it_is_sent(hand: Hand):
    one = await desk(hand, "again")
    data = replace(MEETING, uid=None)
    assert await hand.reader.find(one.creating(data)) is None
    made = await one.create(data)
    assert made.data.uid == "01234567-89ab-cdef-0123-456789abcdef"
    assert await one.create(data) == made
    assert await hand.reader.find(one.creating(data)) == made
    assert len(await one.read()) == 1
    other = await one.create(data, op="f" * 32)
    assert other.ref.id != made.ref.id


@pytest.mark.parametrize("uid", ["../x y/ü@example.org", "." * 4, "u" * 300, "a<b>&c@example.org"])
async def test_odd_uids_are_names_of_nothing_else(hand: Hand, uid: str):
    one = await desk(hand, f"odd-{len(uid)}")
    made = await one.create(replace(MEETING, uid=uid))
    assert made.ref.id.startswith(one.path)
    assert made.data.uid == uid
    assert await one.read() == [made]
    assert await hand.reader.find(one.creating(replace(MEETING, uid=uid))) == made


async def test_a_uid_that_another_record_has_is_a_lost_race(hand: Hand):
    one = await desk(hand, "taken")
    theirs = await one.put(calendar(event("DTSTART:20260105T100000\nSUMMARY:Theirs", "meeting@example.org")))
    with pytest.raises(Stale):
        await one.create(MEETING)
    assert await hand.reader.find(one.creating(MEETING)) == theirs
    assert await hand.reader.find(one.creating(replace(MEETING, uid="eeting@example.or"))) is None
    assert len(await one.read()) == 1


async def test_only_what_was_edited_changes_in_the_text(hand: Hand, somewhere: str):
    one = await desk(hand, f"foreign-{CLOCKS.index(somewhere)}")
    theirs = await one.put(calendar(event(FOREIGN), before=OWN_ZONE))
    newer = await one.update(theirs, title="Konzert", color="ignored", description="not named in fields")
    sent = replace(one.updating(newer, title="Konzert am Abend", description="x"), fields=frozenset({"title"}))
    newer = await hand.reader.write(sent)
    expected = FOREIGN.replace("Probe", "Konzert am Abend").strip().split("\n")
    assert {*expected, "TZOFFSETTO:+0330"} <= set(lines_of(newer))
    assert newer.data.description == "not named in fields"


async def test_another_version_or_none_is_stale_and_deleting_nothing_is_done(hand: Hand):
    one = await desk(hand, "stale")
    made = await one.create(MEETING)
    newer = await one.update(made, title="Newer")
    with pytest.raises(Stale):
        await one.update(made, title="Ours")
    with pytest.raises(Stale):
        await one.delete(made)
    assert await one.update(made, title="Newer") == newer  # the same again, as after a lost answer
    await one.delete(newer)
    assert (await one.delete(newer)).data is None
    with pytest.raises(Stale):
        await one.update(newer, title="Gone")


async def test_without_a_version_or_native_what_is_there_must_be_what_was_read(hand: Hand):
    one = await desk(hand, "unversioned")
    made = await one.create(MEETING)
    bare = replace(made, ref=replace(made.ref, version=None))
    newer = await one.update(bare, title="By content")
    with pytest.raises(Stale):
        await one.update(bare, title="Again")
    last = await one.update(replace(newer, native=b""), title="By version")
    assert last.data.description == MEETING.description


async def test_an_update_that_says_nothing_new_sends_nothing(hand: Hand):
    one = await desk(hand, "nothing")
    made = await one.create(MEETING)
    hand.asked.requests.clear()
    assert await one.update(made, title=MEETING.title, uid="other@example.org") == made
    assert not any(asked.startswith("PUT") for asked in hand.asked.requests)


async def test_swapping_what_master_and_override_say_arrives(hand: Hand):
    one = await desk(hand, "swapped")
    made = await one.create(MEETING)
    overrides = {
        **MEETING.recurrence_overrides,
        "2026-04-11T19:30:00": {"title": "Rehearsal", "start": "2026-04-11T18:00:00"},
    }
    swapped = await one.update(made, title="Dress rehearsal", recurrence_overrides=overrides)
    assert plain(swapped.data) == replace(MEETING, title="Dress rehearsal", recurrence_overrides=overrides)
    assert await one.read() == [swapped]


async def test_this_and_future_and_an_occurrence_without_its_series_stay_what_they_are(hand: Hand):
    one = await desk(hand, "future")
    series = event("DTSTART;TZID=Europe/Berlin:20260105T100000\nRRULE:FREQ=WEEKLY;COUNT=6\nSUMMARY:Each")
    later = event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260119T100000\n"
        "DTSTART;TZID=Europe/Berlin:20260119T120000\nSUMMARY:Later\nX-OVER:1"
    )
    theirs = await one.put(calendar(series, later))
    newer = await one.update(theirs, description="Changed")
    assert "RANGE=THISANDFUTURE" in newer.native.decode()
    assert "X-OVER:1" in newer.native.decode()
    assert newer.data.recurrence_overrides == theirs.data.recurrence_overrides
    orphan = await one.create(
        Event(
            uid="orphan@example.org",
            title="Alone",
            start="2026-05-01T11:00:00",
            time_zone="Europe/Berlin",
            duration="PT1H",
            recurrence_id="2026-05-01T10:00:00",
        )
    )
    assert orphan.data.recurrence_id == "2026-05-01T10:00:00"
    moved = await one.update(orphan, title="Still alone")
    assert moved.data.recurrence_id == "2026-05-01T10:00:00"


WHEN = [
    ("DTSTART;VALUE=DATE:20260328\nDTEND;VALUE=DATE:20260330", "RRULE:FREQ=DAILY;UNTIL=20260410"),
    ("DTSTART:20260328T233000\nDTEND:20260329T003000", "RRULE:FREQ=DAILY;UNTIL=20260410T233000"),
    ("DTSTART;TZID=Europe/Berlin:20260328T003000", "RRULE:FREQ=DAILY;UNTIL=20260409T223000Z"),
    ("DTSTART;TZID=America/St_Johns:20260307T233000", "RRULE:FREQ=WEEKLY;UNTIL=20260410T020000Z"),
    ("DTSTART:20260328T233000Z", "RRULE:FREQ=DAILY;UNTIL=20260410T233000Z"),
]


@pytest.mark.parametrize(("start", "rule"), WHEN)
async def test_days_floating_zoned_and_universal_times_are_kept_to_the_letter(
    hand: Hand, somewhere: str, start: str, rule: str
):
    one = await desk(hand, f"when-{CLOCKS.index(somewhere)}-{WHEN.index((start, rule))}")
    text = calendar(event(f"{start}\n{rule}\nSUMMARY:Before"))
    theirs = await one.put(text)
    newer = await one.update(theirs, title="After")
    assert {*start.split("\n"), rule} <= set(lines_of(newer))
    copy = await one.create(replace(plain(theirs.data), uid="copy@example.org"))
    assert {start.split("\n", maxsplit=1)[0], rule} <= set(lines_of(copy))
    first, last = datetime(2026, 1, 1), datetime(2027, 1, 1)  # noqa: DTZ001 -- the oracle takes floating times
    before = [(at, end) for at, end, _ in occurrences(text, first, last)]
    assert [(at, end) for at, end, _ in occurrences(newer.native, first, last)] == before
    assert [(at, end) for at, end, _ in occurrences(copy.native, first, last)] == before


async def test_a_task_is_made_ticked_off_and_keeps_its_due_day(hand: Hand):
    one = await desk(hand, "tasks", "VTODO")
    data = Task(
        title="Order strings", due="2026-12-01T00:00:00", show_without_time=True, priority=1, project="Kept in the hub"
    )
    made = await one.create(data)
    assert plain(made.data) == replace(data, uid=made.data.uid, project=None)
    done = await one.update(made, progress="completed", percent_complete=100)
    assert "DUE;VALUE=DATE:20261201" in done.native.decode()
    assert (done.data.progress, done.data.percent_complete) == ("completed", 100)


GUESTS = [
    Participant(name="Owner", email="owner@example.org", roles=["owner", "attendee"]),
    Participant(name="Guest", email="guest@example.org", roles=["attendee"], participation_status="accepted"),
]


async def test_no_guest_is_the_servers_to_write_to(hand: Hand):
    one = await desk(hand, "guests")
    made = await one.create(replace(MEETING, participants=GUESTS))
    people = [line for line in lines_of(made) if line.startswith(("ATTENDEE", "ORGANIZER"))]
    assert people
    assert all("SCHEDULE-AGENT=NONE" in line for line in people)
    assert plain(made.data).participants == GUESTS
    newer = await one.update(made, participants=[*GUESTS, Participant(email="new@example.org", roles=["attendee"])])
    assert sum("SCHEDULE-AGENT=NONE" in line for line in lines_of(newer)) > len(people)
    assert (await one.delete(newer)).data is None


async def test_a_meeting_of_a_server_that_writes_to_guests_is_not_touched(hand: Hand):
    one = await desk(hand, "meeting")
    people = "ORGANIZER:mailto:owner@example.org\nATTENDEE:mailto:owner@example.org\nATTENDEE:mailto:g@example.org"
    theirs = await one.put(calendar(event(f"DTSTART:20260105T100000Z\nSUMMARY:Theirs\n{people}")))
    quiet = await one.update(theirs, alerts=[Alert(offset="-PT5M")])
    if hand.running.name == "radicale":  # has no scheduling
        assert "SCHEDULE-AGENT" not in (await one.update(quiet, title="Ours")).native.decode()
        return
    hand.reader._mine = ["mailto:Owner@example.org"]
    with pytest.raises(RecordRefused, match="write to the people"):
        await one.update(quiet, title="Ours")
    with pytest.raises(RecordRefused):
        await one.delete(quiet)
    hand.reader._mine = ["mailto:g@example.org"]
    newer = await one.update(quiet, title="My copy")
    with pytest.raises(RecordRefused):
        await one.update(newer, status="cancelled")
    await one.delete(newer)


VALUES: dict[str, list[Any]] = {
    "title": ["", "a\r\nb", "tab\there", "bell\x07", "; , \\ \\n", "ümläut " * 40],
    "description": ["line\n\nline\n", "\x00\x01", "ATTENDEE:mailto:x@example.org\r\nBEGIN:VALARM"],
    "keywords": [["a", "a", "", "b,c"], []],
    "links": [["https://example.org/\r\nSUMMARY:injected"], ["https://example.org/a", "https://example.org/b"]],
    "locations": [[Location(name="one"), Location(name="two")], [Location()], [Location(coordinates="geo:1,2,3;u=1")]],
    "participants": [GUESTS, [Participant(email="x@example.org", roles=["strange"])], [Participant(name="No address")]],
    "alerts": [[Alert()], [Alert(offset="-P1W"), Alert(offset="PT0S", relative_to="end", action="email")]],
    "priority": [0, 5, -1, None],
    "privacy": ["secret", "public", None],
    "color": ["red", "#ff0000"],
    "related_to": [{"parent@example.org": "parent", "next@example.org": "next"}],
    "duration": ["PT90M", "P1D", "PT0S", "P1DT2H", "PT24H"],
    "status": ["cancelled", "tentative"],
    "free_busy_status": ["free"],
    "end_time_zone": ["Europe/London", "W. Europe Standard Time"],
    "time_zone": ["UTC", "Europe/Vienna", "W. Europe Standard Time", None],
    "extra": [{"somethingElse": 1}],
    "categories": [["https://example.org/concept"]],
}


async def test_a_projected_value_is_what_comes_back(hand: Hand):
    one = await desk(hand, "projected")
    base = Event(uid="base@example.org", title="x", start="2026-03-28T19:30:00", time_zone="Etc/UTC", duration="PT1H")
    project = hand.reader.writing("events").project
    for field, values in VALUES.items():
        for at, value in enumerate(values):
            made = await one.create(replace(base, uid=f"{field}-{at}@example.org", **{field: value}))
            assert getattr(made.data, field) == project(field, value), (field, value)
            assert project(field, project(field, value)) == project(field, value)
    when = {"start": "2026-03-28T19:30:00", "time_zone": "UTC", "show_without_time": True}
    assert project("when", when) == {"start": "2026-03-28T00:00:00", "time_zone": None, "show_without_time": True}
    assert project("when", {"start": "nonsense"}) == {"start": "nonsense"}


async def test_an_event_without_a_start_is_refused(hand: Hand):
    one = await desk(hand, "startless")
    with pytest.raises(RecordRefused, match="without a start"):
        await one.create(Event(title="When?"))
    made = await one.create(MEETING)
    with pytest.raises(RecordRefused, match="without a start"):
        await one.update(made, start=None)
