"""Comparing the changes of a page with what is linked already: what each of them means for the hub."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import NamedTuple

from entrepot.core.change import BadRow, Change
from entrepot.core.kind import Kind
from entrepot.core.kinds import KINDS, encode
from entrepot.storage.feed import Feed
from entrepot.storage.streams import Stream
from entrepot.storage.transaction import Reading

HASH_BYTES = 16

_LINK = "object_id, id, item_id, collection_id, version, hash, native_hash, origin, gone_at"


class Link(NamedTuple):
    """What is known of a record of the stream. `hash` covers its data and its files."""

    object_id: str
    key: int
    item: int
    collection: int | None
    version: str | None
    hash: bytes
    native_hash: bytes
    origin: str
    gone_at: int | None


class State(NamedTuple):
    """What a change says its record is now."""

    change: Change
    collection: int | None
    body: bytes
    hash: bytes
    native_hash: bytes


def read_links(tx: Reading, stream: Stream, object_ids: Iterable[str]) -> dict[str, Link]:
    sql = f"SELECT {_LINK} FROM links WHERE stream_id = ? AND {tx.dialect.contains('object_id')}"  # noqa: S608 -- our own names
    rows = tx.fetch(sql, stream.key, tx.dialect.as_list(list(object_ids)))
    return {row[0]: Link._make(row) for row in rows}


class Comparison:
    """Each change goes to one of the lists, or to none where nothing is to be done.

    `new` is not linked yet; `changed` differs in its data, files or collection, or is back again; `touched` differs
    only in what the link keeps (version, native text, origin); `gone` has a tombstone. `seen` are the links of all
    that is there.
    """

    def __init__(self, feed: Feed, collections: Mapping[str, int], known: Mapping[str, Link], *, listing: bool) -> None:
        self._feed = feed
        self._listing = listing
        self._collections = collections
        self._home = collections.get(feed.collection)
        self._known = known
        self._struct = KINDS[feed.stream.kind]
        self.new: list[State] = []
        self.changed: list[tuple[Link, State]] = []
        self.touched: list[tuple[Link, State]] = []
        self.gone: list[Link] = []
        self.seen: list[int] = []
        self.refused: list[BadRow] = []

    def add(self, object_id: str, change: Change) -> None:
        """The path of millions: one call a record, and no more than that for a record that is as it was."""
        link = self._known.get(object_id)
        data = change.data
        if data is None:
            self._bury(link)
            return
        try:
            body = encode(data)
        except UnicodeEncodeError:
            self._refuse(link, change)
            return
        covered = body if not change.files else body + _named_files(change)
        state = State(
            change,
            self._collections[change.collection] if change.collection else self._home,
            body,
            blake2b(covered, digest_size=HASH_BYTES).digest(),
            blake2b(change.native, digest_size=HASH_BYTES).digest(),
        )
        if link is None:
            self._check(data)
            self.new.append(state)
            return
        self.seen.append(link.key)
        if link.gone_at is not None or link.origin != self._feed.origin or not _same(link, state):
            self._differ(link, state)

    def _check(self, data: Kind) -> None:
        if not isinstance(data, self._struct):
            stream = self._feed.stream
            raise TypeError(f"stream {stream.name} of {stream.platform} is of {stream.kind}, not {data.kind}")

    def _refuse(self, link: Link | None, change: Change) -> None:
        self.refused.append(BadRow(change.stream, change.ref.id, "it holds text that is not Unicode (lone surrogates)"))
        if link is not None:
            self.seen.append(link.key)

    def _bury(self, link: Link | None) -> None:
        """A tombstone; but one from a collection that the record has left says only that it left."""
        if link is None or link.gone_at is not None or self._feed.origin != "live":
            return
        if not self._feed.collection or link.collection == self._home:
            self.gone.append(link)

    def _differ(self, link: Link, state: State) -> None:
        """An archive is old news: it brings nothing back, and changes nothing that a live read wrote."""
        if self._feed.origin == "archive" and (link.origin == "live" or link.gone_at is not None):
            return
        if link.gone_at is not None:
            self._differ_from_tombstone(link, state)
        elif link.hash != state.hash or link.collection != state.collection:
            self._check_changed(link, state)
        else:
            self.touched.append((link, state))

    def _differ_from_tombstone(self, link: Link, state: State) -> None:
        """A full listing shows what exists. In a feed, exactly what was buried is a late page, not a return."""
        if self._listing or not _same(link, state):
            self._check_changed(link, state)

    def _check_changed(self, link: Link, state: State) -> None:
        assert state.change.data is not None  # those were buried
        self._check(state.change.data)
        self.changed.append((link, state))


def _same(link: Link, state: State) -> bool:
    return (
        link.hash == state.hash
        and link.native_hash == state.native_hash
        and link.version == state.change.ref.version
        and link.collection == state.collection
    )


def _named_files(change: Change) -> bytes:
    return repr([(file.sha256, file.name, file.media_type) for file in change.files]).encode(errors="replace")
