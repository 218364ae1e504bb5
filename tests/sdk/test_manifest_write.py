"""What a manifest that writes must say: each mistake at its line."""

import pytest

from entrepot.sdk.manifest_file import examine

HEAD = """\
id: shop
name: Shop
summary: A service made up for tests.
kinds: [task]
docs: https://example.org/docs

http: {base_url: https://api.example.org}
probe: {request: GET /me, id: id}
collections:
  lists: {kind: task, request: GET /lists, id: {area: a.id, list: id}, name: name, writable: true}
streams:
  tasks:
    kind: task
    read: {request: GET /tasks, items: items}
    collections: lists
    collection: list
    id: id
    deletions: {by: absence, confirm: GET /tasks/:id}
    fields:
      title: title
      progress: {at: done, verbs: {completed: close}}
    write:
"""
WRITE = {
    "create": '{request: "POST /lists/:list/tasks", headers: {X-Key: ":op"}, answer: .}',
    "update": '{request: PATCH /tasks/:id, body: {task: ":record", was: ":version"}}',
    "delete": "DELETE /tasks/:id",
    "move": "POST /tasks/:id/to/:to",
    "verbs": "{close: POST /tasks/:id/close}",
    "find": "{request: GET /tasks, items: items, same: [title, show_without_time], made: created}",
    "read_only": "[title]",
    "create_only": "[dueDate]",
}
GOOD = {**WRITE, "create_only": "[due]"}


@pytest.fixture
def problems(tmp_path):
    def found(write: dict[str, str], head: str = HEAD) -> list[str]:
        path = tmp_path / "manifest.yaml"
        path.write_text(head + "".join(f"      {key}: {value}\n" for key, value in write.items()))
        return [
            problem.where.removeprefix("streams.tasks.") + ": " + problem.message for problem in examine(path).problems
        ]

    return found


def test_a_good_one_has_no_mistakes(problems):
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("change", "where", "message"),
    [
        ({"create": '{request: POST /tasks, body: {a: ":id", b: ":record"}, answer: .}'}, "write.create", ":id is not a word"),
        ({"update": "PATCH /tasks/:nothing"}, "write.update", ":nothing is not a word"),
        ({"update": "GET /tasks/:to"}, "write.update", ":to is not a word"),
        ({"update": "HEAD /tasks/:id"}, "write.update", "match pattern"),
        ({"update": "{request: PATCH /tasks/:id, variables: {a: 1}}"}, "write.update.variables", "graphql"),
        ({"update": "{request: PATCH /tasks/:id, graphql: a.graphql, sent: form}"}, "write.update.body", "GraphQL"),
        ({"update": "{request: PATCH /tasks/:id, errors: {400: Gone}}"}, "write.update.errors.400", "PersonMustFix"),
        ({"verbs": "{open: POST /tasks/:id/open}"}, "write.verbs.close", "needs a request"),
        ({"verbs": "{open: POST /tasks/:id/open}"}, "write.verbs.open", "no line"),
        ({"find": "{request: GET /tasks, items: items, same: [title]}"}, "write.find.made", "older"),
        ({"find": "{request: GET /tasks/:id, items: items}"}, "write.find", ":id is not a word"),
        ({"create": "POST /tasks"}, "write.create.id", "answer"),
        ({"create_only": "[dueDate]"}, "write.create_only", "no field dueDate"),
        ({"read_only": "[titel]"}, "write.read_only", "no field titel"),
        ({"prepare": "prepare"}, "write.prepare", "match pattern"),
        ({"bodies": "1"}, "write.bodies", "no such key"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_where_it_is(problems, change, where, message):
    found = [each for each in problems({**GOOD, **change}) if each.startswith(f"{where}: ")]
    assert any(message in each for each in found), problems({**GOOD, **change})


def test_a_create_can_be_found_again_or_repeated(problems):
    without = {key: value for key, value in GOOD.items() if key != "find"}
    assert "write.find: how a record" in problems(without)[0]
    assert problems({**without, "repeatable": "true"}) == []
    assert "goes with `find`" in problems({**without, "repeatable": "true", "lag": "3s"})[0]


def test_what_was_written_is_in_the_answer_or_can_be_read_again(problems):
    head = HEAD.replace("{by: absence, confirm: GET /tasks/:id}", "absence")
    found = problems(GOOD, head)
    assert [each.partition(":")[0] for each in found] == [
        f"write.{verb}.answer" for verb in ("update", "move", "verbs.close")
    ]


def test_a_move_needs_to_know_what_is_left(problems):
    assert "must tell its `collection`" in problems(GOOD, HEAD.replace("    collection: list\n", ""))[0]


def test_a_section_without_a_request_writes_nothing(problems):
    assert "at the least" in problems({"read_only": "[title]"})[0]


def test_only_what_the_manifest_reads_is_written_by_it(problems):
    assert "does not read" in " ".join(
        problems(GOOD, HEAD.replace("    read: {request: GET /tasks, items: items}\n", ""))
    )
    writer = HEAD.replace("http:", "writer: own.Writer\nhttp:")
    assert "`writer` writes to all" in " ".join(problems(GOOD, writer))


def test_collections_that_are_written_to_say_so(problems):
    silent = HEAD.replace(", writable: true", "")
    assert problems(GOOD, silent) == ["collections.lists.writable: true, or what one says that tasks may be written to"]
