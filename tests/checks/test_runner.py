"""Tiers, exemptions, and the rules about folders, fixtures, failures and secrets."""

import json

import pytest

from entrepot.checks.runner import RULES, check, check_all
from entrepot.sdk.catalog import BUILT_IN, Catalog

README = "# Shop\n\n" + "Open the shop's settings, make a token there, and give it to the hub when it asks. " * 3
ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32"/></svg>'
TASKS = {
    "results": [
        {"id": "1", "type": "task", "content": "Bread", "state": "open", "changed_at": "2026-01-01T00:00:00Z"},
        {"id": "2", "type": "task", "content": "Milk", "state": "lost"},
        {"id": "3", "type": "note"},
    ]
}
EXPECTED = """\
    answers:
      - {request: GET /me, file: me.json}
      - {request: GET /lists/inbox/tasks, file: tasks.json}
    account: "7"
    streams: {tasks: 1}
    refused: 1
"""
FILES = {
    "README.md": README,
    "icon.svg": ICON,
    "quality.yaml": "exempt: {}\n",
    "fixtures/expected.yaml": EXPECTED,
    "fixtures/me.json": '{"id": 7, "name": "Somebody"}',
    "fixtures/tasks.json": json.dumps(TASKS),
}


def problems(verdict, rule):
    return next(list(finding.problems) for finding in verdict.findings if finding.rule == rule)


def test_a_whole_connector_earns_silver(shop, contracts):
    verdict = check(shop(files=FILES), contracts)
    assert [(finding.rule, finding.problems) for finding in verdict.findings if finding.problems] == []
    assert (verdict.tier, verdict.passed) == ("silver", True)


def test_what_was_not_checked_passes_and_earns_nothing(shop):
    verdict = check(shop(files=FILES), None)
    assert (verdict.tier, verdict.passed) == ("bronze", True)
    assert [finding.not_checked for finding in verdict.findings if finding.rule == "contract"] == [
        ["the folder of contracts is absent"]
    ]


@pytest.mark.parametrize(
    ("file", "text", "rule", "message"),
    [
        ("README.md", "Shop", "readme", "begins with a heading"),
        ("README.md", "# Shop\n\nTo do.", "readme", "does not yet tell"),
        ("icon.svg", "<svg", "icon", "not XML"),
        ("icon.svg", ICON.replace("32 32", "64 64"), "icon", "viewBox"),
        ("icon.svg", ICON.replace("<rect", "<script/><rect"), "icon", "nothing that runs"),
        ("icon.svg", ICON.replace("<rect", "<rect id='" + "x" * 1100 + "'"), "icon", "1024 at most"),
        ("fixtures/expected.yaml", "", "fixtures", "names no answers"),
        ("fixtures/expected.yaml", "answers: [{request: GET /me}]", "fixtures", "missing required field `file`"),
        ("fixtures/expected.yaml", "answers: [", "fixtures", "not YAML"),
        (
            "fixtures/expected.yaml",
            EXPECTED.replace("tasks: 1", "tasks: 2"),
            "fixtures",
            "{'tasks': 1} records came out",
        ),
        (
            "fixtures/expected.yaml",
            EXPECTED.replace("refused: 1", "refused: 0"),
            "fixtures",
            "1 were refused, 0 were expected; the first: tasks 2:",
        ),
        ("fixtures/expected.yaml", EXPECTED.replace('"7"', '"8"'), "fixtures", "the account is '7'"),
        (
            "fixtures/expected.yaml",
            EXPECTED.replace("/inbox", "/other"),
            "fixtures",
            "there is no answer to GET /lists/inbox/tasks",
        ),
        ("long.py", "x = 1\n" * 251, "manifest", "long.py has 251 lines"),
        ("quality.yaml", "exempt: {icon: ''}", "exemptions", "exempt without a reason"),
        ("quality.yaml", "exempt: {beauty: it is ugly}", "exemptions", "no rule beauty; there are manifest"),
        ("quality.yaml", "exempt: {icon: it is abstract}", "exemptions", "icon holds; its exemption can go"),
        ("quality.yaml", "todo: {}", "exemptions", "todo is not known"),
    ],
)
def test_each_rule_says_what_is_missing(shop, contracts, file, text, rule, message):
    verdict = check(shop(files=FILES | {file: text}), contracts)
    found = problems(verdict, rule)
    assert any(message in problem for problem in found), found
    assert not verdict.passed


@pytest.mark.parametrize(
    ("old", "new", "rule", "message"),
    [
        ("budget: {calls: 60, per: 1m}", "headers: {}", "budget", "how often"),
        ("    deletions: {by: absence, confirm: GET /tasks/:id}\n", "", "deletions", "does not say how deletions"),
        ("{by: absence, confirm: GET /tasks/:id}", "feed\n    gone: {type: deleted}", "deletions", "has a tombstone"),
        (
            (
                "since: {field: changed_at, send: since, overlap: 1m}\n    id: id\n"
                "    deletions: {by: absence, confirm: GET /tasks/:id}"
            ),
            "\n    id: id\n    deletions: never",
            "changes",
            "neither asks for changes",
        ),
        (", overlap: 1m", "", "changes", "without `overlap`"),
        ("    when: ", "    complete: connector.complete\n    when: ", "manifest", "connector.py is missing"),
        ("kind: task", "kind: tusk", "manifest", "no such kind"),
    ],
)
def test_what_a_live_service_needs_is_declared(shop, contracts, old, new, rule, message):
    new = new.replace("\n    id: id\n    deletions: never", "items: results\n    id: id\n    deletions: never")
    found = problems(check(shop((old, new), files=FILES), contracts), rule)
    assert any(message in problem for problem in found), found


def test_an_exemption_with_a_reason_lets_a_rule_rest(shop, contracts):
    files = FILES | {"quality.yaml": "exempt: {icon: The service allows no drawing of its name.}"}
    del files["icon.svg"]
    verdict = check(shop(files=files), contracts)
    assert verdict.passed
    assert verdict.tier == "silver"


CARELESS = """
    from entrepot.core.change import Page
    from entrepot.sdk.connector import Account
    from entrepot.transport.message import Request

    class Careless:
        def __init__(self, context):
            self.http = context.http

        async def probe(self):
            response = await self.http.send(Request(method="GET", url="/me", expected=range(200, 600)))
            if response.status == 500:
                raise RuntimeError("failed with " + response.body.decode())
            return Account(id=response.json()["id"])

        async def collections(self, stream):
            return []

        async def changes(self, stream, since, collection=None):
            yield Page([], last=True)
"""


def test_a_careless_connector_is_found_out(tmp_path):
    folder = tmp_path / "careless"
    folder.mkdir()
    (folder / "manifest.yaml").write_text(
        "id: careless\nname: Careless\nsummary: It lets everything through.\nkinds: [task]\n"
        "docs: https://example.org/docs\nuses: connector.Careless\n\nauth: {scheme: bearer}\n"
        "http: {base_url: https://api.example.org}\nstreams: {tasks: {kind: task}}\n"
    )
    (folder / "connector.py").write_text("\n".join(line[4:] for line in CARELESS.splitlines()))
    verdict = check(Catalog([tmp_path]).entry("careless"), None)
    assert any("becomes KeyError" in problem for problem in problems(verdict, "errors"))
    assert any("status 500 becomes RuntimeError" in problem for problem in problems(verdict, "errors"))
    secrets = problems(verdict, "secrets")
    assert any("a credential shows after status 500" in problem for problem in secrets)
    assert "planted" not in " ".join(secrets)
    assert verdict.tier == "none"


HASTY = """
    import msgspec

    from entrepot.core.change import Change, Page, Ref
    from entrepot.core.planner import Task
    from entrepot.sdk.connector import Account
    from entrepot.transport.message import Request

    class Hasty:
        def __init__(self, context):
            self.http = context.http

        async def probe(self):
            return Account(id=(await self.http.json("GET", "/me"))["id"])

        async def collections(self, stream):
            return []

        async def changes(self, stream, since, collection=None):
            for page in ("1", "2"):
                response = await self.http.send(Request(method="GET", url=f"/tasks/{page}", expected=[503]))
                found = response.json() if response.status == 200 and page == "2" else []
                if page == "1" and response.status == 503:
                    raise KeyError(page)
                yield Page([Change("tasks", Ref(page), Task(title=page))] if found else [], last=page == "2")
"""


def test_an_answer_that_fails_in_the_middle_must_not_go_unnoticed(tmp_path):
    folder = tmp_path / "hasty"
    (folder / "fixtures").mkdir(parents=True)
    (folder / "manifest.yaml").write_text(
        "id: hasty\nname: Hasty\nsummary: It takes a failed page for the end.\nkinds: [task]\n"
        "docs: https://example.org/docs\nuses: connector.Hasty\n\nauth: {scheme: bearer}\n"
        "http: {base_url: https://api.example.org}\nstreams: {tasks: {kind: task}}\n"
    )
    (folder / "connector.py").write_text("\n".join(line[4:] for line in HASTY.splitlines()))
    (folder / "fixtures" / "me.json").write_text('{"id": "7"}')
    (folder / "fixtures" / "page.json").write_text("[1]")
    (folder / "fixtures" / "expected.yaml").write_text(
        "answers:\n  - {request: GET /me, file: me.json}\n  - {request: GET /tasks/1, file: page.json}\n"
        '  - {request: GET /tasks/2, file: page.json}\naccount: "7"\nstreams: {tasks: 1}\n'
    )
    verdict = check(Catalog([tmp_path]).entry("hasty"), None)
    assert problems(verdict, "fixtures") == []
    assert problems(verdict, "errors") == [
        "status 503 to GET /tasks/1 becomes KeyError: '1'",
        "status 503 to GET /tasks/2 goes unnoticed",
    ]


IMPORTER = """
    from entrepot.core.change import BadRow, Change, Ref
    from entrepot.core.planner import Task
    from entrepot.sdk.connector import Match

    class Lines:
        def recognise(self, archive):
            return Match(1.0) if next(archive.entries("*.txt"), None) else None

        def read(self, archive, options):
            for entry in archive.entries("*.txt"):
                with entry.open() as file:
                    for line in file:
                        yield Change("tasks", Ref(line.decode()), Task(title=line.decode()))
"""


def test_an_importer_that_stops_at_garbage_is_found_out(tmp_path):
    folder = tmp_path / "lines"
    (folder / "fixtures").mkdir(parents=True)
    (folder / "manifest.yaml").write_text(
        "id: lines\nname: Lines\nsummary: A line, a task.\nkinds: [task]\ndocs: https://example.org/docs\n"
        "importer: importer.Lines\n\nstreams: {tasks: {kind: task}, others: {kind: task}}\n"
    )
    (folder / "importer.py").write_text("\n".join(line[4:] for line in IMPORTER.splitlines()))
    (folder / "fixtures" / "list.txt").write_text("bread\nmilk\n")
    (folder / "fixtures" / "expected.yaml").write_text("list.txt: {streams: {tasks: 3}}\nmissing.txt: {streams: {}}\n")
    verdict = check(Catalog([tmp_path]).entry("lines"), None)
    assert problems(verdict, "fixtures") == [
        "list.txt: {'tasks': 2} records came out, {'tasks': 3} were expected",
        "fixtures/expected.yaml names missing.txt, which is not there",
        "no fixture has a record of the stream others",
    ]
    assert any("not text, becomes UnicodeDecodeError" in problem for problem in problems(verdict, "errors"))


def test_a_broken_manifest_is_one_finding_and_no_end(shop, contracts):
    verdict = check(shop(("kind: task\n", "kind: task\n    colour: red\n"), files=FILES), contracts)
    assert any("colour" in problem for problem in problems(verdict, "manifest"))
    assert verdict.tier == "none"


def test_every_connector_is_judged_in_turn(shop, contracts):
    entry = shop(files=FILES)
    verdicts = list(check_all([entry, entry], contracts))
    assert [verdict.connector for verdict in verdicts] == ["shop", "shop"]
    assert {finding.rule for finding in verdicts[0].findings} == {*RULES, "exemptions"}


@pytest.mark.parametrize("name", ["netflix", "open_banking", "myanimelist"])
def test_importers_that_ship_pass(name):
    verdict = check(Catalog().entry(name), None)
    assert (BUILT_IN / name).is_dir()
    assert [(finding.rule, finding.problems) for finding in verdict.findings if finding.problems] == []
    assert verdict.tier == "silver"
