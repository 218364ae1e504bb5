"""Intents: writes to services, recorded before they are sent and forgotten once their outcome is kept."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from sqlalchemy import Column, LargeBinary, Table, Text, UniqueConstraint

from entrepot.storage.metadata import METADATA, Key, instant, key
from entrepot.storage.transaction import Reading, Writing

intents = Table(
    "intents",
    METADATA,
    key(),
    Column("op", Text, nullable=False),
    Column("attachment_id", Key, nullable=False),
    Column("item_id", Key, nullable=False),
    Column("link_id", Key, nullable=True),
    Column("verb", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("data", LargeBinary, nullable=True),
    Column("fields", Text, nullable=False),
    instant("at"),
    UniqueConstraint("op"),
    UniqueConstraint("attachment_id", "item_id"),
)


class Intent(NamedTuple):
    """`data` is the whole record as it was to be there, `fields` the names of those that were to change."""

    op: str
    attachment: int
    item: int
    link: int | None
    verb: str
    object_id: str
    data: bytes | None
    fields: tuple[str, ...]
    at: int = 0


_COLUMNS = "op, attachment_id, item_id, link_id, verb, object_id, data, fields, at"


def record(tx: Writing, new: Iterable[Intent]) -> None:
    """Before anything is sent. One item has one write under way at an attachment."""
    rows = [(*intent[:7], msgspec.json.encode(intent.fields).decode(), tx.now()) for intent in new]
    tx.each(f"INSERT INTO intents ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608 -- our own names


def open_at(tx: Reading, attachment: int) -> list[Intent]:
    """Writes of which nobody knows what became of them, oldest first."""
    rows = tx.fetch(f"SELECT {_COLUMNS} FROM intents WHERE attachment_id = ? ORDER BY id", attachment)  # noqa: S608 -- the same
    return [Intent._make((*row[:7], tuple(msgspec.json.decode(row[7], type=list[str])), row[8])) for row in rows]


def is_open(tx: Reading, attachment: int, item: int) -> bool:
    sql = "SELECT EXISTS (SELECT 1 FROM intents WHERE attachment_id = ? AND item_id = ?)"
    return bool(tx.fetch(sql, attachment, item)[0][0])


def settled(tx: Writing, ops: Iterable[str]) -> None:
    tx.each("DELETE FROM intents WHERE op = ?", [(op,) for op in ops])
