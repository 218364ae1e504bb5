"""Two real calendar servers kept in step: people edit at both, and what nobody edited stays as it was."""

import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.protocols.calendars import calendar, event, task
from tests.servers import Running
from tests.sync.calendar_world import CalendarWorld, Hub, calendar_at, hub, servers

__all__ = ["hub", "servers"]

ZONE = """BEGIN:VTIMEZONE
TZID:Own/Zone
BEGIN:STANDARD
DTSTART:20000101T000000
TZOFFSETFROM:+0330
TZOFFSETTO:+0330
END:STANDARD
END:VTIMEZONE
"""
RICH = """
DTSTART;TZID=Own/Zone:20260105T100000
DTEND;TZID=Own/Zone:20260105T110000
SUMMARY;LANGUAGE=de:Probe
DESCRIPTION:bring the score
X-KEPT;X-PARAMETER=1:yes
X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC
ATTACH;FMTTYPE=application/pdf:https://example.org/score.pdf
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT15M
DESCRIPTION:own words
X-WR-ALARMUID:A1
END:VALARM
"""
MEETING = """
DTSTART:20260105T100000Z
DTEND:20260105T110000Z
SUMMARY:Meeting
ORGANIZER;CN=Owner:mailto:owner@example.org
ATTENDEE;CN=Owner;PARTSTAT=ACCEPTED:mailto:owner@example.org
ATTENDEE;CN=Guest;PARTSTAT=TENTATIVE;RSVP=TRUE;X-NUM-GUESTS=2:mailto:guest@example.org
"""
OWN_ADDRESSES = re.compile(
    rb"(<(?:\w+:)?calendar-user-address-set(?: [^>]*)?>).*?(</(?:\w+:)?calendar-user-address-set>)", re.DOTALL
)
SERIES = (
    event("DTSTART;TZID=Europe/Berlin:20260105T100000\nDURATION:PT1H\nSUMMARY:Plain\nRRULE:FREQ=WEEKLY;COUNT=5"),
    event(
        "RECURRENCE-ID;TZID=Europe/Berlin:20260112T100000\nDTSTART;TZID=Europe/Berlin:20260112T100000\nDURATION:PT1H\n"
        "SUMMARY:Special"
    ),
)


def number(n: int, more: str = "") -> str:
    return calendar(event(f"DTSTART:202602{n % 28 + 1:02d}T100000Z\nSUMMARY:Number {n}\n{more}", f"n{n}@example.org"))


def both(world: CalendarWorld):
    return world.calendars["radicale"], world.calendars["xandikos"]


@pytest.fixture
def pair(hub: Hub) -> CalendarWorld:
    """Both servers with the same five events, which came from the first."""
    world = hub()
    for n in range(5):
        assert both(world)[0].put(f"n{n}", number(n, "DESCRIPTION:as it was\nLOCATION:Room 4")) in {201, 204}
    world.attach_all()
    world.settle()
    return world


def test_edits_of_different_fields_go_together(pair: CalendarWorld):
    one, other = both(pair)
    one.edit("Number 1", ("Room 4", "Room 5"))
    other.edit("Number 1", ("as it was", "more of it"))
    pair.edit(pair.item("Number 1"), priority=1)
    pair.settle()
    for place in (one, other):
        text = place.find("Number 1")[1]
        assert "LOCATION:Room 5" in text
        assert "DESCRIPTION:more of it" in text
        assert "PRIORITY:1" in text
    assert pair.conflicts() == []
    assert pair.rest(1) == 0


def test_one_field_edited_differently_waits_and_the_others_flow(pair: CalendarWorld):
    one, other = both(pair)
    one.edit("Number 2", ("SUMMARY:Number 2", "SUMMARY:Ours 2"), ("Room 4", "Room 9"))
    other.edit("Number 2", ("SUMMARY:Number 2", "SUMMARY:Theirs 2"))
    pair.settle()
    assert pair.conflicts() == ["title"]
    assert "LOCATION:Room 9" in other.find("SUMMARY:Theirs 2")[1]
    assert one.find("SUMMARY:Ours 2")
    assert pair.rest(2) == 0
    one.edit("Ours 2", ("SUMMARY:Ours 2", "SUMMARY:Theirs 2"))
    pair.settle()
    assert pair.conflicts() == []


def test_swapping_the_values_of_a_series_and_its_exception_is_an_edit(hub: Hub):
    world = hub()
    one, other = both(world)
    one.put("series", calendar(*SERIES))
    world.attach_all()
    world.settle()
    one.edit("Plain", ("Plain", "Middle"), ("Special", "Plain"), ("Middle", "Special"))
    world.settle()
    for place in (one, other):
        series, exception = sorted(
            re.findall(r"BEGIN:VEVENT.*?END:VEVENT", place.find("one@example.org")[1], re.DOTALL),
            key=lambda text: "RECURRENCE-ID" in text,
        )
        assert "SUMMARY:Special" in series
        assert "SUMMARY:Plain" in exception
    assert world.rest(1) == 0


def test_what_no_field_of_ours_says_survives_at_the_server_that_has_it(hub: Hub):
    world = hub()
    one, other = both(world)
    one.put("rich", calendar(event(RICH, "rich@example.org"), before=ZONE))
    other.put("other", calendar(event(RICH.replace("Probe", "Other"), "other@example.org"), before=ZONE))
    world.attach_all()
    world.settle()
    one.edit("Other", ("bring the score", "bring another"))
    other.edit("Probe", ("bring the score", "bring another"))
    world.edit(world.item("Probe"), title="Repetition")
    world.settle()
    for place, word in ((one, "rich@example.org"), (other, "other@example.org")):
        text = place.find(word)[1]
        assert "DESCRIPTION:bring another" in text
        for line in RICH.strip().splitlines()[4:]:
            name = line.partition(":")[0].partition(";")[0]
            kept = [each for each in text.splitlines() if each.startswith(name)]
            assert set(re.split("[:;]", line)) <= {part for each in kept for part in re.split("[:;]", each)}, line
        assert "TZID:Own/Zone" in text
    assert "SUMMARY;LANGUAGE=de:Repetition" in one.find("rich@example.org")[1]
    assert world.rest(1) == 0


def test_nobody_is_mailed_about_a_meeting(hub: Hub):
    """Both are told to be servers that write to guests: a copy names guests that are nobody's business to write to."""
    world = hub()
    one, other = both(world)
    for place in (one, other):
        place.way.told = {"DAV": "1, 2, 3, calendar-access, calendar-auto-schedule"}
        place.way.answers = lambda body: OWN_ADDRESSES.sub(
            rb"\1<href xmlns='DAV:'>mailto:owner@example.org</href>\2", body
        )
    one.put("meeting", calendar(event(MEETING, "meeting@example.org")))
    world.attach_all()
    world.settle()
    copy = other.find("SUMMARY:Meeting")[1]
    for line in [each for each in copy.splitlines() if each.startswith(("ATTENDEE", "ORGANIZER"))]:
        assert "SCHEDULE-AGENT=NONE" in line
    other.edit("SUMMARY:Meeting", ("SUMMARY:Meeting", "SUMMARY:Renamed"))
    world.settle()
    assert "SUMMARY:Meeting" in one.find("meeting@example.org")[1]  # which would have been mailed
    assert any("would write to the people" in reason for reason in world.aside())
    assert "X-NUM-GUESTS=2" in one.find("meeting@example.org")[1]
    other.drop("Renamed")
    world.settle(confirmed=True)
    assert one.find("meeting@example.org")
    assert world.rest(1) == 0
    for place in (one, other):
        for asked in place.way.asked:
            assert asked.method != "DELETE" or asked.headers.get("Schedule-Reply") == "F"
            assert "outbox" not in asked.path


def test_what_is_deleted_at_either_goes_at_both(pair: CalendarWorld):
    one, other = both(pair)
    one.drop("Number 0")
    other.drop("Number 1")
    pair.delete(pair.item("Number 2"))
    pair.settle()
    for place in (one, other):
        assert sorted(re.findall(r"SUMMARY:(.*)", "".join(place.all().values()))) == ["Number 3", "Number 4"]
    assert pair.titles() == ["Number 3", "Number 4"]
    assert pair.rest(1) == 0


def test_what_is_edited_at_one_and_deleted_at_the_other_is_kept(pair: CalendarWorld):
    one, other = both(pair)
    one.drop("Number 0")
    other.edit("Number 0", ("as it was", "but changed"))
    other.drop("Number 1")
    pair.edit(pair.item("Number 1"), title="Edited 1")
    pair.settle()
    for place in (one, other):
        assert "but changed" in place.find("Number 0")[1]
        assert place.find("Edited 1")
        assert len(place.all()) == 5
    assert pair.rest(1) == 0


def test_a_round_in_which_nothing_changed_is_one_request_a_calendar_and_writes_nothing(pair: CalendarWorld):
    pair.settle()
    tables = ("items", "links", "bases", "natives", "journal", "incoming", "pending", "intents")
    before = {name: pair.rows(f"SELECT * FROM {name} ORDER BY 1") for name in tables}
    asked = {place.name: len(place.way.asked) for place in both(pair)}
    for place in both(pair):
        assert pair.sync(place.name).counts.read == 0
        mine = [one for one in place.way.asked[asked[place.name] :] if one.path == place.path]
        assert [one.method for one in mine] == ["REPORT"]
        assert not {one.method for one in place.way.asked[asked[place.name] :]} & {"PUT", "DELETE"}
    assert {name: pair.rows(f"SELECT * FROM {name} ORDER BY 1") for name in tables} == before


def test_the_same_on_both_before_they_met_is_made_nowhere_again(hub: Hub):
    world = hub()
    one, other = both(world)
    for n in range(4):
        one.put(f"here-{n}", number(n))
        other.put(f"there-{n}", number(n).replace("SUMMARY:Number 3", "SUMMARY:Third"))
    other.put("elsewhere", number(9))
    one.put("another", number(9).replace("n9@example.org", "other-uid@example.org"))
    world.attach_all()
    world.settle()
    assert len(one.all()) == len(other.all()) == len(world.items()) == 5
    assert one.writes + other.writes == []
    assert world.conflicts() == ["title"]


def test_one_record_twice_in_one_calendar_is_told_and_made_nowhere_twice(servers: dict[str, Running], tmp_path: Path):
    """The server allows one UID in a calendar once; two of its calendars may have it each."""
    with ExitStack() as stack:
        first, second = (stack.enter_context(calendar_at(servers["radicale"], f"twice-{n}")) for n in range(2))
        other = stack.enter_context(calendar_at(servers["xandikos"], "twice"))
        for place, title in ((first, "Number 1"), (second, "Again")):
            assert place.put("one", number(1).replace("Number 1", title)) == 201
        world = stack.enter_context(CalendarWorld(tmp_path / "hub", first, other))
        world.attach_all(match=False)
        world.attach("radicale", remote=second.path, match=False)
        for _ in range(3):
            for name in ("radicale", "xandikos"):
                world.sync(name)
        assert len(first.all()) == len(second.all()) == 1
        assert len(other.all()) == 1
        assert sorted(world.titles()) == ["Again", "Number 1"]
        assert len(world.aside()) == 3  # each calendar would have it twice
        before = world.writes()
        for name in ("radicale", "xandikos"):
            world.sync(name)
        assert world.writes() == before


def test_tasks_are_kept_in_step_with_what_they_are_part_of(hub: Hub):
    world = hub(kind="task")
    one, other = both(world)
    one.put("whole", calendar(task("SUMMARY:Whole\nDUE;VALUE=DATE:20260301", "whole@example.org")))
    one.put("part", calendar(task("SUMMARY:Part\nRELATED-TO:whole@example.org\nPRIORITY:1", "part@example.org")))
    world.attach_all()
    world.settle()
    assert "RELATED-TO" in other.find("SUMMARY:Part")[1]
    other.edit("SUMMARY:Part", ("END:VTODO", "STATUS:COMPLETED\nCOMPLETED:20260302T100000Z\nEND:VTODO"))
    one.edit("SUMMARY:Part", ("PRIORITY:1", "PRIORITY:9"))
    world.settle()
    for place in (one, other):
        text = place.find("SUMMARY:Part")[1]
        assert "STATUS:COMPLETED" in text
        assert "PRIORITY:9" in text
    assert world.rest(1) == 0


def test_what_was_written_is_not_read_back_by_the_next_run(hub: Hub):
    world = hub()
    one, other = both(world)
    for n in range(6):
        one.put(f"n{n}", number(n))
    world.attach_all()
    world.settle()
    for place, title in ((one, "Number 0"), (other, "Number 1")):
        place.edit(title, (title, f"{title} edited"))
        world.sync("radicale")
        world.sync("xandikos")
        world.sync("radicale")
        for each in (one, other):
            asked = len(each.way.asked)
            world.sync(each.name)
            assert [ask.method for ask in each.way.asked[asked:] if ask.path == each.path] == ["REPORT"]
    assert world.rest(2) == 0


def test_an_edit_that_waits_and_is_taken_back_is_not_followed(pair: CalendarWorld):
    """The version is then the one of before, which the hub has: but it had read another since."""
    one, other = both(pair)
    for n in range(5):
        one.edit(f"Number {n}", ("as it was", "all changed at once"))
    for n in range(5, 16):
        one.put(f"n{n}", number(n, "DESCRIPTION:as it was"))
    pair.settle(confirmed=True)
    before = one.all()
    for n in range(16):
        one.edit(f"Number {n}\n", (f"SUMMARY:Number {n}\n", f"SUMMARY:Other {n}\n"))
    assert pair.sync("radicale").status == "stopped"
    for href, text in before.items():
        one._ask("PUT", href, text.replace("\n", "\r\n"), {"Content-Type": "text/calendar"})
    assert pair.sync("radicale").status == "done"
    pair.settle()
    assert pair.titles() == sorted(f"Number {n}" for n in range(16))
    assert not any("Other" in text for text in other.all().values())
