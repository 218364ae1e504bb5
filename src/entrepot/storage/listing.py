"""Full listings: which links each page showed, and what it means that one was never shown. The brake stands here."""

from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec

from entrepot.core.change import BadRow, Page
from entrepot.core.errors import SafetyStop
from entrepot.storage import collections, incoming
from entrepot.storage.feed import Feed
from entrepot.storage.incoming import Arrival
from entrepot.storage.streams import Position
from entrepot.storage.transaction import Reading, Writing
from entrepot.storage.writes import bury

BRAKE_SHARE = 0.3
BRAKE_COUNT = 10
CHUNK = 1000


class Marks(msgspec.Struct, frozen=True):
    """What a page showed: the keys of links, and the records that were there but could not be read."""

    links: Sequence[int]
    unread: Sequence[BadRow]


def mark(tx: Writing, feed: Feed, marks: Marks) -> None:
    tx.execute(
        "INSERT INTO seen (stream_id, remote_collection, links, unread) VALUES (?, ?, ?, ?)",
        feed.stream.key,
        feed.collection,
        msgspec.json.encode(marks.links).decode(),
        msgspec.json.encode([bad.where for bad in marks.unread]).decode(),
    )


def sweep(tx: Writing, feed: Feed, begun: Position) -> int:
    """Delete what the finished listing did not show, and how many that were. For a synced stream it is staged instead.

    Only what a live read once showed can be missed: records from archives stay. A record that was there but could
    not be read is not gone; where nobody can say which one that was, nothing is deleted this time.
    """
    unread = _unread(tx, feed)
    missing = _missing(tx, feed)
    gone = [(link, item) for link, object_id, item in missing if object_id not in unread]
    if gone and not unread - _linked(tx, feed, unread):
        if feed.synced:
            _stage_gone(tx, feed, [object_id for _, object_id, _ in missing if object_id not in unread])
            gone = []
        else:
            _brake_sweep(tx, feed, begun, len(gone))
        for chunk in _chunks(gone):
            bury(tx, feed, chunk)
    else:
        gone = []
    tx.execute("DELETE FROM seen WHERE stream_id = ? AND remote_collection = ?", feed.stream.key, feed.collection)
    return len(gone)


def unseen(tx: Reading, feed: Feed, page: Page) -> list[str]:
    """Ids that the listing will not have shown once its last page is applied: about them one may still ask."""
    feed = msgspec.structs.replace(feed, synced=collections.has_synced(tx, feed.stream.key))
    shown = {change.ref.id for change in page.changes} | {bad.where for bad in page.bad} | _unread(tx, feed)
    return [object_id for _, object_id, _ in _missing(tx, feed) if object_id not in shown]


def brake_tombstones(tx: Reading, feed: Feed, going: int) -> None:
    """A feed may say so itself, yet a page that buries most of what there is waits for a person."""
    if going > BRAKE_COUNT and not feed.confirmed:
        there = _count(tx, feed, "")
        if going > BRAKE_SHARE * there:
            raise _stop(feed, going, there)


def _brake_sweep(tx: Reading, feed: Feed, begun: Position, going: int) -> None:
    there = _count(tx, feed, " AND origin = 'live' AND id <= ?", begun.newest_link)
    if not feed.confirmed and (going >= there or (going > BRAKE_COUNT and going > BRAKE_SHARE * there)):
        raise _stop(feed, going, there)


def _stop(feed: Feed, going: int, there: int) -> SafetyStop:
    return SafetyStop(
        f"{going} of {there} {feed.stream.name} are gone at {feed.stream.platform}, too many to delete unasked."
        " Nothing was deleted. If they really are gone, run it again and confirm.",
        detail=f"stream {feed.stream.key}, collection {feed.collection!r}",
    )


def _scope(tx: Reading, feed: Feed) -> tuple[str, tuple[object, ...]]:
    """The links that this listing is about: those of its remote collection, or of the whole stream."""
    if not feed.collection:
        return "stream_id = ? AND gone_at IS NULL", (feed.stream.key,)
    if feed.synced:
        mine = "SELECT link_id FROM bases JOIN attachments a ON a.id = attachment_id WHERE a.remote_id = ?"
        return f"stream_id = ? AND gone_at IS NULL AND id IN ({mine})", (feed.stream.key, feed.collection)
    home = tx.fetch(
        "SELECT collection_id FROM attachments WHERE stream_id = ? AND remote_id = ?", feed.stream.key, feed.collection
    )
    return "stream_id = ? AND gone_at IS NULL AND collection_id = ?", (feed.stream.key, home[0][0] if home else None)


def _count(tx: Reading, feed: Feed, further: str, *values: object) -> int:
    where, mine = _scope(tx, feed)
    return int(tx.fetch(f"SELECT count(*) FROM links WHERE {where}{further}", *mine, *values)[0][0])  # noqa: S608 -- written above


def _missing(tx: Reading, feed: Feed) -> list[tuple[int, str, int]]:
    where, mine = _scope(tx, feed)
    pages = f"seen, {tx.dialect.numbers_in('seen.links')} WHERE seen.stream_id = ? AND remote_collection = ?"
    there = f"SELECT id FROM links WHERE {where} AND origin = 'live'"  # noqa: S608 -- written above
    # EXCEPT, because it sorts both sides once; SQLite would walk all marks for every link of a LEFT JOIN.
    unseen = f"{there} EXCEPT SELECT numbers.value FROM {pages}"  # noqa: S608 -- written above
    sql = f"SELECT id, object_id, item_id FROM links WHERE id IN ({unseen}) ORDER BY id"  # noqa: S608 -- written here
    return tx.fetch(sql, *mine, feed.stream.key, feed.collection)


def _unread(tx: Reading, feed: Feed) -> set[str]:
    rows = tx.fetch(
        "SELECT unread FROM seen WHERE stream_id = ? AND remote_collection = ? AND unread <> '[]'",
        feed.stream.key,
        feed.collection,
    )
    return {where for (text,) in rows for where in msgspec.json.decode(text, type=list[str])}


def _linked(tx: Reading, feed: Feed, object_ids: Iterable[str]) -> set[str]:
    rows = tx.fetch(
        f"SELECT object_id FROM links WHERE stream_id = ? AND {tx.dialect.contains('object_id')}",  # noqa: S608 -- our own column
        feed.stream.key,
        tx.dialect.as_list(list(object_ids)),
    )
    return {object_id for (object_id,) in rows}


def _stage_gone(tx: Writing, feed: Feed, object_ids: Sequence[str]) -> None:
    incoming.stage(tx, feed.stream, [Arrival(one, feed.collection, None) for one in object_ids])


def _chunks(gone: Sequence[tuple[int, int]]) -> Iterable[Sequence[tuple[int, int]]]:
    rest = iter(gone)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
