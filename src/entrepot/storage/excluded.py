"""Items that are not to be at an attachment although they are in its collection: what a person took back from there."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Column, Table

from entrepot.storage.metadata import METADATA, Key
from entrepot.storage.transaction import Reading, Writing

excluded = Table(
    "excluded",
    METADATA,
    Column("attachment_id", Key, primary_key=True, autoincrement=False),
    Column("item_id", Key, primary_key=True, autoincrement=False),
)


def exclude(tx: Writing, pairs: Iterable[tuple[int, int]]) -> None:
    """(attachment, item)."""
    tx.each("INSERT INTO excluded (attachment_id, item_id) VALUES (?, ?) ON CONFLICT DO NOTHING", list(pairs))


def include(tx: Writing, pairs: Iterable[tuple[int, int]]) -> None:
    tx.each("DELETE FROM excluded WHERE attachment_id = ? AND item_id = ?", list(pairs))


def of(tx: Reading, attachment: int, items: Sequence[int]) -> set[int]:
    sql = f"SELECT item_id FROM excluded WHERE attachment_id = ? AND {tx.dialect.contains('item_id')}"  # noqa: S608 -- our own column
    return {item for (item,) in tx.fetch(sql, attachment, tx.dialect.as_list(list(items)))}
