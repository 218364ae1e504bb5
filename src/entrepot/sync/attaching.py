"""Attaching a remote collection to a collection of the hub, and detaching it again."""

from collections.abc import Iterator, Sequence

import msgspec

from entrepot.core.errors import PersonMustFix
from entrepot.core.matching import Doubt, Matcher
from entrepot.storage import attachments, incoming, parents, pending, streams
from entrepot.storage.attachments import Attachment, Direction
from entrepot.storage.incoming import Arrival
from entrepot.storage.streams import Stream
from entrepot.storage.transaction import Reading, Writing
from entrepot.sync.deciding import record_fields


class Matched(msgspec.Struct, kw_only=True):
    """How what is on both sides goes together, before anything is written at the service: counts, and doubts in words.

    `by` is why they are the same: `uid`, `identifier`, `fingerprint`. All is zero where the service was not read yet.
    """

    by: dict[str, int] = {}
    only_here: int = 0
    only_there: int = 0
    doubts: list[str] = []


class Remote(msgspec.Struct, frozen=True, kw_only=True):
    """A remote collection of a stream, by the service's id; "" where the stream has none and is meant as a whole."""

    stream: Stream
    id: str
    name: str


def attach(tx: Writing, remote: Remote, collection: int, direction: Direction, *, match: bool = True) -> Matched:
    """From now on what is in either goes to the other, as the direction allows; nothing is written before a sync."""
    stream = remote.stream
    attachments.plan_from_now_on(tx, stream.key)
    known = attachments.at(tx, stream.key, remote.id)
    found = Matched()
    for other in attachments.of_collection(tx, collection):
        attachments.plan_from_now_on(tx, other.stream)
    if known is None:
        key = attachments.attach(tx, stream.key, (remote.id, remote.name), collection, direction)
        _take_in_whole(tx, stream, key, collection)
    elif known.collection == collection or known.direction == "none":
        key = known.key  # what is detached brings nothing along: what it brought is the collection's
        attachments.change(tx, key, collection=collection, direction=direction)
    else:
        key = known.key
        _check_free(tx, known)
        found = _move_in(tx, known, collection, match=match)
        attachments.change(tx, key, collection=collection, direction=direction)
        _drop_empty(tx, known.collection)
    attachment = attachments.by_key(tx, key)
    settings = msgspec.structs.replace(attachment.settings, match="auto" if match else "none")
    attachments.keep_settings(tx, key, settings)
    pending.ask_all(tx, key, collection)
    for other in attachments.of_collection(tx, collection):
        if other.key != key and other.direction not in {"none", "pull"}:
            pending.ask_all(tx, other.key, collection)
    return found


def take_in(tx: Writing, stream: Stream) -> None:
    """A mirrored stream without remote collections gets a collection of its own, so that it can be planned."""
    collection, _ = attachments.new_collection(tx, stream.workspace_id, stream.kind, f"{stream.platform} {stream.name}")
    key = attachments.attach(tx, stream.key, ("", stream.name), collection, "pull")
    _take_in_whole(tx, stream, key, collection)


def detach(tx: Writing, attachment: Attachment) -> None:
    """Neither side is followed any more; what is in the hub stays, and what is at the service too."""
    mine = "SELECT link_id FROM bases WHERE attachment_id = ?"
    tx.execute(f"DELETE FROM natives WHERE link_id IN ({mine})", attachment.key)  # noqa: S608 -- written above
    tx.execute(f"DELETE FROM links WHERE id IN ({mine})", attachment.key)  # noqa: S608 -- the same
    for table in ("bases", "pending", "intents"):
        tx.execute(f"DELETE FROM {table} WHERE attachment_id = ?", attachment.key)  # noqa: S608 -- the same
    tx.execute("UPDATE conflicts SET closed = 'detached' WHERE attachment_id = ? AND closed = ''", attachment.key)
    tx.execute(
        "DELETE FROM incoming WHERE stream_id = ? AND remote_collection = ?", attachment.stream, attachment.remote_id
    )
    attachments.change(tx, attachment.key, collection=attachment.collection, direction="none")
    # Attached again, it is read from the beginning: what happened meanwhile is in no feed.
    streams.forget_positions(tx, attachment.stream, attachment.remote_id)


def _check_free(tx: Reading, known: Attachment) -> None:
    others = [one for one in attachments.of_collection(tx, known.collection) if one.key != known.key]
    if any(one.direction != "none" for one in others):
        raise PersonMustFix(
            f"{known.remote_name} of {known.integration_name} is attached to {known.collection_name}, together with"
            f" {others[0].remote_name} of {others[0].integration_name}. Detach it there first."
        )


def _take_in_whole(tx: Writing, stream: Stream, attachment: int, collection: int) -> None:
    """A stream without remote collections was mirrored into none: what it brought is now in this one."""
    mine = "SELECT item_id FROM links WHERE stream_id = ? AND collection_id IS NULL"
    tx.execute(
        f"UPDATE items SET collection_id = ? WHERE collection_id IS NULL AND id IN ({mine})",  # noqa: S608 -- written above
        collection,
        stream.key,
    )
    tx.execute(
        "INSERT INTO bases (link_id, attachment_id, whole, hub, remote, version)"
        " SELECT l.id, CAST(? AS BIGINT), CAST(1 AS BOOLEAN), NULL, i.data, l.version FROM links l"
        " JOIN items i ON i.id = l.item_id WHERE l.stream_id = ? AND l.collection_id IS NULL AND l.origin = 'live'"
        " ON CONFLICT (link_id) DO NOTHING",
        attachment,
        stream.key,
    )
    tx.execute(
        "UPDATE links SET collection_id = ? WHERE stream_id = ? AND collection_id IS NULL", collection, stream.key
    )
    parents.restate(tx, stream.key, stream.kind, {})


def _move_in(tx: Writing, known: Attachment, collection: int, *, match: bool) -> Matched:
    """What it mirrored so far: a counterpart of what is in the collection becomes it, the rest moves in."""
    found = Matched()
    merged = list(_matches(tx, known, collection, found)) if match else []
    parents.restate(tx, known.stream, known.kind, _renamed(tx, merged))
    incoming.stage(tx, streams.by_key(tx, known.stream), _arrivals(tx, known, [link for link, _, _ in merged]))
    tx.each("DELETE FROM bases WHERE link_id = ?", [(link,) for link, _, _ in merged])
    tx.each("UPDATE links SET item_id = ? WHERE id = ?", [(here, link) for link, _, here in merged])
    for table in ("item_files", "marks"):
        tx.each(f"DELETE FROM {table} WHERE item_id = ?", [(there,) for _, there, _ in merged])  # noqa: S608 -- our own names
    tx.each("DELETE FROM items WHERE id = ?", [(there,) for _, there, _ in merged])
    found.only_there = tx.execute(
        "UPDATE items SET collection_id = ? WHERE collection_id = ?", collection, known.collection
    )
    tx.execute(
        "UPDATE links SET collection_id = ? WHERE collection_id = ? AND stream_id = ?",
        collection,
        known.collection,
        known.stream,
    )
    return found


def _renamed(tx: Reading, merged: Sequence[tuple[int, int, int]]) -> dict[str, str]:
    """The ids of mirrored items to those of the items that they become."""
    keys = {key for _, there, here in merged for key in (there, here)}
    sql = f"SELECT id, public_id FROM items WHERE {tx.dialect.contains('id')}"  # noqa: S608 -- our own column
    public: dict[int, str] = dict(tx.fetch(sql, tx.dialect.as_list(sorted(keys))))
    return {public[there]: public[here] for _, there, here in merged}


def _matches(tx: Reading, known: Attachment, collection: int, found: Matched) -> Iterator[tuple[int, int, int]]:
    """Link, mirrored item, and the item in the collection that it is; one that a person edited is no mere mirror."""
    matcher = Matcher(known.kind)
    sql = "SELECT id, data FROM items WHERE collection_id = ? AND deleted_at IS NULL ORDER BY id"
    for key, data in tx.fetch(sql, collection):
        matcher.add(key, record_fields(known.kind, data))
    mine = (
        "SELECT l.id, i.id, i.data FROM links l JOIN items i ON i.id = l.item_id"
        " WHERE l.stream_id = ? AND l.collection_id = ? AND l.gone_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.item_id = i.id AND j.attachment_id IS NULL) ORDER BY l.id"
    )
    records = (
        ((link, item), record_fields(known.kind, data))
        for link, item, data in tx.fetch(mine, known.stream, known.collection)
    )
    for (link, item), answer in matcher.pairs(records):
        if isinstance(answer, Doubt):
            found.doubts.append(answer.words)
        else:
            found.by[answer.by] = found.by.get(answer.by, 0) + 1
            yield link, item, answer.key
    found.only_here = sum(1 for _ in matcher.unmatched())


def _arrivals(tx: Reading, known: Attachment, links: list[int]) -> list[Arrival]:
    """What the service last said of them, as if it had just said it."""
    sql = (
        "SELECT l.object_id, i.data, l.hash, n.native, l.native_hash, l.version FROM links l"  # noqa: S608 -- our own column
        " JOIN items i ON i.id = l.item_id LEFT JOIN natives n ON n.link_id = l.id"
        f" WHERE {tx.dialect.contains('l.id')}"
    )
    return [
        Arrival(object_id, known.remote_id, data, hashed, native or b"", native_hash, version)
        for object_id, data, hashed, native, native_hash, version in tx.fetch(sql, tx.dialect.as_list(links))
    ]


def _drop_empty(tx: Writing, collection: int) -> None:
    """A collection that only mirrored, and has nothing left to mirror."""
    tx.execute(
        "DELETE FROM collections WHERE id = ?"
        " AND NOT EXISTS (SELECT 1 FROM attachments WHERE collection_id = collections.id)"
        " AND NOT EXISTS (SELECT 1 FROM items WHERE collection_id = collections.id)",
        collection,
    )
