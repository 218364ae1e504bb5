"""Edits at the hub of what was only mirrored so far: they stay, and what the service says later is merged with them."""

import pytest
from tests.standin import connect, open_hub, open_shop, write_connector

from entrepot.core.planner import Task
from entrepot.sync import editing


@pytest.fixture
def shop():
    with open_shop() as opened:
        yield opened


@pytest.fixture
def hub(tmp_path, shop):
    with open_hub(tmp_path / "hub", write_connector(tmp_path / "connectors")) as opened:
        connect(opened, shop)
        yield opened


def edit(hub, named, **fields):
    services = hub.services
    item = next(item for item in hub.items(kind="task") if item.title == named)
    with services.database.write() as tx:
        found = editing.find(tx, services.workspace, item.id)
        editing.edit(tx, services.workspace, found, Task(**{**found.fields, **fields}))
    return item.id


def test_an_edit_of_a_mirrored_record_is_not_overwritten_by_the_next_read(hub, shop):
    shop.tasks.fill(3)
    hub.sync("Shop")
    item = edit(hub, "Thing 1", description="mine")
    shop.tasks.put(1, "Thing one", day=2)
    hub.sync("Shop")
    assert hub.item(item).value.description == "mine"
    assert hub.item(item).value.title == "Thing one"


def test_both_edited_is_told_as_a_conflict_and_the_hub_keeps_its_own(hub, shop):
    shop.tasks.fill(3)
    hub.sync("Shop")
    item = edit(hub, "Thing 1", title="mine")
    shop.tasks.put(1, "theirs", day=2)
    hub.sync("Shop")
    assert hub.item(item).value.title == "mine"
    with hub.services.database.read() as tx:
        assert tx.fetch("SELECT field FROM conflicts WHERE closed = ''") == [("title",)]


def test_what_was_mirrored_without_a_collection_gets_one_when_it_is_first_edited(hub, shop):
    shop.tasks.fill(3)
    hub.sync("Shop")
    item = edit(hub, "Thing 2", title="mine")
    found = {one.id: one.collection for one in hub.items(kind="task")}
    assert found[item] is not None
    assert set(found.values()) == {found[item]}
    report = hub.sync("Shop")
    assert report.counts.updated == report.counts.created == 0
