"""Runs as a person steers them from outside, by their ids."""

from functools import partial

import pytest
from tests.journeys.inside import call
from tests.standin import connect, open_hub, open_shop, write_connector

from entrepot.jobs import runs
from entrepot.storage import integrations


@pytest.fixture
def queued(tmp_path):
    """The command line, and a run that waits: as one that was interrupted."""
    connectors = write_connector(tmp_path / "connectors")
    with open_shop() as shop, open_hub(tmp_path / "hub", connectors) as hub:
        connect(hub, shop)
        shop.tasks.fill(3)
        services = hub.services
        with services.database.write() as tx:
            mine = integrations.find(tx, services.workspace, "shop")
            options = {"full": False, "streams": ["tasks", "events", "notes"]}
            new = runs.NewRun(workspace_id=services.workspace, integration=mine.key, task="sync", options=options)
            runs.create(tx, new)
        [waiting] = hub.runs()
        yield partial(call, tmp_path / "hub", ENTREPOT_CONNECTORS=str(connectors)), waiting.run


def test_a_waiting_run_is_paused_resumed_and_goes_on_with_the_next_sync(queued):
    run, public = queued
    assert run("runs", "pause", public, "--json").json()["status"] == "paused"
    assert f"entrepot runs resume {public}" in run("runs", "pause", public).out
    assert run("runs", "resume", public, "--json").json()["status"] == "queued"
    assert "entrepot sync shop" in run("runs", "resume", public).out
    report = run("sync", "shop", "--json").json()
    assert (report["run"], report["status"], report["counts"]["created"]) == (public, "done", 3)


def test_a_waiting_run_is_cancelled_for_good(queued):
    run, public = queued
    assert "It is cancelled" in run("runs", "cancel", public).out
    assert run("runs", "resume", public).code == 2
    assert run("sync", "shop", "--json").json()["run"] != public
