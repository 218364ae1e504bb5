"""Removing an integration that took part in two-way sync: nothing of it is left over, and nothing of others goes."""

import pytest
from tests.lists_standin import LISTS, Lists
from tests.standin import open_hub, open_shop, write_connector

from entrepot.core.secret import Secret

LEFT = {
    "streams": ("incoming", "mappings", "positions", "seen"),
    "attachments": ("bases", "pending", "intents", "conflicts", "excluded"),
}


@pytest.fixture
def shops():
    with open_shop(Lists) as one, open_shop(Lists) as two:
        yield one, two


@pytest.fixture
def hub(tmp_path, shops):
    connectors = write_connector(tmp_path / "connectors")
    (connectors / "lists").mkdir()
    (connectors / "lists" / "manifest.yaml").write_text(LISTS)
    with open_hub(tmp_path / "hub", connectors) as opened:
        for name, shop in zip(("one", "two"), shops, strict=True):
            opened.connect("lists", name=name, base_url=shop.url, secrets={"access_token": Secret(shop.token)})
        opened.new_collection("Errands", "task")
        for name in ("one", "two"):
            opened.attach("Errands", name, "Inbox", direction="two_way")
        yield opened


def left_of(hub, name):
    """Rows that belong to an integration's streams and attachments, by table."""
    streams = "SELECT s.id FROM streams s JOIN integrations i ON i.id = s.integration_id WHERE i.name = ?"
    wheres = {"streams": "stream_id", "attachments": "attachment_id"}
    keys = {"streams": streams, "attachments": f"SELECT id FROM attachments WHERE stream_id IN ({streams})"}
    with hub.services.database.read() as tx:
        return {
            table: count
            for of, tables in LEFT.items()
            for table in tables
            if (count := tx.fetch(f"SELECT count(*) FROM {table} WHERE {wheres[of]} IN ({keys[of]})", name)[0][0])
        }


def titles(hub, **which):
    return sorted(item.title for item in hub.items(**which))


@pytest.fixture
def agreed(hub, shops):
    """Two tasks from each, one of them disputed, one item of the hub's own, one record that is only `one`'s."""
    one, two = shops
    one.lists[1]["open"] = True
    one.hold(1, "Milk")
    one.hold(2, "Elsewhere", list="shared")
    two.hold(1, "Tea")
    hub.add({"title": "Mine"}, collection="Errands")
    hub.sync_all()
    [milk] = [item for item in hub.items() if item.title == "Milk"]
    one.hold(1, "Oat milk")
    hub.edit(milk.id, {"title": "Soy milk"})
    hub.sync("one")
    hub.edit(milk.id, {"description": "waits"})
    assert left_of(hub, "one").keys() >= {"bases", "positions", "conflicts", "pending"}
    return hub


@pytest.mark.parametrize("delete_data", [False, True])
def test_what_others_share_stays_and_nothing_of_the_bookkeeping_does(agreed, shops, delete_data):
    one, two = shops
    removed = agreed.remove("one", delete_data=delete_data)
    assert left_of(agreed, "one") == {}
    assert removed.items_deleted == (1 if delete_data else 0)
    assert titles(agreed, collection="Errands") == ["Mine", "Soy milk", "Tea"]
    assert ("Elsewhere" in titles(agreed)) == (not delete_data)
    assert agreed.conflicts() == []
    [report] = agreed.sync_all()
    assert (report.integration, report.status) == ("two", "done")
    assert two.titles() == ["Mine", "Soy milk", "Tea"]
    assert one.titles() == ["Mine", "Oat milk", "Tea"]


def test_the_last_one_to_be_removed_takes_its_items_with_their_journal(agreed):
    agreed.remove("two", delete_data=True)
    agreed.remove("one", delete_data=True)
    assert titles(agreed) == ["Mine", "Tea"]
    with agreed.services.database.read() as tx:
        for table in ("journal", "marks", "pending"):
            sql = f"SELECT count(*) FROM {table} WHERE item_id NOT IN (SELECT id FROM items)"
            assert tx.fetch(sql)[0][0] == 0, table


def test_connected_again_it_is_attached_again_before_anything_is_written_to_it(agreed, shops):
    one, _ = shops
    agreed.remove("one", delete_data=False)
    one.written.clear()
    agreed.connect("lists", name="one", base_url=one.url, secrets={"access_token": Secret(one.token)})
    [milk] = [item for item in agreed.items() if item.title == "Soy milk"]
    agreed.edit(milk.id, {"title": "Rice milk"})
    agreed.sync_all()
    assert one.written == []
    agreed.attach("Errands", "one", "Inbox", direction="two_way")
    agreed.sync_all()
    assert titles(agreed, collection="Errands") == ["Mine", "Rice milk", "Tea"]
    assert one.titles() == ["Mine", "Oat milk", "Tea"]
    [conflict] = agreed.conflicts()
    agreed.resolve(conflict.id, use="hub")
    agreed.sync_all()
    assert one.titles() == ["Mine", "Rice milk", "Tea"]
