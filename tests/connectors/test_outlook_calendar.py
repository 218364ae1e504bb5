"""Outlook: series with their exceptions, Windows's zones, days, what changed and what is gone."""

import json

import pytest

from entrepot.core.change import Cursor, Ref
from entrepot.core.errors import NeedsConsent, ServiceChanged
from entrepot.core.kinds import decode, encode

MINE = "AAkCal="
EVENTS = f"GET /me/calendars/{MINE}/events"


async def events(service) -> dict:
    found, _ = await service.everything("events")
    return {name: change.data for name, change in found.items()}


def first_page(service) -> list[dict]:
    return json.loads((service.folder / "events-1.json").read_text())["value"]


async def test_a_series_is_one_event_on_its_own_clock(stand_in):
    team = (await events(await stand_in("outlook_calendar")))["AAkTeam"]
    assert (team.start, team.time_zone, team.end_time_zone) == ("2026-10-19T09:00:00", "Europe/Berlin", None)
    assert (team.duration, team.status, team.free_busy_status) == ("PT30M", "confirmed", "busy")
    (rule,) = team.recurrence_rules
    assert (rule.frequency, [day.day for day in rule.by_day], rule.until) == ("weekly", ["mo"], "2026-12-31T23:59:59")
    assert (team.description, team.links) == ("Bring **numbers**", ["https://meet.example.org/abc"])
    assert [(one.email, one.roles, one.participation_status) for one in team.participants] == [
        ("ada@example.org", ["owner"], None),
        ("bo@example.org", ["attendee"], "accepted"),
        ("cy@example.org", ["attendee", "optional"], "needs-action"),
        ("room@example.org", ["attendee", "resource"], "needs-action"),
    ]
    assert [(one.offset, one.action) for one in team.alerts] == [("-PT15M", "display")]
    assert [(one.name, one.coordinates) for one in team.locations] == [("Room 1", "geo:52.5,13.25")]
    assert decode("event", encode(team)) == team


async def test_moved_changed_and_cancelled_occurrences_are_part_of_their_series(stand_in):
    service = await stand_in("outlook_calendar")
    team = (await events(service))["AAkTeam"]
    assert team.recurrence_overrides == {
        "2026-11-16T09:00:00": {"excluded": True},  # after the clocks were put back, at nine as before
        "2026-11-23T09:00:00": {"start": "2026-11-23T11:00:00"},
        "2026-11-30T09:00:00": {"alerts": None, "duration": "PT1H", "title": "Team, with guests"},
    }
    found, _ = await service.everything("events")
    native = json.loads(found["AAkTeam"].native)
    assert len(native["exceptionOccurrences"]) == 2
    assert "entrepot" not in native


async def test_days_recur_as_days_and_keep_their_date_everywhere(stand_in):
    found = await events(await stand_in("outlook_calendar"))
    trip, unity = found["AAkTrip"], found["AAkUnity"]
    assert (trip.start, trip.show_without_time, trip.time_zone, trip.duration) == (
        "2026-12-24T00:00:00",
        True,
        None,
        "P3D",
    )
    assert (trip.free_busy_status, trip.privacy, trip.priority, trip.keywords) == ("free", "private", 1, ["Reise"])
    assert trip.locations[0].name == "Beispielstadt"
    assert (unity.recurrence_rules[0].by_month, unity.recurrence_rules[0].by_month_day) == (["10"], [3])
    assert unity.recurrence_overrides == {"2022-10-03T00:00:00": {"excluded": True}}


async def test_zones_states_and_lone_occurrences_keep_their_meaning(stand_in):
    found = await events(await stand_in("outlook_calendar"))
    flight, once = found["AAkFlight"], found["AAkOnce"]
    assert (flight.start, flight.time_zone, flight.end_time_zone) == (
        "2026-12-28T09:00:00",
        "Europe/Berlin",
        "Europe/London",
    )
    assert (flight.status, flight.duration, flight.extra["showAs"]) == ("tentative", "PT1H30M", "tentative")
    assert (once.start, once.time_zone, once.recurrence_id) == ("2026-11-12T15:00:00", "Etc/UTC", "2026-11-12T14:00:00")


async def test_the_service_is_asked_for_ids_that_stay_and_times_in_one_zone(stand_in):
    service = await stand_in("outlook_calendar")
    seen = []

    def answer(request, _):
        seen.append(request.headers["Prefer"])
        return service_json({"value": []})

    service.answer(EVENTS, answer)
    await service.changes("events", collection=MINE)
    assert seen == ['IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="html"']


def service_json(body):
    from aiohttp import web

    return web.json_response(body)


async def test_what_changed_is_searched_oldest_first_from_the_last_one_on(stand_in):
    service = await stand_in("outlook_calendar")
    pages = await service.changes("events", collection=MINE)
    assert all(page.listing for page in pages)
    trip = first_page(service)[1]
    later = [{**trip, "id": f"AAk{n}", "lastModifiedDateTime": f"2026-10-05T09:0{n}:00.5Z"} for n in (1, 2)]
    asked: list[str] = []

    def search(request, _):
        asked.append(request.query["$filter"])
        assert request.query["$orderby"] == "lastModifiedDateTime"
        since = request.query["$filter"].removeprefix("lastModifiedDateTime ge ")
        left = [one for one in later if one["lastModifiedDateTime"] >= since]
        more = {"@odata.nextLink": f"{request.path_qs}&$skip=1"} if len(left) > 1 else {}
        return service_json({"value": left[:1], **more})

    service.answer(f"{EVENTS}?$orderby=lastModifiedDateTime", search)
    cursor = Cursor(json.loads(json.dumps(pages[-1].cursor.value)))
    changed = await service.changes("events", cursor, MINE)
    assert [change.ref.id for page in changed for change in page.changes] == ["AAk1", "AAk2"]
    assert not any(page.listing for page in changed)
    assert asked == ["lastModifiedDateTime ge 2026-10-05T08:55:00Z", "lastModifiedDateTime ge 2026-10-05T09:01:00Z"]


async def test_an_event_out_of_sight_is_asked_for_in_its_calendar(stand_in):
    service = await stand_in("outlook_calendar")
    gone = await service.reader.confirm("events", Ref("AAkGone"), MINE)
    assert gone.data is None
    service.answer(f"{EVENTS}/AAkTrip", first_page(service)[1])
    still = await service.reader.confirm("events", Ref("AAkTrip"), MINE)
    assert still.data.title == "Trip"


async def test_a_series_whose_exceptions_cannot_be_read_is_no_series_without_them(stand_in):
    service = await stand_in("outlook_calendar")
    exceptions = f"{EVENTS}/AAkTeam"
    service.answer(exceptions, 404)
    pages = await service.changes("events", collection=MINE)
    assert "AAkTeam" in [row.where for page in pages for row in page.bad]
    service.answer(exceptions, 401)
    with pytest.raises(NeedsConsent):
        await service.changes("events", collection=MINE)
    service.answer(exceptions, lambda *_: service_json([]))
    with pytest.raises(ServiceChanged):
        await service.changes("events", collection=MINE)


async def test_calendars_are_collections(stand_in):
    service = await stand_in("outlook_calendar")
    mine, holidays = await service.reader.collections("events")
    assert (mine.id, mine.name, mine.color, mine.writable) == (MINE, "Kalender", "#0f6cbd", True)
    assert (holidays.name, holidays.writable) == ("Feiertage", False)


SERIES = {
    "type": "seriesMaster",
    "recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd"}},
}
ZERO = {"dateTime": "0001-01-01T00:00:00.0000000", "timeZone": "UTC"}


@pytest.mark.parametrize(
    ("wrong", "exceptions"),
    [
        ({"start": None}, {}),
        ({"start": "soon"}, {}),
        ({"start": {"dateTime": "2026-02-30T00:00:00", "timeZone": "UTC"}}, {}),
        ({"start": ZERO, "isAllDay": False, "originalStartTimeZone": "Pacific Standard Time"}, {}),
        ({"attendees": "nobody"}, {}),
        ({"recurrence": {"pattern": {"type": "hourly"}}}, {}),
        ({"type": "exception", "originalStart": "then"}, {}),
        (SERIES, {"cancelledOccurrences": ["OID.AAkTrip"]}),
        (SERIES, {"cancelledOccurrences": ["OID.AAkTrip.2026-02-30"]}),
        (SERIES, {"exceptionOccurrences": [{"subject": "when?"}]}),
        (SERIES, {"exceptionOccurrences": ["an id alone"]}),
    ],
)
async def test_what_cannot_be_is_set_aside_with_its_id(stand_in, wrong, exceptions):
    service = await stand_in("outlook_calendar")
    service.answer(EVENTS, {"value": [{**first_page(service)[1], **wrong}]})
    service.answer(f"{EVENTS}/AAkTrip", exceptions)
    (page,) = await service.changes("events", collection=MINE)
    assert ([row.where for row in page.bad], page.changes) == (["AAkTrip"], [])


async def test_where_only_free_and_busy_is_told_the_time_is_read(stand_in):
    service = await stand_in("outlook_calendar")
    trip = first_page(service)[1]
    told = {name: trip[name] for name in ("id", "start", "end", "showAs", "isAllDay", "lastModifiedDateTime")}
    service.answer(EVENTS, {"value": [told]})
    (page,) = await service.changes("events", collection=MINE)
    (change,) = page.changes
    assert (change.data.title, change.data.start, change.data.free_busy_status) == ("", "2026-12-24T00:00:00", "free")
