"""Looking at what is in the hub: items one by one or as a stream, and how many there are of what, from where."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from entrepot.core.errors import PersonMustFix
from entrepot.core.kinds import KINDS
from entrepot.storage import collections, integrations
from entrepot.storage.database import Database
from entrepot.storage.integrations import HUB
from entrepot.storage.transaction import Reading

BATCH = 1000
Presence = Literal["present", "deleted", "any"]

_COLUMNS = (
    "id, public_id, kind, collection_id, data, source_integration_id, source_platform, source_object_id,"
    " imported_at, updated_at, deleted_at"
)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """`source` is an integration's id or name, a connector, or `hub` for what was made there; `collection` a
    collection's id or name.
    """

    kind: str | None = None
    source: str | None = None
    collection: str | None = None
    presence: Presence = "present"


class Named(msgspec.Struct, frozen=True):
    id: str
    name: str


OURS = Named(HUB, HUB)
"""The source of what was made in the hub."""


class Item(msgspec.Struct, frozen=True):
    """`data` is the JSON of the kind as it is stored; times are milliseconds.

    A removed integration is still named; what was made in the hub names the hub.
    """

    id: str
    kind: str
    collection: Named | None
    data: bytes
    integration: Named
    platform: str
    object_id: str
    imported_at: int
    updated_at: int
    deleted_at: int | None


class Shelf(msgspec.Struct, frozen=True):
    """How many items of a kind an integration brought."""

    kind: str
    platform: str
    integration: Named
    present: int
    deleted: int


def iterate(database: Database, workspace_id: int, wanted: Wanted) -> Iterator[Item]:
    """All that match, in a stable order (by source and kind, oldest first), in constant memory.

    Read batch by batch, each its own transaction: a slow consumer holds nobody up, and what changes meanwhile is
    seen as it was or as it is.
    """
    with database.read() as tx:
        names = _Names(tx, workspace_id)
        places = _places(tx, workspace_id, wanted)
    for where, values in places:
        after: tuple[int, int] = (0, 0)
        while True:
            with database.read() as tx:
                rows = _batch(tx, where, (*values, *after))
            yield from map(names.item, rows)
            if len(rows) < BATCH:
                break
            after = (rows[-1][10] or 0, rows[-1][0])


def find(tx: Reading, workspace_id: int, public: str) -> Item:
    rows = tx.fetch(
        f"SELECT {_COLUMNS} FROM items WHERE public_id = ? AND workspace_id = ?",  # noqa: S608 -- our own columns
        public,
        workspace_id,
    )
    if not rows:
        raise PersonMustFix(f"There is no item {public!r}. `entrepot items list` shows those there are.")
    return _Names(tx, workspace_id).item(rows[0])


def count(tx: Reading, workspace_id: int) -> list[Shelf]:
    """By kind and source, sorted by both."""
    rows = tx.fetch(
        "SELECT items.kind, integrations.connector, integrations.public_id, integrations.name,"
        " items.present, items.deleted FROM integrations JOIN ("
        "SELECT source_integration_id, kind, sum(CASE WHEN deleted_at IS NULL THEN 1 ELSE 0 END) AS present,"
        " sum(CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END) AS deleted"
        " FROM items WHERE source_integration_id IN (SELECT id FROM integrations WHERE workspace_id = ?)"
        " GROUP BY source_integration_id, kind"
        ") AS items ON items.source_integration_id = integrations.id"
        " ORDER BY items.kind, integrations.name, integrations.id",
        workspace_id,
    )
    shelves = [
        Shelf(kind, platform, Named(public, name), int(present), int(deleted))
        for kind, platform, public, name, present, deleted in rows
    ]
    return sorted([*shelves, *_made_here(tx, workspace_id)], key=lambda one: (one.kind, one.integration.name))


def _made_here(tx: Reading, workspace_id: int) -> Iterator[Shelf]:
    sql = (
        "SELECT count(*) - count(deleted_at), count(deleted_at) FROM items"
        " WHERE source_integration_id = 0 AND kind = ? AND workspace_id = ?"
    )
    for kind in KINDS:
        present, deleted = tx.fetch(sql, kind, workspace_id)[0]
        if present or deleted:
            yield Shelf(kind, HUB, OURS, int(present), int(deleted))


def _batch(tx: Reading, where: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
    return tx.fetch(f"SELECT {_COLUMNS} FROM items WHERE {where} LIMIT {BATCH}", *values)  # noqa: S608 -- written below


def _places(tx: Reading, workspace_id: int, wanted: Wanted) -> list[tuple[str, tuple[object, ...]]]:
    """SQL conditions, each walked along one index, whose last two values are the place reached."""
    if wanted.collection is not None:
        return _in_collections(tx, workspace_id, wanted)
    shelves = tx.fetch(
        "SELECT DISTINCT streams.integration_id, streams.kind FROM streams WHERE workspace_id = ? ORDER BY 1, 2",
        workspace_id,
    )
    shelves += [(0, kind) for kind in sorted(KINDS)]
    sources = _sources(tx, workspace_id, wanted)
    here = [
        (source, kind)
        for source, kind in shelves
        if (sources is None or source in sources) and wanted.kind in {None, kind}
    ]
    # In the hub itself all workspaces make things; the others' integrations are of one workspace each.
    shelf = "source_integration_id = ? AND kind = ? AND workspace_id = ? AND deleted_at"
    present = f"{shelf} IS NULL AND ? = 0 AND id > ? ORDER BY id"
    deleted = f"{shelf} IS NOT NULL AND (deleted_at, id) > (?, ?) ORDER BY deleted_at, id"
    ways = {"present": [present], "deleted": [deleted], "any": [present, deleted]}[wanted.presence]
    return [(way, (*place, workspace_id)) for place in here for way in ways]


def _in_collections(tx: Reading, workspace_id: int, wanted: Wanted) -> list[tuple[str, tuple[object, ...]]]:
    assert wanted.collection is not None
    found = collections.keys_named(tx, workspace_id, wanted.collection)
    if not found:
        raise PersonMustFix(f"There is no collection {wanted.collection!r}. `entrepot collections list` shows them.")
    presence = {"present": " AND deleted_at IS NULL", "deleted": " AND deleted_at IS NOT NULL", "any": ""}
    where = "collection_id = ?" + presence[wanted.presence]
    values: list[object] = []
    if wanted.kind is not None:
        where += " AND kind = ?"
        values.append(wanted.kind)
    sources = _sources(tx, workspace_id, wanted)
    if sources is not None:
        where += f" AND {tx.dialect.contains('source_integration_id')}"
        values.append(tx.dialect.as_list(sources))
    return [(f"{where} AND ? >= 0 AND id > ? ORDER BY id", (number, *values)) for number in found]


def _sources(tx: Reading, workspace_id: int, wanted: Wanted) -> list[int] | None:
    if wanted.source is None:
        return None
    found = integrations.keys_named(tx, workspace_id, wanted.source)
    if wanted.source.casefold() == HUB:
        found.append(0)
    if not found:
        raise PersonMustFix(
            f"There is no source {wanted.source!r}. `entrepot integrations list` shows those there are."
        )
    return found


class _Names:
    """Integrations and collections by their keys, read once: there are few of them, and many items."""

    def __init__(self, tx: Reading, workspace_id: int) -> None:
        self._integrations: Mapping[int, Named] = {0: OURS} | {
            one.key: Named(one.id, one.name) for one in integrations.everything(tx, workspace_id, with_removed=True)
        }
        rows = tx.fetch("SELECT id, public_id, name FROM collections WHERE workspace_id = ?", workspace_id)
        self._collections: Mapping[int, Named] = {number: Named(public, name) for number, public, name in rows}

    def item(self, row: Sequence[Any]) -> Item:
        _, public, kind, collection, data, integration, platform, object_id, imported, updated, deleted = row
        return Item(
            public,
            kind,
            self._collections.get(collection),
            bytes(data),
            self._integrations[integration],
            platform,
            object_id,
            imported,
            updated,
            deleted,
        )
