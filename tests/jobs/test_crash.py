"""kill -9 at every single commit of an import and of a sync: then run again, and all is as it would have been."""

import hashlib
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import msgspec
import pytest

from entrepot.storage.blobs import Blobs
from entrepot.storage.database import Database
from entrepot.storage.postgres import Postgres

ZYGOTE = '''
import asyncio, hashlib, io, os, signal, sys
from itertools import count
from pathlib import Path
from sqlalchemy import event
from entrepot.core.change import Attachment, BadRow, Change, Cursor, Page, Ref
from entrepot.core.planner import Event, Task
from entrepot.imports.run import Job as Import, import_archive
from entrepot.jobs import runs
from entrepot.sdk.connector import Account, Options, RemoteCollection, Stream
from entrepot.storage import integrations, workspaces
from entrepot.storage.blobs import Blobs
from entrepot.storage.database import Database
from entrepot.sync.part import Job as Sync
from entrepot.sync.run import sync


def record(stream, number):
    data = Task(title=f"Task {number}") if stream == "tasks" else Event(title=f"Event {number}")
    content = b"file %d" % (number // 700)
    digest = hashlib.sha256(content).hexdigest()
    file = Attachment(digest, len(content), "a.txt", "text/plain", lambda: io.BytesIO(content))
    files = [file] if number % 350 == 0 else ()
    return Change(stream, Ref(f"{stream}{number}"), data, b"native %d" % number, "home", files)


class Importer:
    def read(self, archive, options):
        for number in range(1200):
            yield record("tasks", number)
            yield record("events", number)
            if number % 500 == 0:
                yield BadRow("tasks", f"line {number}", "broken")


class Reader:
    """Each stream is listed in two pages; when all is read again, every tenth record is gone."""

    def __init__(self, every=1):
        self.kept = [number for number in range(1200) if every == 1 or number % every]

    async def probe(self):
        return Account("1")

    async def collections(self, stream):
        return [RemoteCollection("home", "Home", "task")]

    async def changes(self, stream, since, collection=None):
        first = since.value if since else 0
        for number in range(first, 1200, 600):
            changes = [record(stream, one) for one in self.kept if number <= one < number + 600]
            bad = [] if len(self.kept) < 1200 else [BadRow(stream, f"line {number}", "broken")]
            last = number == 600
            yield Page(changes, bad, Cursor(number + 600), last=last, listing=True)
            if not last:
                await asyncio.sleep(0.02)  # so that pages are not joined


def die_at(engine, number):
    """Just before the commit of this number, from 1: after all that the one before it has led to."""
    seen = count(1)

    @event.listens_for(engine, "commit")
    def commit(_):
        if next(seen) == number:
            os.kill(os.getpid(), signal.SIGKILL)


def work(url, folder, task, number):
    database = Database(url)
    die_at(database._engine, int(number))
    with database.write() as tx:
        workspace = workspaces.first(tx)
        there = integrations.everything(tx, workspace)
        new = integrations.NewIntegration(connector="shop", name="Shop", account_id="1")
        mine = there[0] if there else integrations.add(tx, workspace, new)
    what = "import" if task == "import" else "sync"
    options = {"task": task}
    held = runs.start(database, runs.NewRun(workspace_id=workspace, integration=mine.key, task=what, options=options))
    same = dict(database=database, blobs=Blobs(Path(folder)), held=held, workspace_id=workspace, integration=mine)
    if task == "import":
        kinds = {"tasks": "task", "events": "event"}
        import_archive(Import(**same, archive=None, importer=Importer(), kinds=kinds, options=Options()))
    else:
        streams = [Stream("tasks", "task", "absence"), Stream("events", "event", "absence", by_collection=True)]
        full = task == "full"
        asyncio.run(sync(Sync(**same, reader=Reader(10 if full else 1), streams=streams, full=full)))
    database.close()


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            work(*line.split())
        finally:
            os._exit(0)
    print(os.WTERMSIG(os.waitpid(child, 0)[1]), flush=True)
'''


@pytest.fixture(scope="module")
def work():
    """Do the task in a process of its own, which dies at a commit; whether it did."""
    with subprocess.Popen(
        [sys.executable, "-c", ZYGOTE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as zygote:

        def run(url, folder, task, number=0):
            zygote.stdin.write(f"{url} {folder} {task} {number}\n")
            zygote.stdin.flush()
            return int(zygote.stdout.readline()) == signal.SIGKILL

        yield run
        zygote.stdin.close()


def state(url, folder):
    """All that a kill may not change, and that nothing is there twice or half."""
    with Database(url) as database, database.read() as tx:
        ids = "source_object_id"
        items = tx.fetch(f"SELECT {ids}, kind, deleted_at IS NULL FROM items ORDER BY {ids}")
        data = hashlib.sha256(
            repr([bytes(row[0]) for row in tx.fetch(f"SELECT data FROM items ORDER BY {ids}")]).encode()
        )
        files = tx.fetch(f"SELECT {ids}, sha256 FROM item_files JOIN items ON items.id = item_id ORDER BY 1")
        created = [
            one
            for (numbers,) in tx.fetch("SELECT ids FROM events WHERE type = 'items.created'")
            for one in msgspec.json.decode(numbers)
        ]
        assert len(created) == len(set(created)) == len(items) == len({name for name, _, _ in items})
        for table in ("links", "natives"):
            assert tx.fetch(f"SELECT count(*) FROM {table}") == [(len(items),)]
        for _, digest in files:
            with Blobs(folder).open(digest) as kept:
                assert hashlib.sha256(kept.read()).hexdigest() == digest
        return {
            "items": items,
            "data": data.hexdigest(),
            "files": files,
            "collections": tx.fetch("SELECT kind, name FROM collections ORDER BY 1"),
            "positions": tx.fetch("SELECT remote_collection, cursor, listing FROM positions ORDER BY stream_id"),
            "seen": tx.fetch("SELECT count(*) FROM seen"),
        }


def outcome(url):
    """The last run's status and counts, and what it set aside."""
    with Database(url) as database, database.read() as tx:
        number, status, counts = tx.fetch("SELECT id, status, counts FROM runs ORDER BY id DESC LIMIT 1")[0]
        refused = tx.fetch("SELECT stream, location FROM refused WHERE run_id = ?", number)
        return status, counts, sorted(refused)


@pytest.fixture
def fresh(url):
    """Forget the database, as if nobody had made it yet."""

    def forget():
        if url.startswith("sqlite"):
            file = Path(url.removeprefix("sqlite:///"))
            for path in file.parent.glob(f"{file.name}*"):
                path.unlink()
        else:
            engine = Postgres(url).engine()
            with engine.begin() as connection:
                connection.exec_driver_sql("DROP SCHEMA public CASCADE")
                connection.exec_driver_sql("CREATE SCHEMA public")
            engine.dispose()

    return forget


@pytest.mark.parametrize("task", ["import", "sync", "full"])
def test_killed_at_any_commit_it_goes_on_and_all_is_as_it_would_have_been(work, url, fresh, tmp_path, task):
    folder = tmp_path / "blobs"

    def begin():
        fresh()
        if task == "full":
            assert not work(url, folder, "sync")

    begin()
    assert not work(url, folder, task)
    expected, ended = state(url, folder), outcome(url)
    assert (ended[0], len(ended[2])) == ("done", {"import": 3, "sync": 4, "full": 0}[task])
    assert [there for _, _, there in expected["items"]].count(False) == (240 if task == "full" else 0)
    for number in count(1):
        begin()
        if not work(url, folder, task, number):
            break
        state(url, folder)
        assert not work(url, folder, task)
        assert state(url, folder) == expected, number
        assert outcome(url) == ended, number
    assert number > 5
    assert not list((folder / "unfinished").iterdir())
