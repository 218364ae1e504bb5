"""Writes of other shapes: in collections, by GraphQL, as a form, through Python, and by a class that does it all."""

import json
from urllib.parse import parse_qs

import msgspec
import pytest
from aiohttp import web

from entrepot.core.change import Change, Ref
from entrepot.core.errors import RecordRefused, ServiceChanged, Stale
from entrepot.core.planner import Task
from entrepot.sdk.writer import Batching, Finding, Write, Writer

OP = "00112233445566778899aabbccddeeff"
UUID = "00112233-4455-4677-8899-aabbccddeeff"

LISTS = """\
probe: {request: GET /me, id: id}
collections:
  lists: {kind: task, request: GET /lists, items: lists, id: id, name: name, writable: true}
settings:
  tone: {label: Tone, default: calm}
streams:
  tasks:
    kind: task
    by_collection: lists
    read: {request: "GET /lists/:collection/tasks", items: tasks}
    id: id
    local_ids: true
    deletions: {by: absence, confirm: "GET /lists/:collection/tasks/:id"}
    fields: {title: title}
    write:
      create: {request: "POST /lists/:collection/tasks", id: made.id,
               body: {tone: ":tone", by: ":account", list: ":collection", ...: ":record", deep: {task: ":record"}}}
      update: {request: "PUT /lists/:collection/tasks/:id", sent: form}
      move: {request: "POST /lists/:collection/tasks/:id/move", query: {to: ":to"}}
      repeatable: true
"""


def write(verb: str, data: Task | None = None, **more: object) -> Write:
    fields = frozenset({"title"}) if data else frozenset[str]()
    return Write(**{"op": OP, "verb": verb, "stream": "tasks", "data": data, "fields": fields, **more})


async def test_a_record_is_known_by_its_collection_and_its_own_id(service, open_reader):
    bodies: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        bodies.append((await request.read()).decode())
        if request.path == "/me":
            return web.json_response({"id": 4})
        return web.json_response({"made": {"id": 5}} if request.method == "POST" else {"id": 5, "title": "Milk"})

    service.handler = answer
    writer = await open_reader(LISTS)
    made = await writer.write(write("create", Task(title="Milk"), collection="a/b"))
    assert (made.ref.id, made.data.title) == ("a/b/5", "Milk")
    assert json.loads(bodies[1]) == {
        "title": "Milk",
        "tone": "calm",
        "by": 4,
        "list": "a/b",
        "deep": {"task": {"title": "Milk"}},
    }
    assert await writer.find(write("create", Task(title="Milk"), collection="a/b")) is None
    native = b'{"id": 5, "title": "Old"}'
    await writer.write(write("update", Task(title="Mi & lk"), collection="a/b", ref=Ref("a/b/5"), native=native))
    assert parse_qs(bodies[-2]) == {"title": ["Mi & lk"]}
    assert service.paths == [
        "/me", "/lists/a/b/tasks", "/lists/a/b/tasks/5", "/lists/a/b/tasks/5", "/lists/a/b/tasks/5"
    ]  # fmt: skip


async def test_a_record_is_moved_first_and_has_another_name_then(service, open_reader):
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"id": 5, "title": "Milk"})

    service.handler = answer
    writer = await open_reader(LISTS)
    assert writer.writing("tasks").moves
    native = b'{"id": 5, "title": "Old"}'
    moved = await writer.write(write("update", Task(title="Milk"), collection="b", ref=Ref("a/5"), native=native))
    assert moved.ref.id == "b/5"
    assert service.asked[1:] == [
        "POST /lists/a/tasks/5/move?to=b",
        "GET /lists/b/tasks/5",
        "PUT /lists/b/tasks/5",
        "GET /lists/b/tasks/5",
    ]


GRAPHQL = """\
probe: {request: POST /graphql, graphql: me.graphql, id: data.me.id}
streams:
  tasks:
    kind: task
    read: {request: POST /graphql, graphql: tasks.graphql, items: data.tasks}
    id: id
    deletions: {by: absence, confirm: {request: POST /graphql, graphql: tasks.graphql, variables: {id: ":id"},
                                       answer: data.tasks.0}}
    fields: {title: title}
    write:
      create: {request: POST /graphql, graphql: write.graphql, variables: {input: {id: ":uuid", ...: ":record"}},
               id: data.taskCreate.task.id}
      update: {request: POST /graphql, graphql: write.graphql, variables: {id: ":id", input: ":record"}}
      delete: {request: POST /graphql, graphql: write.graphql, variables: {id: ":id"}}
      repeatable: true
"""
FILES = {"me.graphql": "{me}", "tasks.graphql": "query", "write.graphql": "mutation"}


class Graph:
    def __init__(self) -> None:
        self.sent: list[dict[str, object]] = []
        self.tasks = [{"id": "t1", "title": "Milk"}]
        self.error = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        sent = json.loads(await request.read())
        self.sent.append(sent)
        if sent["query"] == "query":
            return web.json_response({"data": {"tasks": self.tasks}})
        if self.error:
            return web.json_response({"errors": [{"message": self.error}]})
        return web.json_response({"data": {"taskCreate": {"task": {"id": "t1"}}}})


async def test_graphql_mutations_name_a_record_and_read_it_again(service, open_reader):
    graph = Graph()
    service.handler = graph.answer
    writer = await open_reader(GRAPHQL, files=FILES)
    made = await writer.write(write("create", Task(title="Milk")))
    assert made.ref.id == "t1"
    assert graph.sent[0]["variables"] == {"input": {"id": UUID, "title": "Milk"}}
    assert graph.sent[1]["variables"] == {"id": "t1"}


async def test_a_mutation_that_is_refused_is_told_from_one_on_what_is_gone(service, open_reader):
    graph = Graph()
    service.handler = graph.answer
    writer = await open_reader(GRAPHQL, files=FILES)
    update = write("update", Task(title="New"), ref=Ref("t1"), native=b'{"id": "t1", "title": "Milk"}')
    graph.error = "Entity not found"
    with pytest.raises(RecordRefused, match="Entity not found"):
        await writer.write(update)
    with pytest.raises(RecordRefused, match="Entity not found"):
        await writer.write(write("delete", ref=Ref("t1")))
    graph.tasks.clear()
    with pytest.raises(Stale):
        await writer.write(update)
    assert (await writer.write(write("delete", ref=Ref("t1")))).data is None


HOOKED = """\
probe: {request: GET /me, id: id}
streams:
  tasks:
    kind: task
    read: {request: GET /tasks, items: tasks}
    id: id
    deletions: absence
    complete: hooks.complete
    volatile: [shop]
    fields: {title: title, estimatedDuration: shop.length}
    write:
      create: {request: POST /tasks, answer: .}
      update: {request: "PATCH /tasks/:id", answer: .}
      repeatable: true
      resolve: hooks.resolve
      prepare: hooks.prepare
      project: hooks.project
      around: hooks.around
"""
HOOKS = """
async def complete(record, http, words):
    return {**record, "shop": {"length": f"PT{record['minutes']}M"}} if record.get("minutes") else record

async def resolve(data, http, words):
    return {**data, "title": data["title"] + " (" + words["op"][:2] + ")"}

async def prepare(record, native, data, http, words):
    length = record.pop("shop", {"length": "none"})["length"]
    if length != "none":
        record["minutes"] = None if length is None else int(length[2:-1])
    return record

def project(field, value):
    return "PT5M" if field == "estimated_duration" else value

async def around(write, http, words, send):
    made = await send()
    return made
"""


async def test_python_has_its_word_before_and_after_the_lenses(service, open_reader):
    async def answer(request: web.Request) -> web.StreamResponse:
        sent = json.loads(await request.read())
        return web.json_response({"id": 1, "title": "Milk", "minutes": 30, **sent})

    service.handler = answer
    writer = await open_reader(HOOKED, files={"hooks.py": HOOKS})
    about = writer.writing("tasks")
    assert about.fields == {"title", "estimated_duration"}
    assert about.project("estimated_duration", "PT4M59S") == "PT5M"
    made = await writer.write(write("create", Task(title="Milk", estimated_duration="PT5M"),
                                    fields=frozenset({"title", "estimated_duration"})))  # fmt: skip
    assert service.bodies[-1] == {"title": "Milk (00)", "minutes": 5}
    assert made.data.estimated_duration == "PT5M"
    assert b"shop" not in made.native
    update = write("update", Task(title="Milk (00)"), ref=made.ref, native=made.native)
    again = await writer.write(update)
    assert len(service.bodies) == 1  # nothing differs, and there is no way to ask again
    assert again.data.estimated_duration == "PT5M"
    cleared = write(
        "update",
        Task(title="Milk (00)"),
        ref=made.ref,
        native=made.native,
        fields=frozenset({"estimated_duration", "title"}),
    )
    await writer.write(cleared)
    assert service.bodies[-1] == {"minutes": None}


OWN = """\
probe: {request: GET /me, id: id}
writer: own.%s
streams:
  tasks:
    kind: task
    read: {request: GET /tasks, items: tasks}
    id: id
    deletions: absence
    fields: {title: title}
"""
OWN_CODE = """
from entrepot.core.change import Change, Ref
from entrepot.sdk.writer import Writing

class Plain:
    def __init__(self, context, lines, reader):
        self.lines, self.reader = lines, reader

    def writing(self, stream):
        return Writing(verbs=frozenset({"create"}))

    async def write(self, write):
        import msgspec
        sent = self.lines["tasks"].write(msgspec.to_builtins(write.data))
        return await self.reader.as_written("tasks", msgspec.Raw(msgspec.json.encode({"id": 3, **sent})))

class Whole(Plain):
    most = 100

    async def find(self, write):
        return None

    async def write_all(self, writes):
        return [await self.write(write) for write in writes]
"""


async def test_a_class_beside_the_manifest_writes_instead(service, open_reader):
    plain = await open_reader(OWN % "Plain", files={"own.py": OWN_CODE})
    assert isinstance(plain, Writer)
    assert not isinstance(plain, Finding)
    assert not isinstance(plain, Batching)
    made = await plain.write(write("create", Task(title="Milk")))
    assert made == Change(stream="tasks", ref=Ref("3"), data=Task(title="Milk"), native=b'{"id":3,"title":"Milk"}')


@pytest.mark.parametrize(
    "record", [b'{"id": 3, "title": [], "sort": "task"}', b'{"id": 3, "title": "Milk", "sort": "note"}']
)
async def test_what_came_back_and_is_no_record_any_more_is_the_services_change(service, open_reader, record):
    text = OWN.replace("    fields:", "    when: {sort: task}\n    fields:")
    plain = await open_reader(text % "Plain", files={"own.py": OWN_CODE})
    with pytest.raises(ServiceChanged, match="was written"):
        await plain.as_written("tasks", msgspec.Raw(record))


async def test_it_has_the_capabilities_of_that_class(service, open_reader):
    whole = await open_reader(OWN % "Whole", files={"own.py": OWN_CODE})
    assert isinstance(whole, Writer)
    assert isinstance(whole, Finding)
    assert isinstance(whole, Batching)
    assert whole.most == 100
    assert whole.writing("tasks").verbs == {"create"}
    assert len(await whole.write_all([write("create", Task(title="Milk"))] * 2)) == 2
    assert await whole.find(write("create", Task(title="Milk"))) is None
