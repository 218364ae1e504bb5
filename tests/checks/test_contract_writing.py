"""The requests that write, held against the contract: a wrong path, parameter, member or value in each verb is caught."""

import json

import pytest

from entrepot.checks.contract import contract_is_held
from entrepot.checks.subject import Subject
from entrepot.sdk.catalog import Catalog

WRITE = """\
    write:
      create: {request: "POST /lists/:list/tasks", headers: {X-Key: ":op"}, query: {notify: false}, answer: task}
      update: {request: PUT /tasks/:id, sent: form}
      delete: DELETE /tasks/:id
      repeatable: true
      read_only: [updated]
"""
MEMBERS = {
    "content": {"type": "string"},
    "state": {"type": "string", "enum": ["open", "done"]},
    "due": {"type": "object", "properties": {"date": {"type": "string", "format": "date"}}},
    "labels": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
}


def body(media: str, **schema) -> dict:
    return {"requestBody": {"content": {media: {"schema": {"type": "object", **schema}}}}}


@pytest.fixture
def written(shop, contracts, openapi):
    answer = {"type": "object", "properties": {"task": {"$ref": "#/components/schemas/Task"}}}
    responses = {"responses": {"200": {"description": "", "content": {"application/json": {"schema": answer}}}}}
    notify = {"name": "notify", "in": "query", "schema": {"type": "boolean"}}
    document = json.loads(json.dumps(openapi))
    made = body("application/json", properties=MEMBERS, required=["content"], additionalProperties=False)
    document["paths"]["/lists/{listId}/tasks"]["post"] = {"parameters": [notify], **made, **responses}
    form = body("application/x-www-form-urlencoded", properties={**MEMBERS, "due": {}, "labels": {}})
    document["paths"]["/tasks/{taskId}"] |= {"put": {**form, **responses}, "delete": responses}
    (contracts / "shop" / "openapi.json").write_text(json.dumps(document))

    def problems(*replace: tuple[str, str]) -> list[str]:
        entry = shop(("\nsettings:", f"{WRITE}\nsettings:"), *replace)
        subject = Subject(entry, contracts)
        assert subject.examined.problems == []
        return contract_is_held(subject)

    return problems


def test_requests_that_hold_the_contract_have_no_problems(written):
    assert written() == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("POST /lists/:list/tasks", "POST /list/:list/tasks", "write.create (POST /list/:list/tasks): the document has no path"),
        ("PUT /tasks/:id", "PATCH /tasks/:id", "has no PATCH in the document, but"),
        ("DELETE /tasks/:id", "DELETE /tasks", "write.delete (DELETE /tasks): the document has no path"),
        ("notify: false", "mail: false", "the parameter mail is not in the document; there are notify"),
        ("notify: false", "notify: never", "notify"),
        ("title: content", "title: {read: content, write: name}", "the body's name is not in the document"),
        ("at: due.date", "read: due.date, write: due.day", "the body's due.day is not"),
        ("each: name", "as: list", "labels"),
        ("done: completed}, ignored: [hidden]", "done: completed, hidden: failed}", "'hidden' is not one of"),
        ("answer: task", "answer: made", "write.create.answer reads made, which is not"),
        (", headers: {X-Key", ', body: {title: ":list", ...: ":record"}, headers: {X-Key', "the body's title is not"),
        (", headers: {X-Key", ', body: {state: ":list"}, headers: {X-Key', "'content' is a required property"),
        ("delete: DELETE /tasks/:id", "find: {request: GET /task, items: results}", "find (GET /task): the"),
        ("read_only: [updated]", "read_only: []", "the body's changed_at is not"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_request_that_writes_is_caught(written, old, new, message):
    found = written((old, new))
    assert any(message in problem for problem in found), found


SDL = """
enum State { OPEN DONE }
type Task { id: ID! content: String state: State }
input TaskInput { id: ID content: String state: State }
type Made { task: Task }
type Query { tasks: [Task!]! }
type Mutation { taskCreate(input: TaskInput!): Made! taskDelete(id: ID!): Boolean }
"""
MANIFEST = """\
id: shop
name: Shop
summary: A service made up for tests.
kinds: [task]
docs: https://example.org/docs

http: {base_url: https://api.example.org}
probe: {request: POST /graphql, graphql: tasks.graphql, id: data.tasks.0.id}
streams:
  tasks:
    kind: task
    read: {request: POST /graphql, graphql: tasks.graphql, items: data.tasks}
    id: id
    deletions: absence
    fields:
      title: content
      progress: {at: state, table: {OPEN: needs-action, DONE: completed}}
    write:
      create: {request: POST /graphql, graphql: create.graphql, variables: {input: {id: ":uuid", ...: ":record"}},
               answer: data.taskCreate.task}
      delete: {request: POST /graphql, graphql: delete.graphql, variables: {id: ":id"}}
      repeatable: true

contract: {format: graphql, document: shop/schema.graphqls}
"""
FILES = {
    "manifest.yaml": MANIFEST,
    "tasks.graphql": "{ tasks { id content state } }",
    "create.graphql": "mutation ($input: TaskInput!) { taskCreate(input: $input) { task { id content state } } }",
    "delete.graphql": "mutation ($id: ID!) { taskDelete(id: $id) }",
}


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (None, None, None, None),
        ("manifest.yaml", "title: content", "title: {read: content, write: contents}", "unknown field 'contents'"),
        ("manifest.yaml", "title: content", "title: {at: content, as: integer}", "String cannot represent"),
        ("manifest.yaml", "DONE: completed", "DONE: completed, ENDED: failed", "'ENDED' does not exist in 'State'"),
        ("manifest.yaml", 'variables: {id: ":id"}', 'variables: {task: ":id"}', "the variable task is not declared"),
        ("manifest.yaml", "answer: data.taskCreate.task", "answer: data.taskMake.task", "create.answer reads data.taskMake"),
        ("create.graphql", "taskCreate(", "taskMake(", "Cannot query field 'taskMake'"),
        ("delete.graphql", "$id: ID!", "$id: String", "String"),
    ],
)  # fmt: skip
def test_mutations_are_held_to_the_schema(tmp_path, contracts, file, old, new, message):
    (contracts / "shop" / "schema.graphqls").write_text(SDL)
    folder = tmp_path / "connectors" / "shop"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        assert name != file or old in text
        (folder / name).write_text(text.replace(old, new, 1) if name == file else text)
    subject = Subject(Catalog([folder.parent]).entry("shop"), contracts)
    assert subject.examined.problems == []
    found = contract_is_held(subject)
    assert any(message in problem for problem in found) if message else found == [], found
