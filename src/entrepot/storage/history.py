"""History has a budget of age and size: what happened long ago makes room for what happens now."""

from entrepot.storage.transaction import Writing

DAY = 86_400_000  # milliseconds
EVENTS_FOR = 30 * DAY
MOST_EVENTS = 1_000_000
REFUSED_FOR = 180 * DAY
RUNS_FOR = 730 * DAY


def trim(tx: Writing, workspace_id: int) -> int:
    """Forget old events, old reasons of refusal and very old runs; how many rows that were. Items never go."""
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
    return events + refused + runs
