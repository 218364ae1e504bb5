"""Comparing the changes of a page with what is linked already: what each of them means for the hub."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from entrepot.core.change import BadRow, Change
from entrepot.core.kinds import KINDS, encode
from entrepot.storage.feed import Feed
from entrepot.storage.streams import Stream
from entrepot.storage.transaction import Reading

HASH_BYTES = 16  # of SHA-256, which today's processors have instructions for: a third faster than BLAKE2b here

_LINK = "object_id, id, item_id, collection_id, version, hash, native_hash, origin, gone_at"


class Link(NamedTuple):
    """What is known of a record of the stream."""

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
    """What a change says its record is now. `hash` covers its data and its files."""

    change: Change
    collection: int | None
    body: bytes
    hash: bytes
    native_hash: bytes


Row = tuple[Any, ...]


def read_links(tx: Reading, stream: Stream, object_ids: Iterable[str]) -> dict[str, Row]:
    """Rows in the shape of `Link`, by object id."""
    sql = f"SELECT {_LINK} FROM links WHERE stream_id = ? AND {tx.dialect.contains('object_id')}"  # noqa: S608 -- our own names
    return {row[0]: row for row in tx.fetch(sql, stream.key, tx.dialect.as_list(list(object_ids)))}


class Comparison:
    """Each change goes to one of the lists, or to none where nothing is to be done.

    `new` is not linked yet; `changed` differs in its data, files or collection, or is back again; `touched` differs
    only in what the link keeps (version, native text, origin); `gone` has a tombstone. `seen` are the links of all
    that is there; `unknown` the ids of tombstones for what is not linked.
    """

    def __init__(self, feed: Feed, collections: Mapping[str, int], known: Mapping[str, Row], *, listing: bool) -> None:
        self._feed = feed
        self._origin = feed.origin
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
        self.unknown: list[str] = []

    def add(self, changes: Mapping[str, Change]) -> None:
        """The path of millions: no call and no object of ours for a record that is as it was."""
        known, seen, home = self._known, self.seen.append, self._home
        for object_id, change in changes.items():
            row = known.get(object_id)
            data = change.data
            if data is None:
                self._bury(object_id, row)
                continue
            if row is not None:
                seen(row[1])
            try:
                covered = body = encode(data)
            except UnicodeEncodeError:
                self.refused.append(BadRow(change.stream, object_id, "it holds half characters (lone surrogates)"))
                continue
            if change.files:
                covered = body + _named_files(change)
            collection = self._collections[change.collection] if change.collection else home
            hashed, native = sha256(covered).digest()[:HASH_BYTES], sha256(change.native).digest()[:HASH_BYTES]
            if row is None or row[3:] != (collection, change.ref.version, hashed, native, self._origin, None):
                self._differ(row, State(self._checked(change), collection, body, hashed, native))

    def _checked(self, change: Change) -> Change:
        if not isinstance(change.data, self._struct):
            stream, kind = self._feed.stream, type(change.data).__name__
            raise TypeError(f"stream {stream.name} of {stream.platform} is of {stream.kind}, not {kind}")
        return change

    def _bury(self, object_id: str, row: Row | None) -> None:
        """A tombstone; but one from a collection that the record has left says only that it left."""
        if row is None:
            self.unknown.append(object_id)
            return
        if self._origin != "live":
            return
        link = Link._make(row)
        if link.gone_at is None and (not self._feed.collection or link.collection == self._home):
            self.gone.append(link)

    def _differ(self, row: Row | None, state: State) -> None:
        """An archive is old news: it brings nothing back, and changes nothing that a live read or a person wrote."""
        if row is None:
            self.new.append(state)
            return
        link = Link._make(row)
        if self._origin == "archive" and (link.origin != "archive" or link.gone_at is not None):
            return
        if link.gone_at is not None:
            self._differ_from_tombstone(link, state)
        elif link.hash != state.hash or link.collection != state.collection:
            self.changed.append((link, state))
        else:
            self.touched.append((link, state))

    def _differ_from_tombstone(self, link: Link, state: State) -> None:
        """A full listing shows what exists. In a feed, exactly what was buried is a late page, not a return."""
        buried = (link.collection, link.version, link.hash, link.native_hash)
        if self._listing or buried != (state.collection, state.change.ref.version, state.hash, state.native_hash):
            self.changed.append((link, state))


def _named_files(change: Change) -> bytes:
    return repr([(file.sha256, file.name, file.media_type) for file in change.files]).encode(errors="replace")
