"""What is known of records on both sides: item, link, base, what the service said since, and what waits to go out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from entrepot.core.conflict import Mark
from entrepot.core.plan_sides import Base
from entrepot.storage import bases, conflicts, excluded, incoming, linking, marks, pending
from entrepot.storage.attachments import Attachment
from entrepot.storage.conflicts import Row as Disputed
from entrepot.storage.incoming import Arrival
from entrepot.storage.pending import Due
from entrepot.storage.transaction import Reading, Writing


class Link(NamedTuple):
    """`attachment` and `base` are None for a link of a mirrored collection, or one that came from an archive."""

    key: int
    object_id: str
    item: int
    collection: int | None
    version: str | None
    gone_at: int | None
    attachment: int | None
    base: Base | None


class Item(NamedTuple):
    key: int
    public_id: str
    collection: int | None
    data: bytes
    deleted_at: int | None
    source: int
    """The key of the integration it came from; 0 where it was made in the hub."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """One record at one attachment. `arrival` comes with its key in the inbox."""

    attachment: Attachment
    item: Item | None = None
    link: Link | None = None
    arrival: tuple[int, Arrival] | None = None
    due: Due | None = None
    disputed: Sequence[Disputed] = ()
    marks: Mapping[str, Mark] = {}
    is_excluded: bool = False


_LINK = (
    "l.id, l.object_id, l.item_id, l.collection_id, l.version, l.gone_at, b.attachment_id,"
    " b.whole, b.hub, b.remote, b.version FROM links l LEFT JOIN bases b ON b.link_id = l.id"
)


def arrived(tx: Reading, kind: str, attachments: Sequence[Attachment], after: int, limit: int) -> list[Pair]:
    """What the service said about records of a stream, in the order it came; `attachments` are all of that stream."""
    stream = attachments[0].stream
    found = incoming.after(tx, stream, after, limit)
    by_remote = {one.remote_id: one for one in attachments}
    by_key = {one.key: one for one in attachments}
    links = links_of(tx, kind, stream, [arrival.object_id for _, arrival in found])
    pairs: list[Pair] = []
    for number, arrival in found:
        link = links.get(arrival.object_id)
        home = by_remote.get(arrival.collection) or by_remote.get("")
        if home is None or (arrival.data is None and link is not None and link.attachment is not None):
            home = by_key.get(link.attachment) if link is not None and link.attachment is not None else home
        if home is not None:
            pairs.append(Pair(attachment=home, link=link, arrival=(number, arrival)))
    return _filled(tx, _parted(tx, pairs))


def due(tx: Reading, attachment: Attachment, after: int, limit: int) -> list[Pair]:
    """What waits to go out at an attachment, oldest first."""
    found = pending.after(tx, attachment.key, after, limit)
    links = _links_of_items(tx, attachment, [one.item for one in found])
    arrivals = incoming.of(tx, attachment.stream, [link.object_id for link in links.values()])
    pairs = [
        Pair(
            attachment=attachment,
            link=link,
            arrival=arrivals.get(link.object_id) if link else None,
            due=one,
            item=Item(one.item, "", None, b"", None, 0),
        )
        for one in found
        for link in (links.get(one.item),)
    ]
    return _filled(tx, pairs)


def of_items(tx: Reading, attachment: Attachment, items: Sequence[int]) -> list[Pair]:
    """The pairs of some items at an attachment."""
    links = _links_of_items(tx, attachment, items)
    arrivals = incoming.of(tx, attachment.stream, [link.object_id for link in links.values()])
    pairs = [
        Pair(
            attachment=attachment,
            link=link,
            arrival=arrivals.get(link.object_id) if link else None,
            item=Item(item, "", None, b"", None, 0),
        )
        for item in items
        for link in (links.get(item),)
    ]
    return _filled(tx, pairs)


def unlinked(tx: Reading, attachment: Attachment, after: int, limit: int) -> list[tuple[int, bytes]]:
    """The next items behind the key, with their data, that are in the collection and not at the attachment."""
    sql = (
        "SELECT i.id, i.data FROM items i WHERE i.collection_id = ? AND i.deleted_at IS NULL AND i.id > ?"
        " AND NOT EXISTS (SELECT 1 FROM links l JOIN bases b ON b.link_id = l.id"
        " WHERE l.item_id = i.id AND l.gone_at IS NULL AND b.attachment_id = ?) ORDER BY i.id LIMIT ?"
    )
    return [(item, bytes(data)) for item, data in tx.fetch(sql, attachment.collection, after, attachment.key, limit)]


def links_of(tx: Reading, kind: str, stream: int, object_ids: Sequence[str]) -> dict[str, Link]:
    sql = f"SELECT {_LINK} WHERE l.stream_id = ? AND {tx.dialect.contains('l.object_id')}"
    rows = tx.fetch(sql, stream, tx.dialect.as_list(list(object_ids)))
    return {row[1]: _link(kind, row) for row in rows}


def items_of(tx: Reading, keys: Iterable[int]) -> dict[int, Item]:
    """Locked where several may write at once: what is planned for them is then true until it is kept."""
    lock = tx.dialect.for_update if isinstance(tx, Writing) else ""
    sql = (
        "SELECT id, public_id, collection_id, data, deleted_at, source_integration_id FROM items"  # noqa: S608 -- our own column
        f" WHERE {tx.dialect.contains('id')} ORDER BY id{lock}"
    )
    return {row[0]: Item(*row) for row in tx.fetch(sql, tx.dialect.as_list(sorted(set(keys))))}


def _parted(tx: Reading, pairs: list[Pair]) -> list[Pair]:
    """A record that comes back although its item has another counterpart by now is a record of its own."""
    buried = [pair for pair in pairs if pair.link is not None and pair.link.gone_at is not None]
    if not buried:
        return pairs
    taken = {
        (attachment, item)
        for attachment in {pair.attachment.key for pair in buried}
        for item in linking.linked_elsewhere(tx, attachment, [pair.link.item for pair in buried if pair.link])
    }
    return [
        msgspec.structs.replace(pair, link=pair.link._replace(item=0, base=None))
        if pair.link and pair.link.gone_at is not None and (pair.attachment.key, pair.link.item) in taken
        else pair
        for pair in pairs
    ]


def _links_of_items(tx: Reading, attachment: Attachment, items: Sequence[int]) -> dict[int, Link]:
    """By item; where there are several, the one that is there goes before those that are gone.

    A link whose first plan is still to be made has no base; that it is there keeps its item from being made again.
    """
    sql = (
        # The plus keeps SQLite from reading all links of the stream: those of the items are found by their index.
        f"SELECT {_LINK} WHERE +l.stream_id = ? AND (b.attachment_id = ?"
        " OR (b.attachment_id IS NULL AND l.collection_id = ?))"
        f" AND {tx.dialect.contains('l.item_id')} ORDER BY (l.gone_at IS NULL), l.id"
    )
    list_ = tx.dialect.as_list(list(items))
    rows = tx.fetch(sql, attachment.stream, attachment.key, attachment.collection, list_)
    return {row[2]: _link(attachment.kind, row) for row in rows}


def _link(kind: str, row: tuple[object, ...]) -> Link:
    *told, whole, hub, remote, version = row
    known = remote is not None
    base = bases.unpacked(kind, whole=bool(whole), hub=hub, remote=remote, version=version) if known else None  # pyright: ignore[reportArgumentType]  # as the columns are
    return Link._make((*told, base))


def _filled(tx: Reading, pairs: Sequence[Pair]) -> list[Pair]:
    """With the items, conflicts and marks, and what waits to go out."""
    keys = {pair: key for pair in range(len(pairs)) if (key := _item_of(pairs[pair])) is not None}
    items = items_of(tx, keys.values())
    known = marks.of(tx, list(items))
    told: dict[int, tuple[dict[int, Due], dict[int, list[Disputed]], set[int]]] = {}
    for attachment in {pair.attachment.key for pair in pairs}:
        mine = [keys[index] for index in keys if pairs[index].attachment.key == attachment]
        told[attachment] = (
            pending.of(tx, attachment, mine),
            conflicts.open_of(tx, attachment, mine),
            excluded.of(tx, attachment, mine),
        )
    return [
        msgspec.structs.replace(
            pair,
            item=items.get(keys[index]),
            due=told[pair.attachment.key][0].get(keys[index]),
            disputed=told[pair.attachment.key][1].get(keys[index], ()),
            marks=known.get(keys[index], {}),
            is_excluded=keys[index] in told[pair.attachment.key][2],
        )
        if index in keys
        else pair
        for index, pair in enumerate(pairs)
    ]


def _item_of(pair: Pair) -> int | None:
    if pair.item is not None:
        return pair.item.key
    return pair.link.item if pair.link is not None else None
