"""ClickUp written to: statuses by the list's names, days at four in the morning, tags one by one, nobody told."""

from contextlib import asynccontextmanager

import msgspec
import pytest
import pytest_asyncio
from tests.connectors.graph_hand import Hand
from tests.connectors.prefix_hand import opened
from tests.services.clickup import LIST, SMALL, STATUSES, WORKSPACE, ClickUp

from entrepot.core.errors import PersonMustFix, RecordRefused, Stale, TryLater
from entrepot.core.planner import Task
from entrepot.declarative.writer import DeclaredWriter
from entrepot.sdk.writer import Finding, Writer

DAY = {"due": "2026-12-24T00:00:00", "show_without_time": True, "time_zone": None}
FULL = Task(title="Milch", description="**zwei** Flaschen", priority=1, keywords=["home", "shop"],
            estimated_duration="PT1H30M", progress="in-process", **DAY)  # fmt: skip


@pytest.fixture
def service():
    return ClickUp()


@asynccontextmanager
async def open_hand(service, **settings):
    settings = {"list": LIST, "time_zone": "Europe/Berlin", **settings}
    async with opened("clickup", service, "tasks", WORKSPACE) as made:
        made.reader = _with(made.reader, settings)
        yield made


def _with(reader: DeclaredWriter, settings: dict[str, str]) -> DeclaredWriter:
    reader._words = {**reader._words, **settings}  # what the person chose when the account was connected
    return reader


@pytest_asyncio.fixture
async def hand(service):
    async with open_hand(service) as made:
        yield made


def without(data: Task) -> Task:
    """What the service alone decides."""
    own = {"extra": {}, "links": [], "created": None, "updated": None, "project": None, "progress_updated": None}
    return msgspec.structs.replace(data, **own)


async def test_a_task_is_made_and_is_read_as_it_was_told(hand: Hand, service):
    assert isinstance(hand.reader, Writer)
    assert isinstance(hand.reader, Finding)
    made = await hand.create(FULL)
    assert service.sent == [
        {
            "notify_all": False,
            "name": "Milch",
            "markdown_content": "**zwei** Flaschen",
            "tags": ["home", "shop"],
            "status": "in progress",
            "priority": 1,
            "due_date": 1_798_081_200_000,
            "due_date_time": False,
            "time_estimate": 5_400_000,
        }
    ]
    assert without(made.data) == FULL
    assert await hand.read() == {made.ref.id: made}


async def test_only_what_differs_is_sent_and_the_rest_survives(hand: Hand, service):
    task = service.add("Report", points=3)
    (held,) = (await hand.read()).values()
    changed = await hand.update(held, title="Reports")
    assert service.sent == [{"name": "Reports"}]
    assert task["custom_fields"] == [{"id": "f1", "value": "kept"}]
    assert changed.data.extra["points"] == 3
    assert await hand.update(changed, title="Reports") == changed
    assert len(service.sent) == 1


@pytest.mark.parametrize("within", [LIST, SMALL])
@pytest.mark.parametrize("progress", ["needs-action", "in-process", "completed", "failed", "cancelled"])
async def test_progress_becomes_a_status_of_the_list(hand: Hand, service, within, progress):
    for name, _ in STATUSES[within]:
        service.tasks.clear()
        service.add("x", within, status={"status": name, "type": dict(STATUSES[within])[name]})
        (held,) = (await hand.read()).values()
        changed = await hand.update(held, progress=progress)
        told = hand.writing.project("progress", progress)
        if within == SMALL and progress == "in-process":
            told = "needs-action"  # it has no status in between
        assert changed.data.progress == told
        if held.data.progress == told:
            assert changed.data.extra["status"]["status"] == name


@pytest.mark.parametrize("priority", [None, *range(10)])
async def test_every_priority_comes_back_as_foretold(hand: Hand, service, priority):
    made = await hand.create(Task(title="x", priority=priority))
    assert made.data.priority == hand.writing.project("priority", priority)
    cleared = await hand.update(made, priority=None)
    assert cleared.data.priority is None
    assert service.tasks[made.ref.id]["priority"] is None


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize(
    "when",
    [
        DAY,
        {"due": "2026-06-24T09:30:00", "show_without_time": False, "time_zone": "Europe/Berlin"},
        {**DAY, "start": "2026-12-20T00:00:00"},
        {"start": "2026-03-29T01:30:00", "due": "2026-03-29T08:00:00", "show_without_time": False,
         "time_zone": "Europe/Berlin"},
    ],
)  # fmt: skip
async def test_days_and_times_come_back_as_they_were_and_can_be_taken_away(hand: Hand, service, when, tells):
    service.tells = tells
    made = await hand.create(Task(title="x", **when))
    assert without(made.data) == Task(title="x", **when)
    moved = await hand.update(made, due="2026-07-01T00:00:00", start=None, show_without_time=True, time_zone=None)
    assert (moved.data.due, moved.data.start, moved.data.show_without_time) == ("2026-07-01T00:00:00", None, True)
    cleared = await hand.update(moved, due=None, show_without_time=False)
    assert without(cleared.data) == Task(title="x")


async def test_a_moment_elsewhere_is_kept_in_the_persons_zone(hand: Hand):
    made = await hand.create(Task(title="x", due="2026-11-21T08:00:00", time_zone="America/New_York"))
    assert (made.data.due, made.data.time_zone) == ("2026-11-21T14:00:00", "Europe/Berlin")


async def test_tags_are_added_and_taken_away_one_by_one(hand: Hand, service):
    made = await hand.create(Task(title="x", keywords=["a b", "c"]))
    service.faults.calls.clear()
    changed = await hand.update(made, keywords=["c", "d ü"])
    writes = [call for call in service.faults.calls if not call.startswith("GET ")]
    assert [call.partition("/task/")[0] for call in writes] == ["POST /v2", "DELETE /v2"]
    assert changed.data.keywords == ["c", "d ü"]
    assert len(service.sent) == 1
    assert service.tasks[made.ref.id]["tags"][0]["name"] == "c"


@pytest.mark.parametrize("tag", [".", "..", ""])
async def test_a_tag_that_would_be_another_address_is_refused_before_anything_is_sent(hand: Hand, service, tag):
    """Without it, the task itself is what is deleted when such a tag is taken away."""
    made = await hand.create(Task(title="x", keywords=["a"]))
    service.faults.calls.clear()
    with pytest.raises(RecordRefused, match="tag"):
        await hand.update(made, title="y", keywords=["a", tag])
    assert [call for call in service.faults.calls if not call.startswith("GET ")] == []
    service.tasks[made.ref.id]["tags"].append({"name": tag, "tag_fg": "#fff"})
    (held,) = (await hand.read()).values()
    changed = await hand.update(held, keywords=["b"])
    assert [call for call in service.faults.calls if call.startswith("DELETE ")][1:] == []
    assert service.tasks[made.ref.id]["name"] == "x"
    assert "b" in changed.data.keywords


async def test_texts_and_estimates_can_be_emptied(hand: Hand):
    made = await hand.create(FULL)
    emptied = await hand.update(made, description="", estimated_duration=None, keywords=[])
    assert (emptied.data.description, emptied.data.estimated_duration, emptied.data.keywords) == ("", None, [])


async def test_a_deleted_task_is_gone_and_what_is_gone_is_stale(hand: Hand, service):
    made = await hand.create(FULL)
    for _ in range(2):
        assert (await hand.delete(made)).data is None
    with pytest.raises(Stale):
        await hand.update(made, title="y")
    with pytest.raises(Stale):
        await hand.update(made, title="Milch")
    assert service.tasks == {}


async def test_a_create_whose_answer_was_lost_is_found_by_its_content(hand: Hand, service):
    service.add("Milch", date_created="1700000000000")
    write = hand.creation(FULL)
    assert await hand.reader.find(write) is None
    service.faults.lost = 1
    with pytest.raises(TryLater):
        await hand.reader.write(write)
    found = await hand.reader.find(write)
    assert without(found.data) == FULL
    assert len(service.tasks) == 2


async def test_what_clickup_will_not_have_is_refused_and_a_list_must_be_chosen(hand: Hand, service):
    async with open_hand(service, list="7") as elsewhere:
        with pytest.raises(RecordRefused, match="List not found"):
            await elsewhere.create(Task(title="x"))
    service.faults.limited = 1
    with pytest.raises(TryLater):
        await hand.create(Task(title="x"))
    async with open_hand(service, list="") as nowhere:
        with pytest.raises(PersonMustFix, match="'list'"):
            await nowhere.create(Task(title="x"))
    assert service.tasks == {}


async def test_what_cannot_be_written_is_not_claimed(hand: Hand):
    assert hand.writing.fields == {
        "title", "description", "keywords", "progress", "priority", "start", "due", "time_zone", "show_without_time",
        "estimated_duration",
    }  # fmt: skip
    assert hand.writing.verbs == {"create", "update", "delete"}
