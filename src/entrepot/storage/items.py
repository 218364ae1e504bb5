"""Items: what is in the hub, each with where it came from; and the files that travel with them."""

from sqlalchemy import Column, Index, LargeBinary, Table, Text, UniqueConstraint

from entrepot.storage.metadata import METADATA, Key, instant, key, public_id

# No checked references here: a check of each of millions of rows costs more than the write itself.
items = Table(
    "items",
    METADATA,
    key(),
    public_id(),
    Column("workspace_id", Key, nullable=False),
    Column("kind", Text, nullable=False),
    Column("collection_id", Key, nullable=True),
    Column("source_integration_id", Key, nullable=False),
    Column("source_platform", Text, nullable=False),
    Column("source_object_id", Text, nullable=False),
    instant("imported_at"),
    instant("updated_at"),
    instant("deleted_at", nullable=True),
    Column("data", LargeBinary, nullable=False),
)
Index("ix_items_source", items.c.source_integration_id, items.c.kind, items.c.deleted_at, items.c.id)
Index(
    "ix_items_collection",
    items.c.collection_id,
    items.c.id,
    sqlite_where=items.c.collection_id.is_not(None),
    postgresql_where=items.c.collection_id.is_not(None),
)

item_files = Table(
    "item_files",
    METADATA,
    key(),
    Column("item_id", Key, nullable=False),
    Column("sha256", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", Key, nullable=False),
    UniqueConstraint("item_id", "sha256", "name"),
)
