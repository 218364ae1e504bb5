import asyncio

import pytest
from tests.standin import connect, open_hub, open_shop, write_connector

from entrepot.core.change import Change, Cursor, Page, Ref
from entrepot.core.errors import PersonMustFix
from entrepot.core.planner import Task
from entrepot.jobs import runs
from entrepot.sdk.connector import Account, Stream
from entrepot.storage import integrations
from entrepot.storage.integrations import NewIntegration
from entrepot.sync.part import Job
from entrepot.sync.run import sync


@pytest.fixture
def shop():
    with open_shop() as opened:
        yield opened


@pytest.fixture
def hub(tmp_path, shop):
    with open_hub(tmp_path / "hub", write_connector(tmp_path / "connectors")) as opened:
        connect(opened, shop)
        yield opened


@pytest.fixture
def stopped(hub, shop):
    """A run that the brake stopped."""
    shop.tasks.fill(40)
    hub.sync("shop")
    shop.tasks.remove(*range(1, 31))
    report = hub.sync("shop", full=True)
    assert report.status == "stopped"
    return report.run


def test_a_stopped_run_is_confirmed_however_many_runs_of_others_came_since(hub, stopped):
    services = hub.services
    with services.database.write() as tx:
        other = integrations.add(tx, services.workspace, NewIntegration(connector="shop", name="Other"))
        for _ in range(1001):
            runs.create(tx, runs.NewRun(workspace_id=services.workspace, integration=other.key, task="sync"))
        integrations.set_status(tx, services.workspace, other.key, "ready")
    shop = next(one.id for one in hub.integrations() if one.name == "shop")
    assert hub.sync(shop, full=True, confirm=stopped).counts.deleted == 30


def test_only_the_last_run_of_the_integration_itself_is_confirmed(hub, stopped):
    [first, *_] = [run.run for run in reversed(hub.runs())]
    for wrong in (first, "run_none"):
        with pytest.raises(PersonMustFix):
            hub.sync("shop", full=True, confirm=wrong)
    hub.sync("shop", streams=["events"])
    with pytest.raises(PersonMustFix, match="not the last one"):
        hub.sync("shop", full=True, confirm=stopped)


class Buggy:
    """Lists sixty records in three pages, and breaks before the second until it is mended."""

    def __init__(self):
        self.asked, self.mended = [], False

    async def probe(self):
        return Account("1")

    async def collections(self, stream):  # noqa: ARG002 -- the protocol asks for it
        return []

    async def changes(self, stream, since, collection=None):  # noqa: ARG002 -- the same
        self.asked.append(since)
        for number in range(since.value if since else 0, 60, 20):
            if number and not self.mended:
                await asyncio.sleep(0.1)  # the first page is applied meanwhile
                raise ZeroDivisionError
            changes = [Change(stream, Ref(str(one)), Task(title=str(one))) for one in range(number, number + 20)]
            yield Page(changes, cursor=Cursor(number + 20), last=number == 40, listing=True)


def test_a_bug_of_a_reader_ends_the_run_as_failed_and_the_next_goes_on(hub):
    services, reader = hub.services, Buggy()

    def read():
        with services.database.read() as tx:
            mine = integrations.find(tx, services.workspace, "shop")
        new = runs.NewRun(workspace_id=services.workspace, integration=mine.key, task="sync")
        job = Job(
            database=services.database, blobs=services.blobs, held=runs.start(services.database, new),
            workspace_id=services.workspace, integration=mine, reader=reader, streams=[Stream("tasks", "task")],
        )  # fmt: skip
        return asyncio.run(sync(job))

    with pytest.raises(ZeroDivisionError):
        read()
    [failed] = hub.runs()
    assert (failed.status, failed.error["code"], failed.counts.created) == ("failed", "bug", 20)
    assert "ZeroDivisionError" in failed.error["message"]
    reader.mended = True
    assert read().counts.created == 40
    assert reader.asked == [None, Cursor(20)]
    assert len(list(hub.items())) == 60
