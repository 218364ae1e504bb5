"""A manifest held against its contract: each sort of mistake is caught, and nothing passes unseen."""

import json
import shutil

import pytest

from entrepot.checks.contract import contract_is_held
from entrepot.checks.subject import NOT_CHECKED, Subject
from entrepot.sdk.catalog import BUILT_IN, Catalog


def problems(entry, contracts):
    subject = Subject(entry, contracts)
    assert subject.examined.problems == []
    return contract_is_held(subject)


def test_a_manifest_that_holds_its_contract_has_no_problems(shop, contracts):
    assert problems(shop(), contracts) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("GET /lists/:list/tasks", "GET /list/:list/tasks", "no path /list/inbox/tasks"),
        ("GET /tasks/:id", "GET /task/:id", "no path /task/sample"),
        ("GET /me", "POST /me", "has no POST in the document, but GET"),
        (
            "https://api.example.org/v1",
            "https://api.example.org/v2",
            "not where the document says: https://api.example.org/v1",
        ),
        (
            "send: cursor",
            "send: page_token",
            "the parameter page_token is not in the document; there are cursor, limit",
        ),
        ("send: since", "send: updated_since", "the parameter updated_since is not"),
        ("{order: changed}", "{order: newest}", "newest"),
        ("{limit: 100}", "{limit: 500}", "500"),
        ("title: content", "title: contents", "fields.title reads contents, which is not in the answer"),
        ("at: due.date", "at: due.day", "reads due.day, which is not"),
        ("each: name", "each: names", "reads labels.*.names, which is not"),
        ("items: results", "items: tasks", "which is not in the answer"),
        ("find: next", "find: following", "reads following, which is not"),
        ("name: name}", "name: full_name}", "probe.name reads full_name"),
        ("field: changed_at", "field: edited_at", "since.field reads edited_at"),
        ("id: id\n    deletions", "id: uid\n    deletions", "tasks.id reads uid"),
        ("done: completed", "finished: completed", "knows 'finished', which is not a documented value of state"),
        ("done: completed", "finished: completed", "has no row for 'done', a documented value of state"),
        (", ignored: [hidden]", "", "has no row for 'hidden'"),
        ("when: {type: task}", "when: {type: todo}", "knows 'todo', which is not a documented value of type"),
        ("shop/openapi.json", "shop/missing.json", "no document missing.json"),
    ],
)
def test_a_mistake_in_the_manifest_is_caught(shop, contracts, old, new, message):
    found = problems(shop((old, new)), contracts)
    assert any(message in problem for problem in found), found


def test_ignored_values_may_also_stand_with_the_stream(shop, contracts):
    entry = shop((", ignored: [hidden]", ""), ("    fields:", "    ignored: {state: [hidden]}\n    fields:"))
    assert problems(entry, contracts) == []


def test_what_the_document_leaves_open_must_be_named(shop, contracts):
    open_field = ("title: content", "title: custom.title")
    found = problems(shop(open_field), contracts)
    assert found == [
        "streams.tasks.fields.title reads custom.title, which the document does not describe: name it in `contract.unverified`"
    ]
    named = ('prefix: ""', "unverified: [The members of custom stand in the prose only.]")
    assert problems(shop(open_field, named), contracts) == []
    near = ('prefix: ""', "unverified: [The customers.]")
    assert problems(shop(open_field, near), contracts) != []


def test_members_of_a_map_are_described_by_its_values(shop, contracts):
    assert problems(shop(("title: content", "position: counts.anything")), contracts) == []


def test_a_call_that_stands_in_no_document_must_be_named(shop, contracts):
    named = ('prefix: ""', "unverified: [GET /whoami is described in the prose only.]")
    assert problems(shop(("GET /me", "GET /whoami"), named), contracts) == []
    other = ('prefix: ""', "unverified: [GET /whoami/settings is described in the prose only.]")
    assert problems(shop(("GET /me", "GET /whoami"), other), contracts) != []


def test_what_only_the_document_requires_is_named_with_its_call(shop, contracts, openapi):
    schema = {
        "type": "object",
        "required": ["after", "order"],
        "properties": {"after": {}, "order": {"type": "string"}},
    }
    search = openapi["paths"]["/me"]["get"] | {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    document = openapi | {"paths": openapi["paths"] | {"/search": {"post": search}}}
    (contracts / "shop" / "openapi.json").write_text(json.dumps(document))
    collections = "collections:\n  lists: {kind: task, request: POST /search, body: {order: name}, id: id, name: name, items: results, paging: {style: none}}\n\nstreams:\n"
    found = problems(shop(("streams:\n", collections)), contracts)
    assert any("'after' is a required property" in problem for problem in found)
    named = ('prefix: ""', "unverified: [POST /search works without after.]")
    found = problems(shop(("streams:\n", collections), named), contracts)
    assert not any("required" in problem for problem in found)
    other = ('prefix: ""', "unverified: [POST /search works without order.]")
    assert any("'after'" in problem for problem in problems(shop(("streams:\n", collections), other), contracts))


def test_an_absent_folder_is_said_and_does_not_pass(shop, tmp_path):
    assert contract_is_held(Subject(shop(), None)) == ["not checked: the folder of contracts is absent"]
    assert contract_is_held(Subject(shop(), tmp_path / "nowhere")) == ["not checked: the folder of contracts is absent"]


def test_having_no_contract_must_be_said(shop, contracts):
    start = 'contract:\n  format: openapi\n  document: shop/openapi.json\n  prefix: ""\n'
    assert "names no `contract`" in problems(shop((start, "")), contracts)[0]
    assert "unverified" in problems(shop((start, "contract: {format: none}\n")), contracts)[0]
    assert problems(shop((start, "contract: {format: none, unverified: [everything]}\n")), contracts) == []


@pytest.mark.parametrize(
    ("connector", "old", "new", "message"),
    [
        ("todoist", "GET /tasks/completed", "GET /tasks/complete", "no path"),
        ("todoist", "send: cursor", "send: curser", "the parameter curser"),
        ("todoist", "title: content", "title: contents", "reads contents"),
        (
            "notion",
            "{property: object, value: page}",
            "{propery: object, value: page}",
            "the body's filter.propery is not in the document",
        ),
        ("notion", "/search\n    body", "/serch\n    body", "no path"),
        ("notion", "size: {page_size: 100}", "size: {page_sizes: 100}", "the body's page_sizes"),
        ("github", "/issues\n", "/isues\n", "no path"),
        ("github", "direction: desc", "direction: down", "down"),
        ("github", "author: user.login", "author: user.name_of", "reads user.name_of"),
        ("github", "{open: open, closed: closed}", "{open: open}", "NOT_DOCUMENTED"),
    ],
)
def test_mistakes_in_copies_of_real_manifests_are_caught(shared, tmp_path, connector, old, new, message):
    folder = tmp_path / "connectors" / connector
    shutil.copytree(BUILT_IN / connector, folder)
    path = folder / "manifest.yaml"
    text = path.read_text()
    assert old in text
    contracts = shared / "contracts"
    found = contract_is_held(Subject(Catalog([tmp_path / "connectors"]).entry(connector), contracts))
    assert [problem for problem in found if not problem.startswith(NOT_CHECKED)] == []
    path.write_text(text.replace(old, new, 1))
    found = contract_is_held(Subject(Catalog([tmp_path / "connectors"]).entry(connector), contracts))
    if message == "NOT_DOCUMENTED":  # the document has no enum there, so a missing row cannot be seen
        assert found == []
    else:
        assert any(message in problem for problem in found), found


DISCOVERY = """
{"name": "shop", "version": "v1", "baseUrl": "https://api.example.org/v1/", "parameters": {"fields": {"type": "string", "location": "query"}},
 "schemas": {
  "Me": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}},
  "Task": {"type": "object", "properties": {"id": {"type": "string"}, "type": {"type": "string", "enum": ["task"]},
    "content": {"type": "string"}, "state": {"type": "string", "enum": ["open", "done", "hidden"]},
    "due": {"type": "object", "properties": {"date": {"type": "string"}}}, "changed_at": {"type": "string"},
    "labels": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "any"}}}}}},
  "Tasks": {"type": "object", "properties": {"results": {"type": "array", "items": {"$ref": "Task"}}, "next": {"type": "string"}}}},
 "resources": {"me": {"methods": {"get": {"path": "me", "httpMethod": "GET", "response": {"$ref": "Me"}}}},
  "lists": {"resources": {"tasks": {"methods": {
   "list": {"path": "lists/{+listId}/tasks", "httpMethod": "GET", "response": {"$ref": "Tasks"}, "parameters": {
    "listId": {"type": "string", "location": "path", "required": true}, "cursor": {"type": "string", "location": "query"},
    "limit": {"type": "integer", "minimum": "1", "maximum": "100", "location": "query"}, "since": {"type": "string", "location": "query"},
    "order": {"type": "string", "enum": ["changed"], "location": "query"}}},
   "get": {"path": "tasks/{taskId}", "httpMethod": "GET", "response": {"$ref": "Task"}, "parameters": {"taskId": {"type": "string", "location": "path", "required": true}}}}}}}}}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (None, None, None),
        ("GET /lists", "GET /calendars", "no path /calendars/inbox/tasks"),
        ("send: cursor", "send: pageToken", "the parameter pageToken"),
        ("{limit: 100}", "{limit: 101}", "101"),
        ("{order: changed}", "{order: name}", "name"),
        ("at: due.date", "at: due.dateTime", "reads due.dateTime"),
        ("done: completed", "gone: completed", "'gone'"),
    ],
)
def test_googles_discovery_documents_are_held_alike(shop, contracts, old, new, message):
    (contracts / "shop" / "v1.discovery.json").write_text(DISCOVERY)
    change = [("format: openapi", "format: discovery"), ("shop/openapi.json", "shop/v1.discovery.json")]
    found = problems(shop(*change, *([(old, new)] if old else [])), contracts)
    assert any(message in problem for problem in found) if message else found == []


SDL = """
enum State { OPEN DONE HIDDEN }
type Due { year: Int }
type Task { id: ID! content: String state: State due: Due labels: [String!] }
type Page { tasks(order: [Order!], done: Boolean): [Task!]! more: Boolean }
enum Order { CHANGED }
type Me { id: ID! name: String }
type Query { page(number: Int!, size: Int): Page me: Me }
"""
GRAPHQL = """\
id: shop
name: Shop
summary: A service made up for tests.
kinds: [task]
docs: https://example.org/docs

http:
  base_url: https://api.example.org
  paging: {style: page, send: number, place: body, items: data.page.tasks, more: data.page.more, size: {size: 50}}

probe: {request: POST /graphql, graphql: me.graphql, id: data.me.id}

streams:
  tasks:
    kind: task
    read: {request: POST /graphql, graphql: tasks.graphql, variables: {order: [CHANGED]}}
    id: id
    deletions: absence
    fields:
      title: content
      progress: {at: state, table: {OPEN: needs-action, DONE: completed}, ignored: [HIDDEN]}
      keywords: labels

contract: {format: graphql, document: shop/schema.graphqls}
"""
QUERIES = {
    "me.graphql": "query { me { id name } }",
    "tasks.graphql": """
        query ($number: Int!, $size: Int, $order: [Order!]) {
          page(number: $number, size: $size) { more tasks(order: $order) { ...task } }
        }
        fragment task on Task { id content state labels }
    """,
}


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (None, None, None, None),
        ("manifest.yaml", "title: content", "title: contents", "reads contents"),
        ("manifest.yaml", "keywords: labels", "due: {at: due.year, as: day}", "reads due.year"),
        ("manifest.yaml", "order: [CHANGED]", "order: [NEWEST]", "NEWEST"),
        ("manifest.yaml", "size: {size: 50}", "size: {first: 50}", "the variable first is not declared"),
        ("manifest.yaml", "DONE: completed", "ENDED: completed", "no row for 'DONE'"),
        ("manifest.yaml", "more: data.page.more", "more: data.page.hasNext", "reads data.page.hasNext"),
        ("tasks.graphql", "id content", "id contents", "Cannot query field 'contents'"),
        ("tasks.graphql", "$size: Int", "$size: String", "String"),
        ("tasks.graphql", "{", "{{", "Syntax Error"),
    ],
)
def test_graphql_queries_are_held_to_the_schema(tmp_path, contracts, file, old, new, message):
    (contracts / "shop" / "schema.graphqls").write_text(SDL)
    folder = tmp_path / "connectors" / "shop"
    folder.mkdir(parents=True)
    for name, text in {"manifest.yaml": GRAPHQL, **QUERIES}.items():
        (folder / name).write_text(text.replace(old, new, 1) if name == file else text)
    found = problems(Catalog([folder.parent]).entry("shop"), contracts)
    assert any(message in problem for problem in found) if message else found == []
