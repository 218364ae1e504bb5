import pytest
from tests.standin import connect, open_hub, open_shop, write_connector


@pytest.fixture
def shop():
    with open_shop() as opened:
        yield opened


@pytest.fixture
def hub(tmp_path):
    with open_hub(tmp_path / "hub", write_connector(tmp_path / "connectors")) as opened:
        yield opened


def test_an_account_that_was_removed_and_left_its_data_brings_nothing_twice(hub, shop):
    shop.tasks.fill(20)
    connect(hub, shop)
    assert hub.sync("shop").counts.created == 20
    hub.remove("shop", delete_data=False)
    connect(hub, shop)
    report = hub.sync("shop")
    assert (report.counts.created, report.counts.unchanged) == (0, 20)
    assert len(list(hub.items())) == 20
    assert [one.status for one in hub.integrations()] == ["ready"]
