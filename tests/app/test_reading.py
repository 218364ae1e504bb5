import pytest
from tests.standin import connect, open_hub, open_shop, write_connector

from entrepot.core.errors import PersonMustFix
from entrepot.jobs import runs
from entrepot.storage import integrations
from entrepot.storage.integrations import NewIntegration


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
