"""ClickUp: days and times, statuses by their type, pages of a workspace, changes by time, what was deleted."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from entrepot.core.change import Ref
from entrepot.core.errors import NeedsConsent, PersonMustFix, ServiceChanged, TryLater
from entrepot.core.kinds import decode, encode

TASKS = "GET /team/9011000001/task"
WORKSPACE = "9011000001"


def milliseconds(*at: int) -> str:
    return str(int(datetime(*at, tzinfo=UTC).timestamp() * 1000))


def task(**more: object) -> dict[str, object]:
    status = {"status": "to do", "type": "open"}
    return {"id": "86c0", "name": "x", "status": status, "date_updated": milliseconds(2026, 10, 1), **more}


def pages_of(*tasks: dict):
    def answer(request: web.Request, _: object) -> web.Response:
        found = tasks if request.query["page"] == "0" else ()
        return web.json_response({"tasks": found})

    return answer


async def read_one(service, **more: object):
    service.answer(TASKS, pages_of(task(**more)))
    pages = await service.changes("tasks", collection=WORKSPACE)
    return pages[0].changes[0].data if pages[0].changes else pages[0].bad[0]


async def test_a_task_says_where_it_belongs_and_how_far_it_is(stand_in):
    service = await stand_in("clickup")
    tasks, pages = await service.everything("tasks")
    home, child, hedge = (tasks[f"86c0example{number}"].data for number in (1, 2, 4))
    assert (home.title, home.description, home.keywords) == ("Startseite neu ordnen", "**Kopf** und Fuß", ["web"])
    assert (home.progress, child.progress, hedge.progress) == ("in-process", "completed", "completed")
    assert (home.priority, child.priority, hedge.priority) == (1, 9, 5)
    assert (home.assignees, home.estimated_duration, home.extra["points"]) == (["fjord"], "PT1H30M", 3)
    assert (child.parent, str(child.progress_updated)) == ("86c0example1", "2026-10-08 09:30:00+00:00")
    assert (hedge.project, hedge.extra["list"]["name"], hedge.extra["folder"]["hidden"]) == (
        "901100000002",
        "Garten & Höfe",
        True,
    )
    assert home.extra["status"]["status"] == "in progress"
    assert "entrepot" not in tasks["86c0example1"].native.decode()
    assert decode("task", encode(home)) == home
    (bad,) = [row for page in pages for row in page.bad]
    assert (bad.where, "frozen" in bad.reason) == ("86c0example3", True)


async def test_four_in_the_morning_where_the_person_is_means_a_day(stand_in):
    service = await stand_in("clickup", time_zone="Europe/Berlin")
    tasks, _ = await service.everything("tasks")
    day, time = tasks["86c0example1"].data, tasks["86c0example2"].data
    assert (day.start, day.due, day.show_without_time) == ("2026-12-20T00:00:00", "2026-12-24T00:00:00", True)
    assert day.time_zone is None
    assert (time.due, time.show_without_time, time.time_zone) == ("2026-11-21T08:00:00", False, "Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "flag", "due"),
    [
        ("Pacific/Auckland", {}, (2026, 12, 23, 15)),
        ("America/Los_Angeles", {}, (2026, 12, 24, 12)),
        ("Asia/Tokyo", {"due_date_time": False}, (2026, 12, 23, 19)),
        # Set by somebody elsewhere, or nobody knows where.
        ("Asia/Tokyo", {"due_date_time": False}, (2026, 12, 24, 12)),
        ("", {"due_date_time": False}, (2026, 12, 23, 19)),
        ("", {"due_date_time": False}, (2026, 12, 24, 14)),
    ],
)
async def test_a_day_is_the_same_day_wherever_it_was_set(stand_in, zone, flag, due):
    service = await stand_in("clickup", time_zone=zone)
    found = await read_one(service, due_date=milliseconds(*due), **flag)
    assert (found.due, found.show_without_time) == ("2026-12-24T00:00:00", True)


async def test_a_time_is_a_time_where_the_service_says_so_or_nobody_says_anything(stand_in):
    service = await stand_in("clickup", time_zone="Europe/Berlin")
    at_four = milliseconds(2026, 12, 24, 3)
    told = await read_one(service, due_date=at_four, due_date_time=True)
    assert (told.due, told.show_without_time) == ("2026-12-24T04:00:00", False)
    both = await read_one(service, start_date=at_four, due_date=milliseconds(2026, 12, 24, 17))
    assert (both.start, both.due, both.show_without_time) == ("2026-12-24T04:00:00", "2026-12-24T18:00:00", False)
    nobody = await stand_in("clickup", time_zone="")
    silent = await read_one(nobody, due_date=at_four)
    assert (silent.due, silent.time_zone, silent.show_without_time) == ("2026-12-24T03:00:00", "Etc/UTC", False)


@pytest.mark.parametrize("due", ["soon", "9" * 30, {"date": 1}, True])
async def test_a_date_that_is_none_sets_one_task_aside(stand_in, due):
    service = await stand_in("clickup")
    assert "cannot be read" in (await read_one(service, due_date=due)).reason


async def test_a_zone_that_is_none_is_said_before_anything_is_read(stand_in):
    service = await stand_in("clickup", time_zone="Berlin")
    with pytest.raises(PersonMustFix, match="time_zone"):
        await service.changes("tasks", collection=WORKSPACE)


async def test_pages_are_read_until_one_is_empty_and_changes_asked_for_from_then_on(stand_in):
    service = await stand_in("clickup")
    pages = await service.changes("tasks", collection=WORKSPACE)
    assert [(page.listing, page.last) for page in pages] == [(True, False), (True, False), (True, True)]
    await service.changes("tasks", pages[-1].cursor, WORKSPACE)
    asked = [parse_qs(urlsplit(one).query) for one in service.asked]
    assert [one["page"] for one in asked[:3]] == [["0"], ["1"], ["2"]]
    assert "date_updated_gt" not in asked[0]
    newest = int(milliseconds(2026, 10, 9, 9, 30)) - 60_000
    assert asked[3]["date_updated_gt"] == [str(newest)]
    assert {key: asked[3][key] for key in ("order_by", "subtasks", "include_closed")} == {
        "order_by": ["updated"],
        "subtasks": ["true"],
        "include_closed": ["true"],
    }


async def test_a_task_that_is_in_no_list_is_asked_for_by_its_id(stand_in):
    service = await stand_in("clickup")
    service.answer("GET /task/1", 404)
    service.answer("GET /task/2", task(id="2", archived=True))
    deleted, archived = [await service.reader.confirm("tasks", Ref(one), WORKSPACE) for one in "12"]
    assert (deleted.data, archived.data.extra["archived"]) == (None, True)


async def test_workspaces_are_the_collections(stand_in):
    service = await stand_in("clickup")
    assert [one.name for one in await service.reader.collections("tasks")] == ["Example", "Nobody here"]
    chosen = await stand_in("clickup", workspaces="9011000002")
    assert [one.id for one in await chosen.reader.collections("tasks")] == ["9011000002"]


async def test_each_refusal_says_what_comes_next(stand_in):
    service = await stand_in("clickup")
    service.answer(TASKS, 401)
    with pytest.raises(NeedsConsent):
        await service.changes("tasks", collection=WORKSPACE)
    service.answer(TASKS, {"err": "Something"})
    with pytest.raises(ServiceChanged):
        await service.changes("tasks", collection=WORKSPACE)
    later = {"Retry-After": "86000"}
    service.answer(TASKS, lambda *_: web.json_response({"err": "Rate limit"}, status=429, headers=later))
    with pytest.raises(TryLater):
        await service.changes("tasks", collection=WORKSPACE)
