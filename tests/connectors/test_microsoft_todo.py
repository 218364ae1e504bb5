"""Microsoft To Do: days and times, recurrence, changes that come in part, addresses that are cursors."""

import json

import pytest
from aiohttp import web

from entrepot.core.change import Cursor
from entrepot.core.errors import NeedsConsent, Stale
from entrepot.core.kinds import decode, encode

LIST = "AQMkTasks="
DELTA = f"GET /me/todo/lists/{LIST}/tasks/delta()"


async def tasks(service) -> dict:
    found, _ = await service.everything("tasks")
    return {name: change.data for name, change in found.items()}


async def test_a_task_has_its_day_its_steps_and_its_list(stand_in):
    milk = (await tasks(await stand_in("microsoft_todo")))["AAMkMilk"]
    assert (milk.title, milk.description, milk.keywords) == ("Milch kaufen", "Two bottles", ["Zuhause"])
    assert (milk.due, milk.show_without_time, milk.time_zone) == ("2026-12-24T00:00:00", True, None)
    assert (milk.priority, milk.progress, milk.project) == (1, "needs-action", LIST)
    assert [(step["displayName"], step["isChecked"]) for step in milk.extra["checklistItems"]] == [
        ("Check the fridge", True),
        ("Take the bag", False),
    ]


async def test_reminders_recurrence_and_text_are_read(stand_in):
    report = (await tasks(await stand_in("microsoft_todo")))["AAMkReport"]
    (rule,) = report.recurrence_rules
    assert (rule.frequency, rule.interval, rule.first_day_of_week) == ("weekly", 2, "mo")
    assert [day.day for day in rule.by_day] == ["mo", "th"]
    assert [(str(alert.at), alert.action) for alert in report.alerts] == [("2026-11-02 08:00:00+00:00", "display")]
    assert (report.description, report.links) == ("With **numbers**", ["https://example.org/mail/1"])
    assert (report.start, report.due, report.progress) == ("2026-11-02T00:00:00", "2026-11-02T00:00:00", "in-process")
    assert decode("task", encode(report)) == report


async def test_finished_broken_and_removed_tasks_are_told_apart(stand_in):
    service = await stand_in("microsoft_todo")
    found, pages = await service.everything("tasks")
    done = found["AAMkDone"].data
    assert (done.progress, str(done.progress_updated), done.priority) == ("completed", "2026-10-02 16:20:00+00:00", 9)
    assert found["AAMkGone"].data is None
    assert [row.where for page in pages for row in page.bad] == ["AAMkBroken"]


async def test_a_change_that_comes_in_part_is_asked_for_whole(stand_in):
    service = await stand_in("microsoft_todo")
    water = (await tasks(service))["AAMkWater"]
    assert (water.title, water.progress, water.extra["status"]) == (
        "Water the plants",
        "needs-action",
        "waitingOnOthers",
    )
    assert (water.due, water.time_zone, water.show_without_time) == ("2026-08-25T04:00:00", "Etc/UTC", False)
    asked = "GET /me/todo/lists/AQMkGarden=/tasks/AAMkWater"
    service.answer(asked, 404)
    (page,) = await service.changes("tasks", collection="AQMkGarden=")
    assert [(change.ref.id, change.data) for change in page.changes] == [("AAMkWater", None)]
    service.answer(asked, 401)
    with pytest.raises(NeedsConsent):
        await service.changes("tasks", collection="AQMkGarden=")


async def test_the_address_of_the_last_page_asks_for_changes(stand_in):
    service = await stand_in("microsoft_todo")
    pages = await service.changes("tasks", collection=LIST)
    assert [page.last for page in pages] == [False, True]
    assert all(page.listing for page in pages)
    moved = {
        "value": [{"id": "AAMkMilk", "@removed": {"reason": "changed"}}],
        "@odata.deltaLink": "/next?$deltatoken=T2",
    }
    service.answer(f"{DELTA}?$deltatoken=T1", moved)
    cursor = Cursor(json.loads(json.dumps(pages[-1].cursor.value)))
    (page,) = await service.changes("tasks", cursor, LIST)
    assert [(change.ref.id, change.data) for change in page.changes] == [("AAMkMilk", None)]
    assert not page.listing
    service.answer("GET /next?$deltatoken=T2", {"value": [], "@odata.deltaLink": "/next?$deltatoken=T2"})
    (page,) = await service.changes("tasks", page.cursor, LIST)
    assert (page.changes, page.last) == ([], True)


@pytest.mark.parametrize("status", [400, 404, 410])
async def test_a_forgotten_address_leads_to_a_full_listing(stand_in, status):
    service = await stand_in("microsoft_todo")
    pages = await service.changes("tasks", collection=LIST)
    body = {"error": {"code": "syncStateNotFound", "message": "The sync state generation is not found."}}
    headers = {"Location": "/me/todo/lists/x/tasks/delta()?$deltatoken="}
    service.answer(f"{DELTA}?$deltatoken=T1", lambda *_: web.json_response(body, status=status, headers=headers))
    with pytest.raises(Stale):
        await service.changes("tasks", pages[-1].cursor, LIST)


async def test_the_same_task_in_a_replay_comes_to_the_same(stand_in):
    service = await stand_in("microsoft_todo")
    once = await tasks(service)
    first = json.loads((service.folder / "tasks-1.json").read_text())
    service.answer(DELTA, {**first, "value": [*first["value"], *first["value"]], "@odata.nextLink": None})
    (page,) = await service.changes("tasks", collection=LIST)
    assert [change.data for change in page.changes] == [once["AAMkMilk"], once["AAMkReport"]] * 2


async def test_lists_are_collections(stand_in):
    service = await stand_in("microsoft_todo")
    mine, garden = await service.reader.collections("tasks")
    assert (mine.id, mine.name, mine.writable, garden.name) == (LIST, "Aufgaben", True, "Garten & Höfe")
    chosen = await stand_in("microsoft_todo", lists="AQMkGarden=")
    assert [one.name for one in await chosen.reader.collections("tasks")] == ["Garten & Höfe"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"dueDateTime": "tomorrow"},
        {"dueDateTime": {"dateTime": "soon", "timeZone": "UTC"}},
        {"completedDateTime": {"dateTime": "0001-01-01T00:00:00", "timeZone": "Tokyo Standard Time"}},
        {"recurrence": {"pattern": {"type": "hourly"}}},
        {"recurrence": {"pattern": {"type": "absoluteMonthly", "dayOfMonth": 0}}},
        {"recurrence": {"pattern": {"type": "relativeMonthly", "daysOfWeek": []}}},
        {"recurrence": {"pattern": {"type": "daily"}, "range": {"type": "endDate", "endDate": "never"}}},
        {"status": "considering"},
        {"linkedResources": "none"},
    ],
)
async def test_what_cannot_be_is_set_aside_with_its_id(stand_in, wrong):
    service = await stand_in("microsoft_todo")
    whole = json.loads((service.folder / "tasks-1.json").read_text())["value"][0]
    service.answer(DELTA, {"value": [{**whole, **wrong}], "@odata.deltaLink": "/x"})
    (page,) = await service.changes("tasks", collection=LIST)
    assert ([row.where for row in page.bad], page.changes) == (["AAMkMilk"], [])
