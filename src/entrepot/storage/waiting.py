"""How attachments stand: what waits on either side, what was set aside and why, what is in doubt, what is disputed."""

from collections.abc import Mapping

import msgspec

from entrepot.storage.transaction import Reading


class Standing(msgspec.Struct, frozen=True):
    """Counts of records. `incoming` was read and not followed yet, `outgoing` is still to be sent; `set_aside` is what
    the service refused, and `in_doubt` what was sent while nobody knows what became of it.
    """

    incoming: int = 0
    outgoing: int = 0
    set_aside: int = 0
    in_doubt: int = 0
    conflicts: int = 0


def by_attachment(tx: Reading, workspace_id: int) -> dict[int, Standing]:
    """Those of which there is something to tell, by the attachment's key."""
    found: dict[int, dict[str, int]] = {}
    for name, sql in _COUNTS.items():
        for attachment, count in tx.fetch(sql, workspace_id):
            found.setdefault(attachment, {})[name] = int(count)
    return {attachment: Standing(**counts) for attachment, counts in found.items()}


def reasons(tx: Reading, workspace_id: int) -> dict[str, int]:
    """Why writes were set aside, the most frequent first."""
    sql = (
        f"SELECT t.reason, count(*) FROM pending t {_MINE} AND t.reason <> ''"  # noqa: S608 -- written below
        " GROUP BY t.reason ORDER BY count(*) DESC, t.reason"
    )
    return {reason: int(count) for reason, count in tx.fetch(sql, workspace_id)}


_MINE = (
    "JOIN attachments a ON a.id = t.attachment_id JOIN collections c ON c.id = a.collection_id WHERE c.workspace_id = ?"
)
_ARRIVED = (
    "JOIN attachments a ON a.stream_id = t.stream_id AND a.remote_id = t.remote_collection"
    " JOIN collections c ON c.id = a.collection_id WHERE c.workspace_id = ?"
)
_COUNTS: Mapping[str, str] = {
    "incoming": f"SELECT a.id, count(*) FROM incoming t {_ARRIVED} GROUP BY a.id",  # noqa: S608 -- written above
    "outgoing": f"SELECT a.id, count(*) FROM pending t {_MINE} AND t.reason = '' GROUP BY a.id",  # noqa: S608 -- the same
    "set_aside": f"SELECT a.id, count(*) FROM pending t {_MINE} AND t.reason <> '' GROUP BY a.id",  # noqa: S608 -- the same
    "in_doubt": f"SELECT a.id, count(*) FROM intents t {_MINE} GROUP BY a.id",  # noqa: S608 -- the same
    "conflicts": f"SELECT a.id, count(*) FROM conflicts t {_MINE} AND t.closed = '' GROUP BY a.id",  # noqa: S608 -- the same
}
