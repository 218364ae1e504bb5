"""A reader in Python, each of whose collections is read by itself: its own cursor, its own deletions, its own mistakes."""

import json
from pathlib import Path

import pytest
from tests.standin import open_hub, write_connector

from entrepot.app.hub import Hub

MANIFEST = """\
id: shop
name: Shop
summary: A service made up for tests.
kinds: [task]
docs: https://example.org/docs
uses: connector.Reader
auth: {scheme: none}
http: {base_url: https://api.example.org}
settings:
  file: {label: What the service has, type: text, required: true}
streams:
  tasks: {kind: task, each_collection: true, deletions: absence}
"""
READER = """\
import json
from pathlib import Path

from entrepot.core.change import Change, Cursor, Page, Ref
from entrepot.core.errors import ServiceChanged, Stale
from entrepot.core.planner import Task
from entrepot.sdk.connector import Account, RemoteCollection


class Reader:
    def __init__(self, context):
        self.has = json.loads(Path(context.settings["file"]).read_text())

    async def probe(self):
        return Account("1")

    async def collections(self, stream):
        return [RemoteCollection(name, name.title(), "task") for name in self.has["lists"]]

    async def changes(self, stream, since, collection=None):
        if collection in self.has.get("broken", []):
            raise ServiceChanged(f"{collection} cannot be read.")
        if since is not None and since.value < self.has.get("oldest", 0):
            raise Stale("The cursor is too old.")
        titles = self.has["lists"][collection]
        changes = [Change("tasks", Ref(f"{collection}/{title}"), Task(title=title), b"{}", collection) for title in titles]
        if since is not None:
            changes = changes[:1]
        yield Page(changes=changes, cursor=Cursor(self.has["now"]), last=True, listing=since is None)
"""


@pytest.fixture
def has(tmp_path: Path):
    def write(**what: object) -> None:
        (tmp_path / "has.json").write_text(json.dumps({"now": 1, **what}))

    write(lists={})
    return write


@pytest.fixture
def hub(tmp_path: Path, has):
    folder = write_connector(tmp_path / "connectors", MANIFEST, connector=READER)
    with open_hub(tmp_path / "hub", folder) as opened:
        opened.connect("shop", settings={"file": str(tmp_path / "has.json")})
        yield opened


def titles(hub: Hub, collection: str | None = None) -> list[str]:
    return sorted(item.value.title for item in hub.items(collection=collection))


def test_each_collection_has_its_own_deletions(hub, has):
    has(lists={"home": ["sweep", "cook"], "work": ["write", "read"]})
    assert hub.sync("shop").counts.created == 4
    has(lists={"home": ["sweep"], "work": ["write", "read"]})
    assert hub.sync("shop", full=True).counts.deleted == 1
    assert titles(hub, "Home") == ["sweep"]
    assert titles(hub, "Work") == ["read", "write"]
    assert {one.name: one.items for one in hub.collections()} == {"Home": 1, "Work": 2}


def test_a_cursor_that_is_too_old_lists_its_own_collection_anew(hub, has):
    has(lists={"home": ["sweep", "cook"], "work": ["write"]})
    hub.sync("shop")
    has(lists={"home": ["sweep"], "work": ["write"]}, oldest=2, now=2)
    report = hub.sync("shop")
    assert (report.status, report.counts.deleted) == ("done", 1)
    assert hub.sync("shop").counts.read == 2, "only changes again"


def test_one_collection_that_fails_deletes_nothing_anywhere(hub, has):
    has(lists={"home": ["sweep", "cook"], "work": ["write"]})
    hub.sync("shop")
    has(lists={"home": [], "work": ["write", "new"]}, broken=["home"])
    report = hub.sync("shop", full=True)
    assert report.status == "failed"
    assert "home cannot be read" in report.error["message"]
    assert {"sweep", "cook", "write"} <= set(titles(hub))


def test_a_collection_that_is_no_longer_listed_takes_nothing_with_it_unasked(hub, has):
    has(lists={"home": ["sweep"], "work": ["write"]})
    hub.sync("shop")
    has(lists={"work": ["write"]})
    assert hub.sync("shop", full=True).counts.deleted == 0
    assert titles(hub) == ["sweep", "write"]
