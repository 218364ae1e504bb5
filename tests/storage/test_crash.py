"""kill -9 at random moments: what is there afterwards is what whole pages made, and the rest follows exactly."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from entrepot.storage.database import Database

PAGES = 40
SIZE = 50
KILLS = 20

ZYGOTE = f"""
import os
import sys
from entrepot.core.change import Change, Cursor, Page, Ref
from entrepot.core.planner import Task
from entrepot.jobs import runs
from entrepot.storage import integrations, streams, workspaces
from entrepot.storage.apply import Feed, apply_page, begin_listing
from entrepot.storage.database import Database


def read_everything(url):
    database = Database(url)
    with database.write() as tx:
        workspace = workspaces.first(tx)
        there = integrations.everything(tx, workspace)
        mine = there[0] if there else integrations.add(
            tx, workspace, integrations.NewIntegration(connector="todoist", name="Todoist"))
        stream = streams.ensure(tx, workspace, mine, "tasks", "task")
    held = runs.start(database, runs.NewRun(workspace_id=workspace, integration=mine.key, task="sync"))
    feed = Feed(stream=stream, run=held.run.key, origin="live", sweeps=True)
    with database.read() as tx:
        position = streams.position(tx, stream)
    if position.cursor is None and not position.listing:
        held.write(lambda tx: begin_listing(tx, feed))
    first = position.cursor.value if position.cursor else 0
    print("begun", os.getpid(), flush=True)
    for number in range(first, {PAGES}):
        changes = [
            Change("tasks", Ref(f"t{{one}}", "1"), Task(title=f"Task {{one}}"), b"native %d" % one)
            for one in range(number * {SIZE}, (number + 1) * {SIZE})
        ]
        page = Page(changes=changes, cursor=Cursor(number + 1), listing=True, last=number == {PAGES} - 1)
        held.page("tasks", lambda tx: apply_page(tx, feed, page))
    held.finish("done")


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            read_everything(line.strip())
        finally:
            os._exit(0)
    print("ended", os.waitpid(child, 0)[1], flush=True)
"""


class Processes:
    """Starts a process for each reading; they are forks of one that has imported everything, to save that second."""

    def __init__(self, zygote):
        self._zygote = zygote

    def begin(self, url):
        self._zygote.stdin.write(url + "\n")
        self._zygote.stdin.flush()
        word, pid = self._zygote.stdout.readline().split()
        assert word == "begun"
        return int(pid)

    def end(self):
        """The signal that ended it, or 0."""
        word, status = self._zygote.stdout.readline().split()
        assert word == "ended"
        return os.WTERMSIG(int(status))

    def kill(self, pid):
        """False where it had ended by itself."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return self.end() == signal.SIGKILL


@pytest.fixture
def processes():
    with subprocess.Popen(
        [sys.executable, "-c", ZYGOTE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as zygote:
        yield Processes(zygote)
        zygote.stdin.close()


def check(url):
    """Whole pages, each with its items, links, natives, marks, events, cursor and counts."""
    with Database(url) as database, database.read() as tx:
        items = [int(name[1:]) for (name,) in tx.fetch("SELECT source_object_id FROM items ORDER BY id")]
        pages, rest = divmod(len(items), SIZE)
        assert rest == 0
        assert items == list(range(len(items)))
        assert tx.fetch("SELECT count(*) FROM links") == tx.fetch("SELECT count(*) FROM natives") == [(len(items),)]
        assert tx.fetch("SELECT count(*) FROM events WHERE type = 'items.created'") == [(pages,)]
        ((cursor, listing),) = tx.fetch("SELECT cursor, listing FROM positions") or [("0", True)]
        assert int(cursor or 0) == pages
        assert tx.fetch("SELECT count(*) FROM seen") == [(pages if listing else 0,)]
        counted = tx.fetch("SELECT counts, status FROM runs ORDER BY id DESC LIMIT 1")
        assert f'"created":{len(items)},' in counted[0][0] or not items
        return pages, counted[0][1]


def test_a_process_killed_in_the_middle_of_pages_leaves_whole_pages(tmp_path, processes):
    dice = random.Random(7)
    kills = number = in_the_middle = 0
    while kills < KILLS or in_the_middle < KILLS // 4:
        url = f"sqlite:///{tmp_path}/{number}.db"
        number += 1
        for _ in range(5):
            pid = processes.begin(url)
            time.sleep(dice.random() * 0.15)
            kills += processes.kill(pid)
            pages, status = check(url)
            in_the_middle += 0 < pages < PAGES
            if status == "done":
                break
        else:
            processes.begin(url)
            assert processes.end() == 0
        assert check(url) == (PAGES, "done")


def test_a_killed_process_is_followed_at_once(url, processes):
    assert processes.kill(processes.begin(url))
    _, status = check(url)
    assert status == "running"
    processes.begin(url)
    assert processes.end() == 0
    assert check(url) == (PAGES, "done")
