"""Importing through a hub, with an importer made up for the test: broken ones, busy ones, interrupted ones, many."""

import resource
import zipfile

import pytest
from tests.standin import open_hub, write_connector

from entrepot.core.errors import TryLater
from entrepot.jobs import runs
from entrepot.storage import integrations

MANIFEST = """\
id: shop
name: Shop
summary: Lines of text, made up for tests.
kinds: [task]
docs: https://example.org/docs
importer: importer.Lines
streams:
  tasks: {kind: task}
"""
IMPORTER = """\
from entrepot.core.change import Change, Ref
from entrepot.core.planner import Task
from entrepot.sdk.connector import Account, Match


class Lines:
    def recognise(self, archive):
        named = [entry.name for entry in archive.entries("*.lines")]
        return Match(1.0, Account(named[0].rpartition("/")[2].split(".")[0]), named) if named else None

    def read(self, archive, options):
        for entry in archive.entries("*.lines"):
            with entry.open() as file:
                for line in file:
                    word = line.decode().strip()
                    if word == "interrupt":
                        raise KeyboardInterrupt
                    yield Change("strange" if word == "strange" else "tasks", Ref(word), Task(title=word))
"""


@pytest.fixture
def hub(tmp_path):
    connectors = write_connector(tmp_path / "connectors", MANIFEST, importer=IMPORTER)
    with open_hub(tmp_path / "hub", connectors) as opened:
        yield opened


@pytest.fixture
def lines(tmp_path):
    def write(name, *words):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"{word}\n" for word in words))
        return path

    return write


def titles(hub):
    return sorted(item.title for item in hub.items())


def test_a_stream_that_the_manifest_does_not_name_is_a_bug_that_says_so(hub, lines):
    path = lines("a.lines", "one", "strange")
    with pytest.raises(LookupError, match="shop has a stream 'strange'"):
        hub.import_files(path)
    [run] = hub.runs()
    assert (run.status, run.error["code"]) == ("failed", "bug")
    lines("a.lines", "one", "two")
    assert hub.import_files(path)[0].status == "done"


def test_one_that_is_busy_is_told_and_the_others_come_in(hub, lines):
    busy, free = lines("a.lines", "one"), lines("b.lines", "two")
    hub.import_files(busy)
    services = hub.services
    with services.database.read() as tx:
        there = integrations.everything(tx, services.workspace)[0]
    new = runs.NewRun(workspace_id=services.workspace, integration=there.key, task="import", options={"file": "other"})
    held = runs.start(services.database, new)
    first, second = hub.import_files(busy, free)
    assert (first.status, first.error["code"]) == ("failed", TryLater.code)
    assert (second.status, second.counts.created) == ("done", 1)
    held.finish("done")
    assert hub.import_files(busy)[0].status == "done"


def test_an_interrupted_import_goes_on_with_the_same_file_and_begins_anew_with_another(hub, lines):
    words = [f"w{number:04d}" for number in range(2500)]
    path = lines("a.lines", *words, "interrupt")
    with pytest.raises(KeyboardInterrupt):
        hub.import_files(path)
    [run] = hub.runs()
    assert (run.status, run.counts.created) == ("queued", 2000)
    with pytest.raises(KeyboardInterrupt):
        hub.import_files(path)
    assert len(hub.runs()) == 1
    lines("a.lines", "new", *words)
    [report] = hub.import_files(path)
    assert (report.counts.read, report.counts.created, report.counts.unchanged) == (2501, 501, 2000)
    assert titles(hub) == ["new", *words]


def test_a_folder_in_which_a_file_changed_since_the_interruption_is_read_from_the_beginning(hub, lines):
    words = [f"w{number:04d}" for number in range(1500)]
    folder = lines("folder/a.lines", *words, "interrupt").parent
    with pytest.raises(KeyboardInterrupt):
        hub.import_files(folder)
    lines("folder/a.lines", "new", *words)
    assert hub.import_files(folder)[0].counts.created == 501
    assert titles(hub) == ["new", *words]


def test_what_a_removed_archive_left_does_not_come_twice(hub, lines):
    path = lines("a.lines", "one", "two")
    before = hub.import_files(path)[0]
    hub.remove("shop", delete_data=False)
    assert hub.integrations() == []
    again = hub.import_files(path)[0]
    assert (again.counts.created, again.counts.unchanged) == (0, before.counts.created)
    assert titles(hub) == ["one", "two"]
    assert [one.name for one in hub.integrations()] == ["shop"]
    hub.remove("shop", delete_data=True)
    assert hub.import_files(path)[0].counts.created == 2
    assert titles(hub) == ["one", "two"]


def test_a_file_whose_name_is_no_text_comes_in(hub, lines):
    path = lines("a.lines", "one").rename(lines("b.lines").parent / "a.\udcff.lines")
    [report] = hub.import_files(path)
    assert (report.status, report.counts.created) == ("done", 1)
    assert hub.import_files(path)[0].counts.unchanged == 1


def test_a_folder_of_more_archives_than_can_be_open_at_once_is_gone_through(hub, lines, tmp_path):
    folder = lines("many/a.lines", "one").parent
    for number in range(300):
        with zipfile.ZipFile(folder / f"{number}.zip", "w") as packed:
            packed.writestr("readme.txt", "nothing of ours")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, most[1]))
    try:
        reports = hub.import_files(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, most)
    assert [report.status for report in reports] == ["done"]
    assert titles(hub) == ["one"]
