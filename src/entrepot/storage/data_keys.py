"""Data keys: one for each workspace, wrapped by a master key. The vault alone reads what is in them."""

import msgspec
from sqlalchemy import Column, Index, LargeBinary, Table, Text, select

from entrepot.storage.metadata import METADATA, instant, key, workspace
from entrepot.storage.transaction import Reading, Writing

WRAPPING_LOCK = 0x656E_7472_6B65_7973

data_keys = Table(
    "data_keys",
    METADATA,
    key(),
    workspace(),
    Column("key_id", Text, nullable=False, unique=True),
    Column("master_key_id", Text, nullable=False, index=True),
    Column("wrapped", LargeBinary, nullable=False),
    instant("wrapped_at"),
    Index("ix_data_keys_workspace", "workspace_id"),
)


class DataKey(msgspec.Struct, frozen=True):
    workspace_id: int
    key_id: str
    master_key_id: str
    wrapped: bytes


_columns = (data_keys.c.workspace_id, data_keys.c.key_id, data_keys.c.master_key_id, data_keys.c.wrapped)


def lock_wrapping(tx: Writing) -> None:
    """From here to the end of the transaction nobody else makes, wraps or counts data keys."""
    if tx.dialect.name == "postgresql":
        tx.fetch("SELECT pg_advisory_xact_lock(?)", WRAPPING_LOCK)


def newest(tx: Reading, workspace_id: int) -> DataKey | None:
    """The key that new secrets of this workspace are sealed with."""
    found = select(*_columns).where(data_keys.c.workspace_id == workspace_id).order_by(data_keys.c.id.desc()).limit(1)
    row = tx.run(found).first()
    return DataKey(*row) if row else None


def by_key_id(tx: Reading, workspace_id: int, key_id: str) -> DataKey | None:
    found = select(*_columns).where(data_keys.c.workspace_id == workspace_id, data_keys.c.key_id == key_id)
    row = tx.run(found).first()
    return DataKey(*row) if row else None


def add(tx: Writing, new: DataKey) -> None:
    tx.run(data_keys.insert().values(**msgspec.structs.asdict(new), wrapped_at=tx.now()))


def master_key_ids(tx: Reading) -> dict[str, int]:
    """How many data keys each master key wraps."""
    counted = tx.fetch("SELECT master_key_id, count(*) FROM data_keys GROUP BY master_key_id")
    return {str(row[0]): int(row[1]) for row in counted}


def wrapped_by_others(tx: Reading, master_key_id: str, most: int) -> list[DataKey]:
    """Data keys that another master key wraps, at most so many."""
    found = select(*_columns).where(data_keys.c.master_key_id != master_key_id).order_by(data_keys.c.id).limit(most)
    return [DataKey(*row) for row in tx.run(found)]


def rewrap(tx: Writing, key_id: str, master_key_id: str, wrapped: bytes) -> None:
    values = {"master_key_id": master_key_id, "wrapped": wrapped, "wrapped_at": tx.now()}
    tx.run(data_keys.update().where(data_keys.c.key_id == key_id).values(values))
