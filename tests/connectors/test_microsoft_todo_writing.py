"""Microsoft To Do written to: days, one reminder, three steps of importance, and tasks found again by what they say."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import pytest_asyncio
from tests.connectors.graph_hand import opened
from tests.services.microsoft_todo import MicrosoftTodo

from entrepot.core.errors import RecordRefused, Stale, TryLater
from entrepot.core.kinds import decode, encode
from entrepot.core.planner import Alert, NDay, RecurrenceRule, Task
from entrepot.sdk.writer import Finding, Writer

NINE = datetime(2026, 12, 23, 9, tzinfo=UTC)
FULL = Task(
    title="Milch kaufen",
    description="Zwei *Flaschen*\nund <Brot>",
    progress="in-process",
    priority=1,
    start="2026-12-20T00:00:00",
    due="2026-12-24T00:00:00",
    show_without_time=True,
    alerts=[Alert(at=NINE)],
    recurrence_rules=[
        RecurrenceRule(frequency="weekly", interval=2, by_day=[NDay(day="th")], first_day_of_week="mo"),
    ],
    keywords=["Zuhause"],
    links=["https://example.org/mail/1"],
)


@pytest.fixture
def service():
    return MicrosoftTodo()


@pytest_asyncio.fixture
async def hand(service):
    async with opened("microsoft_todo", service) as made:
        yield made


def known(made, data: Task) -> Task:
    """What was sent, with what the service adds."""
    return msgspec.structs.replace(
        data, project="AQMkTasks=", created=made.data.created, updated=made.data.updated, extra=made.data.extra
    )


async def test_a_task_is_made_and_is_read_as_it_was_told(hand, service):
    assert isinstance(hand.reader, Writer)
    assert isinstance(hand.reader, Finding)
    await hand.read()
    made = await hand.create(FULL)
    assert made.data == known(made, FULL)
    assert await hand.read(since=True) == {made.ref.id: made}  # the feed tells no news
    (linked,) = service.tasks[made.ref.id]["linkedResources"]
    assert (linked["webUrl"], linked["applicationName"], linked["displayName"]) == (
        *("https://example.org/mail/1", "Entrepôt", "Milch kaufen"),
    )
    assert hand.sent()["dueDateTime"] == {"dateTime": "2026-12-24T00:00:00", "timeZone": "UTC"}


async def test_only_what_differs_is_sent_and_the_rest_survives(hand, service):
    step = {"displayName": "Take the bag", "isChecked": False}
    name = service.add(
        "Report",
        status="waitingOnOthers",
        importance="low",
        body={"contentType": "html", "content": "With <b>numbers</b>"},
        dueDateTime={"dateTime": "2026-11-02T05:00:00", "timeZone": "Eastern Standard Time"},
        checklistItems=[step],
        linkedResources=[{"webUrl": "https://example.org/1", "externalId": "m1"}],
    )
    before = (await hand.read())[name]
    assert before.data.due == "2026-11-02T05:00:00"  # midnight in New York
    changed = await hand.update(before, title="The report")
    assert hand.sent() == {"title": "The report"}
    after = service.tasks[name]
    assert (after["status"], after["body"]["contentType"]) == ("waitingOnOthers", "html")
    assert changed.data == msgspec.structs.replace(before.data, title="The report", updated=changed.data.updated)
    assert [one["displayName"] for one in changed.data.extra["checklistItems"]] == ["Take the bag"]
    assert await hand.read(since=True) == {name: changed}


async def test_each_field_is_cleared_and_set_by_itself(hand, service):
    held = await hand.create(FULL)
    empty = {"description": "", "priority": None, "alerts": [], "keywords": [], "recurrence_rules": []}
    for field, value in empty.items():
        held = await hand.update(held, **{field: value})
        assert getattr(held.data, field) == value
    assert hand.sent() == {"recurrence": None}
    held = await hand.update(held, start=None, due=None, show_without_time=False)
    assert (held.data.start, held.data.due, held.data.show_without_time) == (None, None, False)
    assert hand.sent() == {"startDateTime": None, "dueDateTime": None}
    stored = service.tasks[held.ref.id]
    assert (stored["isReminderOn"], stored["importance"], stored["body"]["content"]) == (False, "normal", "")
    for field in empty:
        held = await hand.update(held, **{field: getattr(FULL, field), "due": FULL.due, "show_without_time": True})
        assert getattr(held.data, field) == getattr(FULL, field)


@pytest.mark.parametrize("priority", [None, *range(10)])
@pytest.mark.parametrize("progress", ["needs-action", "in-process", "completed", "failed", "cancelled"])
async def test_every_step_is_told_again_as_it_was_foretold(hand, priority, progress):
    data = Task(title="x", priority=priority, progress=progress)
    made = await hand.create(data)
    foretold = hand.projected(data, "task")
    assert (made.data.priority, made.data.progress) == (foretold["priority"], foretold["progress"])
    assert (made.data.progress_updated is not None) == (made.data.progress == "completed")


@pytest.mark.parametrize(
    "when",
    [
        {"due": "2026-03-29T02:30:00", "time_zone": "Europe/Berlin"},
        {"start": "2026-03-29T23:30:00", "due": "2026-03-30T00:30:00", "time_zone": "Asia/Tokyo"},
        {"due": "2026-03-29T12:00:00"},
        {"start": "2026-03-29T00:00:00", "show_without_time": True},
        {"start": "2026-03-28T00:00:00", "show_without_time": True, "recurrence_rules": [RecurrenceRule(frequency="monthly")]},
        {"due": "2026-01-31T00:00:00", "show_without_time": True,
         "recurrence_rules": [RecurrenceRule(frequency="monthly", by_month_day=[-1], count=3)]},
        {"due": "2026-01-31T17:00:00", "time_zone": "Europe/Berlin",
         "recurrence_rules": [RecurrenceRule(frequency="daily", until="2026-02-10T16:00:00")]},
        {"time_zone": "Europe/Berlin"},
    ],
)  # fmt: skip
async def test_of_times_the_day_is_kept_as_it_was_foretold(hand, when):
    data = Task(title="x", **when)
    made = await hand.create(data)
    foretold = hand.projected(data, "task")
    for field in ("start", "due", "time_zone", "show_without_time", "recurrence_rules"):
        assert getattr(made.data, field) == foretold[field], field
    held = await hand.update(made, title="y", **when)  # what To Do cannot hold is no difference
    assert hand.sent() == {"title": "y"}
    assert held.data.due == made.data.due


async def test_a_reminder_before_the_time_is_at_a_moment_and_others_are_not_kept(hand):
    early = Alert(offset="-PT15M", relative_to="end")
    made = await hand.create(Task(title="x", due="2026-07-01T09:00:00", time_zone="Europe/Berlin", alerts=[early]))
    assert [alert.at for alert in made.data.alerts] == [datetime(2026, 7, 1, 6, 45, tzinfo=UTC)]
    both = [Alert(at=NINE), Alert(at=NINE + timedelta(days=1))]
    made = await hand.create(Task(title="y", alerts=both))
    assert made.data.alerts == hand.writing.project("alerts", both) == both[:1]
    assert (await hand.create(Task(title="z", alerts=[early]))).data.alerts == []


async def test_html_stays_html_with_the_words_as_they_are(hand, service):
    name = service.add("x", body={"contentType": "html", "content": "a <b>b</b>"})
    changed = await hand.update((await hand.read())[name], description="1 < 2\nand so on")
    assert service.tasks[name]["body"]["content"] == "1 &lt; 2<br>and so on"
    assert changed.data.description == "1 < 2  \nand so on"


async def test_who_was_there_first_is_not_written_over(hand, service):
    held = await hand.create(FULL)
    service.edit(held.ref.id, title="Something else")
    with pytest.raises(Stale):
        await hand.update(held, title="Mine")
    with pytest.raises(Stale):
        await hand.delete(held)
    now = await hand.confirm(held)
    assert now.data.title == "Something else"
    assert (await hand.update(now, title="Mine")).data.title == "Mine"


async def test_what_is_gone_is_gone(hand, service):
    held = await hand.create(FULL)
    gone = await hand.delete(held)
    assert (gone.ref.id, gone.data, service.tasks) == (held.ref.id, None, {})
    assert (await hand.delete(held)).data is None
    assert (await hand.confirm(held)).data is None
    with pytest.raises(Stale):
        await hand.update(held, title="Mine")


@pytest.mark.parametrize(
    "wrong",
    [
        {"recurrence_rules": [RecurrenceRule(frequency="daily")]},  # from when on?
        {"due": "2026-01-01T00:00:00", "recurrence_rules": [RecurrenceRule(frequency="hourly")]},
        {
            "due": "2026-01-01T00:00:00",
            "recurrence_rules": [RecurrenceRule(frequency="daily"), RecurrenceRule(frequency="weekly")],
        },
    ],
)
async def test_what_to_do_cannot_hold_is_refused_before_anything_is_sent(hand, service, wrong):
    with pytest.raises(RecordRefused):
        await hand.create(Task(title="x", **wrong))
    assert service.faults.writes() == 0
    held = await hand.create(Task(title="x"))
    with pytest.raises(RecordRefused):
        await hand.update(held, **wrong)
    for field, value in wrong.items():
        hand.writing.project(field, value)  # which is total


async def test_a_create_whose_answer_was_lost_is_found_by_what_it_says(hand, service):
    timed = msgspec.structs.replace(FULL, due="2026-12-24T18:00:00", time_zone="Europe/Berlin", show_without_time=False)
    service.now -= timedelta(days=2)
    service.add(FULL.title)  # another one, of long ago
    service.now += timedelta(days=2)
    write = hand.creation(timed)
    assert await hand.reader.find(write) is None
    service.faults.lost = 1
    with pytest.raises(TryLater):
        await hand.reader.write(write)
    found = await hand.reader.find(write)
    assert found is not None
    assert (await hand.confirm(found)) == found
    assert len(service.tasks) == 2
    assert not hand.writing.repeatable


async def test_changes_come_in_part_twice_and_in_any_order_and_say_the_same(hand, service):
    await hand.read()
    service.partial = service.replays = True
    service.page = 2
    made = [await hand.create(Task(title=f"Task {n}", due="2026-01-01T00:00:00")) for n in range(3)]
    last = await hand.update(made[0], priority=1)
    await hand.delete(made[1])
    found = await hand.read(since=True)
    assert found.pop(made[1].ref.id).data is None
    assert found == {last.ref.id: last, made[2].ref.id: made[2]}
    assert decode("task", encode(last.data)) == last.data


async def test_a_delta_link_that_has_died_leads_to_everything(hand, service):
    made = await hand.create(FULL)
    await hand.read()
    service.forget()
    with pytest.raises(Stale):
        await hand.read(since=True)
    assert await hand.read() == {made.ref.id: made}


async def test_a_busy_service_is_asked_later(hand, service):
    service.faults.limited = 1
    with pytest.raises(TryLater):
        await hand.create(FULL)
    assert (service.tasks, hand.writing.moves) == ({}, False)
    assert "links" not in hand.writing.fields
