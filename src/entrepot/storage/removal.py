"""Removing an integration: its secrets always, its data if the person wants that too."""

from entrepot.core.errors import TryLater
from entrepot.storage import credentials, token_journal
from entrepot.storage.integrations import Integration, integrations
from entrepot.storage.transaction import Writing

_STREAMS = "(SELECT id FROM streams WHERE integration_id = ?)"
# In this order: what refers goes before what it refers to. `?` is the integration.
_DATA = (
    "DELETE FROM item_files WHERE item_id IN (SELECT id FROM items WHERE source_integration_id = ?)",
    f"DELETE FROM natives WHERE link_id IN (SELECT id FROM links WHERE stream_id IN {_STREAMS})",  # noqa: S608 -- written above
    f"DELETE FROM links WHERE stream_id IN {_STREAMS}",  # noqa: S608 -- the same
    "DELETE FROM refused WHERE run_id IN (SELECT id FROM runs WHERE integration_id = ?)",
    "DELETE FROM events WHERE integration_id = ? AND type LIKE 'items.%'",
)
_PLACES = (
    f"DELETE FROM seen WHERE stream_id IN {_STREAMS}",  # noqa: S608 -- the same
    f"DELETE FROM positions WHERE stream_id IN {_STREAMS}",  # noqa: S608 -- the same
    "UPDATE streams SET remote_collections = NULL, remote_collections_at = NULL WHERE integration_id = ?",
)


def remove(tx: Writing, workspace_id: int, integration: Integration, *, with_data: bool) -> int:
    """How many items went with it. Without `with_data` they stay, and still name where they came from.

    Its runs stay as a record of what was done. Files nobody names any more go with `orphans.clear_orphans`.
    """
    running = "SELECT count(*) FROM runs WHERE integration_id = ? AND status = 'running'"
    if tx.fetch(running, integration.key)[0][0]:
        raise TryLater(f"{integration.name} is being read right now. Wait until that run ends.")
    token_journal.remove(tx, workspace_id, integration.key)
    credentials.remove(tx, workspace_id, integration.key)
    tx.execute(
        "UPDATE runs SET status = 'cancelled', finished_at = ?"
        " WHERE integration_id = ? AND status IN ('queued', 'paused')",
        tx.now(),
        integration.key,
    )
    for statement in _PLACES:
        tx.execute(statement, integration.key)
    gone = _remove_data(tx, integration) if with_data else 0
    tx.run(integrations.update().where(integrations.c.id == integration.key).values(removed_at=tx.now()))
    return gone


def _remove_data(tx: Writing, integration: Integration) -> int:
    for statement in _DATA:
        tx.execute(statement, integration.key)
    kept = "SELECT DISTINCT collection_id FROM items WHERE collection_id IS NOT NULL"
    mine = f"SELECT collection_id FROM attachments WHERE stream_id IN {_STREAMS}"  # noqa: S608 -- written above
    gone = tx.execute("DELETE FROM items WHERE source_integration_id = ?", integration.key)
    emptied = tx.fetch(f"{mine} AND collection_id NOT IN ({kept})", integration.key)
    tx.execute(f"DELETE FROM attachments WHERE stream_id IN {_STREAMS}", integration.key)  # noqa: S608 -- written above
    unattached = "NOT EXISTS (SELECT 1 FROM attachments WHERE collection_id = collections.id)"
    tx.each(f"DELETE FROM collections WHERE id = ? AND {unattached}", emptied)  # noqa: S608 -- written above
    return gone
