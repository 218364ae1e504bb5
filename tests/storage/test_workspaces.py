"""Two workspaces with the same services, accounts, names and ids in one database: neither sees or changes the other's."""

import re

import pytest
from sqlalchemy import event

from entrepot.core.change import BadRow, Change, Cursor, Page, Ref
from entrepot.core.planner import Task
from entrepot.jobs import runs as jobs
from entrepot.storage import (
    app_registrations,
    browsing,
    collections,
    credentials,
    data_keys,
    events,
    history,
    integrations,
    removal,
    runs,
    streams,
    token_journal,
    workspaces,
)
from entrepot.storage.apply import apply_page, begin_listing
from entrepot.storage.browsing import Wanted
from entrepot.storage.credentials import Sealed
from entrepot.storage.data_keys import DataKey
from entrepot.storage.feed import Feed
from entrepot.storage.integrations import NewIntegration

OWNED = ("integrations", "credentials", "data_keys", "app_registrations", "token_journal", "streams", "collections",
         "items", "runs", "events")  # fmt: skip
THROUGH = {
    "links": "stream_id", "natives": "link_id", "seen": "stream_id", "positions": "stream_id",
    "attachments": "stream_id", "item_files": "item_id", "refused": "run_id",
}  # fmt: skip
"""Tables without a workspace of their own, and the key by which they belong to one."""
ACROSS = (
    r"SELECT coalesce\(max\(id\), 0\)",
    r"nextval",
    r"^SELECT workspaces\.id",
    r"clock_timestamp|julianday",
    r"^PRAGMA|^SET",
)
"""Statements that show or change nobody's rows: the next free key, the first workspace, the time."""


class Home:
    """All that a workspace can hold; every text in it is marked as its own."""

    def __init__(self, database, mark):
        self.database, self.mark = database, mark
        with database.write() as tx:
            self.id = workspaces.add(tx, mark) if mark != "mine" else workspaces.first(tx)
            new = NewIntegration(connector="shop", name="Shop", account_id="1", account_name=mark, settings={"a": mark})
            self.integration = integrations.add(tx, self.id, new)
            credentials.put(tx, self.id, self.integration.key, Sealed(scheme="bearer", sealed=mark.encode()))
            data_keys.add(tx, DataKey(self.id, f"key of {mark}", "master", mark.encode()))
            app_registrations.put(tx, self.id, f"app_{mark}", "shop", (mark, mark.encode()))
            self.entry = token_journal.begin(tx, self.id, self.integration.key, 1, mark)
        self.held = jobs.start(database, self.new())
        with database.write() as tx:
            self.stream = streams.ensure(tx, self.id, self.integration, "tasks", "task")
            streams.set_remote_collections(tx, self.stream, [mark])

    def new(self):
        return jobs.NewRun(workspace_id=self.id, integration=self.integration.key, task="sync")

    def read(self, *numbers, last=True, title=""):
        changes = [Change("tasks", Ref(f"t{n}"), Task(title=title or self.mark), b"x", "inbox") for n in numbers]
        page = Page(changes, [BadRow("tasks", self.mark, self.mark)], Cursor(self.mark), last=last, listing=True)
        feed = Feed(stream=self.stream, run=self.held.run.key, origin="live", sweeps=True, confirmed=True)
        with self.database.write() as tx:
            begin_listing(tx, feed)
        return self.held.page("tasks", lambda tx: apply_page(tx, feed, page))

    def rows(self):
        """Every row of the workspace, in every table."""
        with self.database.read() as tx:
            found = {
                name: tx.fetch(f"SELECT * FROM {name} WHERE workspace_id = ? ORDER BY id", self.id) for name in OWNED
            }
            keys = {
                "stream_id": [row[0] for row in tx.fetch("SELECT id FROM streams WHERE workspace_id = ?", self.id)],
                "item_id": [row[0] for row in found["items"]],
                "run_id": [row[0] for row in found["runs"]],
            }
            keys["link_id"] = [
                row[0]
                for row in tx.fetch(f"SELECT id FROM links WHERE {tx.dialect.contains('stream_id')}",
                                    tx.dialect.as_list(keys["stream_id"]))
            ]  # fmt: skip
            for name, key in THROUGH.items():
                where = tx.dialect.contains(key)
                found[name] = tx.fetch(
                    f"SELECT * FROM {name} WHERE {where} ORDER BY 1, 2", tx.dialect.as_list(keys[key])
                )
        return found

    def looks(self):
        """Everything that can be asked for in a workspace."""
        with self.database.read() as tx:
            found = [
                integrations.everything(tx, self.id, with_removed=True),
                integrations.keys_named(tx, self.id, "shop"),
                collections.everything(tx, self.id),
                collections.keys_named(tx, self.id, "inbox"),
                credentials.find(tx, self.id, self.integration.key),
                data_keys.newest(tx, self.id),
                app_registrations.everything(tx, self.id),
                app_registrations.find(tx, self.id, "shop"),
                token_journal.entries(tx, self.id, self.integration.key),
                events.after(tx, self.id),
                browsing.count(tx, self.id),
                [(run, runs.refused_in(tx, run.key)) for run in runs.latest(tx, self.id)],
                streams.position(tx, self.stream),
                streams.remote_collections(tx, self.stream, 60),
            ]
        ways = ({}, {"presence": "any"}, {"source": "shop"}, {"collection": "inbox"}, {"kind": "task"})
        found += [list(browsing.iterate(self.database, self.id, Wanted(**way))) for way in ways]
        return repr(found)


@pytest.fixture
def statements(database):
    """Every statement from here on."""
    said = set()
    event.listen(database._engine, "before_cursor_execute", lambda _c, _k, sql, *_: said.add(" ".join(sql.split())))
    return said


@pytest.fixture
def homes(database, statements):
    return Home(database, "mine"), Home(database, "theirs")


def do_everything(home):
    home.read(*range(30))
    home.read(*range(25), title="new mine")
    home.looks()
    with home.database.write() as tx:
        integrations.set_status(tx, home.id, home.integration.key, "stopped", "mine")
        integrations.set_account(tx, home.id, home.integration.key, "2", "mine")
        token_journal.end(tx, home.id, home.entry, "kept")
        collections.attach(tx, home.stream, {"inbox": "Inbox of mine"})
    jobs.pause(home.database, home.id, home.held.run.id)
    home.held.finish("paused")
    jobs.cancel(home.database, home.id, home.held.run.id)
    with home.database.write() as tx:
        tx.execute("UPDATE events SET at = 0 WHERE workspace_id = ?", home.id)
        tx.execute("UPDATE runs SET finished_at = 1 WHERE workspace_id = ?", home.id)
        assert history.trim(tx, home.id) > 3
        app_registrations.remove(tx, home.id, "shop")
        removal.remove(tx, home.id, home.integration, with_data=True)
        found = integrations.everything(tx, home.id, with_removed=True)[0]
        integrations.revive(tx, home.id, found, "Shop", "live")


def test_whatever_is_done_in_one_leaves_the_other_as_it_was(homes):
    mine, theirs = homes
    theirs.read(*range(30))
    before = theirs.rows()
    assert all(before[name] for name in {*OWNED, *THROUGH} - {"seen", "item_files"})
    do_everything(mine)
    assert theirs.rows() == before


def test_what_is_looked_at_in_one_shows_nothing_of_the_other(homes):
    mine, theirs = homes
    mine.read(*range(30))
    theirs.read(*range(30))
    assert "mine" in mine.looks()
    assert "theirs" not in mine.looks()
    assert "mine" not in theirs.looks()


def test_every_statement_names_the_workspace_or_a_key_that_belongs_to_one(homes, statements):
    do_everything(homes[0])
    tables = re.compile(rf"\b({'|'.join((*OWNED, *THROUGH))})\b")
    bound = re.compile(r"^(INSERT|COPY)|\b(WHERE|ON)\b.*\b(workspace_id|[a-z_]*id)\s*(=|IN\b|>)")
    others = re.compile("|".join(ACROSS))
    assert [sql for sql in statements if tables.search(sql) and not bound.search(sql) and not others.search(sql)] == []
    assert len(statements) > 50
