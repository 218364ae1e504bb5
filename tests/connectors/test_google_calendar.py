"""Google Calendar: times, series and their exceptions, tokens that live and die, ids in several calendars."""

import pytest
from aiohttp import web

from entrepot.core.errors import NeedsConsent, PersonMustFix, Stale, TryLater
from entrepot.core.kinds import decode, encode

ME = "ada@example.org"
EVENTS = f"GET /calendars/{ME}/events"


async def events(service) -> dict:
    found, _ = await service.everything("events")
    return {name: change.data for name, change in found.items()}


async def test_a_series_is_one_event_with_its_rule_and_the_dates_left_out(stand_in):
    team = (await events(await stand_in("google_calendar")))[f"{ME}/k1ser1es"]
    assert (team.start, team.time_zone, team.duration) == ("2026-11-02T09:00:00", "Europe/Berlin", "PT30M")
    (rule,) = team.recurrence_rules
    assert (rule.frequency, [day.day for day in rule.by_day], rule.until) == ("weekly", ["mo"], "2026-12-31T23:59:59")
    assert [(one.offset, one.action) for one in team.alerts] == [("-PT10M", "display"), ("-PT24H", "email")]
    assert [(one.email, one.roles, one.participation_status) for one in team.participants] == [
        ("ada@example.org", ["attendee"], "accepted"),
        ("bo@example.org", ["owner", "attendee"], "accepted"),
        ("cy@example.org", ["attendee", "optional"], "needs-action"),
    ]
    assert team.links == ["https://meet.example.org/abc"]
    assert decode("event", encode(team)) == team


async def test_exceptions_are_part_of_their_series_wherever_they_are_listed(stand_in):
    service = await stand_in("google_calendar")
    found = await events(service)
    assert {name for name in found if "k1ser1es" in name} == {f"{ME}/k1ser1es"}
    moved = {"title": "Team, later", "start": "2026-11-23T11:00:00", "alerts": []}
    overrides = found[f"{ME}/k1ser1es"].recurrence_overrides
    assert moved.items() <= overrides.pop("2026-11-23T09:00:00").items()
    assert overrides == {"2026-11-16T09:00:00": {"excluded": True}, "2026-11-30T09:00:00": {"excluded": True}}
    assert found[f"{ME}/g0ne"] is None
    token = "CPDAlvWDx70CEPDA"
    alone = {
        "id": "k1ser1es_20261130T080000Z",
        "status": "cancelled",
        "recurringEventId": "k1ser1es",
        "originalStartTime": {"dateTime": "2026-11-30T09:00:00+01:00"},
    }
    service.answer(f"{EVENTS}?syncToken={token}", {"items": [alone], "nextSyncToken": "later"})
    service.answer(f"{EVENTS}/k1ser1es", {"id": "k1ser1es", "iCalUID": "k1ser1es@google.com"})
    pages = await service.changes("events", collection=ME)
    (page,) = await service.changes("events", pages[-1].cursor, ME)
    (change,) = page.changes
    days = ["2026-11-16", "2026-11-23", "2026-11-30"]
    assert [day[:10] for day in change.data.recurrence_overrides] == days


async def test_an_occurrence_one_was_invited_to_alone_stands_by_itself(stand_in):
    service = await stand_in("google_calendar")
    at = {"dateTime": "2026-11-30T09:00:00+01:00", "timeZone": "Europe/Berlin"}
    alone = {"id": "z_1", "etag": "1", "recurringEventId": "z", "iCalUID": "z@g", "originalStartTime": at}
    shown = {**alone, "summary": "Guest", "start": at, "end": at}
    service.answer(EVENTS, {"items": [shown, {**alone, "id": "z_2", "status": "cancelled"}], "nextSyncToken": "t"})
    (page,) = await service.changes("events", collection=ME)
    assert [(one.ref.id, one.data and one.data.recurrence_id) for one in page.changes] == [
        (f"{ME}/z_1", "2026-11-30T09:00:00"),
        (f"{ME}/z_2", None),
    ]


async def test_days_zones_and_states_keep_their_meaning(stand_in):
    found = await events(await stand_in("google_calendar"))
    trip, flight = found[f"{ME}/tr1p"], found[f"{ME}/fl1ght"]
    assert (trip.start, trip.show_without_time, trip.time_zone, trip.duration) == (
        "2026-12-24T00:00:00",
        True,
        None,
        "P3D",
    )
    assert (trip.free_busy_status, trip.privacy, trip.locations[0].name) == ("free", "private", "Beispielstadt")
    assert (flight.start, flight.time_zone, flight.end_time_zone) == (
        "2026-12-28T09:00:00",
        "Europe/Berlin",
        "Europe/London",
    )
    assert (flight.duration, flight.status, flight.links) == ("PT1H30M", "tentative", ["https://example.org/booking"])
    holiday = found["holidays@group.example.org/h0l1day"]
    assert (holiday.created, holiday.privacy) == (None, "public")


async def test_the_same_id_in_two_calendars_is_two_events(stand_in):
    found = await events(await stand_in("google_calendar"))
    assert sum(name.endswith("/tr1p") for name in found) == 2


async def test_a_rule_that_is_none_is_set_aside_with_its_reason(stand_in):
    service = await stand_in("google_calendar")
    _, pages = await service.everything("events")
    (bad,) = [row for page in pages for row in page.bad]
    assert (bad.where, "SOMETIMES" in bad.reason) == (f"{ME}/br0ken", True)
    service.answer(
        EVENTS, {"items": [{"id": "x", "attendees": "nobody"}, {"id": "y", "recurrence": ["RRULE:FREQ=DAILY"]}]}
    )
    (page,) = await service.changes("events", collection=ME)
    assert [row.where for row in page.bad] == [f"{ME}/x", f"{ME}/y"]


async def test_changes_are_asked_for_with_the_token_of_the_last_page(stand_in):
    service = await stand_in("google_calendar")
    pages = await service.changes("events", collection=ME)
    assert [page.last for page in pages] == [False, True]
    assert all("syncToken" not in asked for asked in service.asked)
    token = "CPDAlvWDx70CEPDA"
    gone = {"items": [{"id": "tr1p", "status": "cancelled"}], "nextSyncToken": "later"}
    service.answer(f"{EVENTS}?syncToken={token}&showDeleted=true&maxResults=2500", gone)
    (page,) = await service.changes("events", pages[-1].cursor, ME)
    assert [(change.ref.id, change.data) for change in page.changes] == [(f"{ME}/tr1p", None)]
    assert not page.listing
    service.answer(f"{EVENTS}?syncToken=later", {"items": [], "nextSyncToken": "later"})
    (page,) = await service.changes("events", page.cursor, ME)
    assert (page.changes, page.last) == ([], True)


async def test_a_dead_token_leads_to_a_full_listing(stand_in):
    service = await stand_in("google_calendar")
    pages = await service.changes("events", collection=ME)
    service.answer(f"{EVENTS}?syncToken=CPDAlvWDx70CEPDA", 410)
    with pytest.raises(Stale):
        await service.changes("events", pages[-1].cursor, ME)
    assert all(page.listing for page in await service.changes("events", collection=ME))


async def test_calendars_are_collections_and_odd_ids_stay_in_their_place(stand_in):
    service = await stand_in("google_calendar")
    mine, holidays = await service.reader.collections("events")
    assert (mine.id, mine.writable, mine.color) == (ME, True, "#9fe1e7")
    assert (holidays.name, holidays.writable) == ("Feiertage", False)
    chosen = await stand_in("google_calendar", calendars="de.german#holiday@group.v.calendar.google.com")
    (one,) = await chosen.reader.collections("events")
    with pytest.raises(PersonMustFix, match="404"):
        await chosen.changes("events", collection=one.id)
    assert "/calendars/de.german%23holiday%40group.v.calendar.google.com/events" in chosen.asked[-1]


async def test_too_many_requests_are_told_from_missing_permission(stand_in):
    service = await stand_in("google_calendar")
    denied = {"error": {"code": 403, "errors": [{"reason": "insufficientPermissions"}], "message": "no"}}
    service.answer(EVENTS, lambda *_: web.json_response(denied, status=403))
    with pytest.raises(NeedsConsent):
        await service.changes("events", collection=ME)
    service.answer(EVENTS, 401)
    with pytest.raises(NeedsConsent):
        await service.changes("events", collection=ME)
    busy = {"error": {"code": 403, "errors": [{"reason": "rateLimitExceeded"}], "message": "slower"}}
    later = {"Retry-After": "7200"}
    service.answer(EVENTS, lambda *_: web.json_response(busy, status=403, headers=later))
    with pytest.raises(TryLater) as refused:
        await service.changes("events", collection=ME)
    assert refused.value.after is not None
    assert refused.value.after > 7000
