"""The manifest language: everything wrong is said at once, each at its line, and nothing unknown is let through."""

import jsonschema
import pytest
import yaml

from entrepot.core.errors import PersonMustFix
from entrepot.sdk.catalog import BUILT_IN
from entrepot.sdk.manifest import manifest_schema
from entrepot.sdk.manifest_file import examine, load
from entrepot.sdk.manifest_lines import read_marked

GOOD = """\
id: shop
name: Shop
summary: A service made up for tests.
kinds: [task]
docs: https://example.org/docs

auth: {scheme: bearer}
http:
  base_url: https://api.example.org
  paging: {style: cursor, send: cursor, find: next, items: items}
probe: {request: GET /me, id: id}
streams:
  tasks:
    kind: task
    read: GET /tasks
    id: id
    fields:
      title: title
"""


@pytest.fixture
def problems(tmp_path):
    def found(text: str) -> list[str]:
        path = tmp_path / "manifest.yaml"
        path.write_text(text)
        return [str(problem) for problem in examine(path).problems]

    return found


def test_a_good_manifest_has_no_problems(problems):
    assert problems(GOOD) == []


def test_everything_wrong_is_said_at_once_with_its_line(problems, tmp_path):
    text = (
        GOOD.replace("auth: {scheme: bearer}", "auth: {scheme: bearer, secert: x}")
        .replace("style: cursor", "style: cursr")
        .replace("probe:", "prob:")
        .replace("GET /tasks", "GET /tasks/:list")
        .replace("title: title", "titel: title\n      due: {at: due, as: dat}")
    )
    found = problems(text)
    assert [line.partition(": ")[0] for line in found] == [
        "line 1",
        "line 7",
        "line 10",
        "line 11",
        "line 15",
        "line 18",
        "line 19",
    ]
    assert "no such key" in found[1]
    assert "'cursor', 'page'" in found[2]
    assert ":list is not a word here" in found[4]
    assert "a task has no such field" in found[5]
    assert "as: dat" in found[6]
    with pytest.raises(PersonMustFix) as caught:
        load(tmp_path / "manifest.yaml")
    assert all(line in caught.value.message for line in found)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("kinds: [task]", "kinds: [note]", "line 4: kinds: the streams have the kinds [task]"),
        ("kind: task\n", "kind: chore\n", "no such kind"),
        ("    id: id\n", "", "has an `id` and `fields`"),
        ("GET /tasks", "FETCH /tasks", "streams.tasks.read"),
        ("    id: id\n", "    id: id\n    id: number\n", "line 17: streams.tasks.id: this key is written twice"),
        ("    id: id\n", "    id: a..b\n", "is not a path"),
        ("    id: id\n", "    id: id\n    deletions: feed\n", "says which records are `gone`"),
        ("    id: id\n", "    id: id\n    gone: {deleted: true}\n", "make this a feed"),
        ("    id: id\n", "    id: id\n    deletions: {by: absence, every: 1d}\n", "every read is a full listing"),
        ("    id: id\n", "    id: id\n    by_collection: lists\n", "names an entry of `collections`"),
        ("    id: id\n", "    id: id\n    local_ids: true\n", "goes with `by_collection`"),
        ("    id: id\n", "    id: id\n    given: {project: ':list'}\n", ":list is not a word here"),
        ("read: GET /tasks", "read: {request: GET /tasks, since: {field: a, token: b}}", "one of the three"),
        ("read: GET /tasks", "read: {request: GET /tasks, since: {token: b}}", "takes the token is missing"),
        ("read: GET /tasks", "read: {request: GET /t, since: {field: a, send: s, newest_first: true}}", "choose one"),
        ("read: GET /tasks", "read: {request: GET /t, since: {field: a, send: s, until: u}}", "go together"),
        ("read: GET /tasks", "read: {request: GET /t, paging: {style: page, parallel: true}}", "the end must be known"),
        ("auth: {scheme: bearer}", "auth: {scheme: oauth2, token_url: https://a.example/t}", "consent page"),
        ("auth: {scheme: bearer}", "auth: [{scheme: bearer}, {scheme: bearer}]", "offered once"),
        ("auth: {scheme: bearer}", "auth: {scheme: magic}", "'oauth2'"),
        ("auth: {scheme: bearer}", "settings: {a: {label: A, type: choice}}", "`choices` go with"),
        ("http:\n", "http:\n  budget: {calls: 5, per: soon}\n", "is not a duration"),
        ("http:\n", "http:\n  errors: {403: Oops}\n", "'PersonMustFix'"),
        ("name: Shop", "name: Shop # the shop", "stands in the first lines"),
        ("name: Shop\nsummary", "\nname: Shop\nsummary", "stands in the first lines"),
        ("id: shop", "id: My Shop", "line 1: id"),
        (GOOD, "", "the file is empty"),
        (GOOD, "a: [", "not YAML"),
        (GOOD, "- a\n- b\n", "keys and values belong here"),
        ("probe: {request: GET /me, id: id}\n", "probe: {request: GET /me, id: id}\nimporter: importer.Shop\n", "first lines"),
    ],
)  # fmt: skip
def test_each_mistake_is_named(problems, before, after, said):
    assert before in GOOD
    assert said in "\n".join(problems(GOOD.replace(before, after, 1)))


BOTH = GOOD.replace("docs: https", "importer: importer.Shop\nreads: [live, archive]\ndocs: https", 1)


def test_a_manifest_may_read_a_service_and_files(problems):
    assert problems(BOTH) == []
    assert problems(f"{BOTH}  old: {{kind: task}}\n") == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("reads: [live, archive]\n", "", "stands where there are an importer and a probe"),
        ("importer: importer.Shop\n", "", "stands where there are an importer and a probe"),
        ("reads: [live, archive]", "reads: [archive, live]", "stands where there are an importer and a probe"),
        ("probe: {request: GET /me, id: id}\n", "", "stands where there are an importer and a probe"),
        ("    read: GET /tasks\n", "", "nothing to ask the service for"),
        ("reads: [live, archive]", "reads: [live, files]", "'live' or 'archive'"),
    ],
)
def test_what_a_manifest_for_both_must_say(problems, before, after, said):
    assert before in BOTH
    assert said in "\n".join(problems(BOTH.replace(before, after, 1)))


def test_streams_without_a_request_come_from_files_alone(tmp_path):
    path = tmp_path / "manifest.yaml"
    path.write_text(f"{BOTH}  old: {{kind: task}}\n")
    manifest = load(path)
    assert (manifest.is_live, manifest.is_archive) == (True, True)
    assert (list(manifest.streams), list(manifest.live_streams)) == (["tasks", "old"], ["tasks"])


def test_yaml_is_read_as_its_second_edition_says():
    marked = read_marked("a: on\nb: 2026-03-10\nc: 012\nd: true\ne:\nf: 1.5\n4: x\ntrue: y\n'5': z\n")
    assert marked.data == {
        "a": "on", "b": "2026-03-10", "c": 12, "d": True, "e": None, "f": 1.5, 4: "x", True: "y", "5": "z",
    }  # fmt: skip
    assert marked.lines["f",] == 6


def test_tags_that_would_run_code_stay_text():
    marked = read_marked("a: !!python/object/apply:os.system [echo]\nb: &x [1]\nc: *x\n")
    assert marked.data == {"a": ["echo"], "b": [1], "c": [1]}


@pytest.mark.parametrize("path", sorted(BUILT_IN.glob("*/manifest.yaml")), ids=lambda path: path.parent.name)
def test_the_schema_for_editors_accepts_every_connector(path):
    data = read_marked(path.read_text()).data
    jsonschema.Draft202012Validator(manifest_schema()).validate(_as_json(data))


def test_the_schema_for_editors_refuses_what_the_model_refuses():
    data = yaml.safe_load(GOOD)
    data["streams"]["tasks"]["feilds"] = {}
    assert list(jsonschema.Draft202012Validator(manifest_schema()).iter_errors(data))


def _as_json(value):
    if isinstance(value, dict):
        return {str(key): _as_json(member) for key, member in value.items()}
    return [_as_json(element) for element in value] if isinstance(value, list) else value
