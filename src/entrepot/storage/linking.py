"""Writing links of synced records: made, brought up to what was read or written, moved, and marked as gone."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

import msgspec

from entrepot.storage.comparison import HASH_BYTES
from entrepot.storage.incoming import Arrival
from entrepot.storage.transaction import Reading, Writing


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A record as the service has it, and what it is linked to; `link` is None where it is not linked yet."""

    link: int | None
    item: int
    collection: int
    object_id: str
    version: str | None
    hash: bytes
    native: bytes
    native_hash: bytes


def seen(link: int | None, item: int, collection: int, arrival: Arrival) -> Seen:
    """As the service told it."""
    return Seen(
        link=link, item=item, collection=collection, object_id=arrival.object_id, version=arrival.version,
        hash=arrival.hash, native=arrival.native, native_hash=arrival.native_hash,
    )  # fmt: skip


def digest(data: bytes) -> bytes:
    return sha256(data).digest()[:HASH_BYTES]


def keep(tx: Writing, stream: int, rows: Sequence[Seen]) -> list[int]:
    """The links' keys, in order. A record that is linked already is linked to this item from now on."""
    rows = _with_links(tx, stream, rows)
    new = [row for row in rows if row.link is None]
    keys = iter(_create(tx, stream, new))
    known = [row for row in rows if row.link is not None]
    tx.each(
        "UPDATE links SET item_id = ?, collection_id = ?, version = ?, hash = ?, native_hash = ?, gone_at = NULL,"
        " origin = 'live' WHERE id = ?",
        [(row.item, row.collection, row.version, row.hash, row.native_hash, row.link) for row in known],
    )
    found = [next(keys) if row.link is None else row.link for row in rows]
    tx.each(
        "INSERT INTO natives (link_id, native) VALUES (?, ?)"
        " ON CONFLICT (link_id) DO UPDATE SET native = excluded.native",
        [(link, row.native) for link, row in zip(found, rows, strict=True) if row.native],
    )
    return found


def bury(tx: Writing, links: Iterable[int]) -> None:
    """They are gone at the service."""
    tx.each("UPDATE links SET gone_at = ? WHERE id = ? AND gone_at IS NULL", [(tx.now(), link) for link in links])


def natives_of(tx: Reading, links: Sequence[int]) -> dict[int, bytes]:
    sql = f"SELECT link_id, native FROM natives WHERE {tx.dialect.contains('link_id')}"  # noqa: S608 -- our own column
    return {link: bytes(native) for link, native in tx.fetch(sql, tx.dialect.as_list(list(links)))}


def known(tx: Reading, stream: int, versions: Mapping[str, str]) -> frozenset[str]:
    """Of versions by the service's id, the ids of those that were last read or written in exactly this one.

    Not where something else was read and waits: an edit that was taken back at once is news.
    """
    sql = (
        "SELECT l.object_id, l.version FROM links l WHERE l.stream_id = ? AND l.gone_at IS NULL AND l.origin = 'live'"  # noqa: S608 -- our own column
        f" AND {tx.dialect.contains('l.object_id')} AND NOT EXISTS"
        " (SELECT 1 FROM incoming i WHERE i.stream_id = l.stream_id AND i.object_id = l.object_id)"
    )
    rows = tx.fetch(sql, stream, tx.dialect.as_list(list(versions)))
    return frozenset(name for name, version in rows if version == versions[name])


def linked_elsewhere(tx: Reading, attachment: int, items: Sequence[int]) -> set[int]:
    """Items that have a counterpart at the attachment now."""
    rows = tx.fetch(
        "SELECT l.item_id FROM links l JOIN bases b ON b.link_id = l.id WHERE b.attachment_id = ?"  # noqa: S608 -- our own column
        f" AND l.gone_at IS NULL AND {tx.dialect.contains('l.item_id')}",
        attachment,
        tx.dialect.as_list(list(items)),
    )
    return {item for (item,) in rows}


def _with_links(tx: Reading, stream: int, rows: Sequence[Seen]) -> Sequence[Seen]:
    """A record made anew may get the id of one that is gone, and then has its link."""
    made = [row.object_id for row in rows if row.link is None]
    if not made:
        return rows
    sql = f"SELECT object_id, id FROM links WHERE stream_id = ? AND {tx.dialect.contains('object_id')}"  # noqa: S608 -- our own column
    there = dict(tx.fetch(sql, stream, tx.dialect.as_list(made)))
    if not there:
        return rows
    return [msgspec.structs.replace(row, link=there.get(row.object_id)) if row.link is None else row for row in rows]


def _create(tx: Writing, stream: int, new: Sequence[Seen]) -> Sequence[int]:
    if not new:
        return ()
    keys = tx.reserve("links", len(new))
    tx.insert(
        "links",
        ("id", "object_id", "item_id", "collection_id", "version", "hash", "native_hash"),
        [
            (key, row.object_id, row.item, row.collection, row.version, row.hash, row.native_hash)
            for key, row in zip(keys, new, strict=True)
        ],
        {"stream_id": stream, "origin": "live", "gone_at": None},
    )
    return keys
