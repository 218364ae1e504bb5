"""Writing what a comparison found, many rows a statement: items, links, native texts, files and events."""

from collections.abc import Iterable, Sequence

from entrepot.core.change import Attachment
from entrepot.storage import events
from entrepot.storage.comparison import Comparison, Link, State
from entrepot.storage.events import EventType, NewEvent
from entrepot.storage.feed import Feed
from entrepot.storage.ids import new_ids
from entrepot.storage.text import storable
from entrepot.storage.transaction import Writing

_FILE_COLUMNS = ("item_id", "sha256", "name", "media_type", "size")


def write(tx: Writing, feed: Feed, compared: Comparison) -> Sequence[int]:
    """The keys of the links that were made."""
    links = _create(tx, feed, compared.new)
    _change(tx, feed, compared.changed)
    _agree(tx, feed, [*compared.changed, *compared.touched])
    bury(tx, feed, [(link.key, link.item) for link in compared.gone])
    return links


def bury(tx: Writing, feed: Feed, gone: Sequence[tuple[int, int]]) -> None:
    """Links and their items (by key) are gone at the service: the items stay, marked as deleted."""
    now = tx.now()
    tx.each("UPDATE links SET gone_at = ? WHERE id = ?", [(now, link) for link, _ in gone])
    tx.each("UPDATE items SET deleted_at = ? WHERE id = ?", [(now, item) for _, item in gone])
    _tell(tx, feed, "items.deleted", [item for _, item in gone])


def _create(tx: Writing, feed: Feed, new: Sequence[State]) -> Sequence[int]:
    keys = tx.reserve("items", len(new))
    links = tx.reserve("links", len(new))
    made = list(zip(links, keys, new, strict=True))
    _create_items(tx, feed, zip(keys, new_ids("itm", len(new)), new, strict=True))
    _create_links(tx, feed, made)
    natives = [(link, state.change.native) for link, _, state in made if state.change.native]
    tx.insert("natives", ("link_id", "native"), natives)
    _keep_files(tx, ((item, state.change.files) for _, item, state in made))
    _tell(tx, feed, "items.created", keys)
    return links


def _create_items(tx: Writing, feed: Feed, made: Iterable[tuple[int, str, State]]) -> None:
    stream, now = feed.stream, tx.now()
    tx.insert(
        "items",
        ("id", "public_id", "collection_id", "source_object_id", "data"),
        [(item, public, state.collection, state.change.ref.id, state.body) for item, public, state in made],
        {
            "workspace_id": stream.workspace_id,
            "kind": stream.kind,
            "source_integration_id": stream.integration,
            "source_platform": stream.platform,
            "imported_at": now,
            "updated_at": now,
            "deleted_at": None,
        },
    )


def _create_links(tx: Writing, feed: Feed, made: Sequence[tuple[int, int, State]]) -> None:
    tx.insert(
        "links",
        ("id", "object_id", "item_id", "collection_id", "version", "hash", "native_hash"),
        [
            (link, change.ref.id, item, collection, change.ref.version, hashed, native)
            for link, item, (change, collection, _, hashed, native) in made
        ],
        {"stream_id": feed.stream.key, "origin": feed.origin, "gone_at": None},
    )


def _change(tx: Writing, feed: Feed, changed: Sequence[tuple[Link, State]]) -> None:
    now = tx.now()
    tx.each(
        "UPDATE items SET data = ?, collection_id = ?, updated_at = ?, deleted_at = NULL WHERE id = ?",
        [(state.body, state.collection, now, link.item) for link, state in changed],
    )
    tx.each("DELETE FROM item_files WHERE item_id = ?", [(link.item,) for link, _ in changed])
    _keep_files(tx, ((link.item, state.change.files) for link, state in changed))
    _tell(tx, feed, "items.updated", [link.item for link, _ in changed if link.gone_at is None])
    _tell(tx, feed, "items.restored", [link.item for link, _ in changed if link.gone_at is not None])


def _agree(tx: Writing, feed: Feed, pairs: Sequence[tuple[Link, State]]) -> None:
    """Keep what the two sides last agreed on; the native text only where it differs."""
    tx.each(
        "UPDATE links SET collection_id = ?, version = ?, hash = ?, native_hash = ?, origin = ?, gone_at = NULL"
        " WHERE id = ?",
        [
            (state.collection, state.change.ref.version, state.hash, state.native_hash, feed.origin, link.key)
            for link, state in pairs
        ],
    )
    tx.each(
        "INSERT INTO natives (link_id, native) VALUES (?, ?)"
        " ON CONFLICT (link_id) DO UPDATE SET native = excluded.native",
        [(link.key, state.change.native) for link, state in pairs if link.native_hash != state.native_hash],
    )


def replace_files(tx: Writing, owners: Sequence[tuple[int, Sequence[tuple[str, str, str, int]]]]) -> None:
    """The files of some items, each as (sha256, name, media type, size), in the place of those they had."""
    tx.each("DELETE FROM item_files WHERE item_id = ?", [(item,) for item, _ in owners])
    rows = {
        (item, sha256, storable(name)): (storable(media_type), size)
        for item, files in owners
        for sha256, name, media_type, size in files
    }
    tx.insert("item_files", _FILE_COLUMNS, [(*key, *rest) for key, rest in rows.items()])


def _keep_files(tx: Writing, owners: Iterable[tuple[int, Sequence[Attachment]]]) -> None:
    rows = {
        (item, file.sha256, storable(file.name)): (storable(file.media_type), file.size)
        for item, files in owners
        for file in files
    }
    tx.insert("item_files", _FILE_COLUMNS, [(*key, *rest) for key, rest in rows.items()])


def _tell(tx: Writing, feed: Feed, what: EventType, items: Sequence[int]) -> None:
    if items:
        stream = feed.stream
        events.add(tx, NewEvent(what, stream.workspace_id, stream.integration, stream.key, feed.run), items)
