"""Linear written to: ids of our own, states by their type, days alone, teams that are changed, and the trash."""

import os
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from tests.connectors.graph_hand import Hand
from tests.services.graphql_contract import held
from tests.services.linear import ENG, OPS, TYPES, Linear

from entrepot.core.change import Ref
from entrepot.core.errors import RecordRefused, Stale, TryLater
from entrepot.core.planner import RecurrenceRule, Task
from entrepot.declarative.compile import compile_connector
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.context import Context
from entrepot.sdk.manifest_file import load
from entrepot.sdk.service import client
from entrepot.sdk.writer import Finding, Writer
from entrepot.transport.budget import Budget
from entrepot.transport.retry import NEVER

SCHEMA = (
    Path(os.environ.get("ENTREPOT_SHARED", Path(__file__).parents[3] / "shared")) / "contracts/linear/schema.graphql"
)
DAY = {"due": "2026-12-24T00:00:00", "show_without_time": True, "time_zone": None}
PROGRESS = ("needs-action", "in-process", "completed", "failed", "cancelled")


@pytest.fixture
def service():
    return Linear()


@pytest_asyncio.fixture
async def hand(service):
    entry = Catalog().entry("linear")
    app = service.make_app()
    wrong = held(app, SCHEMA) if SCHEMA.is_file() else []
    async with TestServer(app, host="127.0.0.1") as server:
        address = str(server.make_url("")).rstrip("/")
        manifest = load(entry.manifest)
        async with client(manifest, base_url=address, allow_private=True, shared=Budget()) as http:
            http.retry = NEVER
            yield Hand(compile_connector(entry)(Context(http=http)), service, "issues", ENG)
    assert not wrong, wrong


async def test_an_issue_is_made_under_an_id_of_ours_and_is_read_as_it_was_told(hand, service):
    assert isinstance(hand.reader, Writer)
    assert isinstance(hand.reader, Finding)
    data = Task(title="Über alles", description="**Kopf**", priority=1, progress="in-process", **DAY)
    write = hand.creation(data)
    made = await hand.reader.write(write)
    assert service.inputs == [
        {
            "id": "00000000-0000-4000-8000-000000000001",
            "teamId": ENG,
            "title": "Über alles",
            "description": "**Kopf**",
            "priority": 1,
            "dueDate": "2026-12-24",
            "stateId": "ENG-started-1",
        }
    ]
    told = msgspec.structs.replace(data, extra={}, links=[], created=None, updated=None)
    assert msgspec.structs.replace(made.data, extra={}, links=[], created=None, updated=None) == told
    assert (made.collection, made.data.extra["identifier"]) == (ENG, "ENG-1")
    assert await hand.read() == {made.ref.id: made}


async def test_only_what_differs_is_sent_and_the_rest_survives(hand, service):
    service.add("Crash", estimate=3, labels={"nodes": [{"name": "Bug"}]}, labelIds=["l1"], priority=2.0)
    (held_one,) = (await hand.read()).values()
    changed = await hand.update(held_one, title="Crash on ü")
    assert service.inputs == [{"title": "Crash on ü"}]
    assert (changed.data.keywords, changed.data.extra["estimate"], changed.data.priority) == (["Bug"], 3, 3)
    assert await hand.read() == {changed.ref.id: changed}
    again = await hand.update(changed, title="Crash on ü")
    assert len(service.inputs) == 1
    assert again == changed


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("progress", PROGRESS)
async def test_every_progress_becomes_a_state_of_the_team_or_stays_the_state_it_is(hand, service, kind, progress):
    service.add("x", stateId=f"ENG-{kind}-2")
    (held_one,) = (await hand.read()).values()
    told = hand.writing.project("progress", progress)
    changed = await hand.update(held_one, progress=progress)
    assert changed.data.progress == told
    if held_one.data.progress == told:
        assert service.inputs == []  # triage, backlog and duplicate are not made anything else
        assert changed.data.extra["state"]["type"] == kind
    else:
        assert changed.data.extra["state"]["name"].endswith(" 1")  # the first of its type


@pytest.mark.parametrize("priority", [None, *range(10)])
async def test_every_priority_comes_back_as_foretold(hand, service, priority):
    made = await hand.create(Task(title="x", priority=priority))
    assert made.data.priority == hand.writing.project("priority", priority)
    cleared = await hand.update(made, priority=None)
    assert cleared.data.priority is None
    assert service.issues[made.ref.id]["priority"] == 0


async def test_of_a_time_the_day_is_kept_and_that_is_known_beforehand(hand, service):
    late = Task(title="x", due="2026-12-24T00:30:00", time_zone="Europe/Berlin", start="2026-12-20T00:00:00",
                recurrence_rules=[RecurrenceRule(frequency="daily")])  # fmt: skip
    made = await hand.create(late)
    found = hand.projected(late, "task")
    assert (made.data.due, made.data.show_without_time, made.data.time_zone) == ("2026-12-24T00:00:00", True, None)
    for name in ("due", "show_without_time", "time_zone", "start", "recurrence_rules"):
        assert found[name] == getattr(made.data, name), name
    moved = await hand.update(made, due="2026-12-25T09:30:00", show_without_time=False)
    assert moved.data.due == "2026-12-25T00:00:00"
    same = await hand.update(moved, due="2026-12-25T18:00:00", show_without_time=False)
    assert [given.get("dueDate") for given in service.inputs] == ["2026-12-24", "2026-12-25"]
    assert same.data.due == moved.data.due
    cleared = await hand.update(same, due=None, show_without_time=False)
    assert (service.inputs[-1], cleared.data.due) == ({"dueDate": None}, None)


async def test_a_team_without_such_a_state_is_told_of_before_anything_is_sent(hand, service):
    service.states = {name: state for name, state in service.states.items() if state["type"] != "canceled"}
    service.add("x")
    (held_one,) = (await hand.read()).values()
    with pytest.raises(RecordRefused, match="no state of the type canceled"):
        await hand.update(held_one, title="y", progress="cancelled")
    assert service.inputs == []


async def test_an_issue_goes_to_another_team_and_keeps_its_id(hand, service):
    service.add("x", stateId="ENG-backlog-1")
    (held_one,) = (await hand.read()).values()
    assert hand.writing.moves
    write = msgspec.structs.replace(hand.updating(held_one, title="y", progress="completed"), collection=OPS)
    write = msgspec.structs.replace(write, data=msgspec.structs.replace(write.data, title="y", progress="completed"))
    moved = await hand.reader.write(write)
    assert service.inputs == [{"teamId": OPS}, {"title": "y", "stateId": "OPS-completed-1"}]
    assert (moved.ref.id, moved.collection, moved.data.progress) == (held_one.ref.id, OPS, "completed")


async def test_a_deleted_issue_lies_in_the_trash_and_what_is_no_more_is_deleted_too(hand, service):
    service.add("x")
    (held_one,) = (await hand.read()).values()
    gone = await hand.delete(held_one)
    assert (gone.ref.id, gone.data, service.issues[held_one.ref.id]["trashed"]) == (held_one.ref.id, None, True)
    assert (await hand.delete(held_one)).data is None
    with pytest.raises(Stale):
        await hand.update(held_one, title="y")
    service.issues.clear()
    assert (await hand.delete(held_one)).data is None
    with pytest.raises(Stale):
        await hand.update(held_one, title="z")


async def test_a_create_whose_answer_was_lost_is_found_by_its_id(hand, service):
    write = hand.creation(Task(title="x"))
    assert await hand.reader.find(write) is None
    service.faults.lost = 1
    with pytest.raises(TryLater):
        await hand.reader.write(write)
    found = await hand.reader.find(write)
    assert found.data.title == "x"
    assert len(service.issues) == 1


async def test_what_linear_will_not_have_is_refused_with_its_words(hand, service):
    with pytest.raises(RecordRefused, match="Validation"):
        await hand.create(Task(description="no title"))
    service.faults.limited = 1
    with pytest.raises(TryLater):
        await hand.create(Task(title="x"))
    assert service.issues == {}


async def test_what_cannot_be_written_is_not_claimed(hand):
    assert hand.writing.fields == {
        "title", "description", "progress", "priority", "due", "time_zone", "show_without_time"
    }  # fmt: skip
    assert hand.writing.verbs == {"create", "update", "delete"}
    assert await hand.confirm(type("Asked", (), {"ref": Ref("0b7c3f5e-0005-4a00-9000-000000000005")})())
