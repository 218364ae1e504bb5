"""The CalDAV connector against real servers, filled by an independent client."""

from contextlib import AsyncExitStack

import pytest
from tests.connectors.caldav_hand import Hand, connector
from tests.protocols.calendars import calendar, event, task

from entrepot.core.change import Cursor, Page
from entrepot.core.errors import NeedsConsent, Stale
from entrepot.sdk.connector import Reader


def ids(pages: list[Page]) -> dict[str, str]:
    """Title → id of what was read."""
    return {change.data.title: change.ref.id for page in pages for change in page.changes if change.data is not None}


def gone(pages: list[Page]) -> set[str]:
    return {change.ref.id for page in pages for change in page.changes if change.data is None}


def number(n: int) -> str:
    return calendar(
        event(f"DTSTART;TZID=Europe/Berlin:202612{n % 28 + 1:02d}T193000\nSUMMARY:Number {n}", f"n{n}@example.org")
    )


async def test_it_is_a_reader_and_knows_whose_account_it_is(hand: Hand):
    assert isinstance(hand.reader, Reader)
    account = await hand.reader.probe()
    assert account.id == f"{hand.running.address}{hand.running.principal}"
    assert len(hand.asked.requests) == 1


async def test_a_calendar_is_listed_under_the_streams_whose_records_it_may_hold(hand: Hand):
    hand.calendar("only-events", "VEVENT")
    hand.calendar("only-tasks", "VTODO")
    events = {one.name: one for one in await hand.reader.collections("events")}
    tasks = {one.name: one for one in await hand.reader.collections("tasks")}
    assert events["only-events"].writable
    assert "only-tasks" in tasks
    if hand.running.name == "radicale":  # Xandikos gives every calendar the same set
        assert "only-tasks" not in events
        assert "only-events" not in tasks


async def read_all(hand: Hand, name: str, count: int) -> None:
    """First read, no change, one in a hundred changed, deletions: with the requests each may cost."""
    there = hand.calendar(name, "VEVENT")
    for n in range(count):
        there.save_event(number(n))
    path = await hand.path("events", name)
    pages = await hand.pages("events", path)
    first = ids(pages)
    assert len(first) == count
    assert all(page.listing and not page.bad for page in pages)
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]

    hand.asked.requests.clear()
    nothing = await hand.pages("events", path, pages[-1].cursor)
    assert [(len(page.changes), page.last, page.listing) for page in nothing] == [(0, True, False)]
    assert len(hand.asked.requests) == 1
    async with AsyncExitStack() as stack:  # and so in a process that has not found out anything yet
        hand.asked.requests.clear()
        fresh = await connector(stack, hand.running, hand.asked)
        assert [len(page.changes) async for page in fresh.changes("events", pages[-1].cursor, path)] == [0]
        assert len(hand.asked.requests) == 1

    for n in range(0, count, 100):
        found = there.event_by_uid(f"n{n}@example.org")
        found.data = number(n).replace(f"SUMMARY:Number {n}", f"SUMMARY:Changed {n}")
        found.save()
    there.event_by_uid("n1@example.org").delete()
    hand.asked.requests.clear()
    changed = await hand.pages("events", path, nothing[-1].cursor)
    assert {title: first[title.replace("Changed", "Number")] for title in ids(changed)} == ids(changed)
    assert set(ids(changed)) == {f"Changed {n}" for n in range(0, count, 100)}
    assert gone(changed) == {first["Number 1"]}
    assert len(hand.asked.requests) == 2
    assert changed[-1].last


async def test_full_read_no_change_some_changes_and_a_deletion(hand: Hand):
    await read_all(hand, "two-hundred", 200)


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_the_same_with_two_thousand_events(hand: Hand):
    await read_all(hand, "two-thousand", 2000)


async def test_a_token_the_server_does_not_know_is_stale_and_the_full_read_then_works(hand: Hand):
    hand.calendar("bogus", "VEVENT").save_event(number(1))
    path = await hand.path("events", "bogus")
    for token in ("http://example.org/never-given", "0" * 40, "garbage"):
        with pytest.raises(Stale):
            await hand.pages("events", path, Cursor({"token": token}))
    assert set(ids(await hand.pages("events", path))) == {"Number 1"}


async def test_a_full_read_goes_on_after_any_page_in_another_process(hand: Hand):
    there = hand.calendar("resumed", "VEVENT")
    for n in range(4):
        there.save_event(number(n))
    path = await hand.path("events", "resumed")
    whole = await hand.pages("events", path)
    everything = sorted(ids(whole).values())
    assert isinstance(whole[-1].cursor, Cursor)
    assert isinstance(whole[-1].cursor.value, dict)
    middle = Cursor({"token": whole[-1].cursor.value["token"], "after": everything[1], "full": True})
    async with AsyncExitStack() as stack:
        hand.reader = await connector(stack, hand.running, hand.asked)
        rest = await hand.pages("events", path, middle)
    assert sorted(ids(rest).values()) == everything[2:]
    assert rest[-1].listing
    assert rest[-1].cursor == whole[-1].cursor


async def test_a_mixed_calendar_is_asked_once_for_both_streams(hand: Hand):
    there = hand.calendar("mixed", "VEVENT", "VTODO")
    there.save_event(number(1))
    there.save_todo(calendar(task("SUMMARY:A task\nDUE;VALUE=DATE:20261201", "t1@example.org")))
    path = await hand.path("events", "mixed")
    assert path == await hand.path("tasks", "mixed")
    events, tasks = await hand.pages("events", path), await hand.pages("tasks", path)
    assert (set(ids(events)), set(ids(tasks))) == ({"Number 1"}, {"A task"})
    hand.asked.requests.clear()
    events = await hand.pages("events", path, events[-1].cursor)
    tasks = await hand.pages("tasks", path, tasks[-1].cursor)
    assert (ids(events), ids(tasks), len(hand.asked.requests)) == ({}, {}, 1)
    there.save_todo(calendar(task("SUMMARY:Another", "t2@example.org")))
    hand.asked.requests.clear()
    events = await hand.pages("events", path, events[-1].cursor)
    tasks = await hand.pages("tasks", path, tasks[-1].cursor)
    assert (ids(events), set(ids(tasks))) == ({}, {"Another"})


async def test_a_server_without_sync_tokens_is_read_by_ctag_and_etags(hand: Hand):
    there = hand.calendar("etags", "VEVENT")
    for n in range(3):
        there.save_event(number(n))
    path = await hand.path("events", "etags")
    start = await hand.pages("events", path, Cursor({"etags": {}, "ctag": ""}))
    first = ids(start)
    assert set(first) == {"Number 0", "Number 1", "Number 2"}
    hand.asked.requests.clear()
    nothing = await hand.pages("events", path, start[-1].cursor)
    assert (ids(nothing), gone(nothing), len(hand.asked.requests)) == ({}, set(), 1)
    there.event_by_uid("n1@example.org").delete()
    there.save_event(number(7))
    later = await hand.pages("events", path, nothing[-1].cursor)
    assert (set(ids(later)), gone(later)) == ({"Number 7"}, {first["Number 1"]})


async def test_a_record_that_cannot_be_read_is_set_aside_and_the_rest_is_read(hand: Hand):
    there = hand.calendar("broken", "VEVENT")
    there.save_event(number(1))
    odd = calendar(event("DTSTART:20261201T100000\nSUMMARY:odd\nRRULE:FREQ=DAILY", "odd@example.org"))
    there.save_event(odd)
    path = await hand.path("events", "broken")
    if hand.running.name == "xandikos":  # it takes what Radicale refuses
        await hand.reader._dav.put(
            f"{path}bad.ics",
            odd.replace("odd@", "bad@").replace("DTSTART:20261201T100000", "DTSTART:NOTADATE"),
            etag=None,
        )
    pages = await hand.pages("events", path)
    assert set(ids(pages)) == {"Number 1", "odd"}
    bad = [row for page in pages for row in page.bad]
    if hand.running.name == "xandikos":
        assert [row.where for row in bad] == [f"{path}bad.ics"]
        assert "bad@example.org" in bad[0].reason


async def test_any_address_a_person_may_type_leads_to_the_calendars(hand: Hand):
    hand.calendar("typed", "VEVENT")
    for path in ("", "/", "/.well-known/caldav", hand.running.principal):
        async with AsyncExitStack() as stack:
            reader = await connector(stack, hand.running, hand.asked, path=path)
            assert "typed" in {one.name for one in await reader.collections("events")}, path


async def test_a_wrong_password_asks_for_consent(hand: Hand):
    if hand.running.name == "xandikos":
        pytest.skip("Xandikos has no passwords")
    async with AsyncExitStack() as stack:
        reader = await connector(stack, hand.running, hand.asked, password="wrong")
        with pytest.raises(NeedsConsent):
            await reader.probe()
