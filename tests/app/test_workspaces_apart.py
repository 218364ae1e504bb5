"""Two workspaces in one database: neither can name, read or change what is the other's."""

import pytest
from tests.lists_standin import LISTS, Lists
from tests.standin import open_hub, open_shop, write_connector

from entrepot.app.hub import Hub
from entrepot.core.errors import EntrepotError
from entrepot.core.secret import Secret
from entrepot.storage import workspaces


@pytest.fixture
def shop():
    with open_shop(Lists) as opened:
        yield opened


@pytest.fixture
def hub(tmp_path, shop):
    connectors = write_connector(tmp_path / "connectors")
    (connectors / "lists").mkdir()
    (connectors / "lists" / "manifest.yaml").write_text(LISTS)
    with open_hub(tmp_path / "hub", connectors) as opened:
        opened.connect("lists", base_url=shop.url, secrets={"access_token": Secret(shop.token)})
        opened.new_collection("Errands", "task")
        opened.attach("Errands", "lists", "in", direction="two_way")
        yield opened


@pytest.fixture
def stranger(tmp_path, hub):
    with open_hub(tmp_path / "hub", tmp_path / "connectors") as opened:
        with hub.services.database.write() as tx:
            opened.services.workspace = workspaces.add(tx, "another")
        yield opened


def known(hub: Hub) -> dict[str, str]:
    """One id of everything that has one."""
    hub.add({"title": "milk"}, collection="Errands")
    hub.sync("lists")
    [held] = list(hub.items())
    rows = {"item": held.id}
    with hub.services.database.write() as tx:
        for name, table in (
            ("collection", "collections"),
            ("run", "runs"),
            ("entry", "journal"),
            ("one", "integrations"),
        ):
            rows[name] = tx.fetch(f"SELECT public_id FROM {table} ORDER BY id DESC LIMIT 1")[0][0]
        tx.execute(
            "INSERT INTO conflicts (public_id, workspace_id, item_id, attachment_id, field, words, told, closed, at)"
            " SELECT 'cfl_1', i.workspace_id, i.id, (SELECT min(id) FROM attachments), 'title', 'differs',"
            " CAST('{}' AS BLOB), '', 0 FROM items i ORDER BY id DESC LIMIT 1"
        )
    return {**rows, "conflict": "cfl_1"}


def state(hub: Hub) -> list[object]:
    tables = ("items", "collections", "attachments", "integrations", "journal", "conflicts", "pending", "links", "runs")
    with hub.services.database.read() as tx:
        return [tx.fetch(f"SELECT * FROM {table} ORDER BY id") for table in tables]


def test_nothing_of_one_workspace_can_be_named_from_another(hub, stranger):
    ids = known(hub)
    before = state(hub)
    item, collection, run, entry, one, conflict = (
        ids[name] for name in ("item", "collection", "run", "entry", "one", "conflict")
    )
    for attempt in (
        lambda: stranger.edit(item, {"title": "mine"}),
        lambda: stranger.delete(item),
        lambda: stranger.restore(item),
        lambda: stranger.move(item, collection),
        lambda: stranger.move(item, "Errands"),
        lambda: stranger.history(item),
        lambda: stranger.undo(entry),
        lambda: stranger.use_other(entry),
        lambda: stranger.conflict(conflict),
        lambda: stranger.resolve(conflict, use="hub"),
        lambda: stranger.resolve(item, use="hub"),
        lambda: stranger.pause(run),
        lambda: stranger.resume(run),
        lambda: stranger.cancel(run),
        lambda: stranger.undo_run(run),
        lambda: stranger.undo_run(run, dry_run=True),
        lambda: stranger.discard_run(run),
        lambda: stranger.run(run),
        lambda: stranger.add({"title": "x"}, collection=collection),
        lambda: stranger.add({"title": "x"}, collection="Errands"),
        lambda: stranger.attach(collection, one, "in", direction="pull"),
        lambda: stranger.attach("Errands", "lists", "in", direction="pull"),
        lambda: stranger.detach(collection, one, "in"),
        lambda: stranger.policy(collection, mode="latest"),
        lambda: stranger.policy(collection),
        lambda: stranger.integration_policy(one, mode="latest"),
        lambda: stranger.integration_policy(one),
        lambda: stranger.mapping(one, "tasks"),
        lambda: stranger.map_fields(one, "tasks", lines={"title": "x"}),
        lambda: stranger.sync(one),
        lambda: stranger.sync("lists"),
        lambda: stranger.plan(one),
        lambda: stranger.sync("lists", confirm=run),
    ):
        with pytest.raises(EntrepotError):
            attempt()
    assert state(hub) == before
    assert list(stranger.collections()) == list(stranger.conflicts()) == list(stranger.runs()) == []
    assert list(stranger.items()) == list(stranger.waiting()) == list(stranger.integrations()) == []
    assert stranger.resolve_all(use="hub").resolved == []
