"""Todoist: due dates in their three forms, finished tasks, what was deleted."""

import pytest

from entrepot.core.change import Cursor, Ref
from entrepot.core.errors import Stale
from entrepot.core.kinds import decode, encode


async def test_due_dates_keep_what_they_mean(stand_in):
    service = await stand_in("todoist")
    tasks, _ = await service.everything("tasks")
    day, floating, zoned = (tasks[one].data for one in ("6XGgmFQrx44wfGHr", "6XGgmFVcrG5RRjV2", "6X7rM8997g3RQmvh"))
    assert (day.due, day.show_without_time, day.time_zone) == ("2026-12-24T00:00:00", True, None)
    assert (floating.due, floating.show_without_time, floating.time_zone) == ("2026-11-30T09:30:00", False, None)
    assert (zoned.due, zoned.time_zone) == ("2026-11-21T08:00:00", "Europe/Berlin")
    assert zoned.extra["due"]["is_recurring"] is True


async def test_tasks_carry_project_priority_labels_and_parent(stand_in):
    service = await stand_in("todoist")
    tasks, pages = await service.everything("tasks")
    milk, child = tasks["6XGgmFQrx44wfGHr"], tasks["6X7rfFVPjhvv84XG"]
    assert milk.data.title == "Milch kaufen"
    assert (milk.data.priority, milk.data.keywords, milk.data.progress) == (1, ["home"], "needs-action")
    assert milk.collection == "6XGgm6PHrGgMpCFX"
    assert (child.data.parent, child.data.priority) == ("6X7rM8997g3RQmvh", None)
    assert decode("task", encode(child.data)) == child.data
    (bad,) = [row for page in pages for row in page.bad]
    assert bad.where == "6X7rfEVP8hvv25ZQ"
    assert "priority" in bad.reason


async def test_a_finished_task_is_the_same_task(stand_in):
    service = await stand_in("todoist")
    tasks, pages = await service.everything("tasks")
    done = tasks["6X5Done0000001"].data
    assert (done.progress, str(done.progress_updated)) == ("completed", "2026-10-02 16:20:00+00:00")
    assert all(page.listing for page in pages)
    service.answer("POST /sync", {"sync_token": "next", "full_sync": False, "items": []})
    again = await service.changes("tasks", pages[-1].cursor)
    assert [(page.listing, page.last, page.changes) for page in again] == [(False, True, [])]
    assert sum("completed" in asked for asked in service.asked) == 1


async def test_a_cursor_from_before_the_feed_leads_to_one_full_listing(stand_in):
    service = await stand_in("todoist")
    before = Cursor({"marks": [{}, {"at": "2026-10-01T00:00:00Z"}]})
    with pytest.raises(Stale):
        await service.changes("tasks", before)


async def test_a_task_that_left_the_list_is_asked_for(stand_in):
    service = await stand_in("todoist")
    service.answer("GET /tasks/1", 404)
    service.answer("GET /tasks/2", {"id": "2", "is_deleted": True, "content": "x"})
    service.answer("GET /tasks/3", {"id": "3", "is_deleted": False, "content": "x", "checked": True, "priority": 1})
    found = [await service.reader.confirm("tasks", Ref(one)) for one in "123"]
    assert [change.data is None for change in found] == [True, True, False]
    assert found[2].data.progress == "completed"


async def test_projects_are_the_collections(stand_in):
    service = await stand_in("todoist")
    inbox, garden = await service.reader.collections("tasks")
    assert (inbox.name, garden.name, garden.color) == ("Inbox", "Garten & Höfe", "olive_green")
