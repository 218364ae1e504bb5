"""Todoist written to: commands executed once, dates of three forms, rules in words that nobody else understands."""

from datetime import UTC, datetime

import msgspec
import pytest
import pytest_asyncio
from tests.connectors.prefix_hand import opened
from tests.services.todoist import GARDEN, INBOX, SECTION, Todoist

from entrepot.core.errors import RecordRefused, Stale, TryLater
from entrepot.core.fields import fields_of
from entrepot.core.planner import Task
from entrepot.sdk.writer import Batching, Finding, Writer

FULL = Task(
    title="Milch **kaufen**",
    description="zwei Flaschen\nund Brot",
    priority=1,
    due="2026-12-24T00:00:00",
    show_without_time=True,
    keywords=["home", "shop"],
    estimated_duration="PT1H30M",
)
ZONED = {"due": "2026-11-21T08:00:00", "time_zone": "America/New_York", "show_without_time": False}
DAILY = {"date": "2026-11-21", "string": "every day", "lang": "en"}


@pytest.fixture
def service():
    return Todoist()


@pytest_asyncio.fixture
async def hand(service):
    async with opened("todoist", service, "tasks", INBOX, apart=lambda call: call.startswith("POST /sync")) as made:
        yield made


def sent(service):
    return [(command["type"], command["args"]) for command in service.commands]


async def test_a_task_is_made_and_is_read_as_it_was_told(hand):
    assert isinstance(hand.reader, Writer)
    assert isinstance(hand.reader, Finding)
    assert isinstance(hand.reader, Batching)
    await hand.read()
    made = await hand.create(FULL)
    held = fields_of(made.data)
    assert {name: held[name] for name, value in fields_of(FULL).items() if value} == {
        name: value for name, value in fields_of(FULL).items() if value
    }
    assert made.collection == INBOX
    assert await hand.read(since=True) == {made.ref.id: made}, "the feed tells no news"
    assert await hand.read(since=True) == {}


async def test_only_what_differs_is_sent_and_the_rest_survives(hand, service):
    service.add("Report", deadline={"date": "2026-12-31", "lang": "en"}, labels=["a"], due=DAILY, day_order=7)
    (held,) = (await hand.read()).values()
    changed = await hand.update(held, title="Reports", keywords=["b"])
    assert sent(service) == [("item_update", {"id": held.ref.id, "content": "Reports", "labels": ["b"]})]
    assert service.tasks[held.ref.id]["deadline"] == {"date": "2026-12-31", "lang": "en"}
    assert changed.data == msgspec.structs.replace(
        held.data, title="Reports", keywords=["b"], updated=changed.data.updated
    )
    assert await hand.read(since=True) == {changed.ref.id: changed}


@pytest.mark.parametrize(
    ("due", "given"),
    [
        (
            {"due": "2026-12-24T00:00:00", "time_zone": None, "show_without_time": True},
            {"date": "2026-12-24"},
        ),
        (
            {"due": "2026-12-24T09:30:00", "time_zone": None, "show_without_time": False},
            {"date": "2026-12-24T09:30:00"},
        ),
        (ZONED, {"date": "2026-11-21T13:00:00Z", "timezone": "America/New_York"}),
        (
            {"due": "2026-06-21T08:00:00", "time_zone": "Etc/UTC", "show_without_time": False},
            {"date": "2026-06-21T08:00:00Z", "timezone": "Etc/UTC"},
        ),
    ],
)
async def test_a_date_keeps_its_form(hand, service, due, given):
    made = await hand.create(Task(title="x", **due))
    assert service.commands[0]["args"]["due"] == given
    assert {name: getattr(made.data, name) for name in due} == due
    other = await hand.update(made, due="2027-01-02T00:00:00", time_zone=None, show_without_time=True)
    assert (other.data.due, other.data.time_zone, other.data.show_without_time) == ("2027-01-02T00:00:00", None, True)
    again = await hand.update(other, **due)
    assert {name: getattr(again.data, name) for name in due} == due
    bare = await hand.update(again, due=None, time_zone=None, show_without_time=False)
    assert service.tasks[made.ref.id]["due"] is None
    assert bare.data.due is None


async def test_a_rule_of_repetition_outlives_a_new_date(hand, service):
    service.add("Water", due=DAILY)
    (held,) = (await hand.read()).values()
    moved = await hand.update(held, due="2026-11-30T00:00:00")
    assert service.tasks[held.ref.id]["due"]["string"] == "every day"
    assert service.tasks[held.ref.id]["due"]["is_recurring"] is True
    assert moved.data.due == "2026-11-30T00:00:00"
    with pytest.raises(RecordRefused, match="repeats at Todoist"):
        await hand.update(moved, due=None, show_without_time=False)


async def test_closing_a_task_that_repeats_sends_it_on_and_the_feed_tells(hand, service):
    service.add("Water", due=DAILY)
    (held,) = (await hand.read()).values()
    done = await hand.update(held, progress="completed")
    assert sent(service) == [("item_close", {"id": held.ref.id})]
    assert (done.data.progress, done.data.due) == ("completed", "2026-11-21T00:00:00")
    (told,) = (await hand.read(since=True)).values()
    assert (told.data.progress, told.data.due) == ("needs-action", "2026-11-22T00:00:00")


@pytest.mark.parametrize("finds", [True, False])
async def test_a_task_is_finished_with_its_day_and_opened_again(hand, service, finds):
    service.finds_finished = finds
    service.add("Letter")
    service.now = datetime.now(UTC)
    (held,) = (await hand.read()).values()
    at = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC) if finds else datetime.now(UTC).replace(microsecond=0)
    service.tasks[held.ref.id]["updated_at"] = "2026-01-01T00:00:00Z"
    done = await hand.update(held, progress="completed", progress_updated=at)
    assert (done.data.progress, done.data.progress_updated) == ("completed", at)
    assert (await hand.read(since=True))[held.ref.id] == done
    opened_again = await hand.update(done, progress="in-process", title="Letters")
    assert opened_again.data.progress == "needs-action"
    assert [kind for kind, _ in sent(service)] == ["item_complete", "item_uncomplete", "item_update"]


async def test_a_finished_task_can_be_made(hand, service):
    at = datetime(2026, 10, 1, 8, tzinfo=UTC)
    made = await hand.create(Task(title="Done long ago", progress="completed", progress_updated=at))
    assert [kind for kind, _ in sent(service)] == ["item_add", "item_complete"]
    assert (made.data.progress, made.data.progress_updated) == ("completed", at)


async def test_a_task_goes_to_another_project_a_section_and_below_another_task(hand, service):
    service.add("Parent")
    service.add("Child")
    parent, child = (await hand.read()).values()
    below = await hand.update(child, parent=parent.ref.id)
    assert below.data.parent == parent.ref.id
    moved = await hand.reader.write(msgspec.structs.replace(hand.updating(below), collection=GARDEN))
    assert (moved.collection, moved.data.parent) == (GARDEN, None)
    hand.within = GARDEN
    placed = await hand.update(moved, section=SECTION)
    assert (placed.data.section, placed.collection) == (SECTION, GARDEN)
    out = await hand.update(placed, section=None)
    assert out.data.section is None
    assert {kind for kind, _ in sent(service)} == {"item_move"}


async def test_the_places_of_another_service_are_left_out(hand, service):
    made = await hand.create(Task(title="x", parent="caldav-uid", section="list-7", project="board"))
    assert (made.data.parent, made.data.section, made.collection) == (None, None, INBOX)
    assert "parent_id" not in service.commands[0]["args"]


@pytest.mark.parametrize("odd", ["../projects/1", "..", ".", "a?b=c", "a#b", "a/b", "%2e%2e"])
async def test_the_id_of_another_service_is_never_another_address(hand, service, odd):
    service.faults.calls.clear()
    made = await hand.create(Task(title="x", parent=odd, section=odd))
    assert (made.data.parent, made.data.section) == (None, None)
    asked = [call.partition("?")[0] for call in service.faults.calls if call.startswith("GET ")]
    assert not [
        call for call in asked if "/projects/1" in call or call.endswith(("/..", "/.", "/tasks/a", "/sections/a"))
    ]


async def test_what_stood_below_a_deleted_task_stays(hand, service):
    parent = service.add("Parent")["id"]
    child = service.add("Child", parent_id=parent)["id"]
    held = await hand.read()
    gone = await hand.delete(held[parent])
    assert gone.data is None
    assert service.tasks[parent]["is_deleted"]
    assert (service.tasks[child]["is_deleted"], service.tasks[child]["parent_id"]) == (False, None)
    told = await hand.read(since=True)
    assert (told[parent].data, told[child].data.parent) == (None, None)
    assert (await hand.delete(held[parent])).data is None, "nothing to delete is nothing to refuse"


async def test_what_somebody_changed_meanwhile_is_not_overwritten(hand, service):
    service.add("Letter")
    (held,) = (await hand.read()).values()
    service.edit(held.ref.id, content="Letters")
    with pytest.raises(Stale):
        await hand.update(held, priority=1)
    with pytest.raises(Stale):
        await hand.delete(held)
    service.edit(held.ref.id, is_deleted=True)
    with pytest.raises(Stale):
        await hand.update(held, priority=1)
    assert service.commands == []


async def test_one_refused_write_does_not_hold_up_the_others(hand, service):
    writes = [hand.creation(Task(title=f"t{number}")) for number in range(49)]
    writes.insert(7, hand.creation(Task(title="", description="nameless")))
    done = await hand.reader.write_all(writes)
    assert isinstance(done[7], RecordRefused)
    assert [each.data.title for each in done if not isinstance(each, Exception)] == [f"t{n}" for n in range(49)]
    assert hand.reader.most == len(writes)
    assert len(service.faults.calls) == 2, "one request writes, one reads again"


async def test_the_service_says_why_it_refuses(hand):
    write = msgspec.structs.replace(hand.creation(Task(title="x")), collection="not-a-project")
    with pytest.raises(RecordRefused, match="Invalid argument value"):
        await hand.reader.write(write)


@pytest.mark.parametrize("repeats", [True, False])
async def test_a_lost_answer_makes_no_second_task(hand, service, repeats):
    service.repeats_mapping = repeats
    service.now = datetime.now(UTC)
    service.faults.lost = 1
    write = hand.creation(FULL)
    assert hand.writing.repeatable
    with pytest.raises(TryLater):
        await hand.reader.write(write)
    made = await hand.reader.write(write)
    assert len(service.tasks) == 1
    assert (await hand.reader.find(write)).ref == made.ref
    other = hand.creation(Task(title="Another"))
    assert await hand.reader.find(other) is None


async def test_a_token_that_is_not_known_leads_to_a_full_listing(hand, service):
    service.add("Letter")
    await hand.read()
    service.expire()
    with pytest.raises(Stale):
        await hand.read(since=True)
    assert len(await hand.read()) == 1


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("priority", [*range(10), None]),
        ("progress", ["needs-action", "in-process", "completed", "failed", "cancelled"]),
        ("estimated_duration", ["PT15M", "P2D", "PT24H", "PT90S", "PT10S", None]),
        ("keywords", [["b", "a"], []]),
        ("description", ["a\nb", ""]),
    ],
)
async def test_what_comes_back_was_foretold(hand, field, values):
    for value in values:
        made = await hand.create(Task(title="x", **{field: value}))
        assert getattr(made.data, field) == hand.writing.project(field, value), value
        changed = await hand.update(await hand.create(FULL), **{field: value})
        assert getattr(changed.data, field) == hand.writing.project(field, value), value


async def test_a_projection_of_when_is_what_comes_back(hand):
    for when in ({**ZONED}, {**ZONED, "time_zone": None}, {"due": None, "time_zone": None, "show_without_time": False}):
        made = await hand.create(Task(title="x", **when))
        assert {name: getattr(made.data, name) for name in when} == hand.writing.project("when", when)
