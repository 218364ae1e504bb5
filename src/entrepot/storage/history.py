"""History has a budget of age and size: what happened long ago makes room for what happens now."""

from entrepot.storage.transaction import Writing

DAY = 86_400_000  # milliseconds
EVENTS_FOR = 30 * DAY
MOST_EVENTS = 1_000_000
REFUSED_FOR = 180 * DAY
RUNS_FOR = 730 * DAY
JOURNAL_FOR = 180 * DAY
MOST_JOURNAL = 1_000_000
CLOSED_FOR = 180 * DAY


def trim(tx: Writing, workspace_id: int) -> int:
    """Forget old events, old reasons of refusal and very old runs, changes nobody will undo any more, and conflicts
    settled long ago; how many rows that were. Items never go, and no open conflict.
    """
    now = tx.now()
    newest = tx.fetch("SELECT coalesce(max(id), 0) FROM events")[0][0]
    events = tx.execute(
        "DELETE FROM events WHERE workspace_id = ? AND (at < ? OR id <= ?)",
        workspace_id,
        now - EVENTS_FOR,
        newest - MOST_EVENTS,
    )
    old = "SELECT id FROM runs WHERE workspace_id = ? AND finished_at < ?"
    refused = tx.execute(f"DELETE FROM refused WHERE run_id IN ({old})", workspace_id, now - REFUSED_FOR)  # noqa: S608 -- written above
    runs = tx.execute("DELETE FROM runs WHERE workspace_id = ? AND finished_at < ?", workspace_id, now - RUNS_FOR)
    return events + refused + runs + _trim_journal(tx, workspace_id, now)


def _trim_journal(tx: Writing, workspace_id: int, now: int) -> int:
    newest = tx.fetch("SELECT coalesce(max(id), 0) FROM journal")[0][0]
    told = tx.execute(
        "DELETE FROM journal WHERE workspace_id = ? AND (at < ? OR id <= ?)",
        workspace_id,
        now - JOURNAL_FOR,
        newest - MOST_JOURNAL,
    )
    settled = "DELETE FROM conflicts WHERE workspace_id = ? AND closed <> '' AND closed_at < ?"
    return told + tx.execute(settled, workspace_id, now - CLOSED_FOR)
