"""Runs that are paused, cancelled, killed, or meet another one of the same integration."""

import subprocess
import sys
import threading
from itertools import count

import pytest
from tests.journeys.conftest import environment
from tests.standin import MANIFEST, write_connector

from entrepot.core.errors import PersonMustFix, TryLater
from entrepot.core.report import Progress
from entrepot.jobs import runs
from entrepot.storage import runs as stored


@pytest.fixture
def steer(hub):
    """A watch that asks for something after so many pages have been applied."""

    def made(ask, after: int = 1):
        pages = count(1)

        def watch(_: object) -> None:
            if next(pages) == after:
                with hub.services.database.read() as tx:
                    [running] = [run for run in stored.latest(tx, hub.services.workspace, 5) if run.status == "running"]
                ask(hub.services.database, hub.services.workspace, running.id)

        return watch

    return made


def watching(*calls):
    def watch(progress: object) -> None:
        for call in calls:
            call(progress)

    return watch


def test_a_paused_run_stops_after_its_page_and_goes_on_as_the_same_run(hub, shop, steer, apart, titles):
    shop.tasks.fill(100)
    report = hub.sync("shop", progress=watching(steer(runs.pause), apart()))
    assert report.status == "paused"
    there = len(titles("task"))
    assert 0 < there < 100
    shop.meddle = lambda _: None
    shop.asked.clear()
    again = hub.sync("shop")
    assert (again.run, again.status) == (report.run, "done")
    assert shop.asked[0] == f"/tasks?cursor={there}"
    assert again.counts.created == 100, "its counts are those of the whole run"
    assert len(titles("task")) == 100


def test_a_cancelled_run_keeps_what_it_read_and_another_one_goes_on(hub, shop, steer, apart, titles):
    shop.tasks.fill(100)
    report = hub.sync("shop", progress=watching(steer(runs.cancel), apart()))
    assert report.status == "cancelled"
    there = len(titles("task"))
    assert 0 < there < 100
    shop.meddle = lambda _: None
    again = hub.sync("shop")
    assert again.run != report.run
    assert (again.status, again.counts.created) == ("done", 100 - there)


def test_an_interrupted_listing_goes_on_with_its_marks(hub, shop, apart, titles):
    shop.tasks.fill(100)
    hub.sync("shop")
    shop.tasks.remove(95)
    pages, applied = count(1), apart()

    def interrupt(progress: Progress) -> None:
        applied(progress)
        if next(pages) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hub.sync("shop", streams=["tasks"], progress=interrupt)
    shop.meddle = lambda _: None
    shop.asked.clear()
    report = hub.sync("shop", streams=["tasks"])
    assert shop.asked[0] != "/tasks", "it goes on where it stopped"
    assert report.counts.deleted == 1, "and what it saw before is not taken for missing"
    assert len(titles("task")) == 99


def test_two_processes_do_not_read_one_integration_at_once(hub, shop, connectors, tmp_path, titles):
    shop.tasks.fill(20)
    asked, go_on = threading.Event(), threading.Event()

    def hold(path: str) -> None:
        if path.startswith("/tasks"):
            asked.set()
            go_on.wait(30)

    shop.meddle = hold
    command = [sys.executable, "-m", "entrepot", "sync", "shop", "--json"]
    env = environment(tmp_path / "hub", ENTREPOT_CONNECTORS=str(connectors))
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as other:
        assert asked.wait(30)
        with pytest.raises(TryLater, match="already"):
            hub.sync("shop")
        go_on.set()
        _, said = other.communicate(timeout=30)
    assert other.returncode == 0, said
    shop.meddle = lambda _: None
    assert hub.sync("shop").counts.created == 0
    assert len(titles("task")) == 20


def test_what_a_process_that_was_killed_left_is_taken_over_at_once(hub, shop, connectors, tmp_path, titles):
    shop.tasks.fill(20)
    asked = threading.Event()
    go_on = threading.Event()

    def hold(path: str) -> None:
        if path == "/tasks?cursor=10":
            asked.set()
            go_on.wait(30)

    shop.meddle = hold
    command = [sys.executable, "-m", "entrepot", "sync", "shop"]
    env = environment(tmp_path / "hub", ENTREPOT_CONNECTORS=str(connectors))
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
        assert asked.wait(30)
        other.kill()
    go_on.set()
    shop.meddle = lambda _: None
    report = hub.sync("shop")
    assert report.status == "done"
    assert len(titles("task")) == 20


def test_a_connector_that_cannot_be_opened_leaves_no_run_behind(hub, shop, connectors, titles):
    shop.tasks.fill(3)
    write_connector(
        connectors, MANIFEST.replace("    id: id\n    version", "    complete: extra.complete\n    id: id\n    version")
    )
    with pytest.raises(PersonMustFix, match="extra"):
        hub.sync("shop")
    write_connector(connectors, MANIFEST)
    assert hub.sync("shop").status == "done"
    assert len(titles("task")) == 3
