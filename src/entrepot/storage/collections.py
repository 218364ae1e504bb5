"""Collections in the hub, and which remote collection of which stream is attached to each."""

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import Boolean, Column, Table, Text, UniqueConstraint, and_, false, func, select

from entrepot.core.errors import PersonMustFix
from entrepot.storage.ids import new_ids
from entrepot.storage.items import items
from entrepot.storage.metadata import METADATA, instant, key, public_id, reference, workspace
from entrepot.storage.streams import Stream
from entrepot.storage.text import storable
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
    Column("synced", Boolean, nullable=False, server_default=false()),
    Column("policies", Text, nullable=False, server_default="{}"),
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
    Column("settings", Text, nullable=False, server_default="{}"),
    Column("planned_under", Text, nullable=False, server_default="{}"),
    UniqueConstraint("stream_id", "remote_id"),
)


class Collection(msgspec.Struct, frozen=True):
    id: str
    kind: str
    name: str
    items: int
    key: int


def attach(tx: Writing, stream: Stream, remote: Mapping[str, str]) -> dict[str, int]:
    """The collection's key for each remote collection (id → name, as the service says); new ones are made.

    A name that a person gave in the hub stays; one that only repeats the service's follows it.
    """
    known = _attached(tx, stream, remote)
    named = {remote_id: storable(name) for remote_id, name in remote.items()}
    renamed = {one: name for one, name in named.items() if name and one in known and known[one][1] != name}
    tx.each(
        "UPDATE collections SET name = ? WHERE id = ? AND name = ?", [(renamed[one], *known[one]) for one in renamed]
    )
    tx.each(
        "UPDATE attachments SET remote_name = ? WHERE stream_id = ? AND remote_id = ?",
        [(name, stream.key, one) for one, name in renamed.items()],
    )
    made = _create(tx, stream, {one: name or one for one, name in named.items() if one not in known})
    return {**{remote_id: place[0] for remote_id, place in known.items()}, **made}


def find_or_attach(tx: Writing, stream: Stream, remote_ids: Iterable[str]) -> dict[str, int]:
    """As `attach`, where nobody has told a name: an unknown one is named by its id until somebody does."""
    return attach(tx, stream, dict.fromkeys(remote_ids, ""))


def has_synced(tx: Reading, stream: int) -> bool:
    """Whether records of the stream are planned one by one: then those of all its collections are, as they may move."""
    sql = (
        "SELECT EXISTS (SELECT 1 FROM attachments a JOIN collections c ON c.id = a.collection_id"
        " WHERE a.stream_id = ? AND c.synced)"
    )
    return bool(tx.fetch(sql, stream)[0][0])


def detached(tx: Reading, stream: int) -> set[str]:
    """Remote collections that a person has detached: what happens in them is not followed."""
    rows = tx.fetch("SELECT remote_id FROM attachments WHERE stream_id = ? AND direction = 'none'", stream)
    return {remote_id for (remote_id,) in rows}


def everything(tx: Reading, workspace_id: int) -> list[Collection]:
    """With the number of items there are in each, deleted ones not counted."""
    counted = and_(items.c.collection_id == collections.c.id, items.c.deleted_at.is_(None))
    wanted = (
        select(
            collections.c.public_id, collections.c.kind, collections.c.name, func.count(items.c.id), collections.c.id
        )
        .select_from(collections.outerjoin(items, counted))
        .where(collections.c.workspace_id == workspace_id)
        .group_by(collections.c.id, collections.c.public_id, collections.c.kind, collections.c.name)
        .order_by(collections.c.kind, collections.c.name, collections.c.id)
    )
    return [Collection(*row) for row in tx.run(wanted)]


class Home(msgspec.Struct, frozen=True):
    """A collection of the hub, by its key and as people know it."""

    key: int
    id: str
    kind: str
    name: str


def find(tx: Reading, workspace_id: int, wanted: str, kind: str | None = None) -> Home:
    """The collection with this id, or the only one of this name (in any case), of this kind if one is told."""
    columns = (collections.c.id, collections.c.public_id, collections.c.kind, collections.c.name)
    keys = keys_named(tx, workspace_id, wanted)
    there = [
        Home(*row) for row in tx.run(select(*columns).where(collections.c.id.in_(keys)).order_by(collections.c.id))
    ]
    exact = [one for one in there if one.id == wanted] or there
    match [one for one in exact if kind in {None, one.kind}]:
        case [one]:
            return one
        case []:
            of_kind = "" if kind is None or not exact else f" of kind {kind}: it holds {exact[0].kind}s"
            raise PersonMustFix(
                f"There is no collection {wanted!r}{of_kind}. `entrepot collections list` shows those there are."
            )
        case several:
            ids = ", ".join(f"{one.id} ({one.kind})" for one in several)
            raise PersonMustFix(f"{wanted!r} means more than one collection: {ids}. Say which by its id.")


def keys_named(tx: Reading, workspace_id: int, wanted: str) -> list[int]:
    """The keys of all collections with this id or, in any case, this name."""
    named = (collections.c.public_id == wanted) | (func.lower(collections.c.name) == wanted.lower())
    found = select(collections.c.id).where(collections.c.workspace_id == workspace_id, named)
    return [int(number) for number in tx.run(found).scalars()]


def _attached(tx: Reading, stream: Stream, remote_ids: Iterable[str]) -> dict[str, tuple[int, str]]:
    """By remote id, the collection's key and the name that the service last gave it."""
    rows = tx.fetch(
        "SELECT remote_id, collection_id, remote_name FROM attachments"  # noqa: S608 -- our own column
        f" WHERE stream_id = ? AND {tx.dialect.contains('remote_id')}",
        stream.key,
        tx.dialect.as_list(list(remote_ids)),
    )
    return {remote_id: (number, name) for remote_id, number, name in rows}


def _create(tx: Writing, stream: Stream, remote: Mapping[str, str]) -> dict[str, int]:
    keys = dict(zip(remote, tx.reserve("collections", len(remote)), strict=True))
    is_synced = remote and has_synced(tx, stream.key)
    made = [
        (keys[one], public, name, is_synced)
        for (one, name), public in zip(remote.items(), new_ids("col", len(keys)), strict=True)
    ]
    same = {"workspace_id": stream.workspace_id, "kind": stream.kind, "created_at": tx.now(), "policies": "{}"}
    tx.insert("collections", ("id", "public_id", "name", "synced"), made, same)
    tx.insert(
        "attachments",
        ("remote_id", "remote_name", "collection_id"),
        [(one, name, keys[one]) for one, name in remote.items()],
        {"stream_id": stream.key, "direction": "pull", "settings": "{}", "planned_under": "{}"},
    )
    return keys
