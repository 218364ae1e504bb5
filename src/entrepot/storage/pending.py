"""What is still to go out: items that differ from what an attached remote collection was last told, oldest first."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Column, Index, Integer, Table, Text, UniqueConstraint

from entrepot.storage.metadata import METADATA, Key, instant, key
from entrepot.storage.text import storable
from entrepot.storage.transaction import Reading, Writing

# `edits` counts what was asked for meanwhile: a write settles only what it knew of. `reason`: the service will not have
# it, and it waits until the item or the record there is edited.
pending = Table(
    "pending",
    METADATA,
    key(),
    Column("attachment_id", Key, nullable=False),
    Column("item_id", Key, nullable=False),
    Column("edits", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    instant("at"),
    UniqueConstraint("attachment_id", "item_id"),
)
Index("ix_pending_item", pending.c.item_id)

MOST_OF_A_REASON = 500
UNSAID = "It was refused without a reason."


class Due(NamedTuple):
    key: int
    item: int
    edits: int
    reason: str


def ask(tx: Writing, pairs: Iterable[tuple[int, int]]) -> None:
    """(attachment, item): to be looked at by the attachment's next sync."""
    tx.each(
        "INSERT INTO pending (attachment_id, item_id, edits, reason, at) VALUES (?, ?, 1, '', ?)"
        " ON CONFLICT (attachment_id, item_id) DO UPDATE SET edits = pending.edits + 1, reason = ''",
        [(*pair, tx.now()) for pair in pairs],
    )


def ask_all(tx: Writing, attachment: int, collection: int) -> None:
    """Every item of a collection, for an attachment that knows none of them yet."""
    tx.execute(
        "INSERT INTO pending (attachment_id, item_id, edits, reason, at)"
        " SELECT CAST(? AS BIGINT), id, 1, '', CAST(? AS BIGINT) FROM items"
        " WHERE collection_id = ? AND deleted_at IS NULL ORDER BY id"
        " ON CONFLICT (attachment_id, item_id) DO NOTHING",
        attachment,
        tx.now(),
        collection,
    )


def after(tx: Reading, attachment: int, number: int, limit: int) -> list[Due]:
    """The next ones behind the key that are not set aside."""
    rows = tx.fetch(
        "SELECT id, item_id, edits, reason FROM pending"
        " WHERE attachment_id = ? AND id > ? AND reason = '' ORDER BY id LIMIT ?",
        attachment,
        number,
        limit,
    )
    return [Due(*row) for row in rows]


def of(tx: Reading, attachment: int, items: Sequence[int]) -> dict[int, Due]:
    rows = tx.fetch(
        "SELECT id, item_id, edits, reason FROM pending"  # noqa: S608 -- our own column
        f" WHERE attachment_id = ? AND {tx.dialect.contains('item_id')}",
        attachment,
        tx.dialect.as_list(list(items)),
    )
    return {row[1]: Due(*row) for row in rows}


def done(tx: Writing, dues: Iterable[Due]) -> None:
    """What was asked for before has been carried out; what was asked for since stays."""
    tx.each("DELETE FROM pending WHERE id = ? AND edits = ?", [(due.key, due.edits) for due in dues])


def set_aside(tx: Writing, attachment: int, item: int, reason: str) -> None:
    tx.execute(
        "INSERT INTO pending (attachment_id, item_id, edits, reason, at) VALUES (?, ?, 1, ?, ?)"
        " ON CONFLICT (attachment_id, item_id) DO UPDATE SET reason = excluded.reason",
        attachment,
        item,
        storable(reason, MOST_OF_A_REASON) or UNSAID,
        tx.now(),
    )


def retry(tx: Writing, attachment: int) -> None:
    """All that was set aside is to be tried again."""
    tx.execute("UPDATE pending SET reason = '' WHERE attachment_id = ? AND reason <> ''", attachment)


def forget(tx: Writing, attachment: int) -> None:
    tx.execute("DELETE FROM pending WHERE attachment_id = ?", attachment)


def count(tx: Reading, attachment: int) -> int:
    """How many wait to go out, those set aside not counted."""
    return int(tx.fetch("SELECT count(*) FROM pending WHERE attachment_id = ? AND reason = ''", attachment)[0][0])
