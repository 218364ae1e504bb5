"""Collections in the hub, and which remote collection of which stream is attached to each."""

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import Column, Table, Text, UniqueConstraint, and_, func, select

from entrepot.storage.ids import new_id
from entrepot.storage.items import items
from entrepot.storage.metadata import METADATA, instant, key, public_id, reference, workspace
from entrepot.storage.streams import Stream
from entrepot.storage.transaction import Reading, Writing

collections = Table(
    "collections",
    METADATA,
    key(),
    public_id(),
    workspace(),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    instant("created_at"),
)

attachments = Table(
    "attachments",
    METADATA,
    key(),
    reference("stream_id", "streams.id"),
    Column("remote_id", Text, nullable=False),
    Column("remote_name", Text, nullable=False),
    reference("collection_id", "collections.id"),
    Column("direction", Text, nullable=False),
    UniqueConstraint("stream_id", "remote_id"),
)


class Collection(msgspec.Struct, frozen=True):
    id: str
    kind: str
    name: str
    items: int


def attach(tx: Writing, stream: Stream, remote: Mapping[str, str]) -> dict[str, int]:
    """The collection's key for each remote collection (id → name, as the service says); new ones are made.

    A name that a person gave in the hub stays; one that only repeats the service's follows it.
    """
    known = _attached(tx, stream, remote)
    for remote_id, name in remote.items():
        if remote_id not in known:
            known[remote_id] = _create(tx, stream, remote_id, name or remote_id)
        elif name:
            _follow_name(tx, stream, remote_id, name)
    return known


def find_or_attach(tx: Writing, stream: Stream, remote_ids: Iterable[str]) -> dict[str, int]:
    """As `attach`, where nobody has told a name: an unknown one is named by its id until somebody does."""
    return attach(tx, stream, dict.fromkeys(remote_ids, ""))


def everything(tx: Reading, workspace_id: int) -> list[Collection]:
    """With the number of items there are in each, deleted ones not counted."""
    counted = and_(items.c.collection_id == collections.c.id, items.c.deleted_at.is_(None))
    wanted = (
        select(collections.c.public_id, collections.c.kind, collections.c.name, func.count(items.c.id))
        .select_from(collections.outerjoin(items, counted))
        .where(collections.c.workspace_id == workspace_id)
        .group_by(collections.c.id, collections.c.public_id, collections.c.kind, collections.c.name)
        .order_by(collections.c.kind, collections.c.name, collections.c.id)
    )
    return [Collection(*row) for row in tx.run(wanted)]


def keys_named(tx: Reading, workspace_id: int, wanted: str) -> list[int]:
    """The keys of all collections with this id or, in any case, this name."""
    named = (collections.c.public_id == wanted) | (func.lower(collections.c.name) == wanted.lower())
    found = select(collections.c.id).where(collections.c.workspace_id == workspace_id, named)
    return [int(number) for number in tx.run(found).scalars()]


def _attached(tx: Reading, stream: Stream, remote_ids: Iterable[str]) -> dict[str, int]:
    rows = tx.fetch(
        f"SELECT remote_id, collection_id FROM attachments WHERE stream_id = ? AND {tx.dialect.contains('remote_id')}",  # noqa: S608 -- our own column
        stream.key,
        tx.dialect.as_list(list(remote_ids)),
    )
    return dict(rows)


def _create(tx: Writing, stream: Stream, remote_id: str, name: str) -> int:
    made = collections.insert().values(
        public_id=new_id("col"),
        workspace_id=stream.workspace_id,
        kind=stream.kind,
        name=name,
        created_at=tx.now(),
    )
    number = int(tx.run(made.returning(collections.c.id)).scalar_one())
    tx.run(
        attachments.insert().values(
            stream_id=stream.key, remote_id=remote_id, remote_name=name, collection_id=number, direction="pull"
        )
    )
    return number


def _follow_name(tx: Writing, stream: Stream, remote_id: str, name: str) -> None:
    here = and_(attachments.c.stream_id == stream.key, attachments.c.remote_id == remote_id)
    row = tx.run(select(attachments.c.collection_id, attachments.c.remote_name).where(here)).one()
    if row.remote_name == name:
        return
    repeats = and_(collections.c.id == row.collection_id, collections.c.name == row.remote_name)
    tx.run(collections.update().where(repeats).values(name=name))
    tx.run(attachments.update().where(here).values(remote_name=name))
