"""Applying a page: items, links, tombstones, refused rows, the position after it and the events, in one transaction."""

from collections.abc import Mapping

import msgspec

from entrepot.core.change import BadRow, Change, Page
from entrepot.core.report import Counts
from entrepot.storage import collections, incoming, listing, runs, streams
from entrepot.storage.comparison import Comparison, State, read_links
from entrepot.storage.feed import Feed
from entrepot.storage.incoming import Arrival
from entrepot.storage.streams import Position
from entrepot.storage.text import is_storable
from entrepot.storage.transaction import Reading, Writing
from entrepot.storage.writes import write

LONGEST_ID = 2000  # bytes; PostgreSQL indexes little more


def begin_listing(tx: Writing, feed: Feed) -> None:
    """Before a live stream is read without a cursor: forget the position and all marks of earlier listings.

    A listing that was killed is not begun again: it goes on from its position, with its marks.
    """
    stream, feed = feed.stream, _resolved(tx, feed)
    tx.execute("DELETE FROM seen WHERE stream_id = ? AND remote_collection = ?", stream.key, feed.collection)
    if feed.synced:
        incoming.forget_unlinked(tx, stream.key, feed.collection)
    newest = tx.fetch("SELECT coalesce(max(id), 0) FROM links")[0][0]
    listed_at = streams.position(tx, stream, feed.collection).listed_at
    begun = Position(cursor=None, listing=True, newest_link=newest, listed_at=listed_at)
    streams.set_position(tx, stream, feed.collection, begun)


def apply_page(tx: Writing, feed: Feed, page: Page) -> Counts:
    """Everything the page says becomes true, in the caller's transaction.

    Files that travel with records must be in the blobs already (`Blobs.keep`). The position moves for live pages;
    an archive's progress is the run's. Raises `SafetyStop` where too much would go.
    """
    feed = _resolved(tx, feed)
    usable, refused = _latest(page)
    known = read_links(tx, feed.stream, usable)
    compared = Comparison(feed, _attached(tx, feed, usable), known, listing=page.listing)
    compared.add(usable)
    if feed.synced:
        return _stage(tx, feed, page, compared, refused)
    if feed.origin == "live":
        listing.brake_tombstones(tx, feed, len(compared.gone))
    created = write(tx, feed, compared)
    refused += [*page.bad, *compared.refused]
    if refused:
        runs.refuse(tx, feed.run, refused)
    counts = Counts(
        read=len(page.changes) + len(page.bad),
        created=len(created),
        updated=len(compared.changed),
        deleted=len(compared.gone),
        refused=len(refused),
    )
    counts.unchanged = counts.read - counts.created - counts.updated - counts.deleted - counts.refused
    if feed.origin == "live":
        counts.deleted += _move(tx, feed, page, listing.Marks([*compared.seen, *created], refused))
    return counts


def _resolved(tx: Reading, feed: Feed) -> Feed:
    """A stream becomes synced between two pages at the earliest."""
    return msgspec.structs.replace(feed, synced=feed.origin == "live" and collections.has_synced(tx, feed.stream.key))


def _stage(tx: Writing, feed: Feed, page: Page, compared: Comparison, refused: list[BadRow]) -> Counts:
    """What differs waits in the inbox for a plan, which counts what becomes of it."""
    refused += [*page.bad, *compared.refused]
    if refused:
        runs.refuse(tx, feed.run, refused)
    differing = [*compared.new, *(state for _, state in (*compared.changed, *compared.touched))]
    detached = collections.detached(tx, feed.stream.key)
    arrivals = [one for state in differing if (one := _arrival(feed, state)).collection not in detached]
    gone = [Arrival(link.object_id, feed.collection, None) for link in compared.gone]
    incoming.forget(tx, feed.stream.key, compared.unknown)
    if incoming.waits(tx, feed.stream.key):
        # What was read before, and is again as it was agreed on, is no news any more.
        staged = {arrival.object_id for arrival in arrivals}
        told = {change.ref.id for change in page.changes if is_storable(change.ref.id)}
        incoming.forget_agreed(tx, feed.stream.key, sorted(told - staged))
    incoming.stage(tx, feed.stream, [*arrivals, *gone])
    _move(tx, feed, page, listing.Marks(compared.seen, refused))
    read = len(page.changes) + len(page.bad)
    waiting = len(refused) + len(arrivals) + len(gone)
    return Counts(read=read, refused=len(refused), unchanged=read - waiting)


def _arrival(feed: Feed, state: State) -> Arrival:
    change = state.change
    files = [(file.sha256, file.name, file.media_type, file.size) for file in change.files]
    return Arrival(
        object_id=change.ref.id,
        collection=change.collection or feed.collection,
        data=state.body,
        hash=state.hash,
        native=change.native,
        native_hash=state.native_hash,
        version=change.ref.version,
        files=msgspec.json.encode(files).decode(),
    )


def _latest(page: Page) -> tuple[dict[str, Change], list[BadRow]]:
    """By id, a later change in the place of an earlier; and apart those whose names no database could keep."""
    latest = {change.ref.id: change for change in page.changes}
    changes = latest.values()
    indexed = [*latest, *{change.collection or "" for change in changes}]
    versions = {change.ref.version or "" for change in changes}
    short = max(map(len, indexed), default=0) <= LONGEST_ID // 4  # bytes of a character at most
    if short and "" not in latest and is_storable("\n".join((*indexed, *versions))):
        return latest, []
    bad = [change for change in changes if not is_storable_change(change)]
    for change in bad:
        del latest[change.ref.id]
    reason = "its id, version or collection is empty, too long or not text"
    return latest, [BadRow(change.stream, change.ref.id[:100], reason) for change in bad]


def is_storable_change(change: Change) -> bool:
    """Whether its names are ones that every database can keep."""
    name, collection, version = change.ref.id, change.collection or "", change.ref.version or ""
    if not name or not is_storable(name + collection + version):
        return False
    return all(len(indexed.encode()) <= LONGEST_ID for indexed in (name, collection))


def _attached(tx: Writing, feed: Feed, changes: Mapping[str, Change]) -> Mapping[str, int]:
    named = {change.collection for change in changes.values() if change.collection and change.data is not None}
    if feed.collection:
        named.add(feed.collection)
    return collections.find_or_attach(tx, feed.stream, sorted(named)) if named else {}


def _move(tx: Writing, feed: Feed, page: Page, marks: listing.Marks) -> int:
    """Move the position; at the end of a full listing, sweep. How many the sweep deleted.

    A last page without a cursor says that the next read lists everything again.
    """
    at = streams.position(tx, feed.stream, feed.collection)
    swept = 0
    if at.listing and page.listing and feed.sweeps:
        listing.mark(tx, feed, marks)
        if page.last:
            swept = listing.sweep(tx, feed, at)
    moved = Position(
        cursor=page.cursor if page.last else page.cursor or at.cursor,
        listing=at.listing and page.listing and not page.last,
        newest_link=at.newest_link,
        listed_at=tx.now() if at.listing and page.listing and page.last else at.listed_at,
    )
    streams.set_position(tx, feed.stream, feed.collection, moved)
    return swept
