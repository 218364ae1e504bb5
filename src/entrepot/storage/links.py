"""Links: what ties an item to its counterpart at one integration, with the state both last agreed on."""

from sqlalchemy import Column, LargeBinary, Table, Text, UniqueConstraint

from entrepot.storage.metadata import METADATA, Key, instant, key

links = Table(
    "links",
    METADATA,
    key(),
    Column("stream_id", Key, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("item_id", Key, nullable=False, index=True),
    Column("collection_id", Key, nullable=True),
    Column("version", Text, nullable=True),
    Column("hash", LargeBinary, nullable=False),
    Column("native_hash", LargeBinary, nullable=False),
    Column("origin", Text, nullable=False),
    instant("gone_at", nullable=True),
    UniqueConstraint("stream_id", "object_id"),
)

# Apart from the links, so that comparing hashes does not read through every record's own text.
natives = Table(
    "natives",
    METADATA,
    Column("link_id", Key, primary_key=True, autoincrement=False),
    Column("native", LargeBinary, nullable=False),
)

# Scratch for full listings, one row a page: the links it showed, and where the records are that could not be read.
seen = Table(
    "seen",
    METADATA,
    key(),
    Column("stream_id", Key, nullable=False, index=True),
    Column("remote_collection", Text, nullable=False),
    Column("links", Text, nullable=False),
    Column("unread", Text, nullable=False),
)
