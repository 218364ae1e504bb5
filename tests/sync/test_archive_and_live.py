"""An archive and the live account it came from: one integration, and what the service says itself goes before."""

import csv
from pathlib import Path

import pytest
from tests.standin import MANIFEST, connect, open_hub, write_connector

ARCHIVE = """\
id: shop
name: Shop
summary: Exports of a service made up for tests.
kinds: [task]
docs: https://example.org/docs
importer: importer.Export
streams:
  tasks: {kind: task}
"""
IMPORTER = """\
import csv

from entrepot.core.change import Change, Ref
from entrepot.core.planner import Task
from entrepot.sdk.connector import Account, Match


class Export:
    def recognise(self, archive):
        named = [entry.name for entry in archive.entries() if entry.name.endswith("shop.csv")]
        return Match(1.0, Account("1", "Example"), named) if named else None

    def read(self, archive, options):
        for entry in archive.entries():
            with entry.open() as file:
                for name, title in csv.reader(line.decode() for line in file):
                    yield Change("tasks", Ref(name), Task(title=title), b"")
"""


@pytest.fixture
def export(tmp_path: Path):
    path = tmp_path / "shop.csv"

    def write(*rows: tuple[int, str]) -> Path:
        with path.open("w", newline="") as file:
            csv.writer(file).writerows((f"r{number:05d}", title) for number, title in rows)
        return path

    return write


@pytest.fixture
def act(tmp_path, shop):
    """The connector as it is for files, and as it is for the service, one after the other under the same id."""

    def use(manifest, work):
        folder = write_connector(tmp_path / "connectors", manifest, importer=IMPORTER)
        with open_hub(tmp_path / "hub", folder) as hub:
            return work(hub)

    return use


def import_(act, path):
    return act(ARCHIVE, lambda hub: hub.import_files(path, connector="shop")[0].counts)


def titles(act):
    return act(MANIFEST, lambda hub: sorted(item.value.title for item in hub.items(kind="task")))


def test_connecting_after_an_import_makes_the_same_integration_live(act, shop, export):
    assert import_(act, export((0, "Old title"), (1, "Thing 1"), (90, "Only in the export"))).created == 3
    shop.tasks.fill(3)

    def live(hub):
        connect(hub, shop)
        report = hub.sync("shop")
        return report.counts, [(one.mode, one.account_id) for one in hub.integrations()]

    counts, integrations = act(MANIFEST, live)
    assert integrations == [("live", "1")]
    assert (counts.created, counts.deleted) == (1, 0), "what only the export knew stays"
    assert titles(act) == ["Only in the export", "Thing 0", "Thing 1", "Thing 2"]


def test_an_archive_never_overwrites_what_a_live_read_wrote_and_fills_what_it_lacks(act, shop, export):
    shop.tasks.fill(3)

    def live(hub):
        connect(hub, shop)
        hub.sync("shop")

    act(MANIFEST, live)
    counts = import_(act, export((0, "Old title"), (90, "Only in the export")))
    assert (counts.created, counts.updated, counts.unchanged) == (1, 0, 1)
    assert titles(act) == ["Only in the export", "Thing 0", "Thing 1", "Thing 2"]
    assert act(MANIFEST, lambda hub: hub.sync("shop").counts.deleted) == 0


def test_what_was_deleted_at_the_service_stays_deleted_when_an_old_export_comes(act, shop, export):
    shop.tasks.fill(15)

    def live(hub):
        connect(hub, shop)
        hub.sync("shop")
        shop.tasks.remove(0)
        return hub.sync("shop").counts.deleted

    assert act(MANIFEST, live) == 1
    for _ in range(2):
        counts = import_(act, export((0, "Thing 0"), (1, "Thing 1")))
        assert (counts.created, counts.updated) == (0, 0)
    assert len(titles(act)) == 14


def test_a_newer_export_changes_what_came_from_an_older_one(act, export):
    import_(act, export((0, "First")))
    assert import_(act, export((0, "Second"))).updated == 1
    assert titles(act) == ["Second"]
