"""Removing an integration: its secrets always, its data if the person wants that too."""

from entrepot.storage import credentials, runs, token_journal
from entrepot.storage.integrations import Integration, integrations
from entrepot.storage.transaction import Writing

_STREAMS = "(SELECT id FROM streams WHERE integration_id = ?)"
_ATTACHMENTS = f"(SELECT id FROM attachments WHERE stream_id IN {_STREAMS})"  # noqa: S608 -- written above
_LEFT = "direction = CASE direction WHEN 'pull' THEN 'pull' ELSE 'none' END, planned_under = '{}'"
# `?` is the integration. In this order: what refers goes before what it refers to.
_PLACES = (
    f"DELETE FROM seen WHERE stream_id IN {_STREAMS}",  # noqa: S608 -- the same
    f"DELETE FROM positions WHERE stream_id IN {_STREAMS}",  # noqa: S608 -- the same
    f"DELETE FROM incoming WHERE stream_id IN {_STREAMS}",  # noqa: S608 -- the same
    f"DELETE FROM mappings WHERE stream_id IN {_STREAMS}",  # noqa: S608 -- the same
    *(
        f"DELETE FROM {table} WHERE attachment_id IN {_ATTACHMENTS}"  # noqa: S608 -- the same
        for table in ("bases", "pending", "intents", "conflicts", "excluded")
    ),
    # Connected again, what it mirrored is read again, and what was attached only when a person attaches it again.
    f"UPDATE attachments SET {_LEFT} WHERE stream_id IN {_STREAMS}",  # noqa: S608 -- the same
    "UPDATE streams SET remote_collections = NULL, remote_collections_at = NULL WHERE integration_id = ?",
)
# No text has this hash: read again, each record is news, and what both sides say is compared from the beginning.
_AGREED = f"SELECT link_id FROM bases WHERE attachment_id IN {_ATTACHMENTS}"  # noqa: S608 -- the same
_UNAGREED = f"UPDATE links SET hash = ? WHERE id IN ({_AGREED})"  # noqa: S608 -- the same
# What it brought and nobody else takes part in.
_GOING = (
    "SELECT t.id FROM items t WHERE t.source_integration_id = ?"
    " AND NOT EXISTS (SELECT 1 FROM links l JOIN streams s ON s.id = l.stream_id"
    " WHERE l.item_id = t.id AND l.gone_at IS NULL AND s.integration_id <> t.source_integration_id)"
    " AND NOT EXISTS (SELECT 1 FROM attachments a JOIN streams s ON s.id = a.stream_id"
    " JOIN integrations i ON i.id = s.integration_id WHERE a.collection_id = t.collection_id"
    " AND a.direction <> 'none' AND i.removed_at IS NULL AND i.id <> t.source_integration_id)"
)
_ITEMS = tuple(
    f"DELETE FROM {table} WHERE item_id IN ({_GOING})"  # noqa: S608 -- written above
    for table in ("item_files", "marks", "journal", "pending", "excluded", "conflicts")
)
_DATA = (
    f"DELETE FROM natives WHERE link_id IN (SELECT id FROM links WHERE stream_id IN {_STREAMS})",  # noqa: S608 -- written above
    f"DELETE FROM links WHERE stream_id IN {_STREAMS}",  # noqa: S608 -- the same
    "DELETE FROM refused WHERE run_id IN (SELECT id FROM runs WHERE integration_id = ?)",
    "DELETE FROM events WHERE integration_id = ? AND type LIKE 'items.%'",
)


def remove(tx: Writing, workspace_id: int, integration: Integration, *, with_data: bool) -> int:
    """How many items went with it. Without `with_data` they stay, and still name where they came from.

    What others are attached to stays in any case. Its runs stay as a record of what was done. Files nobody names any
    more go with `orphans.clear_orphans`.
    """
    runs.check_idle(tx, workspace_id, integration.key, integration.name)
    token_journal.remove(tx, workspace_id, integration.key)
    credentials.remove(tx, workspace_id, integration.key)
    tx.execute(
        "UPDATE runs SET status = 'cancelled', finished_at = ?"
        " WHERE integration_id = ? AND status IN ('queued', 'paused')",
        tx.now(),
        integration.key,
    )
    tx.execute(_UNAGREED, b"", integration.key)
    for statement in _PLACES:
        tx.execute(statement, integration.key)
    gone = _remove_data(tx, integration) if with_data else 0
    tx.run(integrations.update().where(integrations.c.id == integration.key).values(removed_at=tx.now()))
    return gone


def _remove_data(tx: Writing, integration: Integration) -> int:
    for statement in _ITEMS:
        tx.execute(statement, integration.key)
    gone = tx.execute(f"DELETE FROM items WHERE id IN ({_GOING})", integration.key)  # noqa: S608 -- written above
    for statement in _DATA:
        tx.execute(statement, integration.key)
    kept = "SELECT DISTINCT collection_id FROM items WHERE collection_id IS NOT NULL"
    mine = f"SELECT collection_id FROM attachments WHERE stream_id IN {_STREAMS}"  # noqa: S608 -- written above
    emptied = tx.fetch(f"{mine} AND collection_id NOT IN ({kept})", integration.key)
    tx.execute(f"DELETE FROM attachments WHERE stream_id IN {_STREAMS}", integration.key)  # noqa: S608 -- written above
    unattached = "NOT EXISTS (SELECT 1 FROM attachments WHERE collection_id = collections.id)"
    tx.each(f"DELETE FROM collections WHERE id = ? AND {unattached}", emptied)  # noqa: S608 -- written above
    return gone
