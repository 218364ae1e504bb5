"""Two real calendar servers kept in step although answers get lost, servers rewrite, forget and die, and so do we."""

import re

import pytest
from tests.protocols.calendars import calendar, event
from tests.sync.calendar_world import Calendar, CalendarWorld, Hub, hub, servers
from tests.sync.faults import killing
from tests.sync.passing_on import Asked

__all__ = ["hub", "servers"]

TOKEN = re.compile(rb"(<(?:\w+:)?sync-token(?: [^>]*)?>).*?(</(?:\w+:)?sync-token>)", re.DOTALL)


def number(n: int, more: str = "") -> str:
    return calendar(event(f"DTSTART:202602{n % 28 + 1:02d}T100000Z\nSUMMARY:Number {n}\n{more}", f"n{n}@example.org"))


def both(world: CalendarWorld) -> tuple[Calendar, Calendar]:
    return world.calendars["radicale"], world.calendars["xandikos"]


def titles(calendar: Calendar) -> list[str]:
    return sorted(re.findall(r"\nSUMMARY:(.*)", "".join(calendar.all().values())))


def stamps(body: bytes) -> bytes:
    """As servers do that keep what they like: other words around, another order, lines of their own."""
    text = body.decode().replace("\r\n", "\n")
    text = re.sub(r"\nPRODID:.*", "\nPRODID:-//a server//EN", text)
    text = re.sub(r"\n(SUMMARY:.*)((?:\n.*)*)\nEND:VEVENT", r"\2\n\1\nEND:VEVENT", text)
    return with_line("X-SERVER-STAMP:seen", with_line("CREATED:20260101T000000Z", text.replace("\n", "\r\n"))).encode()


def trims(body: bytes) -> bytes:
    """Also what people wrote: no blanks at the end, and every event has a class."""
    return with_line("CLASS:PRIVATE", re.sub(r" +\r\n", "\r\n", stamps(body).decode())).encode()


def with_line(line: str, text: str) -> str:
    name = line.partition(":")[0]
    return text if f"\r\n{name}:" in text else text.replace("\r\nEND:VEVENT", f"\r\n{line}\r\nEND:VEVENT")


@pytest.fixture
def pair(hub: Hub) -> CalendarWorld:
    """Six events at the first server, which the hub has read; nothing is at the other yet."""
    world = hub()
    for n in range(6):
        assert both(world)[0].put(f"n{n}", number(n, "DESCRIPTION:as it was ")) in {201, 204}
    world.attach_all()
    world.sync("radicale")
    return world


@pytest.mark.parametrize("rewrites", [bytes, stamps, trims])
@pytest.mark.parametrize("nth", [1, 4])
@pytest.mark.parametrize("name", ["radicale", "xandikos"])
def test_i6_a_kill_after_a_create_on_a_server_that_rewrites_makes_no_conflict_and_no_copy(
    hub: Hub, name: str, nth: int, rewrites
):
    world = hub()
    there, here = world.calendars[name], next(one for one in both(world) if one.name != name)
    for n in range(6):
        here.put(f"n{n}", number(n, "DESCRIPTION:as it was "))
    world.attach_all()
    world.sync(here.name)
    there.way.rewrites = rewrites
    there.fault = killing("PUT", nth)
    world.killed(name)
    made = len(there.all())
    assert made >= nth
    world.settle()
    assert world.conflicts() == []
    assert titles(here) == titles(there) == world.titles() == [f"Number {n}" for n in range(6)]
    assert world.rest(2) == 0


@pytest.mark.parametrize("rewrites", [stamps, trims])
@pytest.mark.parametrize("name", ["radicale", "xandikos"])
def test_i6_a_kill_after_an_update_on_a_server_that_rewrites_makes_no_conflict(
    pair: CalendarWorld, name: str, rewrites
):
    pair.settle()
    there = pair.calendars[name]
    there.way.rewrites = rewrites
    for n in range(3):
        pair.edit(pair.item(f"Number {n}"), description="edited here")
    there.fault = killing("PUT", 2)
    pair.killed(name)
    pair.edit(pair.item("Number 0"), description="and again")
    pair.settle()
    assert pair.conflicts() == []
    for place in both(pair):
        assert len(place.all()) == 6
        assert "DESCRIPTION:and again" in place.find("Number 0")[1]
        assert "DESCRIPTION:edited here" in place.find("Number 1")[1]
    assert pair.rest(2) == 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "REPORT"])
def test_i7_a_lost_answer_makes_nothing_twice_and_loses_nothing(pair: CalendarWorld, method: str):
    """Every other answer, in every run, whatever was asked."""
    one, other = both(pair)
    asked = {id(place): 0 for place in (one, other)}

    def loses(place: Calendar, what: Asked) -> bool:
        asked[id(place)] += what.method == method
        return what.method == method and asked[id(place)] % 2 == 1

    def shaken() -> None:
        for place in (one, other):
            place.way.loses = lambda what, place=place: loses(place, what)
        for _ in range(3):
            for place in (one, other):
                assert pair.sync(place.name).status in {"done", "failed"}
        for place in (one, other):
            place.way.loses = lambda _: False
        pair.settle()

    shaken()
    assert titles(one) == titles(other) == pair.titles() == [f"Number {n}" for n in range(6)]
    one.drop("Number 0")
    pair.delete(pair.item("Number 1"))
    one.edit("Number 2", ("as it was", "changed at one"))
    other.edit("Number 3", ("as it was", "changed at other"))
    pair.edit(pair.item("Number 4"), description="changed here")
    other.put("new", number(7))
    shaken()
    assert titles(one) == titles(other) == pair.titles() == [f"Number {n}" for n in (2, 3, 4, 5, 7)]
    for place in (one, other):
        for n, word in ((2, "changed at one"), (3, "changed at other"), (4, "changed here")):
            assert f"DESCRIPTION:{word}" in place.find(f"Number {n}")[1]
    assert pair.conflicts() == []
    assert pair.rest(2) == 0


@pytest.mark.parametrize("name", ["radicale", "xandikos"])
def test_i10_i11_an_unknown_sync_token_loses_no_edit_and_finds_what_was_deleted(pair: CalendarWorld, name: str):
    pair.settle()
    place = pair.calendars[name]
    other = next(one for one in both(pair) if one is not place)
    place.way.answers = lambda body: TOKEN.sub(rb"\1http://example.org/never-given\2", body)
    place.edit("Number 0", ("as it was", "changed there"))
    pair.sync(name)  # from now on the hub has a token that the server does not know
    place.way.answers = bytes
    pair.edit(pair.item("Number 1"), description="waits in the hub")
    pair.delete(pair.item("Number 2"))
    pair.add(title="Number 8", start="2026-03-01T10:00:00", time_zone="Etc/UTC")
    place.drop("Number 3")
    place.edit("Number 1", ("SUMMARY:Number 1", "SUMMARY:Number 1 there"))
    asked = len(place.way.asked)
    pair.sync(name)
    assert "PROPFIND" in {one.method for one in place.way.asked[asked:] if one.path == place.path}
    pair.settle()
    for each in (place, other):
        assert titles(each) == ["Number 0", "Number 1 there", "Number 4", "Number 5", "Number 8"]
        assert "waits in the hub" in each.find("Number 1 there")[1]
        assert "changed there" in each.find("Number 0")[1]
    assert pair.conflicts() == []
    assert pair.rest(2) == 0


def test_a_server_that_tells_no_versions_of_what_was_put_is_kept_at_rest(pair: CalendarWorld):
    for place in both(pair):
        place.way.untold = frozenset({"etag"})
        place.way.rewrites = trims
    pair.settle()
    for public in list(pair.items())[:2]:
        pair.edit(public, title="Edited " + public)
    pair.settle()
    assert titles(both(pair)[0]) == titles(both(pair)[1]) == pair.titles()
    assert pair.conflicts() == []
    assert pair.rest(2) == 0


def test_i13_a_server_that_is_down_loses_nothing_and_what_waits_goes_out_later(pair: CalendarWorld):
    pair.settle()
    one, other = both(pair)
    other.way.is_down = lambda _: True
    for n in range(3):
        pair.edit(pair.item(f"Number {n}"), title=f"Number 1{n}")
        pair.sync("radicale")
        assert pair.sync("xandikos").status == "failed"
    assert len(other.all()) == len(one.all()) == 6
    other.way.is_down = lambda _: False
    pair.settle()
    assert titles(one) == titles(other) == ["Number 10", "Number 11", "Number 12", "Number 3", "Number 4", "Number 5"]


def test_i12_a_calendar_that_is_emptied_stops_the_run_until_somebody_confirms(pair: CalendarWorld):
    pair.settle()
    one, other = both(pair)
    for n in range(6):
        one.drop(f"Number {n}")
    assert pair.sync("radicale").status == "stopped"
    assert len(other.all()) == len(pair.items()) == 6
    assert pair.sync("radicale", confirmed=True).status == "done"
    pair.settle(confirmed=True)
    assert other.all() == pair.items() == {}


def test_i3_an_edit_made_while_another_is_on_its_way_is_not_lost(pair: CalendarWorld):
    """Somebody changes the event just before our write arrives."""
    pair.settle()
    other = both(pair)[1]
    met: list[str] = []

    def is_down(asked: Asked) -> bool:
        if asked.method == "PUT" and not met:
            met.append(asked.path)
            other.edit("Number 1", ("as it was", "in between"))
        return False

    pair.edit(pair.item("Number 1"), title="Number 1 edited")
    other.way.is_down = is_down
    pair.settle()
    for place in both(pair):
        assert "DESCRIPTION:in between" in place.find("Number 1 edited")[1]
    assert pair.rest(1) == 0
