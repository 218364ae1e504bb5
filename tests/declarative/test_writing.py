"""Records written to a service on loopback by what a manifest says: what is sent, what comes back, what goes wrong."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from aiohttp import web

from entrepot.core.change import Ref
from entrepot.core.errors import PersonMustFix, RecordRefused, Stale, TryLater
from entrepot.core.planner import Task
from entrepot.sdk.connector import Reader
from entrepot.sdk.writer import Batching, Finding, Write, Writer

OP = "00112233445566778899aabbccddeeff"
NOW = 1_767_225_600_000
MANIFEST = """\
probe: {request: GET /me, id: id}
streams:
  tasks:
    kind: task
    read: GET /tasks
    id: id
    version: rev
    deletions: {by: absence, confirm: GET /tasks/:id}
    fields:
      title: title
      description: {read: notes.text, write: notes_text}
      priority: {at: level, table: {1: 1, 3: 5}, ignored: [0], empty: 0}
      keywords: {at: tags, each: name}
      project: list.id
      progress: {at: done, table: {false: needs-action, true: completed},
                 verbs: {needs-action: reopen, in-process: reopen, completed: close}}
      created: {at: made, as: instant}
    write:
      create: {request: POST /tasks, headers: {X-Key: ":op"}, answer: task}
      update: {request: PATCH /tasks/:id, headers: {If-Match: ":version"}, answer: .}
      delete: DELETE /tasks/:id
      verbs: {close: POST /tasks/:id/close, reopen: POST /tasks/:id/reopen}
      find: {request: GET /tasks, query: {sort: newest}, items: tasks, same: [title, priority], made: made}
      read_only: [created]
      create_only: [project]
"""


class Shop:
    """Keeps tasks; `now` is when it makes them."""

    def __init__(self) -> None:
        self.tasks: dict[str, dict[str, object]] = {}
        self.now = "2026-01-01T00:00:05Z"
        self.lost = False
        self.status = 0
        self.headers: list[dict[str, str]] = []

    def held(self, number: str, **members: object) -> dict[str, object]:
        task = {"id": number, "rev": 1, "title": "", "done": False, "made": self.now, "color": "red", **members}
        self.tasks[number] = task
        return task

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(dict(request.headers))
        parts = request.path.strip("/").split("/")
        sent = json.loads(await request.read() or b"{}")
        if self.status and request.method != "GET":
            return web.json_response({"message": "no"}, status=self.status)
        if parts == ["tasks"] and request.method == "GET":
            return web.json_response({"tasks": list(self.tasks.values())})
        if parts == ["tasks"]:
            made = self.held(str(len(self.tasks) + 1), **sent)
            return web.Response(status=500) if self.lost else web.json_response({"task": made})
        task = self.tasks.get(parts[1])
        if task is None:
            return web.Response(status=404)
        return self.one(request, task, parts, sent)

    def one(self, request: web.Request, task, parts: list[str], sent) -> web.StreamResponse:
        if request.method == "DELETE":
            del self.tasks[parts[1]]
            return web.Response(status=204)
        if request.method == "PATCH":
            if request.headers.get("If-Match", str(task["rev"])) != str(task["rev"]):
                return web.Response(status=412)
            if "notes_text" in sent:
                sent["notes"] = {"text": sent.pop("notes_text")}
            task |= {**sent, "rev": task["rev"] + 1}
        if parts[2:]:
            task |= {"done": parts[2] == "close", "rev": task["rev"] + 1}
            return web.Response(status=204)
        return web.json_response(task)


@pytest.fixture
def shop(service) -> Shop:
    made = Shop()
    service.handler = made.answer
    return made


def creating(data: Task, *fields: str, **more: object) -> Write:
    return Write(
        op=OP, verb="create", stream="tasks", data=data, fields=frozenset(fields or msgspec.to_builtins(data)), **more
    )


def updating(native: dict[str, object], data: Task, *fields: str, **more: object) -> Write:
    ref = Ref(str(native["id"]), str(native["rev"]))
    return Write(
        op=OP,
        verb="update",
        stream="tasks",
        ref=ref,
        data=data,
        native=json.dumps(native).encode(),
        fields=frozenset(fields),
        **more,
    )


async def test_what_can_be_written_follows_from_the_manifest(shop, open_reader):
    writer = await open_reader(MANIFEST)
    assert isinstance(writer, Reader)
    assert isinstance(writer, Writer)
    assert isinstance(writer, Finding)
    assert not isinstance(writer, Batching)
    about = writer.writing("tasks")
    assert about.verbs == {"create", "update", "delete"}
    assert about.fields == {"title", "description", "priority", "keywords", "progress"}
    assert not about.moves
    assert not about.repeatable


async def test_a_stream_without_write_is_only_read(service, open_reader):
    reader = await open_reader(MANIFEST.partition("    write:")[0])
    assert not isinstance(reader, Writer)


async def test_a_new_record_is_sent_as_the_lenses_write_it_and_comes_back_as_a_read_gives_it(
    service, shop, open_reader, read_all
):
    writer = await open_reader(MANIFEST)
    data = Task(title="Milk", priority=1, keywords=["home"], project="p1", created=datetime(2020, 1, 1, tzinfo=UTC))
    made = await writer.write(creating(data, "title", "priority", "keywords"))
    assert service.bodies == [{"title": "Milk", "level": 1, "tags": [{"name": "home"}], "list": {"id": "p1"}}]
    assert shop.headers[0]["X-Key"] == OP
    assert made.ref == Ref("1", "1")
    assert made.data == Task(
        title="Milk", priority=1, keywords=["home"], project="p1", created=datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC)
    )
    assert json.loads(made.native) == shop.tasks["1"]


async def test_a_record_that_is_made_finished_is_finished_by_the_verb(service, shop, open_reader):
    writer = await open_reader(MANIFEST)
    made = await writer.write(creating(Task(title="Milk", progress="completed"), "title", "progress"))
    assert service.asked == ["POST /tasks", "POST /tasks/1/close", "GET /tasks/1"]
    assert (made.data.progress, made.ref.version) == ("completed", "2")


async def test_a_verb_that_fails_after_the_record_was_made_leaves_the_record(service, shop, open_reader):
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/close"):
            return web.json_response({"message": "not this one"}, status=422)
        return await shop.answer(request)

    service.handler = answer
    writer = await open_reader(MANIFEST)
    made = await writer.write(creating(Task(title="Milk", progress="completed"), "title", "progress"))
    assert made.data.progress == "needs-action"
    with pytest.raises(RecordRefused, match="not this one"):
        await writer.write(updating(shop.tasks["1"], Task(title="Milk", progress="completed"), "progress"))


async def test_an_update_sends_only_what_differs_and_what_nobody_maps_stays(service, shop, open_reader):
    writer = await open_reader(MANIFEST)
    native = dict(shop.held("7", title="Milk", level=3, tags=[{"name": "home", "id": 4}], notes={"text": "fat"}))
    data = Task(title="Milk and bread", priority=5, keywords=["home"], description="thin")
    made = await writer.write(updating(native, data, "title"))
    assert service.bodies == [{"title": "Milk and bread"}]
    assert shop.headers[0]["If-Match"] == "1"
    assert (made.data.description, made.data.keywords, made.ref.version) == ("fat", ["home"], "2")
    assert shop.tasks["7"]["color"] == "red"
    assert "X-Key" not in shop.headers[0]


async def test_a_field_that_loses_its_value_is_sent_as_having_none(service, shop, open_reader):
    writer = await open_reader(MANIFEST)
    native = dict(shop.held("7", title="Milk", level=3, tags=[{"name": "home"}], notes={"text": "fat"}))
    await writer.write(updating(native, Task(title="Milk"), "priority", "keywords", "description"))
    assert service.bodies == [{"level": 0, "tags": [], "notes_text": ""}]


async def test_nothing_is_sent_where_nothing_differs_and_the_record_is_read_again(service, shop, open_reader):
    writer = await open_reader(MANIFEST)
    native = dict(shop.held("7", title="Milk", made=shop.now))
    found = await writer.write(updating(native, Task(title="Milk"), "title", "created"))
    assert service.asked == ["GET /tasks/7"]
    assert found.data.title == "Milk"


async def test_a_verb_is_called_only_where_the_value_is_another_for_the_service(service, shop, open_reader):
    writer = await open_reader(MANIFEST)
    native = dict(shop.held("7", title="Milk"))
    await writer.write(updating(native, Task(title="Milk", progress="in-process"), "progress"))
    assert service.asked == ["GET /tasks/7"]
    await writer.write(updating(native, Task(title="Milk", progress="completed"), "progress"))
    assert service.asked[1:] == ["POST /tasks/7/close", "GET /tasks/7"]


async def test_a_value_that_no_verb_brings_about_is_refused_before_anything_is_sent(service, shop, open_reader):
    writer = await open_reader(MANIFEST)
    native = dict(shop.held("7", title="Milk"))
    with pytest.raises(RecordRefused, match="no verb"):
        await writer.write(updating(native, Task(title="New", progress="failed"), "title", "progress"))
    with pytest.raises(RecordRefused, match="priority cannot be written"):
        await writer.write(updating(native, Task(title="New", priority=7), "title", "priority"))
    assert service.asked == []


async def test_what_changed_or_went_away_meanwhile_is_stale(shop, open_reader):
    writer = await open_reader(MANIFEST)
    native = dict(shop.held("7", title="Milk"))
    shop.tasks["7"]["rev"] = 5
    with pytest.raises(Stale):
        await writer.write(updating(native, Task(title="New"), "title"))
    del shop.tasks["7"]
    with pytest.raises(Stale):
        await writer.write(updating(native, Task(title="New"), "title"))
    with pytest.raises(Stale):
        await writer.write(updating(native, Task(title="Milk"), "title"))


async def test_what_the_service_will_not_have_is_refused_and_what_it_cannot_now_is_for_later(shop, open_reader):
    writer = await open_reader(MANIFEST)
    shop.status = 422
    with pytest.raises(RecordRefused):
        await writer.write(creating(Task(title="Milk")))
    shop.status = 503
    with pytest.raises(TryLater):
        await writer.write(creating(Task(title="Milk")))


async def test_a_delete_gives_a_tombstone_also_of_what_was_gone(shop, open_reader):
    writer = await open_reader(MANIFEST)
    shop.held("7")
    write = Write(op=OP, verb="delete", stream="tasks", ref=Ref("7", "1"))
    for _ in range(2):
        gone = await writer.write(write)
        assert (gone.ref.id, gone.data) == ("7", None)
    assert shop.tasks == {}


async def test_a_create_whose_answer_was_lost_is_found_by_its_content_and_time(shop, open_reader):
    writer = await open_reader(MANIFEST)
    write = creating(Task(title="Milk", priority=5), "title", "priority", at=NOW)
    shop.held("8", title="Milk", level=3, made="2025-12-31T00:00:00Z")
    shop.held("9", title="Milk", level=1)
    assert await writer.find(write) is None
    shop.lost = True
    with pytest.raises(TryLater):
        await writer.write(write)
    found = await writer.find(write)
    assert found.ref.id == "3"


async def test_projection_tells_what_would_come_back(shop, open_reader):
    project = (await open_reader(MANIFEST)).writing("tasks").project
    assert project("title", "Milk") == "Milk"
    assert project("priority", 5) == 5
    assert project("priority", None) is None
    assert project("priority", 7) == 7  # it would be refused
    assert project("keywords", ["b", "a"]) == ["b", "a"]
    assert project("progress", "in-process") == "needs-action"
    assert project("progress", "failed") == "failed"
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert project("created", moment) == moment
    assert project("no_such_field", 3) == 3


async def test_a_stream_that_cannot_be_written_refuses(shop, open_reader):
    text = MANIFEST.replace("      delete: DELETE /tasks/:id\n", "")
    writer = await open_reader(text)
    assert writer.writing("tasks").verbs == {"create", "update"}
    with pytest.raises(RecordRefused, match="no way to delete"):
        await writer.write(Write(op=OP, verb="delete", stream="tasks", ref=Ref("7")))
    with pytest.raises(PersonMustFix):
        writer.writing("nothing")
